/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One guest for the tests of port I/O and MMIO: RAM from address 0, a few
 * pages that are something else, a port table, and a record of everything
 * that reaches the machine, the devices or the partition's end.
 */
#ifndef EMULATE_GUEST_H
#define EMULATE_GUEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/partition.h"
#include "core/vp.h"
#include "cpu/regs.h"
#include "fake_vcpu.h"
#include "guest/guest.h"

#define RAM_SIZE 0x20000u
#define MMIO_PAGE 0x1d000u		/* a device's, mapped, no code */
#define READ_ONLY_PAGE 0x1e000u
#define OVERLAY_PAGE 0x1f000u		/* read-only, an overlay */

extern uint8_t ram[RAM_SIZE];
extern struct vp vp;
extern struct vcpu_exit exit_now;
/* The ports of the partition; count is 0 before each test. */
extern struct port_config ports[8];
extern struct partition_config partition_configs_writable;

/* What reached the machine's ports. */
struct port_trace {
	uint16_t port;
	uint8_t size;
	bool out;
	uint32_t value;
};
extern struct port_trace port_traces[64];
extern unsigned port_count;
extern uint32_t port_answer;		/* of the next in; grows by 1 */

extern char log_text[64];
extern unsigned log_count;

extern unsigned fail_count;
extern const char *fail_reason;
extern uint64_t fail_info[3];
extern unsigned end_count;
extern unsigned report_count;		/* of a good boot */
extern uint32_t launch_waiting;		/* what launch_read() answers */
extern uint32_t launch_answer;		/* what launch_write() was given */
extern bool exchange_fails;		/* another VP is always quicker */
extern enum partition_end end_asked;

/* Before each test: empty RAM, 64-bit mode without a table, no ports. */
int emulate_setup(void **state);
/* After: no hold of the map left. */
int emulate_teardown(void **state);
#define EMULATE_TEST(test) \
	cmocka_unit_test_setup_teardown(test, emulate_setup, emulate_teardown)

void put_code(const char *bytes, unsigned count);
void set_segment(enum segment_name name, uint64_t base, uint32_t limit,
		 uint16_t attributes);

/*
 * Modes, with code where RIP (0x100) finds it and flat, or nearly flat,
 * segments. LONG and PAE have page tables: addresses below 2 MiB are mapped
 * one to one by 4 KiB (entry: page_entry()); in LONG, 3 to 4 GiB too.
 */
#define CODE 0x8000u			/* real mode: its CS base */
void start_real(void);
void start_protected(void);
void start_pae(uint8_t cpl);
void start_long(uint8_t cpl);
uint64_t *page_entry(uint32_t address);

#endif
