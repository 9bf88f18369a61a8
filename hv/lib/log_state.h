/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of each partition: the line of its log port that is not complete yet, and
 * how many characters it has made that nobody has moved to the console.
 */
#ifndef LIB_LOG_STATE_H
#define LIB_LOG_STATE_H

#include "lib/types.h"

#define LOG_BUFFER_SIZE 120u

struct log_buffer {
	uint32_t count;
	uint32_t owed;
	uint32_t owed_round;	/* of log.c; owed is void in another one */
	char text[LOG_BUFFER_SIZE + 4];
};

extern struct log_buffer log_buffers[];

#endif
