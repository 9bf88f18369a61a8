/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition's life: its memory is cleared and loaded, its VPs start; it
 * ends when all of its VPs are off their LPs; then its failure policy, or
 * its own wish, decides. The first start and every later one are the same.
 *
 * Clearing runs on the LP of the partition's VP 0, in that VP's own slots, in
 * pieces of PIECE bytes, so that no neighbour notices.
 */
#include "core/flush.h"
#include "core/line.h"
#include "cpu/log.h"
#include "cpu/tsc.h"
#include "guest/apic.h"
#include "guest/guest.h"
#include "guest/ioapic.h"
#include "lib/string.h"
#include "mem/window.h"
#include "run/run.h"

#define PIECE 0x2000ull
#define HASH_SEED 0xcbf29ce484222325ull

enum step { STEP_ZERO, STEP_LOAD, STEP_HASH, STEP_START };

static void lifecycle_begin(struct partition *p)
{
	p->step = STEP_ZERO;
	p->step_index = 0;
	p->step_offset = 0;
	p->hash = HASH_SEED;
	__atomic_store_n(&p->state, PARTITION_CLEARING, __ATOMIC_SEQ_CST);
	/* Its LP may be asleep. */
	vp_request(vp_of(p->index, 0), VP_REQUEST_FLUSH);
}

void lifecycle_start_all(void)
{
	for (uint32_t i = 0; i < partition_count; i++) {
		partition_table[i].index = i;
	}
	for (uint32_t i = 0; i < vp_count; i++) {
		struct vp *vp = &vp_table[i];

		vp->index = i;
		vp->partition = vp_configs[i].partition;
		vp->number = vp_configs[i].number;
		vp->lp = vp_configs[i].lp;
		vp->state = VP_STOPPED;
		vp->vcpu.index = i;
		vp->vcpu.partition = vp->partition;
		vcpu_reset(&vp->vcpu, NULL);
	}
	for (uint32_t i = 0; i < partition_count; i++) {
		lifecycle_begin(&partition_table[i]);
	}
}

static void lifecycle_halt(struct partition *p)
{
	line_close(p->index);
	__atomic_store_n(&p->state, PARTITION_HALTED, __ATOMIC_SEQ_CST);
	log_line("partition %s halted", partition_config(p->index)->name);
}

static void lifecycle_restart(struct partition *p)
{
	log_line("partition %s restarts", partition_config(p->index)->name);
	lifecycle_begin(p);
}

static void lifecycle_fail(struct partition *p)
{
	const struct partition_config *config = partition_config(p->index);

	p->failure_count++;
	switch ((enum failure_action)config->failure) {
	case FAILURE_RESTART:
		if (config->restart_max == CONFIG_NONE ||
		    p->failure_count <= config->restart_max) {
			lifecycle_restart(p);
			return;
		}
		break;
	case FAILURE_PANIC:
		panic("a partition whose failure policy is panic failed",
		      p->index, p->failure_count);
	case FAILURE_HALT:
		break;
	}
	lifecycle_halt(p);
}

void lifecycle_stop_vp(struct vp *vp)
{
	struct partition *p = &partition_table[vp->partition];
	uint32_t stopped;

	if (vp->state == VP_STOPPED) {
		return;
	}
	vp->state = VP_STOPPED;
	stopped = __atomic_add_fetch(&p->stopped_count, 1, __ATOMIC_SEQ_CST);
	if (stopped != partition_config(p->index)->vp_count) {
		return;
	}
	for (uint32_t i = 0; i < partition_config(p->index)->vp_count; i++) {
		account_log(vp_of(p->index, i));
	}
	if (p->end == END_OFF) {
		lifecycle_halt(p);
	} else if (p->end == END_RESET) {
		lifecycle_restart(p);
	} else {
		lifecycle_fail(p);
	}
}

static void lifecycle_start_vp(struct vp *vp, uint64_t now)
{
	const struct vp_state_config *state = vp_configs[vp->index].state;

	vp->vcpu.tsc_offset = 0 - now;
	vcpu_reset(&vp->vcpu, state);
	vp->nmi_pending = false;
	vp->requests = 0;
	memset((void *)vp->posted, 0, sizeof(vp->posted));
	memset((void *)vp->posted_level, 0, sizeof(vp->posted_level));
	apic_reset(vp);
	synth_reset_vp(vp);
	if (lp_self()->current_vp == vp->index) {
		vcpu_load(&vp->vcpu);
	}
}

#ifdef CONFIG_LOG_START_HASH
static void lifecycle_log_hash(const struct partition *p)
{
	const struct partition_config *config = partition_config(p->index);
	uint64_t hash = HASH_SEED;

	for (uint32_t i = 0; i < config->vp_count; i++) {
		const struct vp *vp = vp_of(p->index, i);

		hash = window_hash(spa((uint64_t)&vcpu_pages[vp->index]),
				   sizeof(vcpu_pages[0]), hash);
		hash = window_hash(spa((uint64_t)vp->vcpu.gpr),
				   sizeof(vp->vcpu.gpr) +
				   sizeof(vp->vcpu.rip) +
				   sizeof(vp->vcpu.rflags), hash);
		hash = window_hash(spa((uint64_t)&vp->apic),
				   sizeof(vp->apic), hash);
	}
	log_line("partition %s hash memory %016lx vp %016lx", config->name,
		 p->hash, hash);
}
#endif

static void lifecycle_start(struct partition *p)
{
	const struct partition_config *config = partition_config(p->index);
	uint64_t now = tsc_read();

	flush_consume(nested_restore(p->index));
	ioapic_reset(p->index);
	p->tsc_start = now;
	synth_reset_partition(p->index);
	for (uint32_t i = 0; i < config->vp_count; i++) {
		lifecycle_start_vp(vp_of(p->index, i), now);
	}
	p->start_count++;
	p->stopped_count = 0;
	__atomic_store_n(&p->end, END_NONE, __ATOMIC_SEQ_CST);
	__atomic_store_n(&p->state, PARTITION_RUNNING, __ATOMIC_SEQ_CST);
#ifdef CONFIG_LOG_START_HASH
	lifecycle_log_hash(p);
#endif
	log_line("partition %s started (start %u)", config->name,
		 p->start_count);
	for (uint32_t i = 0; i < line_count; i++) {
		if (line_configs[i].partition == p->index) {
			line_unmask(i);
		}
	}
	/* From here on their LPs may take them up: VP 0, which runs, last. */
	for (uint32_t i = config->vp_count; i-- > 0;) {
		struct vp *vp = vp_of(p->index, i);

		__atomic_store_n(&vp->state, vp_configs[vp->index].state != NULL
					     ? VP_RUNNING : VP_WAIT_SIPI,
				 __ATOMIC_SEQ_CST);
	}
}

/* Next piece of something of size bytes; false: it is done. */
static bool lifecycle_piece(struct partition *p, uint64_t size, uint64_t *at,
			    uint64_t *count)
{
	if (p->step_offset >= size) {
		p->step_index++;
		p->step_offset = 0;
		return false;
	}
	*at = p->step_offset;
	*count = size - *at < PIECE ? size - *at : PIECE;
	p->step_offset += *count;
	return true;
}

static void lifecycle_next_step(struct partition *p, uint32_t step)
{
	p->step = step;
	p->step_index = 0;
	p->step_offset = 0;
}

static void lifecycle_zero(struct partition *p,
			   const struct partition_config *config)
{
	const struct region_config *r = &config->regions[p->step_index];
	uint64_t at;
	uint64_t count;

	if (p->step_index == config->region_count) {
		lifecycle_next_step(p, STEP_LOAD);
	} else if (lifecycle_piece(p, r->size, &at, &count)) {
		window_zero(spa(r->spa + at), count);
	}
}

/* Where a load goes: it lies in one region (the compiler saw to it). */
static spa_t lifecycle_load_spa(const struct partition_config *config,
				const struct load_config *load)
{
	for (uint32_t i = 0; i < config->region_count; i++) {
		const struct region_config *r = &config->regions[i];

		if (load->gpa - r->gpa < r->size) {
			return spa(r->spa + (load->gpa - r->gpa));
		}
	}
	panic("a load outside its partition", load->gpa, load->size);
}

static void lifecycle_load(struct partition *p,
			   const struct partition_config *config)
{
	const struct load_config *l = &config->loads[p->step_index];
	uint64_t at;
	uint64_t count;

	if (p->step_index == config->load_count) {
		lifecycle_next_step(p, STEP_HASH);
	} else if (lifecycle_piece(p, l->size, &at, &count)) {
		window_copy(spa(lifecycle_load_spa(config, l).v + at),
			    spa((uint64_t)l->data + at), count);
	}
}

static void lifecycle_hash(struct partition *p,
			   const struct partition_config *config)
{
#ifdef CONFIG_LOG_START_HASH
	const struct region_config *r = &config->regions[p->step_index];
	uint64_t at;
	uint64_t count;

	if (p->step_index != config->region_count) {
		if (lifecycle_piece(p, r->size, &at, &count)) {
			p->hash = window_hash(spa(r->spa + at), count,
					      p->hash);
		}
		return;
	}
#else
	(void)config;
#endif
	lifecycle_next_step(p, STEP_START);
}

void lifecycle_clear(struct partition *p)
{
	const struct partition_config *config = partition_config(p->index);

	switch ((enum step)p->step) {
	case STEP_ZERO:
		lifecycle_zero(p, config);
		return;
	case STEP_LOAD:
		lifecycle_load(p, config);
		return;
	case STEP_HASH:
		lifecycle_hash(p, config);
		return;
	case STEP_START:
		lifecycle_start(p);
		return;
	}
}
