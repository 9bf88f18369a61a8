/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/run/account.c hv/lib/sha384.c tests/unit/fake_panic.c */
/*
 * A partition's life from its first start to its end: the order of what is
 * done, in which pieces, and what its failure policy makes of it. The file
 * under test is included, with its hashes switched on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#undef CONFIG_LOG_START_HASH
#define CONFIG_LOG_START_HASH 1

#include "run/lifecycle.c"

/* Nobody checks here: test_launch.c. */
void launch_begin(struct partition *p)
{
	(void)p;
}

bool launch_is_waiting(const struct partition *p)
{
	(void)p;
	return false;
}

enum launch_step launch_step(struct partition *p)
{
	(void)p;
	return LAUNCH_STEP_GO;
}

static uint32_t launch_ends;

void launch_end(const struct partition *p)
{
	(void)p;
	launch_ends++;
}

const struct machine_config machine_config = {
	.launch_partition = CONFIG_NONE
};

#define GPA 0x100000ull
#define SPA 0x40000000ull
#define SIZE (3 * PIECE + 0x1000)
#define HIGH_GPA 0x1000000ull
#define HIGH_SPA 0x50000000ull
#define HIGH_SIZE PIECE
#define LOAD_SIZE (PIECE + 5)

static const struct region_config regions[] = {
	{ .gpa = GPA, .spa = SPA, .size = SIZE },
	{ .gpa = HIGH_GPA, .spa = HIGH_SPA, .size = HIGH_SIZE },
};
static const uint8_t payload[LOAD_SIZE] = { 1, 2, 3 };
static const struct load_config loads[] = {
	{ .gpa = HIGH_GPA + 0x10, .size = 3, .data = payload },
	{ .gpa = GPA + 0x2000, .size = LOAD_SIZE, .data = payload },
};
static const struct vp_state_config first;

/* 0: VPs 0 to 2, restarted twice; 1: VP 3, halted; 2: VP 4: panic. */
const struct partition_config partition_configs[] = {
	{ .name = "a", .vp_first = 0, .vp_count = 3, .regions = regions,
	  .region_count = 2, .loads = loads, .load_count = 2,
	  .failure = FAILURE_RESTART, .restart_max = 2 },
	{ .name = "b", .vp_first = 3, .vp_count = 1, .failure = FAILURE_HALT },
	{ .name = "c", .vp_first = 4, .vp_count = 1,
	  .failure = FAILURE_PANIC },
	{ .name = "d", .vp_first = 5, .vp_count = 1,
	  .failure = FAILURE_RESTART, .restart_max = CONFIG_NONE },
};
const uint32_t partition_count = 4;
const struct vp_config vp_configs[] = {
	{ .partition = 0, .number = 0, .lp = 0, .state = &first },
	{ .partition = 0, .number = 1, .lp = 1 },
	{ .partition = 0, .number = 2, .lp = 2 },
	{ .partition = 1, .number = 0, .lp = 1, .state = &first },
	{ .partition = 2, .number = 0, .lp = 1, .state = &first },
	{ .partition = 3, .number = 0, .lp = 1, .state = &first },
};
const uint32_t vp_count = 6;
const struct line_config line_configs[] = {
	{ .partition = 1 }, { .partition = 0 }, { .partition = 0 },
};
const uint32_t line_count = 3;

struct partition partition_table[4];
struct vp vp_table[6];
struct vcpu_pages vcpu_pages[6];

static struct partition *const a = &partition_table[0];
static char log[8192];
static char did[4096];			/* since the last look, in order */
static uint64_t clock;
static bool is_open[3];			/* lines */
static uint64_t touched;		/* bytes, in one piece of work */
static uint32_t flushed;

static void note(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static void note(const char *format, ...)
{
	size_t used = strlen(did);
	va_list args;

	va_start(args, format);
	vsnprintf(did + used, sizeof(did) - used, format, args);
	va_end(args);
	assert_true(strlen(did) + 1 < sizeof(did));
}

void log_line(const char *format, ...)
{
	size_t used = strlen(log);
	va_list args;

	va_start(args, format);
	vsnprintf(log + used, sizeof(log) - used, format, args);
	va_end(args);
	strncat(log, "\n", sizeof(log) - strlen(log) - 1);
	touched += 1000;		/* a line is a piece too */
}

uint64_t tsc_read(void)
{
	return clock;
}

void vp_request(struct vp *vp, uint32_t bits)
{
	vp->requests |= bits;
}

struct vp *vp_of(uint32_t partition, uint32_t number)
{
	assert_true(number < partition_configs[partition].vp_count);
	return &vp_table[partition_configs[partition].vp_first + number];
}

void vcpu_reset(struct vcpu *vcpu, const struct vp_state_config *state)
{
	/* Its LP must leave it alone. */
	assert_int_equal(vp_table[vcpu->index].state, VP_STOPPED);
	note("reset%u%s ", vcpu->index, state != NULL ? "s" : "");
}

void vcpu_load(struct vcpu *vcpu)
{
	note("load%u ", vcpu->index);
}

void apic_reset(struct vp *vp)
{
	note("apic%u ", vp->index);
}

void synth_reset_vp(struct vp *vp)
{
	note("synth%u ", vp->index);
}

void ioapic_reset(uint32_t partition)
{
	note("ioapic%u ", partition);
}

void synth_reset_partition(uint32_t partition)
{
	note("synth%u ", partition);
}

struct flush_token nested_restore(uint32_t partition)
{
	note("restore%u ", partition);
	return (struct flush_token){ partition, 9 };
}

void flush_consume(struct flush_token token)
{
	assert_int_equal(token.generation, 9);
	note("flush%u ", token.partition);
	flushed++;
}

static uint64_t guest_address(spa_t at)
{
	return at.v >= HIGH_SPA ? at.v - HIGH_SPA + HIGH_GPA
				: at.v - SPA + GPA;
}

void window_zero(spa_t at, uint64_t size)
{
	note("zero%lx+%lx ", guest_address(at), size);
	touched += size;
}

void window_copy(spa_t to, spa_t from, uint64_t size)
{
	note("copy%lx+%lx:%lx ", guest_address(to), size,
	     from.v - (uint64_t)payload);
	touched += size;
}

uint64_t window_hash(spa_t at, uint64_t size, uint64_t seed)
{
	touched += at.v >= SPA && at.v < HIGH_SPA + HIGH_SIZE ? size : 0;
	return seed * 31 + size;
}

void line_unmask(uint32_t line)
{
	/* Nothing of the partition runs yet. */
	assert_int_not_equal(partition_table[line_configs[line].partition].end,
			     END_NONE);
	is_open[line] = true;
}

void line_close(uint32_t partition)
{
	for (uint32_t i = 0; i < line_count; i++) {
		is_open[i] &= line_configs[i].partition != partition;
	}
}

/* ---- help -------------------------------------------------------------- */

static int setup(void **state)
{
	(void)state;
	memset(partition_table, 0, sizeof(partition_table));
	memset(vp_table, 0, sizeof(vp_table));
	memset(is_open, 0, sizeof(is_open));
	clock = 1000;
	flushed = 0;
	launch_ends = 0;
	lifecycle_start_all();
	for (uint32_t i = 0; i < partition_count; i++) {
		/* As a partition's end leaves it. */
		partition_table[i].end = END_RESET;
	}
	memset(log, 0, sizeof(log));
	memset(did, 0, sizeof(did));
	return 0;
}

/* All the work there is, in pieces; how many. */
static unsigned work(struct partition *p)
{
	unsigned count = 0;

	while (lifecycle_has_work(p)) {
		touched = 0;
		lifecycle_work(p);
		assert_true(touched <= PIECE);
		assert_true(++count < 1000);
	}
	return count;
}

static void take_up_all(void)
{
	for (uint32_t i = 0; i < vp_count; i++) {
		lifecycle_take_up(&vp_table[i]);
	}
}

/* What partition.c does, but for the record. */
static void end(struct partition *p, enum partition_end why)
{
	p->end = why;
	memset(did, 0, sizeof(did));
	memset(log, 0, sizeof(log));
}

/* The running partition ends, all its VPs stop, its work is done. */
static void end_all(struct partition *p, enum partition_end why)
{
	take_up_all();
	end(p, why);
	for (uint32_t i = 0; i < partition_config(p->index)->vp_count; i++) {
		lifecycle_stop_vp(vp_of(p->index, i));
	}
	work(p);
}

/* ---- tests ------------------------------------------------------------- */

static void test_first_start(void **state)
{
	(void)state;
	assert_int_equal(a->state, PARTITION_CLEARING);
	assert_int_equal(vp_table[0].requests, VP_REQUEST_FLUSH);
	clock = 5000;
	work(a);
	assert_string_equal(did,
		"zero100000+2000 zero102000+2000 zero104000+2000 "
		"zero106000+1000 zero1000000+2000 "
		"copy1000010+3:0 copy102000+2000:0 copy104000+5:2000 "
		"restore0 flush0 ioapic0 synth0 "
		"reset0s synth0 apic0 reset1 synth1 apic1 "
		"reset2 synth2 apic2 ");
	assert_int_equal(a->state, PARTITION_RUNNING);
	assert_int_equal(a->end, END_NONE);
	assert_int_equal(a->start_count, 1);
	assert_int_equal(a->tsc_start, 5000);
	assert_true(is_open[1] && is_open[2] && !is_open[0]);
	assert_non_null(strstr(log, "partition a started (start 1)"));
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(vp_table[i].state, VP_READY);
		assert_int_equal(vp_table[i].requests, 0);
		assert_int_equal(vp_table[i].vcpu.tsc_offset, 0 - 5000ull);
	}
	/* The others wait for work of their own. */
	assert_int_equal(partition_table[1].state, PARTITION_CLEARING);
}

/* Only its own LP makes of a VP that is ready one that runs. */
static void test_take_up(void **state)
{
	(void)state;
	lifecycle_take_up(&vp_table[0]);
	assert_int_equal(vp_table[0].state, VP_STOPPED);
	work(a);
	memset(did, 0, sizeof(did));
	lifecycle_take_up(&vp_table[0]);
	assert_int_equal(vp_table[0].state, VP_RUNNING);
	assert_int_equal(vp_table[1].state, VP_READY);
	lifecycle_take_up(&vp_table[1]);
	assert_int_equal(vp_table[1].state, VP_WAIT_SIPI);
	lifecycle_take_up(&vp_table[0]);
	assert_string_equal(did, "load0 load1 ");
}

/* What was asked of a VP in its last life is not asked of the next. */
static void test_nothing_is_left_over(void **state)
{
	(void)state;
	vp_table[1].requests = VP_REQUEST_SIPI | VP_REQUEST_NMI;
	vp_table[1].nmi_pending = true;
	vp_table[1].posted[2] = vp_table[1].posted_level[3] = 5;
	work(a);
	assert_int_equal(vp_table[1].requests, 0);
	assert_false(vp_table[1].nmi_pending);
	assert_int_equal(vp_table[1].posted[2], 0);
	assert_int_equal(vp_table[1].posted_level[3], 0);
}

static void test_stops_all_before_anything(void **state)
{
	(void)state;
	work(a);
	take_up_all();
	end(a, END_RESET);
	lifecycle_stop_vp(&vp_table[2]);
	lifecycle_stop_vp(&vp_table[0]);
	/* heard twice: counted once */
	lifecycle_stop_vp(&vp_table[0]);
	assert_false(lifecycle_has_work(a));
	assert_int_equal(a->state, PARTITION_RUNNING);
	lifecycle_stop_vp(&vp_table[1]);
	assert_true(lifecycle_has_work(a));
	/* VP 0's LP may be asleep. */
	assert_true((vp_table[0].requests & VP_REQUEST_FLUSH) != 0);
	vp_table[0].requests = 0;
	work(a);
	assert_int_equal(a->start_count, 2);
	assert_int_equal(flushed, a->start_count);
	assert_int_equal(vp_table[1].state, VP_READY);
}

/* A VP that its LP had not even taken up. */
static void test_stop_of_a_ready_vp(void **state)
{
	(void)state;
	work(a);
	end(a, END_RESET);
	for (unsigned i = 0; i < 3; i++) {
		lifecycle_stop_vp(&vp_table[i]);
		assert_int_equal(vp_table[i].state, VP_STOPPED);
	}
	work(a);
	assert_int_equal(a->start_count, 2);
}

/* A line at a time: a guest chooses when it ends, and how many there are. */
static void test_accounts(void **state)
{
	(void)state;
	work(a);
	take_up_all();
	for (unsigned i = 0; i < EXIT_KIND_COUNT; i++) {
		vp_table[0].exits[i] = 100 + i;
		vp_table[2].exits[i] = 200 + i;
	}
	vp_table[1].denied_count = 77;
	end(a, END_OFF);
	for (unsigned i = 0; i < 3; i++) {
		lifecycle_stop_vp(&vp_table[i]);
	}
	assert_string_equal(log, "");
	work(a);
	assert_non_null(strstr(log, "partition a vp 0 exits: none 100\n"));
	assert_non_null(strstr(log, "partition a vp 2 exits: unknown 220\n"));
	assert_null(strstr(log, "vp 1 exits"));
	assert_non_null(strstr(log, "partition a vp 1 denied: 77\n"));
	assert_non_null(strstr(log, "partition a halted\n"));
}

static void test_off(void **state)
{
	(void)state;
	work(a);
	end_all(a, END_OFF);
	assert_int_equal(a->state, PARTITION_HALTED);
	assert_false(is_open[1] || is_open[2]);
	/* Scrubbed, and not a piece more. */
	assert_string_equal(did,
		"zero100000+2000 zero102000+2000 zero104000+2000 "
		"zero106000+1000 zero1000000+2000 ");
	assert_int_equal(launch_ends, 1);
	assert_int_equal(a->failure_count, 0);
	assert_false(lifecycle_has_work(a));
}

/* Its own wish is no failure. */
static void test_reset_is_not_counted(void **state)
{
	(void)state;
	work(a);
	for (unsigned i = 2; i < 20; i++) {
		end_all(a, END_RESET);
		assert_int_equal(a->start_count, i);
	}
	assert_int_equal(a->failure_count, 0);
	assert_non_null(strstr(log, "partition a restarts\n"));
}

static void test_restarts_are_counted(void **state)
{
	(void)state;
	work(a);
	end_all(a, END_FAILURE);
	assert_int_equal(a->start_count, 2);
	assert_int_equal(vp_table[0].state, VP_READY);
	end_all(a, END_RESET);
	assert_int_equal(a->start_count, 3);
	end_all(a, END_FAILURE);
	assert_int_equal(a->start_count, 4);
	end_all(a, END_FAILURE);
	assert_int_equal(a->start_count, 4);
	assert_int_equal(a->state, PARTITION_HALTED);
	assert_int_equal(vp_table[0].state, VP_STOPPED);
	assert_false(is_open[1]);
}

static void test_restarts_without_bound(void **state)
{
	struct partition *d = &partition_table[3];

	(void)state;
	work(d);
	for (unsigned i = 2; i < 300; i++) {
		end_all(d, END_FAILURE);
		assert_int_equal(d->start_count, i);
	}
}

static void test_halt(void **state)
{
	struct partition *b = &partition_table[1];

	(void)state;
	work(b);
	assert_true(is_open[0]);
	end_all(b, END_FAILURE);
	assert_int_equal(b->state, PARTITION_HALTED);
	assert_false(is_open[0]);
	assert_int_equal(partition_table[0].state, PARTITION_CLEARING);
}

static void test_panic(void **state)
{
	struct partition *c = &partition_table[2];

	(void)state;
	work(c);
	take_up_all();
	end(c, END_FAILURE);
	lifecycle_stop_vp(&vp_table[4]);
	for (unsigned i = 0; i < ACCOUNT_COUNT; i++) {
		lifecycle_work(c);
	}
	expect_assert_failure(lifecycle_work(c));
}

/* The same memory and VPs make the same hashes, other ones do not. */
static void test_hash_line(void **state)
{
	char before[sizeof(log)];

	(void)state;
	work(a);
	assert_non_null(strstr(log, "partition a hash memory "));
	strcpy(before, strstr(log, "hash memory "));
	*strchr(before, '\n') = 0;
	end_all(a, END_RESET);
	assert_non_null(strstr(log, before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_first_start, setup),
		cmocka_unit_test_setup(test_take_up, setup),
		cmocka_unit_test_setup(test_nothing_is_left_over, setup),
		cmocka_unit_test_setup(test_stops_all_before_anything, setup),
		cmocka_unit_test_setup(test_stop_of_a_ready_vp, setup),
		cmocka_unit_test_setup(test_accounts, setup),
		cmocka_unit_test_setup(test_off, setup),
		cmocka_unit_test_setup(test_reset_is_not_counted, setup),
		cmocka_unit_test_setup(test_restarts_are_counted, setup),
		cmocka_unit_test_setup(test_restarts_without_bound, setup),
		cmocka_unit_test_setup(test_halt, setup),
		cmocka_unit_test_setup(test_panic, setup),
		cmocka_unit_test_setup(test_hash_line, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
