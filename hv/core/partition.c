/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a partition's end begins: the first reason wins, is recorded and
 * logged, and every VP of it is told to stop. What comes then is decided in
 * run/lifecycle.c, when the last VP is off its LP.
 */
#include "core/partition.h"
#include "core/vp.h"
#include "cpu/log.h"

/* True for the first who ends this run of the partition. */
static bool partition_end_once(struct partition *p, enum partition_end end)
{
	uint32_t none = END_NONE;

	return __atomic_compare_exchange_n(&p->end, &none, (uint32_t)end,
					   false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

static void partition_stop_vps(uint32_t partition)
{
	const struct partition_config *config = partition_config(partition);

	for (uint32_t i = 0; i < config->vp_count; i++) {
		vp_request(&vp_table[config->vp_first + i], VP_REQUEST_STOP);
	}
}

void partition_fail(struct vp *vp, const char *reason, uint64_t info0,
		    uint64_t info1, uint64_t info2)
{
	struct partition *p = &partition_table[vp->partition];

	if (!partition_end_once(p, END_FAILURE)) {
		return;
	}
	p->record = (struct partition_record){
		.reason = reason, .vp = vp->number,
		.info = { info0, info1, info2 }, .rip = vp->vcpu.rip
	};
	log_line("partition %s failed: %s vp %u rip 0x%lx info 0x%lx 0x%lx "
		 "0x%lx", partition_config(vp->partition)->name, reason,
		 vp->number, vp->vcpu.rip, info0, info1, info2);
	partition_stop_vps(vp->partition);
}

void partition_request_end(struct vp *vp, enum partition_end end)
{
	if (partition_end_once(&partition_table[vp->partition], end)) {
		log_line("partition %s asks for its %s",
			 partition_config(vp->partition)->name,
			 end == END_RESET ? "restart" : "end");
		partition_stop_vps(vp->partition);
	}
}
