/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket lock: LPs enter in the order in which they came, so that a wait is
 * bounded by (LPs - 1) critical sections. Hypervisor code runs with
 * interrupts off and NMI handlers take no lock, so a holder is never
 * interrupted by another taker on its own LP. Zeroed memory is a free lock.
 */
#ifndef LIB_SPINLOCK_H
#define LIB_SPINLOCK_H

#include "lib/types.h"

struct spinlock {
	uint16_t next;		/* ticket of the next to come */
	uint16_t serving;	/* ticket that may enter */
};

static inline void spinlock_take(struct spinlock *lock)
{
	uint16_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_ACQUIRE);

	while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket) {
		__builtin_ia32_pause();
	}
}

/* Takes the lock if nobody has it or waits for it. */
static inline bool spinlock_try(struct spinlock *lock)
{
	uint16_t ticket = __atomic_load_n(&lock->serving, __ATOMIC_RELAXED);

	return __atomic_compare_exchange_n(&lock->next, &ticket,
					   (uint16_t)(ticket + 1), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void spinlock_give(struct spinlock *lock)
{
	/* Only the holder writes serving: no locked instruction needed, and
	 * a store of this processor's is a release. */
	__asm__ volatile("incw %0" : "+m"(lock->serving) : : "cc", "memory");
}

static inline bool spinlock_is_taken(const struct spinlock *lock)
{
	return __atomic_load_n(&lock->serving, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&lock->next, __ATOMIC_RELAXED);
}

#endif
