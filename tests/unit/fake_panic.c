/* SPDX-License-Identifier: Apache-2.0 */
/* A failed CHECK ends the call under test: see expect_assert_failure(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cpu/log.h"

_Noreturn void panic(const char *reason, uint64_t info0, uint64_t info1)
{
	(void)info1;
	mock_assert(0, reason, "panic", (int)info0);
	abort();
}
