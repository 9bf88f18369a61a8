/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks: each has an id, one sentence that says what must hold, and a
 * procedure. All of them run; then the errors are printed. Ids whose
 * procedure is another row's, or a stage of the compiler, have none here.
 */
#ifndef PARTC_CHECK_H
#define PARTC_CHECK_H

#include "diag.h"
#include "model.h"

enum check_stage {
	CHECK_SPEC,		/* after reading: what the spec says */
	CHECK_LAYOUT,		/* payloads have their guest addresses */
	CHECK_ELSEWHERE		/* found by the stage that does the work */
};

struct check {
	const char *id;
	const char *sentence;
	enum check_stage stage;
	void (*run)(const struct model *model);
};

void check_run(const struct model *model, enum check_stage stage);
/* Prints the sentence of an id. False: there is no such id. */
bool check_explain(const char *id, FILE *out);
void check_list(FILE *out);

/* schema.c */
void check_schema(const struct model *model);

/* machine.c */
void check_ram_range(const struct model *model);
void check_ram_overlap(const struct model *model);
void check_apic_id(const struct model *model);
void check_apic_id_twice(const struct model *model);
void check_irq_pin(const struct model *model);
void check_uart_overlap(const struct model *model);
void check_config_vendor(const struct model *model);

/* memory.c */
void check_memory_size(const struct model *model);
void check_memory_limit(const struct model *model);
void check_address_align(const struct model *model);
void check_address_overlap(const struct model *model);
void check_gpa_bits(const struct model *model);
void check_load_overlap(const struct model *model);

/* ports.c */
void check_port_range(const struct model *model);
void check_port_overlap(const struct model *model);
void check_port_target(const struct model *model);
void check_port_value(const struct model *model);
void check_port_intercept(const struct model *model);
void check_port_twice(const struct model *model);
void check_port_reserved(const struct model *model);
void check_port_console(const struct model *model);
void check_uart_twice(const struct model *model);
void check_uart_base(const struct model *model);
void check_irq_twice(const struct model *model);
void check_acpi_ports(const struct model *model);

/* boot_ok.c */
void check_boot_ok_cmos(const struct model *model);
void check_boot_ok_board(const struct model *model);
void check_boot_ok_ports(const struct model *model);

/* policy.c */
void check_msr_range(const struct model *model);
void check_msr_overlap(const struct model *model);
void check_msr_pass(const struct model *model);
void check_msr_value(const struct model *model);
void check_cpuid_twice(const struct model *model);
void check_cpuid_unsafe(const struct model *model);
void check_tlfs_config(const struct model *model);

/* plan.c */
void check_vp_count(const struct model *model);
void check_plan_missing(const struct model *model);
void check_plan_twice(const struct model *model);
void check_slot_vp(const struct model *model);
void check_slot_lp(const struct model *model);
void check_slot_length(const struct model *model);
void check_vp_without_slot(const struct model *model);

/* channels.c */
void check_channel_self(const struct model *model);
void check_channel_vp(const struct model *model);
void check_channel_sint(const struct model *model);
void check_channel_sint_twice(const struct model *model);
void check_channel_id(const struct model *model);
void check_channel_id_twice(const struct model *model);
void check_channel_flags(const struct model *model);
void check_channel_flags_twice(const struct model *model);
void check_channel_privilege(const struct model *model);
void check_channel_count(const struct model *model);

/* boot.c */
void check_load_address(const struct model *model);
void check_raw_only(const struct model *model);
void check_initrd_unused(const struct model *model);
void check_modules_unused(const struct model *model);
void check_as_module(const struct model *model);
void check_module_count(const struct model *model);
void check_command_line(const struct model *model);
void check_restart_max(const struct model *model);
void check_nmi_twice(const struct model *model);
void check_partition_name(const struct model *model);
void check_entry(const struct model *model);
void check_long_mode(const struct model *model);

#endif
