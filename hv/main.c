/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boot, as one list of steps. Until the machine has been found to be the one
 * of the spec, nothing is written outside the image but the module store.
 */
#include "core/line.h"
#include "cpu/apic_regs.h"
#include "cpu/boot_info.h"
#include "cpu/console.h"
#include "cpu/id.h"
#include "cpu/ioapic_regs.h"
#include "cpu/log.h"
#include "cpu/lp.h"
#include "cpu/mce.h"
#include "cpu/pci.h"
#include "cpu/regs.h"
#include "cpu/trap.h"
#include "cpu/tsc.h"
#include "lib/string.h"
#include "main.h"
#include "mem/hvmap_start.h"
#include "mem/module.h"
#include "run/run.h"
#include "vcpu/vcpu.h"

extern uint8_t image_start[], image_end[];
extern const uint8_t boot_trampoline[], boot_trampoline_end[];

#define LAPIC_BROADCAST_INIT 0x000c4500u

/* Set when every LP is ready: they begin their plans together. */
static volatile uint32_t main_go;

/* What main_check() found out. */
static uint32_t main_self;
static uint64_t main_trampoline;

/* A range that was looked at, and if it is no RAM, what lies there. */
struct main_range {
	const char *where;
	const char *what;
	uint64_t base;
	uint64_t end;
	struct boot_range rival;
};

static bool main_range_fits(struct main_range *range, const char *where,
			    const char *what, uint64_t base, uint64_t end)
{
	*range = (struct main_range){ where, what, base, end, { 0 } };
	return boot_info_is_ram(base, end, &range->rival);
}

/* False: the machine has no RAM for *range. */
static bool main_memory_fits(struct main_range *range)
{
	if (!main_range_fits(range, spec_name, "the image",
			     (uint64_t)image_start, (uint64_t)image_end)) {
		return false;
	}
	if (module_count != 0 &&
	    !main_range_fits(range, module_configs[0].where,
			     "the module store", module_configs[0].spa,
			     module_store_end())) {
		return false;
	}
	for (uint32_t i = 0; i < partition_count; i++) {
		const struct partition_config *p = &partition_configs[i];

		for (uint32_t j = 0; j < p->region_count; j++) {
			const struct region_config *r = &p->regions[j];

			if (!main_range_fits(range, r->where, p->name, r->spa,
					     r->spa + r->size)) {
				return false;
			}
		}
	}
	for (uint32_t i = 0; i < ram_count; i++) {
		const struct ram_config *r = &ram_configs[i];

		if (!main_range_fits(range, r->where, "the board", r->base,
				     r->base + r->size)) {
			return false;
		}
	}
	return true;
}

static void main_refuse_range(const struct main_range *range)
{
	log_line("refused: %s: %s needs 0x%lx-0x%lx, but the machine has %s "
		 "at 0x%lx-0x%lx", range->where, range->what, range->base,
		 range->end, boot_info_type_name(range->rival.type),
		 range->rival.base, range->rival.end);
	log_refuse();
}

static void main_check_vendor(void)
{
	static const char *const names[] = { "another vendor", "AMD", "Intel" };
	uint32_t wanted = machine_config.vendor;
	uint32_t vendor = cpu_id_find_vendor();

	if (vendor == VENDOR_ANY ||
	    (wanted != VENDOR_ANY && wanted != vendor)) {
		log_line("refused: %s: the spec is for a processor by %s, this "
			 "one is by %s", machine_config.where,
			 wanted == VENDOR_ANY ? "AMD or Intel"
					      : names[wanted % 3],
			 names[vendor % 3]);
		log_refuse();
	}
}

/* Which LP of the spec is the one that the firmware started? */
static uint32_t main_find_self(void)
{
	uint32_t id[4];

	cpu_id_read(1, 0, id);
	for (uint32_t i = 0; i < lp_count; i++) {
		if (lp_configs[i].apic_id == id[1] >> 24) {
			return i;
		}
	}
	log_line("refused: %s: no LP of the spec has the APIC id %u of the "
		 "processor that the machine starts with",
		 machine_config.where, id[1] >> 24);
	log_refuse();
}

static void main_start_virtualization(uint32_t lp)
{
	const char *why = "";

	if (vcpu_start_lp(&why) != HV_OK) {
		log_line("refused: %s: lp with APIC id %u: %s",
			 lp_configs[lp].where, lp_configs[lp].apic_id, why);
		log_refuse();
	}
}

static void main_start_others(uint64_t trampoline)
{
	uint32_t missing = lp_start_others(spa(trampoline));

	if (missing != CONFIG_NONE) {
		log_line("refused: %s: the LP with APIC id %u does not start",
			 lp_configs[missing].where,
			 lp_configs[missing].apic_id);
		log_refuse();
	}
}

/* One clock for all LPs: plans, timers, the time of partitions. */
static void main_compare_clocks(void)
{
	struct tsc_difference d;

	for (uint32_t i = 0; i < lp_count; i++) {
		if (i == main_self || tsc_is_alike(i, &d)) {
			continue;
		}
		log_line("refused: %s: the TSC of the LP with APIC id %u does "
			 "not run like that of the first: it is 0x%lx to "
			 "0x%lx ahead", lp_configs[i].where,
			 lp_configs[i].apic_id, (uint64_t)d.least,
			 (uint64_t)d.most);
		log_refuse();
	}
}

static uint64_t main_place_trampoline(void)
{
	uint64_t page = boot_info_low_page();

	if (page == 0) {
		log_line("refused: %s: no free page below 0x9f000 to start "
			 "other LPs from", machine_config.where);
		log_refuse();
	}
	memcpy((void *)page, boot_trampoline,
	       (size_t)(boot_trampoline_end - boot_trampoline));
	return page;
}

static void main_check_info(enum hv_err kept, uint32_t magic)
{
	if (kept != HV_OK) {
		log_line("refused: %s: the boot loader gave no usable memory "
			 "map (magic 0x%x)", spec_name, magic);
		log_refuse();
	}
}

static void main_start_clocks(void)
{
	if (!tsc_start()) {
		log_line("refused: %s: no tsc-hz in the spec, and this "
			 "machine's PIT does not count", machine_config.where);
		log_refuse();
	}
	log_line("tsc %lu Hz, apic timer ratio %lu/1000", tsc_hz(),
		 tsc_to_timer(1000));
}

uint64_t main_check(uint32_t magic, uint32_t info)
{
	/* First: the ring lies where the loader may have put its info, or a
	 * module. None is moved before all memory is known to be there. */
	enum hv_err kept = boot_info_keep(magic, info);
	struct main_range range;
	bool fits = kept == HV_OK && main_memory_fits(&range);

	if (fits) {
		module_move();
	}
	console_start();
	log_start();
	log_line("Bulkhead, spec %s", spec_name);
	main_check_info(kept, magic);
	main_check_vendor();
	if (!fits) {
		main_refuse_range(&range);
	}
	pci_quiet();			/* nothing moves what is checked */
	module_check();
	main_self = main_find_self();
	/* Modules are out of the way. */
	main_trampoline = main_place_trampoline();
	return (uint64_t)(lp_stacks[main_self].main + LP_STACK_SIZE);
}

_Noreturn void main(void)
{
	hvmap_start();			/* own tables: W^X, guards, windows */
	trap_build_table();
	ioapic_regs_mask_pics();	/* firmware's timer tick ends here */
	lp_start_self(main_self);	/* descriptors, traps, local APIC */
	lapic_send(0, LAPIC_BROADCAST_INIT);	/* all others: parked */
	line_start_all();		/* IOAPIC: only what the spec has */
	main_start_clocks();
	main_start_virtualization(main_self);
	lp_set_online();
	main_start_others(main_trampoline);
	main_compare_clocks();
	lifecycle_start_all();		/* partitions: to be cleared */
	schedule_set_start(tsc_read());
	log_line("ready");
	log_begin_charging();		/* who writes pays for the console */
	__atomic_store_n(&main_go, 1, __ATOMIC_SEQ_CST);
	loop_run();
}

_Noreturn void main_lp(uint32_t lp)
{
	lp_start_self(lp);
	main_start_virtualization(lp);
	lp_set_online();
	while (__atomic_load_n(&main_go, __ATOMIC_SEQ_CST) == 0) {
		tsc_answer(lp);
		regs_pause();
	}
	loop_run();
}
