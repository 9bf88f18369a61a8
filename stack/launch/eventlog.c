/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps true: the log holds whole events only. */
#include "eventlog.h"

#include <string.h>

#define EV_NO_ACTION 3u
#define SHA1_SIZE 20u

/* Little endian, as this processor is. */
static void eventlog_put(struct eventlog *log, const void *bytes, size_t size)
{
	if (size > EVENTLOG_SIZE - log->size) {
		log->full = true;
		return;
	}
	memcpy(log->bytes + log->size, bytes, size);
	log->size += size;
}

static void eventlog_put16(struct eventlog *log, uint16_t value)
{
	eventlog_put(log, &value, sizeof(value));
}

static void eventlog_put32(struct eventlog *log, uint32_t value)
{
	eventlog_put(log, &value, sizeof(value));
}

bool eventlog_begin(struct eventlog *log, const struct tpm_banks *banks)
{
	/* class 0: client; version 2.0; numbers of 64 bits */
	static const uint8_t version[8] = { 0, 0, 0, 0, 0, 2, 0, 2 };
	static const uint8_t none[SHA1_SIZE];
	uint32_t i;

	log->size = 0;
	log->full = false;
	eventlog_put32(log, 0);
	eventlog_put32(log, EV_NO_ACTION);
	eventlog_put(log, none, sizeof(none));
	eventlog_put32(log, 16 + sizeof(version) + 4 + banks->count * 4 + 1);
	eventlog_put(log, "Spec ID Event03", 16);
	eventlog_put(log, version, sizeof(version));
	eventlog_put32(log, banks->count);
	for (i = 0; i < banks->count; i++) {
		if (banks->banks[i].size == 0) {
			return false;
		}
		eventlog_put16(log, banks->banks[i].alg);
		eventlog_put16(log, banks->banks[i].size);
	}
	eventlog_put(log, none, 1);		/* nothing of the vendor's */
	return true;
}

void eventlog_add(struct eventlog *log, uint32_t pcr,
		  const struct tpm_digests *digests, const void *event,
		  size_t size)
{
	size_t before = log->size;
	uint32_t i;

	if (log->full) {
		return;
	}
	eventlog_put32(log, pcr);
	eventlog_put32(log, EVENTLOG_IPL);
	eventlog_put32(log, digests->count);
	for (i = 0; i < digests->count; i++) {
		eventlog_put16(log, digests->digests[i].alg);
		eventlog_put(log, digests->digests[i].bytes,
			     digests->digests[i].size);
	}
	eventlog_put32(log, (uint32_t)size);
	eventlog_put(log, event, size);
	if (log->full) {
		log->size = before;
	}
}
