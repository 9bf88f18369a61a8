/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page walk of every mode (APM2 chapter 5). An entry is copied once; what
 * was copied is checked and used, and the accessed and dirty bits go into the
 * guest's table only if the entry is still the one that was checked.
 */
#include "vcpu/gva.h"

#include "abi/msr.h"
#include "cpu/regs.h"
#include "lib/bits.h"
#include "mem/window.h"

/* Bits of an entry, of every mode. */
#define ENTRY_PRESENT BIT(0)
#define ENTRY_WRITE BIT(1)
#define ENTRY_USER BIT(2)
#define ENTRY_ACCESSED BIT(5)
#define ENTRY_DIRTY BIT(6)
#define ENTRY_LARGE BIT(7)
#define ENTRY_NO_EXECUTE BIT(63)
#define ENTRY_ADDRESS 0x000ffffffffff000ull

/* Page-fault error code (APM2 8.4.2). */
#define PF_PRESENT 1u
#define PF_WRITE 2u
#define PF_USER 4u
#define PF_RESERVED 8u
#define PF_FETCH 16u

#define LEVEL_MAX 4
_Static_assert(FETCH_MEMO_WORDS == LEVEL_MAX + 1, "a word of each level");
/* Other VPs may change an entry between the check and the update. */
#define WALK_ATTEMPTS 8

struct walk {
	uint64_t entry[LEVEL_MAX];
	gpa_t at[LEVEL_MAX];
	uint64_t all;		/* bits that every entry has */
	uint64_t any;		/* bits that some entry has */
	unsigned level;		/* that of the leaf: 0 the lowest */
	unsigned top;		/* highest that has rights */
	uint32_t error;		/* PF_PRESENT, PF_RESERVED */
};

/* What an access asks of the leaf. */
struct want {
	bool user, write, fetch, implicit;
};

static enum hv_err page_fault(const struct vcpu_mode *mode, gva_t address,
			      const struct want *want, uint32_t error,
			      struct gva_fault *fault)
{
	if (want->write) {
		error |= PF_WRITE;
	}
	if (want->user) {
		error |= PF_USER;
	}
	if (want->fetch &&
	    ((mode->cr4 & CR4_SMEP) != 0 ||
	     ((mode->efer & EFER_NXE) != 0 && (mode->cr4 & CR4_PAE) != 0))) {
		error |= PF_FETCH;
	}
	fault->vector = VECTOR_PF;
	fault->error = error;
	fault->address = address;
	return HV_ERR_FAULT;
}

/* Bits that must be zero in any entry of 8 bytes. */
static uint64_t reserved_always(const struct vcpu *vcpu,
				const struct vcpu_mode *mode)
{
	uint32_t width = partition_configs[vcpu->partition].gpa_bits;
	uint64_t reserved = ENTRY_ADDRESS & ~(BIT(width) - 1);

	if ((mode->efer & EFER_NXE) == 0) {
		reserved |= ENTRY_NO_EXECUTE;
	}
	return reserved;
}

/* Bits between the flags and the address of a large page. */
static uint64_t reserved_large(unsigned level)
{
	return (BIT(PAGE_SHIFT + 9 * level) - 1) & ~(BIT(13) - 1);
}

static inline void note_entry(struct walk *walk, unsigned level, gpa_t at,
			      uint64_t entry)
{
	walk->at[level] = at;
	walk->entry[level] = entry;
	walk->all &= entry;
	walk->any |= entry;
	walk->level = level;
}

/*
 * Four levels. Written for speed: each fetched instruction comes here. False:
 * walk->error says why, or *err is not HV_OK.
 */
static bool walk_long(struct window_hold *hold, const struct vcpu *vcpu,
		      const struct vcpu_mode *mode, gva_t address,
		      struct walk *walk, enum hv_err *err)
{
	uint64_t reserved = reserved_always(vcpu, mode);
	uint64_t entry, table = mode->cr3 & ENTRY_ADDRESS;
	unsigned level = 3, shift = 39;
	gpa_t at;

	walk->top = 3;
	for (;; level--, shift -= 9) {
		at = gpa(table + (((address.v >> shift) & 511) << 3));
		*err = window_hold_load64(hold, at, &entry);
		if (*err != HV_OK) {
			return false;
		}
		note_entry(walk, level, at, entry);
		if ((entry & ENTRY_PRESENT) == 0) {
			return false;
		}
		if ((entry & reserved) != 0) {
			break;
		}
		if (level == 0) {
			return true;
		}
		if ((entry & ENTRY_LARGE) != 0) {
			if (level == 3 ||
			    (entry & reserved_large(level)) != 0) {
				break;
			}
			return true;
		}
		table = entry & ENTRY_ADDRESS;
	}
	walk->error = PF_PRESENT | PF_RESERVED;
	return false;
}

/*
 * Three levels. The four entries of the top are read at each walk, as with
 * nested paging (APM2 15.25.10); they have no rights and no accessed bit.
 */
static bool walk_pae(struct window_hold *hold, const struct vcpu *vcpu,
		     const struct vcpu_mode *mode, gva_t address,
		     struct walk *walk, enum hv_err *err)
{
	uint64_t reserved = reserved_always(vcpu, mode) | 0x7ff0000000000000ull;
	uint64_t entry, table = mode->cr3 & 0xffffffe0;
	unsigned level = 2;
	gpa_t at;

	walk->top = 1;
	for (;; level--) {
		at = gpa(table +
			 (((address.v >> (12 + 9 * level)) & 511) << 3));
		*err = window_hold_load64(hold, at, &entry);
		if (*err != HV_OK) {
			return false;
		}
		note_entry(walk, level, at, entry);
		if ((entry & ENTRY_PRESENT) == 0) {
			return false;
		}
		if ((entry & reserved) != 0) {
			break;
		}
		if (level == 2) {
			/* Bit 5 is reserved too, but QEMU's walk sets it. */
			if ((entry & (ENTRY_NO_EXECUTE | 0x1c6)) != 0) {
				break;
			}
			walk->all = ~0ull;
		} else if (level == 0) {
			return true;
		} else if ((entry & ENTRY_LARGE) != 0) {
			if ((entry & reserved_large(1)) != 0) {
				break;
			}
			return true;
		}
		table = entry & ENTRY_ADDRESS;
	}
	walk->error = PF_PRESENT | PF_RESERVED;
	return false;
}

/*
 * Two levels of 4-byte entries. A large leaf has address bits 39:32 in its
 * bits 20:13 (PSE-36).
 */
static bool walk_legacy(struct window_hold *hold, const struct vcpu *vcpu,
			const struct vcpu_mode *mode, gva_t address,
			struct walk *walk, enum hv_err *err)
{
	uint32_t width = partition_configs[vcpu->partition].gpa_bits;
	uint64_t table = mode->cr3 & 0xfffff000, high;
	unsigned level = 1;
	uint32_t entry;
	gpa_t at;

	walk->top = 1;
	for (;; level--) {
		at = gpa(table +
			 (((address.v >> (12 + 10 * level)) & 1023) << 2));
		*err = window_hold_read(hold, at, &entry, 4);
		if (*err != HV_OK) {
			return false;
		}
		note_entry(walk, level, at, entry);
		if ((entry & ENTRY_PRESENT) == 0) {
			return false;
		}
		if (level == 0) {
			return true;
		}
		if ((entry & ENTRY_LARGE) != 0 && (mode->cr4 & CR4_PSE) != 0) {
			high = (uint64_t)((entry >> 13) & 0xff) << 32;
			if ((entry & BIT(21)) != 0 || high >> width != 0) {
				walk->error = PF_PRESENT | PF_RESERVED;
				return false;
			}
			return true;
		}
		table = entry & 0xfffff000;
	}
}

/* 0 if the rights of all levels together suffice, else PF_PRESENT. */
static uint32_t check_rights(const struct vcpu *vcpu,
			     const struct vcpu_mode *mode,
			     const struct walk *walk, const struct want *want)
{
	bool user_page = (walk->all & ENTRY_USER) != 0;

	if (want->user && !user_page) {
		return PF_PRESENT;
	}
	if (want->write && (walk->all & ENTRY_WRITE) == 0 &&
	    (want->user || (mode->cr0 & CR0_WP) != 0)) {
		return PF_PRESENT;
	}
	/* Without NXE the bit is a reserved one, or no bit at all. */
	if (want->fetch && (walk->any & ENTRY_NO_EXECUTE) != 0) {
		return PF_PRESENT;
	}
	if (want->user || !user_page) {
		return 0;
	}
	if (want->fetch) {
		return (mode->cr4 & CR4_SMEP) != 0 ? PF_PRESENT : 0;
	}
	if ((mode->cr4 & CR4_SMAP) != 0 &&
	    (want->implicit || (vcpu->rflags & RFLAGS_AC) == 0)) {
		return PF_PRESENT;
	}
	return 0;
}

static gpa_t leaf_address(const struct vcpu_mode *mode,
			  const struct walk *walk, gva_t address)
{
	uint64_t entry = walk->entry[walk->level];
	uint64_t within;

	if ((mode->cr4 & CR4_PAE) == 0 && walk->level == 1) {
		within = BIT(22) - 1;
		return gpa((entry & 0xffc00000) |
			   ((entry >> 13) & 0xff) << 32 |
			   (address.v & within));
	}
	within = BIT(PAGE_SHIFT + 9 * walk->level) - 1;
	return gpa((entry & ENTRY_ADDRESS & ~within) | (address.v & within));
}

/* Reads and checks; changes nothing in the guest. */
static enum hv_err walk_find(struct window_hold *hold,
			     const struct vcpu *vcpu,
			     const struct vcpu_mode *mode, gva_t address,
			     const struct want *want, struct walk *walk,
			     gpa_t *to, struct gva_fault *fault)
{
	enum hv_err err;
	bool found;

	walk->all = ~0ull;
	walk->any = 0;
	walk->error = 0;
	if ((mode->efer & EFER_LMA) != 0) {
		found = walk_long(hold, vcpu, mode, address, walk, &err);
	} else if ((mode->cr4 & CR4_PAE) != 0) {
		found = walk_pae(hold, vcpu, mode, address, walk, &err);
	} else {
		found = walk_legacy(hold, vcpu, mode, address, walk, &err);
	}
	if (err != HV_OK) {
		return err;
	}
	if (found) {
		walk->error = check_rights(vcpu, mode, walk, want);
	}
	if (!found || walk->error != 0) {
		return page_fault(mode, address, want, walk->error, fault);
	}
	*to = leaf_address(mode, walk, address);
	return HV_OK;
}

/* HV_ERR_STATE: an entry is no longer what was checked. */
static enum hv_err update_entry(const struct vcpu *vcpu, gpa_t at,
				unsigned size, uint64_t entry, uint64_t set)
{
	uint64_t old = entry;

	if ((entry & set) == set) {
		return HV_OK;
	}
	return window_exchange(vcpu->partition, at, size, &old, entry | set);
}

static enum hv_err update_levels(const struct vcpu *vcpu,
				 const struct vcpu_mode *mode,
				 const struct walk *walk, uint64_t leaf_bits)
{
	unsigned size = (mode->cr4 & CR4_PAE) != 0 ? 8 : 4;
	enum hv_err err = HV_OK;
	unsigned level;

	for (level = walk->top; level > walk->level && err == HV_OK; level--) {
		err = update_entry(vcpu, walk->at[level], size,
				   walk->entry[level], ENTRY_ACCESSED);
	}
	if (err != HV_OK) {
		return err;
	}
	return update_entry(vcpu, walk->at[level], size, walk->entry[level],
			    leaf_bits);
}

/* Accessed and dirty bits: nearly always set already. */
static inline enum hv_err update_accessed(const struct vcpu *vcpu,
					  const struct vcpu_mode *mode,
					  const struct walk *walk, bool write)
{
	uint64_t leaf_bits = ENTRY_ACCESSED | (write ? ENTRY_DIRTY : 0);

	if ((walk->all & ENTRY_ACCESSED) != 0 &&
	    (walk->entry[walk->level] & leaf_bits) == leaf_bits) {
		return HV_OK;
	}
	return update_levels(vcpu, mode, walk, leaf_bits);
}

static inline bool is_canonical(gva_t address)
{
	return (uint64_t)((int64_t)(address.v << 16) >> 16) == address.v;
}

static enum hv_err not_canonical(struct gva_fault *fault)
{
	*fault = (struct gva_fault){ .vector = VECTOR_GP };
	return HV_ERR_FAULT;
}

enum hv_err gva_translate(const struct vcpu *vcpu,
			  const struct vcpu_mode *mode, gva_t address,
			  uint32_t access, gpa_t *to,
			  struct gva_fault *fault)
{
	struct want want = {
		.write = (access & ACCESS_WRITE) != 0,
		.fetch = (access & ACCESS_EXECUTE) != 0,
		.implicit = (access & GVA_IMPLICIT) != 0
	};
	enum hv_err err = HV_ERR_STATE;
	struct window_hold hold;
	struct walk walk;
	unsigned attempt;

	if (!mode->paging) {
		*to = gpa(address.v & 0xffffffff);
		return HV_OK;
	}
	if (!is_canonical(address)) {
		return not_canonical(fault);
	}
	want.user = mode->cpl == 3 && !want.implicit;
	for (attempt = 0; attempt < WALK_ATTEMPTS && err == HV_ERR_STATE;
	     attempt++) {
		window_hold(&hold, vcpu->partition);
		err = walk_find(&hold, vcpu, mode, address, &want, &walk, to,
				fault);
		window_release(&hold);
		if (err == HV_OK) {
			err = update_accessed(vcpu, mode, &walk, want.write);
		}
	}
	return err;
}

/* With care: every mode, every fault. */
static __attribute__((noinline)) enum hv_err
fetch_word_slow(struct window_hold *hold, const struct vcpu *vcpu,
		const struct vcpu_mode *mode, gva_t address, uint64_t *word,
		struct gva_fault *fault)
{
	struct want want = { .user = mode->cpl == 3, .fetch = true };
	gpa_t from = gpa(address.v & 0xffffffff);
	enum hv_err err = HV_OK;
	struct walk walk;

	if (!is_canonical(address)) {
		err = not_canonical(fault);
	} else if (mode->paging) {
		err = walk_find(hold, vcpu, mode, address, &want, &walk,
				&from, fault);
	}
	if (err == HV_OK) {
		err = window_hold_load64(hold, from, word);
	}
	window_release(hold);
	if (err == HV_OK && mode->paging) {
		err = update_accessed(vcpu, mode, &walk, false);
	}
	return err;
}

/* The entry of one level; it must be so in the bits of mask. */
static inline __attribute__((always_inline)) bool
quick_entry(struct window_hold *hold, uint64_t table, gva_t address,
	    unsigned level, uint64_t mask, uint64_t wanted,
	    struct window_memo *memo)
{
	uint64_t index = (address.v >> (PAGE_SHIFT + 9 * level)) & 511;
	gpa_t at = gpa((table & ENTRY_ADDRESS) + index * sizeof(table));
	uint64_t entry;

	if (window_hold_load64(hold, at, &entry) != HV_OK) {
		return false;
	}
	window_hold_memo(hold, at, entry, memo);
	return (entry & mask) == wanted;
}

/*
 * The hot path of exits whose instruction must be fetched: four levels
 * straight on, each entry present, accessed, with the rights; a leaf of 4 KiB
 * or 2 MiB. Addresses beyond the partition's width are found by the window.
 * Answers how many words it read, all in memo; 0: nothing is decided.
 */
static inline __attribute__((always_inline)) unsigned
quick_fetch(struct window_hold *hold, const struct vcpu_mode *mode,
	    gva_t address, struct window_memo *memo)
{
	uint64_t wanted = ENTRY_PRESENT | ENTRY_ACCESSED |
			  (mode->cpl == 3 ? ENTRY_USER : 0);
	/* NX is a reserved bit or a missing right: either way no fetch. */
	uint64_t mask = ENTRY_NO_EXECUTE | wanted;
	uint64_t all, word;
	unsigned count = 4;
	gpa_t from;

	if (!quick_entry(hold, mode->cr3, address, 3, mask | ENTRY_LARGE,
			 wanted, &memo[0]) ||
	    !quick_entry(hold, memo[0].value, address, 2, mask | ENTRY_LARGE,
			 wanted, &memo[1]) ||
	    !quick_entry(hold, memo[1].value, address, 1, mask, wanted,
			 &memo[2])) {
		return 0;
	}
	all = memo[0].value & memo[1].value & memo[2].value;
	if ((memo[2].value & ENTRY_LARGE) != 0) {
		if ((memo[2].value & reserved_large(1)) != 0) {
			return 0;
		}
		count = 3;
		from = gpa((memo[2].value & ENTRY_ADDRESS &
			    ~(LARGE_PAGE_SIZE - 1)) |
			   (address.v & (LARGE_PAGE_SIZE - 1)));
	} else {
		if (!quick_entry(hold, memo[2].value, address, 0, mask,
				 wanted, &memo[3])) {
			return 0;
		}
		all &= memo[3].value;
		from = gpa((memo[3].value & ENTRY_ADDRESS) |
			   (address.v & PAGE_MASK));
	}
	/* A supervisor's page, if SMEP asks for one. */
	if ((all & ENTRY_USER) != 0 && (mode->cr4 & CR4_SMEP) != 0 &&
	    mode->cpl != 3) {
		return 0;
	}
	if (window_hold_load64(hold, from, &word) != HV_OK) {
		return 0;
	}
	window_hold_memo(hold, from, word, &memo[count]);
	return count + 1;
}

enum hv_err gva_fetch_word(const struct vcpu *vcpu,
			   const struct vcpu_mode *mode, gva_t address,
			   uint64_t *word, struct gva_memo *memo,
			   struct gva_fault *fault)
{
	struct window_hold hold;

	memo->count = 0;
	window_hold(&hold, vcpu->partition);
	if ((mode->efer & EFER_LMA) != 0 && is_canonical(address)) {
		memo->count = quick_fetch(&hold, mode, address, memo->word);
	}
	if (memo->count != 0) {
		memo->generation = window_hold_generation(&hold);
		*word = memo->word[memo->count - 1].value;
		window_release(&hold);
		return HV_OK;
	}
	return fetch_word_slow(&hold, vcpu, mode, address, word, fault);
}
