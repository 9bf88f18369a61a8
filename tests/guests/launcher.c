/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Launch partitions that check nothing (LAUNCHER_* by the Makefile): what a
 * good one sees, and what the hypervisor does with those that are not.
 */
#include "lib/guest.h"

#include <abi/launch.h>

#define TABLE 0xa0000ull
#define PORT_LAUNCH 0x610

static const struct launch_table *const table =
	(const struct launch_table *)TABLE;
static struct launch_verdict verdict __attribute__((unused, aligned(4096)));

static void wait_loaded(void)
{
	while (inl(PORT_LAUNCH) != 0) {
		cpu_pause();
	}
}

static __attribute__((unused)) void say_all(uint32_t status)
{
	verdict.magic = LAUNCH_VERDICT_MAGIC;
	verdict.version = LAUNCH_VERSION;
	verdict.partition_count = table->partition_count;
	for (uint32_t i = 0; i < table->partition_count; i++) {
		verdict.partitions[i].status = status;
	}
}

static __attribute__((unused)) void answer(uint64_t gpa)
{
	outl(PORT_LAUNCH, (uint32_t)(gpa / PAGE));
	print("still here\n");
}

static uint64_t any_of(const uint8_t *bytes, unsigned count)
{
	uint64_t any = 0;

	while (count > 0) {
		any |= bytes[--count];
	}
	return any;
}

/* What stands in the table, and what is seen through the windows. */
static void look(void)
{
	check(table->magic == LAUNCH_TABLE_MAGIC
	      && table->version == LAUNCH_VERSION, "table", "%x", table->magic);
	check(table->manifest % PAGE == 0 && table->manifest_size == 0x10000,
	      "manifest-room", "%lx", table->manifest);
	check(any_of(table->policy_sha384, 48) != 0, "policy-hash", "zero");
	for (uint32_t i = 0; i < table->partition_count; i++) {
		const struct launch_partition *p = &table->partitions[i];
		const volatile uint64_t *first;

		if (i == table->self) {
			continue;
		}
		first = paging_window(0, p->window + 0x100000);
		print("sees %s: %lu bytes, first word %lx\n", p->name,
		      p->size, *first);
		check(any_of(p->vp_sha384, 48) != 0, "vp-hash", "zero");
		first = paging_window(0, p->window + p->size - PAGE);
		check(first[0] == 0 && first[511] == 0, "clear-at-the-end",
		      "%lx", first[0]);
	}
}

#if defined(LAUNCHER_abuse)
/* Nothing of the others can be handed on to the hypervisor. */
static void abuse(void)
{
	uint64_t window = table->partitions[table->self == 0 ? 1 : 0].window;
	volatile uint64_t *p = paging_window(1, window + 0x100000);
	uint64_t was = *p;
	uint64_t v;

	/* An overlay there, output of a hypercall, a message page. */
	wrmsr(MSR_HV_GUEST_OS_ID, 1);
	check(try_wrmsr(MSR_HV_HYPERCALL, window | 0x100001) == VECTOR_GP,
	      "overlay-in-window", "accepted");
	(void)try_wrmsr(0x40000073, window | 0x100001);
	(void)try_wrmsr(0x40000083, window | 0x100001);
	check(*p == was, "window-unchanged", "%lx", *p);
	v = cpuid(0x80000008, 0).eax & 0xff;
	check(1ull << v > window + 0x100000, "width", "%lu", v);
}
#endif

void guest_main(void)
{
	wait_loaded();
	look();
#if defined(LAUNCHER_ok)
	say_all(LAUNCH_OK);
	answer((uint64_t)&verdict);
#elif defined(LAUNCHER_some)
	/* All but the last. */
	say_all(LAUNCH_OK);
	verdict.partitions[table->partition_count - 1].status =
		LAUNCH_BAD_PAYLOAD;
	answer((uint64_t)&verdict);
#elif defined(LAUNCHER_junk)
	say_all(0x12345678);
	verdict.partitions[table->partition_count - 1].status = LAUNCH_OK;
	verdict.partitions[table->partition_count - 1].reserved = 1;
	answer((uint64_t)&verdict);
#elif defined(LAUNCHER_nowhere)
	say_all(LAUNCH_OK);
	answer(table->partitions[1].window);
#elif defined(LAUNCHER_write)
	*(volatile uint64_t *)paging_window(1, table->partitions[1].window) = 1;
	answer((uint64_t)&verdict);
#elif defined(LAUNCHER_run)
	((void (*)(void))(uintptr_t)paging_window(1, 0x100000 +
		table->partitions[1].window))();
	answer((uint64_t)&verdict);
#elif defined(LAUNCHER_stays)
	say_all(LAUNCH_OK);
	answer((uint64_t)&verdict);
	answer((uint64_t)&verdict);	/* to nobody: all is decided */
	print("and sees %lx\n", *(const volatile uint64_t *)
	      paging_window(0, table->partitions[1].window + 0x100000));
#elif defined(LAUNCHER_hang)
	for (;;) {
		cpu_pause();
	}
#elif defined(LAUNCHER_crash)
	__asm__ volatile("lidt %0\n\tud2" : : "m"(*(const char *)TABLE));
#elif defined(LAUNCHER_reset)
	outb(0x602, 1);
#elif defined(LAUNCHER_abuse)
	abuse();
	say_all(LAUNCH_OK);
	print("DONE %u passed, %u failed\n", passed_count, failed_count);
	answer((uint64_t)&verdict);
#endif
}
