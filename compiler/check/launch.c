/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of the launch partition (hv/guest/launch.h): it runs first, once, on
 * one VP, sees what the others are loaded with, and says who starts.
 */
#include "config/launch.h"
#include "check/check.h"
#include "kconfig.h"
#include "place/place.h"

#define TIMEOUT_MAX_MS 3600000u

void check_launch_twice(const struct model *model)
{
	const struct model_partition *first = NULL;
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->launch) {
			continue;
		}
		if (first == NULL) {
			first = p;
			continue;
		}
		diag = diag_error("launch-twice", p->launch_at,
				  "%s would check the others, which %s does",
				  p->name, first->name);
		diag_note(diag, first->launch_at, "%s has it here",
			  first->name);
		diag_fix(diag, "leave one of the two");
	}
}

/* The launch partition; null: none. */
static const struct model_partition *find_launch(const struct model *model)
{
	uint32_t i = model_launch(model);

	return i == MODEL_NONE ? NULL : &model->partitions[i];
}

void check_launch_boot(const struct model *model)
{
	const struct model_partition *p = find_launch(model);
	struct diag *diag;

	if (p == NULL || p->boot == BOOT_RAW64 || p->boot == BOOT_UNKNOWN) {
		return;
	}
	diag = diag_error("launch-boot", p->boot_text.at,
			  "the launch partition %s is not a raw64 payload",
			  p->name);
	diag_fix(diag, "boot = \"raw64\"; it finds its table by RDI");
}

void check_launch_vps(const struct model *model)
{
	const struct model_partition *p = find_launch(model);
	struct diag *diag;

	if (p == NULL || p->vp_count <= 1) {
		return;
	}
	diag = diag_error("launch-vps", p->vps_at,
			  "the launch partition %s has %u VPs", p->name,
			  p->vp_count);
	diag_fix(diag, "give it one: vps = <&%s>",
		 p->vps[0].lp == MODEL_NONE ? "lp0" :
		 model->machine.lps[p->vps[0].lp].name);
}

void check_launch_failure(const struct model *model)
{
	const struct model_partition *p = find_launch(model);
	struct diag *diag;

	if (p == NULL || p->failure != FAILURE_RESTART) {
		return;
	}
	diag = diag_error("launch-failure", p->failure_text.at,
			  "the launch partition %s would be restarted",
			  p->name);
	diag_fix(diag, "on-failure = \"halt\" (the others stay off) or "
		 "\"panic\"");
}

void check_launch_gpa_bits(const struct model *model)
{
	const struct model_partition *p = find_launch(model);
	struct diag *diag;

	if (p == NULL || !p->gpa_bits_wanted.set ||
	    p->gpa_bits_wanted.v == LAUNCH_WINDOW_BITS) {
		return;
	}
	diag = diag_error("launch-gpa-bits", p->gpa_bits_wanted.at,
			  "the launch partition %s has GPAs of %llu bits, "
			  "where it sees the others", p->name,
			  (unsigned long long)p->gpa_bits_wanted.v);
	diag_fix(diag, "leave \"gpa-bits\" out");
}

void check_launch_alone(const struct model *model)
{
	const struct model_partition *p = find_launch(model);
	struct diag *diag;

	if (p == NULL || model->partition_count > 1) {
		return;
	}
	diag = diag_error("launch-alone", p->launch_at,
			  "%s has nobody to check", p->name);
	diag_fix(diag, "add the partitions that are to run, or leave "
		 "\"launch\" out");
}

void check_launch_count(const struct model *model)
{
	const struct model_partition *p = find_launch(model);
	struct diag *diag;

	if (p == NULL || model->partition_count <= LAUNCH_PARTITION_MAX) {
		return;
	}
	diag = diag_error("launch-count", p->launch_at,
			  "%s cannot speak for %u partitions", p->name,
			  model->partition_count);
	diag_fix(diag, "a verdict has room for %u, itself included",
		 LAUNCH_PARTITION_MAX);
}

void check_launch_timeout(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->launch_timeout.set ||
		    (p->launch && p->launch_timeout.v != 0 &&
		     p->launch_timeout.v <= TIMEOUT_MAX_MS)) {
			continue;
		}
		diag = diag_error("launch-timeout", p->launch_timeout.at,
				  p->launch ? "%s cannot take %llu ms for its "
				  "verdict" : "%s checks nobody within %llu "
				  "ms", p->name,
				  (unsigned long long)p->launch_timeout.v);
		diag_fix(diag, p->launch ? "say how many milliseconds, up to "
			 "3600000" : "leave it out, or make it the launch "
			 "partition: launch;");
	}
}

void check_launch_flags(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (p->launch || (!p->launch_all && !p->launch_stays)) {
			continue;
		}
		diag = diag_error("launch-flags", p->launch_all ?
				  p->launch_all_at : p->launch_stays_at,
				  "%s is no launch partition", p->name);
		diag_fix(diag, "leave it out, or make it the launch "
			 "partition: launch;");
	}
}

void check_launch_tpm(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		const struct model_partition *p = &model->partitions[i];
		struct diag *diag;

		if (!p->launch_tpm || p->launch) {
			continue;
		}
		diag = diag_error("launch-tpm", p->launch_tpm_at,
				  "%s would have the TPM, and is no launch "
				  "partition", p->name);
		diag_fix(diag, "leave it out, or make it the launch "
			 "partition: launch;");
	}
}

void check_launch_config(const struct model *model)
{
	const struct model_partition *p = find_launch(model);
	struct diag *diag;

	if (p == NULL || kconfig_has("LAUNCH")) {
		return;
	}
	diag = diag_error("launch-config", p->launch_at,
			  "%s is to check the others, which this build does "
			  "not wait for", p->name);
	diag_fix(diag, "set CONFIG_LAUNCH (make menuconfig), or leave "
		 "\"launch\" out");
}

static void check_rows(const struct policy *policy)
{
	uint32_t i;

	for (i = 0; i < policy->port_count; i++) {
		const struct port_row *row = &policy->ports[i];
		struct diag *diag;

		if (row->action != PORT_LAUNCH) {
			continue;
		}
		diag = diag_error("launch-port", row->action_at,
				  "the port \"%s\" is no launch partition's",
				  row->name);
		diag_fix(diag, "the launch partition has its port by its "
			 "property: launch;");
	}
}

void check_launch_port(const struct model *model)
{
	uint32_t i;

	for (i = 0; i < model->partition_count; i++) {
		check_rows(&model->partitions[i].own);
	}
	for (i = 0; i < model->profile_count; i++) {
		check_rows(&model->profiles[i].policy);
	}
}
