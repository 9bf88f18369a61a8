/* SPDX-License-Identifier: Apache-2.0 */
/* Code in any mode of the processor: see modes.h. */
#include "modes.h"

#define CR0_PE 1u
#define CR0_ET_NE 0x30u
#define CR0_WP 0x10000u
#define CR0_PG 0x80000000u
#define CR4_PAE 0x20u

struct mode_record {
	uint32_t gpr[8];
	uint32_t eip, cs, flags, vector, error, cr2, ds, fs;
	uint32_t cr0, cr3, cr4, real;
	uint64_t host_rsp, host_cr3;
	uint32_t host_cr4, host_cr0;
	uint8_t host_idt[10];
};
_Static_assert(offsetof(struct mode_record, eip) == REC_EIP, "modes.S");
_Static_assert(offsetof(struct mode_record, fs) == REC_FS, "modes.S");
_Static_assert(offsetof(struct mode_record, real) == REC_REAL, "modes.S");
_Static_assert(offsetof(struct mode_record, host_idt) == REC_HOST_IDT,
	       "modes.S");

const char *const mode_names[MODE_COUNT] = {
	"real", "prot16", "prot32", "page16", "page32", "pae32",
	"compat16", "compat32", "long64",
};

extern uint8_t mode_blob[], mode_blob_end[], mode_gdt[], mode_stubs32[],
	mode_stubs16[], mode_restore[];
void mode_enter(void);
void mode_enter_compat(void);

uint64_t mode_idt32[64] __attribute__((aligned(8)));
static uint32_t page_directory[1024] __attribute__((aligned(4096)));
static uint32_t page_table[1024] __attribute__((aligned(4096)));
static uint64_t pae_root[4] __attribute__((aligned(32)));
static bool compat_active;

static struct mode_record *record(void)
{
	uint64_t address = MODE_RECORD;

	__asm__("" : "+r"(address));	/* no array of size 0 for gcc */
	return (struct mode_record *)address;
}

static uint64_t low(const uint8_t *in_blob)
{
	return MODE_BLOB + (uint64_t)(in_blob - mode_blob);
}

uint32_t mode_fetch_error(enum mode m)
{
	/* EFER.NXE counts where page table entries have 64 bits. */
	bool nxe = (rdmsr(MSR_EFER) >> 11 & 1) != 0;

	return m >= MODE_PAE32 && nxe ? 16 : 0;
}

/* An exception or interrupt of compatibility code. */
static bool compat_trap(struct trap_frame *f)
{
	struct mode_record *r = record();

	if (!compat_active) {
		return false;
	}
	compat_active = false;
	for (unsigned i = 0; i < 8; i++) {
		r->gpr[i] = (uint32_t)f->gpr[i];
	}
	r->eip = (uint32_t)f->rip;
	r->cs = (uint32_t)f->cs;
	r->flags = (uint32_t)f->rflags;
	r->vector = (uint32_t)f->vector;
	r->error = (uint32_t)f->error;
	r->cr2 = (uint32_t)read_cr2();
	f->rip = (uint64_t)mode_restore;
	f->cs = SEL_CODE64;
	f->ss = SEL_DATA;
	f->rsp = r->host_rsp;
	f->rflags = 2;
	return true;
}

void mode_init(void)
{
	uint32_t (*vectors)[1] = 0;

	memcpy((void *)MODE_BLOB, mode_blob,
	       (size_t)(mode_blob_end - mode_blob));
	__asm__("" : "+r"(vectors));
	for (uint32_t i = 0; i < 64; i++) {
		uint64_t stub = low(mode_stubs32) + i * 16;

		mode_idt32[i] = (stub & 0xffff) | SEL_CODE32 << 16
			| 0x8e0000000000ull | (stub >> 16) << 48;
		vectors[i][0] = (uint32_t)low(mode_stubs16) + i * 8;
	}
	for (uint32_t i = 0; i < 1024; i++) {
		page_table[i] = i << 12 | 3;
	}
	page_directory[0] = (uint32_t)(uint64_t)page_table | 3;
	pae_root[0] = (uint64_t)paging_pd[0] | 1;
	trap_hook = compat_trap;
}

void mode_set_page(uint32_t address, bool present, bool writable)
{
	uint32_t bits = (present ? 1 : 0) | (writable ? 2 : 0);

	address &= ~0xfffu;
	page_table[address >> 12] = address | bits;
	paging_set_low(address, address | bits);
}

/* Base and limit of a data descriptor. */
static void set_descriptor(unsigned selector, uint32_t base, uint32_t limit)
{
	uint64_t *d = (uint64_t *)(low(mode_gdt) + selector);
	uint64_t g = 0;

	if (limit > 0xfffff) {
		limit >>= 12;
		g = 1;
	}
	*d = (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16
		| 0x93ull << 40 | (uint64_t)(limit >> 16) << 48 | 1ull << 54
		| g << 55 | (uint64_t)(base >> 24) << 56;
}

static void prepare(const struct mode_run *run, struct mode_record *r)
{
	uint32_t limit = run->data_limit != 0 ? run->data_limit : 0xffffffff;

	r->eip = run->code - MODE_CODE_BASE;
	r->flags = 2;
	r->real = run->mode == MODE_REAL;
	r->cr0 = CR0_PE | CR0_ET_NE | CR0_WP;
	r->cr3 = 0;
	r->cr4 = 0;
	if (run->mode == MODE_REAL) {
		r->cs = MODE_CODE_BASE >> 4;
		r->ds = run->data_base >> 4;
		r->fs = run->fs_base >> 4;
		return;
	}
	r->cs = mode_is_16(run->mode) ? SEL_TEST_CODE16 : SEL_TEST_CODE32;
	r->ds = SEL_TEST_DATA;
	r->fs = SEL_TEST_FS;
	set_descriptor(SEL_TEST_DATA, run->data_base, limit);
	set_descriptor(SEL_TEST_FS, run->fs_base, 0xffffffff);
	if (run->mode == MODE_PAGE16 || run->mode == MODE_PAGE32) {
		r->cr0 |= CR0_PG;
		r->cr3 = (uint32_t)(uint64_t)page_directory;
	} else if (run->mode == MODE_PAE32) {
		r->cr0 |= CR0_PG;
		r->cr3 = (uint32_t)(uint64_t)pae_root;
		r->cr4 = CR4_PAE;
	}
}

static void run_long(struct mode_run *run)
{
	struct try t = { .code = run->code };

	memcpy(t.gpr, run->gpr, sizeof(t.gpr));
	try_run(&t);
	memcpy(run->gpr, t.gpr, sizeof(t.gpr));
	run->vector = (uint32_t)t.vector;
	run->error = (uint32_t)t.error;
	run->rip = t.rip;
	run->cr2 = t.cr2;
	run->flags = t.rflags;
}

void mode_run(struct mode_run *run)
{
	struct mode_record *r = record();

	if (run->mode == MODE_LONG64) {
		run_long(run);
		return;
	}
	for (unsigned i = 0; i < 8; i++) {
		r->gpr[i] = (uint32_t)run->gpr[i];
	}
	prepare(run, r);
	if (run->mode == MODE_COMPAT16 || run->mode == MODE_COMPAT32) {
		compat_active = true;
		mode_enter_compat();
	} else {
		mode_enter();
	}
	for (unsigned i = 0; i < 8; i++) {
		run->gpr[i] = r->gpr[i];
	}
	run->vector = r->vector;
	run->error = r->error;
	run->rip = r->eip + MODE_CODE_BASE;
	run->cr2 = r->cr2;
	run->flags = r->flags;
}
