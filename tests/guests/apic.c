/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local APIC to the letter (SDM3 chapter 11), with eight VPs that share
 * LPs: here who is reached by an interrupt message and by what; in
 * apic_local.c what one APIC does for itself; in apic_modes.c its modes; in
 * apic_line.c a line from the IOAPIC. All of it in xAPIC mode, then, where
 * both can, in x2APIC mode.
 */
#include "apic.h"

/* ---- physical destinations ---------------------------------------------- */

static void test_physical(void)
{
	uint32_t nobody = apic_is_x2() ? 0xff : 0xfe;
	uint32_t found = 0;

	for (unsigned i = 0; i < vps; i++) {
		apic_icr(smp_locals[i].apic_id, VECTOR_A);
		found |= reached(VECTOR_A) ^ 1u << i;
	}
	check_mask(found, 0, "physical-each");
	for (unsigned i = 0; i < vps; i++) {
		icr_by(5, smp_locals[i].apic_id, VECTOR_B);
		found |= reached(VECTOR_B) ^ 1u << i;
	}
	check_mask(found, 0, "physical-from-another");
	apic_icr(vps, VECTOR_A);
	apic_icr(nobody, VECTOR_A);
	apic_icr(0x80, VECTOR_A);
	check_mask(reached(VECTOR_A), 0, "physical-nobody");
	apic_icr(apic_is_x2() ? 0xffffffff : 0xff, VECTOR_C);
	check_mask(reached(VECTOR_C), all, "physical-broadcast");
	icr_by(3, apic_is_x2() ? 0xffffffff : 0xff, VECTOR_C);
	check_mask(reached(VECTOR_C), all, "physical-broadcast");
}

/* ---- logical destinations ----------------------------------------------- */

static void send_logical(uint32_t destination)
{
	apic_icr(destination, ICR_LOGICAL | VECTOR_A);
}

static void test_flat(void)
{
	uint32_t found = 0;

	for (unsigned i = 0; i < vps; i++) {
		write_by(i, APIC_DFR, 0xffffffff);
		write_by(i, APIC_LDR, 0x1000000u << i);
	}
	for (unsigned i = 0; i < vps; i++) {
		send_logical(1u << i);
		found |= reached(VECTOR_A) ^ 1u << i;
	}
	check_mask(found, 0, "flat-each");
	send_logical(0xa5);
	found = reached(VECTOR_A) ^ 0xa5;
	send_logical(0x7f);
	found |= reached(VECTOR_A) ^ 0x7f;
	icr_by(6, 0x18, ICR_LOGICAL | VECTOR_A);
	found |= reached(VECTOR_A) ^ 0x18;
	check_mask(found, 0, "flat-sets");
	send_logical(0);
	check_mask(reached(VECTOR_A), 0, "flat-nobody");
	send_logical(0xff);
	check_mask(reached(VECTOR_A), all, "flat-broadcast");
	/* A VP may have several bits, or another's. */
	write_by(2, APIC_LDR, 0x84000000);
	send_logical(0x80);
	check_mask(reached(VECTOR_A), 0x84, "flat-ldr-of-two-bits");
	write_by(2, APIC_LDR, 0);
	send_logical(0x04);
	check_mask(reached(VECTOR_A), 0, "flat-ldr-0");
	write_by(2, APIC_LDR, 0xffffffff);
	check(read_by(2, APIC_LDR) == 0xff000000, "ldr-reserved-bits", "%x",
	      read_by(2, APIC_LDR));
}

static void test_cluster(void)
{
	uint32_t found = 0;

	for (unsigned i = 0; i < vps; i++) {
		write_by(i, APIC_DFR, 0);
		write_by(i, APIC_LDR, (i / 4) << 28 | 0x1000000u << i % 4);
	}
	check(apic_read(APIC_DFR) == 0x0fffffff, "dfr-reserved-bits", "%x",
	      apic_read(APIC_DFR));
	for (unsigned i = 0; i < vps; i++) {
		send_logical((i / 4) << 4 | 1u << i % 4);
		found |= reached(VECTOR_A) ^ 1u << i;
	}
	check_mask(found, 0, "cluster-each");
	send_logical(0x0b);
	found = reached(VECTOR_A) ^ 0x0b;
	icr_by(1, 0x1f, ICR_LOGICAL | VECTOR_A);
	found |= reached(VECTOR_A) ^ 0xf0;
	check_mask(found, 0, "cluster-sets");
	send_logical(0x2f);
	send_logical(0x10);
	check_mask(reached(VECTOR_A), 0, "cluster-nobody");
	send_logical(0xf2);
	check_mask(reached(VECTOR_A), 0x22, "cluster-in-all-clusters");
	send_logical(0xff);
	check_mask(reached(VECTOR_A), all, "cluster-broadcast");
	/* One VP in the other model: each reads the destination its way. */
	write_by(6, APIC_DFR, 0xffffffff);
	write_by(6, APIC_LDR, 0x21000000);
	send_logical(0x21);
	check_mask(reached(VECTOR_A), 0x40, "models-differ");
	for (unsigned i = 0; i < vps; i++) {
		write_by(i, APIC_DFR, 0xffffffff);
	}
}

static void test_x2_cluster(void)
{
	uint32_t found = 0;

	for (unsigned i = 0; i < vps; i++) {
		uint32_t id = smp_locals[i].apic_id;

		found |= read_by(i, APIC_LDR) ^
			 ((id >> 4) << 16 | 1u << (id & 15));
		send_logical(read_by(i, APIC_LDR));
		found |= reached(VECTOR_A) ^ 1u << i;
	}
	check_mask(found, 0, "x2-cluster-each");
	send_logical(logical_of(0x5a));
	found = reached(VECTOR_A) ^ 0x5a;
	icr_by(7, 0xff, ICR_LOGICAL | VECTOR_A);
	found |= reached(VECTOR_A) ^ 0xff;
	check_mask(found, 0, "x2-cluster-sets");
	send_logical(0x100ff);
	send_logical(0xff00);
	send_logical(0);
	send_logical(0xff0000ff);
	check_mask(reached(VECTOR_A), 0, "x2-cluster-nobody");
	send_logical(0xffffffff);
	check_mask(reached(VECTOR_A), all, "x2-cluster-broadcast");
}

/* ---- lowest priority ---------------------------------------------------- */

/* The VP that one of those gets, TPRs being what they are. */
static uint32_t send_lowest(uint32_t destination, uint32_t low)
{
	uint64_t end = rdtsc() + tsc_hz() * PATIENCE_S;
	unsigned n = 0;

	apic_icr(destination, ICR_LOWEST | low | VECTOR_HIGH);
	while (hits[n][VECTOR_HIGH] == 0 && rdtsc() < end) {
		open_window();
		n = (n + 1) % vps;
	}
	for (unsigned i = 0; i < vps; i++) {
		write_by(i, APIC_TPR, 0);	/* for the fence */
	}
	return reached(VECTOR_HIGH);
}

static void set_tprs(void)
{
	static const uint8_t tprs[] = {
		0x90, 0x80, 0x98, 0x60, 0x40, 0x90, 0x70, 0x20,
	};

	for (unsigned i = 0; i < vps; i++) {
		write_by(i, APIC_TPR, tprs[i]);
	}
}

/* For destinations of a bit for each VP. */
static void test_lowest(void)
{
	uint32_t found;

	if (!apic_is_x2()) {
		for (unsigned i = 0; i < vps; i++) {
			write_by(i, APIC_LDR, 0x1000000u << i);
		}
	}
	set_tprs();
	found = send_lowest(logical_of(0x1a), ICR_LOGICAL) ^ 1u << 4;
	set_tprs();
	found |= send_lowest(logical_of(0x47), ICR_LOGICAL) ^ 1u << 6;
	set_tprs();
	found |= send_lowest(apic_is_x2() ? 0xffffffff : 0xff, ICR_LOGICAL)
		 ^ 1u << 7;
	check_mask(found, 0, "lowest-priority-wins");
	/* Of equals exactly one; which is the hypervisor's affair. */
	found = send_lowest(logical_of(0x3c), ICR_LOGICAL);
	check((found & (found - 1)) == 0 && (found & 0x3c) != 0,
	      "lowest-of-equals-one", "%x", found);
	check_mask(send_lowest(smp_locals[5].apic_id, 0), 1u << 5,
		   "lowest-physical");
	/* Whoever takes no interrupts takes no part. */
	write_by(2, APIC_SVR, VECTOR_SPURIOUS);
	listening = all & ~4u;
	apic_icr(logical_of(4), ICR_LOWEST | ICR_LOGICAL | VECTOR_HIGH);
	found = send_lowest(logical_of(0x24), ICR_LOGICAL) ^ 1u << 5;
	write_by(2, APIC_SVR, APIC_SVR_ON | VECTOR_SPURIOUS);
	listening = all;
	check_mask(found | reached(VECTOR_HIGH), 0, "lowest-not-to-disabled");
}

/* ---- shorthands, NMI, others -------------------------------------------- */

static void test_shorthands(void)
{
	uint32_t found;

	apic_icr(3, ICR_SELF | VECTOR_A);
	found = reached(VECTOR_A) ^ 1u;
	icr_by(4, 0, ICR_SELF | VECTOR_A);
	check_mask(found | (reached(VECTOR_A) ^ 1u << 4), 0,
		   "shorthand-self");
	apic_icr(3, ICR_ALL | VECTOR_B);
	found = reached(VECTOR_B) ^ all;
	icr_by(4, 0, ICR_ALL | ICR_LOGICAL | VECTOR_B);
	check_mask(found | (reached(VECTOR_B) ^ all), 0, "shorthand-all");
	apic_icr(3, ICR_OTHERS | VECTOR_C);
	found = reached(VECTOR_C) ^ (all & ~1u);
	icr_by(4, 0, ICR_OTHERS | ICR_LOGICAL | VECTOR_C);
	check_mask(found | (reached(VECTOR_C) ^ (all & ~(1u << 4))), 0,
		   "shorthand-others");
}

static void test_nmi(void)
{
	uint64_t end = rdtsc() + tsc_hz() * PATIENCE_S;
	uint32_t found = 0;

	for (unsigned i = 0; i < vps; i++) {
		apic_icr(smp_locals[i].apic_id, ICR_NMI | ICR_ASSERT);
		found |= reached_by_nmi(1u << i) ^ 1u << i;
	}
	check_mask(found, 0, "nmi-each");
	apic_icr(0, ICR_OTHERS | ICR_NMI | ICR_ASSERT);
	check_mask(reached_by_nmi(all & ~1u), all & ~1u, "nmi-others");
	icr_by(6, logical_of(0x0f), ICR_LOGICAL | ICR_NMI);
	check_mask(reached_by_nmi(0x0f), 0x0f, "nmi-logical");
	/* Nothing holds it back but an NMI: no IF, no priority. */
	write_cr8(15);
	apic_icr(smp_locals[0].apic_id, ICR_NMI | ICR_ASSERT | VECTOR_A);
	while (nmis[0] == 0 && rdtsc() < end) {
		cpu_pause();
	}
	check(nmis[0] == 1 && !apic_bit(APIC_IRR, VECTOR_A)
	      && !apic_bit(APIC_ISR, 2), "nmi-not-held-back", "%u", nmis[0]);
	write_cr8(0);
	clear_counts();
}

/* IPIs are edge, whatever they say; what has no meaning reaches nobody. */
static void test_kinds(void)
{
	uint32_t found;

	write_cr8(15);
	apic_icr(smp_locals[0].apic_id, ICR_LEVEL | ICR_ASSERT | VECTOR_A);
	check(apic_bit(APIC_IRR, VECTOR_A) && !apic_bit(APIC_TMR, VECTOR_A),
	      "ipi-level-is-edge", "%d", apic_bit(APIC_TMR, VECTOR_A));
	write_cr8(0);
	(void)reached(VECTOR_A);
	apic_icr(smp_locals[1].apic_id, VECTOR_A);	/* not asserted */
	check_mask(reached(VECTOR_A), 2, "ipi-without-assert");
	(void)take_esr();
	apic_icr(smp_locals[1].apic_id, ICR_SMI | ICR_ASSERT);
	apic_icr(smp_locals[1].apic_id, 0x300 | VECTOR_A);
	apic_icr(smp_locals[1].apic_id, 0x700 | VECTOR_A);
	found = reached(VECTOR_A);
	check_mask(found, 0, "modes-that-reach-nobody");
	check(take_esr() == 0, "modes-are-no-errors", "%x",
	      apic_read(APIC_ESR));
}

/* ---- INIT and SIPI ------------------------------------------------------ */

/* Straight after its start: what INIT left of the APIC. */
static void see_init(void *arg)
{
	uint32_t *bad = arg;

	*bad = (apic_read(APIC_SVR) != 0xff ? 1u : 0) |
	       (apic_read(APIC_TPR) != 0 ? 2u : 0) |
	       (!apic_is_x2() && apic_read(APIC_LDR) != 0 ? 4u : 0) |
	       (apic_read(APIC_LVT_TIMER) != 0x10000 ? 8u : 0) |
	       (apic_bit(APIC_IRR, VECTOR_HIGH) ? 0x10u : 0) |
	       (apic_read(APIC_LVT_ERROR) != 0x10000 ? 0x20u : 0) |
	       (apic_id() != vp_local()->apic_id ? 0x40u : 0) |
	       (read_cr8() != 0 ? 0x80u : 0);
}

static void serve_again(unsigned n, bool x2)
{
	smp_call(n, serve, 0);
	on_vp(n, do_enable, &x2);
}

struct restart {
	unsigned number;
	bool done;
};

static void do_restart(void *arg)
{
	struct restart *r = arg;

	r->done = smp_restart(r->number);
}

static void test_init(void)
{
	bool x2 = apic_is_x2();
	uint32_t left = 0xffff;
	struct restart r = { .number = 6 };

	/* No VP that runs listens to a SIPI, or to the end of an INIT. */
	apic_icr(smp_locals[3].apic_id, ICR_SIPI | ICR_ASSERT | 0x07);
	apic_icr(0, ICR_OTHERS | ICR_SIPI | ICR_ASSERT | 0x55);
	check_mask(reached(VECTOR_A), 0, "sipi-while-running");
	apic_icr(smp_locals[3].apic_id, ICR_INIT | ICR_LEVEL);
	apic_icr(0, ICR_ALL | ICR_INIT | ICR_LEVEL);
	apic_icr(smp_locals[3].apic_id, VECTOR_A);
	check_mask(reached(VECTOR_A), 1u << 3, "init-deassert");
	/* VP 2 dies with interrupts that wait, an LVT, a priority. */
	write_by(2, APIC_TPR, 0xf0);
	write_by(2, APIC_LVT_ERROR, VECTOR_ERROR);
	apic_icr(smp_locals[2].apic_id, VECTOR_HIGH);
	check(smp_restart(2), "init-sipi", "%u", smp_count);
	smp_call(2, see_init, &left);
	check(smp_wait(2) && left == 0, "init-resets-registers", "%x", left);
	serve_again(2, x2);
	check((read_by(2, APIC_ID) >> (x2 ? 0 : 24)) ==
	      smp_locals[2].apic_id, "init-keeps-mode-and-id", "%x",
	      read_by(2, APIC_ID));
	check_mask(reached(VECTOR_HIGH), 0, "init-drops-interrupts");
	/* By a VP that was itself started so, as a level, twice. */
	apic_icr(smp_locals[6].apic_id, ICR_INIT | ICR_LEVEL | ICR_ASSERT);
	on_vp(5, do_restart, &r);
	check(r.done, "init-twice-by-another", "%u", smp_count);
	serve_again(6, x2);
	apic_icr(0, ICR_ALL | VECTOR_A);
	check_mask(reached(VECTOR_A), all, "all-after-init");
}

/* ---- all of them -------------------------------------------------------- */

static void test_messages(void)
{
	test_physical();
	if (apic_is_x2()) {
		test_x2_cluster();
	} else {
		test_flat();
		test_cluster();
	}
	test_lowest();
	test_shorthands();
	test_nmi();
	test_kinds();
	test_init();
}

static void start(void)
{
	static const uint8_t vectors[] = {
		VECTOR_FENCE, VECTOR_A, VECTOR_B, VECTOR_C, VECTOR_HIGH,
		VECTOR_TIMER, VECTOR_ERROR,
	};
	unsigned wanted = cpuid(0x40000005, 0).eax;

	apic_enable(false);
	for (unsigned i = 0; i < ARRAY_COUNT(vectors); i++) {
		irq_handlers[vectors[i]] = count;
	}
	irq_handlers[VECTOR_NMI] = count_nmi;
	vps = smp_start_all(wanted);
	all = (1u << vps) - 1;
	listening = all;
	check(vps == wanted && vps == GUEST_VPS_MAX, "all-vps-start",
	      "%u of %u", vps, wanted);
	for (unsigned i = 1; i < vps; i++) {
		serve_again(i, false);
	}
}

void guest_main(void)
{
	start();
	if (vps != GUEST_VPS_MAX) {
		return;		/* the rest wants them all */
	}
#ifndef ONLY_X2
	test_messages();
	test_local();
	test_line();
	test_page_moves();
	test_transitions();
#endif
	enable_all(true);
	check(apic_is_x2(), "x2apic-on", "%lx", rdmsr(MSR_APIC_BASE));
	test_msr_rights();
	test_messages();
	test_local();
#ifndef ONLY_X2
	test_line();
#endif
	print("took %lu ms\n", (rdtsc() - start_tsc) / (tsc_hz() / 1000));
}
