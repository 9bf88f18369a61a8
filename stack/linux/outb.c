/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outb PORT VALUE, both in hex: writes a byte to a port, from Linux. Debian's
 * cloud kernel has no /dev/port, and busybox no such command. Without a
 * library: it goes into the initramfs as it is.
 */
#include <stdint.h>

#define SYS_EXIT 60
#define SYS_IOPERM 173

__attribute__((used)) _Noreturn void outb_main(const uint64_t *stack);

/* argc and argv are on the stack. */
__asm__(".globl _start\n_start:\n\tmovq %rsp, %rdi\n\tandq $-16, %rsp\n"
	"\tcall outb_main\n");

static long outb_call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

/* -1: not a number from 0 to 0xffff. */
static long outb_parse(const char *text)
{
	long value = 0;

	if (text[0] == '0' && (text[1] | 0x20) == 'x') {
		text += 2;
	}
	if (*text == '\0') {
		return -1;
	}
	for (; *text != '\0'; text++) {
		int digit = *text | 0x20;

		if (digit >= '0' && digit <= '9') {
			digit -= '0';
		} else if (digit >= 'a' && digit <= 'f') {
			digit -= 'a' - 10;
		} else {
			return -1;
		}
		value = value * 16 + digit;
		if (value > 0xffff) {
			return -1;
		}
	}
	return value;
}

/* Ends with 0, with 1 if Linux refuses, with 2 for wrong words. */
_Noreturn void outb_main(const uint64_t *stack)
{
	const char *const *words = (const char *const *)(stack + 1);
	long port = stack[0] == 3 ? outb_parse(words[1]) : -1;
	long value = stack[0] == 3 ? outb_parse(words[2]) : -1;
	long status = 2;

	if (port >= 0 && value >= 0 && value <= 0xff) {
		status = outb_call(SYS_IOPERM, port, 1, 1) != 0;
		if (status == 0) {
			__asm__ volatile("outb %0, %w1" : : "a"((uint8_t)value),
					 "Nd"((uint16_t)port));
		}
	}
	for (;;) {
		outb_call(SYS_EXIT, status, 0, 0);
	}
}
