/* SPDX-License-Identifier: Apache-2.0 */
/* Where the log is shown: chosen in Kconfig, one port, polled. */
#ifndef CPU_CONSOLE_H
#define CPU_CONSOLE_H

#include "cpu/port.h"
#include "lib/types.h"

#define CONSOLE_DEBUG_PORT 0xe9

#ifdef CONFIG_CONSOLE_COM
#define CONSOLE_COM ((uint16_t)CONFIG_CONSOLE_COM_PORT)
#endif

static inline void console_start(void)
{
#ifdef CONFIG_CONSOLE_COM
	port_out8(CONSOLE_COM + 1, 0);		/* no interrupts */
	port_out8(CONSOLE_COM + 3, 0x80);
	port_out8(CONSOLE_COM + 0, 1);		/* 115200 */
	port_out8(CONSOLE_COM + 1, 0);
	port_out8(CONSOLE_COM + 3, 3);		/* 8N1 */
	port_out8(CONSOLE_COM + 2, 7);		/* FIFO */
	port_out8(CONSOLE_COM + 4, 3);
#endif
}

/* Can it take a character without waiting? */
static inline bool console_is_ready(void)
{
#if defined(CONFIG_CONSOLE_COM)
	return (port_in8(CONSOLE_COM + 5) & 0x20) != 0;
#else
	return true;
#endif
}

static inline void console_put(char c)
{
#if defined(CONFIG_CONSOLE_COM)
	port_out8(CONSOLE_COM, (uint8_t)c);
#elif defined(CONFIG_CONSOLE_DEBUGCON)
	port_out8(CONSOLE_DEBUG_PORT, (uint8_t)c);
#else
	(void)c;
#endif
}

#endif
