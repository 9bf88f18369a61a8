/* SPDX-License-Identifier: Apache-2.0 */
/* A VP's synthetic interrupt controller and timers, and both hypercalls. */
#ifndef SYNIC_H
#define SYNIC_H

#include "guest.h"

#define MSR_SCONTROL 0x40000080u
#define MSR_SVERSION 0x40000081u
#define MSR_SIEFP 0x40000082u
#define MSR_SIMP 0x40000083u
#define MSR_EOM 0x40000084u
#define MSR_SINT(n) (0x40000090u + (n))
#define MSR_STIMER_CONFIG(n) (0x400000b0u + 2 * (n))
#define MSR_STIMER_COUNT(n) (0x400000b1u + 2 * (n))

#define SINT_MASKED 0x10000u
#define SINT_AUTO_EOI 0x20000u
#define SINT_POLLING 0x40000u

#define STIMER_ENABLE 1u
#define STIMER_PERIODIC 2u
#define STIMER_LAZY 4u
#define STIMER_AUTO 8u
#define STIMER_DIRECT(vector) (0x1000u | (vector) << 4)
#define STIMER_SINT(n) ((uint64_t)(n) << 16)

struct message {
	volatile uint32_t type;
	uint8_t size;
	volatile uint8_t flags;
	uint16_t reserved;
	uint64_t origin;
	uint64_t payload[30];
};

extern struct message sim_pages[GUEST_VPS_MAX][16];
extern volatile uint8_t sief_pages[GUEST_VPS_MAX][4096];

/* Both pages of this VP, and its SynIC, on. */
void synic_enable(void);
static inline struct message *synic_slot(unsigned sint)
{
	return &sim_pages[vp_local()->number][sint];
}
/* Copies a message and empties its slot; EOM if another waits. */
bool synic_take(unsigned sint, struct message *to);
/* Clears an event flag of this VP; was it set? */
bool synic_take_flag(unsigned sint, unsigned flag);
/* HvPostMessage, HvSignalEvent: the result. */
uint64_t synic_post(uint32_t connection, uint32_t type, uint32_t size,
		    const uint64_t *payload);
uint64_t synic_signal(uint32_t connection, uint32_t flag);
/* A message of one word, again while the receiver is not ready. */
uint64_t synic_post_word(uint32_t connection, uint64_t word);

#endif
