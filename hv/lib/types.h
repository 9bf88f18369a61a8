/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The types that every level uses: addresses that cannot be mixed, errors,
 * and the few macros that the language lacks.
 */
#ifndef LIB_TYPES_H
#define LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ull
#define PAGE_MASK (PAGE_SIZE - 1)
#define LARGE_PAGE_SHIFT 21
#define LARGE_PAGE_SIZE 0x200000ull

/* A system physical, guest physical, guest virtual address. */
typedef struct { uint64_t v; } spa_t;
typedef struct { uint64_t v; } gpa_t;
typedef struct { uint64_t v; } gva_t;

static inline spa_t spa(uint64_t v)
{
	return (spa_t){ v };
}

static inline gpa_t gpa(uint64_t v)
{
	return (gpa_t){ v };
}

static inline gva_t gva(uint64_t v)
{
	return (gva_t){ v };
}

enum hv_err {
	HV_OK,
	HV_ERR_RANGE,		/* address or size outside what exists */
	HV_ERR_ALIGN,
	HV_ERR_ACCESS,		/* the right is not granted */
	HV_ERR_MMIO,		/* no RAM there */
	HV_ERR_FULL,		/* a declared capacity is used up */
	HV_ERR_STATE,
	HV_ERR_UNSUPPORTED,	/* the machine cannot */
	HV_ERR_FAULT		/* a guest's own page tables or segments */
};

#define must_use __attribute__((warn_unused_result))
#define aligned_page __attribute__((aligned(4096)))
#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

#endif
