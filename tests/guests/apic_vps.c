/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VPs of the guest apic: what they have taken, who does what. VP 0 leads;
 * the others serve interrupts and do its jobs, and never sleep, so that a job
 * needs no interrupt.
 */
#include "apic.h"

volatile uint32_t hits[GUEST_VPS_MAX][256];
volatile uint32_t nmis[GUEST_VPS_MAX];
unsigned vps;
uint32_t all, listening;

/* ---- counting ----------------------------------------------------------- */

void count(struct trap_frame *f)
{
	hits[vp_local()->number][f->vector]++;
	apic_eoi();
}

void count_nmi(struct trap_frame *f)
{
	(void)f;
	nmis[vp_local()->number]++;
}

void clear_counts(void)
{
	memset((void *)hits, 0, sizeof(hits));
	memset((void *)nmis, 0, sizeof(nmis));
}

void open_window(void)
{
	interrupts_on();
	__asm__ volatile("nop; nop" : : : "memory");
	interrupts_off();
}

bool wait_count(volatile uint32_t *counter, uint32_t wanted)
{
	uint64_t end = rdtsc() + tsc_hz() * PATIENCE_S;

	while (*counter < wanted) {
		if (rdtsc() > end) {
			return false;
		}
		open_window();
		cpu_pause();
	}
	return true;
}

void fence(uint32_t mask)
{
	static uint32_t rounds[GUEST_VPS_MAX];

	for (unsigned i = 0; i < vps; i++) {
		if ((mask >> i & 1) != 0) {
			rounds[i] = hits[i][VECTOR_FENCE] + 1;
			apic_icr(smp_locals[i].apic_id, VECTOR_FENCE);
		}
	}
	for (unsigned i = 0; i < vps; i++) {
		if ((mask >> i & 1) != 0 &&
		    !wait_count(&hits[i][VECTOR_FENCE], rounds[i])) {
			fail("fence", "VP %u takes nothing", i);
		}
	}
}

uint32_t reached(unsigned vector)
{
	uint32_t mask = 0;

	fence(listening);
	for (unsigned i = 0; i < vps; i++) {
		if (hits[i][vector] != 0) {
			mask |= (hits[i][vector] == 1 ? 1u : 0x10001u) << i;
		}
	}
	clear_counts();
	return mask;
}

uint32_t reached_by_nmi(uint32_t mask)
{
	uint32_t found = 0;

	for (unsigned i = 0; i < vps; i++) {
		if ((mask >> i & 1) != 0) {
			(void)wait_count(&nmis[i], 1);
		}
	}
	fence(listening);
	for (unsigned i = 0; i < vps; i++) {
		if (nmis[i] != 0) {
			found |= (nmis[i] == 1 ? 1u : 0x10001u) << i;
		}
	}
	clear_counts();
	return found;
}

bool check_mask(uint32_t found, uint32_t wanted, const char *name)
{
	return check(found == wanted, name, "VPs %x, not %x, %s", found,
		     wanted, apic_is_x2() ? "x2APIC" : "xAPIC");
}

/* ---- other VPs ---------------------------------------------------------- */

static struct job {
	void (*volatile fn)(void *);
	void *volatile arg;
} jobs[GUEST_VPS_MAX];

void serve(void *arg)
{
	struct job *job = &jobs[vp_local()->number];

	(void)arg;
	for (;;) {
		open_window();
		if (job->fn != 0) {
			job->fn(job->arg);
			__atomic_store_n(&job->fn, 0, __ATOMIC_RELEASE);
		}
		cpu_pause();
	}
}

void on_vp(unsigned n, void (*fn)(void *), void *arg)
{
	uint64_t end = rdtsc() + tsc_hz() * PATIENCE_S;

	if (n == vp_local()->number) {
		fn(arg);
		return;
	}
	jobs[n].arg = arg;
	__atomic_store_n(&jobs[n].fn, fn, __ATOMIC_RELEASE);
	while (jobs[n].fn != 0) {
		if (rdtsc() > end) {
			fail("job", "VP %u does nothing", n);
			return;
		}
		open_window();
		cpu_pause();
	}
}

struct access {
	uint32_t offset, value, low;
};

static void do_icr(void *arg)
{
	struct access *a = arg;

	apic_icr(a->value, a->low);
}

static void do_write(void *arg)
{
	struct access *a = arg;

	apic_write(a->offset, a->value);
}

static void do_read(void *arg)
{
	struct access *a = arg;

	a->value = apic_read(a->offset);
}

void icr_by(unsigned n, uint32_t destination, uint32_t low)
{
	struct access a = { .value = destination, .low = low };

	on_vp(n, do_icr, &a);
}

void write_by(unsigned n, uint32_t offset, uint32_t value)
{
	struct access a = { .offset = offset, .value = value };

	on_vp(n, do_write, &a);
}

uint32_t read_by(unsigned n, uint32_t offset)
{
	struct access a = { .offset = offset };

	on_vp(n, do_read, &a);
	return a.value;
}

void do_enable(void *arg)
{
	apic_enable(*(bool *)arg);
}

void enable_all(bool x2)
{
	for (unsigned i = 0; i < vps; i++) {
		on_vp(i, do_enable, &x2);
	}
}

/*
 * A bit for each VP of the mask, as the flat model and the x2APIC's cluster 0
 * have it: there it is the APIC id's.
 */
uint32_t logical_of(uint32_t mask)
{
	uint32_t destination = 0;

	for (unsigned i = 0; i < vps; i++) {
		if ((mask >> i & 1) != 0) {
			destination |= 1u << (apic_is_x2() ?
					      smp_locals[i].apic_id : i);
		}
	}
	return destination;
}
