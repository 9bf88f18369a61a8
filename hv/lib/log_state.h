/* SPDX-License-Identifier: Apache-2.0 */
/* A line of a partition's log port that is not complete yet. */
#ifndef LIB_LOG_STATE_H
#define LIB_LOG_STATE_H

#include "lib/types.h"

#define LOG_BUFFER_SIZE 120u

struct log_buffer {
	uint32_t count;
	char text[LOG_BUFFER_SIZE + 4];
};

extern struct log_buffer log_buffers[];

#endif
