/* SPDX-License-Identifier: Apache-2.0 */
/* What the launch partition has of a machine: memory, two ports, no more. */
#ifndef LAUNCH_MACHINE_H
#define LAUNCH_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Makes [at, at + size) readable at its own address; what an earlier call
 * made so is not any more. False: too much at once, or beyond 512 GiB.
 */
bool paging_show(uint64_t at, uint64_t size);
void paging_init(void);

void console_print(const char *text);
void console_print_hex(uint64_t number);

static inline void port_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void port_out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint32_t port_in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

#endif
