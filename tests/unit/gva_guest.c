/* SPDX-License-Identifier: Apache-2.0 */
/* See gva_guest.h. */
#include "gva_guest.h"

struct vcpu vcpu;
struct vcpu_mode mode;
struct gva_fault fault;
const uint64_t entry_at[4] = { ENTRY0, ENTRY1, ENTRY2, ENTRY3 };

void *at(uint64_t address)
{
	return (void *)(uintptr_t)fake_tables_base(0, address).spa.v;
}

void put64(uint64_t address, uint64_t value)
{
	memcpy(at(address), &value, 8);
}

uint64_t get64(uint64_t address)
{
	uint64_t value;

	memcpy(&value, at(address), 8);
	return value;
}

void put32(uint64_t address, uint32_t value)
{
	memcpy(at(address), &value, 4);
}

uint32_t get32(uint64_t address)
{
	uint32_t value;

	memcpy(&value, at(address), 4);
	return value;
}

int guest_setup(void **state)
{
	(void)state;
	fake_hvmap_on_open = NULL;
	fake_tables_reset();
	memset(fake_memory(), 0, FAKE_MEMORY_SIZE);
	fake_vcpu_start(&vcpu, 0, 0);
	memset(&fault, 0x55, sizeof(fault));
	return 0;
}

/* No window left open, no lock held, after every test. */
int guest_teardown(void **state)
{
	(void)state;
	assert_int_equal(fake_hvmap_open_count, 0);
	assert_false(spinlock_is_taken(&nested_states[0].lock));
	return 0;
}

void set_long(void)
{
	fake_vcpu_set_mode(&vcpu, FAKE_LONG, 0);
	vcpu_get_mode(&vcpu, &mode);
	mode.cr0 |= CR0_WP;
	mode.efer |= NXE;
	mode.cr3 = ROOT;
	put64(ENTRY3, LEVEL2 | P | W | U);
	put64(ENTRY2, LEVEL1 | P | W | U);
	put64(ENTRY1, LEVEL0 | P | W | U);
	put64(ENTRY0, DATA | P | W | U);
	put64(ENTRY0 + 8, DATA_NEXT | P | W | U);
}

__attribute__((noinline)) void scribble(void)
{
	volatile uint8_t bytes[4096];

	for (unsigned i = 0; i < sizeof(bytes); i++) {
		bytes[i] = 0xff;
	}
}

enum hv_err translate(uint64_t address, uint32_t access, uint64_t *to)
{
	gpa_t result = gpa(~0ull);
	enum hv_err err;

	scribble();
	err = gva_translate(&vcpu, &mode, gva(address), access, &result,
			    &fault);
	*to = result.v;
	return err;
}

void assert_to(uint64_t address, uint32_t access, uint64_t want)
{
	uint64_t to;

	assert_int_equal(translate(address, access, &to), HV_OK);
	assert_int_equal(to, want);
}

void assert_fault(uint64_t address, uint32_t access, uint32_t error)
{
	uint64_t to;

	assert_int_equal(translate(address, access, &to), HV_ERR_FAULT);
	assert_int_equal(fault.vector, VECTOR_PF);
	assert_int_equal(fault.error, error);
	assert_int_equal(fault.address.v, address);
}

void set_pae(void)
{
	fake_vcpu_set_mode(&vcpu, FAKE_PAE, 0);
	vcpu_get_mode(&vcpu, &mode);
	mode.cr0 |= CR0_WP;
	mode.efer |= NXE;
	mode.cr3 = PDPT | 0x18;		/* PCD, PWT */
	put64(PAE2, LEVEL1 | P);
	put64(PAE1, LEVEL0 | P | W | U);
	put64(PAE0, DATA | P | W | U);
}

void set_legacy(void)
{
	fake_vcpu_set_mode(&vcpu, FAKE_PROTECTED_32, 0);
	vcpu_get_mode(&vcpu, &mode);
	mode.cr0 |= CR0_WP | CR0_PG;
	mode.paging = true;
	mode.cr3 = ROOT | 0x18;
	put32(PD, (uint32_t)(LEVEL0 | P | W | U));
	put32(PT, (uint32_t)(DATA | P | W | U));
	put32(PT + 4, 0xffffffff);	/* a neighbour that must stay */
	put32(PT - 4, 0);
}

void set_segment(enum segment_name name, uint64_t base, uint32_t limit,
		 uint16_t attributes)
{
	fake_of(&vcpu)->segment[name] =
		(struct segment_config){ base, limit, 0x10, attributes };
}
