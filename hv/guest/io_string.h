/* SPDX-License-Identifier: Apache-2.0 */
/* Between io.c (what a port does) and io_string.c (INS and OUTS). */
#ifndef GUEST_IO_STRING_H
#define GUEST_IO_STRING_H

#include "core/vp.h"

/* A port access, decided. */
struct io_port {
	uint16_t number;	/* as the guest says it */
	uint16_t physical;	/* PORT_PASS, PORT_REMAP */
	uint8_t size;		/* 1, 2, 4 */
	enum port_action action;
};

/* OUTCOME_NEXT: done. OUTCOME_STOP: the partition ends. */
enum outcome io_in(struct vp *vp, const struct io_port *port,
		   uint32_t *value) must_use;
/* The low size bytes of value count. */
enum outcome io_out(struct vp *vp, const struct io_port *port,
		    uint32_t value) must_use;

enum outcome io_string_handle(struct vp *vp, const struct vcpu_exit *exit,
			      const struct io_port *port) must_use;

#endif
