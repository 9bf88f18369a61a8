/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounting: what a VP's exits were since boot, by kind, told when its
 * partition ends. So one can see that a control loop made no exit but its
 * own.
 */
#include "cpu/log.h"
#include "run/run.h"

static const char account_names[EXIT_KIND_COUNT][16] = {
	[EXIT_NONE] = "none", [EXIT_INTERRUPT] = "interrupt",
	[EXIT_WINDOW] = "window", [EXIT_NMI] = "nmi",
	[EXIT_MACHINE_CHECK] = "machine-check", [EXIT_IO] = "io",
	[EXIT_MSR] = "msr", [EXIT_CPUID] = "cpuid",
	[EXIT_HYPERCALL] = "hypercall", [EXIT_HALT] = "halt",
	[EXIT_MEMORY] = "memory", [EXIT_CR] = "cr", [EXIT_XSETBV] = "xsetbv",
	[EXIT_CACHE] = "cache", [EXIT_UNDEFINED] = "undefined",
	[EXIT_PRIVILEGED] = "privileged", [EXIT_EXCEPTION] = "exception",
	[EXIT_TRIPLE_FAULT] = "triple-fault", [EXIT_INIT] = "init",
#ifdef CONFIG_VMX_APICV
	[EXIT_APIC] = "apic",
#endif
	[EXIT_INVALID_STATE] = "invalid-state", [EXIT_UNKNOWN] = "unknown"
};

#ifdef CONFIG_VMX_APICV
_Static_assert(EXIT_UNKNOWN == 21, "a name for each kind");
#else
_Static_assert(EXIT_UNKNOWN == 20, "a name for each kind");
#endif

void account_log(const struct vp *vp, uint32_t index)
{
	const char *partition = partition_config(vp->partition)->name;

	if (index >= EXIT_KIND_COUNT) {
		log_line("partition %s vp %u denied: %lu", partition,
			 vp->number, vp->denied_count);
	} else if (vp->exits[index] != 0) {
		log_line("partition %s vp %u exits: %s %lu", partition,
			 vp->number, account_names[index], vp->exits[index]);
	}
}
