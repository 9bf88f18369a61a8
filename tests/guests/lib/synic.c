/* SPDX-License-Identifier: Apache-2.0 */
/* The SynIC as a guest that knows the TLFS uses it. */
#include "synic.h"

struct message sim_pages[GUEST_VPS_MAX][16] __attribute__((aligned(4096)));
volatile uint8_t sief_pages[GUEST_VPS_MAX][4096]
	__attribute__((aligned(4096)));

struct post_input {
	uint32_t connection, reserved, type, size;
	uint64_t payload[30];
};

static struct post_input inputs[GUEST_VPS_MAX] __attribute__((aligned(256)));

void synic_enable(void)
{
	unsigned n = vp_local()->number;

	wrmsr(MSR_SIMP, (uint64_t)sim_pages[n] | 1);
	wrmsr(MSR_SIEFP, (uint64_t)sief_pages[n] | 1);
	wrmsr(MSR_SCONTROL, 1);
}

bool synic_take(unsigned sint, struct message *to)
{
	struct message *slot = synic_slot(sint);

	if (slot->type == 0) {
		return false;
	}
	memcpy(to, slot, sizeof(*to));
	slot->type = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if ((slot->flags & 1) != 0) {
		wrmsr(MSR_EOM, 0);
	}
	return true;
}

bool synic_take_flag(unsigned sint, unsigned flag)
{
	volatile uint8_t *at =
		&sief_pages[vp_local()->number][sint * 256 + flag / 8];
	uint8_t bit = (uint8_t)(1u << flag % 8);

	return (__atomic_fetch_and(at, (uint8_t)~bit, __ATOMIC_SEQ_CST) & bit)
	       != 0;
}

uint64_t synic_post(uint32_t connection, uint32_t type, uint32_t size,
		    const uint64_t *payload)
{
	struct post_input *in = &inputs[vp_local()->number];

	in->connection = connection;
	in->reserved = 0;
	in->type = type;
	in->size = size;
	if (payload != 0) {
		memcpy(in->payload, payload, (size + 7) & ~7u);
	}
	return hypercall(0x5c, (uint64_t)in, 0);
}

uint64_t synic_signal(uint32_t connection, uint32_t flag)
{
	return hypercall(0x1005d, connection | (uint64_t)flag << 32, 0);
}

uint64_t synic_post_word(uint32_t connection, uint64_t word)
{
	uint64_t status;

	do {
		status = synic_post(connection, 1, 8, &word);
	} while (status == 0x11 || status == 0x18);
	return status;
}
