/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks: each has an id, one sentence that says what must hold, what for,
 * an example of wrong and right, and a procedure. All of them run; then the
 * errors are printed, without those that only follow from another one. Ids
 * that the reader or a placement finds have no procedure here.
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

enum check_severity { CHECK_ERROR, CHECK_WARNING };

struct check {
	const char *id;		/* null: behind the last of a file's */
	enum check_severity severity;
	enum check_stage stage;
	void (*run)(const struct model *model);
	/* Ids, with blanks between: an error of one makes this one needless. */
	const char *after;
	const char *sentence;
	const char *why;
	const char *wrong;
	const char *right;
};

void check_run(const struct model *model, enum check_stage stage);
/* Root causes first, and what only follows from them left out. */
void check_settle(void);
/* Prints the documentation of an id. False: there is no such id. */
bool check_explain(const char *id, FILE *out);
/* A line for each id. */
void check_list(FILE *out);
/* docs/spec-errors.md */
void check_document(FILE *out);

/* rules_*.c */
extern const struct check check_language_rules[];
extern const struct check check_machine_rules[];
extern const struct check check_memory_rules[];
extern const struct check check_ports_rules[];
extern const struct check check_msrs_rules[];
extern const struct check check_cpuid_rules[];
extern const struct check check_plan_rules[];
extern const struct check check_channel_rules[];
extern const struct check check_boot_rules[];
extern const struct check check_launch_rules[];

/* Physical ports that a row gives away. False: none. */
bool check_physical_range(const struct port_row *row,
			  struct model_range *range);

/* schema.c */
void check_schema(const struct model *model);

/* unknown.c */
void check_unknown_fact(const struct model *model);
/* A string of the node's "unknown" stands in for that property or node. */
bool check_is_unknown(int node, const char *name);

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
void check_memory_unit(const struct model *model);
void check_memory_page(const struct model *model);
void check_address_unit(const struct model *model);
void check_stack_overlap(const struct model *model);

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
void check_boot_ok_checksum(const struct model *model);

/* launch.c */
void check_launch_twice(const struct model *model);
void check_launch_boot(const struct model *model);
void check_launch_vps(const struct model *model);
void check_launch_failure(const struct model *model);
void check_launch_gpa_bits(const struct model *model);
void check_launch_alone(const struct model *model);
void check_launch_count(const struct model *model);
void check_launch_timeout(const struct model *model);
void check_launch_flags(const struct model *model);
void check_launch_tpm(const struct model *model);
void check_launch_config(const struct model *model);
void check_launch_port(const struct model *model);

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
void check_plan_idle(const struct model *model);
void check_slot_idle(const struct model *model);

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
void check_command_line_unused(const struct model *model);
void check_restart_max_zero(const struct model *model);
void check_partition_name_taken(const struct model *model);

/* board.c */
void check_ram_low(const struct model *model);
void check_ram_device(const struct model *model);
void check_ram_width(const struct model *model);
void check_reserved_ram(const struct model *model);
void check_unit_address(const struct model *model);
void check_ioapic_align(const struct model *model);
void check_ioapic_range(const struct model *model);
void check_ioapic_pins(const struct model *model);
void check_irq_timer(const struct model *model);
void check_uart_align(const struct model *model);
void check_tsc_hz(const struct model *model);
void check_apic_hz(const struct model *model);
void check_board_name(const struct model *model);
void check_reserved_port_range(const struct model *model);
void check_console_port(const struct model *model);

/* cpuid.c */
void check_cpuid_subleaf(const struct model *model);
void check_cpuid_every_subleaf(const struct model *model);
void check_cpuid_hypervisor(const struct model *model);
void check_cpuid_dynamic(const struct model *model);
void check_cpuid_topology(const struct model *model);
void check_cpuid_force(const struct model *model);
void check_cpuid_xcr0(const struct model *model);

/* features.c */
void check_gpa_bits_unused(const struct model *model);
void check_cpuid_max(const struct model *model);
void check_cpuid_width(const struct model *model);
void check_cpuid_long_mode(const struct model *model);
void check_cpuid_fxsr(const struct model *model);
void check_cpuid_sse(const struct model *model);
void check_cpuid_xsave_leaf(const struct model *model);
void check_cpuid_avx(const struct model *model);
void check_cpuid_avx_state(const struct model *model);
void check_cpuid_avx_users(const struct model *model);
void check_cpuid_leaf1(const struct model *model);
void check_cpuid_x2apic_id(const struct model *model);
void check_cpuid_tlfs(const struct model *model);
void check_vp_apic(const struct model *model);
void check_linux_cpuid(const struct model *model);

/* payload.c */
void check_command_line_limit(const struct model *model);
void check_console_uart(const struct model *model);
void check_payload_arch(const struct model *model);
void check_linux_truncated(const struct model *model);
void check_initrd_kernel(const struct model *model);
void check_elf_type(const struct model *model);
void check_pvh_entry(const struct model *model);
void check_raw_format(const struct model *model);

/* port_rows.c */
void check_port_target_range(const struct model *model);
void check_port_value_range(const struct model *model);
void check_port_reset(const struct model *model);
void check_port_smi(const struct model *model);
void check_port_pci(const struct model *model);
void check_port_pic(const struct model *model);
void check_port_dma(const struct model *model);
void check_acpi_port_zero(const struct model *model);
void check_acpi_status_port(const struct model *model);
void check_port_uart(const struct model *model);

/* promises.c */
void check_msr_emulate(const struct model *model);
void check_msr_tsc(const struct model *model);
void check_msr_apic_base(const struct model *model);
void check_msr_sysenter(const struct model *model);
void check_msr_mtrr(const struct model *model);
void check_msr_pat(const struct model *model);
void check_msr_x2apic(const struct model *model);
void check_msr_tsc_deadline(const struct model *model);
void check_msr_syscall(const struct model *model);
void check_msr_efer(const struct model *model);
void check_msr_tsc_aux(const struct model *model);
void check_linux_msrs(const struct model *model);

#endif
