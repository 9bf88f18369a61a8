/* SPDX-License-Identifier: Apache-2.0 */
/* SOURCES: hv/guest/memory.c hv/guest/operand.c hv/vcpu/fetch.c hv/vcpu/gva.c hv/vcpu/gva_walk.c hv/vcpu/gva_segment.c hv/lib/insn.c hv/lib/alu.c tests/unit/emulate_guest.c tests/unit/fake_vcpu.c */
/*
 * Accesses outside RAM: the moves, arithmetic and their flags on a device
 * page, addresses where nothing is, and all that must stop the partition or
 * let the guest try again.
 */
#include "emulate_guest.h"

#include "guest/apic.h"
#include "guest/ioapic.h"
#include "lib/alu.h"

#define GPR(name) (vp.vcpu.gpr[GPR_##name])
#define NEXT_RIP(length) (CODE + 0x100 + (length))

/* ---- devices ----------------------------------------------------------- */

static struct {
	bool apic_on;
	unsigned reads, writes;
	uint64_t base;			/* of the page that was accessed */
	uint32_t offset;
	unsigned size;
	uint64_t answer, written;
	enum outcome outcome, write_outcome;
} device;

static enum outcome device_in(uint64_t base, uint32_t offset, unsigned size,
			      uint64_t *value)
{
	device.reads++;
	device.base = base;
	device.offset = offset;
	device.size = size;
	*value = device.answer;
	return device.outcome;
}

static enum outcome device_out(uint64_t base, uint32_t offset, unsigned size,
			       uint64_t value)
{
	device.writes++;
	device.base = base;
	device.offset = offset;
	device.size = size;
	device.written = value;
	return device.write_outcome;
}

bool apic_claims(const struct vp *claimed, gpa_t address)
{
	assert_ptr_equal(claimed, &vp);
	return device.apic_on && (address.v & ~PAGE_MASK) == APIC_PAGE;
}

enum outcome apic_read_page(struct vp *reader, uint32_t offset, unsigned size,
			    uint64_t *value)
{
	assert_ptr_equal(reader, &vp);
	return device_in(APIC_PAGE, offset, size, value);
}

enum outcome apic_write_page(struct vp *writer, uint32_t offset, unsigned size,
			     uint64_t value)
{
	assert_ptr_equal(writer, &vp);
	return device_out(APIC_PAGE, offset, size, value);
}

bool ioapic_claims(gpa_t address)
{
	return (address.v & ~PAGE_MASK) == IOAPIC_PAGE;
}

enum outcome ioapic_read_page(struct vp *reader, uint32_t offset,
			      unsigned size, uint64_t *value)
{
	assert_ptr_equal(reader, &vp);
	return device_in(IOAPIC_PAGE, offset, size, value);
}

enum outcome ioapic_write_page(struct vp *writer, uint32_t offset,
			       unsigned size, uint64_t value)
{
	assert_ptr_equal(writer, &vp);
	return device_out(IOAPIC_PAGE, offset, size, value);
}

/* ---- helpers ----------------------------------------------------------- */

static int setup(void **state)
{
	emulate_setup(state);
	start_long(0);
	memset(&device, 0, sizeof(device));
	device.apic_on = true;
	device.outcome = device.write_outcome = OUTCOME_NEXT;
	GPR(RDI) = APIC_PAGE + 0x80;
	GPR(R15) = 0x5a5a5a5a5a5a5a5a;	/* in no address below */
	return 0;
}

#define MEMORY_TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup, emulate_teardown)

/* The instruction is there, and has made an exit at address. */
static enum outcome run_at(const char *code, unsigned count, uint64_t address,
			   uint32_t access)
{
	put_code(code, count);
	vp.vcpu.rip = CODE + 0x100;
	exit_now = (struct vcpu_exit){
		.kind = EXIT_MEMORY,
		.memory = { .gpa = gpa(address), .access = access }
	};
	return memory_handle(&vp, &exit_now);
}

static void run(const char *code, unsigned count, uint32_t access)
{
	assert_int_equal(run_at(code, count, APIC_PAGE + 0x80, access),
			 OUTCOME_SAME);
	assert_int_equal(vp.vcpu.rip, NEXT_RIP(count));
	assert_int_equal(device.base, APIC_PAGE);
	assert_int_equal(device.offset, 0x80);
	assert_int_equal(fail_count, 0);
}

static void assert_stops(const char *code, unsigned count, uint64_t address,
			 uint32_t access)
{
	unsigned before = fail_count, reads = device.reads;
	unsigned writes = device.writes;

	assert_int_equal(run_at(code, count, address, access), OUTCOME_STOP);
	assert_int_equal(fail_count, before + 1);
	assert_int_equal(vp.vcpu.rip, CODE + 0x100);
	assert_int_equal(device.reads, reads);
	assert_int_equal(device.writes, writes);
}

static void assert_retries(const char *code, unsigned count, uint64_t address,
			   uint32_t access)
{
	unsigned reads = device.reads, writes = device.writes;

	assert_int_equal(run_at(code, count, address, access), OUTCOME_SAME);
	assert_int_equal(vp.vcpu.rip, CODE + 0x100);
	assert_int_equal(device.reads, reads);
	assert_int_equal(device.writes, writes);
	assert_int_equal(fail_count, 0);
	assert_false(vp.vcpu.event.valid);
}

/* ---- moves ------------------------------------------------------------- */

static void test_reads(void **state)
{
	(void)state;
	device.answer = 0x8899aabbccddeeff;
	GPR(RAX) = 0x1122334455667788;
	run("\x8b\x07", 2, 0);
	assert_int_equal(GPR(RAX), 0xccddeeff);
	assert_int_equal(device.size, 4);
	GPR(RAX) = 0x1122334455667788;
	run("\x66\x8b\x07", 3, 0);
	assert_int_equal(GPR(RAX), 0x112233445566eeff);
	assert_int_equal(device.size, 2);
	run("\x8a\x27", 2, 0);		/* AH */
	assert_int_equal(GPR(RAX), 0x112233445566ffff);
	GPR(RAX) = 0x1122334455667788;
	run("\x8a\x07", 2, 0);
	assert_int_equal(GPR(RAX), 0x11223344556677ff);
	assert_int_equal(device.size, 1);
	run("\x48\x8b\x07", 3, 0);
	assert_int_equal(GPR(RAX), 0x8899aabbccddeeff);
	assert_int_equal(device.size, 8);
	run("\x44\x8b\x3f", 3, 0);
	assert_int_equal(GPR(R15), 0xccddeeff);
	/* widened */
	run("\x0f\xb6\x07", 3, 0);
	assert_int_equal(GPR(RAX), 0xff);
	run("\x0f\xbe\x07", 3, 0);
	assert_int_equal(GPR(RAX), 0xffffffff);
	run("\x48\x0f\xbf\x07", 4, 0);
	assert_int_equal(GPR(RAX), 0xffffffffffffeeff);
	run("\x48\x63\x07", 3, 0);
	assert_int_equal(GPR(RAX), 0xffffffffccddeeff);
	GPR(RAX) = 0x1122334455667788;
	run("\x66\x0f\xb6\x07", 4, 0);
	assert_int_equal(GPR(RAX), 0x11223344556600ff);
	assert_int_equal(device.writes, 0);
	assert_int_equal(vp.denied_count, 0);
}

static void test_writes(void **state)
{
	(void)state;
	GPR(RAX) = 0x1122334455667788;
	run("\x89\x07", 2, ACCESS_WRITE);
	assert_int_equal(device.written, 0x55667788);
	assert_int_equal(device.size, 4);
	run("\x88\x27", 2, ACCESS_WRITE);
	assert_int_equal(device.written, 0x77);
	assert_int_equal(device.size, 1);
	run("\x48\x89\x07", 3, ACCESS_WRITE);
	assert_int_equal(device.written, 0x1122334455667788);
	run("\xc7\x07\x78\x56\x34\x92", 6, ACCESS_WRITE);
	assert_int_equal(device.written, 0x92345678);
	run("\xc6\x07\x80", 3, ACCESS_WRITE);
	assert_int_equal(device.written, 0x80);
	run("\xa3\x80\x00\xe0\xfe\x00\x00\x00\x00", 9, ACCESS_WRITE);
	assert_int_equal(device.written, 0x55667788);
	assert_int_equal(device.writes, 6);
	assert_int_equal(device.reads, 0);
}

static void test_ioapic(void **state)
{
	(void)state;
	device.answer = 0x170020;
	GPR(RDI) = IOAPIC_PAGE;
	assert_int_equal(run_at("\x8b\x47\x10", 3, IOAPIC_PAGE + 0x10, 0),
			 OUTCOME_SAME);
	assert_int_equal(GPR(RAX), 0x170020);
	assert_int_equal(device.base, IOAPIC_PAGE);
	assert_int_equal(device.offset, 0x10);
	assert_int_equal(run_at("\xc7\x07\x01\x00\x00\x00", 6, IOAPIC_PAGE,
				ACCESS_WRITE), OUTCOME_SAME);
	assert_int_equal(device.written, 1);
	assert_int_equal(device.offset, 0);
}

/* Every way to say where. */
static void test_addresses(void **state)
{
	(void)state;
	device.answer = 0x55;
	GPR(RDI) = 0x80;
	GPR(RBX) = APIC_PAGE;
	run("\x8b\x04\x3b", 3, 0);		/* rbx + rdi */
	GPR(RDI) = 0x10;
	run("\x8b\x04\xfb", 3, 0);		/* rbx + 8 * rdi */
	run("\x8b\x83\x80\x00\x00\x00", 6, 0);
	GPR(RBX) = APIC_PAGE + 0x100;
	run("\x8b\x43\x80", 3, 0);
	/* relative to RIP */
	*page_entry(0x5000) = APIC_PAGE | 0x67;
	run("\x8b\x05\x7a\xcf\xff\xff", 6, 0);	/* 0x8106 - 0x3086 */
	/* 67: the upper half of the sum is dropped */
	GPR(RBX) = 0xffffffff00000000 | APIC_PAGE;
	GPR(RDI) = 0x80;
	run("\x67\x8b\x04\x3b", 4, 0);
	/* FS and GS have a base */
	set_segment(SEGMENT_GS, APIC_PAGE, 0, 0);
	GPR(RDI) = 0x80;
	run("\x65\x8b\x07", 3, 0);
	assert_int_equal(device.reads, 7);
}

/* ---- arithmetic -------------------------------------------------------- */

static void test_modify(void **state)
{
	(void)state;
	device.answer = 0xff;
	vp.vcpu.rflags = 0x2 | ALU_CF | RFLAGS_AC;
	run("\x81\x27\xf0\x00\x00\x00", 6, ACCESS_WRITE);	/* and */
	assert_int_equal(device.written, 0xf0);
	assert_int_equal(vp.vcpu.rflags, 0x2 | ALU_PF | RFLAGS_AC);
	run("\xf0\x83\x07\x01", 4, ACCESS_WRITE);	/* lock add */
	assert_int_equal(device.written, 0x100);
	assert_int_equal(vp.vcpu.rflags, 0x2 | ALU_PF | ALU_AF | RFLAGS_AC);
	GPR(RAX) = 0x0f;
	run("\x31\x07", 2, ACCESS_WRITE);		/* xor */
	assert_int_equal(device.written, 0xf0);
	assert_int_equal(GPR(RAX), 0x0f);
	run("\xff\x0f", 2, ACCESS_WRITE);		/* dec */
	assert_int_equal(device.written, 0xfe);
	run("\xf7\x17", 2, ACCESS_WRITE);		/* not */
	assert_int_equal(device.written, 0xffffff00);
	GPR(RAX) = 0xabcdef0011223344;
	run("\x87\x07", 2, ACCESS_WRITE);		/* xchg */
	assert_int_equal(device.written, 0x11223344);
	assert_int_equal(GPR(RAX), 0xff);
	assert_int_equal(device.reads, 6);
	assert_int_equal(device.writes, 6);
}

static void test_combine(void **state)
{
	(void)state;
	device.answer = 3;
	GPR(RAX) = 0xffffffff00000005;
	run("\x2b\x07", 2, 0);			/* sub eax, [rdi] */
	assert_int_equal(GPR(RAX), 2);
	GPR(RAX) = 0x500;
	run("\x0a\x27", 2, 0);			/* or ah, [rdi] */
	assert_int_equal(GPR(RAX), 0x700);
	assert_int_equal(device.writes, 0);
}

static void test_compare(void **state)
{
	(void)state;
	device.answer = 5;
	GPR(RAX) = 6;
	vp.vcpu.rflags = 2;
	run("\x39\x07", 2, 0);			/* cmp [rdi], eax */
	assert_int_equal(vp.vcpu.rflags & (ALU_CF | ALU_ZF), ALU_CF);
	run("\x3b\x07", 2, 0);			/* cmp eax, [rdi] */
	assert_int_equal(vp.vcpu.rflags & (ALU_CF | ALU_ZF), 0);
	run("\x83\x3f\x05", 3, 0);		/* cmp [rdi], 5 */
	assert_int_equal(vp.vcpu.rflags & (ALU_CF | ALU_ZF), ALU_ZF);
	run("\xf7\x07\x02\x00\x00\x00", 6, 0);	/* test [rdi], 2 */
	assert_int_equal(vp.vcpu.rflags & ALU_ZF, ALU_ZF);
	run("\xf6\x07\x04", 3, 0);
	assert_int_equal(vp.vcpu.rflags & ALU_ZF, 0);
	assert_int_equal(device.writes, 0);
	assert_int_equal(GPR(RAX), 6);
}

/* A device that ends the partition: nothing else happens. */
static void test_device_stops(void **state)
{
	(void)state;
	device.outcome = device.write_outcome = OUTCOME_STOP;
	device.answer = 7;
	GPR(RAX) = 1;
	vp.vcpu.rflags = 2;
	assert_int_equal(run_at("\x8b\x07", 2, APIC_PAGE + 0x80, 0),
			 OUTCOME_STOP);
	assert_int_equal(run_at("\x01\x07", 2, APIC_PAGE + 0x80,
				ACCESS_WRITE), OUTCOME_STOP);
	assert_int_equal(run_at("\x89\x07", 2, APIC_PAGE + 0x80,
				ACCESS_WRITE), OUTCOME_STOP);
	assert_int_equal(GPR(RAX), 1);
	assert_int_equal(vp.vcpu.rflags, 2);
	assert_int_equal(vp.vcpu.rip, CODE + 0x100);
	assert_int_equal(device.writes, 1);
	device.outcome = OUTCOME_NEXT;
	assert_int_equal(run_at("\x87\x07", 2, APIC_PAGE + 0x80,
				ACCESS_WRITE), OUTCOME_STOP);
	assert_int_equal(GPR(RAX), 1);
	assert_int_equal(run_at("\x01\x07", 2, APIC_PAGE + 0x80,
				ACCESS_WRITE), OUTCOME_STOP);
	assert_int_equal(vp.vcpu.rflags, 2);
	assert_int_equal(vp.vcpu.rip, CODE + 0x100);
}

static void test_single_step(void **state)
{
	(void)state;
	vp.vcpu.rflags = 2 | RFLAGS_TF;
	run("\x8b\x07", 2, 0);
	assert_true(vp.vcpu.event.valid);
	assert_int_equal(vp.vcpu.event.vector, VECTOR_DB);
}

/* ---- where nothing is -------------------------------------------------- */

static void test_nothing(void **state)
{
	(void)state;
	GPR(RDI) = 0xd0000000;
	GPR(RAX) = 0x1122334455667788;
	assert_int_equal(run_at("\x66\x8b\x07", 3, 0xd0000000, 0),
			 OUTCOME_SAME);
	assert_int_equal(GPR(RAX), 0x112233445566ffff);
	assert_int_equal(vp.vcpu.rip, NEXT_RIP(3));
	assert_int_equal(vp.denied_count, 1);
	assert_int_equal(run_at("\x89\x07", 2, 0xd0000000, ACCESS_WRITE),
			 OUTCOME_SAME);
	assert_int_equal(vp.denied_count, 2);
	assert_int_equal(run_at("\x83\x07\x01", 3, 0xd0000000, ACCESS_WRITE),
			 OUTCOME_SAME);
	assert_int_equal(vp.denied_count, 3);
	assert_true(vp.vcpu.rflags & ALU_ZF);
	/* the APIC's page is nothing either while the APIC is off */
	device.apic_on = false;
	GPR(RDI) = APIC_PAGE + 0x80;
	assert_int_equal(run_at("\x8b\x07", 2, APIC_PAGE + 0x80, 0),
			 OUTCOME_SAME);
	assert_int_equal(GPR(RAX), 0xffffffff);
	assert_int_equal(vp.denied_count, 4);
	assert_int_equal(device.reads + device.writes, 0);
	assert_int_equal(fail_count, 0);
}

/* ---- what stops, what tries again -------------------------------------- */

static void test_refused(void **state)
{
	(void)state;
	/* not a move: push, call, string, SSE, an atomic that is not known */
	assert_stops("\xff\x37", 2, APIC_PAGE + 0x80, 0);
	/* the record has the address, the access, the first bytes */
	assert_int_equal(fail_info[0], APIC_PAGE + 0x80);
	assert_int_equal(fail_info[1], 0);
	assert_int_equal(fail_info[2], 0x90909090909037ff);
	assert_stops("\xff\x17", 2, APIC_PAGE + 0x80, 0);
	assert_stops("\xa4", 1, APIC_PAGE + 0x80, ACCESS_WRITE);
	assert_stops("\x0f\x10\x07", 3, APIC_PAGE + 0x80, 0);
	assert_stops("\xf0\x0f\xb1\x07", 4, APIC_PAGE + 0x80, ACCESS_WRITE);
	assert_stops("\x0f\xa2", 2, APIC_PAGE + 0x80, 0);
	assert_stops("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66"
		     "\x66\x66", 15, APIC_PAGE + 0x80, 0);
	/* two pages */
	GPR(RDI) = APIC_PAGE + 0xffe;
	assert_stops("\x8b\x07", 2, APIC_PAGE + 0xffe, 0);
	GPR(RDI) = APIC_PAGE - 2;
	assert_stops("\x8b\x07", 2, APIC_PAGE, 0);
	/* wider than the guest's addresses, though the processor takes it */
	GPR(RDI) = APIC_PAGE;
	assert_stops("\x8b\x07", 2, 1ull << 40, 0);
	assert_string_equal(fail_reason, "access beyond its address width");
	assert_stops("\x89\x07", 2, 1ull << 51, ACCESS_WRITE);
	/* a fetch, a page walk, an event */
	assert_stops("\x90", 1, APIC_PAGE, ACCESS_EXECUTE);
	assert_string_equal(fail_reason, "instruction fetch outside RAM");
	assert_stops("\x90", 1, MMIO_PAGE, ACCESS_EXECUTE);
	/* its bytes cannot be had: the record does without */
	*page_entry(CODE) &= ~1ull;
	assert_stops("\x90", 1, APIC_PAGE, ACCESS_EXECUTE);
	assert_int_equal(fail_info[2], 0);
	*page_entry(CODE) |= 1;
	exit_now.memory.access = 0;
	exit_now.memory.walk = true;
	assert_int_equal(memory_handle(&vp, &exit_now), OUTCOME_STOP);
	exit_now.memory.walk = false;
	GPR(RDI) = APIC_PAGE + 0x80;
	vp.vcpu.event.valid = true;
	assert_stops("\x8b\x07", 2, APIC_PAGE + 0x80, 0);
	vp.vcpu.event.valid = false;
	/* read-only memory that is no overlay */
	assert_stops("\x89\x07", 2, READ_ONLY_PAGE, ACCESS_WRITE);
}

static void test_overlay(void **state)
{
	(void)state;
	GPR(RDI) = OVERLAY_PAGE;
	assert_int_equal(run_at("\x89\x07", 2, OVERLAY_PAGE, ACCESS_WRITE),
			 OUTCOME_INJECT);
	assert_int_equal(vp.vcpu.event.vector, VECTOR_GP);
	assert_true(vp.vcpu.event.has_error);
	assert_int_equal(vp.vcpu.event.error, 0);
	assert_int_equal(vp.vcpu.rip, CODE + 0x100);
	assert_int_equal(fail_count, 0);
	/* a page table in it */
	vp.vcpu.event.valid = false;
	exit_now.memory.walk = true;
	assert_int_equal(memory_handle(&vp, &exit_now), OUTCOME_STOP);
	/* real mode: no error code */
	start_real();
	assert_int_equal(run_at("\x89\x05", 2, OVERLAY_PAGE, ACCESS_WRITE),
			 OUTCOME_INJECT);
	assert_false(vp.vcpu.event.has_error);
}

static void test_retries(void **state)
{
	(void)state;
	/* by now there is RAM */
	GPR(RDI) = 0x3000;
	assert_retries("\x89\x07", 2, 0x3000, ACCESS_WRITE);
	assert_retries("\x90", 1, 0x3000, ACCESS_EXECUTE);
	/* a read of what cannot be written, or holds no code */
	assert_retries("\x8b\x07", 2, READ_ONLY_PAGE, 0);
	assert_retries("\x8b\x07", 2, MMIO_PAGE, 0);
	/* a segment that does not reach so far */
	start_protected();
	set_segment(SEGMENT_DS, APIC_PAGE, 0x7f, 0x4093);
	GPR(RDI) = 0x80;
	assert_retries("\x8b\x07", 2, APIC_PAGE + 0x80, 0);
	start_long(0);
	/* the operand is elsewhere */
	GPR(RDI) = APIC_PAGE + 0x84;
	assert_retries("\x8b\x07", 2, APIC_PAGE + 0x80, 0);
	/* the code, or the operand's translation, is gone */
	GPR(RDI) = APIC_PAGE + 0x80;
	*page_entry(CODE) &= ~1ull;
	assert_retries("\x8b\x07", 2, APIC_PAGE + 0x80, 0);
	*page_entry(CODE) |= 1;
	GPR(RDI) = 0x5000;
	*page_entry(0x5000) = APIC_PAGE | 0x65;
	assert_retries("\x89\x07", 2, APIC_PAGE, ACCESS_WRITE);
	GPR(RDI) = 1ull << 47;
	assert_retries("\x8b\x07", 2, APIC_PAGE + 0x80, 0);
	/* a mapping of the guest's own */
	GPR(RDI) = 0x5000;
	*page_entry(0x5000) = APIC_PAGE | 0x67;
	assert_int_equal(run_at("\x89\x07", 2, APIC_PAGE, ACCESS_WRITE),
			 OUTCOME_SAME);
	assert_int_equal(device.writes, 1);
	assert_int_equal(*page_entry(0x5000), APIC_PAGE | 0x67);
}

/* The exit was a read, the code now writes; or the other way about. */
static void test_other_direction(void **state)
{
	(void)state;
	assert_retries("\x89\x07", 2, APIC_PAGE + 0x80, 0);
	assert_retries("\x8b\x07", 2, APIC_PAGE + 0x80, ACCESS_WRITE);
	assert_retries("\x85\x07", 2, APIC_PAGE + 0x80, ACCESS_WRITE);
	/* A processor may report the reading half of a change first. */
	run("\x83\x07\x01", 3, 0);
	assert_int_equal(device.writes, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MEMORY_TEST(test_reads),
		MEMORY_TEST(test_writes),
		MEMORY_TEST(test_ioapic),
		MEMORY_TEST(test_addresses),
		MEMORY_TEST(test_modify),
		MEMORY_TEST(test_combine),
		MEMORY_TEST(test_compare),
		MEMORY_TEST(test_device_stops),
		MEMORY_TEST(test_single_step),
		MEMORY_TEST(test_nothing),
		MEMORY_TEST(test_refused),
		MEMORY_TEST(test_overlay),
		MEMORY_TEST(test_retries),
		MEMORY_TEST(test_other_direction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
