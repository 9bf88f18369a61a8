/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetch and check of the instruction that made an exit. Where the next 8
 * bytes lie on one page, which is nearly always, one word is read and that
 * is enough for every instruction without a row of prefixes.
 */
#include "vcpu/fetch.h"

#include "vcpu/gva.h"

_Static_assert(INSN_TEST < 32, "kinds fit in a mask");

static enum hv_err fetch_all(const struct vcpu *vcpu,
			     const struct vcpu_mode *mode, struct insn *insn)
{
	struct gva_fault fault;
	uint8_t bytes[15];
	uint32_t count;
	enum hv_err err;

	err = gva_fetch(vcpu, mode, bytes, &count, &fault);
	if (err != HV_OK) {
		return err;
	}
	err = insn_decode(bytes, count, mode->code_bits, insn);
	if (err == HV_ERR_RANGE) {
		/* Over 15 bytes; or cut off by a page that is not there. */
		return count == sizeof(bytes) ? HV_ERR_UNSUPPORTED :
		       HV_ERR_FAULT;
	}
	return err;
}

/* The linear address of the first byte. */
static enum hv_err fetch_address(const struct vcpu *vcpu,
				 const struct vcpu_mode *mode, gva_t *at)
{
	struct gva_fault fault;

	if (mode->code_bits == 64) {
		*at = gva(vcpu->rip);
		return HV_OK;
	}
	return gva_from_segment(vcpu, mode, SEGMENT_CS, vcpu->rip, 1,
				ACCESS_EXECUTE, at, &fault);
}

/*
 * Length of one of the instructions that make most exits, if it stands there
 * without prefixes and is expected: its bytes are the low ones of word. 0:
 * look closer.
 */
static inline uint32_t plain_length(uint64_t word, uint32_t kinds)
{
	uint32_t low = (uint32_t)word;

	if ((low & 0xffff) == 0xa20f) {
		return (kinds & FETCH_KIND(INSN_CPUID)) != 0 ? 2 : 0;
	}
	if ((low & 0xffff) == 0x320f) {
		return (kinds & FETCH_KIND(INSN_RDMSR)) != 0 ? 2 : 0;
	}
	if ((low & 0xffff) == 0x300f) {
		return (kinds & FETCH_KIND(INSN_WRMSR)) != 0 ? 2 : 0;
	}
	if ((low & 0xffffff) == 0xd9010f) {
		return (kinds & FETCH_KIND(INSN_VMMCALL)) != 0 ? 3 : 0;
	}
	return 0;
}

enum hv_err fetch_insn_in(const struct vcpu *vcpu,
			  const struct vcpu_mode *mode, uint32_t kinds,
			  struct insn *insn)
{
	struct gva_fault fault;
	enum hv_err err;
	uint64_t word;
	gva_t at;

	err = fetch_address(vcpu, mode, &at);
	if (err != HV_OK) {
		return err;
	}
	err = HV_ERR_RANGE;
	if ((at.v & PAGE_MASK) <= PAGE_SIZE - sizeof(word)) {
		err = gva_fetch_word(vcpu, mode, at, &word, &fault);
		if (err != HV_OK) {
			return err;
		}
		err = insn_decode((const uint8_t *)&word, sizeof(word),
				  mode->code_bits, insn);
	}
	if (err == HV_ERR_RANGE) {
		err = fetch_all(vcpu, mode, insn);
	}
	if (err != HV_OK) {
		return err;
	}
	return (kinds & FETCH_KIND(insn->kind)) != 0 ? HV_OK :
	       HV_ERR_UNSUPPORTED;
}

enum hv_err fetch_insn(const struct vcpu *vcpu, uint32_t kinds,
		       struct insn *insn)
{
	struct vcpu_mode mode;

	vcpu_get_mode(vcpu, &mode);
	return fetch_insn_in(vcpu, &mode, kinds, insn);
}

enum hv_err fetch_length(const struct vcpu *vcpu, uint32_t kinds,
			 uint32_t *length)
{
	struct vcpu_mode mode;
	struct gva_fault fault;
	struct insn insn;
	enum hv_err err;
	uint64_t word;

	vcpu_get_mode(vcpu, &mode);
	if (mode.code_bits == 64 &&
	    (vcpu->rip & PAGE_MASK) <= PAGE_SIZE - sizeof(word)) {
		err = gva_fetch_word(vcpu, &mode, gva(vcpu->rip), &word,
				     &fault);
		if (err != HV_OK) {
			return err;
		}
		*length = plain_length(word, kinds);
		if (*length != 0) {
			return HV_OK;
		}
	}
	err = fetch_insn_in(vcpu, &mode, kinds, &insn);
	if (err == HV_OK) {
		*length = insn.length;
	}
	return err;
}
