/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device tree of a spec, read through libfdt: nodes and properties with
 * the place in the source that each came from. Offsets are libfdt's; a
 * negative one is "no such node".
 */
#ifndef PARTC_TREE_H
#define PARTC_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"

/* Values as the model keeps them: with their place, set or not. */
struct num {
	uint64_t v;
	bool set;
	struct loc at;
};

struct text {
	const char *s;		/* null: not set */
	struct loc at;
};

/*
 * False: not a readable device tree; *why says more. The data must stay where
 * it is.
 */
bool tree_open(const void *data, size_t size, const char **why);
bool tree_read(const char *path, const char **why);

int tree_root(void);
int tree_child(int node, const char *name);
int tree_first(int node);
int tree_next(int node);
int tree_by_phandle(uint32_t phandle);
const char *tree_name(int node);
const char *tree_path(int node);
uint32_t tree_phandle(int node);
struct loc tree_at(int node);
struct loc tree_property_at(int node, const char *property);

/* Properties in order; null after the last. */
const char *tree_property_name(int node, int index);
const uint8_t *tree_property(int node, const char *name, int *size);

bool tree_flag(int node, const char *name);
/* One cell, or two (64 bits); not set if it is of another size. */
struct num tree_number(int node, const char *name);
/* Cell i; 0 if the property is shorter. */
uint32_t tree_cell(int node, const char *name, int i);
int tree_cell_count(int node, const char *name);
/*
 * A property that has to name nodes is written with a number for one. In the
 * blob a reference is such a number, too. False also where a macro or a
 * comment hides what is written.
 */
bool tree_has_number(int node, const char *name);
/* Cells i and i + 1 as one number. */
uint64_t tree_wide(int node, const char *name, int i);
struct text tree_text(int node, const char *name);
/* String i of a list; null after the last. */
const char *tree_string(int node, const char *name, int i);

#endif
