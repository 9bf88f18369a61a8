/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's report of its own crash (TLFS 2.8: crash MSRs). Five parameters
 * and, if it says so, a text in its memory, all of it untrusted. The text goes
 * into the log in pieces of CRASH_PIECE bytes, one for each execution of the
 * guest's WRMSR, so that no exit takes long, and none at the end of a slot;
 * then the failure policy decides.
 */
#include "abi/msr.h"
#include "cpu/log.h"
#include "cpu/lp.h"
#include "cpu/tsc.h"
#include "guest/synth.h"
#include "mem/window.h"

#define CRASH_PIECE 32u

uint64_t crash_capabilities(void)
{
	return BIT(HV_CRASH_NOTIFY_BIT) | BIT(HV_CRASH_MESSAGE_BIT);
}

/* A character of the text; what is no text comes out as \xNN. */
static void crash_log_char(uint32_t partition, uint8_t c)
{
	static const char digit[] = "0123456789abcdef";

	if (c == '\n' || c == '\t' || (c >= 0x20 && c < 0x7f)) {
		log_guest(partition, (char)c);
		return;
	}
	log_guest(partition, '\\');
	log_guest(partition, 'x');
	log_guest(partition, digit[c >> 4]);
	log_guest(partition, digit[c & 15]);
}

/* The text is over, or broken off: its last line ends. */
static bool crash_end_text(const struct vp *vp, bool in_line)
{
	if (in_line) {
		log_guest(vp->partition, '\n');
	}
	return false;
}

/* The next piece of the text. True: more is to come. */
static bool crash_log_piece(struct vp *vp, uint64_t at, uint64_t length)
{
	uint8_t piece[CRASH_PIECE];
	uint64_t done = vp->synth.crash_done;
	uint64_t size;

	if (length > HV_CRASH_MESSAGE_MAX) {
		length = HV_CRASH_MESSAGE_MAX;
	}
	if (done >= length) {
		return crash_end_text(vp, done != 0);
	}
	size = length - done < CRASH_PIECE ? length - done : CRASH_PIECE;
	if (window_read(vp->partition, gpa(at + done), piece, size) != HV_OK) {
		log_line("partition %s: crash text at %lx cannot be read",
			 partition_config(vp->partition)->name, at + done);
		return crash_end_text(vp, done != 0);
	}
	for (uint64_t i = 0; i < size; i++) {
		crash_log_char(vp->partition, piece[i]);
	}
	vp->synth.crash_done += (uint32_t)size;
	if (vp->synth.crash_done < length) {
		return true;
	}
	return crash_end_text(vp, piece[size - 1] != '\n');
}

enum outcome crash_write_control(struct vp *vp, uint64_t value)
{
	struct partition_synth_state *synth =
		&partition_table[vp->partition].synth;
	uint64_t p[CRASH_PARAMETER_COUNT];

	if ((value & BIT(HV_CRASH_NOTIFY_BIT)) == 0) {
		return OUTCOME_NEXT;
	}
	if (!lp_has_time(lp_self(), tsc_read())) {
		return OUTCOME_SAME;
	}
	for (unsigned i = 0; i < CRASH_PARAMETER_COUNT; i++) {
		p[i] = __atomic_load_n(&synth->crash[i], __ATOMIC_RELAXED);
	}
	if (vp->synth.crash_done == 0) {
		log_line("partition %s: VP %u reports a crash: "
			 "%lx %lx %lx %lx %lx",
			 partition_config(vp->partition)->name, vp->number,
			 p[0], p[1], p[2], p[3], p[4]);
	}
	if ((value & BIT(HV_CRASH_MESSAGE_BIT)) != 0 &&
	    crash_log_piece(vp, p[3], p[4])) {
		return OUTCOME_SAME;
	}
	partition_fail(vp, "crash reported", p[0], p[1], p[2]);
	return OUTCOME_STOP;
}
