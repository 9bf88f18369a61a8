/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A multiboot 1 guest, as ELF32 and flat: says what its loader told it, and
 * the sum of every module. A command line with the word "die" ends it in a
 * triple fault, to be seen starting again.
 */
#include "lib/guest.h"

extern uint64_t start_info;
extern uint32_t boot_magic;
extern const uint8_t guest_end[];

#define FLAGS 0x24du	/* memory, command line, modules, map, name */

struct module {
	uint32_t start, end, text, zero;
};

struct entry {
	uint32_t size;
	uint64_t base, length;
	uint32_t type;
} __attribute__((packed));

struct info {
	uint32_t flags, lower, upper, device, line, module_count, modules;
	uint32_t symbols[4];
	uint32_t map_size, map, drives[2], config, name;
};

static const char *text(uint32_t at)
{
	return (const char *)(uint64_t)at;
}

/* FNV-1a of words, the last one filled up with zeros. */
static uint64_t sum(const uint8_t *at, uint64_t size)
{
	uint64_t hash = 0xcbf29ce484222325ull;
	uint64_t word;

	for (; size >= 8; size -= 8, at += 8) {
		word = *(const uint64_t *)(const void *)at;
		hash = (hash ^ word) * 0x100000001b3ull;
	}
	word = 0;
	memcpy(&word, at, size);
	return (hash ^ word) * 0x100000001b3ull;
}

static void print_modules(const struct info *info)
{
	const struct module *m = (const void *)(uint64_t)info->modules;

	print("%u modules\n", info->module_count);
	for (uint32_t i = 0; i < info->module_count; i++, m++) {
		uint32_t size = m->end - m->start;

		print("module %u: '%s' %u bytes, sum %016lx\n", i,
		      text(m->text), size,
		      sum((const uint8_t *)(uint64_t)m->start, size));
		check(m->start % PAGE == 0 &&
		      m->start >= (uint64_t)guest_end, "module-place",
		      "at %x", m->start);
	}
}

static void print_map(const struct info *info)
{
	uint64_t at = info->map;
	uint64_t ram = 0;

	while (at < (uint64_t)info->map + info->map_size) {
		const struct entry *e = (const struct entry *)at;

		print("map %lx %lx %u\n", e->base, e->length, e->type);
		if (e->type == 1 && e->base == 0x100000) {
			ram = e->length;
		}
		at += e->size + 4;
	}
	check(ram != 0 && ram / 1024 == info->upper, "upper-memory",
	      "%lu KiB in the map, %u by its field", ram / 1024, info->upper);
}

static bool has_word(const char *line, const char *word)
{
	size_t length = strlen(word);

	for (; *line != '\0'; line++) {
		if (memcmp(line, word, length) == 0) {
			return true;
		}
	}
	return false;
}

void guest_main(void)
{
	const struct info *info = (const struct info *)start_info;

	check(boot_magic == 0x2badb002, "magic", "%x", boot_magic);
	if (!check((info->flags & FLAGS) == FLAGS, "flags", "%x",
		   info->flags)) {
		return;
	}
	print("loader '%s', lower %u KiB, upper %u KiB\n", text(info->name),
	      info->lower, info->upper);
	print("command line '%s'\n", text(info->line));
	print_modules(info);
	print_map(info);
	if (has_word(text(info->line), "die")) {
		static const struct { uint16_t limit; uint64_t base; }
			__attribute__((packed)) none = { 0, 0 };

		print("dying\n");
		__asm__ volatile("lidt %0; int3" : : "m"(none));
	}
}
