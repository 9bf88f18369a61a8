/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts of the launch partition, and what they decide. A verdict is read
 * once, copied field by field, from memory that only its one VP can write, and
 * that VP is in this exit.
 */
#include "guest/launch.h"

#include "abi/launch.h"
#include "core/flush.h"
#include "cpu/log.h"
#include "cpu/lp.h"
#include "cpu/tsc.h"
#include "lib/string.h"
#include "mem/nested.h"
#include "mem/window.h"

/* At 40 instructions a byte, a quarter of what may be done in one go. */
#define PIECE 256ull

/* In partition.launch: no verdict came, and none will. */
#define LAUNCH_NEVER LAUNCH_STATUS_COUNT

extern const uint8_t policy_start[], policy_end[];

static const char *launch_reason(uint32_t status)
{
	static const char *const reasons[] = {
		[LAUNCH_NONE] = "the verdict does not name it",
		[LAUNCH_OK] = "good",
		[LAUNCH_BAD_MANIFEST] = "there is no good manifest",
		[LAUNCH_BAD_CHAIN] = "the certificates lead to no CA",
		[LAUNCH_BAD_CERTIFICATE] = "a certificate is for other uses",
		[LAUNCH_BAD_SIGNATURE] = "the signature is wrong",
		[LAUNCH_BAD_POLICY] = "the image's tables are not as signed",
		[LAUNCH_BAD_VERSION] = "the manifest is older than allowed",
		[LAUNCH_NOT_IN_MANIFEST] = "it is not in the manifest",
		[LAUNCH_BAD_PAYLOAD] = "its payload is not as signed",
		[LAUNCH_BAD_COMMAND_LINE] = "its command line is not as signed",
		[LAUNCH_BAD_INITRD] = "a module of it is not as signed",
		[LAUNCH_BAD_BOOT_DATA] = "its boot data are not as signed",
		[LAUNCH_BAD_MEMORY] = "its memory is not clear",
		[LAUNCH_BAD_VP_STATE] = "its VPs' state is not as signed",
		[LAUNCH_BAD_OTHER] = "all or nothing, and another is not good",
		[LAUNCH_NEVER] = "there was no verdict"
	};

	return status <= LAUNCH_NEVER ? reasons[index_mask(status,
							   LAUNCH_NEVER + 1)]
				      : "a status that has no meaning";
}

/* The last word on p: it starts or is halted. */
static void launch_decide(struct partition *p, uint32_t status)
{
	if (status != LAUNCH_OK) {
		log_line("partition %s does not start: %s",
			 partition_config(p->index)->name,
			 launch_reason(status));
		status = LAUNCH_NEVER;
	}
	__atomic_store_n(&p->launch, status, __ATOMIC_SEQ_CST);
	/* Its LP may be asleep. */
	vp_request(vp_of(p->index, 0), VP_REQUEST_FLUSH);
}

static void launch_decide_rest(void)
{
	for (uint32_t i = 0; i < partition_count; i++) {
		struct partition *p = &partition_table[i];

		if (!launch_is_launcher(p) && p->launch == LAUNCH_NONE) {
			launch_decide(p, LAUNCH_NEVER);
		}
	}
}

static bool launch_is_overdue(void)
{
	const struct partition *p =
		&partition_table[machine_config.launch_partition];

	return p->state == PARTITION_RUNNING &&
	       tsc_read() - p->tsc_start >
		       tsc_from_us(machine_config.launch_timeout_ms * 1000ull);
}

void launch_begin(struct partition *p)
{
	sha384_begin(&p->sha384);
	__atomic_store_n(&p->loaded, 1, __ATOMIC_SEQ_CST);
}

bool launch_is_waiting(const struct partition *p)
{
	return machine_config.launch_partition != CONFIG_NONE &&
	       !launch_is_launcher(p) && p->launch == LAUNCH_NONE &&
	       !launch_is_overdue();
}

/* ---- what the hypervisor tells the launch partition -------------------- */

/* Into its table, which lies in one region with all that it loads. */
static void launch_tell(const struct partition *p, uint64_t offset)
{
	const struct partition_config *config = partition_config(p->index);
	uint8_t hash[SHA384_SIZE];
	struct sha384_state state = p->sha384;
	const struct region_config *r = config->regions;

	sha384_end(&state, hash);
	window_copy(spa(r->spa + (machine_config.launch_table + offset -
				  r->gpa)),
		    spa((uint64_t)hash), sizeof(hash));
}

static void launch_hash_vps(struct partition *p, uint32_t of)
{
	const struct partition_config *config = partition_config(of);

	for (uint32_t i = 0; i < config->vp_count; i++) {
		const struct vp_state_config *state =
			vp_configs[config->vp_first + i].state;

		if (state != NULL) {
			sha384_add(&p->sha384, (const uint8_t *)state,
				   sizeof(*state));
		}
	}
}

/* The policy in pieces, then the VPs of each partition. */
static enum launch_step launch_prepare(struct partition *p)
{
	uint64_t size = (uint64_t)(policy_end - policy_start);
	uint64_t rest = size - p->step_offset;
	uint64_t count = rest < PIECE ? rest : PIECE;

	if (count != 0) {
		sha384_add(&p->sha384, policy_start + p->step_offset, count);
		p->step_offset += count;
		if (count == rest) {
			launch_tell(p, offsetof(struct launch_table,
						policy_sha384));
		}
		return LAUNCH_STEP_MORE;
	}
	if (p->step_index == partition_count) {
		return LAUNCH_STEP_GO;
	}
	sha384_begin(&p->sha384);
	launch_hash_vps(p, p->step_index);
	launch_tell(p, sizeof(struct launch_table) +
		       p->step_index * sizeof(struct launch_partition) +
		       offsetof(struct launch_partition, vp_sha384));
	p->step_index++;
	return LAUNCH_STEP_MORE;
}

/* ---- restarts ---------------------------------------------------------- */

/* A piece of what was loaded, as it lies in memory; false: that was all. */
static bool launch_hash_load(struct partition *p)
{
	const struct partition_config *config = partition_config(p->index);
	const struct load_config *load = &config->loads[p->step_index];
	uint64_t rest, count;

	if (p->step_index == config->load_count) {
		return false;
	}
	if (p->step_offset == 0) {
		sha384_add(&p->sha384, (const uint8_t *)&load->gpa,
			   sizeof(load->gpa));
		sha384_add(&p->sha384, (const uint8_t *)&load->size,
			   sizeof(load->size));
	}
	rest = load->size - p->step_offset;
	count = rest < PIECE ? rest : PIECE;
	for (uint32_t i = 0; i < config->region_count; i++) {
		const struct region_config *r = &config->regions[i];

		if (load->gpa - r->gpa < r->size) {
			window_sha384(spa(r->spa + (load->gpa - r->gpa) +
					  p->step_offset), count, &p->sha384);
		}
	}
	p->step_offset += count;
	if (count == rest) {
		p->step_offset = 0;
		p->step_index++;
	}
	return true;
}

static enum launch_step launch_recheck(struct partition *p)
{
	uint8_t hash[SHA384_SIZE];

	if (launch_hash_load(p)) {
		return LAUNCH_STEP_MORE;
	}
	sha384_end(&p->sha384, hash);
	if (memcmp(hash, p->launch_sha384, sizeof(hash)) != 0) {
		log_line("partition %s does not start again: it is not as the "
			 "launch partition saw it",
			 partition_config(p->index)->name);
		return LAUNCH_STEP_REFUSED;
	}
	return LAUNCH_STEP_GO;
}

enum launch_step launch_step(struct partition *p)
{
	if (machine_config.launch_partition == CONFIG_NONE) {
		return LAUNCH_STEP_GO;
	}
	if (launch_is_launcher(p)) {
		return launch_prepare(p);
	}
	switch (p->launch) {
	case LAUNCH_OK:
		/* The first time its hash was made of these very bytes. */
		return p->start_count == 0 ? LAUNCH_STEP_GO
					   : launch_recheck(p);
	case LAUNCH_NONE:
		/* Overdue. It ends, and with it the waiting. */
		partition_fail(vp_of(machine_config.launch_partition, 0),
			       "no verdict in time",
			       machine_config.launch_timeout_ms, 0, 0);
		return LAUNCH_STEP_MORE;
	}
	return LAUNCH_STEP_REFUSED;
}

void launch_end(const struct partition *p)
{
	if (launch_is_launcher(p)) {
		launch_decide_rest();
	}
}

/* ---- its port ---------------------------------------------------------- */

uint32_t launch_read(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < partition_count; i++) {
		if (!launch_is_launcher(&partition_table[i]) &&
		    partition_table[i].loaded == 0) {
			count++;
		}
	}
	return count;
}

static bool launch_is_decided(void)
{
	for (uint32_t i = 0; i < partition_count; i++) {
		if (!launch_is_launcher(&partition_table[i]) &&
		    partition_table[i].launch == LAUNCH_NONE) {
			return false;
		}
	}
	return true;
}

/* HV_ERR_STATE: that is no verdict on these partitions. */
static enum hv_err launch_take(const struct vp *vp, gpa_t at)
{
	struct launch_verdict_partition verdict;
	uint32_t head[4];
	enum hv_err err = window_read(vp->partition, at, head, sizeof(head));

	if (err != HV_OK) {
		return err;
	}
	if (head[0] != LAUNCH_VERDICT_MAGIC || head[1] != LAUNCH_VERSION ||
	    head[2] != partition_count || head[3] != 0) {
		return HV_ERR_STATE;
	}
	for (uint32_t i = 0; i < partition_count; i++) {
		struct partition *p = &partition_table[i];

		err = window_read(vp->partition,
				  gpa(at.v + sizeof(head) +
				      i * sizeof(verdict)),
				  &verdict, sizeof(verdict));
		if (err != HV_OK) {
			return err;
		}
		if (!launch_is_launcher(p) && p->launch == LAUNCH_NONE) {
			memcpy(p->launch_sha384, verdict.sha384,
			       sizeof(verdict.sha384));
			launch_decide(p, verdict.reserved == 0 &&
					 verdict.status != LAUNCH_NONE ?
					 verdict.status : LAUNCH_NEVER);
		}
	}
	return HV_OK;
}

enum outcome launch_write(struct vp *vp, uint32_t value)
{
	enum hv_err err;

	/* A line in the log for each that is refused takes its time. */
	if (!lp_has_time(lp_self(), tsc_read())) {
		return OUTCOME_SAME;
	}
	if (vp->partition != machine_config.launch_partition ||
	    launch_read() != 0) {
		partition_fail(vp, "verdict before its time", value, 0, 0);
		return OUTCOME_STOP;
	}
	if (launch_is_decided()) {
		return OUTCOME_NEXT;	/* it stays, and says it again */
	}
	err = launch_take(vp, gpa((uint64_t)value << PAGE_SHIFT));
	if (err != HV_OK) {
		partition_fail(vp, "bad verdict", value, (uint64_t)err, 0);
		return OUTCOME_STOP;
	}
	if (machine_config.launch_flags & LAUNCH_STAYS) {
		flush_consume(nested_close_windows(vp->partition));
		return OUTCOME_NEXT;
	}
	partition_request_end(vp, END_OFF);
	return OUTCOME_STOP;
}
