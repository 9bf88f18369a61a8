/* SPDX-License-Identifier: Apache-2.0 */
/* See fake_tlfs.h. */
#include "fake_tlfs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "abi/msr.h"
#include "core/channel_state.h"
#include "cpu/id.h"
#include "cpu/log.h"
#include "cpu/lp.h"
#include "cpu/tsc.h"
#include "guest/apic.h"
#include "guest/guest.h"
#include "mem/window.h"

struct partition_config fake_partition_configs[PARTITION_TEST_COUNT];
struct machine_config fake_machine_config;

struct partition partition_table[PARTITION_TEST_COUNT];
struct vp vp_table[4];
struct overlay_page overlay_pages_vp[4][OVERLAY_VP_COUNT];
struct channel_state channel_states[FAKE_CHANNELS];
struct channel_config fake_channel_configs[FAKE_CHANNELS];
const uint32_t channel_count = FAKE_CHANNELS;
const uint32_t vp_count = 4;

#define NONE_2 CONFIG_NONE, CONFIG_NONE
#define NONE_10 NONE_2, NONE_2, NONE_2, NONE_2, NONE_2
struct vp_config fake_vp_configs[4] = {
	{ .sint_channel = { NONE_10, NONE_2, NONE_2, NONE_2 } },
	{ .sint_channel = { NONE_2, NONE_2, CONFIG_NONE, 2, NONE_10 } },
	{ .sint_channel = { NONE_2, 0, CONFIG_NONE, 3, CONFIG_NONE, NONE_10 } },
	{ .sint_channel = { NONE_10, NONE_2, NONE_2, NONE_2 } },
};
struct overlay_page overlay_pages_partition[PARTITION_TEST_COUNT];

uint8_t fake_ram[PARTITION_TEST_COUNT][FAKE_RAM_SIZE];
struct fake_overlay fake_overlays[PARTITION_TEST_COUNT][FAKE_OVERLAY_MAX];
uint64_t fake_flushed[PARTITION_TEST_COUNT];
static uint64_t fake_generation[PARTITION_TEST_COUNT];
enum hv_err fake_map_answer;
void (*fake_on_flush)(void);
unsigned fake_flush_count;
uint64_t fake_flushed_vps;
unsigned fake_flush_guests_count;
uint64_t fake_tsc;
struct lp fake_lp;
uint64_t fake_xcr0;
char fake_log[32768];
struct fake_end fake_end;
struct fake_apic fake_apic;
uint64_t fake_raised[4][4];
uint64_t fake_posted[4][4];
unsigned fake_raised_count;

/* Ranges of MSRs that every partition of the tests has. */
static const struct msr_config fake_msrs[] = {
	{ .first = 0x10, .last = 0x10,
	  .read = MSR_EMULATE, .write = MSR_EMULATE },
	{ .first = 0x17, .last = 0x17, .read = MSR_VALUE, .write = MSR_DENY,
	  .value = 0x1122334455667788 },
	{ .first = 0x1b, .last = 0x1b,
	  .read = MSR_EMULATE, .write = MSR_EMULATE },
	{ .first = 0x34, .last = 0x34, .read = MSR_DENY, .write = MSR_STRICT },
	{ .first = 0x3b, .last = 0x3b,
	  .read = MSR_EMULATE, .write = MSR_EMULATE },
	{ .first = 0x8b, .last = 0x8b, .read = MSR_VALUE, .write = MSR_VALUE,
	  .value = 0x99 },
	{ .first = 0xfe, .last = 0xfe,
	  .read = MSR_EMULATE, .write = MSR_EMULATE },
	{ .first = 0x174, .last = 0x17b,
	  .read = MSR_EMULATE, .write = MSR_EMULATE },
	{ .first = 0x1a0, .last = 0x1a0,
	  .read = MSR_EMULATE, .write = MSR_EMULATE },
	{ .first = 0x1d9, .last = 0x1d9,
	  .read = MSR_EMULATE, .write = MSR_EMULATE },
	{ .first = 0x200, .last = 0x2ff,
	  .read = MSR_EMULATE, .write = MSR_EMULATE },
	{ .first = 0x6e0, .last = 0x6e0,
	  .read = MSR_EMULATE, .write = MSR_EMULATE },
	{ .first = 0x800, .last = 0x8ff,
	  .read = MSR_EMULATE, .write = MSR_EMULATE },
	{ .first = 0xda0, .last = 0xda0,
	  .read = MSR_EMULATE, .write = MSR_EMULATE },
	/* A row may take a synthetic MSR away. */
	{ .first = 0x40000003, .last = 0x40000003,
	  .read = MSR_EMULATE, .write = MSR_EMULATE },
	{ .first = 0xc0000080, .last = 0xc0000084,
	  .read = MSR_EMULATE, .write = MSR_EMULATE },
	{ .first = 0xc0000102, .last = 0xc0000103,
	  .read = MSR_PASS, .write = MSR_PASS },
};

static void fake_fill_partition(uint32_t index, const char *name,
				uint32_t vp_first, uint32_t vp_count)
{
	fake_partition_configs[index] = (struct partition_config){
		.name = name,
		.vp_first = vp_first,
		.vp_count = vp_count,
		.gpa_bits = FAKE_GPA_BITS,
		.msrs = fake_msrs,
		.msr_count = ARRAY_COUNT(fake_msrs),
		.cr4_allow = 0x0007ffff & ~(1ull << 13),
		.efer_allow = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE,
		.xcr0_allow = 7,
	};
	partition_table[index].index = index;
	partition_table[index].state = PARTITION_RUNNING;
}

static void fake_fill_channels(void)
{
	static const struct channel_config channels[FAKE_CHANNELS] = {
		{ .from = PARTITION_FULL, .connection = 0x10, .vp = 2,
		  .port = 0x20, .kind = CHANNEL_MESSAGES, .sint = 2 },
		{ .from = PARTITION_FULL, .connection = 0x11, .vp = 2,
		  .port = 0x21, .kind = CHANNEL_EVENTS, .sint = 3,
		  .flag_first = 8, .flag_count = 4 },
		{ .from = PARTITION_NONE, .connection = 0x10, .vp = 1,
		  .port = 0x30, .kind = CHANNEL_MESSAGES, .sint = 5 },
		{ .from = PARTITION_BARE, .connection = 0x10, .vp = 2,
		  .port = 0x40, .kind = CHANNEL_MESSAGES, .sint = 4 },
	};

	memcpy(fake_channel_configs, channels, sizeof(channels));
	memset(channel_states, 0, sizeof(channel_states));
	fake_partition_configs[PARTITION_FULL].channel_count = 2;
	fake_partition_configs[PARTITION_NONE].channel_first = 2;
	fake_partition_configs[PARTITION_NONE].channel_count = 1;
	fake_partition_configs[PARTITION_BARE].channel_first = 3;
	fake_partition_configs[PARTITION_BARE].channel_count = 1;
}

int fake_tlfs_setup(void **state)
{
	static const uint8_t partition_of[] = { 0, 0, 1, 2 };
	static const uint8_t number_of[] = { 0, 1, 0, 0 };

	(void)state;
	memset(partition_table, 0, sizeof(partition_table));
	memset(vp_table, 0, sizeof(vp_table));
	memset(overlay_pages_vp, 0xee, sizeof(overlay_pages_vp));
	memset(overlay_pages_partition, 0xee, sizeof(overlay_pages_partition));
	memset(fake_ram, 0, sizeof(fake_ram));
	memset(fake_overlays, 0, sizeof(fake_overlays));
	memset(fake_flushed, 0, sizeof(fake_flushed));
	memset(fake_generation, 0, sizeof(fake_generation));
	memset(fake_log, 0, sizeof(fake_log));
	memset(&fake_end, 0, sizeof(fake_end));
	fake_apic = (struct fake_apic){ .answer = true, .cr8 = -1 };
	fake_map_answer = HV_OK;
	fake_on_flush = NULL;
	fake_flush_count = 0;
	fake_flushed_vps = 0;
	fake_flush_guests_count = 0;
	fake_tsc = 1000000;
	fake_lp = (struct lp){ .long_end = UINT64_MAX };
	fake_xcr0 = 0x100000207;
	cpu_id_vendor = VENDOR_AMD;

	fake_fill_partition(PARTITION_FULL, "full", 0, 2);
	fake_fill_partition(PARTITION_NONE, "none", 2, 1);
	fake_fill_partition(PARTITION_BARE, "bare", 3, 1);
	fake_fill_channels();
	memset(fake_raised, 0, sizeof(fake_raised));
	memset(fake_posted, 0, sizeof(fake_posted));
	fake_raised_count = 0;
	fake_partition_configs[PARTITION_FULL].flags = PARTITION_TLFS;
	fake_partition_configs[PARTITION_FULL].hv_privileges = ~0ull;
	fake_partition_configs[PARTITION_NONE].flags = PARTITION_TLFS;
	fake_partition_configs[PARTITION_BARE].hv_privileges = ~0ull;

	for (uint32_t i = 0; i < ARRAY_COUNT(vp_table); i++) {
		struct vp *vp = &vp_table[i];

		vp->index = i;
		vp->partition = partition_of[i];
		vp->number = number_of[i];
		vp->state = VP_RUNNING;
		fake_vcpu_start(&vp->vcpu, i, vp->partition);
	}
	for (uint32_t i = 0; i < PARTITION_TEST_COUNT; i++) {
		partition_table[i].tsc_start = fake_tsc;
		synth_reset_partition(i);
	}
	for (uint32_t i = 0; i < ARRAY_COUNT(vp_table); i++) {
		synth_reset_vp(&vp_table[i]);
	}
	return 0;
}

/* ---- cpu --------------------------------------------------------------- */

struct lp *lp_self(void)
{
	return &fake_lp;
}

uint64_t tsc_read(void)
{
	return fake_tsc;
}

uint64_t tsc_hz(void)
{
	return FAKE_TSC_HZ;
}

uint64_t tsc_reference_scale(void)
{
	return (uint64_t)(((unsigned __int128)10000000 << 64) / FAKE_TSC_HZ);
}

/*
 * Leaf 0xD of a machine with AVX (2), something of 72 bytes (8), PKRU aligned
 * (9), a small one that lies low (10); the rest is a pattern.
 */
void cpu_id_read(uint32_t leaf, uint32_t subleaf, uint32_t regs[4])
{
	for (unsigned i = 0; i < 4; i++) {
		regs[i] = 0xf0f0f0f0u + (i << 24) + i;
	}
	if (leaf != 0xd || (subleaf > 2 && subleaf < 8) || subleaf > 10) {
		return;
	}
	memset(regs, 0, 4 * sizeof(regs[0]));
	if (subleaf == 0) {
		regs[0] = (uint32_t)fake_xcr0;
		regs[1] = 0xdead;
		regs[2] = 0xdead;
		regs[3] = (uint32_t)(fake_xcr0 >> 32);
	} else if (subleaf == 1) {
		regs[0] = 0xf;
		regs[1] = 0xdead;
	} else if (subleaf == 2) {
		regs[0] = 256;
		regs[1] = 576;
	} else if (subleaf == 8) {
		regs[0] = 72;
		regs[1] = 1000;
	} else if (subleaf == 10) {
		regs[0] = 16;
		regs[1] = 1200;
	} else if (subleaf == 9) {
		regs[0] = 8;
		regs[1] = 2688;
		regs[2] = 2;
	}
}

void log_line(const char *format, ...)
{
	size_t used = strlen(fake_log);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(fake_log + used, sizeof(fake_log) - used - 1, format,
		  arguments);
	va_end(arguments);
	strcat(fake_log, "\n");
}

void log_guest(uint32_t partition, char c)
{
	size_t used = strlen(fake_log);

	(void)partition;
	if (used + 1 < sizeof(fake_log)) {
		fake_log[used] = c;
	}
}

/* ---- mem --------------------------------------------------------------- */

static enum hv_err fake_check(uint32_t partition, uint64_t at, size_t size)
{
	if (partition >= PARTITION_TEST_COUNT || at >= FAKE_RAM_SIZE ||
	    size > FAKE_RAM_SIZE - at) {
		return HV_ERR_MMIO;
	}
	return HV_OK;
}

enum hv_err window_read(uint32_t partition, gpa_t from, void *to, size_t size)
{
	enum hv_err err = fake_check(partition, from.v, size);

	if (err == HV_OK) {
		memcpy(to, &fake_ram[partition][from.v], size);
	}
	return err;
}

enum hv_err window_write(uint32_t partition, gpa_t to, const void *from,
			 size_t size)
{
	enum hv_err err = fake_check(partition, to.v, size);

	if (err == HV_OK && (to.v & ~PAGE_MASK) == FAKE_READ_ONLY) {
		err = HV_ERR_ACCESS;
	}
	if (err == HV_OK) {
		memcpy(&fake_ram[partition][to.v], from, size);
	}
	return err;
}

enum hv_err nested_map_overlay(uint32_t partition, uint32_t id, gpa_t address,
			       spa_t page, uint32_t rights,
			       struct flush_token *token)
{
	struct fake_overlay *overlay = &fake_overlays[partition][id];

	if (address.v >> fake_partition_configs[partition].gpa_bits != 0) {
		return HV_ERR_RANGE;
	}
	if (overlay->mapped) {
		return HV_ERR_STATE;
	}
	/* Tables come free only once the removal is flushed. */
	if (overlay->changed > fake_flushed[partition]) {
		return HV_ERR_FULL;
	}
	if (fake_map_answer != HV_OK) {
		return fake_map_answer;
	}
	*overlay = (struct fake_overlay){
		.mapped = true, .gpa = address.v, .spa = page.v,
		.rights = rights, .changed = ++fake_generation[partition]
	};
	*token = (struct flush_token){ partition, overlay->changed };
	return HV_OK;
}

struct flush_token nested_unmap_overlay(uint32_t partition, uint32_t id)
{
	struct fake_overlay *overlay = &fake_overlays[partition][id];

	overlay->mapped = false;
	overlay->changed = ++fake_generation[partition];
	return (struct flush_token){ partition, overlay->changed };
}

void flush_consume(struct flush_token token)
{
	if (fake_flushed[token.partition] < token.generation) {
		fake_flushed[token.partition] = token.generation;
	}
	fake_flush_count++;
	if (fake_on_flush != NULL) {
		fake_on_flush();
	}
}

void flush_guests(struct vp *vp, uint64_t mask)
{
	(void)vp;
	fake_flushed_vps = mask;
	fake_flush_guests_count++;
}

/* ---- core and guest ---------------------------------------------------- */

uint64_t vp_guest_tsc(const struct vp *vp)
{
	return fake_tsc + vp->vcpu.tsc_offset;
}

void partition_fail(struct vp *vp, const char *reason, uint64_t info0,
		    uint64_t info1, uint64_t info2)
{
	(void)vp;
	fake_end.fail_count++;
	fake_end.reason = reason;
	fake_end.info[0] = info0;
	fake_end.info[1] = info1;
	fake_end.info[2] = info2;
}

void partition_request_end(struct vp *vp, enum partition_end end)
{
	(void)vp;
	fake_end.request_count++;
	fake_end.request = end;
}

struct vp *vp_of(uint32_t partition, uint32_t number)
{
	return &vp_table[fake_partition_configs[partition].vp_first + number];
}

void vp_request(struct vp *vp, uint32_t bits)
{
	vp->requests |= bits;
}

void vp_post_interrupt(struct vp *vp, uint8_t vector, bool level)
{
	if (!level) {
		fake_posted[vp->index][vector >> 6] |= 1ull << (vector & 63);
	}
}

void apic_set_requested(struct vp *vp, uint8_t vector)
{
	fake_raised[vp->index][vector >> 6] |= 1ull << (vector & 63);
	fake_raised_count++;
}

bool fake_take_vector(uint64_t vectors[4][4], const struct vp *vp,
		      uint8_t vector)
{
	uint64_t *word = &vectors[vp->index][vector >> 6];
	uint64_t bit = 1ull << (vector & 63);
	bool was = (*word & bit) != 0;

	*word &= ~bit;
	return was;
}

bool apic_read_msr(struct vp *vp, uint32_t msr, uint64_t *value)
{
	(void)vp;
	fake_apic.reads++;
	fake_apic.msr = msr;
	*value = fake_apic.value;
	return fake_apic.answer;
}

bool apic_write_msr(struct vp *vp, uint32_t msr, uint64_t value)
{
	(void)vp;
	fake_apic.writes++;
	fake_apic.msr = msr;
	fake_apic.written = value;
	return fake_apic.answer;
}

void apic_set_cr8(struct vp *vp, uint8_t cr8)
{
	(void)vp;
	fake_apic.cr8 = cr8;
}

void apic_adjust_tsc(struct vp *vp, uint64_t delta)
{
	(void)vp;
	fake_apic.tsc_delta += delta;
}

/* ---- a guest's instructions -------------------------------------------- */

enum outcome fake_rdmsr(struct vp *vp, uint32_t msr, uint64_t *value)
{
	struct vcpu_exit exit = {
		.kind = EXIT_MSR, .length = 2,
		.msr = { .index = msr, .write = false }
	};
	enum outcome outcome;

	vp->vcpu.gpr[GPR_RAX] = vp->vcpu.gpr[GPR_RDX] = ~0ull;
	vp->vcpu.gpr[GPR_RCX] = msr;
	outcome = msr_handle(vp, &exit);
	*value = vp->vcpu.gpr[GPR_RDX] << 32 | vp->vcpu.gpr[GPR_RAX];
	return outcome;
}

enum outcome fake_wrmsr(struct vp *vp, uint32_t msr, uint64_t value)
{
	struct vcpu_exit exit = {
		.kind = EXIT_MSR, .length = 2,
		.msr = { .index = msr, .write = true }
	};

	/* WRMSR ignores the upper halves. */
	vp->vcpu.gpr[GPR_RDX] = value >> 32 | 0xa5a5a5a500000000;
	vp->vcpu.gpr[GPR_RAX] = (uint32_t)value | 0xa5a5a5a500000000;
	vp->vcpu.gpr[GPR_RCX] = msr;
	return msr_handle(vp, &exit);
}

int fake_take_exception(struct vp *vp)
{
	struct vcpu_event event = vp->vcpu.event;

	vp->vcpu.event = (struct vcpu_event){ 0 };
	if (!event.valid || event.type != EVENT_EXCEPTION) {
		return -1;
	}
	return event.vector;
}

/* #GP with an error code of 0, and nothing else. */
static bool fake_took_gp(struct vp *vp, enum outcome outcome)
{
	struct vcpu_event event = vp->vcpu.event;

	return fake_take_exception(vp) == VECTOR_GP && event.has_error &&
	       event.error == 0 && outcome == OUTCOME_INJECT;
}

bool fake_rdmsr_faults(struct vp *vp, uint32_t msr)
{
	uint64_t value;
	enum outcome outcome = fake_rdmsr(vp, msr, &value);

	return fake_took_gp(vp, outcome) &&
	       vp->vcpu.gpr[GPR_RAX] == ~0ull &&
	       vp->vcpu.gpr[GPR_RDX] == ~0ull;
}

bool fake_wrmsr_faults(struct vp *vp, uint32_t msr, uint64_t value)
{
	return fake_took_gp(vp, fake_wrmsr(vp, msr, value));
}
