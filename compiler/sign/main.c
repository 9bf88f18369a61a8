/* SPDX-License-Identifier: Apache-2.0 */
/* manifest: the command line. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sign.h"
#include "util.h"

static const char usage[] =
	"usage: manifest sign IMAGE.elf --certificates CHAIN.pem --version N\n"
	"                --key KEY.pem | --digest-out FILE | "
	"--signature-in FILE\n"
	"                [--launch PARTITION] [--all-or-nothing]\n"
	"                [--report REPORT.JSON] [--modules DIR]\n"
	"       manifest verify IMAGE.elf --authorities CA.pem\n"
	"                [--launch PARTITION] [--version N] [--modules DIR]\n"
	"       manifest events IMAGE.elf, as verify: what PCR 12 must hold\n"
	"       manifest show IMAGE.elf\n"
	"       manifest authorities --authorities CA.pem --out FILE\n"
	"\n"
	"  --certificates    the signer's first, then its issuers; may be\n"
	"                    given more than once\n"
	"  --key             of the signer's certificate, without a password\n"
	"  --digest-out      what another program or a token is to sign;\n"
	"                    then the same again with\n"
	"  --signature-in    what it gave: raw, or ECDSA's in DER\n"
	"  --version         of this release; verify: the oldest allowed\n"
	"  --launch          the partition that checks the others\n"
	"  --report          default: report.json beside the image\n"
	"  --modules         default: modules/ beside the image\n";

static int main_usage(void)
{
	fputs(usage, stderr);
	return 2;
}

static bool main_version(struct sign_options *options, const char *text)
{
	char *end;

	options->has_version = true;
	options->version = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && *end == '\0';
}

static bool main_option(struct sign_options *options, int option)
{
	switch (option) {
	case 'c':
		if (options->certificate_count ==
		    SIGN_CERTIFICATE_FILES_MAX) {
			return false;
		}
		options->certificates[options->certificate_count++] = optarg;
		return true;
	case 'k':
		options->key = optarg;
		return true;
	case 'd':
		options->digest_out = optarg;
		return true;
	case 's':
		options->signature_in = optarg;
		return true;
	case 'a':
		options->authorities = optarg;
		return true;
	case 'o':
		options->out = optarg;
		return true;
	case 'l':
		options->launch = optarg;
		return true;
	case 'r':
		options->report = optarg;
		return true;
	case 'm':
		options->modules = optarg;
		return true;
	case 'n':
		options->all_or_nothing = true;
		return true;
	case 'v':
		return main_version(options, optarg);
	}
	return false;
}

static bool main_options(struct sign_options *options, int argc, char **argv)
{
	static const struct option names[] = {
		{ "certificates", required_argument, NULL, 'c' },
		{ "key", required_argument, NULL, 'k' },
		{ "digest-out", required_argument, NULL, 'd' },
		{ "signature-in", required_argument, NULL, 's' },
		{ "authorities", required_argument, NULL, 'a' },
		{ "out", required_argument, NULL, 'o' },
		{ "launch", required_argument, NULL, 'l' },
		{ "report", required_argument, NULL, 'r' },
		{ "modules", required_argument, NULL, 'm' },
		{ "all-or-nothing", no_argument, NULL, 'n' },
		{ "version", required_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (!main_option(options, option)) {
			return false;
		}
	}
	if (optind < argc) {
		options->image = argv[optind++];
		options->report = options->report != NULL ? options->report :
			util_format("%sreport.json",
				    util_directory(options->image));
		options->modules = options->modules != NULL ?
			options->modules :
			util_format("%smodules",
				    util_directory(options->image));
	}
	return optind == argc;
}

int main(int argc, char **argv)
{
	struct sign_options options = { 0 };
	const char *command = argc > 1 ? argv[1] : "";

	if (argc < 2 || !main_options(&options, argc - 1, argv + 1)) {
		return main_usage();
	}
	if (strcmp(command, "authorities") == 0) {
		return options.authorities != NULL && options.out != NULL &&
		       options.image == NULL ? authorities_run(&options) :
		       main_usage();
	}
	if (options.image == NULL) {
		return main_usage();
	}
	if (strcmp(command, "show") == 0) {
		return show_run(&options);
	}
	options.events = strcmp(command, "events") == 0;
	if ((options.events || strcmp(command, "verify") == 0) &&
	    options.authorities != NULL) {
		return verify_run(&options);
	}
	if (strcmp(command, "sign") == 0 && options.certificate_count != 0 &&
	    options.has_version &&
	    (options.key != NULL) + (options.digest_out != NULL) +
	    (options.signature_in != NULL) == 1) {
		return sign_run(&options);
	}
	return main_usage();
}
