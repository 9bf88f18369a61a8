/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linked with a spec's tables.c and payload.S on the host: prints what the
 * hypervisor would read, as JSON. Entries of nested tables that point into
 * the pool are printed as [table, flags].
 */
#include <inttypes.h>
#include <stdio.h>

#include "config/config.h"

extern const uint64_t image_limit;

static void dump_state(const struct vp_state_config *s)
{
	unsigned i;

	printf("{\"gpr\": [");
	for (i = 0; i < GPR_COUNT; i++) {
		printf("%s%" PRIu64, i == 0 ? "" : ",", s->gpr[i]);
	}
	printf("], \"rip\": %" PRIu64 ", \"rflags\": %" PRIu64
	       ", \"cr0\": %" PRIu64 ", \"cr3\": %" PRIu64 ", \"cr4\": %"
	       PRIu64 ", \"efer\": %" PRIu64 ", \"gdt\": [%" PRIu64
	       ", %" PRIu32 "], \"segments\": [", s->rip, s->rflags, s->cr0,
	       s->cr3, s->cr4, s->efer, s->gdtr_base, s->gdtr_limit);
	for (i = 0; i < SEGMENT_COUNT; i++) {
		printf("%s[%" PRIu64 ",%" PRIu32 ",%u,%u]", i == 0 ? "" : ",",
		       s->segment[i].base, s->segment[i].limit,
		       s->segment[i].selector, s->segment[i].attributes);
	}
	printf("]}");
}

static void dump_bytes(const uint8_t *bytes, uint64_t size)
{
	uint64_t i;

	printf("\"");
	for (i = 0; i < size; i++) {
		printf("%02x", bytes[i]);
	}
	printf("\"");
}

static void dump_nested(const struct partition_config *p,
			const uint64_t (*initial)[CONFIG_TABLE_ENTRIES])
{
	uint64_t pool = (uint64_t)(uintptr_t)p->nested_pool;
	uint64_t end = pool + (uint64_t)p->nested_pool_count * 4096;
	uint32_t t, i;

	printf("[");
	for (t = 0; initial != NULL && t < p->nested_initial_count; t++) {
		const char *comma = "";

		printf("%s{", t == 0 ? "" : ",");
		for (i = 0; i < CONFIG_TABLE_ENTRIES; i++) {
			uint64_t entry = initial[t][i];

			if (entry == 0) {
				continue;
			}
			printf("%s\"%" PRIu32 "\": ", comma, i);
			comma = ",";
			if (entry >= pool && entry < end) {
				printf("[%" PRIu64 ",%" PRIu64 "]",
				       (entry - pool) / 4096, entry % 4096);
			} else {
				printf("%" PRIu64, entry);
			}
		}
		printf("}");
	}
	printf("]");
}

static void dump_rows(const struct partition_config *p)
{
	uint32_t i, j;

	printf("\"ports\": [");
	for (i = 0; i < p->port_count; i++) {
		printf("%s[%u,%u,%u,%u]", i == 0 ? "" : ",",
		       p->ports[i].first, p->ports[i].last,
		       p->ports[i].target, p->ports[i].action);
	}
	printf("], \"msrs\": [");
	for (i = 0; i < p->msr_count; i++) {
		printf("%s[%" PRIu32 ",%" PRIu32 ",%" PRIu64 ",%u,%u]",
		       i == 0 ? "" : ",", p->msrs[i].first, p->msrs[i].last,
		       p->msrs[i].value, p->msrs[i].read, p->msrs[i].write);
	}
	printf("], \"cpuids\": [");
	for (i = 0; i < p->cpuid_count; i++) {
		const struct cpuid_config *c = &p->cpuids[i];

		printf("%s[%" PRIu32 ",%" PRIu32, i == 0 ? "" : ",", c->leaf,
		       c->subleaf);
		for (j = 0; j < 4; j++) {
			printf(",%" PRIu32, c->allow[j]);
		}
		for (j = 0; j < 4; j++) {
			printf(",%" PRIu32, c->force[j]);
		}
		printf(",%" PRIu32 ",%" PRIu32 "]", c->dynamic, c->vendor);
	}
	printf("],\n");
}

/* Part of a module: [SPA, size]; there are no bytes of it here. */
static void dump_data(const struct load_config *load)
{
	uint64_t at = (uint64_t)(uintptr_t)load->data;
	uint32_t i;

	for (i = 0; i < module_count; i++) {
		if (at - module_configs[i].spa < module_configs[i].size) {
			printf("[%" PRIu64 ",%" PRIu64 "]", at, load->size);
			return;
		}
	}
	dump_bytes(load->data, load->size);
}

static void dump_modules(void)
{
	uint32_t i;

	printf("\"modules\": [");
	for (i = 0; i < module_count; i++) {
		const struct module_config *m = &module_configs[i];

		printf("%s[%" PRIu64 ",%" PRIu64 ",", i == 0 ? "" : ",",
		       m->spa, m->size);
		dump_bytes(m->sha384, sizeof(m->sha384));
		printf(",\"%s\",\"%s\"]", m->name, m->where);
	}
	printf("],\n");
}

static void dump_loads(const struct partition_config *p)
{
	uint32_t i;

	printf("\"regions\": [");
	for (i = 0; i < p->region_count; i++) {
		printf("%s[%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]",
		       i == 0 ? "" : ",", p->regions[i].gpa,
		       p->regions[i].spa, p->regions[i].size);
	}
	printf("], \"loads\": [");
	for (i = 0; i < p->load_count; i++) {
		printf("%s[%" PRIu64 ",", i == 0 ? "" : ",", p->loads[i].gpa);
		dump_data(&p->loads[i]);
		printf("]");
	}
	printf("],\n");
}

static void dump_partition(const struct partition_config *p)
{
	printf("{\"name\": \"%s\", \"where\": \"%s\", \"flags\": %" PRIu32
	       ", \"vp_first\": %" PRIu32 ", \"vp_count\": %" PRIu32
	       ", \"gpa_bits\": %" PRIu32 ", \"port_default\": %" PRIu32
	       ", \"channels\": [%" PRIu32 ",%" PRIu32 "]"
	       ", \"failure\": %" PRIu32 ", \"restart_max\": %" PRIu32
	       ", \"cr4\": %" PRIu64 ", \"efer\": %" PRIu64 ", \"xcr0\": %"
	       PRIu64 ", \"privileges\": %" PRIu64 ", \"pool\": %" PRIu32
	       ",\n", p->name, p->where, p->flags, p->vp_first, p->vp_count,
	       p->gpa_bits, p->port_default, p->channel_first,
	       p->channel_count, p->failure, p->restart_max,
	       p->cr4_allow, p->efer_allow, p->xcr0_allow, p->hv_privileges,
	       p->nested_pool_count);
	dump_rows(p);
	dump_loads(p);
	printf("\"iopm\": ");
	dump_bytes(p->iopm, 12288);
	printf(",\n\"msrpm\": ");
	dump_bytes(p->msrpm, p->msrpm != NULL ? 8192 : 0);
	printf(",\n\"msr_bitmap\": ");
	dump_bytes(p->msr_bitmap, p->msr_bitmap != NULL ? 4096 : 0);
	printf(",\n\"msr_bitmap_apic\": ");
	dump_bytes(p->msr_bitmap_apic,
		   p->msr_bitmap_apic != NULL ? 4096 : 0);
	printf(", \"maps\": [%" PRIu64 ",%" PRIu64 "]",
	       (uint64_t)(uintptr_t)p->iopm, (uint64_t)(uintptr_t)p->msrpm);
	printf(",\n\"nested\": ");
	dump_nested(p, p->nested_initial);
	printf(",\n\"ept\": ");
	dump_nested(p, p->ept_initial);
	printf("}\n");
}

static void dump_channels(void)
{
	uint32_t i, j;

	printf("\"channels\": [");
	for (i = 0; i < channel_count; i++) {
		const struct channel_config *c = &channel_configs[i];

		printf("%s[%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32
		       ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 "]",
		       i == 0 ? "" : ",", c->from, c->connection, c->vp,
		       c->port, c->kind, c->sint, c->flag_first,
		       c->flag_count);
	}
	printf("], \"sints\": [");
	for (i = 0; i < vp_count; i++) {
		printf("%s[", i == 0 ? "" : ",");
		for (j = 0; j < SINT_COUNT; j++) {
			printf("%s%" PRId32, j == 0 ? "" : ",",
			       (int32_t)vp_configs[i].sint_channel[j]);
		}
		printf("]");
	}
	printf("],\n");
}

static void dump_plan(void)
{
	uint32_t i, j;

	printf("\"lps\": [");
	for (i = 0; i < lp_count; i++) {
		printf("%s{\"apic_id\": %" PRIu32 ", \"slots\": [",
		       i == 0 ? "" : ",", lp_configs[i].apic_id);
		for (j = 0; j < lp_configs[i].slot_count; j++) {
			printf("%s[%" PRIu32 ",%" PRIu32 "]",
			       j == 0 ? "" : ",", lp_configs[i].slots[j].vp,
			       lp_configs[i].slots[j].length_us);
		}
		printf("]}");
	}
	printf("], \"vps\": [");
	for (i = 0; i < vp_count; i++) {
		printf("%s[%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",",
		       i == 0 ? "" : ",", vp_configs[i].partition,
		       vp_configs[i].number, vp_configs[i].lp);
		if (vp_configs[i].state == 0) {
			printf("null]");
		} else {
			dump_state(vp_configs[i].state);
			printf("]");
		}
	}
	printf("], \"lines\": [");
	for (i = 0; i < line_count; i++) {
		const struct line_config *l = &line_configs[i];

		printf("%s[%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32
		       ",%u,%u,%u]", i == 0 ? "" : ",", l->gsi, l->partition,
		       l->pin, l->lp, l->level, l->active_low, l->vector);
	}
	printf("],\n");
	dump_channels();
	printf("\"rams\": [");
	for (i = 0; i < ram_count; i++) {
		printf("%s[%" PRIu64 ",%" PRIu64 "]", i == 0 ? "" : ",",
		       ram_configs[i].base, ram_configs[i].size);
	}
	printf("],\n");
}

int main(void)
{
	uint32_t i;

	printf("{\"spec\": \"%s\", \"image_limit\": %" PRIu64
	       ", \"machine\": {\"name\": \"%s\", \"tsc_hz\": %" PRIu64
	       ", \"apic_hz\": %" PRIu64 ", \"ioapic\": %" PRIu64
	       ", \"vendor\": %" PRIu32 ", \"pins\": %" PRIu32 "},\n",
	       spec_name, image_limit, machine_config.name,
	       machine_config.tsc_hz, machine_config.apic_hz,
	       machine_config.ioapic_base, machine_config.vendor,
	       machine_config.ioapic_pins);
	dump_plan();
	dump_modules();
	printf("\"partitions\": [");
	for (i = 0; i < partition_count; i++) {
		printf("%s", i == 0 ? "" : ",");
		dump_partition(&partition_configs[i]);
	}
	printf("]}\n");
	return 0;
}
