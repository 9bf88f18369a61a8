/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of a flattened device tree (Devicetree Specification 0.4,
 * chapter 5). Two passes over the structure block: count, then fill. Keeps
 * true: nothing outside the blob is read, and every text ends inside it.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#define FDT_MAGIC 0xd00dfeedu
#define FDT_BEGIN_NODE 1u
#define FDT_END_NODE 2u
#define FDT_PROP 3u
#define FDT_NOP 4u
#define FDT_END 9u
#define FDT_HEADER_SIZE 40u
#define FDT_DEPTH_MAX 64u

struct fdt_cursor {
	const uint8_t *structure;
	uint32_t structure_size;
	const char *strings;
	uint32_t strings_size;
	uint32_t at;
	uint32_t depth;
	uint32_t stack[FDT_DEPTH_MAX];	/* open nodes */
	uint32_t last[FDT_DEPTH_MAX];	/* last child of each open node */
};

static uint32_t fdt_load32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

static bool fdt_next_word(struct fdt_cursor *cursor, uint32_t *word)
{
	if (cursor->structure_size - cursor->at < 4) {
		return false;
	}
	*word = fdt_load32(cursor->structure + cursor->at);
	cursor->at += 4;
	return true;
}

static bool fdt_begin_node(struct fdt *fdt, struct fdt_cursor *cursor)
{
	const char *name = (const char *)cursor->structure + cursor->at;
	const char *end = memchr(name, 0, cursor->structure_size - cursor->at);
	struct fdt_node *node;
	uint32_t index = fdt->node_count;

	if (!end || cursor->depth == FDT_DEPTH_MAX ||
	    (!cursor->depth && index)) {
		return false;
	}
	cursor->at += ((uint32_t)(end - name) + 4) & ~3u;
	if (cursor->at > cursor->structure_size) {
		return false;
	}
	fdt->node_count++;
	if (fdt->nodes) {
		node = &fdt->nodes[index];
		node->name = name;
		node->parent = FDT_NONE;
		node->first_child = FDT_NONE;
		node->next = FDT_NONE;
		node->prop_first = fdt->prop_count;
		if (cursor->depth) {
			uint32_t *last = &cursor->last[cursor->depth - 1];

			node->parent = cursor->stack[cursor->depth - 1];
			if (*last == FDT_NONE) {
				fdt->nodes[node->parent].first_child = index;
			} else {
				fdt->nodes[*last].next = index;
			}
			*last = index;
		}
	}
	cursor->stack[cursor->depth] = index;
	cursor->last[cursor->depth] = FDT_NONE;
	cursor->depth++;
	return true;
}

static bool fdt_add_prop(struct fdt *fdt, struct fdt_cursor *cursor)
{
	uint32_t size;
	uint32_t name;

	if (!cursor->depth || !fdt_next_word(cursor, &size) ||
	    !fdt_next_word(cursor, &name) || name >= cursor->strings_size ||
	    size > cursor->structure_size - cursor->at) {
		return false;
	}
	if (fdt->props) {
		struct fdt_prop *prop = &fdt->props[fdt->prop_count];
		struct fdt_node *node =
			&fdt->nodes[cursor->stack[cursor->depth - 1]];

		/* Properties come before children (5.4.2). */
		if (node->first_child != FDT_NONE) {
			return false;
		}
		prop->name = cursor->strings + name;
		prop->bytes = cursor->structure + cursor->at;
		prop->size = size;
		node->prop_count++;
	}
	fdt->prop_count++;
	if (size > UINT32_MAX - 3 ||
	    ((size + 3) & ~3u) > cursor->structure_size - cursor->at) {
		return false;
	}
	cursor->at += (size + 3) & ~3u;
	return true;
}

static bool fdt_pass(struct fdt *fdt, struct fdt_cursor *cursor)
{
	uint32_t word;

	cursor->at = 0;
	cursor->depth = 0;
	fdt->node_count = 0;
	fdt->prop_count = 0;
	while (fdt_next_word(cursor, &word)) {
		if (word == FDT_BEGIN_NODE) {
			if (!fdt_begin_node(fdt, cursor)) {
				return false;
			}
		} else if (word == FDT_PROP) {
			if (!fdt_add_prop(fdt, cursor)) {
				return false;
			}
		} else if (word == FDT_END_NODE) {
			if (!cursor->depth) {
				return false;
			}
			cursor->depth--;
		} else if (word == FDT_END) {
			return !cursor->depth && fdt->node_count;
		} else if (word != FDT_NOP) {
			return false;
		}
	}
	return false;
}

static bool fdt_locate(struct fdt_cursor *cursor, const uint8_t *bytes,
		       size_t size)
{
	uint32_t structure;
	uint32_t strings;

	if (size < FDT_HEADER_SIZE || size > UINT32_MAX ||
	    fdt_load32(bytes) != FDT_MAGIC || fdt_load32(bytes + 4) > size ||
	    fdt_load32(bytes + 20) < 17) {
		return false;
	}
	structure = fdt_load32(bytes + 8);
	strings = fdt_load32(bytes + 12);
	cursor->strings_size = fdt_load32(bytes + 32);
	cursor->structure_size = fdt_load32(bytes + 36);
	if (structure > size || cursor->structure_size > size - structure ||
	    strings > size || cursor->strings_size > size - strings ||
	    !cursor->strings_size ||
	    bytes[strings + cursor->strings_size - 1]) {
		return false;
	}
	cursor->structure = bytes + structure;
	cursor->strings = (const char *)bytes + strings;
	return true;
}

bool fdt_open(struct fdt *fdt, const uint8_t *bytes, size_t size,
	      struct report *report)
{
	struct fdt_cursor cursor;

	memset(fdt, 0, sizeof(*fdt));
	memset(&cursor, 0, sizeof(cursor));
	if (!fdt_locate(&cursor, bytes, size) || !fdt_pass(fdt, &cursor)) {
		report_error(report, NULL, "spec: not a device tree blob");
		return false;
	}
	fdt->nodes = alloc_array(fdt->node_count, sizeof(*fdt->nodes));
	fdt->props = alloc_array(fdt->prop_count, sizeof(*fdt->props));
	if (!fdt_pass(fdt, &cursor)) {
		report_error(report, NULL, "spec: not a device tree blob");
		fdt_close(fdt);
		return false;
	}
	return true;
}

void fdt_close(struct fdt *fdt)
{
	free(fdt->nodes);
	free(fdt->props);
	memset(fdt, 0, sizeof(*fdt));
}

const struct fdt_prop *fdt_get(const struct fdt *fdt, uint32_t node,
			       const char *name)
{
	uint32_t i;

	if (node >= fdt->node_count) {
		return NULL;
	}
	for (i = 0; i < fdt->nodes[node].prop_count; i++) {
		const struct fdt_prop *prop =
			&fdt->props[fdt->nodes[node].prop_first + i];

		if (!strcmp(prop->name, name)) {
			return prop;
		}
	}
	return NULL;
}

uint32_t fdt_child(const struct fdt *fdt, uint32_t node, const char *name)
{
	uint32_t child;

	if (node >= fdt->node_count) {
		return FDT_NONE;
	}
	child = fdt->nodes[node].first_child;
	while (child != FDT_NONE && strcmp(fdt->nodes[child].name, name)) {
		child = fdt->nodes[child].next;
	}
	return child;
}

uint32_t fdt_find_phandle(const struct fdt *fdt, uint32_t phandle)
{
	uint32_t i;

	for (i = 0; i < fdt->node_count; i++) {
		const struct fdt_prop *prop = fdt_get(fdt, i, "phandle");

		if (prop && prop->size == 4 && fdt_cell(prop, 0) == phandle) {
			return i;
		}
	}
	return FDT_NONE;
}

uint32_t fdt_cell(const struct fdt_prop *prop, uint32_t index)
{
	if (!prop || index >= prop->size / 4) {
		return 0;
	}
	return fdt_load32(prop->bytes + index * 4);
}

uint64_t fdt_cell2(const struct fdt_prop *prop, uint32_t index)
{
	return (uint64_t)fdt_cell(prop, index) << 32 |
	       fdt_cell(prop, index + 1);
}

const char *fdt_text(const struct fdt *fdt, uint32_t node, const char *name)
{
	const struct fdt_prop *prop = fdt_get(fdt, node, name);

	if (!prop || !prop->size || prop->bytes[prop->size - 1] ||
	    memchr(prop->bytes, 0, prop->size) !=
	    prop->bytes + prop->size - 1) {
		return NULL;
	}
	return (const char *)prop->bytes;
}

const char *fdt_text_at(const struct fdt *fdt, uint32_t node,
			const char *name, uint32_t index)
{
	const struct fdt_prop *prop = fdt_get(fdt, node, name);
	uint32_t at = 0;

	if (!prop || !prop->size || prop->bytes[prop->size - 1]) {
		return NULL;
	}
	while (index && at < prop->size) {
		at += (uint32_t)strlen((const char *)prop->bytes + at) + 1;
		index--;
	}
	return at < prop->size ? (const char *)prop->bytes + at : NULL;
}

uint64_t fdt_number(const struct fdt *fdt, uint32_t node, const char *name,
		    uint64_t otherwise)
{
	const struct fdt_prop *prop = fdt_get(fdt, node, name);

	if (prop && prop->size == 4) {
		return fdt_cell(prop, 0);
	}
	if (prop && prop->size == 8) {
		return fdt_cell2(prop, 0);
	}
	return otherwise;
}
