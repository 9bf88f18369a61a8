/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels of two builds. What a sender has is a connection; where it leads
 * to may be otherwise, or its flags more or fewer.
 */
#include <string.h>

#include "diff/diff.h"
#include "util.h"

/* The sender's channel on that connection; null: none. */
static const struct json *find_channel(const struct json *channels,
				       const char *from, uint64_t connection)
{
	uint32_t i;

	for (i = 0; i < json_count(channels); i++) {
		const struct json *c = &channels->items[i];

		if (json_number(c, "connection") == connection &&
		    strcmp(json_text(c, "from"), from) == 0) {
			return c;
		}
	}
	return NULL;
}

/* "messages to port 0x10 of b, VP 1, SINT 2" */
static const char *target_text(const struct json *c)
{
	return util_format("%s to port %#llx of %s, VP %llu, SINT %llu",
			   json_text(c, "kind"),
			   (unsigned long long)json_number(c, "port"),
			   json_text(c, "to"),
			   (unsigned long long)json_number(c, "vp"),
			   (unsigned long long)json_number(c, "sint"));
}

static const char *flags_text(const struct json *flags)
{
	if (json_count(flags) == 0) {
		return "";
	}
	return util_format(", flags %llu-%llu", (unsigned long long)
			   json_number(flags, "first"), (unsigned long long)
			   json_number(flags, "last"));
}

/* Is every flag of one among those of the other? */
static bool lies_in(const struct json *one, const struct json *other)
{
	return json_number(one, "first") >= json_number(other, "first") &&
	       json_number(one, "last") <= json_number(other, "last");
}

static void compare_channel(const char *from, uint64_t connection,
			    const struct json *a, const struct json *b)
{
	const struct json *x = json_get(a, "flags");
	const struct json *y = json_get(b, "flags");
	const char *was = util_format("%s%s", target_text(a), flags_text(x));
	const char *is = util_format("%s%s", target_text(b), flags_text(y));
	char sign = '~';

	if (a == NULL || b == NULL) {
		diff_say(b == NULL ? '-' : '+', from, "connection %#llx: %s",
			 (unsigned long long)connection, b == NULL ? was : is);
		return;
	}
	if (strcmp(was, is) == 0) {
		return;
	}
	if (strcmp(target_text(a), target_text(b)) == 0) {
		sign = lies_in(x, y) ? '+' : lies_in(y, x) ? '-' : '~';
	}
	diff_say(sign, from, "connection %#llx: %s (was %s)",
		 (unsigned long long)connection, is, was);
}

void diff_channels(const struct json *a, const struct json *b)
{
	const struct json *x = json_get(a, "channels");
	const struct json *y = json_get(b, "channels");
	uint32_t i;

	for (i = 0; i < json_count(x) + json_count(y); i++) {
		bool old = i < json_count(x);
		const struct json *c = old ? &x->items[i] :
				       &y->items[i - json_count(x)];
		const char *from = json_text(c, "from");
		uint64_t connection = json_number(c, "connection");
		const struct json *was = find_channel(x, from, connection);

		if (old || was == NULL) {
			compare_channel(from, connection, was,
					find_channel(y, from, connection));
		}
	}
}
