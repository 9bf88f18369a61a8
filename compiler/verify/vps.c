/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual and logical processors, plans and interrupt lines: the arrays refer
 * to each other rightly, nothing has two owners, and a VP starts in a state
 * that the processor and the hypervisor can live with.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#define CR0_PE (1ull << 0)
#define CR0_PG (1ull << 31)
#define CR4_PAE (1ull << 5)
#define CR4_VMXE (1ull << 13)
#define CR4_SMXE (1ull << 14)
#define EFER_SCE (1ull << 0)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)
#define EFER_NXE (1ull << 11)
#define EFER_SVME (1ull << 12)
#define EFER_LMSLE (1ull << 13)
#define EFER_FFXSR (1ull << 14)
#define RFLAGS_ONE (1ull << 1)
#define RFLAGS_IF (1ull << 9)

#define EFER_GUEST (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR)

static bool vps_in_region(const struct partition_tables *p, uint64_t gpa)
{
	uint32_t i;

	for (i = 0; i < p->config.region_count; i++) {
		if (gpa >= p->regions[i].gpa &&
		    gpa - p->regions[i].gpa < p->regions[i].size) {
			return true;
		}
	}
	return false;
}

/* First instruction: linear is GPA before paging, and by identity after. */
static void vps_check_rip(const struct partition_tables *p,
			  const struct vp_tables *vp, struct report *report)
{
	const struct vp_state_config *s = &vp->state;
	uint64_t linear = s->rip;

	if (!(s->efer & EFER_LMA)) {
		linear = (uint32_t)(s->rip + s->segment[SEGMENT_CS].base);
	}
	if (!vps_in_region(p, linear)) {
		report_error(report, p->where, "partition %s: VP %u starts at "
			     "0x%llx, outside its memory", p->name,
			     vp->config.number, (unsigned long long)linear);
	}
	if ((s->cr0 & CR0_PG) &&
	    !vps_in_region(p, s->cr3 & 0x000ffffffffff000ull)) {
		report_error(report, p->where, "partition %s: VP %u starts "
			     "with page tables at GPA 0x%llx, outside its "
			     "memory", p->name, vp->config.number,
			     (unsigned long long)s->cr3);
	}
}

static void vps_check_state(const struct partition_tables *p,
			    const struct vp_tables *vp,
			    struct report *report)
{
	const struct vp_state_config *s = &vp->state;
	bool paging = s->cr0 & CR0_PG;
	bool long_mode = s->efer & EFER_LMA;

	if ((paging && !(s->cr0 & CR0_PE)) ||
	    long_mode != (paging && (s->efer & EFER_LME)) ||
	    (long_mode && !(s->cr4 & CR4_PAE)) ||
	    (s->cr0 >> 32) || !(s->rflags & RFLAGS_ONE) ||
	    (s->rflags & RFLAGS_IF)) {
		report_error(report, p->where, "partition %s: VP %u starts "
			     "with CR0 0x%llx CR4 0x%llx EFER 0x%llx RFLAGS "
			     "0x%llx, which no processor accepts or no guest "
			     "expects", p->name, vp->config.number,
			     (unsigned long long)s->cr0,
			     (unsigned long long)s->cr4,
			     (unsigned long long)s->efer,
			     (unsigned long long)s->rflags);
	}
	if ((s->cr4 & ~p->config.cr4_allow) ||
	    (s->efer & ~p->config.efer_allow)) {
		report_error(report, p->where, "partition %s: VP %u starts "
			     "with CR4 0x%llx EFER 0x%llx, more than it may "
			     "set", p->name, vp->config.number,
			     (unsigned long long)s->cr4,
			     (unsigned long long)s->efer);
	}
	vps_check_rip(p, vp, report);
}

static void vps_check_ceilings(const struct partition_tables *p,
			       struct report *report)
{
	if ((p->config.efer_allow & ~EFER_GUEST) ||
	    (p->config.cr4_allow & (CR4_VMXE | CR4_SMXE)) ||
	    (p->config.cr4_allow >> 32)) {
		report_error(report, p->where, "partition %s: may set EFER "
			     "0x%llx and CR4 0x%llx: more than a guest can "
			     "be given", p->name,
			     (unsigned long long)p->config.efer_allow,
			     (unsigned long long)p->config.cr4_allow);
	}
}

static void vps_check_partition(const struct tables *tables, uint32_t index,
				struct report *report)
{
	const struct partition_tables *p = &tables->partitions[index];
	uint32_t i;

	vps_check_ceilings(p, report);
	for (i = 0; i < p->config.vp_count; i++) {
		const struct vp_tables *vp =
			&tables->vps[p->config.vp_first + i];

		if (vp->config.partition != index ||
		    vp->config.number != i || vp->config.reserved ||
		    vp->config.lp >= tables->lp_count) {
			report_error(report, p->where, "partition %s: VP %u "
				     "is emitted as VP %u of partition %u on "
				     "LP %u", p->name, i, vp->config.number,
				     vp->config.partition, vp->config.lp);
		}
		if (vp->has_state != (i == 0)) {
			report_error(report, p->where, "partition %s: VP %u "
				     "%s", p->name, i, i ? "has a start state "
				     "of its own" : "has no start state");
		}
		if (vp->has_state) {
			vps_check_state(p, vp, report);
		}
	}
}

/* Every VP in exactly one partition. */
static void vps_check_partitions(const struct tables *tables,
				 struct report *report)
{
	uint32_t next = 0;
	uint32_t i;

	for (i = 0; i < tables->partition_count; i++) {
		const struct partition_tables *p = &tables->partitions[i];

		if (p->config.vp_first != next || !p->config.vp_count ||
		    p->config.vp_count > tables->vp_count - next) {
			report_error(report, p->where, "partition %s: VPs %u "
				     "to %u of %u, expected from %u", p->name,
				     p->config.vp_first, p->config.vp_first +
				     p->config.vp_count, tables->vp_count,
				     next);
			return;
		}
		vps_check_partition(tables, i, report);
		next += p->config.vp_count;
	}
	if (next != tables->vp_count) {
		report_error(report, NULL, "%u VPs belong to no partition",
			     tables->vp_count - next);
	}
}

static void vps_check_slots(const struct tables *tables, uint32_t index,
			    uint32_t *seen, struct report *report)
{
	const struct lp_tables *lp = &tables->lps[index];
	uint32_t i;

	for (i = 0; i < lp->config.slot_count; i++) {
		const struct slot_config *slot = &lp->slots[i];

		if (!slot->length_us && lp->config.slot_count != 1) {
			report_error(report, lp->where, "LP %u: slot %u of "
				     "its plan has no length", index, i);
		}
		if (slot->vp == CONFIG_NONE) {
			continue;
		}
		if (slot->vp >= tables->vp_count ||
		    tables->vps[slot->vp].config.lp != index) {
			report_error(report, lp->where, "LP %u: slot %u is "
				     "of VP %u, which is not on this LP",
				     index, i, slot->vp);
			continue;
		}
		seen[slot->vp]++;
	}
}

static void vps_check_lps(const struct tables *tables, struct report *report)
{
	uint32_t *seen = alloc_array(tables->vp_count, sizeof(*seen));
	uint32_t i;
	uint32_t j;

	for (i = 0; i < tables->lp_count; i++) {
		const struct lp_tables *lp = &tables->lps[i];

		for (j = 0; j < i; j++) {
			if (lp->config.apic_id ==
			    tables->lps[j].config.apic_id) {
				report_error(report, lp->where, "LPs %u and "
					     "%u have one APIC id, %u", j, i,
					     lp->config.apic_id);
			}
		}
		vps_check_slots(tables, i, seen, report);
	}
	for (i = 0; i < tables->vp_count; i++) {
		if (!seen[i]) {
			report_error(report, NULL, "VP %u has no slot on its "
				     "LP %u: it would never run", i,
				     tables->vps[i].config.lp);
		}
	}
	free(seen);
}

static bool vps_partition_on_lp(const struct tables *tables,
				uint32_t partition, uint32_t lp)
{
	uint32_t i;

	for (i = 0; i < tables->vp_count; i++) {
		if (tables->vps[i].config.partition == partition &&
		    tables->vps[i].config.lp == lp) {
			return true;
		}
	}
	return false;
}

static void vps_check_line(const struct tables *tables, uint32_t index,
			   struct report *report)
{
	const struct line_config *line = &tables->lines[index];
	uint32_t i;

	if (line->partition >= tables->partition_count ||
	    line->lp >= tables->lp_count || line->pin >= LINE_PIN_COUNT ||
	    line->level > 1 || line->active_low > 1 ||
	    line->gsi >= tables->machine.ioapic_pins ||
	    line->vector != LINE_VECTOR_FIRST + index ||
	    line->vector > LINE_VECTOR_LAST ||
	    memcmp(line->reserved, "\0\0\0\0", sizeof(line->reserved))) {
		report_error(report, line->where, "line %u (GSI %u, vector "
			     "0x%x, partition %u, pin %u, LP %u) is out of "
			     "range", index, line->gsi, line->vector,
			     line->partition, line->pin, line->lp);
		return;
	}
	if (!vps_partition_on_lp(tables, line->partition, line->lp)) {
		report_error(report, line->where, "GSI %u is taken by LP %u, "
			     "where partition %s has no VP", line->gsi,
			     line->lp,
			     tables->partitions[line->partition].name);
	}
	for (i = 0; i < index; i++) {
		const struct line_config *other = &tables->lines[i];

		if (other->gsi == line->gsi ||
		    (other->partition == line->partition &&
		     other->pin == line->pin)) {
			report_error(report, line->where, "GSI %u, pin %u of "
				     "partition %s: already owned",
				     line->gsi, line->pin,
				     tables->partitions[line->partition].
				     name);
		}
	}
}

void vps_check(const struct tables *tables, struct report *report)
{
	uint32_t i;

	vps_check_partitions(tables, report);
	vps_check_lps(tables, report);
	for (i = 0; i < tables->line_count; i++) {
		vps_check_line(tables, i, report);
	}
}
