/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/launch.c hv/lib/sha384.c tests/unit/fake_panic.c */
/*
 * Verdicts: what is taken for one, who starts by it, and which bytes a
 * restart must have. Partition 0 checks, 1 and 2 wait. Memory is an array.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "abi/launch.h"
#include "cpu/log.h"
#include "cpu/lp.h"
#include "cpu/tsc.h"
#include "guest/launch.h"
#include "lib/sha384.h"
#include "mem/window.h"

#define MEMORY 0x8000u
#define VERDICT 0x4000u
#define TABLE 0x2000u

static const struct region_config regions[3] = {
	{ .gpa = 0, .spa = 0x100000, .size = MEMORY },
	{ .gpa = 0, .spa = 0x200000, .size = MEMORY },
	{ .gpa = 0, .spa = 0x300000, .size = MEMORY },
};
static const struct load_config loads[] = {
	{ .gpa = 0x1003, .size = 700 }, { .gpa = 0x3000, .size = 1 },
};
static const struct vp_state_config first = { .rip = 0x1000 };
static const struct vp_state_config second = { .rip = 0x2000 };

const struct partition_config partition_configs[] = {
	{ .name = "launch", .vp_first = 0, .vp_count = 1,
	  .regions = &regions[0], .region_count = 1 },
	{ .name = "a", .vp_first = 1, .vp_count = 2, .regions = &regions[1],
	  .region_count = 1, .loads = loads, .load_count = 2 },
	{ .name = "b", .vp_first = 3, .vp_count = 1, .regions = &regions[2],
	  .region_count = 1 },
};
const uint32_t partition_count = 3;
const struct vp_config vp_configs[] = {
	{ .partition = 0, .state = &first },
	{ .partition = 1, .number = 0, .state = &second },
	{ .partition = 1, .number = 1 },
	{ .partition = 2, .state = &first },
};
/* machine_config, but a test changes its flags. */
struct machine_config machine = {
	.launch_partition = 0, .launch_timeout_ms = 10, .launch_table = TABLE
};
__asm__(".globl machine_config\n.set machine_config, machine\n");
const uint8_t policy_start[700] = { 5, 6, 7 };
extern const uint8_t policy_end[];
__asm__(".globl policy_end\n.set policy_end, policy_start + 700\n");

struct partition partition_table[3];
struct vp vp_table[4];
struct lp lps[1];
static uint8_t memory[3][MEMORY];
static char said[2000];
static uint64_t clock;
static unsigned failed, ended, closed, flushed;
static uint32_t woken;

void log_line(const char *format, ...)
{
	size_t used = strlen(said);
	va_list args;

	va_start(args, format);
	vsnprintf(said + used, sizeof(said) - used, format, args);
	va_end(args);
	strncat(said, "\n", sizeof(said) - strlen(said) - 1);
}

uint64_t tsc_read(void)
{
	return clock;
}

uint64_t tsc_from_us(uint64_t us)
{
	return us * 1000;
}

struct lp *lp_self(void)
{
	return &lps[0];
}

struct vp *vp_of(uint32_t partition, uint32_t number)
{
	return &vp_table[partition_configs[partition].vp_first + number];
}

void vp_request(struct vp *vp, uint32_t bits)
{
	assert_int_equal(bits, VP_REQUEST_FLUSH);
	woken |= 1u << vp->partition;
}

void partition_fail(struct vp *vp, const char *reason, uint64_t a, uint64_t b,
		    uint64_t c)
{
	(void)a;
	(void)b;
	(void)c;
	assert_int_equal(vp->partition, 0);
	log_line("failed: %s", reason);
	failed++;
}

void partition_request_end(struct vp *vp, enum partition_end end)
{
	assert_int_equal(vp->partition, 0);
	assert_int_equal(end, END_OFF);
	ended++;
}

struct flush_token nested_close_windows(uint32_t partition)
{
	assert_int_equal(partition, 0);
	closed++;
	return (struct flush_token){ .partition = partition, .generation = 5 };
}

void flush_consume(struct flush_token token)
{
	assert_int_equal(token.generation, 5);
	flushed++;
}

static uint8_t *at_spa(uint64_t spa, uint64_t size)
{
	uint64_t i = (spa >> 20) - 1;

	assert_true(i < 3 && (spa & 0xfffff) + size <= MEMORY);
	return memory[i] + (spa & 0xfffff);
}

enum hv_err window_read(uint32_t partition, gpa_t from, void *to, size_t size)
{
	if (from.v + size > MEMORY) {
		return HV_ERR_MMIO;
	}
	memcpy(to, memory[partition] + from.v, size);
	return HV_OK;
}

void window_copy(spa_t to, spa_t from, uint64_t size)
{
	memcpy(at_spa(to.v, size), (const void *)from.v, size);
}

void window_sha384(spa_t at, uint64_t size, struct sha384_state *state)
{
	assert_true(size <= 256);
	sha384_add(state, at_spa(at.v, size), size);
}

/* ---- help -------------------------------------------------------------- */

static struct launch_verdict *verdict(void)
{
	return (struct launch_verdict *)(memory[0] + VERDICT);
}

static int setup(void **state)
{
	(void)state;
	memset(partition_table, 0, sizeof(partition_table));
	memset(vp_table, 0, sizeof(vp_table));
	memset(memory, 0, sizeof(memory));
	memset(said, 0, sizeof(said));
	failed = ended = woken = 0;
	clock = 5000;
	lps[0].slot_end = lps[0].long_end = UINT64_MAX;
	for (uint32_t i = 0; i < 3; i++) {
		partition_table[i].index = i;
		for (uint32_t j = 0; j < MEMORY; j++) {
			memory[i][j] = (uint8_t)(i * 3 + j * 7 + j / 256);
		}
	}
	vp_table[1].partition = vp_table[2].partition = 1;
	vp_table[3].partition = 2;
	partition_table[0].state = PARTITION_RUNNING;
	partition_table[0].tsc_start = clock;
	*verdict() = (struct launch_verdict){
		.magic = LAUNCH_VERDICT_MAGIC, .version = LAUNCH_VERSION,
		.partition_count = 3,
		.partitions = { [1] = { .status = LAUNCH_OK },
				[2] = { .status = LAUNCH_OK } }
	};
	return 0;
}

static void load_all(void)
{
	for (uint32_t i = 0; i < 3; i++) {
		launch_begin(&partition_table[i]);
	}
}

static enum outcome answer(void)
{
	return launch_write(&vp_table[0], VERDICT >> 12);
}

static enum launch_step finish(struct partition *p)
{
	enum launch_step step = LAUNCH_STEP_MORE;

	for (unsigned i = 0; i < 100 && step == LAUNCH_STEP_MORE; i++) {
		step = launch_step(p);
	}
	return step;
}

static void begin_again(struct partition *p)
{
	p->step_index = 0;
	p->step_offset = 0;
	launch_begin(p);
}

static void hash_loads(uint8_t hash[SHA384_SIZE])
{
	struct sha384_state s;

	sha384_begin(&s);
	for (unsigned i = 0; i < 2; i++) {
		sha384_add(&s, (const uint8_t *)&loads[i].gpa, 8);
		sha384_add(&s, (const uint8_t *)&loads[i].size, 8);
		sha384_add(&s, memory[1] + loads[i].gpa, loads[i].size);
	}
	sha384_end(&s, hash);
}

/* ---- tests ------------------------------------------------------------- */

/* What it is told: hashes of the policy and of each one's VPs. */
static void test_table(void **state)
{
	struct launch_table *table = (struct launch_table *)(memory[0] + TABLE);
	uint8_t hash[SHA384_SIZE];

	(void)state;
	load_all();
	assert_false(launch_is_waiting(&partition_table[0]));
	assert_int_equal(finish(&partition_table[0]), LAUNCH_STEP_GO);
	sha384(policy_start, 700, hash);
	assert_memory_equal(table->policy_sha384, hash, SHA384_SIZE);
	sha384((const uint8_t *)&second, sizeof(second), hash);
	assert_memory_equal(table->partitions[1].vp_sha384, hash,
			    SHA384_SIZE);
	sha384((const uint8_t *)&first, sizeof(first), hash);
	assert_memory_equal(table->partitions[2].vp_sha384, hash,
			    SHA384_SIZE);
}

static void test_good(void **state)
{
	(void)state;
	assert_int_equal(launch_read(), 2);
	launch_begin(&partition_table[2]);
	assert_int_equal(launch_read(), 1);
	load_all();
	assert_int_equal(launch_read(), 0);
	assert_true(launch_is_waiting(&partition_table[1]));
	assert_int_equal(answer(), OUTCOME_STOP);
	assert_int_equal(ended, 1);
	assert_int_equal(woken, 6);
	for (unsigned i = 1; i < 3; i++) {
		assert_false(launch_is_waiting(&partition_table[i]));
		assert_int_equal(launch_step(&partition_table[i]),
				 LAUNCH_STEP_GO);
	}
	assert_string_equal(said, "");
	/* That it ends now changes nothing. */
	launch_end(&partition_table[0]);
	assert_int_equal(launch_step(&partition_table[1]), LAUNCH_STEP_GO);
}

/* Each status but LAUNCH_OK, known or not, keeps that one off. */
/* It goes on, without its windows; a second verdict changes nothing. */
static void test_stays(void **state)
{
	(void)state;
	load_all();
	machine.launch_flags = LAUNCH_STAYS;
	assert_int_equal(answer(), OUTCOME_NEXT);
	assert_int_equal(ended, 0);
	assert_int_equal(failed, 0);
	assert_int_equal(closed, 1);
	assert_int_equal(flushed, 1);
	assert_int_equal(partition_table[1].launch, LAUNCH_OK);
	verdict()->partitions[1].status = LAUNCH_BAD_PAYLOAD;
	assert_int_equal(answer(), OUTCOME_NEXT);
	assert_int_equal(partition_table[1].launch, LAUNCH_OK);
	assert_int_equal(closed, 1);
	machine.launch_flags = 0;
}

static void test_every_other_status(void **state)
{
	static const uint32_t statuses[] = {
		LAUNCH_STATUS_COUNT, LAUNCH_STATUS_COUNT + 1, 0x80000001,
		0xffffffff, 0x101
	};

	for (uint32_t i = 0; i < LAUNCH_STATUS_COUNT + 5; i++) {
		uint32_t status = i < LAUNCH_STATUS_COUNT ? i :
				  statuses[i - LAUNCH_STATUS_COUNT];

		if (status == LAUNCH_OK) {
			continue;
		}
		setup(state);
		load_all();
		verdict()->partitions[2].status = status;
		assert_int_equal(answer(), OUTCOME_STOP);
		assert_int_equal(launch_step(&partition_table[1]),
				 LAUNCH_STEP_GO);
		assert_false(launch_is_waiting(&partition_table[2]));
		assert_int_equal(launch_step(&partition_table[2]),
				 LAUNCH_STEP_REFUSED);
		assert_non_null(strstr(said, "partition b does not start: "));
	}
}

static void test_no_verdict(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 7; i++) {
		setup(state);
		if (i != 6) {
			load_all();
		}
		verdict()->magic += i == 0;
		verdict()->version += i == 1;
		verdict()->partition_count -= i == 2;
		verdict()->reserved += i == 3;
		assert_int_equal(i == 4 ? launch_write(&vp_table[0], 8) :
				 i == 5 ? launch_write(&vp_table[0], ~0u) :
				 answer(), OUTCOME_STOP);
		assert_int_equal(failed, 1);
		assert_int_equal(ended, 0);
		assert_int_equal(partition_table[1].launch, LAUNCH_NONE);
		/* It is halted; who waits is told. */
		launch_end(&partition_table[0]);
		assert_int_equal(launch_step(&partition_table[1]),
				 LAUNCH_STEP_REFUSED);
		assert_int_equal(launch_step(&partition_table[2]),
				 LAUNCH_STEP_REFUSED);
	}
	/* The end of another one is none of this. */
	setup(state);
	load_all();
	launch_end(&partition_table[2]);
	assert_true(launch_is_waiting(&partition_table[1]));
}

static void test_reserved(void **state)
{
	(void)state;
	load_all();
	verdict()->partitions[1].reserved = 1;
	assert_int_equal(answer(), OUTCOME_STOP);
	assert_int_equal(launch_step(&partition_table[1]),
			 LAUNCH_STEP_REFUSED);
}

static void test_in_time(void **state)
{
	(void)state;
	load_all();
	clock += 10 * 1000 * 1000;
	assert_true(launch_is_waiting(&partition_table[1]));
	clock++;
	assert_false(launch_is_waiting(&partition_table[1]));
	assert_int_equal(launch_step(&partition_table[1]), LAUNCH_STEP_MORE);
	assert_int_equal(failed, 1);
	launch_end(&partition_table[0]);
	assert_int_equal(launch_step(&partition_table[1]),
			 LAUNCH_STEP_REFUSED);
	/* Before it runs, no time passes. */
	setup(state);
	load_all();
	partition_table[0].state = PARTITION_CLEARING;
	clock *= 1000000;
	assert_true(launch_is_waiting(&partition_table[1]));
}

/* Not at the end of a slot: the guest's instruction is executed again. */
static void test_end_of_slot(void **state)
{
	(void)state;
	load_all();
	lps[0].long_end = clock;
	assert_int_equal(answer(), OUTCOME_SAME);
	assert_int_equal(partition_table[1].launch, LAUNCH_NONE);
	lps[0].long_end = UINT64_MAX;
	assert_int_equal(answer(), OUTCOME_STOP);
	assert_int_equal(ended, 1);
}

static void test_restart(void **state)
{
	struct partition *a = &partition_table[1];

	(void)state;
	load_all();
	hash_loads(verdict()->partitions[1].sha384);
	assert_int_equal(answer(), OUTCOME_STOP);
	a->start_count = 1;
	for (unsigned i = 0; i < 3; i++) {
		begin_again(a);
		assert_int_equal(launch_step(a), LAUNCH_STEP_MORE);
		assert_int_equal(finish(a), LAUNCH_STEP_GO);
	}
	/* What the guest left elsewhere is no matter. */
	memory[1][0x1002] ^= 1;
	begin_again(a);
	assert_int_equal(finish(a), LAUNCH_STEP_GO);
	/* The first byte of a load, one on a piece's edge, the last ones. */
	for (unsigned i = 0; i < 5; i++) {
		static const uint32_t at[] = {
			0x1003, 0x1102, 0x1103, 0x1003 + 699, 0x3000
		};

		memory[1][at[i]] ^= 0x10;
		begin_again(a);
		assert_int_equal(finish(a), LAUNCH_STEP_REFUSED);
		memory[1][at[i]] ^= 0x10;
	}
	assert_non_null(strstr(said, "partition a does not start again"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_table, setup),
		cmocka_unit_test_setup(test_good, setup),
		cmocka_unit_test_setup(test_stays, setup),
		cmocka_unit_test_setup(test_every_other_status, setup),
		cmocka_unit_test_setup(test_no_verdict, setup),
		cmocka_unit_test_setup(test_reserved, setup),
		cmocka_unit_test_setup(test_in_time, setup),
		cmocka_unit_test_setup(test_end_of_slot, setup),
		cmocka_unit_test_setup(test_restart, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
