/* SPDX-License-Identifier: Apache-2.0 */
/* The launch partition's interface: partc writes a part of it, too. */
#ifndef ABI_LAUNCH_H
#define ABI_LAUNCH_H

#include "config/launch.h"

#endif
