/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TSC and APIC timer frequencies. Measured against channel 2 of the PIT
 * (1,193,182 Hz), the one clock that every PC has.
 */
#include "cpu/tsc.h"
#include "config/config.h"
#include "cpu/apic_regs.h"
#include "cpu/port.h"
#include "cpu/regs.h"
#include "lib/div.h"

#define PIT_HZ 1193182ull
#define PIT_TICKS 23864ull		/* 20 ms */
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_READ_OUT 0xe8		/* latches the status of channel 2 */
#define PIT_GATE 0x61
#define TSC_SAMPLE_MAX 10u

static uint64_t tsc_frequency;
static uint64_t timer_frequency;
static uint64_t reference_scale;
static uint64_t timer_ratio;		/* timer_hz / tsc_hz, 32.32 */

uint64_t tsc_hz(void)
{
	return tsc_frequency;
}

uint64_t tsc_from_us(uint64_t us)
{
	return div_mul(us, tsc_frequency, 1000000);
}

uint64_t tsc_reference_scale(void)
{
	return reference_scale;
}

uint64_t tsc_to_timer(uint64_t tsc)
{
	/* Rounded up, so that the timer is never early by rounding. */
	uint64_t ticks;

	if (tsc >> 40 != 0) {
		tsc = 1ull << 40;
	}
	ticks = (uint64_t)(((unsigned __int128)tsc * timer_ratio +
			    0xffffffffu) >> 32);
	return ticks != 0 ? ticks : 1;
}

/* One measurement: both clocks over PIT_TICKS, and how far off it may be. */
struct tsc_sample {
	uint64_t tsc;
	uint64_t timer;
	uint64_t doubt;		/* TSC ticks in which the ends were not seen */
};

/* Has channel 2 run down? Not by port 0x61, which QEMU's microvm lacks. */
static bool tsc_pit_is_out(void)
{
	port_out8(PIT_COMMAND, PIT_READ_OUT);
	return (port_in8(PIT_CHANNEL2) & 0x80) != 0;
}

/* Counts both clocks while PIT channel 2 runs down once (mode 0). */
static bool tsc_measure_once(struct tsc_sample *sample)
{
	uint8_t gate = port_in8(PIT_GATE);
	uint64_t before;
	uint64_t start;
	uint64_t last;
	uint64_t end;
	uint64_t guard = 0;

	lapic_write(LAPIC_TIMER_INITIAL, 0xffffffff);
	port_out8(PIT_GATE, (uint8_t)((gate & 0xfc) | 1));
	port_out8(PIT_COMMAND, 0xb0);
	port_out8(PIT_CHANNEL2, (uint8_t)PIT_TICKS);
	before = tsc_read();
	port_out8(PIT_CHANNEL2, (uint8_t)(PIT_TICKS >> 8));
	start = tsc_read();
	sample->timer = lapic_read(LAPIC_TIMER_CURRENT);
	end = start;
	do {
		last = end;
		if (++guard > 1ull << 28) {
			return false;
		}
		guard += tsc_pit_is_out() ? 1ull << 32 : 0;
		end = tsc_read();
	} while (guard < 1ull << 32);
	sample->tsc = end - start;
	sample->timer -= lapic_read(LAPIC_TIMER_CURRENT);
	sample->doubt = (start - before) + (end - last) + (tsc_read() - end);
	lapic_write(LAPIC_TIMER_INITIAL, 0);
	port_out8(PIT_GATE, gate);
	/* Out at the first look: there is no PIT, and all bits read 1. */
	return last != start && sample->timer != 0;
}

/*
 * An SMI, or a machine that is itself a guest, may stop this LP just when the
 * PIT runs out: the sample whose ends were seen best counts, and sampling
 * ends with the first that is exact to 1 in 2,000.
 */
static bool tsc_measure(struct tsc_sample *best)
{
	struct tsc_sample sample;

	best->doubt = UINT64_MAX;
	for (unsigned i = 0; i < TSC_SAMPLE_MAX; i++) {
		if (!tsc_measure_once(&sample)) {
			return false;
		}
		if (sample.doubt < best->doubt) {
			*best = sample;
		}
		if (best->doubt < best->tsc / 2000) {
			break;
		}
	}
	return true;
}

bool tsc_start(void)
{
	struct tsc_sample s = { 0 };

	tsc_frequency = machine_config.tsc_hz;
	timer_frequency = machine_config.apic_hz;
	if (tsc_frequency == 0 || timer_frequency == 0) {
		if (!tsc_measure(&s)) {
			return false;
		}
		if (tsc_frequency == 0) {
			tsc_frequency = div_mul(s.tsc, PIT_HZ, PIT_TICKS);
		}
		if (timer_frequency == 0) {
			/* Both were counted at once: one error, not two. */
			timer_frequency = div_mul(s.timer, tsc_frequency,
						  s.tsc);
		}
	}
	reference_scale = div_wide(10000000, 0, tsc_frequency);
	timer_ratio = div_wide(timer_frequency >> 32, timer_frequency << 32,
			       tsc_frequency);
	return true;
}
