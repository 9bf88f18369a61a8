/* SPDX-License-Identifier: Apache-2.0 */
/* iasl makes ACPI tables of their sources: one run for those of a guest. */
#include "util.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Runs it with its words in log; its status. */
static int run(char **arguments, const char *log)
{
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t pid;

	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log,
					     O_WRONLY | O_CREAT | O_TRUNC,
					     0666) != 0 ||
	    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO,
					     STDERR_FILENO) != 0 ||
	    posix_spawnp(&pid, "iasl", &actions, NULL, arguments,
			 environ) != 0) {
		fprintf(stderr, "partc: iasl cannot be run; it is in the "
			"package acpica-tools\n");
		exit(2);
	}
	posix_spawn_file_actions_destroy(&actions);
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

void util_run_iasl(char *const *stems, size_t count)
{
	char **arguments = util_alloc((count + 2) * sizeof(*arguments));
	char *log = util_format("%s.log", stems[0]);
	size_t i;

	arguments[0] = util_format("iasl");
	for (i = 0; i < count; i++) {
		arguments[i + 1] = util_format("%s.asl", stems[i]);
	}
	if (run(arguments, log) != 0) {
		fprintf(stderr, "partc: iasl refused %s or what follows; "
			"see %s\n", arguments[1], log);
		exit(2);
	}
	/* It names its version and the path of the run: not for keeping. */
	unlink(log);
}
