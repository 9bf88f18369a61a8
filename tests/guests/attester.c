/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the launch partition for all that it answers, on connection 0x10, and
 * prints what comes back to its SINT 2. Then what it may not ask.
 */
#include "abi/attest.h"
#include "lib/synic.h"

#define VECTOR 0x61
#define HANDLE 0x81000b48u	/* where the test seals something */

static uint8_t answer[40000];

static void on_message(struct trap_frame *f)
{
	(void)f;
	apic_eoi();
}

static void ask(uint32_t type, uint32_t size, const uint64_t *payload)
{
	uint64_t status;

	do {
		cpu_pause();
		status = synic_post(0x10, type, size, payload);
	} while (status == 0x11 || status == 0x18 || status == 0x13);
	check(status == 0, "ask", "status %lx", status);
}

/* All parts; the status. */
static uint32_t receive(uint32_t type, size_t *size)
{
	const size_t most = sizeof(((struct attest_reply *)0)->data);
	static struct message m;
	const struct attest_reply *reply = (const void *)m.payload;
	unsigned part = 0, bad = 0;

	*size = 0;
	do {
		while (!synic_take(2, &m)) {
			wait_interrupt();
		}
		bad += m.type != ATTEST_REPLY + type || reply->part != part ||
		       m.size < 8 || *size + most > sizeof(answer);
		memcpy(answer + *size, reply->data, m.size - 8u);
		*size += m.size - 8u;
		part++;
	} while (part < reply->part_count && bad == 0);
	check(bad == 0, "parts", "%u bad", bad);
	return reply->status;
}

static void show(const char *name, uint32_t type, uint32_t size,
		 const uint64_t *payload)
{
	uint32_t status;
	size_t got;

	ask(type, size, payload);
	status = receive(type, &got);
	print("%s status %u\n", name, status);
	for (size_t at = 0; at < got; at += 32) {
		char hex[65] = { 0 };

		for (size_t i = 0; i < 32 && at + i < got; i++) {
			hex[2 * i] = "0123456789abcdef"[answer[at + i] >> 4];
			hex[2 * i + 1] = "0123456789abcdef"[answer[at + i] &
							    15];
		}
		print("%s %s\n", name, hex);
	}
}

static void expect_bad(const char *name, uint32_t type, uint32_t size)
{
	static const uint64_t zeros[30];
	uint32_t status;
	size_t got;

	ask(type, size, zeros);
	status = receive(type & 0xff, &got);
	check(status == ATTEST_BAD_REQUEST && got == 0, name, "status %u, %lu",
	      status, got);
}

void guest_main(void)
{
	uint64_t nonce[4] = { rdtsc(), 0x1122334455667788, ~rdtsc(), 7 };
	uint64_t handle = HANDLE;

	apic_enable(true);
	irq_handlers[VECTOR] = on_message;
	hypercall_enable();
	synic_enable();
	wrmsr(MSR_SINT(2), VECTOR);
	print("nonce %016lx %016lx %016lx %016lx\n",
	      __builtin_bswap64(nonce[0]), __builtin_bswap64(nonce[1]),
	      __builtin_bswap64(nonce[2]), __builtin_bswap64(nonce[3]));
	show("quote", ATTEST_QUOTE, sizeof(nonce), nonce);
	show("pcrs", ATTEST_PCRS, 0, nonce);
	show("log", ATTEST_LOG, 0, nonce);
	show("secret", ATTEST_UNSEAL, 4, &handle);
	expect_bad("type-0x7f", 0x7f, 0);
	expect_bad("quote-short", ATTEST_QUOTE, 31);
	expect_bad("quote-long", ATTEST_QUOTE, 240);
	expect_bad("pcrs-long", ATTEST_PCRS, 8);
	expect_bad("unseal-none", ATTEST_UNSEAL, 0);
}
