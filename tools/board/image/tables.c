/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACPI tables, as they are: those that a board is made of, byte by byte. What
 * they say is left to tools/board-capture; only the MADT is looked at here,
 * for the IOAPICs.
 */
#include "image.h"

#define HEADER 36u
#define TABLE_MAX 0x10000u
#define TABLES_MAX 256u
#define CHUNK 32u

static const char wanted[][5] = {
	"APIC", "FACP", "HPET", "MCFG", "SPCR", "DBG2"
};
#define WANTED (sizeof(wanted) / sizeof(wanted[0]))

static bool same(const uint8_t *bytes, const char *text, unsigned size)
{
	unsigned i;

	for (i = 0; i < size; i++) {
		if (bytes[i] != (uint8_t)text[i]) {
			return false;
		}
	}
	return true;
}

static uint32_t read32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 |
	       (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t scan(uint32_t from, uint32_t to)
{
	for (; from < to; from += 16) {
		const uint8_t *at = (const uint8_t *)from;
		uint8_t sum = 0;
		unsigned i;

		if (!same(at, "RSD PTR ", 8)) {
			continue;
		}
		for (i = 0; i < 20; i++) {
			sum = (uint8_t)(sum + at[i]);
		}
		if (sum == 0) {
			return from;
		}
	}
	return 0;
}

/* The places of a BIOS: the EBDA, then its ROM (ACPI 5.2.5.1). */
static uint32_t find_rsdp(void)
{
	uint32_t segment_at = 0x40e;
	uint32_t ebda;
	uint32_t found = 0;

	/* The compiler need not know that this is an address below 4 KiB. */
	__asm__("" : "+r"(segment_at));
	ebda = (uint32_t)*(const uint16_t *)segment_at << 4;
	if (ebda >= 0x80000 && ebda < 0xa0000) {
		found = scan(ebda, ebda + 1024);
	}
	return found != 0 ? found : scan(0xe0000, 0x100000);
}

static void print_table(uint32_t address, uint32_t size)
{
	const uint8_t *table = (const uint8_t *)address;
	uint32_t at;

	for (at = 0; at < size; at += CHUNK) {
		unsigned count = size - at < CHUNK ? size - at : CHUNK;

		line_begin("table");
		line_text((const char *)table, 4);
		line_number(at);
		line_number(count);
		line_bytes(table + at, count);
		line_end();
	}
}

static void print_ioapics(const uint8_t *madt, uint32_t size)
{
	uint32_t at = 44;

	while (at + 12 <= size && madt[at + 1] >= 2) {
		if (madt[at] == 1) {
			machine_print_ioapic(read32(madt + at + 4));
		}
		at += madt[at + 1];
	}
}

/* The first table of each name. */
static void look_at(uint32_t address, bool *seen)
{
	const uint8_t *table = (const uint8_t *)address;
	uint32_t size = read32(table + 4);
	unsigned i;

	for (i = 0; i < WANTED; i++) {
		if (!same(table, wanted[i], 4) || seen[i]) {
			continue;
		}
		seen[i] = true;
		if (size < HEADER || size > TABLE_MAX) {
			size = HEADER;
		}
		print_table(address, size);
		if (i == 0) {
			print_ioapics(table, size);
		}
	}
}

void tables_print(uint32_t rsdp)
{
	bool seen[WANTED] = { false };
	const uint8_t *root;
	uint32_t at, size, step;

	rsdp = rsdp != 0 ? rsdp : find_rsdp();
	if (rsdp == 0) {
		return;
	}
	root = (const uint8_t *)rsdp;
	/* The XSDT, if it is in reach, else the RSDT. */
	step = root[15] >= 2 && read32(root + 24) != 0 &&
	       read32(root + 28) == 0 ? 8 : 4;
	root = (const uint8_t *)read32(root + (step == 8 ? 24 : 16));
	size = read32(root + 4);
	line_begin("root");
	line_number(rsdp);
	line_number((uint32_t)root);
	line_number(size);
	line_end();
	for (at = HEADER; at + step <= size &&
	     at < HEADER + step * TABLES_MAX; at += step) {
		if (step == 8 && read32(root + at + 4) != 0) {
			line_begin("beyond");
			line_number(read32(root + at + 4));
			line_end();
			continue;
		}
		look_at(read32(root + at), seen);
	}
}
