/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: the launch partition's SynIC, all SINTs with one vector. */
#ifndef LAUNCH_SYNIC_H
#define LAUNCH_SYNIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYNIC_SINTS 16u
#define SYNIC_PAYLOAD 240u

struct synic_message {
	uint32_t type;
	uint8_t size;
	uint8_t flags;
	uint16_t reserved;
	uint64_t origin;
	uint8_t payload[SYNIC_PAYLOAD];
};

/* False: the spec gives no such privileges. */
bool synic_enable(void);
/* The next message of that SINT; false: there is none. */
bool synic_take(uint32_t sint, struct synic_message *message);
/* Two seconds at least from now, for synic_post(). */
uint64_t synic_deadline(void);
/* False: the other side has not taken it by then. */
bool synic_post(uint32_t connection, uint32_t type, const void *payload,
		size_t size, uint64_t deadline);
/* Until an interrupt. */
void synic_wait(void);

#endif
