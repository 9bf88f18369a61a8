/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify bulkhead.elf spec.dtb [-v]: 0 and a line per partition if the image
 * grants what the spec says and no more, else 1 and what is wrong.
 */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 50u	/* findings printed without -v */

static int main_usage(void)
{
	fprintf(stderr, "usage: verify bulkhead.elf spec.dtb [-v]\n"
		"-v: print every finding, not the first %u\n", SHOWN_MAX);
	return 2;
}

int main(int argc, char **argv)
{
	struct report report = { stderr, 0, SHOWN_MAX };
	const char *path[2] = { NULL, NULL };
	uint8_t *bytes[2];
	size_t size[2];
	unsigned path_count = 0;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-v")) {
			report.shown_max = 0;
		} else if (argv[i][0] == '-' || path_count == 2) {
			return main_usage();
		} else {
			path[path_count++] = argv[i];
		}
	}
	if (path_count != 2) {
		return main_usage();
	}
	bytes[0] = file_map(path[0], &size[0]);
	bytes[1] = file_map(path[1], &size[1]);
	if (!bytes[0] || !bytes[1]) {
		return 1;
	}
	verify_all(bytes[0], size[0], bytes[1], size[1], &report, stdout);
	if (report.count) {
		fprintf(stderr, "verify: %s: %u findings: not to be "
			"flashed\n", path[0], report.count);
	}
	file_unmap(bytes[0], size[0]);
	file_unmap(bytes[1], size[1]);
	return report.count ? 1 : 0;
}
