/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log. One ring of characters for the hypervisor's lines and for the
 * partitions' log ports, in memory that no boot loader clears: after a warm
 * reset what the previous run said is still there. The console is fed from
 * the ring, a few characters at a time: by LPs that have nothing to run, and
 * at exits of those partitions that wrote, as many characters as they wrote
 * (what nobody wrote, as at boot, is anybody's). So a neighbour that writes
 * much takes no time of others; and a console that is slow or absent loses
 * characters.
 */
#include "cpu/log.h"
#include "config/config.h"
#include "cpu/apic_regs.h"
#include "cpu/console.h"
#include "cpu/lp.h"
#include "cpu/port.h"
#include "cpu/regs.h"
#include "lib/fmt.h"
#include "lib/log_state.h"
#include "lib/spinlock.h"
#include "lib/string.h"

#define LOG_MAGIC 0x31676f4c6b6c7542ull		/* "BulkLog1" */
#define LOG_HEADER 32u
#define LOG_SIZE (CONFIG_LOG_RING_KIB * 1024u - LOG_HEADER)
#define LOG_LINE_MAX 192
/* trap_panic() and panic() begin once each; a fault in them once more. */
#define PANIC_DEPTH_MAX 4u

struct log_ring {
	uint64_t magic;
	uint64_t size;
	uint64_t head;		/* characters ever written */
	uint64_t check;		/* ~head: the two agree, or it is garbage */
	char text[LOG_SIZE];
};

_Static_assert(sizeof(struct log_ring) == CONFIG_LOG_RING_KIB * 1024u,
	       "whole pages");

static struct log_ring ring __attribute__((section(".noinit"), aligned(4096)));
static struct spinlock log_lock;
static uint64_t log_shown;	/* characters given to the console */
static uint32_t log_round = 1;	/* each ends when all has been shown */
static bool log_charges;
static uint64_t log_unowned;	/* characters that no partition owes */
volatile uint32_t log_waiting;	/* log_shown != ring.head, set under the lock */

static void log_put(char c)
{
	ring.text[ring.head % LOG_SIZE] = c;
	ring.head++;
	ring.check = ~ring.head;
	log_waiting = 1;
}

/* Under the lock: count characters came in, in somebody's time. */
static void log_charge(uint64_t count)
{
	uint32_t vp = log_charges ? lp_self()->current_vp : CONFIG_NONE;
	struct log_buffer *b;

	if (vp == CONFIG_NONE) {
		log_unowned += count;
		return;
	}
	b = &log_buffers[vp_configs[vp].partition];
	if (b->owed_round != log_round) {
		b->owed_round = log_round;
		b->owed = 0;
	}
	b->owed += (uint32_t)count;
}

void log_begin_charging(void)
{
	log_charges = true;
}

static void log_put_text(const char *text)
{
	for (; *text != 0; text++) {
		log_put(*text);
	}
}

void log_start(void)
{
	bool kept = ring.magic == LOG_MAGIC && ring.size == LOG_SIZE &&
		    ring.check == ~ring.head;

	if (!kept) {
		ring.magic = LOG_MAGIC;
		ring.size = LOG_SIZE;
		ring.head = 0;
		ring.check = ~0ull;
		log_shown = 0;
		return;
	}
	log_shown = ring.head > LOG_SIZE ? ring.head - LOG_SIZE : 0;
	log_unowned = ring.head - log_shown;
	log_line("log: what is above was left by the run before this one");
}

void log_line(const char *format, ...)
{
	char line[LOG_LINE_MAX];
	va_list args;
	uint64_t head;

	va_start(args, format);
	(void)fmt_print(line, sizeof(line), format, args);
	va_end(args);
	spinlock_take(&log_lock);
	head = ring.head;
	log_put_text("[bulkhead] ");
	log_put_text(line);
	log_put('\n');
	log_charge(ring.head - head);
	spinlock_give(&log_lock);
}

void log_guest(uint32_t partition, char c)
{
	struct log_buffer *b = &log_buffers[partition];

	/* count is read under the lock: a partition's VPs share the buffer. */
	spinlock_take(&log_lock);
	if (c == '\n' || b->count >= LOG_BUFFER_SIZE) {
		uint64_t head = ring.head;

		log_put('[');
		log_put_text(partition_configs[partition].name);
		log_put_text("] ");
		for (uint32_t i = 0; i < b->count; i++) {
			log_put(b->text[i]);
		}
		log_put('\n');
		log_charge(ring.head - head);
		b->count = 0;
	}
	/* Printable ASCII and TAB: a guest cannot forge another's line. */
	if (c == '\t' || (c >= ' ' && c <= '~')) {
		b->text[b->count++] = c;
	}
	spinlock_give(&log_lock);
}

/* Under the lock. Returns false when there is nothing left, or no room. */
static bool log_show_one(void)
{
	if (log_shown == ring.head || !console_is_ready()) {
		return false;
	}
	if (ring.head - log_shown > LOG_SIZE) {
		log_shown = ring.head - LOG_SIZE;
	}
	console_put(ring.text[log_shown % LOG_SIZE]);
	log_shown++;
	return true;
}

/* Under the lock: when all has been shown, nobody owes any more. */
static void log_settle(void)
{
	if (log_shown == ring.head) {
		log_waiting = 0;
		log_unowned = 0;
		log_round++;
	}
}

void log_pump(void)
{
	/* Whoever has the lock moves characters too, or soon will: nobody
	 * waits here for another LP's console. */
	if (!spinlock_try(&log_lock)) {
		return;
	}
	for (unsigned i = 0; i < LOG_PUMP_MAX && log_show_one(); i++) {
	}
	log_settle();
	spinlock_give(&log_lock);
}

void log_pay(uint32_t partition)
{
	struct log_buffer *b = &log_buffers[partition];
	uint64_t left;

	if (!spinlock_try(&log_lock)) {
		return;
	}
	left = log_unowned + (b->owed_round == log_round ? b->owed : 0);
	for (unsigned i = 0; i < LOG_PUMP_MAX && left != 0 && log_show_one();
	     i++, left--) {
		if (log_unowned != 0) {
			log_unowned--;
		} else {
			b->owed--;
		}
	}
	log_settle();
	spinlock_give(&log_lock);
}

/* Before a halt: waits for the console, but not for ever. */
void log_flush(void)
{
	uint64_t tries = 0;

	while (log_shown != ring.head && tries < 1ull << 24) {
		if (!log_show_one()) {
			tries++;
		}
	}
	log_settle();
}

void panic_begin(void)
{
	static volatile uint32_t owner;		/* APIC id + 1 */
	static uint32_t depth;
	uint32_t self = lapic_id() + 1;
	uint32_t none = 0;

	regs_interrupts_off();
	if (__atomic_compare_exchange_n(&owner, &none, self, false,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
		lp_stop_others();
	}
	/* Not the first LP; or a panic in the panic in the panic. */
	if (owner != self || ++depth > PANIC_DEPTH_MAX) {
		regs_halt();
	}
	/* Who had it does not give it back any more. */
	log_lock = (struct spinlock){ 0, 0 };
}

_Noreturn void panic(const char *reason, uint64_t info0, uint64_t info1)
{
	panic_begin();
	log_line("panic: %s info 0x%lx 0x%lx", reason, info0, info1);
	log_flush();
#ifdef CONFIG_PANIC_RESET
	/* Reset by the chipset, then by the keyboard controller. */
	port_out8(0xcf9, 0x02);
	port_out8(0xcf9, 0x06);
	port_out8(0x64, 0xfe);
#endif
	regs_halt();
}

_Noreturn void log_refuse(void)
{
	log_flush();
	regs_halt();
}
