/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's log: lines in a RAM ring that survives a warm reset, and
 * on the console that Kconfig chose. Writing never waits for the console:
 * log_pump() moves a bounded number of characters at a time. It costs time, and
 * so is done in the time of who made the lines, or in nobody's.
 */
#ifndef CPU_LOG_H
#define CPU_LOG_H

#include "lib/types.h"

/*
 * One line, without a newline. Understands %s %c %u %x %lu %lx %zu, a width
 * and 0, nothing else. Guest text must come through log_guest().
 */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Finds the ring, or makes it. First thing of all. */
void log_start(void);

/* A character of a partition's log port; lines come out as "[name] ...". */
void log_guest(uint32_t partition, char c);

/* From now on, what is written in the slot of a partition's VP is owed by that
 * partition. Every LP that writes has its struct lp. */
void log_begin_charging(void);

/* Characters that one call moves: few, so that nothing has to wait long. */
#define LOG_PUMP_MAX 16u

/* Moves up to LOG_PUMP_MAX characters to the console, fewer if it is busy. */
void log_pump(void);
/* As log_pump(), but no more than this partition owes, or nobody does. */
void log_pay(uint32_t partition);
/* Moves all, waiting for the console: before a halt or reset only. */
void log_flush(void);

/* Not 0: the ring has characters that the console has not. */
extern volatile uint32_t log_waiting;

static inline must_use bool log_is_shown(void)
{
	return log_waiting == 0;
}

/* The machine does not match the spec: the log has said how; stay here. */
_Noreturn void log_refuse(void);

/*
 * A broken hypervisor: every LP stops, record, flush, then the reset policy
 * of Kconfig. panic_begin() is its first half, for who has more to say before.
 */
void panic_begin(void);
_Noreturn void panic(const char *reason, uint64_t info0, uint64_t info1);

#define CHECK(x) ((x) ? (void)0 : panic("CHECK " #x, __LINE__, 0))

#endif
