/* SPDX-License-Identifier: Apache-2.0 */
/* Moved all at once, then held against their hashes: see module.h. */
#include "mem/module.h"
#include "cpu/boot_info.h"
#include "cpu/log.h"
#include "lib/gather.h"
#include "lib/sha384.h"
#include "lib/string.h"

_Static_assert(CONFIG_MODULE_MAX <= GATHER_MAX, "all moved at once");

/* The first that is missing or not as large as it must be, or module_count. */
static uint32_t module_find_misfit(void)
{
	uint32_t i = 0;

	while (i < module_count && i < boot_module_count &&
	       boot_modules[i].end - boot_modules[i].base ==
	       module_configs[i].size) {
		i++;
	}
	return i;
}

void module_move(void)
{
	static struct gather_block blocks[CONFIG_MODULE_MAX];

	if (module_count == 0 || module_find_misfit() != module_count) {
		return;
	}
	for (uint32_t i = 0; i < module_count; i++) {
		blocks[i].from = (uint8_t *)boot_modules[i].base;
		blocks[i].size = module_configs[i].size;
	}
	gather(blocks, module_count, (uint8_t *)module_configs[0].spa);
}

static uint64_t module_hash_head(const uint8_t *hash)
{
	uint64_t head;

	memcpy(&head, hash, sizeof(head));
	return __builtin_bswap64(head);
}

void module_check(void)
{
	uint32_t misfit = module_find_misfit();
	const struct module_config *m = &module_configs[misfit];
	uint8_t hash[SHA384_SIZE];

	if (misfit < module_count && misfit >= boot_module_count) {
		log_line("refused: %s: module %s is missing: the boot loader "
			 "brought %u of %u", m->where, m->name,
			 boot_module_count, module_count);
		log_refuse();
	}
	if (misfit < module_count) {
		log_line("refused: %s: module %s has %lu bytes, the boot "
			 "loader brought %lu", m->where, m->name, m->size,
			 boot_modules[misfit].end - boot_modules[misfit].base);
		log_refuse();
	}
	for (m = module_configs; m < module_configs + module_count; m++) {
		sha384((const uint8_t *)m->spa, m->size, hash);
		if (memcmp(hash, m->sha384, SHA384_SIZE) != 0) {
			log_line("refused: %s: module %s is another file: "
				 "SHA-384 %016lx..., not %016lx...", m->where,
				 m->name, module_hash_head(hash),
				 module_hash_head(m->sha384));
			log_refuse();
		}
	}
}
