/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that make exits, in every mode, with prefixes, at every place
 * of a page boundary: the one after them must be the next one that runs. An
 * INT3 right behind the instruction tells where that is; more of them follow,
 * so that a length too great shows, and a length too small runs its tail.
 */
#include "lib/modes.h"
#include "strings.h"

#define EDGE 0x9000u		/* page boundary that code crosses */
#define VECTOR_WAKE 0x30

enum subject { CPUID_, RDMSR_, WRMSR_, VMMCALL_, HLT_, SUBJECT_COUNT };

static const struct {
	const char *name;
	uint8_t bytes[3];
	uint8_t count;
} subjects[SUBJECT_COUNT] = {
	[CPUID_] = { "cpuid", { 0x0f, 0xa2 }, 2 },
	[RDMSR_] = { "rdmsr", { 0x0f, 0x32 }, 2 },
	[WRMSR_] = { "wrmsr", { 0x0f, 0x30 }, 2 },
	[VMMCALL_] = { "vmmcall", { 0x0f, 0x01, 0xd9 }, 3 },
	[HLT_] = { "hlt", { 0xf4 }, 1 },
};

#define PREFIX_MAX 14
struct prefixes {
	uint8_t count;
	bool only64;
	uint8_t bytes[PREFIX_MAX];
};

static const struct prefixes prefix_sets[] = {
	{ 0, false, { 0 } },
	{ 1, false, { 0x66 } },
	{ 1, false, { 0x67 } },
	{ 1, false, { 0xf2 } },
	{ 1, false, { 0xf3 } },
	{ 1, false, { 0x26 } },
	{ 1, false, { 0x2e } },
	{ 1, false, { 0x36 } },
	{ 1, false, { 0x3e } },
	{ 1, false, { 0x64 } },
	{ 1, false, { 0x65 } },
	{ 2, false, { 0x66, 0x67 } },
	{ 3, false, { 0xf3, 0x2e, 0x66 } },
	{ 5, false, { 0x67, 0x66, 0xf2, 0x64, 0xf3 } },
	{ 11, false, { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
		       0x66, 0x66 } },
	{ 1, true, { 0x40 } },
	{ 1, true, { 0x48 } },
	{ 1, true, { 0x4f } },
	{ 2, true, { 0x66, 0x48 } },
	{ 4, true, { 0xf2, 0x67, 0x2e, 0x41 } },
};

static bool hv;
static uint64_t apic_base;
static struct cpuid leaf0;
static struct cpuid leaf1;

/* One experiment: instruction at an address, registers, what came. */
struct shot {
	enum mode mode;
	enum subject subject;
	const struct prefixes *prefixes;
	uint32_t start;
	uint32_t length;
};

static void put_code(const struct shot *s)
{
	uint8_t *p = (uint8_t *)(uint64_t)s->start;

	memset((void *)(uint64_t)(EDGE - 64), 0xcc, 128);
	if (s->subject == HLT_) {
		p[-1] = 0xfb;		/* STI: holds IF off for one more */
	}
	memcpy(p, s->prefixes->bytes, s->prefixes->count);
	p += s->prefixes->count;
	memcpy(p, subjects[s->subject].bytes, subjects[s->subject].count);
	if (s->subject == VMMCALL_ && is_intel()) {
		p[2] = 0xc1;		/* VMCALL */
	}
}

static void set_registers(const struct shot *s, struct mode_run *r)
{
	for (unsigned i = 0; i < 16; i++) {
		r->gpr[i] = 0x10101010u * (i & 7);
	}
	switch (s->subject) {
	case CPUID_:
		r->gpr[RAX] = 0;
		r->gpr[RCX] = 0;
		break;
	case RDMSR_:
		r->gpr[RCX] = MSR_APIC_BASE;
		break;
	case WRMSR_:
		r->gpr[RCX] = MSR_APIC_BASE;
		r->gpr[RAX] = (uint32_t)apic_base;
		r->gpr[RDX] = apic_base >> 32;
		break;
	case VMMCALL_:
		/* NotifyLongSpinWait, fast: control in RCX, or EDX:EAX. */
		r->gpr[RCX] = s->mode == MODE_LONG64 ? 0x10008 : 1;
		r->gpr[RAX] = s->mode == MODE_LONG64 ? 0x1234 : 0x10008;
		r->gpr[RDX] = 0;
		r->gpr[RBX] = 0;
		break;
	case HLT_:
	case SUBJECT_COUNT:
		break;
	}
}

/* VMCALL has no form with 66, F2 or F3 (SDM3 30.3), VMMCALL takes them. */
static bool is_no_vmcall(const struct shot *s)
{
	for (unsigned i = 0; i < s->prefixes->count; i++) {
		uint8_t p = s->prefixes->bytes[i];

		if (is_intel() && (p == 0x66 || p == 0xf2 || p == 0xf3)) {
			return true;
		}
	}
	return false;
}

/* Which vector ends it, when all is right. */
static uint32_t expected_vector(const struct shot *s)
{
	if (s->subject == VMMCALL_ &&
	    (!hv || s->mode == MODE_REAL || is_no_vmcall(s))) {
		return VECTOR_UD;
	}
	return s->subject == HLT_ ? VECTOR_WAKE : VECTOR_BP;
}

static uint32_t expected_rip(const struct shot *s, uint32_t vector)
{
	if (vector == VECTOR_UD) {
		return s->start;
	}
	return s->start + s->length + (vector == VECTOR_BP ? 1 : 0);
}

static bool result_ok(const struct shot *s, const struct mode_run *r)
{
	uint64_t *g = (uint64_t *)r->gpr;

	switch (s->subject) {
	case CPUID_:
		return g[RBX] == leaf0.ebx && g[RCX] == leaf0.ecx
			&& g[RDX] == leaf0.edx;
	case RDMSR_:
		return g[RAX] == (uint32_t)apic_base
			&& g[RDX] == apic_base >> 32;
	case WRMSR_:
		return g[RAX] == (uint32_t)apic_base;
	case VMMCALL_:
		return r->vector == VECTOR_UD
			|| (g[RAX] == 0 && g[RDX] == 0);
	case HLT_:
	case SUBJECT_COUNT:
		break;
	}
	return g[RBX] == 0x30303030 && g[RSI] == 0x60606060;
}

static void fire(const struct shot *s, struct mode_run *r)
{
	memset(r, 0, sizeof(*r));
	r->mode = s->mode;
	r->code = s->start - (s->subject == HLT_ ? 1 : 0);
	set_registers(s, r);
	if (s->subject == HLT_) {
		apic_icr(0, ICR_SELF | VECTOR_WAKE);
	}
	mode_run(r);
	if (s->subject == HLT_ && r->vector == VECTOR_WAKE) {
		apic_eoi();
	}
}

static bool shot_ok(const struct shot *s, const char *what)
{
	struct mode_run r;
	uint32_t vector = expected_vector(s);
	uint32_t rip = expected_rip(s, vector);

	put_code(s);
	fire(s, &r);
	if (r.vector == vector && r.rip == rip && result_ok(s, &r)) {
		return true;
	}
	print("%s %s %s: %u prefixes (%x %x), start %x: vector %u rip %lx, "
	      "not %u %x; rax %lx rdx %lx\n", mode_names[s->mode],
	      subjects[s->subject].name, what, s->prefixes->count,
	      s->prefixes->bytes[0], s->prefixes->bytes[1], s->start,
	      r.vector, r.rip, vector, rip, r.gpr[RAX], r.gpr[RDX]);
	return false;
}

/*
 * The instruction crosses into a page that is not there: #PF for that page,
 * at its own address; afterwards it runs.
 */
static bool absent_ok(const struct shot *s)
{
	struct mode_run r;
	uint32_t error = mode_fetch_error(s->mode);

	put_code(s);
	mode_set_page(EDGE, false, true);
	fire(s, &r);
	mode_set_page(EDGE, true, true);
	if (s->subject == HLT_) {	/* the wake is still due */
		irq_handlers[VECTOR_WAKE] = 0;
	}
	if (r.vector == VECTOR_PF && r.cr2 == EDGE && r.rip == s->start
	    && r.error == error) {
		return true;
	}
	print("%s %s absent: start %x: vector %u rip %lx cr2 %lx error %x\n",
	      mode_names[s->mode], subjects[s->subject].name, s->start,
	      r.vector, r.rip, r.cr2, r.error);
	return false;
}

/*
 * The instruction ends with its page, the next is not there: the instruction
 * runs; then #PF for the fetch of what follows.
 */
static bool last_ok(const struct shot *s)
{
	struct mode_run r;

	put_code(s);
	mode_set_page(EDGE, false, true);
	fire(s, &r);
	mode_set_page(EDGE, true, true);
	if (s->subject == HLT_) {
		return r.vector == VECTOR_WAKE && r.rip == EDGE;
	}
	if (expected_vector(s) == VECTOR_UD) {
		return r.vector == VECTOR_UD && r.rip == s->start;
	}
	if (r.vector == VECTOR_PF && r.cr2 == EDGE && r.rip == EDGE
	    && result_ok(s, &r)) {
		return true;
	}
	print("%s %s last: start %x: vector %u rip %lx cr2 %lx error %x\n",
	      mode_names[s->mode], subjects[s->subject].name, s->start,
	      r.vector, r.rip, r.cr2, r.error);
	return false;
}

static unsigned shoot_places(struct shot *s)
{
	unsigned bad = 0;

	s->start = EDGE - 40;
	bad += shot_ok(s, "inside") ? 0 : 1;
	for (uint32_t before = 1; before <= s->length; before++) {
		s->start = EDGE - before;
		bad += shot_ok(s, "crossing") ? 0 : 1;
	}
	if (!mode_has_paging(s->mode)) {
		return bad;
	}
	bad += last_ok(s) ? 0 : 1;
	for (uint32_t before = 1; before < s->length; before++) {
		/* HLT's wake would be delivered elsewhere: no absent test. */
		if (s->subject == HLT_) {
			break;
		}
		s->start = EDGE - before;
		bad += absent_ok(s) ? 0 : 1;
	}
	return bad;
}

static void shoot(enum mode mode, enum subject subject)
{
	struct shot s = { .mode = mode, .subject = subject };
	unsigned bad = 0;
	char name[32] = "len-";

	memcpy(name + 4, mode_names[mode], strlen(mode_names[mode]));
	name[4 + strlen(mode_names[mode])] = '-';
	memcpy(name + 5 + strlen(mode_names[mode]), subjects[subject].name,
	       strlen(subjects[subject].name));
	for (unsigned i = 0; i < ARRAY_COUNT(prefix_sets); i++) {
		s.prefixes = &prefix_sets[i];
		s.length = s.prefixes->count + subjects[subject].count;
		if (!s.prefixes->only64 || mode == MODE_LONG64) {
			bad += shoot_places(&s);
		}
	}
	check(bad == 0, name, "%u wrong", bad);
}

/* Sixteen bytes are one too many: #GP, whatever the instruction is. */
static void too_long(enum mode mode)
{
	static const struct prefixes many = {
		14, false, { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
			     0x66, 0x66, 0x66, 0x66, 0x66, 0x66 }
	};
	struct shot s = {
		.mode = mode, .subject = CPUID_, .prefixes = &many,
		.start = EDGE - 8, .length = 16
	};
	struct mode_run r;
	char name[32] = "len-16-";

	memcpy(name + 7, mode_names[mode], strlen(mode_names[mode]));
	put_code(&s);
	fire(&s, &r);
	check(r.vector == VECTOR_GP && r.rip == s.start, name,
	      "vector %u rip %lx", r.vector, r.rip);
}


static void wake(struct trap_frame *f)
{
	trap_end_try(f);
}

void guest_main(void)
{
	hv = hv_present();
	apic_enable(true);
	mode_init();
	irq_handlers[VECTOR_WAKE] = wake;
	apic_base = rdmsr(MSR_APIC_BASE);
	leaf0 = cpuid(0, 0);
	leaf1 = cpuid(1, 0);
	if (hv) {
		check(hypercall_enable(), "hypercall-page", "not enabled");
	}
	for (enum mode m = 0; m < MODE_COUNT; m++) {
		for (enum subject s = 0; s < SUBJECT_COUNT; s++) {
			shoot(m, s);
		}
		too_long(m);
	}
	test_strings();
}
