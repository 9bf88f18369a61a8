/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's virtual memory as the processor would see it: segments, page
 * tables of every mode, rights, SMEP/SMAP, accessed and dirty bits. Used to
 * fetch instructions and to emulate string I/O and MMIO.
 */
#ifndef VCPU_GVA_H
#define VCPU_GVA_H

#include "vcpu/vcpu.h"

/* A fault that the guest is to get (HV_ERR_FAULT). */
struct gva_fault {
	uint8_t vector;		/* VECTOR_PF, _GP or _SS */
	uint32_t error;
	gva_t address;		/* VECTOR_PF: for CR2 */
};

/*
 * Segment offset to linear address: limit, type, canonical form. size bytes
 * from there must lie within. mode from vcpu_get_mode().
 */
enum hv_err gva_from_segment(const struct vcpu *vcpu,
			     const struct vcpu_mode *mode,
			     enum segment_name segment, uint64_t offset,
			     uint32_t size, uint32_t access, gva_t *address,
			     struct gva_fault *fault) must_use;

/*
 * Translates one byte's address. access: ACCESS_WRITE, ACCESS_EXECUTE, 0;
 * user is taken from mode->cpl. Sets accessed and dirty bits. HV_ERR_FAULT:
 * *fault says which; HV_ERR_MMIO: a page table lies where there is no RAM.
 */
enum hv_err gva_translate(const struct vcpu *vcpu,
			  const struct vcpu_mode *mode, gva_t address,
			  uint32_t access, gpa_t *to,
			  struct gva_fault *fault) must_use;

/* Copies by virtual address; may cross pages. Nothing is written if some
 * byte faults. size <= 64. */
enum hv_err gva_read(const struct vcpu *vcpu, const struct vcpu_mode *mode,
		     gva_t from, void *to, uint32_t size,
		     struct gva_fault *fault) must_use;
enum hv_err gva_write(const struct vcpu *vcpu, const struct vcpu_mode *mode,
		      gva_t to, const void *from, uint32_t size,
		      struct gva_fault *fault) must_use;

/*
 * Up to 15 bytes at CS:RIP; *count of them could be read (at a page whose
 * successor is absent: fewer). HV_ERR_FAULT: not even the first.
 */
enum hv_err gva_fetch(const struct vcpu *vcpu, const struct vcpu_mode *mode,
		      uint8_t bytes[15], uint32_t *count,
		      struct gva_fault *fault) must_use;

#endif
