/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies by guest virtual address. The whole of an access is translated
 * before its first byte is copied, so that a fault leaves nothing half done.
 */
#include "vcpu/gva.h"

#include "mem/window.h"

#define INSN_BYTES 15u

enum hv_err gva_translate_span(const struct vcpu *vcpu,
			       const struct vcpu_mode *mode, gva_t address,
			       uint32_t size, uint32_t access,
			       struct gva_span *span,
			       struct gva_fault *fault)
{
	uint64_t room = PAGE_SIZE - (address.v & PAGE_MASK);
	uint64_t next = address.v + room;
	enum hv_err err;

	span->size[0] = size > room ? (uint32_t)room : size;
	span->size[1] = size - span->size[0];
	err = gva_translate(vcpu, mode, address, access, &span->part[0],
			    fault);
	if (err != HV_OK || span->size[1] == 0) {
		return err;
	}
	if (mode->code_bits != 64) {
		next &= 0xffffffff;
	}
	return gva_translate(vcpu, mode, gva(next), access, &span->part[1],
			     fault);
}

enum hv_err gva_read_span(const struct vcpu *vcpu,
			  const struct gva_span *span, void *to)
{
	uint8_t *bytes = to;
	enum hv_err err;

	err = window_read(vcpu->partition, span->part[0], bytes,
			  span->size[0]);
	if (err != HV_OK || span->size[1] == 0) {
		return err;
	}
	return window_read(vcpu->partition, span->part[1],
			   bytes + span->size[0], span->size[1]);
}

enum hv_err gva_write_span(const struct vcpu *vcpu,
			   const struct gva_span *span, const void *from)
{
	const uint8_t *bytes = from;
	enum hv_err err;

	err = window_write(vcpu->partition, span->part[0], bytes,
			   span->size[0]);
	if (err != HV_OK || span->size[1] == 0) {
		return err;
	}
	return window_write(vcpu->partition, span->part[1],
			    bytes + span->size[0], span->size[1]);
}

enum hv_err gva_read(const struct vcpu *vcpu, const struct vcpu_mode *mode,
		     gva_t from, void *to, uint32_t size,
		     struct gva_fault *fault)
{
	struct gva_span span;
	enum hv_err err;

	err = gva_translate_span(vcpu, mode, from, size, ACCESS_READ, &span,
				 fault);
	return err == HV_OK ? gva_read_span(vcpu, &span, to) : err;
}

enum hv_err gva_write(const struct vcpu *vcpu, const struct vcpu_mode *mode,
		      gva_t to, const void *from, uint32_t size,
		      struct gva_fault *fault)
{
	struct gva_span span;
	enum hv_err err;

	err = gva_translate_span(vcpu, mode, to, size, ACCESS_WRITE, &span,
				 fault);
	return err == HV_OK ? gva_write_span(vcpu, &span, from) : err;
}

enum hv_err gva_fetch(const struct vcpu *vcpu, const struct vcpu_mode *mode,
		      uint8_t bytes[15], uint32_t *count,
		      struct gva_fault *fault)
{
	struct gva_fault ignored;
	struct gva_span span;
	uint64_t room;
	enum hv_err err;
	gva_t at;

	*count = 0;
	err = gva_from_segment(vcpu, mode, SEGMENT_CS, vcpu->rip, 1,
			       ACCESS_EXECUTE, &at, fault);
	if (err != HV_OK) {
		return err;
	}
	room = PAGE_SIZE - (at.v & PAGE_MASK);
	if (room < INSN_BYTES &&
	    gva_translate_span(vcpu, mode, at, INSN_BYTES, ACCESS_EXECUTE,
			       &span, &ignored) == HV_OK &&
	    gva_read_span(vcpu, &span, bytes) == HV_OK) {
		*count = INSN_BYTES;
		return HV_OK;
	}
	/* One page holds all, or all that there is. */
	if (room > INSN_BYTES) {
		room = INSN_BYTES;
	}
	err = gva_translate_span(vcpu, mode, at, (uint32_t)room,
				 ACCESS_EXECUTE, &span, fault);
	if (err == HV_OK) {
		err = gva_read_span(vcpu, &span, bytes);
	}
	if (err == HV_OK) {
		*count = (uint32_t)room;
	}
	return err;
}
