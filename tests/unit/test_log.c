/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/lib/fmt.c */
/*
 * The log's ring, the partitions' lines in it, and the console, which here is
 * a serial port that a test makes ready or not. The file under test is
 * included: its lock and its ring are static.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#undef CONFIG_CONSOLE_DEBUGCON
#undef CONFIG_CONSOLE_NONE
#undef CONFIG_CONSOLE_COM_PORT
#undef CONFIG_LOG_RING_KIB
#define CONFIG_CONSOLE_COM 1
#define CONFIG_CONSOLE_COM_PORT 0x2f8
#define CONFIG_LOG_RING_KIB 4

#include "cpu/log.c"

const struct partition_config partition_configs[] = {
	{ .name = "one" }, { .name = "two" }
};
/* As in the image: what lies behind one's buffer is another's. */
struct log_buffer log_buffers[2];

static char shown[8 * LOG_SIZE];
static unsigned shown_count;
static unsigned room;			/* what the console takes */

uint8_t port_in8(uint16_t port)
{
	assert_int_equal(port, 0x2f8 + 5);
	return room != 0 ? 0x20 : 0;
}

void port_out8(uint16_t port, uint8_t v)
{
	assert_int_equal(port, 0x2f8);
	room--;
	shown[shown_count++] = (char)v;
}

static struct lp lp;

struct lp *lp_self(void)
{
	return &lp;
}

/* VP 0 and 1: of "one"; VP 2: of "two". */
const struct vp_config vp_configs[] = {
	{ .partition = 0 }, { .partition = 0 }, { .partition = 1 }
};

uint32_t lapic_id(void)
{
	return 0;
}

void lp_stop_others(void)
{
}

static int setup(void **state)
{
	(void)state;
	memset(&ring, 0, sizeof(ring));
	memset(log_buffers, 0, sizeof(log_buffers));
	memset(shown, 0, sizeof(shown));
	shown_count = 0;
	room = sizeof(shown);
	log_lock = (struct spinlock){ 0, 0 };
	log_charges = false;
	log_unowned = 0;
	lp.current_vp = CONFIG_NONE;
	log_start();
	return 0;
}

static void write_guest(uint32_t partition, const char *text)
{
	for (; *text != 0; text++) {
		log_guest(partition, *text);
	}
}

static void show_all(void)
{
	while (!log_is_shown()) {
		log_pump();
	}
}

static void test_lines(void **state)
{
	(void)state;
	write_guest(0, "hel");
	write_guest(1, "second\n");
	log_line("number %u", 7);
	write_guest(0, "lo\n\n");
	show_all();
	assert_string_equal(shown, "[two] second\n[bulkhead] number 7\n"
			    "[one] hello\n[one] \n");
}

static void test_guest_cannot_forge(void **state)
{
	(void)state;
	write_guest(0, "a\r\x1b[2J\x80\tb\n");
	show_all();
	assert_string_equal(shown, "[one] a[2J\tb\n");
}

static void test_long_line(void **state)
{
	char line[LOG_BUFFER_SIZE + 1] = { 0 };
	char want[2 * sizeof(line)] = "[one] ";

	(void)state;
	memset(line, 'x', LOG_BUFFER_SIZE);
	write_guest(0, line);
	assert_int_equal(ring.head, 0);
	write_guest(0, "y\n");
	show_all();
	strcat(strcat(want, line), "\n[one] y\n");
	assert_string_equal(shown, want);
}

/*
 * Two VPs of one partition write at once: whatever they find in count, none
 * writes behind the text, where the next partition's buffer begins.
 */
static void test_count_beyond_the_text(void **state)
{
	(void)state;
	for (uint32_t at = LOG_BUFFER_SIZE; at <= LOG_BUFFER_SIZE + 4; at++) {
		memset(log_buffers, 0, sizeof(log_buffers));
		log_buffers[0].count = at;
		for (unsigned i = 0; i < 3 * LOG_BUFFER_SIZE; i++) {
			log_guest(0, '~');
			assert_true(log_buffers[0].count <= LOG_BUFFER_SIZE);
		}
		assert_int_equal(log_buffers[1].count, 0);
	}
}

/* And so it is when they really do. */
static void *write_much(void *unused)
{
	for (unsigned i = 0; i < 400000; i++) {
		log_guest(0, '~');
	}
	return unused;
}

static void test_two_writers(void **state)
{
	pthread_t thread[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&thread[i], NULL, write_much,
						NULL), 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	}
	assert_true(log_buffers[0].count <= LOG_BUFFER_SIZE);
	/* Whole lines only. */
	assert_int_equal(ring.head % (LOG_BUFFER_SIZE + sizeof("[one] ")), 0);
	assert_int_equal(log_buffers[1].count, 0);
}

static void test_pump_is_bounded(void **state)
{
	(void)state;
	log_line("0123456789");
	log_pump();
	assert_string_equal(shown, "[bulkhead] 01234");
	room = 2;
	log_pump();
	assert_string_equal(shown, "[bulkhead] 0123456");
	assert_false(log_is_shown());
}

/* Nobody waits for another LP that feeds the console. */
static void test_pump_does_not_wait(void **state)
{
	(void)state;
	log_line("x");
	spinlock_take(&log_lock);
	log_pump();
	assert_int_equal(shown_count, 0);
	spinlock_give(&log_lock);
	log_pump();
	assert_string_equal(shown, "[bulkhead] x\n");
}

/* Who wrote pays, as much as it wrote, and for nobody else. */
static void test_writer_pays(void **state)
{
	(void)state;
	log_begin_charging();
	lp.current_vp = 2;
	write_guest(1, "from two\n");			/* 15 characters */
	log_line("about two");				/* 21 */
	log_pay(0);
	assert_int_equal(shown_count, 0);
	lp.current_vp = 1;
	write_guest(0, "1\n");				/* 8 */
	log_pay(0);
	assert_string_equal(shown, "[two] fr");
	log_pay(0);
	assert_int_equal(shown_count, 8);
	log_pay(1);
	assert_int_equal(shown_count, 8 + LOG_PUMP_MAX);
	for (unsigned i = 0; i < 9; i++) {
		log_pay(1);
	}
	assert_int_equal(shown_count, 15 + 21 + 8);
	assert_true(log_is_shown());
}

/* What was moved while nothing ran is paid for. */
static void test_idle_pays(void **state)
{
	(void)state;
	log_begin_charging();
	lp.current_vp = 0;
	log_line("0123456789");
	show_all();
	lp.current_vp = 2;
	log_line("0123456789");
	shown_count = 0;
	log_pay(0);
	assert_int_equal(shown_count, 0);
	log_pay(1);
	assert_int_equal(shown_count, LOG_PUMP_MAX);
}

/* Before the LPs have their struct, and in nobody's slot: anybody's. */
static void test_unowned(void **state)
{
	(void)state;
	lp.current_vp = 0;
	log_line("x");
	log_begin_charging();
	lp.current_vp = CONFIG_NONE;
	log_line("y");
	lp.current_vp = 2;
	log_line("from two");
	log_pay(0);
	log_pay(0);
	assert_string_equal(shown, "[bulkhead] x\n[bulkhead] y\n");
	log_pay(0);
	assert_int_equal(shown_count, 26);
	log_pay(1);
	log_pay(1);
	assert_true(log_is_shown());
}

static void test_survives_a_warm_reset(void **state)
{
	(void)state;
	log_line("before");
	log_shown = 0;
	log_start();
	show_all();
	assert_string_equal(shown, "[bulkhead] before\n[bulkhead] log: what "
			    "is above was left by the run before this one\n");
	ring.head += 1;		/* does not agree with check: rubbish */
	log_start();
	assert_int_equal(ring.head, 0);
	assert_true(log_is_shown());
}

/* A console that cannot follow loses the oldest. */
static void test_overrun(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4096; i++) {
		log_line("%u", i);
	}
	show_all();
	assert_int_equal(shown_count, LOG_SIZE);
	assert_string_equal(shown + LOG_SIZE - 16, "[bulkhead] 4095\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_lines, setup),
		cmocka_unit_test_setup(test_guest_cannot_forge, setup),
		cmocka_unit_test_setup(test_long_line, setup),
		cmocka_unit_test_setup(test_count_beyond_the_text, setup),
		cmocka_unit_test_setup(test_two_writers, setup),
		cmocka_unit_test_setup(test_pump_is_bounded, setup),
		cmocka_unit_test_setup(test_pump_does_not_wait, setup),
		cmocka_unit_test_setup(test_writer_pays, setup),
		cmocka_unit_test_setup(test_idle_pays, setup),
		cmocka_unit_test_setup(test_unowned, setup),
		cmocka_unit_test_setup(test_survives_a_warm_reset, setup),
		cmocka_unit_test_setup(test_overrun, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
