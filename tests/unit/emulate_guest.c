/* SPDX-License-Identifier: Apache-2.0 */
/* See emulate_guest.h. */
#include "emulate_guest.h"
#include "guest/launch.h"

#include "cpu/log.h"
#include "cpu/port.h"
#include "mem/window.h"

#define PAGE_ENTRY_RIGHTS 0x67ull	/* P W U A D */
#define TABLE_TOP 0x10000u
#define TABLE_2 0x11000u
#define TABLE_1 0x12000u
#define TABLE_0 0x13000u

uint8_t ram[RAM_SIZE];
struct vp vp;
struct vcpu_exit exit_now;
struct port_config ports[8];
struct port_trace port_traces[64];
unsigned port_count;
uint32_t port_answer;
char log_text[64];
unsigned log_count;
unsigned fail_count;
const char *fail_reason;
uint64_t fail_info[3];
bool exchange_fails;
unsigned end_count;
unsigned report_count;
uint32_t launch_waiting;
uint32_t launch_answer;
enum partition_end end_asked;

/* The tables are const to the code, not to its test. */
struct partition_config partition_configs_writable;
extern const struct partition_config partition_configs[1]
	__attribute__((alias("partition_configs_writable")));

static bool held;

/* ---- memory ------------------------------------------------------------ */

struct nested_leaf nested_walk(uint32_t partition, gpa_t address)
{
	struct nested_leaf leaf = { spa(address.v), 0, PAGE_SIZE, false,
				    false };

	assert_int_equal(partition, 0);
	assert_false(held);
	if (address.v >= RAM_SIZE) {
		return leaf;
	}
	leaf.rights = NESTED_READ | NESTED_WRITE | NESTED_EXECUTE;
	switch (address.v & ~PAGE_MASK) {
	case MMIO_PAGE:
		leaf.mmio = true;
		leaf.rights &= ~NESTED_EXECUTE;
		break;
	case OVERLAY_PAGE:
		leaf.overlay = true;
		leaf.rights &= ~NESTED_WRITE;
		break;
	case READ_ONLY_PAGE:
		leaf.rights &= ~NESTED_WRITE;
		break;
	}
	return leaf;
}

static enum hv_err check(gpa_t address, size_t size, bool write)
{
	for (size_t i = 0; i < size; i++) {
		uint64_t page = (address.v + i) & ~PAGE_MASK;

		if (page >= RAM_SIZE || page == MMIO_PAGE) {
			return HV_ERR_MMIO;
		}
		if (write && (page == OVERLAY_PAGE ||
			      page == READ_ONLY_PAGE)) {
			return HV_ERR_ACCESS;
		}
	}
	return HV_OK;
}

static enum hv_err do_read(gpa_t from, void *to, size_t size)
{
	enum hv_err err = check(from, size, false);

	if (err == HV_OK) {
		memcpy(to, ram + from.v, size);
	}
	return err;
}

enum hv_err window_read(uint32_t partition, gpa_t from, void *to, size_t size)
{
	assert_int_equal(partition, 0);
	assert_false(held);
	return do_read(from, to, size);
}

enum hv_err window_write(uint32_t partition, gpa_t to, const void *from,
			 size_t size)
{
	enum hv_err err = check(to, size, true);

	assert_int_equal(partition, 0);
	assert_false(held);
	if (err == HV_OK) {
		memcpy(ram + to.v, from, size);
	}
	return err;
}

void window_hold(struct window_hold *hold, uint32_t partition)
{
	/* span 0: nothing is mapped, each word takes the slow way */
	memset(hold, 0, sizeof(*hold));
	hold->partition = partition;
	assert_int_equal(partition, 0);
	assert_false(held);
	held = true;
}

void window_release(struct window_hold *hold)
{
	(void)hold;
	assert_true(held);
	held = false;
}

enum hv_err window_hold_load64_slow(struct window_hold *hold, gpa_t from,
				    uint64_t *value)
{
	return window_hold_read(hold, from, value, sizeof(*value));
}

enum hv_err window_hold_read(struct window_hold *hold, gpa_t from, void *to,
			     size_t size)
{
	(void)hold;
	assert_true(held);
	return do_read(from, to, size);
}

/* Nothing is remembered here: that is test_fetch.c's. */
void window_hold_memo(const struct window_hold *hold, gpa_t from,
		      uint64_t value, struct window_memo *memo)
{
	(void)hold;
	(void)from;
	assert_true(held);
	memset(memo, 0, sizeof(*memo));
	memo->value = value;
}

uint64_t window_hold_generation(const struct window_hold *hold)
{
	(void)hold;
	return 0;
}

bool window_is_same(uint32_t partition, uint64_t generation,
		    const struct window_memo *memos, uint64_t count)
{
	(void)partition;
	(void)generation;
	(void)memos;
	(void)count;
	return false;
}

enum hv_err window_exchange(uint32_t partition, gpa_t at, unsigned size,
			    uint64_t *old, uint64_t value)
{
	uint64_t is = 0;
	enum hv_err err = check(at, size, true);

	assert_int_equal(partition, 0);
	assert_false(held);
	if (err != HV_OK) {
		return err;
	}
	memcpy(&is, ram + at.v, size);
	if (is != *old || exchange_fails) {
		*old = is;
		return HV_ERR_STATE;
	}
	memcpy(ram + at.v, &value, size);
	return HV_OK;
}

/* ---- what is recorded -------------------------------------------------- */

static uint32_t trace(uint16_t port, uint8_t size, bool out, uint32_t value)
{
	assert_true(port_count < ARRAY_COUNT(port_traces));
	if (!out) {
		value = port_answer++;
	}
	port_traces[port_count++] =
		(struct port_trace){ port, size, out, value };
	return value;
}

uint8_t port_in8(uint16_t port)
{
	return (uint8_t)trace(port, 1, false, 0);
}

uint16_t port_in16(uint16_t port)
{
	return (uint16_t)trace(port, 2, false, 0);
}

uint32_t port_in32(uint16_t port)
{
	return trace(port, 4, false, 0);
}

void port_out8(uint16_t port, uint8_t v)
{
	(void)trace(port, 1, true, v);
}

void port_out16(uint16_t port, uint16_t v)
{
	(void)trace(port, 2, true, v);
}

void port_out32(uint16_t port, uint32_t v)
{
	(void)trace(port, 4, true, v);
}

void log_guest(uint32_t partition, char c)
{
	assert_int_equal(partition, 0);
	assert_true(log_count < sizeof(log_text));
	log_text[log_count++] = c;
}

void partition_fail(struct vp *failed, const char *reason, uint64_t info0,
		    uint64_t info1, uint64_t info2)
{
	assert_ptr_equal(failed, &vp);
	fail_info[0] = info0;
	fail_info[1] = info1;
	fail_info[2] = info2;
	fail_count++;
	fail_reason = reason;
}

void partition_request_end(struct vp *ended, enum partition_end end)
{
	assert_ptr_equal(ended, &vp);
	end_count++;
	end_asked = end;
}

void partition_report_boot(const struct vp *reporting)
{
	assert_ptr_equal(reporting, &vp);
	report_count++;
}

uint32_t launch_read(void)
{
	return launch_waiting;
}

enum outcome launch_write(struct vp *from, uint32_t value)
{
	assert_ptr_equal(from, &vp);
	launch_answer = value;
	return OUTCOME_STOP;
}

/* ---- setup ------------------------------------------------------------- */

int emulate_setup(void **state)
{
	(void)state;
	memset(ram, 0, sizeof(ram));
	memset(&vp, 0, sizeof(vp));
	memset(&exit_now, 0, sizeof(exit_now));
	memset(ports, 0, sizeof(ports));
	memset(port_traces, 0, sizeof(port_traces));
	partition_configs_writable = (struct partition_config){
		.name = "guest", .vp_count = 1, .gpa_bits = 40,
		.ports = ports, .port_default = PORT_DENY
	};
	port_count = 0;
	port_answer = 0xa1b2c3d4;
	log_count = 0;
	fail_count = end_count = report_count = 0;
	launch_waiting = launch_answer = 0;
	fail_reason = "";
	end_asked = END_NONE;
	held = exchange_fails = false;
	fake_vcpu_start(&vp.vcpu, 0, 0);
	return 0;
}

int emulate_teardown(void **state)
{
	(void)state;
	assert_false(held);
	return 0;
}

void set_segment(enum segment_name name, uint64_t base, uint32_t limit,
		 uint16_t attributes)
{
	fake_of(&vp.vcpu)->segment[name] =
		(struct segment_config){ base, limit, 8, attributes };
}

void put_code(const char *bytes, unsigned count)
{
	memset(ram + CODE + 0x100, 0x90, 16);
	memcpy(ram + CODE + 0x100, bytes, count);
}

void start_real(void)
{
	fake_vcpu_set_mode(&vp.vcpu, FAKE_REAL, 0);
	set_segment(SEGMENT_CS, CODE, 0xffff, 0x93);
	vp.vcpu.rip = 0x100;
}

static void start_flat(enum fake_mode mode, uint8_t cpl)
{
	uint16_t dpl = (uint16_t)(cpl << 5);

	fake_vcpu_set_mode(&vp.vcpu, mode, cpl);
	fake_of(&vp.vcpu)->cr0 |= CR0_WP;
	for (unsigned i = SEGMENT_ES; i <= SEGMENT_GS; i++) {
		set_segment((enum segment_name)i, 0, 0xffffffff, 0xc093 | dpl);
	}
	set_segment(SEGMENT_CS, 0, 0xffffffff,
		    (mode == FAKE_LONG ? 0xa09b : 0xc09b) | dpl);
	vp.vcpu.rip = CODE + 0x100;
}

void start_protected(void)
{
	start_flat(FAKE_PROTECTED_32, 0);
}

static void put64(uint32_t address, uint64_t value)
{
	memcpy(ram + address, &value, sizeof(value));
}

uint64_t *page_entry(uint32_t address)
{
	return (uint64_t *)(void *)(ram + TABLE_0) + (address >> 12);
}

static void fill_tables(void)
{
	for (uint32_t i = 0; i < 512; i++) {
		put64(TABLE_0 + 8 * i, i << 12 | PAGE_ENTRY_RIGHTS);
	}
	put64(TABLE_1, TABLE_0 | PAGE_ENTRY_RIGHTS);
}

void start_pae(uint8_t cpl)
{
	start_flat(FAKE_PAE, cpl);
	fake_of(&vp.vcpu)->cr3 = TABLE_2;
	put64(TABLE_2, TABLE_1 | 1);
	fill_tables();
}

void start_long(uint8_t cpl)
{
	start_flat(FAKE_LONG, cpl);
	fake_of(&vp.vcpu)->cr3 = TABLE_TOP;
	put64(TABLE_TOP, TABLE_2 | PAGE_ENTRY_RIGHTS);
	put64(TABLE_2, TABLE_1 | PAGE_ENTRY_RIGHTS);
	/* 3 GiB and up, without RAM, as one page */
	put64(TABLE_2 + 8 * 3, 0xc0000000ull | PAGE_ENTRY_RIGHTS | 0x80);
	fill_tables();
}
