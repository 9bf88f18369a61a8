/* SPDX-License-Identifier: Apache-2.0 */
/* The device tree through libfdt. Everything read is bounded by libfdt. */
#include "tree.h"

#include <libfdt.h>
#include <string.h>

#include "util.h"

#define VERSION 17

static const void *fdt;

bool tree_open(const void *data, size_t size, const char **why)
{
	int error;

	/* libfdt 1.6.1 falls over names of versions that dtc does not write. */
	if (size < sizeof(struct fdt_header) || fdt_check_header(data) != 0 ||
	    fdt_version(data) < VERSION || fdt_totalsize(data) > size) {
		*why = "is no device tree blob";
		return false;
	}
	error = fdt_check_full(data, size);
	if (error != 0) {
		*why = fdt_strerror(error);
		return false;
	}
	fdt = data;
	return true;
}

bool tree_read(const char *path, const char **why)
{
	struct bytes file;

	if (!util_read_file(path, &file)) {
		*why = "cannot be read";
		return false;
	}
	return tree_open(file.data, file.size, why);
}

int tree_root(void)
{
	return 0;
}

int tree_child(int node, const char *name)
{
	return node < 0 ? node : fdt_subnode_offset(fdt, node, name);
}

int tree_first(int node)
{
	return node < 0 ? node : fdt_first_subnode(fdt, node);
}

int tree_next(int node)
{
	return fdt_next_subnode(fdt, node);
}

int tree_by_phandle(uint32_t phandle)
{
	return fdt_node_offset_by_phandle(fdt, phandle);
}

const char *tree_name(int node)
{
	int length;
	const char *name = fdt_get_name(fdt, node, &length);

	return name == NULL ? "?" : name;
}

const char *tree_path(int node)
{
	char buffer[512];

	if (fdt_get_path(fdt, node, buffer, sizeof(buffer)) != 0) {
		return "?";
	}
	return util_copy(buffer, strlen(buffer));
}

uint32_t tree_phandle(int node)
{
	return fdt_get_phandle(fdt, node);
}

struct loc tree_at(int node)
{
	return source_find(tree_path(node), NULL);
}

struct loc tree_property_at(int node, const char *property)
{
	struct loc at = source_find(tree_path(node), property);

	return at.file == NULL ? tree_at(node) : at;
}

const char *tree_property_name(int node, int index)
{
	const char *name;
	int property;
	int size;

	fdt_for_each_property_offset(property, fdt, node) {
		if (index-- == 0) {
			(void)fdt_getprop_by_offset(fdt, property, &name,
						    &size);
			return name;
		}
	}
	return NULL;
}

const uint8_t *tree_property(int node, const char *name, int *size)
{
	*size = 0;
	return node < 0 ? NULL : fdt_getprop(fdt, node, name, size);
}

bool tree_flag(int node, const char *name)
{
	int size;

	return tree_property(node, name, &size) != NULL;
}

int tree_cell_count(int node, const char *name)
{
	int size;

	return tree_property(node, name, &size) == NULL ? 0 : size / 4;
}

bool tree_has_number(int node, const char *name)
{
	bool slots = strcmp(name, "slots") == 0;

	return source_has_number(tree_property_at(node, name), name,
				 slots ? 3 : 1);
}

uint32_t tree_cell(int node, const char *name, int i)
{
	int size;
	const uint8_t *data = tree_property(node, name, &size);

	if (data == NULL || i < 0 || i >= size / 4) {
		return 0;
	}
	data += 4 * i;
	return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 |
	       (uint32_t)data[2] << 8 | data[3];
}

uint64_t tree_wide(int node, const char *name, int i)
{
	return (uint64_t)tree_cell(node, name, i) << 32 |
	       tree_cell(node, name, i + 1);
}

struct num tree_number(int node, const char *name)
{
	struct num number = { 0, false, { NULL, 0, 0 } };
	int size;

	if (tree_property(node, name, &size) == NULL) {
		return number;
	}
	number.at = tree_property_at(node, name);
	if (size == 4) {
		number.v = tree_cell(node, name, 0);
		number.set = true;
	} else if (size == 8) {
		number.v = tree_wide(node, name, 0);
		number.set = true;
	}
	return number;
}

struct text tree_text(int node, const char *name)
{
	struct text text = { NULL, { NULL, 0, 0 } };

	text.s = tree_string(node, name, 0);
	if (text.s != NULL) {
		text.at = tree_property_at(node, name);
	}
	return text;
}

const char *tree_string(int node, const char *name, int i)
{
	if (node < 0) {
		return NULL;
	}
	return fdt_stringlist_get(fdt, node, name, i, NULL);
}
