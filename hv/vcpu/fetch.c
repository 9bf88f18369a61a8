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

enum hv_err fetch_insn_in(const struct vcpu *vcpu,
			  const struct vcpu_mode *mode, uint32_t kinds,
			  struct insn *insn)
{
	struct gva_fault fault;
	struct gva_memo memo;
	enum hv_err err;
	uint64_t word;
	gva_t at;

	err = fetch_address(vcpu, mode, &at);
	if (err != HV_OK) {
		return err;
	}
	err = HV_ERR_RANGE;
	if ((at.v & PAGE_MASK) <= PAGE_SIZE - sizeof(word)) {
		err = gva_fetch_word(vcpu, mode, at, &word, &memo, &fault);
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

static enum hv_err fetch_insn_length(const struct vcpu *vcpu,
				     const struct vcpu_mode *mode,
				     uint32_t kinds, uint32_t *length)
{
	struct insn insn;
	enum hv_err err;

	err = fetch_insn_in(vcpu, mode, kinds, &insn);
	if (err == HV_OK) {
		*length = insn.length;
	}
	return err;
}

static bool is_on_one_page(uint64_t rip)
{
	return (rip & PAGE_MASK) <= PAGE_SIZE - sizeof(uint64_t);
}

static enum hv_err fetch_remembered(const struct vcpu *vcpu,
				    const struct vcpu_mode *mode,
				    uint32_t kinds, uint32_t *length,
				    struct fetch_memo *memo)
{
	struct gva_fault fault;
	struct insn insn;
	enum hv_err err;
	uint64_t word;

	memo->kinds = 0;
	err = gva_fetch_word(vcpu, mode, gva(vcpu->rip), &word, &memo->found,
			     &fault);
	if (err != HV_OK) {
		return err;
	}
	err = insn_decode((const uint8_t *)&word, sizeof(word), 64, &insn);
	if (err == HV_ERR_RANGE) {
		return fetch_insn_length(vcpu, mode, kinds, length);
	}
	if (err != HV_OK || (kinds & FETCH_KIND(insn.kind)) == 0) {
		return HV_ERR_UNSUPPORTED;
	}
	*length = insn.length;
	if (memo->found.count != 0) {
		memo->rip = vcpu->rip;
		memo->cr3 = mode->cr3;
		memo->cr4 = mode->cr4;
		memo->cpl = mode->cpl;
		memo->length = insn.length;
		memo->kinds = FETCH_KIND(insn.kind);
	}
	return HV_OK;
}

enum hv_err fetch_length(struct vcpu *vcpu, uint32_t kinds, uint32_t *length)
{
	const struct fetch_memo *memo;
	struct vcpu_mode mode;

	vcpu_get_mode(vcpu, &mode);
	if (mode.code_bits != 64 || !is_on_one_page(vcpu->rip)) {
		return fetch_insn_length(vcpu, &mode, kinds, length);
	}
	memo = fetch_find(vcpu, kinds, mode.cr3, mode.cr4, mode.cpl);
	if (memo != NULL &&
	    window_is_same(vcpu->partition, memo->found.generation,
			   memo->found.word, memo->found.count)) {
		*length = memo->length;
		return HV_OK;
	}
	return fetch_remembered(
		vcpu, &mode, kinds, length,
		&vcpu->fetch_memos[fetch_memo_index(vcpu->rip)]);
}
