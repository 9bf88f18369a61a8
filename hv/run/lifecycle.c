/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition's life: its memory is cleared and loaded, its VPs start; it
 * ends when all of its VPs are off their LPs; then its failure policy, or
 * its own wish, decides. The first start and every later one are the same.
 *
 * All this work runs on the LP of the partition's VP 0, in that VP's own
 * slots, in pieces (of memory: PIECE bytes) that end before the slot does, so
 * that no neighbour notices. It makes VPs of other LPs anew while these leave
 * them alone (core/vp.h, enum vp_state).
 */
#include "core/flush.h"
#include "core/line.h"
#include "cpu/log.h"
#include "cpu/tsc.h"
#include "guest/apic.h"
#include "guest/guest.h"
#include "guest/ioapic.h"
#include "guest/launch.h"
#include "lib/string.h"
#include "mem/window.h"
#include "run/run.h"

#define PIECE 0x2000ull
#define HASH_SEED 0xcbf29ce484222325ull

enum step {
	STEP_ZERO, STEP_LOAD, STEP_HASH, STEP_RESET, STEP_LAUNCH, STEP_VPS,
	STEP_START
};

static void lifecycle_next_step(struct partition *p, uint32_t step)
{
	p->step = step;
	p->step_index = 0;
	p->step_offset = 0;
}

/* A state in which VP 0's LP has work to do. */
static void lifecycle_set_work(struct partition *p, enum partition_state state)
{
	lifecycle_next_step(p, STEP_ZERO);
	__atomic_store_n(&p->state, state, __ATOMIC_SEQ_CST);
	/* That LP may be asleep. */
	vp_request(vp_of(p->index, 0), VP_REQUEST_FLUSH);
}

static void lifecycle_begin(struct partition *p)
{
	p->hash = HASH_SEED;
	lifecycle_set_work(p, PARTITION_CLEARING);
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
	log_line("partition %s halted", partition_config(p->index)->name);
	launch_end(p);
	/* Nobody finds what it knew. */
	lifecycle_set_work(p, PARTITION_SCRUBBING);
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
	if (stopped == partition_config(p->index)->vp_count) {
		lifecycle_set_work(p, PARTITION_STOPPED);
	}
}

void lifecycle_take_up(struct vp *vp)
{
	if (vp->state == VP_READY) {
		vcpu_load(&vp->vcpu);
		vp->run_ticks = 0;
		vp->run_since = tsc_read();
		vp->state = vp_configs[vp->index].state != NULL ? VP_RUNNING
								: VP_WAIT_SIPI;
	}
}

/* What each VP's exits were, a line at a time; then what is to become. */
static void lifecycle_end(struct partition *p)
{
	if (p->step_index < partition_config(p->index)->vp_count) {
		account_log(vp_of(p->index, p->step_index),
			    (uint32_t)p->step_offset);
		if (++p->step_offset == ACCOUNT_COUNT) {
			p->step_offset = 0;
			p->step_index++;
		}
	} else if (p->end == END_OFF ||
		   (p->end == END_RESET && launch_is_launcher(p))) {
		/* The launch partition runs once, whatever it wants. */
		lifecycle_halt(p);
	} else if (p->end == END_RESET) {
		lifecycle_restart(p);
	} else {
		lifecycle_fail(p);
	}
}

/* Of the partition what its VPs share. */
static void lifecycle_reset(struct partition *p)
{
	flush_consume(nested_restore(p->index));
	ioapic_reset(p->index);
	synth_reset_partition(p->index);
	lifecycle_next_step(p, STEP_LAUNCH);
	launch_begin(p);
}

/* Who checks, and who waits for it or was checked before. */
static void lifecycle_launch(struct partition *p)
{
	switch (launch_step(p)) {
	case LAUNCH_STEP_MORE:
		return;
	case LAUNCH_STEP_GO:
		lifecycle_next_step(p, STEP_VPS);
		return;
	case LAUNCH_STEP_REFUSED:
		lifecycle_halt(p);
		return;
	}
}

static void lifecycle_reset_vp(struct vp *vp)
{
	vcpu_reset(&vp->vcpu, vp_configs[vp->index].state);
	/* First: from here on nobody posts an interrupt for an event. */
	synth_reset_vp(vp);
	vp->nmi_pending = false;
	vp->start_busy = 0;
	memset((void *)vp->posted, 0, sizeof(vp->posted));
	memset((void *)vp->posted_level, 0, sizeof(vp->posted_level));
	apic_reset(vp);
}

#ifdef CONFIG_LOG_START_HASH
static void lifecycle_hash_vp(struct partition *p, const struct vp *vp)
{
	uint64_t hash = p->step_index == 0 ? HASH_SEED : p->vp_hash;

	hash = window_hash(spa((uint64_t)&vcpu_pages[vp->index]),
			   sizeof(vcpu_pages[0]), hash);
	hash = window_hash(spa((uint64_t)vp->vcpu.gpr),
			   sizeof(vp->vcpu.gpr) + sizeof(vp->vcpu.rip) +
			   sizeof(vp->vcpu.rflags), hash);
	hash = window_hash(spa((uint64_t)&vp->apic), sizeof(vp->apic), hash);
	p->vp_hash = hash;
}
#endif

static void lifecycle_vps(struct partition *p)
{
	struct vp *vp;

	if (p->step_index == partition_config(p->index)->vp_count) {
		lifecycle_next_step(p, STEP_START);
		return;
	}
	vp = vp_of(p->index, p->step_index);
	lifecycle_reset_vp(vp);
#ifdef CONFIG_LOG_START_HASH
	lifecycle_hash_vp(p, vp);
#endif
	p->step_index++;
}

/*
 * All is made; from here on the VPs' LPs may take them up. p->end comes last:
 * until then nobody ends this run, so that no request to stop a VP reaches
 * it before it is ready, and is lost.
 */
static void lifecycle_start(struct partition *p)
{
	const struct partition_config *config = partition_config(p->index);
	uint64_t now = tsc_read();

	p->tsc_start = now;
	p->start_count++;
	p->stopped_count = 0;
	__atomic_store_n(&p->state, PARTITION_RUNNING, __ATOMIC_SEQ_CST);
#ifdef CONFIG_LOG_START_HASH
	log_line("partition %s hash memory %016lx vp %016lx", config->name,
		 p->hash, p->vp_hash);
#endif
	log_line("partition %s started (start %u)", config->name,
		 p->start_count);
	for (uint32_t i = 0; i < line_count; i++) {
		if (line_configs[i].partition == p->index) {
			line_unmask(i);
		}
	}
	for (uint32_t i = 0; i < config->vp_count; i++) {
		struct vp *vp = vp_of(p->index, i);

		vp->vcpu.tsc_offset = 0 - now;
		vp->requests = 0;
		__atomic_store_n(&vp->state, VP_READY, __ATOMIC_SEQ_CST);
	}
	__atomic_store_n(&p->end, END_NONE, __ATOMIC_SEQ_CST);
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

static void lifecycle_zero(struct partition *p,
			   const struct partition_config *config)
{
	const struct region_config *r = &config->regions[p->step_index];
	uint64_t at;
	uint64_t count;

	if (p->step_index == config->region_count) {
		if (p->state == PARTITION_SCRUBBING) {
			p->state = PARTITION_HALTED;
		}
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
	lifecycle_next_step(p, STEP_RESET);
}

static void lifecycle_clear(struct partition *p)
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
	case STEP_RESET:
		lifecycle_reset(p);
		return;
	case STEP_LAUNCH:
		lifecycle_launch(p);
		return;
	case STEP_VPS:
		lifecycle_vps(p);
		return;
	case STEP_START:
		lifecycle_start(p);
		return;
	}
}

bool lifecycle_has_work(const struct partition *p)
{
	return p->state == PARTITION_STOPPED ||
	       p->state == PARTITION_SCRUBBING ||
	       (p->state == PARTITION_CLEARING &&
		!(p->step == STEP_LAUNCH && launch_is_waiting(p)));
}

void lifecycle_work(struct partition *p)
{
	if (p->state == PARTITION_STOPPED) {
		lifecycle_end(p);
	} else {
		lifecycle_clear(p);
	}
}
