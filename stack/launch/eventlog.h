/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was extended, in the form of the TCG PC Client Platform Firmware
 * Profile ("crypto agile"): a header that names the banks, then events.
 */
#ifndef LAUNCH_EVENTLOG_H
#define LAUNCH_EVENTLOG_H

#include "tpm.h"

#define EVENTLOG_SIZE 32768u

/* The type that boot loaders use for what they load; the event is a text. */
#define EVENTLOG_IPL 0xdu

struct eventlog {
	size_t size;
	bool full;			/* an event did not fit */
	uint8_t bytes[EVENTLOG_SIZE];
};

/* False: a bank whose digests nobody here knows the size of. */
bool eventlog_begin(struct eventlog *log, const struct tpm_banks *banks);
/* The event is what was hashed. */
void eventlog_add(struct eventlog *log, uint32_t pcr,
		  const struct tpm_digests *digests, const void *event,
		  size_t size);

#endif
