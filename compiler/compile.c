/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stages of partc. All errors that can be found are found before the
 * first file is written; the ACPI tables alone are made before memory is
 * given out, since their size counts.
 */
#include "compile.h"

#include "check/check.h"
#include "diag.h"
#include "emit/emit.h"
#include "place/place.h"
#include "read/read.h"

static bool has_errors(void)
{
	check_settle();
	return diag_count() != 0;
}

bool compile_spec(struct model *model)
{
	read_model(model);
	place_policies(model);
	check_run(model, CHECK_SPEC);
	place_payloads(model);
	check_run(model, CHECK_LAYOUT);
	if (has_errors()) {
		return false;
	}
	util_make_directory(model->out_directory);
	emit_acpi(model);
	place_image(model);
	place_memory(model);
	place_lines(model);
	place_channels(model);
	return !has_errors();
}

void compile_emit(struct model *model, const char *targets)
{
	emit_tables(model);
	emit_payload(model);
	emit_modules(model);
	emit_grub(model);
	emit_report(model);
	emit_html(model);
	emit_json(model);
	emit_deps(model, targets);
}

void compile_forget(void)
{
	diag_forget();
	source_forget();
	place_forget();
	util_free_all();
}
