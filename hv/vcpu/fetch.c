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

/* The first 8 bytes, if they lie on one page; count 0 if not. */
static enum hv_err fetch_word(const struct vcpu *vcpu,
			      const struct vcpu_mode *mode, uint64_t *word,
			      unsigned *count)
{
	struct gva_fault fault;
	enum hv_err err;
	gva_t at;

	*count = 0;
	if (mode->code_bits == 64) {
		at = gva(vcpu->rip);
	} else {
		err = gva_from_segment(vcpu, mode, SEGMENT_CS, vcpu->rip, 1,
				       ACCESS_EXECUTE, &at, &fault);
		if (err != HV_OK) {
			return err;
		}
	}
	if ((at.v & PAGE_MASK) > PAGE_SIZE - sizeof(*word)) {
		return HV_OK;
	}
	*count = sizeof(*word);
	return gva_fetch_word(vcpu, mode, at, word, &fault);
}

enum hv_err fetch_insn_in(const struct vcpu *vcpu,
			  const struct vcpu_mode *mode, uint32_t kinds,
			  struct insn *insn)
{
	unsigned count;
	uint64_t word;
	enum hv_err err;

	err = fetch_word(vcpu, mode, &word, &count);
	if (err != HV_OK) {
		return err;
	}
	err = HV_ERR_RANGE;
	if (count != 0) {
		err = insn_decode((const uint8_t *)&word, count,
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
