/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who runs where and what happens to it, against the spec: the machine's own
 * numbers, VPs and their LPs, plans, interrupt lines, policies, ports that
 * the board keeps for itself.
 */
#include "config/launch.h"
#include "verify.h"

#include <string.h>

#define CR0_PE 1ull
#define EFER_LMA (1ull << 10)

static const char *const run_failures[] = {
	[FAILURE_HALT] = "halt", [FAILURE_RESTART] = "restart",
	[FAILURE_PANIC] = "panic"
};

static const char *const run_vendors[] = {
	[VENDOR_ANY] = "any", [VENDOR_AMD] = "amd", [VENDOR_INTEL] = "intel"
};

struct run_privilege {
	const char *name;
	unsigned bit;		/* TLFS, partition privilege mask */
};

static const struct run_privilege run_privileges[] = {
	{ "runtime", 0 }, { "reference-counter", 1 }, { "synic", 2 },
	{ "synthetic-timers", 3 }, { "hypercall-msrs", 5 },
	{ "vp-index", 6 }, { "reset", 7 }, { "reference-tsc", 9 },
	{ "frequency", 11 }, { "tsc-invariant", 15 },
	{ "post-messages", 36 }, { "signal-events", 37 },
	{ "vp-registers", 49 }, { "extended-hypercalls", 52 },
	{ "start-vp", 53 },
};

static void run_report(const struct spec_partition *p, const char *what,
		       uint64_t is, uint64_t want)
{
	if (is != want) {
		report_error(p->spec->report, p->tables->where, "partition "
			     "%s: %s is 0x%llx, the spec says 0x%llx",
			     p->tables->name, what, (unsigned long long)is,
			     (unsigned long long)want);
	}
}

/* ---- the machine ---- */

static void run_report_machine(const struct spec *spec, const char *what,
			       uint64_t is, uint64_t want)
{
	if (is != want) {
		report_error(spec->report, spec->tables->machine.where,
			     "machine: %s is 0x%llx, the spec says 0x%llx",
			     what, (unsigned long long)is,
			     (unsigned long long)want);
	}
}

/* Index of the emitted LP with that node's APIC id, or lp_count. */
static uint32_t run_find_lp(const struct spec *spec, uint32_t node)
{
	const struct fdt_prop *id = fdt_get(spec->fdt, node, "apic-id");
	uint32_t i = 0;

	while (id && i < spec->tables->lp_count &&
	       spec->tables->lps[i].config.apic_id != fdt_cell(id, 0)) {
		i++;
	}
	return id ? i : spec->tables->lp_count;
}

static uint32_t run_find_plan(const struct spec *spec, uint32_t lp)
{
	const struct fdt *fdt = spec->fdt;
	uint32_t node;

	if (spec->plan == FDT_NONE) {
		return FDT_NONE;
	}
	node = fdt->nodes[spec->plan].first_child;
	while (node != FDT_NONE &&
	       run_find_lp(spec, spec_follow(fdt, fdt_get(fdt, node, "lp"),
					     0)) != lp) {
		node = fdt->nodes[node].next;
	}
	return node;
}

/* VP of slot i of a plan's node; CONFIG_NONE: idle or wrong. */
static uint32_t run_slot_vp(const struct spec *spec,
			    const struct fdt_prop *slots, uint32_t i)
{
	const struct tables *tables = spec->tables;
	uint32_t phandle = fdt_cell(slots, i * 3);
	uint32_t partition;

	if (!phandle) {
		return CONFIG_NONE;
	}
	partition = spec_partition_index(spec, fdt_find_phandle(spec->fdt,
								phandle));
	if (partition >= tables->partition_count) {
		return CONFIG_NONE;
	}
	return tables->partitions[partition].config.vp_first +
	       fdt_cell(slots, i * 3 + 1);
}

static void run_check_plan(const struct spec *spec, uint32_t index)
{
	const struct lp_tables *lp = &spec->tables->lps[index];
	const struct fdt_prop *slots;
	uint32_t plan = run_find_plan(spec, index);
	uint32_t i;

	if (plan == FDT_NONE) {
		if (lp->config.slot_count > 1 ||
		    (lp->config.slot_count && lp->slots[0].length_us)) {
			report_error(spec->report, lp->where, "LP %u has a "
				     "plan, but none in the spec", index);
		}
		return;
	}
	slots = fdt_get(spec->fdt, plan, "slots");
	if (!slots || slots->size != lp->config.slot_count * 12) {
		report_error(spec->report, lp->where, "LP %u: a plan of %u "
			     "slots is not the spec's", index,
			     lp->config.slot_count);
		return;
	}
	for (i = 0; i < lp->config.slot_count; i++) {
		if (lp->slots[i].vp != run_slot_vp(spec, slots, i) ||
		    lp->slots[i].length_us != fdt_cell(slots, i * 3 + 2)) {
			report_error(spec->report, lp->where, "LP %u: slot "
				     "%u is VP %u for %u us, the spec says "
				     "VP %u for %u us", index, i,
				     lp->slots[i].vp,
				     lp->slots[i].length_us,
				     run_slot_vp(spec, slots, i),
				     fdt_cell(slots, i * 3 + 2));
		}
	}
}

/* Every LP of the image is one of the board's. */
static void run_check_lps(const struct spec *spec)
{
	const struct fdt *fdt = spec->fdt;
	uint32_t lps = fdt_child(fdt, spec->machine, "lps");
	uint32_t node;
	uint32_t i;

	for (i = 0; i < spec->tables->lp_count; i++) {
		node = lps == FDT_NONE ? FDT_NONE :
		       fdt->nodes[lps].first_child;
		while (node != FDT_NONE && run_find_lp(spec, node) != i) {
			node = fdt->nodes[node].next;
		}
		if (node == FDT_NONE) {
			report_error(spec->report, spec->tables->lps[i].where,
				     "LP %u with APIC id %u is not in the "
				     "spec", i,
				     spec->tables->lps[i].config.apic_id);
		}
		run_check_plan(spec, i);
	}
}

/* Lines come from UARTs alone; each is checked with its partition. */
static void run_check_line_count(const struct spec *spec)
{
	uint32_t node = spec->fdt->nodes[spec->partitions].first_child;
	uint32_t count = 0;

	for (; node != FDT_NONE; node = spec->fdt->nodes[node].next) {
		count += fdt_get(spec->fdt, node, "uart") != NULL;
	}
	run_report_machine(spec, "count of interrupt lines",
			   spec->tables->line_count, count);
}

/* Partitions that have a port to report by; the rows are checked already. */
static uint32_t run_count_reporters(const struct tables *tables)
{
	uint32_t count = 0;
	uint32_t i;
	uint32_t j;

	for (i = 0; i < tables->partition_count; i++) {
		const struct partition_tables *p = &tables->partitions[i];

		for (j = 0; j < p->config.port_count; j++) {
			if (p->ports[j].action == PORT_BOOT_OK) {
				count++;
				break;
			}
		}
	}
	return count;
}

static void run_check_boot_ok(const struct spec *spec)
{
	const struct machine_config *machine = &spec->tables->machine;
	uint32_t node = fdt_child(spec->fdt, spec->machine, "boot-ok");
	uint32_t count = run_count_reporters(spec->tables);
	uint64_t bit = fdt_number(spec->fdt, node, "bit", 0);

	run_report_machine(spec, "CMOS register of boot-ok",
			   machine->boot_ok_cmos,
			   fdt_number(spec->fdt, node, "cmos", 0));
	run_report_machine(spec, "CMOS bits of boot-ok",
			   machine->boot_ok_mask, node == FDT_NONE ? 0 :
			   1ull << (bit & 63));
	run_report_machine(spec, "count of partitions that report a boot",
			   machine->boot_ok_count, count);
	/* Not the clock's registers, nor those of the firmware's self-test. */
	if ((count || machine->boot_ok_cmos) &&
	    (machine->boot_ok_cmos < 0x10 || machine->boot_ok_cmos > 0x7f)) {
		report_error(spec->report, machine->where, "machine: CMOS "
			     "register 0x%x is not one to keep boot-ok in",
			     machine->boot_ok_cmos);
	}
	run_report_machine(spec, "reserved byte", machine->reserved[0] |
			   machine->reserved[1], 0);
}

/* Which partition checks the others; where its table lies. */
static void run_check_launch(const struct spec *spec)
{
	const struct machine_config *machine = &spec->tables->machine;
	uint32_t node = spec->fdt->nodes[spec->partitions].first_child;
	uint32_t launch = CONFIG_NONE;
	uint64_t timeout = 0;
	uint32_t flags = 0;
	uint32_t i;

	for (i = 0; node != FDT_NONE; i++, node = spec->fdt->nodes[node].next) {
		if (fdt_get(spec->fdt, node, "launch")) {
			launch = i;
			flags = (fdt_get(spec->fdt, node, "launch-all") ?
				 LAUNCH_ALL : 0) |
				(fdt_get(spec->fdt, node, "launch-stays") ?
				 LAUNCH_STAYS : 0) |
				(fdt_get(spec->fdt, node, "launch-tpm") ?
				 LAUNCH_TPM : 0);
			timeout = fdt_number(spec->fdt, node, "launch-timeout",
					     60000);
		}
	}
	run_report_machine(spec, "launch partition", machine->launch_partition,
			   launch);
	if (launch < spec->tables->partition_count) {
		/* Else the hypervisor would walk into the windows. */
		run_report_machine(spec, "GPA bits of the launch partition",
				   spec->tables->partitions[launch].config.
				   gpa_bits, LAUNCH_WINDOW_BITS);
	}
	run_report_machine(spec, "launch-timeout", machine->launch_timeout_ms,
			   timeout);
	run_report_machine(spec, "GPA of the launch table",
			   machine->launch_table,
			   launch == CONFIG_NONE ? 0 : 0xa0000);
	run_report_machine(spec, "launch flags", machine->launch_flags, flags);
	run_report_machine(spec, "reserved word", machine->launch_reserved, 0);
}

void spec_check_machine(const struct spec *spec)
{
	const struct machine_config *machine = &spec->tables->machine;
	const struct fdt *fdt = spec->fdt;
	uint32_t ioapic = fdt_child(fdt, spec->machine, "ioapic");
	const char *vendor = fdt_text(fdt, spec->machine, "vendor");
	const char *board = fdt_text(fdt, spec->machine, "board");

	if (strcmp(machine->name, board ? board : "") != 0) {
		report_error(spec->report, machine->where, "machine: board "
			     "is %s, not the spec's", machine->name);
	}
	run_report_machine(spec, "tsc-hz", machine->tsc_hz,
			   fdt_number(fdt, spec->machine, "tsc-hz", 0));
	run_report_machine(spec, "apic-hz", machine->apic_hz,
			   fdt_number(fdt, spec->machine, "apic-hz", 0));
	run_report_machine(spec, "IOAPIC base", machine->ioapic_base,
			   fdt_number(fdt, ioapic, "base", 0));
	run_report_machine(spec, "IOAPIC pins", machine->ioapic_pins,
			   fdt_number(fdt, ioapic, "pins", 0));
	/* "any" is what the build has back ends for: one, or both. */
	if (!vendor || strcmp(vendor, "any") != 0 ||
	    machine->vendor > VENDOR_INTEL) {
		run_report_machine(spec, "vendor", machine->vendor,
				   spec_find_name(run_vendors,
						  ARRAY_COUNT(run_vendors),
						  vendor ? vendor : "any"));
	}
	run_check_boot_ok(spec);
	run_check_launch(spec);
	run_check_lps(spec);
	run_check_line_count(spec);
}

/* ---- a partition ---- */

static void run_check_vps(const struct spec_partition *p)
{
	const struct spec *spec = p->spec;
	const struct fdt_prop *vps = fdt_get(spec->fdt, p->node, "vps");
	const struct partition_config *config = &p->tables->config;
	uint32_t i;

	run_report(p, "count of VPs", config->vp_count,
		   vps ? vps->size / 4 : 0);
	for (i = 0; i < config->vp_count &&
	     config->vp_first + i < spec->tables->vp_count; i++) {
		uint32_t lp = spec->tables->vps[config->vp_first + i].
			      config.lp;

		if (lp != run_find_lp(spec, spec_follow(spec->fdt, vps, i))) {
			report_error(spec->report, p->tables->where,
				     "partition %s: VP %u is on LP %u, not "
				     "where the spec says", p->tables->name,
				     i, lp);
		}
	}
}

/* Pin of a PC's COM port that the guest expects at that base. */
static uint32_t run_com_pin(uint32_t base, uint32_t otherwise)
{
	if (base == 0x3f8 || base == 0x3e8) {
		return 4;
	}
	if (base == 0x2f8 || base == 0x2e8) {
		return 3;
	}
	return otherwise;
}

static void run_check_uart(const struct spec_partition *p)
{
	const struct spec *spec = p->spec;
	const struct fdt *fdt = spec->fdt;
	uint32_t uart = spec_follow(fdt, fdt_get(fdt, p->node, "uart"), 0);
	const struct fdt_prop *as = fdt_get(fdt, p->node, "uart-as");
	uint32_t gsi = (uint32_t)fdt_number(fdt, uart, "irq", 0);
	uint32_t pin = as ? run_com_pin(fdt_cell(as, 0), gsi) : gsi;
	uint32_t i;

	for (i = 0; i < spec->tables->line_count; i++) {
		const struct line_config *line = &spec->tables->lines[i];

		if (line->partition != p->index) {
			continue;
		}
		if (uart == FDT_NONE || line->gsi != gsi ||
		    line->pin != pin || line->level || line->active_low ||
		    line->lp != spec->tables->vps[p->tables->config.vp_first].
		    config.lp) {
			report_error(spec->report, line->where, "partition "
				     "%s: GSI %u on pin %u of LP %u is not "
				     "the spec's", p->tables->name,
				     line->gsi, line->pin, line->lp);
		}
		return;
	}
	if (uart != FDT_NONE) {
		report_error(spec->report, p->tables->where, "partition %s: "
			     "its UART's GSI %u has no line",
			     p->tables->name, gsi);
	}
}

static uint64_t run_privilege_mask(const struct spec_partition *p)
{
	const struct fdt *fdt = p->spec->fdt;
	uint32_t node = fdt_get(fdt, p->node, "tlfs") ? p->node : p->profile;
	uint64_t mask = 0;
	const char *text;
	uint32_t i;
	size_t j;

	for (i = 0; (text = fdt_text_at(fdt, node, "tlfs", i)); i++) {
		for (j = 0; j < ARRAY_COUNT(run_privileges); j++) {
			if (!strcmp(text, run_privileges[j].name)) {
				mask |= 1ull << run_privileges[j].bit;
			}
		}
	}
	return mask;
}

/* Is the word among the hints of the partition, or of its profile? */
static bool run_has_hint(const struct spec_partition *p, const char *word)
{
	const struct fdt *fdt = p->spec->fdt;
	uint32_t node = fdt_get(fdt, p->node, "tlfs-hints") ? p->node
							    : p->profile;
	const char *text;
	uint32_t i;

	for (i = 0; (text = fdt_text_at(fdt, node, "tlfs-hints", i)); i++) {
		if (!strcmp(text, word)) {
			return true;
		}
	}
	return false;
}

static uint32_t run_flags(const struct spec_partition *p)
{
	uint32_t flags = 0;

	if (!strcmp(spec_text(p, "console", ""), "log")) {
		flags |= PARTITION_CONSOLE_LOG;
	}
	if (fdt_get(p->spec->fdt, p->node, "tlfs") ||
	    fdt_get(p->spec->fdt, p->profile, "tlfs")) {
		flags |= PARTITION_TLFS;
		flags |= run_has_hint(p, "flush") ? PARTITION_FLUSH_CALLS : 0;
		flags |= run_has_hint(p, "cluster-ipi") ?
			 PARTITION_IPI_CALLS : 0;
	}
	if (fdt_get(p->spec->fdt, p->node, "nmi")) {
		flags |= PARTITION_NMI;
	}
	return flags;
}

static void run_check_policy(const struct spec_partition *p)
{
	const struct partition_config *config = &p->tables->config;
	const struct fdt *fdt = p->spec->fdt;

	run_report(p, "failure policy", config->failure,
		   spec_find_name(run_failures, ARRAY_COUNT(run_failures),
				  spec_text(p, "on-failure", "halt")));
	run_report(p, "restart-max", config->restart_max,
		   fdt_number(fdt, p->node, "restart-max", CONFIG_NONE));
	run_report(p, "port-default", config->port_default,
		   strcmp(spec_text(p, "port-default", "deny"), "strict") ?
		   PORT_DENY : PORT_STRICT);
	run_report(p, "TLFS privileges", config->hv_privileges,
		   run_privilege_mask(p));
	run_report(p, "flags", config->flags, run_flags(p));
	if (fdt_get(fdt, p->node, "gpa-bits")) {
		run_report(p, "gpa-bits", config->gpa_bits,
			   fdt_number(fdt, p->node, "gpa-bits", 0));
	}
}

/* Ports that the board keeps are passed or remapped to nobody. */
static void run_check_reserved_ports(const struct spec_partition *p)
{
	const struct fdt *fdt = p->spec->fdt;
	uint32_t list = fdt_child(fdt, p->spec->machine, "reserved-ports");
	uint32_t node = list == FDT_NONE ? FDT_NONE :
			fdt->nodes[list].first_child;
	uint32_t i;

	for (; node != FDT_NONE; node = fdt->nodes[node].next) {
		const struct fdt_prop *range = fdt_get(fdt, node, "range");

		for (i = 0; i < p->tables->config.port_count; i++) {
			const struct port_config *row = &p->tables->ports[i];
			uint32_t first = row->action == PORT_REMAP ?
					 row->target : row->first;
			uint32_t last = first + row->last - row->first;

			if ((row->action == PORT_PASS ||
			     row->action == PORT_REMAP) &&
			    first <= fdt_cell(range, 1) &&
			    last >= fdt_cell(range, 0)) {
				report_error(p->spec->report,
					     p->tables->where, "partition "
					     "%s is granted port 0x%x, "
					     "reserved by the board (%s)",
					     p->tables->name, first,
					     fdt->nodes[node].name);
			}
		}
	}
}

/* The load of a partition that holds the GPA, or load_count. */
static uint32_t run_find_load(const struct partition_tables *p, uint64_t gpa)
{
	uint32_t i = 0;

	while (i < p->config.load_count &&
	       (gpa < p->loads[i].gpa ||
		gpa - p->loads[i].gpa >= p->loads[i].size)) {
		i++;
	}
	return i;
}

/* Does the kernel's own header, in the zero page, name a 64-bit entry? */
static bool run_has_entry64(const struct spec_partition *p, uint64_t zero_page)
{
	const struct partition_tables *t = p->tables;
	uint32_t i = run_find_load(t, zero_page);
	const uint8_t *bytes = NULL;

	if (i < t->config.load_count && t->loads[i].gpa == zero_page &&
	    t->loads[i].size == PAGE) {
		bytes = image_bytes(p->spec->image, (uint64_t)(uintptr_t)
				    t->loads[i].data, PAGE);
	}
	if (!bytes || memcmp(bytes + 0x202, "HdrS", 4)) {
		report_error(p->spec->report, t->where, "partition %s: no "
			     "zero page at GPA 0x%llx", t->name,
			     (unsigned long long)zero_page);
		return true;
	}
	return bytes[0x207] * 256 + bytes[0x206] >= 0x20c &&
	       (bytes[0x236] & 1);
}

/* Loaded by a protocol: entered within what is loaded, with what it passes. */
static void run_check_protocol(const struct spec_partition *p,
			       const struct vp_state_config *state,
			       const char *boot)
{
	uint32_t count = p->tables->config.load_count;
	uint64_t info = state->gpr[GPR_RBX];

	if (run_find_load(p->tables, state->rip) == count) {
		report_error(p->spec->report, p->tables->where, "partition "
			     "%s: is entered at GPA 0x%llx, where nothing is "
			     "loaded", p->tables->name,
			     (unsigned long long)state->rip);
	}
	if (!strcmp(boot, "multiboot")) {
		run_report(p, "multiboot's EAX", state->gpr[GPR_RAX],
			   0x2badb002);
	}
	if ((!strcmp(boot, "multiboot") || !strcmp(boot, "pvh")) &&
	    run_find_load(p->tables, info) == count) {
		report_error(p->spec->report, p->tables->where, "partition "
			     "%s: no start info at GPA 0x%llx",
			     p->tables->name, (unsigned long long)info);
	}
}

/*
 * VP 0 is entered in the mode that the boot protocol says; a raw payload at
 * its entry, and the payload is where the spec wants it.
 */
static void run_check_start(const struct spec_partition *p)
{
	const struct fdt *fdt = p->spec->fdt;
	const struct vp_state_config *state =
		&p->spec->tables->vps[p->tables->config.vp_first].state;
	const char *boot = spec_text(p, "boot", "");
	uint64_t load = fdt_number(fdt, p->node, "load-address", 0);
	uint64_t entry = fdt_number(fdt, p->node, "entry", load);
	bool long_mode = !strcmp(boot, "raw64") ||
			 (!strcmp(boot, "linux") &&
			  run_has_entry64(p, state->gpr[GPR_RSI]));
	uint32_t i = 0;

	run_report(p, "long mode at the start",
		   (state->efer & EFER_LMA) != 0, long_mode);
	run_report(p, "protected mode at the start", state->cr0 & CR0_PE,
		   strcmp(boot, "raw16") ? CR0_PE : 0);
	if (strncmp(boot, "raw", 3)) {
		run_check_protocol(p, state, boot);
		return;
	}
	run_report(p, "entry", state->segment[SEGMENT_CS].base + state->rip,
		   entry);
	while (i < p->tables->config.load_count &&
	       p->tables->loads[i].gpa != load) {
		i++;
	}
	if (i == p->tables->config.load_count) {
		report_error(p->spec->report, p->tables->where, "partition "
			     "%s: nothing is loaded at GPA 0x%llx",
			     p->tables->name, (unsigned long long)load);
	}
}

void spec_check_run(const struct spec_partition *p)
{
	run_check_vps(p);
	/* Else reported by vps.c, and VP 0 cannot be looked at. */
	if (p->tables->config.vp_first < p->spec->tables->vp_count) {
		run_check_uart(p);
		run_check_start(p);
	}
	run_check_policy(p);
	run_check_reserved_ports(p);
}
