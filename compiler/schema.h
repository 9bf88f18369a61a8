/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The spec language as data: which node has which properties, of which type
 * and with which values. docs/spec.md shows the same tables for people.
 */
#ifndef PARTC_SCHEMA_H
#define PARTC_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

enum schema_type {
	SCHEMA_FLAG,		/* present or not */
	SCHEMA_CELL,		/* one number of 32 bits */
	SCHEMA_WIDE,		/* a number in two cells: MiB(1), ADDR(x) */
	SCHEMA_PAIR,		/* <first last> */
	SCHEMA_REG,		/* two wide numbers: address, size */
	SCHEMA_QUAD,		/* four cells: EAX EBX ECX EDX */
	SCHEMA_STRING,
	SCHEMA_STRINGS,		/* one or more */
	SCHEMA_REFERENCE,	/* <&label> */
	SCHEMA_REFERENCES,	/* one or more */
	SCHEMA_SLOTS		/* <&partition VP microseconds>, ... */
};

struct schema_property {
	const char *name;
	enum schema_type type;
	bool required;
	/* SCHEMA_STRING(S): the words allowed, null: any text. */
	const char *const *words;
};

struct schema_node {
	const char *name;	/* "*": a name of the author's choice */
	bool required;
	const struct schema_property *properties;
	size_t property_count;
	const struct schema_node *nodes;
	size_t node_count;
};

extern const struct schema_node schema_root;

/* "a number (one cell)" */
const char *schema_type_text(enum schema_type type);
/* Position of a word in a list that ends with null; -1: not there. */
int schema_word(const char *const *words, const char *word);

/* Words whose position is an enum's value (config.h, model.h). */
extern const char *const schema_kind_names[];
extern const char *const schema_boot_words[];
extern const char *const schema_module_words[];
extern const char *const schema_port_words[];
extern const char *const schema_msr_words[];
extern const char *const schema_failure_words[];
extern const char *const schema_vendor_words[];
extern const char *const schema_default_words[];
extern const char *const schema_dynamic_words[];
extern const char *const schema_tlfs_words[];
extern const unsigned schema_tlfs_bits[];
extern const char *const schema_hint_words[];
extern const char *const schema_channel_words[];

#endif
