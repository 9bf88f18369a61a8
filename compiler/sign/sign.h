/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest: signs images, and checks signed ones as the launch partition
 * does. See main.c for the commands.
 */
#ifndef SIGN_SIGN_H
#define SIGN_SIGN_H

#include <stdbool.h>
#include <stdint.h>

#define SIGN_CERTIFICATE_FILES_MAX 8u

struct sign_options {
	const char *image;
	const char *launch;		/* the launch partition's name */
	const char *modules;		/* directory */
	const char *report;		/* report.json of the build */
	const char *certificates[SIGN_CERTIFICATE_FILES_MAX];
	uint32_t certificate_count;
	const char *key;
	const char *digest_out;
	const char *signature_in;
	const char *authorities;
	const char *out;
	uint64_t version;
	bool has_version;
	bool all_or_nothing;
	bool events;
};

/* Each returns the program's status: 0, 1 no, 2 wrong use. */
int sign_run(const struct sign_options *options);
int show_run(const struct sign_options *options);
int verify_run(const struct sign_options *options);
/* Authorities as the launch partition is built with: a file from PEM. */
int authorities_run(const struct sign_options *options);

#endif
