/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segmentation (APM2 4.5 - 4.12): an offset becomes a linear address, or the
 * fault that the processor would raise. Decided from the hidden parts of the
 * segment registers, as the processor does: a selector says nothing.
 */
#include "vcpu/gva.h"

#include "cpu/regs.h"

/* Attributes of struct segment_config. */
#define TYPE_WRITE_OR_READ 2u	/* data: writable; code: readable */
#define TYPE_EXPAND_DOWN 4u	/* data */
#define TYPE_CODE 8u
#define ATTRIBUTE_CODE_OR_DATA 16u
#define ATTRIBUTE_PRESENT 128u
#define ATTRIBUTE_BIG 0x4000u

#define LINEAR32_MASK 0xffffffffull

/* Limit, stack or otherwise: #SS(0) or #GP(0). */
static enum hv_err segment_fault(enum segment_name name,
				 struct gva_fault *fault)
{
	*fault = (struct gva_fault){
		.vector = name == SEGMENT_SS ? VECTOR_SS : VECTOR_GP
	};
	return HV_ERR_FAULT;
}

static bool is_canonical(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

/* 64-bit mode: only FS and GS have a base, nothing has a limit. */
static enum hv_err from_flat(const struct vcpu *vcpu, enum segment_name name,
			     uint64_t offset, uint32_t size, gva_t *address,
			     struct gva_fault *fault)
{
	struct segment_config segment;
	uint64_t linear = offset;

	if (name == SEGMENT_FS || name == SEGMENT_GS) {
		vcpu_get_segment(vcpu, name, &segment);
		linear += segment.base;
	}
	if (!is_canonical(linear) || !is_canonical(linear + size - 1)) {
		return segment_fault(name, fault);
	}
	*address = gva(linear);
	return HV_OK;
}

/* Protected mode: may this segment be used so? */
static bool segment_allows(const struct segment_config *segment,
			   uint32_t access)
{
	uint32_t attributes = segment->attributes;

	if ((access & ACCESS_EXECUTE) != 0) {
		return true;	/* CS was checked when it was loaded */
	}
	/* A null selector shows as a segment that is not present (APM2
	 * 15.5.1). */
	if ((attributes & ATTRIBUTE_PRESENT) == 0 ||
	    (attributes & ATTRIBUTE_CODE_OR_DATA) == 0) {
		return false;
	}
	if ((access & ACCESS_WRITE) != 0) {
		return (attributes & TYPE_CODE) == 0 &&
		       (attributes & TYPE_WRITE_OR_READ) != 0;
	}
	return (attributes & TYPE_CODE) == 0 ||
	       (attributes & TYPE_WRITE_OR_READ) != 0;
}

/* Are the bytes offset .. last (no wrap) within the limit? */
static bool segment_contains(const struct segment_config *segment,
			     uint64_t offset, uint64_t last)
{
	uint32_t type = segment->attributes;
	uint64_t top;

	if ((type & (TYPE_CODE | TYPE_EXPAND_DOWN)) == TYPE_EXPAND_DOWN &&
	    (type & ATTRIBUTE_CODE_OR_DATA) != 0) {
		top = (type & ATTRIBUTE_BIG) != 0 ? LINEAR32_MASK : 0xffff;
		return offset > segment->limit && last <= top;
	}
	return last <= segment->limit;
}

enum hv_err gva_from_segment(const struct vcpu *vcpu,
			     const struct vcpu_mode *mode,
			     enum segment_name name, uint64_t offset,
			     uint32_t size, uint32_t access, gva_t *address,
			     struct gva_fault *fault)
{
	struct segment_config segment;
	bool protected;

	if (mode->code_bits == 64) {
		return from_flat(vcpu, name, offset, size, address, fault);
	}
	vcpu_get_segment(vcpu, name, &segment);
	protected = (mode->cr0 & CR0_PE) != 0 &&
		    (vcpu->rflags & RFLAGS_VM) == 0;
	if (protected && !segment_allows(&segment, access)) {
		return segment_fault(name, fault);
	}
	offset &= LINEAR32_MASK;
	if (!segment_contains(&segment, offset, offset + size - 1)) {
		return segment_fault(name, fault);
	}
	*address = gva((segment.base + offset) & LINEAR32_MASK);
	return HV_OK;
}
