/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INS and OUTS. The memory side is checked whole before the port is touched,
 * so that an element whose access faults can be done again. Registers are
 * brought up to date after each element: after every exit, however it ends,
 * the guest is between two elements.
 *
 * At most IO_STRING_BATCH elements an exit, so that interrupts get in.
 */
#include "guest/io_string.h"

#include "core/partition.h"
#include "cpu/regs.h"
#include "guest/operand.h"
#include "mem/nested.h"
#include "vcpu/fetch.h"

#define IO_STRING_BATCH 16u

struct string_io {
	const struct io_port *port;
	struct vcpu_mode mode;
	struct insn insn;
};

/* No RAM, or none that may be written, on the memory side. */
static enum outcome refuse_memory(struct vp *vp, const struct string_io *s,
				  gva_t address)
{
	partition_fail(vp, "string I/O with no RAM behind its address",
		       s->port->number, address.v, s->insn.kind);
	return OUTCOME_STOP;
}

/* Alignment is checked at CPL 3 only, if the guest wants it. */
static bool is_misaligned(const struct vp *vp, const struct string_io *s,
			  gva_t address)
{
	return s->mode.cpl == 3 && (s->mode.cr0 & CR0_AM) != 0 &&
	       (vp->vcpu.rflags & RFLAGS_AC) != 0 &&
	       (address.v & (s->port->size - 1u)) != 0;
}

/* Finds the element's memory; OUTCOME_NEXT: all its bytes may be accessed. */
static enum outcome find_element(struct vp *vp, const struct string_io *s,
				 gva_t *address, struct gva_span *span)
{
	struct vcpu *vcpu = &vp->vcpu;
	uint32_t access = s->insn.kind == INSN_INS ? ACCESS_WRITE :
			  ACCESS_READ;
	struct gva_fault fault;
	enum hv_err err;

	err = gva_from_segment(vcpu, &s->mode,
			       (enum segment_name)s->insn.segment,
			       operand_get_offset(vcpu, &s->insn),
			       s->port->size, access, address, &fault);
	if (err == HV_OK && is_misaligned(vp, s, *address)) {
		fault = (struct gva_fault){ .vector = VECTOR_AC };
		err = HV_ERR_FAULT;
	}
	if (err == HV_OK) {
		err = gva_translate_span(vcpu, &s->mode, *address,
					 s->port->size, access, span, &fault);
	}
	if (err == HV_OK) {
		return OUTCOME_NEXT;
	}
	if (err == HV_ERR_FAULT) {
		return operand_inject_fault(vp, &s->mode, &fault);
	}
	if (err == HV_ERR_STATE) {
		return OUTCOME_SAME;
	}
	return refuse_memory(vp, s, *address);
}

/* May the hypervisor write there? (The guest may, by its own tables.) */
static bool is_writable(const struct vp *vp, const struct gva_span *span)
{
	struct nested_leaf leaf;
	unsigned i;

	for (i = 0; i < 2 && span->size[i] != 0; i++) {
		leaf = nested_walk(vp->partition, span->part[i]);
		if ((leaf.rights & NESTED_WRITE) == 0 || leaf.mmio) {
			return false;
		}
	}
	return true;
}

static enum outcome do_out(struct vp *vp, const struct string_io *s)
{
	struct gva_span span;
	enum outcome outcome;
	uint32_t value = 0;
	gva_t address = gva(0);

	outcome = find_element(vp, s, &address, &span);
	if (outcome != OUTCOME_NEXT) {
		return outcome;
	}
	if (gva_read_span(&vp->vcpu, &span, &value) != HV_OK) {
		return refuse_memory(vp, s, address);
	}
	return io_out(vp, s->port, value);
}

static enum outcome do_in(struct vp *vp, const struct string_io *s)
{
	struct gva_span span;
	enum outcome outcome;
	uint32_t value;
	gva_t address = gva(0);

	outcome = find_element(vp, s, &address, &span);
	if (outcome != OUTCOME_NEXT) {
		return outcome;
	}
	if (!is_writable(vp, &span)) {
		return refuse_memory(vp, s, address);
	}
	outcome = io_in(vp, s->port, &value);
	if (outcome != OUTCOME_NEXT) {
		return outcome;
	}
	if (gva_write_span(&vp->vcpu, &span, &value) != HV_OK) {
		return refuse_memory(vp, s, address);
	}
	return OUTCOME_NEXT;
}

static uint64_t count_left(const struct vp *vp, const struct string_io *s)
{
	return operand_get_register(&vp->vcpu, GPR_RCX, s->insn.address_size,
				    false);
}

/* SI or DI to the next element, CX down: both of the address size. */
static void step(struct vp *vp, const struct string_io *s)
{
	struct vcpu *vcpu = &vp->vcpu;
	unsigned size = s->insn.address_size;
	uint64_t at = operand_get_register(vcpu, s->insn.base, size, false);

	if ((vcpu->rflags & RFLAGS_DF) != 0) {
		at -= s->port->size;
	} else {
		at += s->port->size;
	}
	operand_set_register(vcpu, s->insn.base, size, false, at);
	if (s->insn.rep) {
		operand_set_register(vcpu, GPR_RCX, size, false,
				     count_left(vp, s) - 1);
	}
}

static enum outcome do_element(struct vp *vp, const struct string_io *s)
{
	enum outcome outcome = s->insn.kind == INSN_INS ? do_in(vp, s) :
			       do_out(vp, s);

	if (outcome == OUTCOME_NEXT) {
		step(vp, s);
	}
	return outcome;
}

static enum outcome do_repeated(struct vp *vp, const struct string_io *s)
{
	struct vcpu *vcpu = &vp->vcpu;
	enum outcome outcome;
	unsigned i;

	for (i = 0; i < IO_STRING_BATCH; i++) {
		if (count_left(vp, s) == 0) {
			return OUTCOME_NEXT;
		}
		outcome = do_element(vp, s);
		if (outcome != OUTCOME_NEXT) {
			return outcome;
		}
		if ((vcpu->rflags & RFLAGS_TF) != 0) {
			break;	/* a trap after each element */
		}
	}
	if (count_left(vp, s) == 0) {
		return OUTCOME_NEXT;
	}
	/* An element is an instruction done, for the shadow and for TF; but
	 * a breakpoint on the instruction has been taken (SDM3 17.3.1.1). */
	vcpu_advance(vcpu, 0);
	vcpu->rflags |= RFLAGS_RF;
	return OUTCOME_SAME;
}

enum outcome io_string_handle(struct vp *vp, const struct vcpu_exit *exit,
			      const struct io_port *port)
{
	struct string_io s = { .port = port };
	enum insn_kind kind = (exit->io.flags & EXIT_IO_IN) != 0 ? INSN_INS
								 : INSN_OUTS;
	bool rep = (exit->io.flags & EXIT_IO_REP) != 0;

	vcpu_get_mode(&vp->vcpu, &s.mode);
	/* Back ends say neither the address size nor the segment. */
	if (fetch_insn_in(&vp->vcpu, &s.mode, FETCH_KIND(kind), &s.insn) !=
	    HV_OK || s.insn.operand_size != port->size ||
	    s.insn.rep != rep || s.insn.length != exit->length) {
		return OUTCOME_SAME;
	}
	return s.insn.rep ? do_repeated(vp, &s) : do_element(vp, &s);
}
