/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port I/O. The partition's table decides (config.h, enum port_action); a
 * port without a row, or an access that lies in a row only in part, gets the
 * partition's default.
 */
#include "guest/guest.h"

#include "cpu/log.h"
#include "cpu/port.h"
#include "guest/io_string.h"
#include "guest/launch.h"
#include "guest/operand.h"
#include "lib/bits.h"

#define LOG_PORT_ANSWER 0xe9u	/* how a guest finds a debug port */
#define RESET_VALUE 1u
#define BOOT_OK_VALUE 1u
#define OFF_BIT BIT(5)		/* ACPI: SLP_EN of the sleep control register */

/*
 * The row that has all ports first .. last, or null. The search goes on to
 * one row whatever it meets, and never leaves the table, even mispredicted.
 */
static inline const struct port_config *
find_row(const struct partition_config *config, uint32_t first, uint32_t last)
{
	const struct port_config *middle, *row = config->ports;
	uint32_t count = config->port_count;

	if (count == 0) {
		return NULL;
	}
	while (count > 1) {
		middle = row + count / 2;
		if (middle[-1].last < first) {
			row = middle;
		}
		count -= count / 2;
	}
	return row->first <= first && last <= row->last ? row : NULL;
}

/* row is null: the default decides. */
static void decide_port(const struct vcpu_exit *exit,
			const struct port_config *row,
			enum port_action action, struct io_port *port)
{
	port->number = exit->io.port;
	port->physical = exit->io.port;
	port->size = exit->io.size;
	port->action = action;
	if (action == PORT_REMAP) {
		port->physical = (uint16_t)(row->target +
					    (exit->io.port - row->first));
	} else if (action == PORT_VALUE) {
		port->physical = row->target;
	}
}

static uint32_t physical_in(const struct io_port *port)
{
	if (port->size == 1) {
		return port_in8(port->physical);
	}
	if (port->size == 2) {
		return port_in16(port->physical);
	}
	return port_in32(port->physical);
}

static void physical_out(const struct io_port *port, uint32_t value)
{
	if (port->size == 1) {
		port_out8(port->physical, (uint8_t)value);
	} else if (port->size == 2) {
		port_out16(port->physical, (uint16_t)value);
	} else {
		port_out32(port->physical, value);
	}
}

static enum outcome refuse(struct vp *vp, const struct io_port *port,
			   const char *reason)
{
	partition_fail(vp, reason, port->number, port->size,
		       (uint64_t)port->action);
	return OUTCOME_STOP;
}

enum outcome io_in(struct vp *vp, const struct io_port *port, uint32_t *value)
{
	switch (port->action) {
	case PORT_DENY:
		vp->denied_count++;
		*value = 0xffffffff;
		return OUTCOME_NEXT;
	case PORT_PASS:
	case PORT_REMAP:
		*value = physical_in(port);
		return OUTCOME_NEXT;
	case PORT_LOG:
		*value = 0xffffff00 | LOG_PORT_ANSWER;
		return OUTCOME_NEXT;
	case PORT_RESET:
	case PORT_OFF:
	case PORT_BOOT_OK:
		/* ACPI sleep status: no wake event. */
		*value = 0;
		return OUTCOME_NEXT;
	case PORT_VALUE:
		*value = port->physical;
		return OUTCOME_NEXT;
	case PORT_LAUNCH:
		*value = port->size == 4 ? launch_read() : 0xffffffff;
		return OUTCOME_NEXT;
	case PORT_STRICT:
		return refuse(vp, port, "read of a strict port");
	case PORT_INTERCEPT:
		return refuse(vp, port, "intercepted port, but no parent");
	}
	return refuse(vp, port, "port with an unknown action");
}

enum outcome io_out(struct vp *vp, const struct io_port *port, uint32_t value)
{
	switch (port->action) {
	case PORT_DENY:
		vp->denied_count++;
		return OUTCOME_NEXT;
	case PORT_VALUE:
		return OUTCOME_NEXT;
	case PORT_PASS:
	case PORT_REMAP:
		physical_out(port, value);
		return OUTCOME_NEXT;
	case PORT_LOG:
		log_guest(vp->partition, (char)(value & 0xff));
		return OUTCOME_NEXT;
	case PORT_RESET:
		if (port->size != 1 || (uint8_t)value != RESET_VALUE) {
			return OUTCOME_NEXT;
		}
		partition_request_end(vp, END_RESET);
		return OUTCOME_STOP;
	case PORT_OFF:
		if (port->size != 1 || (value & OFF_BIT) == 0) {
			return OUTCOME_NEXT;
		}
		partition_request_end(vp, END_OFF);
		return OUTCOME_STOP;
	case PORT_BOOT_OK:
		if (port->size == 1 && (uint8_t)value == BOOT_OK_VALUE) {
			partition_report_boot(vp);
		}
		return OUTCOME_NEXT;
	case PORT_LAUNCH:
		return port->size == 4 ? launch_write(vp, value) : OUTCOME_NEXT;
	case PORT_STRICT:
		return refuse(vp, port, "write of a strict port");
	case PORT_INTERCEPT:
		return refuse(vp, port, "intercepted port, but no parent");
	}
	return refuse(vp, port, "port with an unknown action");
}

static inline enum outcome deny(struct vp *vp, const struct vcpu_exit *exit)
{
	uint64_t *rax = &vp->vcpu.gpr[GPR_RAX];

	vp->denied_count++;
	if ((exit->io.flags & EXIT_IO_IN) == 0) {
		return OUTCOME_NEXT;
	}
	/* All ones; 4 bytes clear the upper half. */
	if (exit->io.size == 1) {
		*rax |= 0xff;
	} else if (exit->io.size == 2) {
		*rax |= 0xffff;
	} else {
		*rax = 0xffffffff;
	}
	return OUTCOME_NEXT;
}

static __attribute__((noinline)) enum outcome
handle_port(struct vp *vp, const struct vcpu_exit *exit,
	    const struct port_config *row, enum port_action action)
{
	struct vcpu *vcpu = &vp->vcpu;
	struct io_port port;
	enum outcome outcome;
	uint32_t value;

	decide_port(exit, row, action, &port);
	if ((exit->io.flags & EXIT_IO_STRING) != 0) {
		return io_string_handle(vp, exit, &port);
	}
	if ((exit->io.flags & EXIT_IO_IN) == 0) {
		return io_out(vp, &port, (uint32_t)vcpu->gpr[GPR_RAX]);
	}
	outcome = io_in(vp, &port, &value);
	if (outcome == OUTCOME_NEXT) {
		operand_set_register(vcpu, GPR_RAX, port.size, false, value);
	}
	return outcome;
}

enum outcome io_handle(struct vp *vp, const struct vcpu_exit *exit)
{
	const struct partition_config *config =
		partition_config(vp->partition);
	uint32_t first = exit->io.port;
	const struct port_config *row =
		find_row(config, first, first + exit->io.size - 1);
	enum port_action action = (enum port_action)config->port_default;

	if (row != NULL) {
		action = (enum port_action)row->action;
	}
	if (action == PORT_DENY &&
	    (exit->io.flags & EXIT_IO_STRING) == 0) {
		return deny(vp, exit);
	}
	return handle_port(vp, exit, row, action);
}
