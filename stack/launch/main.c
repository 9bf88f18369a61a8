/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch partition: waits until the others are loaded, checks them
 * through windows that it can only read, tells the verdict, and is done. It
 * trusts the hypervisor that it runs on and nothing else.
 */
#include <string.h>

#include <mbedtls/memory_buffer_alloc.h>

#include "check.h"
#include "machine.h"
#include "service.h"

#define LAUNCH_PORT 0x610
/* 16 KiB were enough for ECDSA and three certificates. */
#ifdef CONFIG_LAUNCH_RSA
#define ARENA_SIZE 262144
#else
#define ARENA_SIZE 65536
#endif

extern const uint8_t launch_authorities[];
extern const uint8_t launch_authorities_end[];
void launch_main(const struct launch_table *table);

static unsigned char launch_arena[ARENA_SIZE]
	__attribute__((aligned(64)));
static struct check launch_check;
/* A page of its own: the hypervisor is told its number. */
static union {
	struct launch_verdict verdict;
	uint8_t page[4096];
} launch_answer __attribute__((aligned(4096)));

static void launch_print(const struct check *check)
{
	const struct launch_verdict *verdict = check->verdict;
	uint32_t i;

	for (i = 0; i < verdict->partition_count; i++) {
		const struct check_result *result = &check->results[i];

		if (i == check->table->self &&
		    verdict->partitions[i].status == LAUNCH_OK) {
			continue;
		}
		console_print(check->table->partitions[i].name);
		console_print(verdict->partitions[i].status == LAUNCH_OK ?
			      ": " : ": refused: ");
		console_print(result->why);
		if (result->gpa != 0) {
			console_print(" at ");
			console_print_hex(result->gpa);
		}
		console_print("\n");
	}
}

void launch_main(const struct launch_table *table)
{
	struct check_input input = {
		.table = table,
		.table_size = sizeof(*table) +
			      table->partition_count *
			      sizeof(table->partitions[0]),
		.manifest = (const uint8_t *)(uintptr_t)table->manifest,
		.manifest_room = table->manifest_size,
		.authorities = launch_authorities,
		.authorities_size = (size_t)(launch_authorities_end -
					     launch_authorities),
		.version_min = CONFIG_LAUNCH_VERSION_MIN,
	};
	bool good;
	uint32_t i;

	paging_init();
	mbedtls_memory_buffer_alloc_init(launch_arena, sizeof(launch_arena));
	while (port_in32(LAUNCH_PORT) != 0) {
		__asm__ volatile("pause");
	}
	service_begin(&input);
	good = check_begin(&launch_check, &input, &launch_answer.verdict);
	for (i = 0; good && i < table->partition_count; i++) {
		struct check_memory memory = {
			.size = table->partitions[i].size,
			.bytes = (const uint8_t *)(uintptr_t)
				 table->partitions[i].window,
		};

		if (i != table->self) {
			check_partition(&launch_check, i, &memory,
					paging_show(table->partitions[i].window,
						    memory.size) ? 1 : 0);
		}
	}
	good = check_end(&launch_check);
	launch_print(&launch_check);
	service_end(&launch_check, good);
	port_out32(LAUNCH_PORT, (uint32_t)((uintptr_t)&launch_answer >> 12));
	service_run(table);
}
