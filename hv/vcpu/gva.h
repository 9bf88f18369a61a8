/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's virtual memory as the processor would see it: segments, page
 * tables of every mode, rights, SMEP/SMAP, accessed and dirty bits. Used to
 * fetch instructions and to emulate string I/O and MMIO.
 */
#ifndef VCPU_GVA_H
#define VCPU_GVA_H

#include "vcpu/vcpu.h"

/*
 * With ACCESS_*: an access that the processor makes for itself (descriptor
 * tables, TSS): a supervisor's at any CPL, and EFLAGS.AC does not lift SMAP.
 */
#define GVA_IMPLICIT 256u

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
 * *fault says which; HV_ERR_MMIO: a page table lies where there is no RAM;
 * HV_ERR_ACCESS: or where it cannot be written; HV_ERR_STATE: the guest kept
 * changing its tables meanwhile. Not modelled: protection keys and LA57
 * (CR4.PKE, CR4.LA57: cr4_allow must not have them).
 */
enum hv_err gva_translate(const struct vcpu *vcpu,
			  const struct vcpu_mode *mode, gva_t address,
			  uint32_t access, gpa_t *to,
			  struct gva_fault *fault) must_use;

/* Up to 64 bytes of virtual memory, translated: on one page or on two. */
struct gva_span {
	gpa_t part[2];
	uint32_t size[2];	/* size[1] is 0 where one page holds all */
};

/* Every byte's right is checked before this answers HV_OK. */
enum hv_err gva_translate_span(const struct vcpu *vcpu,
			       const struct vcpu_mode *mode, gva_t address,
			       uint32_t size, uint32_t access,
			       struct gva_span *span,
			       struct gva_fault *fault) must_use;
/* Copies between a span and hypervisor memory; HV_ERR_* of window.h. */
enum hv_err gva_read_span(const struct vcpu *vcpu,
			  const struct gva_span *span, void *to) must_use;
enum hv_err gva_write_span(const struct vcpu *vcpu,
			   const struct gva_span *span,
			   const void *from) must_use;

/* Copies by virtual address; may cross pages. Nothing is written if some
 * byte faults. size <= 64. */
enum hv_err gva_read(const struct vcpu *vcpu, const struct vcpu_mode *mode,
		     gva_t from, void *to, uint32_t size,
		     struct gva_fault *fault) must_use;
enum hv_err gva_write(const struct vcpu *vcpu, const struct vcpu_mode *mode,
		      gva_t to, const void *from, uint32_t size,
		      struct gva_fault *fault) must_use;

/*
 * 8 bytes of code by linear address, all on one page, as an instruction
 * fetch: the quick way, with one hold of the partition's map. Errors as of
 * gva_translate() and window_read(); HV_ERR_STATE at the first change. *memo
 * says how it was found, where that was simple (memo->count).
 */
enum hv_err gva_fetch_word(const struct vcpu *vcpu,
			   const struct vcpu_mode *mode, gva_t address,
			   uint64_t *word, struct gva_memo *memo,
			   struct gva_fault *fault) must_use;

/*
 * Up to 15 bytes at CS:RIP; *count of them could be read (at a page whose
 * successor is absent: fewer). HV_ERR_FAULT: not even the first.
 */
enum hv_err gva_fetch(const struct vcpu *vcpu, const struct vcpu_mode *mode,
		      uint8_t bytes[15], uint32_t *count,
		      struct gva_fault *fault) must_use;

#endif
