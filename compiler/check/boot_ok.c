/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of the report of a good boot: a bit of the CMOS, which the boot
 * loader clears and looks at, and which guests reach by that port alone.
 */
#include "check/check.h"

#define CMOS_FIRST 0x10u	/* below: the clock, and self-test's result */
#define CMOS_LAST 0x7fu
#define CMOS_SUM_LAST 0x2fu
#define CMOS_PORT 0x70u		/* with the aliases that chipsets have */
#define CMOS_PORT_COUNT 8u

void check_boot_ok_cmos(const struct model *model)
{
	const struct num *cmos = &model->machine.boot_ok_cmos;
	const struct num *bit = &model->machine.boot_ok_bit;
	struct diag *diag;

	if (!cmos->set || !bit->set ||
	    (cmos->v >= CMOS_FIRST && cmos->v <= CMOS_LAST && bit->v < 8)) {
		return;
	}
	diag = diag_error("boot-ok-cmos", bit->v < 8 ? cmos->at : bit->at,
			  "bit %llu of CMOS register %#llx cannot keep the "
			  "report of a boot", (unsigned long long)bit->v,
			  (unsigned long long)cmos->v);
	diag_fix(diag, "use a bit from 0 to 7 of a register from 0x10 to 0x7f "
		 "that the firmware leaves alone");
}

/* The firmware's checksum (0x2e, 0x2f) is of 0x10 to 0x2d; centuries. */
void check_boot_ok_checksum(const struct model *model)
{
	const struct num *cmos = &model->machine.boot_ok_cmos;
	struct diag *diag;

	if (!cmos->set || (cmos->v > CMOS_SUM_LAST && cmos->v != 0x32 &&
			   cmos->v != 0x37)) {
		return;
	}
	diag = diag_error("boot-ok-checksum", cmos->at,
			  "CMOS register %#llx is the firmware's",
			  (unsigned long long)cmos->v);
	diag_fix(diag, "use one from 0x30 to 0x7f but 0x32 and 0x37, that "
		 "this firmware leaves alone");
}

void check_boot_ok_board(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		const struct port_row *row = model_boot_ok_row(p);
		struct diag *diag;

		if (row == NULL || model->machine.boot_ok_cmos.set) {
			continue;
		}
		diag = diag_error("boot-ok-board", row->action_at,
				  "%s reports a good boot, but the board has "
				  "no place to keep that", p->name);
		diag_note(diag, model->machine.at,
			  "the board has no node \"boot-ok\"");
		diag_fix(diag, "add boot-ok { cmos = <0x60>; bit = <0>; } to "
			 "the board, with a bit that its firmware leaves "
			 "alone");
	}
}

static uint64_t first_physical(const struct port_row *row)
{
	return row->action == PORT_REMAP ? row->target.v : row->first;
}

void check_boot_ok_ports(const struct model *model)
{
	uint32_t i, j;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];

		for (j = 0; j < p->policy.port_count; j++) {
			const struct port_row *row = &p->policy.ports[j];
			struct diag *diag;

			if ((row->action != PORT_PASS &&
			     row->action != PORT_REMAP) ||
			    row->last < row->first ||
			    !util_overlaps(first_physical(row),
					   (uint64_t)row->last - row->first + 1,
					   CMOS_PORT, CMOS_PORT_COUNT) ||
			    diag_has_error_at(row->range_at)) {
				continue;
			}
			diag = diag_error("boot-ok-ports", row->range_at,
					  "%s is given ports of the CMOS",
					  p->name);
			diag_fix(diag, "leave out 0x70 to 0x77: who has them "
				 "can feign the report of a boot, and mask "
				 "NMIs");
		}
	}
}
