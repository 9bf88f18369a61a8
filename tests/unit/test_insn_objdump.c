/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/lib/insn.c */
/*
 * The decoder held against objdump: random bytes after random prefixes, in
 * the three code sizes. What is accepted must have objdump's length, and a
 * mnemonic of its kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "lib/insn.h"

#define SLOT 32
#define CASES 6000

struct random_case {
	bool accepted;
	struct insn insn;
};

static struct random_case cases[CASES];

static const uint8_t legacy[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66,
	0x67, 0xf2, 0xf3 };

static uint32_t random_state = 0x2545f491;

static uint32_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

/* Opcodes that the decoder might know; the rest of the bytes is noise. */
static void make_random(uint8_t *bytes)
{
	static const uint8_t one[] = { 0x00, 0x01, 0x02, 0x03, 0x08, 0x11,
		0x1a, 0x20, 0x29, 0x33, 0x38, 0x39, 0x3a, 0x3b, 0x63, 0x6c,
		0x6d, 0x6e, 0x6f, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86,
		0x87, 0x88, 0x89, 0x8a, 0x8b, 0xa0, 0xa1, 0xa2, 0xa3, 0xc6,
		0xc7, 0xe4, 0xe5, 0xe6, 0xe7, 0xec, 0xed, 0xee, 0xef, 0xf4,
		0xf6, 0xf7, 0xfe, 0xff };
	static const uint8_t two[] = { 0x01, 0x06, 0x08, 0x09, 0x22, 0x30,
		0x32, 0x33, 0xa2, 0xb6, 0xb7, 0xbe, 0xbf };
	unsigned i, at = 0, prefixes = random_next() % 4;

	for (i = 0; i < SLOT; i++) {
		bytes[i] = i < 15 ? (uint8_t)random_next() : 0x90;
	}
	for (i = 0; i < prefixes; i++) {
		bytes[at++] = legacy[random_next() % sizeof(legacy)];
	}
	if (random_next() % 8 == 0) {
		bytes[at++] = 0xf0;
	}
	if (random_next() % 2 == 0) {
		bytes[at++] = (uint8_t)(0x40 + random_next() % 16);
	}
	if (random_next() % 4 == 0) {
		bytes[at++] = 0x0f;
		bytes[at++] = two[random_next() % sizeof(two)];
	} else {
		bytes[at++] = one[random_next() % sizeof(one)];
	}
	/* half of them with an address form that has SIB */
	if (random_next() % 2 == 0) {
		bytes[at] = (uint8_t)((bytes[at] & 0xf8) | 4);
	}
}

static bool is_prefix_word(const char *word)
{
	static const char *const words[] = { "data16", "data32", "addr16",
		"addr32", "repz", "repnz", "rep", "lock", "cs", "ds", "es",
		"ss", "fs", "gs", "xacquire", "xrelease", "notrack", "bnd" };
	unsigned i;

	for (i = 0; i < ARRAY_COUNT(words); i++) {
		if (strcmp(word, words[i]) == 0) {
			return true;
		}
	}
	return strncmp(word, "rex", 3) == 0;
}

static bool starts(const char *word, const char *with)
{
	return strncmp(word, with, strlen(with)) == 0;
}

/* Is this the mnemonic of such an instruction? */
static bool mnemonic_fits(const char *word, const struct insn *insn)
{
	static const char *const ops[] = { "add", "or", "adc", "sbb", "and",
		"sub", "xor", "cmp", "test", "xchg", "not", "neg", "inc",
		"dec" };

	switch ((enum insn_kind)insn->kind) {
	case INSN_CPUID:
		return starts(word, "cpuid");
	case INSN_RDMSR:
		return starts(word, "rdmsr");
	case INSN_WRMSR:
		return starts(word, "wrmsr");
	case INSN_VMMCALL:
		return starts(word, "vmmcall") || starts(word, "vmgexit");
	case INSN_VMCALL:
		return starts(word, "vmcall");
	case INSN_HLT:
		return starts(word, "hlt");
	case INSN_INVD:
		return starts(word, "invd");
	case INSN_WBINVD:
		return starts(word, "wbinvd") || starts(word, "wbnoinvd");
	case INSN_XSETBV:
		return starts(word, "xsetbv");
	case INSN_RDPMC:
		return starts(word, "rdpmc");
	case INSN_MOV_TO_CR:
		return starts(word, "mov");
	case INSN_LMSW:
		return starts(word, "lmsw");
	case INSN_CLTS:
		return starts(word, "clts");
	case INSN_IN:
		return starts(word, "in ") || strcmp(word, "in") == 0;
	case INSN_OUT:
		return strcmp(word, "out") == 0;
	case INSN_INS:
		return starts(word, "ins");
	case INSN_OUTS:
		return starts(word, "outs");
	case INSN_READ:
	case INSN_WRITE:
		return starts(word, "mov");
	case INSN_MODIFY:
	case INSN_COMBINE:
	case INSN_TEST:
		return starts(word, ops[insn->op]);
	}
	return false;
}

/* Bytes of code in a line, up to its second tab. */
static unsigned count_bytes(const char *line, const char *tab)
{
	unsigned count = 0, value, used;

	for (const char *at = line + strcspn(line, "\t") + 1; at < tab; at++) {
		if (sscanf(at, "%2x%n", &value, (int *)&used) == 1 &&
		    used == 2) {
			count++;
			at += 2;
		}
	}
	return count;
}

/* The first word of a line's text that is no prefix; empty: none. */
static void first_word(const char *text, char word[64])
{
	int used;

	word[0] = 0;
	while (sscanf(text, "%63s%n", word, &used) == 1 &&
	       is_prefix_word(word)) {
		text += used;
		word[0] = 0;
	}
}

/*
 * Reads objdump's lines of one mode: "address:\tbytes\ttext". Prefixes that
 * it shows on lines of their own count to what follows. What follows a slot's
 * bytes is NOPs, so that it finds its way again.
 */
static unsigned check_listing(FILE *listing, const char *mode)
{
	char line[256], word[64], *tab;
	unsigned long address, first = 0, slot = CASES;
	unsigned checked = 0, end;
	bool open = false;

	while (fgets(line, sizeof(line), listing) != NULL) {
		if (sscanf(line, " %lx:", &address) != 1 ||
		    (tab = strchr(line, '\t')) == NULL ||
		    (tab = strchr(tab + 1, '\t')) == NULL) {
			continue;
		}
		if (address % SLOT == 0) {
			slot = address / SLOT;
			first = address;
			open = true;
		}
		if (!open) {
			continue;
		}
		end = count_bytes(line, tab);
		first_word(tab + 1, word);
		if (word[0] == 0) {
			continue;	/* only prefixes on this line */
		}
		open = false;
		if (slot >= CASES || !cases[slot].accepted ||
		    address + end - first > 15) {
			continue;
		}
		/* objdump's tables give some of these no form with 66. */
		if (cases[slot].insn.kind < INSN_IN &&
		    strstr(line, "(bad)") != NULL) {
			continue;
		}
		checked++;
		if (address + end - first != cases[slot].insn.length ||
		    !mnemonic_fits(word, &cases[slot].insn)) {
			fail_msg("%s slot %lu: length %u kind %u, objdump "
				 "says %lu: %s", mode, slot,
				 cases[slot].insn.length,
				 cases[slot].insn.kind,
				 address + end - first, line);
		}
	}
	return checked;
}

static void check_mode(unsigned bits, const char *machine, const char *mode)
{
	char name[] = "/tmp/test_insn_XXXXXX", command[256];
	uint8_t bytes[SLOT];
	unsigned i, accepted = 0, checked;
	FILE *file, *listing;
	int handle = mkstemp(name);

	assert_true(handle >= 0);
	file = fdopen(handle, "wb");
	for (i = 0; i < CASES; i++) {
		make_random(bytes);
		cases[i].accepted = insn_decode(bytes, 15, bits,
						&cases[i].insn) == HV_OK;
		accepted += cases[i].accepted;
		assert_int_equal(fwrite(bytes, SLOT, 1, file), 1);
	}
	assert_int_equal(fclose(file), 0);
	snprintf(command, sizeof(command), "objdump -D -w -z -b binary "
		 "--insn-width=15 -m %s -M %s %s", machine, mode, name);
	listing = popen(command, "r");
	assert_non_null(listing);
	checked = check_listing(listing, mode);
	assert_int_equal(pclose(listing), 0);
	unlink(name);
	/* The comparison did take place. */
	assert_true(accepted > CASES / 4);
	assert_true(checked > accepted * 9 / 10);
}

static void test_objdump(void **state)
{
	(void)state;
	check_mode(64, "i386:x86-64", "x86-64");
	check_mode(32, "i386", "i386");
	check_mode(16, "i386", "i8086");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objdump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
