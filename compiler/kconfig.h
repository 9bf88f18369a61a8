/* SPDX-License-Identifier: Apache-2.0 */
/* What this build contains: the CONFIG_ symbols of Kconfig's autoconf.h. */
#ifndef PARTC_KCONFIG_H
#define PARTC_KCONFIG_H

#include <stdbool.h>
#include <stdint.h>

bool kconfig_read(const char *path);
/* "SVM" for CONFIG_SVM: is it set? */
bool kconfig_has(const char *symbol);
/*
 * Has a machine's vendor ("amd", "intel", "any") this one among others, and
 * the build a back end for it?
 */
bool kconfig_has_vendor(const char *machine, const char *vendor);
/* Its number; other if it is not set. */
uint64_t kconfig_number(const char *symbol, uint64_t other);

#endif
