/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capture image: says over every serial port what this machine has, then
 * again for each key. It changes nothing but the UARTs, the PICs' masks and
 * the PIT's channel 2. tools/board/serial.py reads the lines.
 */
#include "image.h"

#define VERSION 1u
#define MAGIC1 0x2badb002u
#define MAGIC2 0x36d76289u
#define TAG_MAP 6u
#define TAG_RSDP1 14u
#define TAG_RSDP2 15u

void capture_main(uint32_t magic, uint32_t info);

struct entry1 {
	uint32_t size;		/* without itself */
	uint64_t base;
	uint64_t length;
	uint32_t type;
} __attribute__((packed));

struct entry2 {
	uint64_t base;
	uint64_t length;
	uint32_t type;
	uint32_t zero;
};

struct tag {
	uint32_t type;
	uint32_t size;
};

_Static_assert(sizeof(struct entry1) == 24, "Multiboot 1 3.3");
_Static_assert(sizeof(struct entry2) == 24, "Multiboot 2 3.6.8");

static void print_memory(uint64_t base, uint64_t length, uint32_t type)
{
	line_begin("memory");
	line_number(base);
	line_number(length);
	line_number(type);
	line_end();
}

static void print_info1(const uint32_t *info)
{
	uint32_t at = info[12];
	uint32_t end = at + info[11];

	if ((info[0] & 1u << 6) == 0) {
		return;
	}
	while (at + sizeof(struct entry1) <= end) {
		const struct entry1 *e = (const struct entry1 *)at;

		print_memory(e->base, e->length, e->type);
		at += e->size + 4;
	}
}

/* The RSDP that the boot loader gives, of the newer kind if there are two. */
static uint32_t print_info2(uint32_t info)
{
	uint32_t end = info + *(const uint32_t *)info;
	uint32_t at = info + 8;
	uint32_t rsdp = 0;

	while (at + sizeof(struct tag) <= end) {
		const struct tag *tag = (const struct tag *)at;
		const uint32_t *map = (const uint32_t *)at;

		if (tag->type == 0 || tag->size < sizeof(*tag)) {
			break;
		}
		if (tag->type == TAG_RSDP2 ||
		    (tag->type == TAG_RSDP1 && rsdp == 0)) {
			rsdp = at + 8;
		}
		if (tag->type == TAG_MAP && map[2] >= sizeof(struct entry2)) {
			uint32_t e;

			for (e = at + 16; e + map[2] <= at + tag->size;
			     e += map[2]) {
				const struct entry2 *r =
					(const struct entry2 *)e;

				print_memory(r->base, r->length, r->type);
			}
		}
		at += (tag->size + 7) & ~7u;
	}
	return rsdp;
}

void capture_main(uint32_t magic, uint32_t info)
{
	uint32_t rsdp = 0;

	uart_find();
	for (;;) {
		line_count = 0;
		line_begin("begin");
		line_number(VERSION);
		line_end();
		if (magic == MAGIC1) {
			print_info1((const uint32_t *)info);
		} else if (magic == MAGIC2) {
			rsdp = print_info2(info);
		}
		machine_print_cpu();
		machine_print_pit();
		uart_print_all();
		tables_print(rsdp);
		line_begin("end");
		line_number(line_count + 1);
		line_end();
		uart_wait_key();
	}
}
