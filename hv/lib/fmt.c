/* SPDX-License-Identifier: Apache-2.0 */
/* The log's formatter: see fmt.h. Bounded by its output buffer always. */
#include "lib/fmt.h"

#include "lib/types.h"

struct fmt_out {
	char *text;
	size_t size;
	size_t used;
};

struct fmt_spec {
	unsigned width;
	bool zero;
	bool wide;		/* l or z: 64 bits */
	char conversion;	/* 0: none that is known */
	const char *end;	/* first character after it */
};

/* Digits of 2^64 - 1 in decimal, and a sign. */
#define FMT_DIGITS_MAX 21

static void fmt_put(struct fmt_out *out, char c)
{
	if (out->used + 1 < out->size) {
		out->text[out->used++] = c;
	}
}

static void fmt_pad(struct fmt_out *out, char c, size_t have, unsigned width)
{
	for (size_t i = have; i < width; i++) {
		fmt_put(out, c);
	}
}

static void fmt_put_string(struct fmt_out *out, const struct fmt_spec *spec,
			   const char *text)
{
	size_t length = 0;

	if (text == NULL) {
		text = "(null)";
	}
	while (text[length] != '\0' && length < out->size) {
		length++;
	}
	fmt_pad(out, ' ', length, spec->width);
	for (size_t i = 0; i < length; i++) {
		fmt_put(out, text[i]);
	}
}

static void fmt_put_number(struct fmt_out *out, const struct fmt_spec *spec,
			   uint64_t value, bool negative)
{
	char digits[FMT_DIGITS_MAX];
	unsigned base = spec->conversion == 'x' ? 16 : 10;
	size_t count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);

	/* A sign stands before zeros, but after blanks. */
	if (negative && spec->zero) {
		fmt_put(out, '-');
	}
	fmt_pad(out, spec->zero ? '0' : ' ', count + negative, spec->width);
	if (negative && !spec->zero) {
		fmt_put(out, '-');
	}
	while (count > 0) {
		fmt_put(out, digits[--count]);
	}
}

/* at: just after the % */
static struct fmt_spec fmt_parse(const char *at)
{
	struct fmt_spec spec = { 0 };

	if (*at == '0') {
		spec.zero = true;
		at++;
	}
	while (*at >= '0' && *at <= '9' && spec.width <= FMT_WIDTH_MAX) {
		spec.width = spec.width * 10 + (unsigned)(*at - '0');
		at++;
	}
	if (*at == 'l' || *at == 'z') {
		spec.wide = true;
		at++;
	}
	if (spec.width > FMT_WIDTH_MAX) {
		return spec;
	}
	if (*at == 'd' || *at == 'u' || *at == 'x' ||
	    (!spec.wide && (*at == 's' || *at == 'c' || *at == '%'))) {
		spec.conversion = *at;
		spec.end = at + 1;
	}
	return spec;
}

size_t fmt_print(char *text, size_t size, const char *format, va_list args)
{
	struct fmt_out out = { text, size, 0 };

	while (*format != '\0') {
		struct fmt_spec spec = { 0 };
		int64_t number;

		if (*format == '%') {
			spec = fmt_parse(format + 1);
		}
		if (spec.conversion == 0) {
			fmt_put(&out, *format++);
			continue;
		}
		format = spec.end;
		if (spec.conversion == '%') {
			fmt_put(&out, '%');
		} else if (spec.conversion == 'c') {
			fmt_put(&out, (char)va_arg(args, int));
		} else if (spec.conversion == 's') {
			fmt_put_string(&out, &spec, va_arg(args, const char *));
		} else if (spec.conversion == 'd') {
			number = spec.wide ? va_arg(args, int64_t)
					   : va_arg(args, int);
			fmt_put_number(&out, &spec,
				       number < 0 ? 0 - (uint64_t)number
						  : (uint64_t)number,
				       number < 0);
		} else {
			fmt_put_number(&out, &spec,
				       spec.wide ? va_arg(args, uint64_t)
						 : va_arg(args, unsigned),
				       false);
		}
	}
	if (size > 0) {
		text[out.used] = '\0';
	}
	return out.used;
}
