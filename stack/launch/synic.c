/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLFS 11 and 3, as far as a partition needs that takes messages and answers.
 * Interrupts are on in synic_wait() alone: all that one does is to end it.
 */
#include "synic.h"

#include <string.h>

#include "machine.h"

#define MSR_APIC_BASE 0x1bu
#define MSR_X2APIC_TPR 0x808u
#define MSR_X2APIC_SVR 0x80fu
#define MSR_GUEST_OS_ID 0x40000000u
#define MSR_HYPERCALL 0x40000001u
#define MSR_SCONTROL 0x40000080u
#define MSR_SIMP 0x40000083u
#define MSR_EOM 0x40000084u
#define MSR_SINT0 0x40000090u
#define SINT_AUTO_EOI 0x20000u

#define OS_ID 0x8f00000000000002ull	/* open source, of its own kind */
#define CALL_POST_MESSAGE 0x5cu
#define STATUS_INVALID_PORT 0x11u	/* the receiver is not up yet */
#define STATUS_NO_BUFFERS 0x13u
#define STATUS_NOT_READY 0x18u

#define VECTOR 0x40u
#define VECTOR_SPURIOUS 0xffu
#define CODE 8u				/* of synic_gdt */
#define POST_TICKS 10000000000ull	/* 2 s on the fastest clock */

#define PAGE __attribute__((aligned(4096)))

struct synic_gate {
	uint16_t low, selector, type, middle;
	uint32_t high, reserved;
};

struct synic_post {
	uint32_t connection, reserved, type, size;
	uint8_t payload[SYNIC_PAYLOAD];
};

struct __attribute__((packed)) synic_pointer {
	uint16_t limit;
	uint64_t base;
};

void synic_load(const struct synic_pointer *gdt,
		const struct synic_pointer *idt);
void synic_interrupt(void);

static struct synic_message PAGE synic_page[SYNIC_SINTS];
static uint8_t PAGE synic_call_page[4096];
static struct synic_gate PAGE synic_idt[256];
static struct synic_post __attribute__((aligned(256))) synic_input;
static const uint64_t synic_gdt[] = {
	0, 0x00af9b000000ffff, 0x00cf93000000ffff
};

_Static_assert(sizeof(struct synic_message) == 256, "synic_message");

static void synic_write_msr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value),
			 "d"((uint32_t)(value >> 32)) : "memory");
}

static uint64_t synic_read_msr(uint32_t msr)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

/* SynIC registers, hypercall MSRs, posting of messages (TLFS 2.4). */
static bool synic_is_allowed(void)
{
	uint32_t a = 0x40000003, b = 0, c = 0, d = 0;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return (a & 0x24) == 0x24 && (b & 0x10) != 0;
}

static void synic_set_gate(uint32_t vector)
{
	uint64_t at = (uint64_t)(uintptr_t)synic_interrupt;

	synic_idt[vector] = (struct synic_gate){
		.low = (uint16_t)at, .selector = CODE, .type = 0x8e00,
		.middle = (uint16_t)(at >> 16), .high = (uint32_t)(at >> 32)
	};
}

bool synic_enable(void)
{
	struct synic_pointer gdt = { sizeof(synic_gdt) - 1,
				     (uint64_t)(uintptr_t)synic_gdt };
	struct synic_pointer idt = { sizeof(synic_idt) - 1,
				     (uint64_t)(uintptr_t)synic_idt };
	uint32_t i;

	if (!synic_is_allowed()) {
		return false;
	}
	synic_set_gate(VECTOR);
	synic_set_gate(VECTOR_SPURIOUS);
	synic_load(&gdt, &idt);
	synic_write_msr(MSR_APIC_BASE, synic_read_msr(MSR_APIC_BASE) | 0xc00);
	synic_write_msr(MSR_X2APIC_SVR, 0x100 | VECTOR_SPURIOUS);
	synic_write_msr(MSR_X2APIC_TPR, 0);
	synic_write_msr(MSR_GUEST_OS_ID, OS_ID);
	synic_write_msr(MSR_HYPERCALL,
			(uint64_t)(uintptr_t)synic_call_page | 1);
	synic_write_msr(MSR_SIMP, (uint64_t)(uintptr_t)synic_page | 1);
	synic_write_msr(MSR_SCONTROL, 1);
	for (i = 1; i < SYNIC_SINTS; i++) {
		synic_write_msr(MSR_SINT0 + i, VECTOR | SINT_AUTO_EOI);
	}
	return true;
}

bool synic_take(uint32_t sint, struct synic_message *message)
{
	struct synic_message *slot = &synic_page[sint];

	if (__atomic_load_n(&slot->type, __ATOMIC_ACQUIRE) == 0) {
		return false;
	}
	memcpy(message, slot, sizeof(*message));
	__atomic_store_n(&slot->type, 0, __ATOMIC_SEQ_CST);
	if ((__atomic_load_n(&slot->flags, __ATOMIC_SEQ_CST) & 1) != 0) {
		synic_write_msr(MSR_EOM, 0);
	}
	return true;
}

static uint64_t synic_call(uint64_t control, uint64_t input)
{
	register uint64_t output __asm__("r8") = 0;
	uint64_t result;

	__asm__ volatile("call *%[page]"
			 : "=a"(result), "+c"(control), "+d"(input),
			   "+r"(output)
			 : [page] "r"((uint64_t)(uintptr_t)synic_call_page)
			 : "memory", "cc", "r9", "r10", "r11");
	return result & 0xffff;
}

static uint64_t synic_now(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

uint64_t synic_deadline(void)
{
	return synic_now() + POST_TICKS;
}

bool synic_post(uint32_t connection, uint32_t type, const void *payload,
		size_t size, uint64_t deadline)
{
	uint64_t status;

	synic_input = (struct synic_post){
		.connection = connection, .type = type, .size = (uint32_t)size
	};
	memcpy(synic_input.payload, payload, size);
	do {
		status = synic_call(CALL_POST_MESSAGE,
				    (uint64_t)(uintptr_t)&synic_input);
		if (status != STATUS_NO_BUFFERS &&
		    status != STATUS_NOT_READY &&
		    status != STATUS_INVALID_PORT) {
			return status == 0;
		}
		__asm__ volatile("pause");
	} while (synic_now() < deadline);
	return false;
}

void synic_wait(void)
{
	__asm__ volatile("sti; hlt; cli" : : : "memory");
}
