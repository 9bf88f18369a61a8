/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partc: from a partition spec (device tree blob and source map) to tables,
 * nested page tables, bitmaps, ACPI, boot data, GRUB menu and report.
 *
 *   read -> check -> place -> emit		(compile.c)
 *
 * Errors are collected; nothing is written when there is one.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"
#include "compile.h"
#include "diag.h"
#include "diff/diff.h"
#include "emit/emit.h"
#include "kconfig.h"
#include "tree.h"

struct options {
	const char *out;
	const char *dtb;
	const char *map;
	const char *spec;
	const char *guests;
	const char *launch;
	const char *kconfig;
	const char *targets;
	const char *explain;
	bool schema;
};

static const char usage[] =
	"usage: partc -o DIR --dtb FILE --map FILE --spec FILE -G GUESTDIR\n"
	"             -K AUTOCONF [-L LAUNCHDIR] [--targets 'MAKE TARGETS']\n"
	"       partc --explain ID|all|document\n"
	"       partc --schema\n"
	"       partc sign IMAGE.elf ...    as \"manifest sign\"\n"
	"       partc diff DIR|REPORT.JSON DIR|REPORT.JSON\n"
	"\n"
	"  --dtb      dtc -I dts -O dtb -@\n"
	"  --map      dtc -I dts -O dts -T -T, of the same source\n"
	"  --spec     the spec's own path: payload paths are relative to it\n"
	"  -G         directory of \"guest:\" payloads\n"
	"  -L         directory of \"launch:\" payloads\n"
	"  -K         Kconfig's autoconf.h\n"
	"  --targets  what depends on the payloads, in DIR/deps.d\n"
	"  --schema   the language, as JSON\n"
	"  --explain  what a check holds a spec to; all: a line for each;\n"
	"             document: docs/spec-errors.md\n";

static _Noreturn void fail(const char *what, const char *path)
{
	fprintf(stderr, "partc: %s: %s\n", path, what);
	exit(2);
}

static bool parse_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{ "dtb", required_argument, NULL, 'd' },
		{ "map", required_argument, NULL, 'm' },
		{ "spec", required_argument, NULL, 's' },
		{ "targets", required_argument, NULL, 't' },
		{ "explain", required_argument, NULL, 'e' },
		{ "schema", no_argument, NULL, 'S' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "o:G:L:K:h", names, NULL)) !=
	       -1) {
		switch (option) {
		case 'o':
			options->out = optarg;
			break;
		case 'd':
			options->dtb = optarg;
			break;
		case 'm':
			options->map = optarg;
			break;
		case 's':
			options->spec = optarg;
			break;
		case 'G':
			options->guests = optarg;
			break;
		case 'L':
			options->launch = optarg;
			break;
		case 'K':
			options->kconfig = optarg;
			break;
		case 't':
			options->targets = optarg;
			break;
		case 'e':
			options->explain = optarg;
			break;
		case 'S':
			options->schema = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc &&
	       (options->explain != NULL || options->schema ||
		(options->out != NULL && options->dtb != NULL &&
		 options->map != NULL && options->spec != NULL &&
		 options->guests != NULL && options->kconfig != NULL));
}

static void read_inputs(struct model *model, const struct options *options)
{
	const char *why = "";

	if (!tree_read(options->dtb, &why)) {
		fail(why, options->dtb);
	}
	if (!source_read_map(options->map)) {
		fail("cannot be read", options->map);
	}
	if (!kconfig_read(options->kconfig)) {
		fail("cannot be read", options->kconfig);
	}
	source_add_directory(util_directory(options->spec));
	source_add_directory(util_directory(options->map));
	model->spec_path = options->spec;
	model->out_directory = options->out;
	model->guest_directory = util_format("%s/", options->guests);
	model->launch_directory = util_format("%s/", options->launch != NULL ?
					      options->launch :
					      options->guests);
	model->image_base = kconfig_number("IMAGE_BASE_MIB", 16) << 20;
}

/* Cryptography is in a program of its own, beside this one. */
static int run_signer(char **argv)
{
	argv[0] = util_format("%smanifest", util_directory(argv[0]));
	execvp(argv[0], argv);
	fail("the signer's program is not there: make launch", argv[0]);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct model model = { 0 };
	bool good;

	if (argc >= 2 && strcmp(argv[1], "sign") == 0) {
		return run_signer(argv);
	}
	if (argc == 4 && strcmp(argv[1], "diff") == 0) {
		return diff_main(argv[2], argv[3]);
	}
	if (!parse_options(argc, argv, &options)) {
		fputs(usage, stderr);
		return 2;
	}
	if (options.schema) {
		emit_schema(stdout);
		return 0;
	}
	if (options.explain != NULL) {
		if (strcmp(options.explain, "all") == 0) {
			check_list(stdout);
			return 0;
		}
		if (strcmp(options.explain, "document") == 0) {
			check_document(stdout);
			return 0;
		}
		return check_explain(options.explain, stdout) ? 0 : 2;
	}
	read_inputs(&model, &options);
	good = compile_spec(&model);
	if (good) {
		compile_emit(&model, options.targets != NULL ?
			     options.targets :
			     util_format("%spartc.stamp %spayload.o",
					 util_directory(options.dtb),
					 util_directory(options.dtb)));
	}
	diag_print_all(stderr);		/* or warnings */
	return good ? 0 : 1;
}
