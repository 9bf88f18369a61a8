/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every exit that the VPs of a partition can still take, from the same rows
 * and bits that the bitmaps are made of, and from what the back ends always
 * intercept (hv/vcpu/svm/svm_state.c, hv/vcpu/vmx/vmcs.h; a test compares).
 */
#include <string.h>

#include "emit/emit.h"
#include "kconfig.h"

#define PHYSICAL_BITS_MAX 52u	/* that page tables can name */

/* Exits that no spec takes away. */
static const struct {
	const char *kind;
	const char *vendor;
	const char *what;
	const char *answer;
} always[] = {
	{ "cpuid", "any", "CPUID", "its row; zeros without one" },
	{ "halt", "any", "HLT", "waits for an interrupt or NMI" },
	{ "cr", "amd", "MOV to CR4", "#GP unless allowed" },
	{ "cr", "intel", "MOV to CR4 that changes it, MOV to CR0, LMSW or "
	  "CLTS that changes NE, NW or CD", "#GP unless allowed" },
	{ "cr", "amd", "MOV to CR8, while the TPR holds an interrupt back",
	  "the local APIC's TPR" },
	{ "cr", "intel", "MOV to and from CR8, on a processor without a TPR "
	  "shadow", "the local APIC's TPR" },
	{ "cache", "any", "INVD, WBINVD", "nothing happens" },
	{ "undefined", "amd", "VMRUN, VMLOAD, VMSAVE, STGI, CLGI, SKINIT, "
	  "INVLPGA, MONITOR, MWAIT, RDPRU", "#UD" },
	{ "undefined", "intel", "VMCLEAR, VMLAUNCH, VMPTRLD, VMPTRST, VMREAD, "
	  "VMRESUME, VMWRITE, VMXOFF, VMXON, INVEPT, INVVPID, GETSEC, "
	  "MONITOR, MWAIT", "#UD" },
	{ "privileged", "any", "RDPMC", "#GP" },
	{ "exception", "any", "#DB, #AC", "reflected" },
	{ "exception", "amd", "x87 error with CR0.NE off", "#MF" },
	{ "machine-check", "any", "#MC", "stops the partition, or panics" },
	{ "interrupt", "any", "physical interrupt: line, timer, kick",
	  "taken by the hypervisor" },
	{ "interrupt", "intel", "preemption timer",
	  "taken by the hypervisor" },
	{ "nmi", "any", "physical NMI", "taken by the hypervisor" },
	{ "init", "any", "physical INIT", "taken by the hypervisor" },
	{ "window", "amd", "VINTR and IRET, while an event waits",
	  "the event is delivered" },
	{ "window", "intel", "interrupt window, TPR below its threshold, "
	  "while an event waits", "the event is delivered" },
	{ "triple-fault", "any", "triple fault", "stops the partition" },
	{ "invalid-state", "any", "a state that the processor refuses",
	  "stops the partition" },
	{ "unknown", "intel", "task switch", "stops the partition" },
};

static struct emit_exit *add(struct emit_exits *exits, const char *kind,
			     const char *vendor, const char *what,
			     const char *answer)
{
	struct emit_exit *e;

	exits->items = util_grow(exits->items, exits->count,
				 sizeof(*exits->items));
	e = &exits->items[exits->count++];
	*e = (struct emit_exit){
		.kind = kind, .vendor = vendor, .what = what, .answer = answer
	};
	return e;
}

/* All of [*at, last] but what passes from first to end; *at goes on. */
static void cut(struct emit_exit *e, uint64_t *at, uint64_t first,
		uint64_t end)
{
	if (first > *at) {
		e->ranges = util_grow(e->ranges, e->range_count,
				      sizeof(*e->ranges));
		e->ranges[e->range_count].first = *at;
		e->ranges[e->range_count++].last = first - 1;
	}
	*at = end + 1;
}

/* Rows are sorted and disjoint. */
static void add_ports(struct emit_exits *exits, const struct policy *policy)
{
	struct emit_exit *e = add(exits, "io", "any", "IN, OUT, INS, OUTS of "
				  "ports", policy->port_default.v ==
				  PORT_STRICT ? "the port's row; stops the "
				  "partition without one" : "the port's row; "
				  "ones, and dropped, without one");
	uint64_t at = 0;
	uint32_t i;

	for (i = 0; i < policy->port_count; i++) {
		if (policy->ports[i].action == PORT_PASS) {
			cut(e, &at, policy->ports[i].first,
			    policy->ports[i].last);
		}
	}
	cut(e, &at, 0x10000, 0x10000);
}

static void add_msrs(struct emit_exits *exits, const struct policy *policy,
		     bool write)
{
	struct emit_exit *e = add(exits, "msr", "any", write ?
				  "WRMSR of" : "RDMSR of",
				  "the MSR's row; #GP without one");
	uint64_t at = 0;
	uint32_t i;

	for (i = 0; i < policy->msr_count; i++) {
		const struct msr_row *row = &policy->msrs[i];

		if ((write ? row->write : row->read) == MSR_PASS) {
			cut(e, &at, row->first, row->last);
		}
	}
	cut(e, &at, 1ull << 32, 1ull << 32);
}

static void add_memory(struct emit_exits *exits,
		       const struct model_partition *p)
{
	struct emit_exit *e = add(exits, "memory", "any", "access to guest "
				  "physical addresses without RAM",
				  "local APIC and IOAPIC page; else ones, and "
				  "dropped");
	uint64_t at = p->memory.v;

	cut(e, &at, 1ull << PHYSICAL_BITS_MAX, 1ull << PHYSICAL_BITS_MAX);
	if (p->policy.privileges.set) {
		add(exits, "memory", "any", "write to the hypercall or "
		    "reference TSC page, while it is there", "#GP");
	}
}

static void add_by_policy(struct emit_exits *exits,
			  const struct model_partition *p)
{
	const char *answer = p->policy.privileges.set ?
			     "a status; #UD without a hypercall page" : "#UD";

	add_ports(exits, &p->policy);
	add_msrs(exits, &p->policy, false);
	add_msrs(exits, &p->policy, true);
	add_memory(exits, p);
	if (p->has_apic_bitmap) {
		add(exits, "apic", "intel", "EOI by the x2APIC of a level line "
		    "or while a message waits, SELF IPI of an illegal vector, "
		    "on a processor that carries these out itself",
		    "the line or message; the ESR");
	}
	add(exits, "hypercall", "amd", "VMMCALL", answer);
	add(exits, "hypercall", "intel", "VMCALL", answer);
	add(exits, "xsetbv", "amd", util_format("XSETBV, on a processor with "
		"state components beside %#llx",
		(unsigned long long)p->xcr0_allow), "#GP unless allowed");
	add(exits, "xsetbv", "intel", "XSETBV", "#GP unless allowed");
}

static bool is_built(const struct model *model, const char *vendor)
{
	return strcmp(vendor, "any") == 0 ||
	       kconfig_has_vendor(model->machine.vendor.s, vendor);
}

void emit_find_exits(const struct model *model,
		     const struct model_partition *p,
		     struct emit_exits *exits)
{
	struct emit_exits all = { NULL, 0 };
	uint32_t i;

	add_by_policy(&all, p);
	for (i = 0; i < COUNT(always); i++) {
		add(&all, always[i].kind, always[i].vendor, always[i].what,
		    always[i].answer);
	}
	*exits = (struct emit_exits){ NULL, 0 };
	for (i = 0; i < all.count; i++) {
		if (is_built(model, all.items[i].vendor)) {
			*add(exits, "", "", "", "") = all.items[i];
		}
	}
}

/* "IN, OUT, INS, OUTS of ports 0-0x3f7, 0x400-0xffff" */
const char *emit_exit_text(const struct emit_exit *e)
{
	const char *text = e->what;
	uint32_t i;

	for (i = 0; i < e->range_count; i++) {
		const struct emit_exit_range *r = &e->ranges[i];

		text = util_format("%s%s%#llx-%#llx", text, i == 0 ? " " :
				   ", ", (unsigned long long)r->first,
				   (unsigned long long)r->last);
	}
	if (strcmp(e->vendor, "any") == 0) {
		return text;
	}
	return util_format("%s (%s)", text, strcmp(e->vendor, "amd") == 0 ?
			   "AMD" : "Intel");
}
