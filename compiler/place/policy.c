/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy of a partition: its profile's rows, replaced or added to by its
 * own, and the rows that other properties stand for. Sorted, as the tables
 * are to be.
 */
#include <stdlib.h>
#include <string.h>

#include "place/place.h"

#define LOG_PORT 0xe9u

static void add_port(struct policy *policy, const struct port_row *row)
{
	policy->ports = util_grow(policy->ports, policy->port_count,
				  sizeof(*policy->ports));
	policy->ports[policy->port_count++] = *row;
}

static void merge_ports(struct policy *to, const struct policy *from)
{
	uint32_t i, j;

	for (i = 0; i < from->port_count; i++) {
		for (j = 0; j < to->port_count; j++) {
			if (strcmp(to->ports[j].name,
				   from->ports[i].name) == 0) {
				to->ports[j] = from->ports[i];
				break;
			}
		}
		if (j == to->port_count) {
			add_port(to, &from->ports[i]);
		}
	}
}

static void merge_msrs(struct policy *to, const struct policy *from)
{
	uint32_t i, j;

	for (i = 0; i < from->msr_count; i++) {
		for (j = 0; j < to->msr_count; j++) {
			if (strcmp(to->msrs[j].name,
				   from->msrs[i].name) == 0) {
				break;
			}
		}
		if (j == to->msr_count) {
			to->msrs = util_grow(to->msrs, to->msr_count,
					     sizeof(*to->msrs));
			to->msr_count++;
		}
		to->msrs[j] = from->msrs[i];
	}
}

static void merge_cpuids(struct policy *to, const struct policy *from)
{
	uint32_t i, j;

	for (i = 0; i < from->cpuid_count; i++) {
		for (j = 0; j < to->cpuid_count; j++) {
			if (strcmp(to->cpuids[j].name,
				   from->cpuids[i].name) == 0) {
				break;
			}
		}
		if (j == to->cpuid_count) {
			to->cpuids = util_grow(to->cpuids, to->cpuid_count,
					       sizeof(*to->cpuids));
			to->cpuid_count++;
		}
		to->cpuids[j] = from->cpuids[i];
	}
}

static void merge(struct policy *to, const struct policy *from)
{
	merge_ports(to, from);
	merge_msrs(to, from);
	merge_cpuids(to, from);
	if (from->port_default.set) {
		to->port_default = from->port_default;
	}
	if (from->privileges.set) {
		to->privileges = from->privileges;
	}
	if (from->hints.set) {
		to->hints = from->hints;
	}
}

/* A row that a property of the partition's own stands for. */
static struct port_row *add_own(struct model_partition *p, const char *name,
				struct loc at, uint32_t first, uint32_t last,
				enum port_action action)
{
	struct port_row row;

	memset(&row, 0, sizeof(row));
	row.name = name;
	row.at = at;
	row.range_at = at;
	row.own = true;
	row.action_at = at;
	row.first = first;
	row.last = last;
	row.action = action;
	add_port(&p->policy, &row);
	return &p->policy.ports[p->policy.port_count - 1];
}

static void add_uart(const struct model *model, struct model_partition *p)
{
	const struct model_uart *uart = &model->machine.uarts[p->uart];
	uint32_t base = model_uart_guest_base(model, p);
	struct port_row *row;

	if (!uart->base.set) {
		return;
	}
	row = add_own(p, "uart", p->uart_at, base, base + 7, PORT_PASS);
	if (base != uart->base.v) {
		row->action = PORT_REMAP;
		row->target = uart->base;
	}
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_ports(const void *a, const void *b)
{
	return compare(((const struct port_row *)a)->first,
		       ((const struct port_row *)b)->first);
}

static int compare_msrs(const void *a, const void *b)
{
	return compare(((const struct msr_row *)a)->first,
		       ((const struct msr_row *)b)->first);
}

static int compare_cpuids(const void *a, const void *b)
{
	const struct cpuid_row *x = a;
	const struct cpuid_row *y = b;
	int order = compare((uint64_t)x->leaf << 32 | x->subleaf,
			    (uint64_t)y->leaf << 32 | y->subleaf);

	return order != 0 ? order : compare(x->vendor, y->vendor);
}

/* Bits that a number of things needs. */
static uint32_t width(uint32_t count)
{
	uint32_t bits = 0;

	while (1u << bits < count) {
		bits++;
	}
	return bits;
}

static void set_field(struct cpuid_row *row, int reg, uint32_t mask,
		      uint32_t value)
{
	row->allow[reg] &= ~mask;
	row->force[reg] = (row->force[reg] & ~mask) | value;
}

/*
 * One package of one-threaded cores, as many as there are VPs; APIC ids are
 * VP numbers. (SDM2 CPUID leaves 1, 4, 0xb; APM3 E.4.7, E.4.17.)
 */
static void fill_topology(struct cpuid_row *row, uint32_t vps,
			  uint32_t gpa_bits)
{
	uint32_t htt = vps > 1 ? 1u << 28 : 0;

	switch (row->leaf) {
	case 1:
		set_field(row, 3, 1u << 28, htt);
		break;
	case 4:
		set_field(row, 0, 0xffffc000, (vps - 1) << 26);
		break;
	case 0xb:
		if (row->subleaf == 0) {
			set_field(row, 0, ~0u, 0);
			set_field(row, 1, ~0u, 1);
			set_field(row, 2, ~0u, 0x100);
		} else {
			set_field(row, 0, ~0u, width(vps));
			set_field(row, 1, ~0u, vps);
			set_field(row, 2, ~0u, 0x201);
		}
		break;
	case 0x80000001:
		/* CmpLegacy: HTT means cores, not threads. */
		set_field(row, 2, 2, vps > 1 ? 2 : 0);
		break;
	case 0x80000008:
		set_field(row, 0, 0xff, gpa_bits);
		if (row->vendor != VENDOR_INTEL) {
			set_field(row, 2, 0xf0ff,
				  width(vps) << 12 | (vps - 1));
		}
		break;
	default:
		break;
	}
}

static void mark_own(struct policy *own)
{
	uint32_t i;

	for (i = 0; i < own->port_count; i++) {
		own->ports[i].own = true;
	}
	for (i = 0; i < own->msr_count; i++) {
		own->msrs[i].own = true;
	}
}

static void resolve(struct model *model, struct model_partition *p)
{
	struct policy *policy = &p->policy;
	uint32_t i;

	if (p->profile != MODEL_NONE) {
		merge(policy, &model->profiles[p->profile].policy);
	}
	mark_own(&p->own);
	merge(policy, &p->own);
	if (p->uart != MODEL_NONE) {
		add_uart(model, p);
	}
	if (p->console.s != NULL) {
		add_own(p, "log", p->console.at, LOG_PORT, LOG_PORT, PORT_LOG);
	}
	if (p->launch) {
		add_own(p, "launch", p->launch_at, PLACE_LAUNCH_PORT,
			PLACE_LAUNCH_PORT + 3, PORT_LAUNCH);
	}
	p->gpa_bits = p->gpa_bits_wanted.set ?
		      (uint32_t)p->gpa_bits_wanted.v : PLACE_GPA_BITS;
	p->cpuid_bits = p->launch ? place_launch_bits(model) : p->gpa_bits;
	for (i = 0; i < policy->cpuid_count; i++) {
		if (policy->cpuids[i].topology && p->vp_count != 0) {
			fill_topology(&policy->cpuids[i], p->vp_count,
				      p->cpuid_bits);
		}
	}
	if (policy->port_count != 0) {
		qsort(policy->ports, policy->port_count,
		      sizeof(*policy->ports), compare_ports);
	}
	if (policy->msr_count != 0) {
		qsort(policy->msrs, policy->msr_count,
		      sizeof(*policy->msrs), compare_msrs);
	}
	if (policy->cpuid_count != 0) {
		qsort(policy->cpuids, policy->cpuid_count,
		      sizeof(*policy->cpuids), compare_cpuids);
	}
	place_controls(p);
}

void place_policies(struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		resolve(model, &model->partitions[i]);
	}
}

uint32_t place_find_port(const struct model_partition *p,
			 enum port_action action)
{
	uint32_t i;

	for (i = 0; i < p->policy.port_count; i++) {
		if (p->policy.ports[i].action == action) {
			return p->policy.ports[i].first;
		}
	}
	return 0;
}
