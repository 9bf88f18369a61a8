/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How libFuzzer changes a spec: mostly inside of the tree, so that it stays
 * one. A property's bytes, length or place, a node that goes or comes twice;
 * one time in four any bytes of the input.
 */
#include <libfdt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 65536

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned seed);

static uint8_t tree[ROOM];
static unsigned state;

static unsigned pick(unsigned count)
{
	state = state * 1103515245u + 12345u;
	return count == 0 ? 0 : (state >> 8) % count;
}

static int pick_node(void)
{
	int count = 0;
	int node, chosen = 0;

	for (node = 0; node >= 0; node = fdt_next_node(tree, node, NULL)) {
		count++;
		if (pick((unsigned)count) == 0) {
			chosen = node;
		}
	}
	return chosen;
}

/* Negative: the node has none. */
static int pick_property(int node)
{
	int chosen = -1;
	unsigned count = 0;
	int property;

	fdt_for_each_property_offset(property, tree, node) {
		if (pick(++count) == 0) {
			chosen = property;
		}
	}
	return chosen;
}

static void set(int node, const char *name, const void *value, int size)
{
	char name_copy[64];
	uint8_t *copy;

	/* An error of libfdt's: there is no such property. */
	if (size < 0) {
		return;
	}
	copy = malloc((size_t)size + 1);
	strncpy(name_copy, name, sizeof(name_copy) - 1);
	name_copy[sizeof(name_copy) - 1] = '\0';
	if (copy != NULL) {
		memcpy(copy, value, (size_t)size);
		(void)fdt_setprop(tree, node, name_copy, copy, size);
	}
	free(copy);
}

/* Bytes of a property, as libFuzzer likes, or a cell with an edge of it. */
static void change_value(int node, int property)
{
	static const uint32_t edges[] = {
		0, 1, 2, 0x7f, 0xff, 0xfff, 0x1000, 0xffff, 0x10000, 0x1fffff,
		0x200000, 0x7fffffff, 0x80000000, 0xfffff000, 0xffffffff,
		0x40000000, 0xc0000000,
	};
	uint8_t value[4096];
	const char *name;
	int size;
	const void *old = fdt_getprop_by_offset(tree, property, &name, &size);

	if (old == NULL || size < 0 || size > 2048) {
		return;
	}
	memcpy(value, old, (size_t)size);
	if (size >= 4 && pick(2) == 0) {
		uint32_t cell = cpu_to_fdt32(edges[pick(17)] + pick(3) - 1);

		memcpy(value + 4 * pick((unsigned)size / 4), &cell, 4);
	} else {
		size = (int)LLVMFuzzerMutate(value, (size_t)size, 2304);
	}
	set(node, name, value, size);
}

/* Another node's property, under its own name or this one's. */
static void take_property(int node, const char *name)
{
	const char *other_name;
	int other = pick_property(pick_node());
	const void *value;
	int size;

	if (other < 0) {
		return;
	}
	value = fdt_getprop_by_offset(tree, other, &other_name, &size);
	if (value != NULL && size >= 0) {
		set(node, name == NULL ? other_name : name, value, size);
	}
}

/* The same properties again, in a node of another name. */
static void double_node(int node)
{
	int parent = fdt_parent_offset(tree, node);
	char name[16] = { 'n', (char)('a' + pick(26)), '\0' };
	int made = parent < 0 ? parent : fdt_add_subnode(tree, parent, name);
	int count = 0;
	int property;

	while (made >= 0 && count < 32) {
		int i = 0;
		int from = fdt_next_subnode(tree, made);
		const char *known;
		const void *value;
		int size;

		property = from < 0 ? from : fdt_first_property_offset(tree,
								       from);
		while (property >= 0 && i++ < count) {
			property = fdt_next_property_offset(tree, property);
		}
		value = property < 0 ? NULL :
			fdt_getprop_by_offset(tree, property, &known, &size);
		if (value == NULL) {
			return;
		}
		set(made, known, value, size);
		count++;
	}
}

static void mutate_tree(void)
{
	int node = pick_node();
	int property = pick_property(node);
	const char *name = NULL;

	switch (pick(8)) {
	case 0:
		(void)fdt_del_node(tree, node);
		break;
	case 1:
		double_node(node);
		break;
	case 2:
		take_property(node, NULL);
		break;
	case 3:
		if (property >= 0 && fdt_getprop_by_offset(tree, property,
							   &name, NULL)) {
			char copy[64];

			strncpy(copy, name, sizeof(copy) - 1);
			copy[sizeof(copy) - 1] = '\0';
			pick(2) ? take_property(node, copy) :
			(void)fdt_delprop(tree, node, copy);
		}
		break;
	default:
		if (property >= 0) {
			change_value(node, property);
		}
		break;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned seed)
{
	size_t total, rest;

	state = seed;
	if (pick(4) == 0 || size < sizeof(struct fdt_header) ||
	    fdt_check_header(data) != 0 || fdt_version(data) < 17 ||
	    fdt_totalsize(data) > size ||
	    fdt_check_full(data, fdt_totalsize(data)) != 0 ||
	    fdt_open_into(data, tree, ROOM) != 0) {
		return LLVMFuzzerMutate(data, size, max_size);
	}
	rest = size - fdt_totalsize(data);
	if (rest != 0 && pick(4) == 0) {
		total = fdt_totalsize(data);
		return total + LLVMFuzzerMutate(data + total, rest,
						max_size - total);
	}
	do {
		mutate_tree();
	} while (pick(3) == 0);
	if (fdt_pack(tree) != 0 || fdt_totalsize(tree) + rest > max_size) {
		return LLVMFuzzerMutate(data, size, max_size);
	}
	memmove(data + fdt_totalsize(tree), data + (size - rest), rest);
	memcpy(data, tree, fdt_totalsize(tree));
	return fdt_totalsize(tree) + rest;
}
