/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accesses to guest-physical addresses that are not RAM, or not so: the APIC
 * and IOAPIC pages are emulated, other addresses without RAM read as ones and
 * drop writes, and what cannot be carried out stops the partition.
 *
 * The instruction is decoded from the guest's memory, which another VP may
 * change at any time: its operand is translated again and must be the address
 * that made the exit. If not, the guest resumes and tries again itself.
 */
#include "guest/guest.h"

#include "cpu/regs.h"
#include "guest/apic.h"
#include "guest/ioapic.h"
#include "guest/operand.h"
#include "abi/registers.h"
#include "lib/alu.h"
#include "mem/nested.h"
#include "vcpu/fetch.h"

#define KINDS_READING (FETCH_KIND(INSN_READ) | FETCH_KIND(INSN_COMBINE) | \
		       FETCH_KIND(INSN_TEST))
#define KINDS_WRITING (FETCH_KIND(INSN_WRITE) | FETCH_KIND(INSN_MODIFY))

enum device { DEVICE_NONE, DEVICE_APIC, DEVICE_IOAPIC };

/* One access being carried out. */
struct access {
	enum device device;
	uint32_t offset;	/* in the device's page */
	struct insn insn;
};

static enum outcome refuse(struct vp *vp, const struct vcpu_exit *exit,
			   const char *reason)
{
	struct vcpu_mode mode;
	struct gva_fault fault;
	uint64_t word = 0;
	uint8_t bytes[15];
	uint32_t i, count;

	/* For the record: the first 8 bytes of the instruction. */
	vcpu_get_mode(&vp->vcpu, &mode);
	if (gva_fetch(&vp->vcpu, &mode, bytes, &count, &fault) == HV_OK) {
		for (i = 0; i < count && i < sizeof(word); i++) {
			word |= (uint64_t)bytes[i] << (i * 8);
		}
	}
	partition_fail(vp, reason, exit->memory.gpa.v, exit->memory.access,
		       word);
	return OUTCOME_STOP;
}

/* ---- devices ----------------------------------------------------------- */

static enum outcome device_read(struct vp *vp, const struct access *access,
				uint64_t *value)
{
	unsigned size = access->insn.operand_size;

	switch (access->device) {
	case DEVICE_NONE:
		*value = operand_mask(size);
		return OUTCOME_NEXT;
	case DEVICE_APIC:
		return apic_read_page(vp, access->offset, size, value);
	case DEVICE_IOAPIC:
		return ioapic_read_page(vp, access->offset, size, value);
	}
	return OUTCOME_STOP;
}

static enum outcome device_write(struct vp *vp, const struct access *access,
				 uint64_t value)
{
	unsigned size = access->insn.operand_size;

	switch (access->device) {
	case DEVICE_NONE:
		return OUTCOME_NEXT;
	case DEVICE_APIC:
		return apic_write_page(vp, access->offset, size, value);
	case DEVICE_IOAPIC:
		return ioapic_write_page(vp, access->offset, size, value);
	}
	return OUTCOME_STOP;
}

/* ---- instructions ------------------------------------------------------ */

/* The operand that is not memory. */
static uint64_t other_operand(const struct vp *vp, const struct insn *insn)
{
	if (insn->has_immediate) {
		return insn->immediate;
	}
	/* For NOT, NEG, INC, DEC whatever: they have one operand. */
	return operand_get_register(&vp->vcpu, insn->reg, insn->operand_size,
				    insn->reg_high);
}

static enum outcome do_read(struct vp *vp, const struct access *access)
{
	const struct insn *insn = &access->insn;
	unsigned unused = 64 - insn->operand_size * 8u;
	enum outcome outcome;
	uint64_t value = 0;

	outcome = device_read(vp, access, &value);
	if (outcome != OUTCOME_NEXT) {
		return outcome;
	}
	value <<= unused;
	if (insn->sign_extend) {
		value = (uint64_t)((int64_t)value >> unused);
	} else {
		value >>= unused;
	}
	operand_set_register(&vp->vcpu, insn->reg, insn->reg_size,
			     insn->reg_high, value);
	return OUTCOME_NEXT;
}

/* MODIFY, COMBINE and TEST: memory and the other operand through the ALU. */
static enum outcome do_compute(struct vp *vp, const struct access *access)
{
	const struct insn *insn = &access->insn;
	struct vcpu *vcpu = &vp->vcpu;
	uint64_t flags = vcpu->rflags, memory = 0, other, result;
	enum outcome outcome;

	outcome = device_read(vp, access, &memory);
	if (outcome != OUTCOME_NEXT) {
		return outcome;
	}
	other = other_operand(vp, insn);
	result = alu_compute((enum insn_op)insn->op, insn->operand_size,
			     insn->reg_first ? other : memory,
			     insn->reg_first ? memory : other, &flags);
	if (insn->kind == INSN_MODIFY) {
		outcome = device_write(vp, access, result);
		if (outcome != OUTCOME_NEXT) {
			return outcome;
		}
	}
	if (insn->kind == INSN_COMBINE) {
		operand_set_register(vcpu, insn->reg, insn->operand_size,
				     insn->reg_high, result);
	} else if (insn->op == INSN_OP_XCHG) {
		operand_set_register(vcpu, insn->reg, insn->operand_size,
				     insn->reg_high, memory);
	}
	if (vcpu_set_register(vcpu, HV_REGISTER_RFLAGS, flags) != HV_OK) {
		return OUTCOME_STOP;
	}
	return OUTCOME_NEXT;
}

static enum outcome do_instruction(struct vp *vp, const struct access *access)
{
	if (access->insn.kind == INSN_READ) {
		return do_read(vp, access);
	}
	if (access->insn.kind == INSN_WRITE) {
		return device_write(vp, access,
				    other_operand(vp, &access->insn));
	}
	return do_compute(vp, access);
}

/* ---- the exit ---------------------------------------------------------- */

/* Where the instruction's operand lies now; HV_OK, or why not. */
static enum hv_err find_operand(const struct vp *vp,
				const struct vcpu_mode *mode,
				const struct insn *insn, bool write,
				gva_t *address, gpa_t *to)
{
	uint32_t rights = write ? ACCESS_WRITE : ACCESS_READ;
	struct gva_fault fault;
	enum hv_err err;

	err = gva_from_segment(&vp->vcpu, mode,
			       (enum segment_name)insn->segment,
			       operand_get_offset(&vp->vcpu, insn),
			       insn->operand_size, rights, address, &fault);
	if (err != HV_OK) {
		return err;
	}
	return gva_translate(&vp->vcpu, mode, *address, rights, to, &fault);
}

static enum outcome emulate(struct vp *vp, const struct vcpu_exit *exit,
			    enum device device)
{
	struct access access = { .device = device };
	struct insn *insn = &access.insn;
	struct vcpu_mode mode;
	enum outcome outcome;
	enum hv_err err;
	bool write;
	gva_t address;
	gpa_t at;

	vcpu_get_mode(&vp->vcpu, &mode);
	err = fetch_insn_in(&vp->vcpu, &mode, KINDS_READING | KINDS_WRITING,
			    insn);
	if (err == HV_ERR_FAULT || err == HV_ERR_STATE) {
		return OUTCOME_SAME;
	}
	if (err != HV_OK) {
		return refuse(vp, exit, "memory access not emulated");
	}
	write = (KINDS_WRITING & FETCH_KIND(insn->kind)) != 0;
	/* A change may be reported as the read that it starts with. */
	if (write != ((exit->memory.access & ACCESS_WRITE) != 0) &&
	    insn->kind != INSN_MODIFY) {
		return OUTCOME_SAME;
	}
	if (find_operand(vp, &mode, insn, write, &address, &at) != HV_OK) {
		return OUTCOME_SAME;
	}
	if ((address.v & PAGE_MASK) + insn->operand_size > PAGE_SIZE) {
		return refuse(vp, exit, "device access across two pages");
	}
	if (at.v != exit->memory.gpa.v) {
		return OUTCOME_SAME;
	}
	access.offset = (uint32_t)(at.v & PAGE_MASK);
	outcome = do_instruction(vp, &access);
	if (outcome != OUTCOME_NEXT) {
		return outcome;
	}
	if (device == DEVICE_NONE) {
		vp->denied_count++;
	}
	/* The exit has no length: the decoder knows it. */
	vcpu_advance(&vp->vcpu, insn->length);
	return OUTCOME_SAME;
}

/* Does the live map by now grant what the exit was refused? */
static bool is_granted(const struct nested_leaf *leaf,
		       const struct vcpu_exit *exit)
{
	uint32_t wanted = NESTED_READ;

	if ((exit->memory.access & ACCESS_WRITE) != 0 || exit->memory.walk) {
		wanted |= NESTED_WRITE;
	}
	if ((exit->memory.access & ACCESS_EXECUTE) != 0) {
		wanted |= NESTED_EXECUTE;
	}
	return (leaf->rights & wanted) == wanted;
}

static enum outcome inject_gp(struct vp *vp)
{
	struct gva_fault fault = { .vector = VECTOR_GP };
	struct vcpu_mode mode;

	vcpu_get_mode(&vp->vcpu, &mode);
	return operand_inject_fault(vp, &mode, &fault);
}

enum outcome memory_handle(struct vp *vp, const struct vcpu_exit *exit)
{
	struct nested_leaf leaf = nested_walk(vp->partition,
					      exit->memory.gpa);

	if (is_granted(&leaf, exit)) {
		return OUTCOME_SAME;	/* another VP changed the map */
	}
	if (exit->memory.gpa.v >> partition_config(vp->partition)->gpa_bits) {
		/* The processor's addresses are wider than the guest's. */
		return refuse(vp, exit, "access beyond its address width");
	}
	if (exit->memory.walk) {
		return refuse(vp, exit, "page table outside writable RAM");
	}
	if ((exit->memory.access & ACCESS_EXECUTE) != 0) {
		return refuse(vp, exit, "instruction fetch outside RAM");
	}
	if (vp->vcpu.event.valid) {
		return refuse(vp, exit, "event delivery outside RAM");
	}
	if (leaf.overlay) {
		/* TLFS: writes to the hypercall page answer #GP. */
		return inject_gp(vp);
	}
	if (leaf.rights != 0) {
		return refuse(vp, exit, "write to read-only memory");
	}
	if (apic_claims(vp, exit->memory.gpa)) {
		return emulate(vp, exit, DEVICE_APIC);
	}
	if (ioapic_claims(exit->memory.gpa)) {
		return emulate(vp, exit, DEVICE_IOAPIC);
	}
	return emulate(vp, exit, DEVICE_NONE);
}
