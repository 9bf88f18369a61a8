/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of a partition's memory, and of what is loaded into it. */
#include "check/check.h"
#include "place/place.h"

#define MEMORY_MIN 0x100000ull
#define UNITLESS_MAX 65536u	/* more would be too many MiB */

void check_memory_unit(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->memory.set || p->memory.v == 0 ||
		    p->memory.v >= UNITLESS_MAX) {
			continue;
		}
		diag = diag_error("memory-unit", p->memory.at,
				  "%s is given %s of memory", p->name,
				  util_size(p->memory.v));
		diag_fix(diag, "is it in MiB? MiB(%llu)",
			 (unsigned long long)p->memory.v);
	}
}

void check_memory_page(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->memory.set || p->memory.v % PAGE == 0) {
			continue;
		}
		diag = diag_error("memory-page", p->memory.at,
				  "the memory of %s, %llu bytes, ends within "
				  "a page", p->name,
				  (unsigned long long)p->memory.v);
		diag_fix(diag, "give %llu, a multiple of 4 KiB",
			 (unsigned long long)
			 util_round_up(p->memory.v, PAGE));
	}
}

void check_address_unit(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->address.set || p->address.v == 0 ||
		    p->address.v >= UNITLESS_MAX) {
			continue;
		}
		diag = diag_error("address-unit", p->address.at,
				  "the address of %s is byte %llu of the "
				  "machine", p->name,
				  (unsigned long long)p->address.v);
		diag_fix(diag, "is it in MiB? ADDR(%#llx)",
			 (unsigned long long)p->address.v << 20);
	}
}

void check_memory_size(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->memory.set || p->memory.v >= MEMORY_MIN) {
			continue;
		}
		diag = diag_error("memory-size", p->memory.at,
				  "%s of memory is not possible for %s",
				  util_size(p->memory.v), p->name);
		diag_fix(diag, "give 1 MiB or more: MiB(1)");
	}
}

void check_memory_limit(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->memory.set || p->memory.v <= PLACE_GUEST_RAM_MAX) {
			continue;
		}
		diag = diag_error("memory-limit", p->memory.at,
				  "%s of memory would reach the device pages "
				  "of %s", util_size(p->memory.v), p->name);
		diag_fix(diag, "give 3 GiB or less; RAM above 4 GiB is not "
			 "supported yet");
	}
}

void check_address_align(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->address.set || p->address.v % LARGE_PAGE == 0) {
			continue;
		}
		diag = diag_error("address-align", p->address.at,
				  "address %#llx of %s is not a multiple of "
				  "2 MiB", (unsigned long long)p->address.v,
				  p->name);
		diag_fix(diag, "use %#llx, or leave \"address\" out: the "
			 "compiler finds one", (unsigned long long)
			 util_round_up(p->address.v, LARGE_PAGE));
	}
}

void check_address_overlap(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		for (j = 0; j < i; j++) {
			const struct model_partition *a, *b;
			struct diag *diag;

			a = &model->partitions[i];
			b = &model->partitions[j];
			if (!a->address.set || !b->address.set ||
			    !util_overlaps(a->address.v, a->memory.v,
					   b->address.v, b->memory.v)) {
				continue;
			}
			diag = diag_error("address-overlap", a->address.at,
					  "the memory of %s overlaps that of "
					  "%s", a->name, b->name);
			diag_note(diag, b->address.at,
				  "%s has %#llx to %#llx", b->name,
				  (unsigned long long)b->address.v,
				  (unsigned long long)
				  (b->address.v + b->memory.v));
			diag_fix(diag, "leave \"address\" out: the compiler "
				 "finds one");
		}
	}
}

void check_gpa_bits(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct num *bits = &model->partitions[i].gpa_bits_wanted;
		struct diag *diag;

		if (!bits->set || (bits->v >= 36 && bits->v <= 48)) {
			continue;
		}
		diag = diag_error("gpa-bits", bits->at,
				  "an address width of %llu bits is not "
				  "possible", (unsigned long long)bits->v);
		diag_fix(diag, "use 36 to 48, no more than the processor has");
	}
}

static void check_pair(const struct model_partition *p,
		       const struct model_load *a, const struct model_load *b)
{
	struct diag *diag;

	if (!util_overlaps(a->gpa, a->room, b->gpa, b->room)) {
		return;
	}
	diag = diag_error("load-overlap", a->at,
			  "%s of %s (%#llx to %#llx) overlaps its %s "
			  "(%#llx to %#llx)", a->what, p->name,
			  (unsigned long long)a->gpa,
			  (unsigned long long)(a->gpa + a->room), b->what,
			  (unsigned long long)b->gpa,
			  (unsigned long long)(b->gpa + b->room));
	diag_note(diag, b->at, "this asks for the %s", b->what);
	diag_fix(diag, "load it elsewhere; docs/spec.md lists what the "
		 "compiler puts below 1 MiB");
}

void check_load_overlap(const struct model *model)
{
	uint32_t i, j, k;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->load_count; j++) {
			for (k = j + 1; k < p->load_count; k++) {
				check_pair(p, &p->loads[j], &p->loads[k]);
			}
		}
	}
}

/* A page for what a program pushes before it has a stack of its own. */
void check_stack_overlap(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; boot_is_raw(p->boot) && j < p->load_count; j++) {
			const struct model_load *load = &p->loads[j];
			struct diag *diag;

			if (!util_overlaps(load->gpa, load->room,
					   PLACE_STACK - PAGE, PAGE)) {
				continue;
			}
			diag = diag_error("stack-overlap", load->at,
					  "the first pushes of %s would "
					  "overwrite its %s (%#llx to %#llx)",
					  p->name, load->what,
					  (unsigned long long)load->gpa,
					  (unsigned long long)
					  (load->gpa + load->room));
			diag_note(diag, p->load_address.at,
				  "it is loaded here");
			diag_fix(diag, "leave %#llx to %#llx free: the stack "
				 "grows down from there",
				 PLACE_STACK - PAGE, PLACE_STACK);
		}
	}
}
