/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Do the TSCs of two LPs run alike? The first LP asks the other for its time,
 * over and over. They do if no answer ever seems to have come before it was
 * asked for, or to have been given after it came: what one VP tells another
 * takes as long as that, so no VP can see the time of its partition go back.
 */
#include "cpu/tsc.h"
#include "config/config.h"
#include "cpu/regs.h"

#define TSC_ROUNDS 64u
/* An emulator's processors may rest for long. */
#define TSC_PATIENCE_US 5000000u

/* lp, asked: the first LP's; answer, answered: those of the LP that is meant,
 * which answers when the two counts differ. */
static struct {
	uint32_t lp;
	uint32_t asked;
	uint32_t answered;
	uint64_t answer;
} tsc_talk = { .lp = CONFIG_NONE };

/* Not before what stands before it in the program. */
static uint64_t tsc_read_ordered(void)
{
	__asm__ volatile("mfence; lfence" : : : "memory");
	return tsc_read();
}

void tsc_answer(uint32_t lp)
{
	uint32_t asked = __atomic_load_n(&tsc_talk.asked, __ATOMIC_ACQUIRE);

	if (__atomic_load_n(&tsc_talk.lp, __ATOMIC_RELAXED) == lp &&
	    asked != __atomic_load_n(&tsc_talk.answered, __ATOMIC_RELAXED)) {
		tsc_talk.answer = tsc_read_ordered();
		__atomic_store_n(&tsc_talk.answered, asked, __ATOMIC_SEQ_CST);
	}
}

/* One question. False: no answer came. */
static bool tsc_ask(struct tsc_difference *d)
{
	uint32_t asked = tsc_talk.asked + 1;
	uint64_t patience = tsc_from_us(TSC_PATIENCE_US);
	uint64_t before = tsc_read_ordered();
	uint64_t after;

	__atomic_store_n(&tsc_talk.asked, asked, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&tsc_talk.answered, __ATOMIC_ACQUIRE) !=
	       asked) {
		if (tsc_read() - before > patience) {
			return false;
		}
		regs_pause();
	}
	after = tsc_read_ordered();
	if ((int64_t)(tsc_talk.answer - after) > d->least) {
		d->least = (int64_t)(tsc_talk.answer - after);
	}
	if ((int64_t)(tsc_talk.answer - before) < d->most) {
		d->most = (int64_t)(tsc_talk.answer - before);
	}
	return true;
}

bool tsc_is_alike(uint32_t lp, struct tsc_difference *d)
{
	bool answers = true;

	*d = (struct tsc_difference){ INT64_MIN, INT64_MAX };
	__atomic_store_n(&tsc_talk.lp, lp, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < TSC_ROUNDS && answers; i++) {
		answers = tsc_ask(d);
	}
	return answers && d->least <= 0 && d->most >= 0;
}
