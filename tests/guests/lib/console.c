/* SPDX-License-Identifier: Apache-2.0 */
/* Console by port 0xe9, and the PASS, FAIL and DONE lines of a test guest. */
#include "guest.h"

unsigned passed_count;
unsigned failed_count;

static volatile uint32_t console_lock;

static void lock_console(void)
{
	while (__atomic_exchange_n(&console_lock, 1, __ATOMIC_ACQUIRE) != 0) {
		cpu_pause();
	}
}

static void unlock_console(void)
{
	__atomic_store_n(&console_lock, 0, __ATOMIC_RELEASE);
}

void console_take_over(void)
{
	unlock_console();
	putc('\n');
}

void putc(char c)
{
	outb(PORT_CONSOLE, (uint8_t)c);
}

static void put_string(const char *s, unsigned width)
{
	unsigned count = 0;

	for (; s[count] != 0; count++) {
		putc(s[count]);
	}
	for (; count < width; count++) {
		putc(' ');
	}
}

static void put_number(uint64_t v, unsigned base, unsigned width, char fill)
{
	char digits[24];
	unsigned count = 0;

	do {
		digits[count++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v != 0);
	while (width > count) {
		putc(fill);
		width--;
	}
	while (count > 0) {
		putc(digits[--count]);
	}
}

static void put_signed(int64_t v, unsigned width, char fill)
{
	if (v < 0) {
		putc('-');
		put_number(-(uint64_t)v, 10, width, fill);
	} else {
		put_number((uint64_t)v, 10, width, fill);
	}
}

/* A conversion: flags, width and letter after the '%'. */
static const char *put_one(const char *f, va_list *args)
{
	char fill = ' ';
	unsigned width = 0;
	unsigned longs = 0;

	if (*f == '0') {
		fill = '0';
		f++;
	}
	for (; *f >= '0' && *f <= '9'; f++) {
		width = width * 10 + (unsigned)(*f - '0');
	}
	for (; *f == 'l'; f++) {
		longs++;
	}
	if (*f == 's') {
		put_string(va_arg(*args, const char *), width);
	} else if (*f == 'c') {
		putc((char)va_arg(*args, int));
	} else if (*f == 'd') {
		put_signed(longs ? va_arg(*args, int64_t)
			   : va_arg(*args, int32_t), width, fill);
	} else if (*f == 'u' || *f == 'x') {
		put_number(longs ? va_arg(*args, uint64_t)
			   : va_arg(*args, uint32_t),
			   *f == 'u' ? 10 : 16, width, fill);
	} else {
		putc(*f);
	}
	return f + 1;
}

static void print_args(const char *f, va_list *args)
{
	while (*f != 0) {
		if (*f == '%') {
			f = put_one(f + 1, args);
		} else {
			putc(*f++);
		}
	}
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	lock_console();
	print_args(format, &args);
	unlock_console();
	va_end(args);
}

void pass(const char *name)
{
	passed_count++;
	print("PASS %s\n", name);
}

static void fail_args(const char *name, const char *format, va_list *args)
{
	lock_console();
	failed_count++;
	put_string("FAIL ", 0);
	put_string(name, 0);
	put_string(": ", 0);
	print_args(format, args);
	putc('\n');
	unlock_console();
}

void fail(const char *name, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_args(name, format, &args);
	va_end(args);
}

bool check(bool ok, const char *name, const char *format, ...)
{
	va_list args;

	if (ok) {
		pass(name);
		return true;
	}
	va_start(args, format);
	fail_args(name, format, &args);
	va_end(args);
	return false;
}

void done_halt(void)
{
	for (;;) {
		wait_interrupt();
	}
}

void done(void)
{
	print("DONE %u passed, %u failed\n", passed_count, failed_count);
	done_halt();
}

void *memcpy(void *to, const void *from, size_t count)
{
	void *p = to;

	__asm__ volatile("rep movsb" : "+D"(p), "+S"(from), "+c"(count)
			 : : "memory");
	return to;
}

void *memset(void *to, int byte, size_t count)
{
	void *p = to;

	__asm__ volatile("rep stosb" : "+D"(p), "+c"(count)
			 : "a"(byte) : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t count)
{
	const uint8_t *x = a;
	const uint8_t *y = b;

	for (size_t i = 0; i < count; i++) {
		if (x[i] != y[i]) {
			return x[i] < y[i] ? -1 : 1;
		}
	}
	return 0;
}

size_t strlen(const char *s)
{
	size_t count = 0;

	while (s[count] != 0) {
		count++;
	}
	return count;
}
