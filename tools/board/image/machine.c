/* SPDX-License-Identifier: Apache-2.0 */
/* The processor, the PIT beside its TSC, the IOAPIC's version. */
#include "image.h"

#define BASIC_MAX 0x20u
#define EXTENDED 0x80000000u
#define EXTENDED_MAX (EXTENDED + 0x28u)
#define SUBLEAVES 8u
#define MSR_FEATURE_CONTROL 0x3au
#define MSR_VM_CR 0xc0010114u
#define PIT_START 0xffffu

struct leaf {
	uint32_t a, b, c, d;
};

static struct leaf cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct leaf r;

	__asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

static void print_leaf(uint32_t leaf, uint32_t subleaf)
{
	struct leaf r = cpuid(leaf, subleaf);

	line_begin("cpuid");
	line_number(leaf);
	line_number(subleaf);
	line_number(r.a);
	line_number(r.b);
	line_number(r.c);
	line_number(r.d);
	line_end();
}

static void print_leaves(uint32_t first, uint32_t limit)
{
	uint32_t last = cpuid(first, 0).a;
	uint32_t leaf, subleaf;

	for (leaf = first; leaf <= last && leaf <= limit; leaf++) {
		print_leaf(leaf, 0);
		for (subleaf = 1; subleaf < SUBLEAVES &&
		     (leaf == 0xb || leaf == 0xd); subleaf++) {
			print_leaf(leaf, subleaf);
		}
	}
}

static void print_msr(uint32_t msr)
{
	uint64_t value;

	__asm__ volatile("rdmsr" : "=A"(value) : "c"(msr));
	line_begin("msr");
	line_number(msr);
	line_number(value);
	line_end();
}

/* An MSR that is not there would be the end: only those of a feature. */
void machine_print_cpu(void)
{
	bool amd;

	print_leaves(0, BASIC_MAX);
	print_leaves(EXTENDED, EXTENDED_MAX);
	/* "ntel" of GenuineIntel is in ECX; AMD's and Hygon's is SVM. */
	amd = cpuid(0, 0).c != 0x6c65746e &&
	      cpuid(EXTENDED, 0).a > EXTENDED &&
	      (cpuid(EXTENDED + 1, 0).c >> 2 & 1) != 0;
	if (amd) {
		print_msr(MSR_VM_CR);
	} else if ((cpuid(1, 0).c >> 5 & 1) != 0) {
		print_msr(MSR_FEATURE_CONTROL);
	}
}

static unsigned pit_read(void)
{
	unsigned low;

	out8(0x43, 0x80);	/* latch channel 2 */
	low = in8(0x42);
	return low | (unsigned)in8(0x42) << 8;
}

/* Some 40 ms of channel 2, which nobody hears. */
static void print_pit(void)
{
	uint8_t gate = (uint8_t)((in8(0x61) & ~2) | 1);
	unsigned first, last, tries;
	uint64_t start, end;

	out8(0x61, gate);
	out8(0x43, 0xb0);	/* channel 2, both bytes, mode 0 */
	out8(0x42, PIT_START & 0xff);
	out8(0x42, PIT_START >> 8);
	first = pit_read();
	start = read_tsc();
	last = first;
	for (tries = 0; tries < 1000000 && last > 0x4000; tries++) {
		last = pit_read();
		if (last > first) {
			break;
		}
	}
	end = read_tsc();
	line_begin("pit");
	line_number(last <= 0x4000 && last < first ? first - last : 0);
	line_number(end - start);
	line_end();
}

/* Three times: an SMI may come between. */
void machine_print_pit(void)
{
	unsigned i;

	for (i = 0; i < 3; i++) {
		print_pit();
	}
}

void machine_print_ioapic(uint32_t address)
{
	volatile uint32_t *select = (volatile uint32_t *)address;
	volatile uint32_t *window = (volatile uint32_t *)(address + 0x10);

	*select = 1;
	line_begin("ioapic");
	line_number(address);
	line_number(*window);
	line_end();
}
