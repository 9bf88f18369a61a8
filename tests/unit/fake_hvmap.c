/* SPDX-License-Identifier: Apache-2.0 */
/* Window slots as mappings of one memory file: see fake_hvmap.h. */
#define _GNU_SOURCE
#include "fake_hvmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define SLOT_STRIDE (2 * LARGE_PAGE_SIZE)
#define SLOTS (HVMAP_SLOT_COUNT + HVMAP_LARGE_COUNT)

unsigned fake_hvmap_open_count;
unsigned fake_hvmap_opened;
unsigned fake_hvmap_writable;
void (*fake_hvmap_on_open)(void);

static int memory_fd = -1;
static uint8_t *memory;
static uint8_t *slot_area;
static bool slot_open[SLOTS];

static void *reserve(uint64_t size)
{
	uint8_t *at = mmap(NULL, size + LARGE_PAGE_SIZE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_ptr_not_equal(at, MAP_FAILED);
	return (void *)(((uintptr_t)at + LARGE_PAGE_SIZE - 1) &
			~(uintptr_t)(LARGE_PAGE_SIZE - 1));
}

uint8_t *fake_memory(void)
{
	if (memory == NULL) {
		memory_fd = memfd_create("memory", 0);
		assert_true(memory_fd >= 0);
		assert_int_equal(ftruncate(memory_fd, FAKE_MEMORY_SIZE), 0);
		memory = mmap(reserve(FAKE_MEMORY_SIZE), FAKE_MEMORY_SIZE,
			      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			      memory_fd, 0);
		assert_ptr_not_equal(memory, MAP_FAILED);
		slot_area = reserve(SLOTS * SLOT_STRIDE);
	}
	return memory;
}

static void *slot_map(unsigned slot, spa_t page, uint64_t size, bool write)
{
	uint8_t *at = slot_area + slot * SLOT_STRIDE;

	assert_int_equal(page.v & (size - 1), 0);
	assert_in_range(page.v, fake_memory_spa(),
			fake_memory_spa() + FAKE_MEMORY_SIZE - size);
	assert_ptr_equal(mmap(at, size,
			      write ? PROT_READ | PROT_WRITE : PROT_READ,
			      MAP_SHARED | MAP_FIXED, memory_fd,
			      (off_t)(page.v - fake_memory_spa())), at);
	if (!slot_open[slot]) {
		slot_open[slot] = true;
		fake_hvmap_open_count++;
	}
	fake_hvmap_opened++;
	fake_hvmap_writable += write;
	if (fake_hvmap_on_open != NULL) {
		fake_hvmap_on_open();
	}
	return at;
}

static void slot_unmap(unsigned slot)
{
	uint8_t *at = slot_area + slot * SLOT_STRIDE;

	assert_ptr_equal(mmap(at, LARGE_PAGE_SIZE, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED |
			      MAP_NORESERVE, -1, 0), at);
	if (slot_open[slot]) {
		slot_open[slot] = false;
		fake_hvmap_open_count--;
	}
}

void *hvmap_window(unsigned slot, spa_t page, bool write)
{
	assert_in_range(slot, 0, HVMAP_SLOT_COUNT - 1);
	return slot_map(slot, page, PAGE_SIZE, write);
}

struct hvmap_peek hvmap_peek(unsigned slot)
{
	assert_in_range(slot, 0, HVMAP_SLOT_COUNT - 1);
	return (struct hvmap_peek){ .at = slot_area + slot * SLOT_STRIDE };
}

uint64_t hvmap_peek_load64(const struct hvmap_peek *peek,
			   const struct hvmap_spot *spot)
{
	unsigned slot = (unsigned)((peek->at - slot_area) / SLOT_STRIDE);
	spa_t page = spa(spot->entry & ~HVMAP_PEEK_FLAGS);
	const uint8_t *at = slot_map(slot, page, PAGE_SIZE, false);

	assert_ptr_equal(at, peek->at);
	assert_in_range(spot->offset, 0, PAGE_SIZE - sizeof(uint64_t));
	return *(const hvmap_word_t *)(at + spot->offset);
}

void hvmap_peek_close(const struct hvmap_peek *peek)
{
	hvmap_window_close((unsigned)((peek->at - slot_area) / SLOT_STRIDE));
}

void hvmap_window_close(unsigned slot)
{
	assert_in_range(slot, 0, HVMAP_SLOT_COUNT - 1);
	slot_unmap(slot);
}

void *hvmap_window_large(unsigned slot, spa_t page, bool write)
{
	assert_in_range(slot, 0, HVMAP_LARGE_COUNT - 1);
	return slot_map(HVMAP_SLOT_COUNT + slot, page, LARGE_PAGE_SIZE, write);
}

void hvmap_window_large_close(unsigned slot)
{
	assert_in_range(slot, 0, HVMAP_LARGE_COUNT - 1);
	slot_unmap(HVMAP_SLOT_COUNT + slot);
}
