# SPDX-License-Identifier: Apache-2.0
"""
Good specs: what partc emits is linked on the host and read back (dump.c), so
these tests see what the hypervisor would.
"""
import filecmp
import hashlib
import re
import shutil
import struct
import subprocess

import pytest

import toolchain
from toolchain import HERE, ROOT

GOOD = HERE / "good"
SHIPPED = sorted(p.relative_to(ROOT)
                 for p in (ROOT / "partition-specs").glob("*.dts"))
ANY = 0xffffffff
DENY, STRICT, PASS, REMAP, LOG, RESET, OFF, INTERCEPT, VALUE = range(9)
MSR_DENY, MSR_STRICT, MSR_PASS, MSR_EMULATE, MSR_VALUE = range(5)
RSP, RBX, RSI = 4, 3, 6
ES, CS, SS, DS, FS, GS, LDTR, TR = range(8)

# MOV DX, 0x602; MOV AL, 1; OUT DX, AL; CLI; HLT; JMP to the HLT
RESET_VECTOR = bytes.fromhex("ba0206b001eefaf4ebfd")

cache = {}


@pytest.fixture
def good(partc):
    """Compiles and reads back good/NAME.dts, once."""
    def get(name):
        if name not in cache:
            run = partc.compile(GOOD / f"{name}.dts")
            assert (run.stderr, run.code) == ("", 0)
            cache[name] = (run, partc.tables(run))
        return cache[name]
    return get


# Tables: present, writable, user, accessed, not large. Leaves: and dirty;
# large where they are; write-back; executable.
NPT = (0x27, 0x67, 0xe7)
# Tables: read, write, execute. Leaves: and write-back; large where they are.
EPT = (0x07, 0x37, 0xb7)


def walk(tables, form, gpa):
    """SPA and leaf size that the processor would find, or None."""
    table, shift = 0, 39
    while True:
        entry = tables[table].get(str(gpa >> shift & 511))
        if entry is None:
            return None
        if isinstance(entry, list):
            assert entry[1] == form[0]
            table, shift = entry[0], shift - 9
            assert shift >= 12 and table != 0
            continue
        assert entry & 0xfff == form[2 if shift == 21 else 1]
        assert shift in (12, 21)
        base = entry & ~0xfff
        assert base % (1 << shift) == 0
        return base + (gpa & ((1 << shift) - 1)), 1 << shift


def check_nested(partition, kind="nested", form=NPT, windows=0):
    """Every page of every region is there, and nothing else."""
    tables = partition[kind]
    (gpa, spa, size), = partition["regions"]
    assert gpa == 0 and spa % 0x200000 == 0
    leaves = 0
    at = 0
    while at < size:
        found = walk(tables, form, at)
        assert found is not None, hex(at)
        assert found[0] == spa + at
        # As large as can be.
        assert found[1] == (0x200000 if size - at >= 0x200000 else 0x1000)
        at += found[1]
        leaves += 1
    assert at == size
    total = sum(1 for t in tables for e in t.values()
                if not isinstance(e, list))
    # Behind the root, from 64 GiB on: links to the tables of those whom a
    # launch partition checks.
    seen = sum(1 for gib in tables[1] if int(gib) >= 64)
    assert total == leaves + seen
    assert seen == windows
    # Each table is linked to once, but the root.
    links = [e[0] for t in tables for e in t.values()
             if isinstance(e, list)]
    assert sorted(links) == list(range(1, len(tables)))
    vps = partition["vp_count"]
    assert partition["pool"] == len(tables) + (2 + 3 * vps) * 3


def intel_msrs(partition, name="msr_bitmap"):
    """Reads of both ranges, then writes (SDM3 24.6.9)."""
    bits = bytes.fromhex(partition[name])
    found = set(), set()
    for bit in range(len(bits) * 8):
        if not bits[bit // 8] >> bit % 8 & 1:
            part, msr = divmod(bit, 0x2000)
            found[part >> 1].add((0xc0000000 if part & 1 else 0) + msr)
    return found


def check_bitmaps(partition):
    """Bits are clear for what passes, and for nothing else."""
    passed = {p for first, last, _, action in partition["ports"]
              if action == PASS for p in range(first, last + 1)}
    iopm = bytes.fromhex(partition["iopm"])
    clear = {p for p in range(len(iopm) * 8) if not iopm[p // 8] >> p % 8 & 1}
    assert clear == passed
    reads, writes = set(), set()
    for first, last, _, read, write in partition["msrs"]:
        reads |= set(range(first, last + 1)) if read == MSR_PASS else set()
        writes |= set(range(first, last + 1)) if write == MSR_PASS else set()
    if partition["msr_bitmap"]:
        assert intel_msrs(partition) == (reads, writes)
    msrpm = bytes.fromhex(partition["msrpm"])
    if not msrpm:
        return
    found = set(), set()
    for bit in range(len(msrpm) * 8):
        if not msrpm[bit // 8] >> bit % 8 & 1:
            block, msr = divmod(bit // 2, 0x2000)
            assert block < 3
            found[bit & 1].add((0, 0xc0000000, 0xc0010000)[block] + msr)
    assert found == (reads, writes)


def check_rows(partition):
    """Sorted and disjoint, as config.h promises."""
    for rows in partition["ports"], partition["msrs"]:
        for row in rows:
            assert row[0] <= row[1]
        for a, b in zip(rows, rows[1:]):
            assert a[1] < b[0]
    keys = [tuple(row[:2]) for row in partition["cpuids"]]
    assert keys == sorted(keys)


def check_loads(partition):
    size = partition["regions"][0][2]
    spans = sorted((gpa, gpa + len(data) // 2)
                   for gpa, data in partition["loads"])
    for gpa, end in spans:
        assert gpa < end <= size
    for a, b in zip(spans, spans[1:]):
        assert a[1] <= b[0]


def check_memory(tables, report):
    """Partitions, image and reserved ranges are disjoint, and in RAM."""
    spans = [(r[1], r[1] + r[2]) for p in tables["partitions"]
             for r in p["regions"]]
    spans.append((report["image"]["base"], tables["image_limit"]))
    spans.sort()
    for a, b in zip(spans, spans[1:]):
        assert a[1] <= b[0]
    for start, end in spans:
        assert any(base <= start and end <= base + size
                   for base, size in tables["rams"])


def check_state(partition, vps):
    """The first VP starts, the others wait; nothing is on that is hidden."""
    mine = vps[partition["vp_first"]:][:partition["vp_count"]]
    assert [vp[1] for vp in mine] == list(range(partition["vp_count"]))
    assert mine[0][3] is not None
    assert all(vp[3] is None for vp in mine[1:])
    state = mine[0][3]
    assert state["cr4"] & ~partition["cr4"] == 0
    assert state["efer"] & ~partition["efer"] == 0
    assert state["rflags"] == 2


def check_all(run, tables):
    checks = [p["launch"] for p in run.report()["partitions"]]
    for launch, partition in zip(checks, tables["partitions"]):
        # None has more than a GiB.
        windows = (len(checks) - 1) * launch
        assert partition["nested"] or partition["ept"]
        for kind, form in ("nested", NPT), ("ept", EPT):
            if partition[kind]:
                check_nested(partition, kind, form, windows)
        check_bitmaps(partition)
        check_rows(partition)
        check_loads(partition)
        check_state(partition, tables["vps"])
    check_memory(tables, run.report())


@pytest.mark.parametrize("spec", sorted((ROOT / GOOD).glob("*.dts")),
                         ids=lambda s: s.stem)
def test_rules(good, spec):
    check_all(*good(spec.stem))


@pytest.mark.parametrize("spec", SHIPPED, ids=lambda s: s.stem)
def test_shipped(partc, spec):
    run = partc.compile(spec)
    assert (run.stderr, run.code) == ("", 0)
    check_all(run, partc.tables(run))


def load(partition, gpa):
    for at, data in partition["loads"]:
        if at == gpa:
            return bytes.fromhex(data)
    raise AssertionError(f"nothing is loaded at {gpa:#x}")


def cpuid(partition, leaf, subleaf=ANY, vendor=None):
    for row in partition["cpuids"]:
        if row[0] == leaf and row[1] == subleaf and \
                (vendor is None or row[11] in (0, vendor)):
            return {"allow": row[2:6], "force": row[6:10],
                    "dynamic": row[10], "vendor": row[11]}
    raise AssertionError(f"no row for leaf {leaf:#x}.{subleaf:#x}")


def test_odd_size(good):
    run, tables = good("odd")
    a, = tables["partitions"]
    assert a["regions"] == [[0, 0x8000000, 0x345000]]
    assert walk(a["nested"], NPT, 0x200000) == (0x8200000, 0x1000)
    assert walk(a["nested"], NPT, 0x344fff) == (0x8344fff, 0x1000)
    assert walk(a["nested"], NPT, 0x345000) is None
    assert len(a["nested"]) == 4
    assert a["failure"] == 1 and a["restart_max"] == ANY
    assert a["flags"] == 2 | 4
    assert a["where"] == "tests/compiler/good/odd.dts:8:6"


def test_large(good):
    run, tables = good("gib")
    small, large, middle = tables["partitions"]
    assert large["regions"][0][1] == 0x100000000
    assert len(large["nested"]) == 2 + 3
    assert (large["gpa_bits"], small["gpa_bits"]) == (40, 36)
    assert cpuid(large, 0x80000008, vendor=1)["force"][0] == 0x3028
    assert cpuid(small, 0x80000008, vendor=1)["force"][0] == 0x3024
    # The larger of those that fit below is placed first.
    assert middle["regions"][0][1] == tables["image_limit"]
    assert small["regions"][0][1] == tables["image_limit"] + (64 << 20)
    assert run.report()["machine"]["ram_bytes"] == 5 << 30
    # What the board reserves is not counted on.
    assert tables["rams"] == [[16 << 20, 944 << 20], [4 << 30, 4 << 30]]


def test_real_mode(good):
    _, tables = good("raw16")
    for vp, entry, base, code in (
            (0, 0x7c00, 0, "sector"), (1, 0xfff0, 0xf0000, "bios")):
        state = tables["vps"][vp][3]
        assert (state["rip"], state["segments"][CS][0]) == (entry, base)
        assert state["segments"][CS] == [base, 0xffff, base >> 4, 0x9b]
        assert state["segments"][DS] == [0, 0xffff, 0, 0x93]
        assert state["segments"][SS] == [0x70000, 0xffff, 0x7000, 0x93]
        assert state["gpr"][RSP] == 0xfff0
        assert (state["cr0"], state["cr4"], state["efer"]) == \
            (0x60000010, 0, 0)
        # Nothing but the payload: all of low memory is the guest's.
        assert len(tables["partitions"][vp]["loads"]) == 1
    assert load(tables["partitions"][1], 0xfff38) == bytes(range(200))


def gdt(partition):
    return struct.unpack("<4Q", load(partition, 0x80000))


def test_protected_mode(good):
    _, tables = good("raw32")
    a, = tables["partitions"]
    state = tables["vps"][0][3]
    assert state["rip"] == 0x180010
    assert load(a, 0x180000) == bytes(range(200))
    assert (state["cr0"], state["cr3"], state["cr4"], state["efer"]) == \
        (0x31, 0, 0, 0)
    assert state["segments"][CS] == [0, 0xffffffff, 8, 0xc09b]
    assert state["segments"][SS] == [0, 0xffffffff, 0x18, 0xc093]
    assert state["gpr"][RSP] == 0x80000
    assert state["gdt"] == [0x80000, 31]
    assert gdt(a) == (0, 0x00cf9b000000ffff, 0x00af9b000000ffff,
                      0x00cf93000000ffff)


def test_long_mode(good):
    _, tables = good("beside")
    a, = tables["partitions"]
    state = tables["vps"][0][3]
    assert load(a, 0x100000) == b"beside"
    assert (state["cr0"], state["cr3"], state["cr4"], state["efer"]) == \
        (0x80000033, 0x81000, 0x20, 0x500)
    assert state["segments"][CS] == [0, 0xffffffff, 0x10, 0xa09b]
    assert a["ports"][0] == [0xe9, 0xe9, 0, LOG] and a["flags"] == 1 | 2
    # Identity, as the processor walks it.
    tables = load(a, 0x81000)

    def entry(table, index):
        return struct.unpack_from("<Q", tables, table - 0x81000 + 8 * index)[0]
    for gva in list(range(0, 1 << 32, 0x200000)):
        top = entry(0x81000, gva >> 39 & 511)
        middle = entry(top & ~0xfff, gva >> 30 & 511)
        leaf = entry(middle & ~0xfff, gva >> 21 & 511)
        assert (top & 0xfff, middle & 0xfff) == (0x23, 0x23)
        assert leaf == gva | 0xe3
    assert len(tables) == 6 * 4096
    assert tables[8:4096] == bytes(4088)
    assert tables[4096 + 32:8192] == bytes(4064)


def test_linux(good):
    run, tables = good("linux")
    p, = tables["partitions"]
    image = toolchain.bzimage()
    assert load(p, 0x1000000) == image[0x400:]
    initrd = b"initrd" * 1000
    at = (32 << 20) - 8192
    assert load(p, at) == initrd
    assert load(p, 0x88000) == b"console=ttyS0 quiet\0"
    page = load(p, 0x87000)
    assert len(page) == 4096
    assert page[0x1f1:0x1fa] == image[0x1f1:0x1fa]
    assert page[0x202:0x206] == b"HdrS" and page[0x210] == 0xff
    assert page[0x211] == 1
    assert struct.unpack_from("<I", page, 0x214) == (0x1000000,)
    assert struct.unpack_from("<II", page, 0x218) == (at, len(initrd))
    assert struct.unpack_from("<I", page, 0x228) == (0x88000,)
    assert struct.unpack_from("<Q", page, 0x070) == (0xe0000,)
    # The header of this kernel ends at 0x26c; nothing behind it is copied.
    assert page[0x26c:0x2d0] == bytes(0x2d0 - 0x26c)
    assert page[0x1e8] == 3
    assert [struct.unpack_from("<QQI", page, 0x2d0 + 20 * i)
            for i in range(3)] == [
        (0, 0x9f000, 1), (0x9f000, 0x61000, 2),
        (0x100000, (32 << 20) - 0x100000, 1)]
    state = tables["vps"][0][3]
    assert state["rip"] == 0x1000200 and state["gpr"][RSI] == 0x87000
    assert (state["cr3"], state["efer"]) == (0x81000, 0x500)
    assert state["segments"][CS][2:] == [0x10, 0xa09b]
    assert state["segments"][DS][2:] == [0x18, 0xc093]
    assert load(p, 0xffff0) == RESET_VECTOR
    # com2 appears as com1.
    assert [0x3f8, 0x3ff, 0x2f8, REMAP] in p["ports"]
    assert tables["lines"] == [[3, 0, 4, 0, 0, 0, 0x30]]
    assert run.report()["partitions"][0]["uart"] == {
        "name": "com2", "port": 0x2f8, "irq": 3, "guest_port": 0x3f8,
        "guest_irq": 4}
    assert (p["failure"], p["restart_max"]) == (1, 5)
    assert p["privileges"] == 0xaef


def compile_kernel(partc, **fields):
    """linux.dts with another kernel: its only partition, VP 0's state."""
    path = partc.guests / "tiny.bzimage"
    kept = path.read_bytes()
    path.write_bytes(toolchain.bzimage(**fields))
    try:
        run = partc.compile(GOOD / "linux.dts")
        assert (run.stderr, run.code) == ("", 0)
        tables = partc.tables(run)
    finally:
        path.write_bytes(kept)
    return tables["partitions"][0], tables["vps"][0][3]


@pytest.mark.parametrize("fields", (
    {"xloadflags": 0}, {"version": 0x20b}, {"version": 0x20a,
                                            "xloadflags": 1}))
def test_linux_entry_of_32_bits(partc, fields):
    """No 64-bit entry, or a protocol that cannot tell of one."""
    p, state = compile_kernel(partc, **fields)
    assert state["rip"] == 0x1000000 and state["gpr"][RSI] == 0x87000
    assert (state["cr0"], state["cr3"], state["efer"]) == (0x31, 0, 0)
    assert [state["gpr"][r] for r in (3, 5, 7)] == [0, 0, 0]
    # __BOOT_CS and __BOOT_DS, both flat.
    assert state["segments"][CS] == [0, 0xffffffff, 0x10, 0xc09b]
    assert state["segments"][DS] == [0, 0xffffffff, 0x18, 0xc093]
    assert load(p, 0x80000)[16:24].hex() == "ffff0000009bcf00"
    assert all(gpa != 0x81000 for gpa, _ in p["loads"])


def test_linux_that_cannot_be_relocated(partc):
    """At its own address, not where it would like to run."""
    p, state = compile_kernel(partc, relocatable=0, code32=0x100000,
                              address=0x1000000)
    assert state["rip"] == 0x100200
    assert load(p, 0x100000) == toolchain.bzimage()[0x400:]
    page = load(p, 0x87000)
    assert struct.unpack_from("<I", page, 0x214) == (0x100000,)


def test_linux_cpuid(good):
    """What an unmodified kernel must and must not be shown."""
    p, = good("linux")[1]["partitions"]
    one = cpuid(p, 1)
    shown = [a | f for a, f in zip(one["allow"], one["force"])]
    for bit in (21, 24, 31):                # x2APIC, TSC deadline, hypervisor
        assert one["force"][2] >> bit & 1
    for bit in (3, 5, 6, 15, 17, 18, 27):   # MONITOR, VMX, .., OSXSAVE
        assert not shown[2] >> bit & 1
    for bit in (7, 14, 21, 22):             # MCE, MCA, DS, ACPI
        assert not shown[3] >> bit & 1
    for bit in (9, 12, 16):                 # APIC, MTRR, PAT
        assert shown[3] >> bit & 1
    assert one["dynamic"] == 1 and one["allow"][1] == 0xffff
    # Three VPs: cores of one package, APIC ids of two bits.
    assert one["force"][3] >> 28 & 1
    assert cpuid(p, 0xb, 0)["force"] == [0, 1, 0x100, 0]
    assert cpuid(p, 0xb, 1)["force"] == [2, 3, 0x201, 0]
    assert cpuid(p, 0xb, 1)["dynamic"] == 2
    assert cpuid(p, 0x80000008, vendor=1)["force"][2] == 0x2002
    amd = cpuid(p, 0x80000001, vendor=1)
    assert amd["force"][2] & 2              # CmpLegacy
    assert not (amd["allow"][2] | amd["force"][2]) & (1 << 2 | 1 << 22)
    assert cpuid(p, 6)["force"][0] == 4     # ARAT
    assert cpuid(p, 0xd, 0)["allow"] == [7, 0, 0, 0]
    assert not cpuid(p, 0xd, 1)["allow"][0] & 8     # no XSAVES
    # Enforced: VMXE, LA57, PCIDE, PKE, CET, MCE stay off.
    for bit in (6, 8, 12, 13, 14, 17, 22, 23, 24):
        assert not p["cr4"] >> bit & 1
    for bit in (0, 2, 3, 4, 5, 7, 9, 10, 11, 16, 18, 20, 21):
        assert p["cr4"] >> bit & 1
    assert (p["efer"], p["xcr0"]) == (0xd01, 7)


def test_one_vp_has_no_topology(good):
    p = good("raw32")[1]["partitions"][0]
    assert not cpuid(p, 1)["force"][3] >> 28 & 1
    assert not cpuid(p, 1)["allow"][3] >> 28 & 1
    assert cpuid(p, 0x80000008, vendor=1)["force"][2] == 0


@pytest.mark.parametrize("wide", (True, False), ids=("elf64", "elf32"))
def test_pvh(partc, wide):
    (partc.guests / "tiny.elf").write_bytes(toolchain.pvh_elf(wide=wide))
    try:
        run = partc.compile(GOOD / "pvh.dts")
        assert (run.stderr, run.code) == ("", 0)
        tables = partc.tables(run)
    finally:
        (partc.guests / "tiny.elf").write_bytes(toolchain.pvh_elf())
    p, = tables["partitions"]
    state = tables["vps"][0][3]
    assert state["rip"] == 0x200040 and state["gpr"][RBX] == 0x87000
    assert (state["cr0"], state["cr4"], state["efer"]) == (0x31, 0, 0)
    assert load(p, 0x200000) == b"\xf4" * 100
    info = load(p, 0x87000)
    magic, version, flags, modules, list_at, line, rsdp, map_at, entries = \
        struct.unpack_from("<IIIIQQQQI", info)
    assert (magic, version, flags, modules) == (0x336ec578, 1, 0, 1)
    assert (line, rsdp, entries) == (0x88000, 0xe0000, 3)
    initrd = b"initrd" * 1000
    at = (8 << 20) - 8192
    assert struct.unpack_from("<QQQQ", info, list_at - 0x87000) == \
        (at, len(initrd), 0, 0)
    assert load(p, at) == initrd
    assert [struct.unpack_from("<QQII", info, map_at - 0x87000 + 24 * i)
            for i in range(3)] == [
        (0, 0x9f000, 1, 0), (0x9f000, 0x61000, 2, 0),
        (0x100000, (8 << 20) - 0x100000, 1, 0)]
    assert load(p, 0x88000) == b"one two\0"
    assert load(p, 0xffff0) == RESET_VECTOR
    assert [0x3f8, 0x3ff, 0, PASS] in p["ports"]


def test_plan(good):
    run, tables = good("plan")
    slots = [lp["slots"] for lp in tables["lps"]]
    # VPs: a0, a1, b0, c0.
    assert slots == [[[2, 200], [0, 300], [ANY, 100], [0, 400]],
                     [[ANY, 1000], [1, 1000]], [[3, 0]], []]
    assert [vp[:3] for vp in tables["vps"]] == \
        [[0, 0, 0], [0, 1, 1], [1, 0, 0], [2, 0, 2]]
    assert [lp["apic_id"] for lp in tables["lps"]] == [0, 1, 2, 3]
    assert run.report()["plan"][0] == {"lp": 0, "slots": [
        {"partition": "b", "vp": 0, "us": 200},
        {"partition": "a", "vp": 0, "us": 300},
        {"partition": None, "vp": 0, "us": 100},
        {"partition": "a", "vp": 0, "us": 400}]}


def test_refine(good):
    _, tables = good("refine")
    plain, same, other, own = tables["partitions"]
    # Equal bitmaps are one.
    assert plain["maps"] == same["maps"]
    assert plain["maps"][0] != other["maps"][0]
    assert plain["maps"][1] == other["maps"][1]
    assert plain["ports"] == [[0x600, 0x600, 0, OFF], [0x601, 0x601, 0, DENY],
                              [0x602, 0x602, 0, RESET]]
    assert other["ports"] == [
        [0x64, 0x64, 0, RESET], [0x70, 0x71, 0xabcd, VALUE],
        [0x80, 0x81, 0, PASS],
        [0xe9, 0xe9, 0, LOG], [0x100, 0x107, 0x378, REMAP],
        [0x600, 0x600, 0, OFF], [0x601, 0x601, 0, DENY]]
    assert (plain["port_default"], other["port_default"]) == (DENY, STRICT)
    msrs = {row[0]: row[1:] for row in other["msrs"]}
    assert msrs[0x6e0] == [0x6e0, 0, MSR_EMULATE, MSR_DENY]
    assert msrs[0x1234] == [0x1236, 0x123456789a, MSR_VALUE, MSR_STRICT]
    # A profile of the spec's own: nothing but what it says.
    assert own["privileges"] == 0x60
    # Hints, of the partition and of the profile; without TLFS none.
    assert [p["flags"] for p in (plain, same, other, own)] == \
        [2, 2 | 8, 1 | 2, 2 | 8 | 16]
    assert own["ports"] == [[0x10, 0x10, 0, OFF]] and own["msrs"] == []
    assert (own["cr4"], own["efer"], own["xcr0"]) == (0x20, 0x500, 1)
    assert own["port_default"] == DENY
    assert (cpuid(other, 1)["dynamic"],
            cpuid(other, 7, 0)["dynamic"]) == (1, 16)
    # No XSAVE, no SMAP shown: CR4 and XCR0 follow. SMEP is.
    assert other["xcr0"] == 1 and plain["xcr0"] == 7
    assert not other["cr4"] & (1 << 18 | 1 << 21 | 1 << 16 | 1 << 11)
    assert other["cr4"] & 1 << 20
    assert other["failure"] == 0


def checksum(data):
    return sum(data) & 0xff


def test_acpi(good):
    """From the RSDP to every table, as a guest's kernel walks them."""
    p, = good("linux")[1]["partitions"]
    block = load(p, 0xe0000)

    def table(at):
        size, = struct.unpack_from("<I", block, at - 0xe0000 + 4)
        data = block[at - 0xe0000:][:size]
        assert len(data) == size and checksum(data) == 0
        return data
    assert block[:8] == b"RSD PTR " and block[15] == 2
    assert checksum(block[:20]) == 0 and checksum(block[:36]) == 0
    xsdt = table(struct.unpack_from("<Q", block, 24)[0])
    assert xsdt[:4] == b"XSDT"
    fadt, madt = (table(a) for a in struct.unpack_from("<2Q", xsdt, 36))
    assert fadt[:4] == b"FACP" and fadt[8] == 5 and len(fadt) == 268
    boot, = struct.unpack_from("<H", fadt, 109)
    flags, = struct.unpack_from("<I", fadt, 112)
    assert boot == 0x24             # no VGA, no CMOS clock
    assert flags == 1 | 1 << 10 | 1 << 20   # WBINVD, reset, reduced
    assert fadt[116:129] == b"\1\10\0\1" + struct.pack("<Q", 0x602) + b"\1"
    assert fadt[244:256] == b"\1\10\0\1" + struct.pack("<Q", 0x600)
    assert fadt[256:268] == b"\1\10\0\1" + struct.pack("<Q", 0x601)
    dsdt = table(struct.unpack_from("<Q", fadt, 140)[0])
    assert struct.unpack_from("<I", fadt, 40)[0] == \
        struct.unpack_from("<Q", fadt, 140)[0]
    assert madt[:4] == b"APIC"
    assert struct.unpack_from("<II", madt, 36) == (0xfee00000, 0)
    assert madt[44:] == b"".join(
        struct.pack("<BBBBI", 0, 8, n, n, 1) for n in range(3)) + \
        struct.pack("<BBBBII", 1, 12, 3, 0, 0xfec00000, 0)
    assert dsdt[:4] == b"DSDT"


def test_acpi_disassembled(good, tmp_path):
    run, _ = good("linux")
    for name in ("dsdt", "fadt", "madt", "xsdt"):
        source = run.out / "acpi" / f"kernel-{name}.aml"
        copy = tmp_path / source.name
        shutil.copy(source, copy)
        done = subprocess.run(["iasl", "-d", str(copy)], check=True,
                              capture_output=True, text=True)
        text = done.stdout + done.stderr
        assert "rror" not in text and "nvalid" not in text, text
    dsl = (tmp_path / "kernel-dsdt.dsl").read_text()
    assert 'EisaId ("PNP0501")' in dsl
    assert "0x03F8,             // Range Minimum" in dsl
    assert "{4}" in dsl
    assert dsl.count('"ACPI0007"') == 3
    assert "_S5" in dsl


def multiboot_info(data, base=0x87000):
    """The structure: what a guest would read out of it."""
    word = struct.unpack_from("<30I", data)
    text = lambda at: data[at - base:data.index(b"\0", at - base)].decode()
    modules = [struct.unpack_from("<4I", data, word[6] - base + 16 * i)
               for i in range(word[5])]
    return {"flags": word[0], "lower": word[1], "upper": word[2],
            "line": word[4], "loader": text(word[16]),
            "modules": [(m[0], m[1], text(m[2]), m[3]) for m in modules],
            "map": [struct.unpack_from("<IQQI", data, word[12] - base + 24 * i)
                    for i in range(word[11] // 24)]}


def test_multiboot_elf(good):
    run, tables = good("multiboot")
    p = tables["partitions"][0]
    state = tables["vps"][p["vp_first"]][3]
    assert state["rip"] == 0x100010
    assert (state["gpr"][0], state["gpr"][RBX]) == (0x2badb002, 0x87000)
    assert (state["cr0"], state["cr4"], state["efer"]) == (0x31, 0, 0)
    assert state["segments"][CS] == [0, 0xffffffff, 8, 0xc09b]
    assert load(p, 0x100000) == toolchain.multiboot_elf()[0x1000:]
    info = multiboot_info(load(p, 0x87000))
    assert info == {
        "flags": 0x24d, "lower": 636, "upper": 3072, "line": 0x88000,
        "loader": "Bulkhead",
        # On pages behind the kernel's .bss, which ends at 0x103000.
        "modules": [(0x103000, 0x103000 + 200, "one two", 0),
                    (0x104000, 0x104000 + 6000, "", 0)],
        "map": [(20, 0, 0x9f000, 1), (20, 0x9f000, 0x61000, 2),
                (20, 0x100000, 0x300000, 1)]}
    assert load(p, 0x88000) == b"quiet\0"
    assert load(p, 0x103000) == bytes(range(200))
    assert load(p, 0x104000) == b"initrd" * 1000
    assert load(p, 0xe0000)[:8] == b"RSD PTR "


def test_multiboot_flat(good):
    run, tables = good("multiboot")
    p = tables["partitions"][1]
    assert tables["vps"][p["vp_first"]][3]["rip"] == 0x100000
    assert load(p, 0x100000) == toolchain.multiboot_flat()
    info = multiboot_info(load(p, 0x87000))
    assert info["modules"] == [(0x102000, 0x102000 + 200, "", 0)]
    assert load(p, 0x88000) == b"\0"


def test_multiboot_flat_part_of_a_file(partc):
    """Only from its load address to its load end, by its fields."""
    data = toolchain.multiboot_flat(before=32, at=0x100010, load_end=0x100100,
                                    entry=0x1000ff)
    (partc.guests / "flat.mb").write_bytes(data)
    try:
        run = partc.compile(GOOD / "multiboot.dts")
        assert (run.stderr, run.code) == ("", 0)
        p = partc.tables(run)["partitions"][1]
    finally:
        (partc.guests / "flat.mb").write_bytes(toolchain.multiboot_flat())
    assert load(p, 0x100000) == data[16:16 + 0x100]


def test_multiboot_entry_in_its_own_addresses(partc):
    """A kernel of the higher half: its entry is made a physical one."""
    (partc.guests / "tiny.mb").write_bytes(toolchain.multiboot_elf(
        virtual=0xc0100000, entry=0xc0100010))
    try:
        run = partc.compile(GOOD / "multiboot.dts")
        assert (run.stderr, run.code) == ("", 0)
        tables = partc.tables(run)
    finally:
        (partc.guests / "tiny.mb").write_bytes(toolchain.multiboot_elf())
    assert tables["vps"][0][3]["rip"] == 0x100010


def test_modules(good, partc):
    """Left to the loader: pinned, in order, once each, out of the image."""
    run, tables = good("modules")
    files = ["tiny.bzimage", "tiny.initrd", "tiny.bin", "tiny.elf"]
    assert [m[3] for m in tables["modules"]] == files
    at = tables["modules"][0][0]
    assert at >= tables["image_limit"] and at % 0x200000 == 0
    for spa, size, digest, name, where in tables["modules"]:
        data = (partc.guests / name).read_bytes()
        assert (spa, size) == (at, len(data))
        assert digest == hashlib.sha384(data).hexdigest()
        assert re.fullmatch(r"\S+modules\.dts:\d+:\d+", where)
        at += (size + 4095) // 4096 * 4096
    for p in tables["partitions"]:
        spa = p["regions"][0][1]
        assert spa >= at or spa + p["regions"][0][2] <= tables["modules"][0][0]
    kernel, raw, pvh, inside = tables["partitions"]
    assert load(kernel, 0x1000000) == toolchain.bzimage()[0x400:]
    assert load(raw, 0x100000) == load(inside, 0x100000) == bytes(range(200))
    assert load(pvh, 0x200000) == b"\xf4" * 100
    # Who did not leave it to the loader has it in the image.
    payload = run.text("payload.S")
    assert payload.count("tiny.bin") == 1
    assert not re.search(r"bzimage|initrd|tiny\.elf", payload)
    assert [m["file"] for m in run.report()["modules"]] == [
        f"modules/{i}-{name}" for i, name in enumerate(files)]
    grub = run.text("grub.cfg")
    assert re.findall(r"module2 --nounzip /boot/(\S+)", grub) == [
        f"modules/{i}-{name}" for i, name in enumerate(files)]
    done = subprocess.run(["grub-script-check"], input=grub, text=True)
    assert done.returncode == 0
    assert run.text("report.txt").count("module store, read-only: ") == 4
    for name in files:
        assert f"{partc.guests}/{name}" in run.text("deps.d")


@pytest.mark.parametrize("size", (1, 111, 112, 127, 128, 129, 100_000))
def test_module_hashes(partc, size):
    """Against another implementation, around the ends of blocks."""
    path = partc.guests / "tiny.bin"
    kept = path.read_bytes()
    data = bytes(i * 31 % 256 for i in range(size))
    path.write_bytes(data)
    try:
        run = partc.compile(GOOD / "modules.dts")
    finally:
        path.write_bytes(kept)
    assert run.code == 0
    assert run.report()["modules"][2]["sha384"] == \
        hashlib.sha384(data).hexdigest()


def test_same_inputs_same_bytes(partc):
    runs = [partc.compile(GOOD / "linux.dts") for _ in range(2)]
    a, b = (sorted(p.relative_to(r.out) for p in r.out.rglob("*")
                   if p.is_file()) for r in runs)
    assert a == b and len(a) > 15
    for name in a:
        if name.name == "deps.d":       # names its directory
            continue
        assert filecmp.cmp(runs[0].out / name, runs[1].out / name,
                           shallow=False), name


def test_dependencies(good, partc):
    run, _ = good("linux")
    text = run.text("deps.d").replace(" \\\n", "")
    rule = text.splitlines()[0].split()
    out = run.out.parent
    assert rule[:2] == [f"{out}/partc.stamp", f"{out}/payload.o:"]
    assert rule[2:] == [f"{partc.guests}/tiny.bzimage",
                        f"{partc.guests}/tiny.initrd"]
    # make survives a payload that is gone.
    assert f"{partc.guests}/tiny.initrd:\n" in text


def test_equal_payloads_are_kept_once(good):
    run, _ = good("plan")
    assert run.text("payload.S").count("tiny.bin\"") == 1
    assert run.text("loads.S").count("page-tables") == 1


def test_grub(good):
    text = good("linux")[0].text("grub.cfg")
    assert "multiboot2 /boot/bulkhead.elf\n" in text
    assert "menuentry 'Bulkhead: linux.dts'" in text
    done = subprocess.run(["grub-script-check"], input=text, text=True)
    assert done.returncode == 0


def test_report(good):
    run, tables = good("linux")
    text = run.text("report.txt")
    assert "port 03f8-03ff   remap to 02f8 (uart, " in text
    assert "Interrupt line 3 -> kernel, pin 4, taken by lp0" in text
    report = run.report()
    assert report["image"]["limit"] == tables["image_limit"]
    assert report["partitions"][0]["console"] == "uart"
    assert report["machine"]["tsc_hz"] == 0
    assert report["machine"]["ram_bytes"] == 1 << 30
    assert report["machine"]["qemu"] == "q35"


def test_image_limit_counts_payloads(partc, good):
    """The bound grows with what is embedded, by whole 2 MiB."""
    before = good("beside")[1]["image_limit"]
    spec = partc.where / "big.dts"
    spec.write_text((ROOT / GOOD / "beside.dts").read_text()
                    .replace("../base.dtsi", str(ROOT / HERE / "base.dtsi"))
                    .replace("files/beside.bin", "big.bin")
                    .replace("};\n\n&a {", "};\n\n&a {\nmemory = <MiB(8)>;"))
    (partc.where / "big.bin").write_bytes(bytes(5 << 20))
    run = partc.compile(spec)
    assert (run.stderr, run.code) == ("", 0)
    assert run.report()["image"]["limit"] - before in (4 << 20, 6 << 20)


def test_measured_frequencies(partc):
    run = partc.compile(HERE.parents[1] / "partition-specs/isolation.dts")
    machine = partc.tables(run)["machine"]
    assert (machine["tsc_hz"], machine["apic_hz"]) == (10**9, 10**9)
    assert machine["vendor"] == 1 and machine["pins"] == 24
    assert machine["ioapic"] == 0xfec00000


def test_channels(good):
    """Sorted by sender and connection; each SINT knows its messages."""
    run, tables = good("channels")
    messages, events = range(2)
    assert tables["channels"] == [
        [0, 0x10, 2, 0x10, messages, 2, 0, 0],
        [0, 0x20, 2, 0x99, events, 2, 8, 8],
        [1, 0x30, 0, 0x30, messages, 15, 0, 0],
    ]
    none = [-1] * 16
    assert tables["sints"] == [none[:15] + [2], none,
                               none[:2] + [0] + none[3:]]
    a, b = tables["partitions"]
    assert (a["channels"], b["channels"]) == ([0, 2], [2, 1])
    default = 0xaef
    assert a["privileges"] == default | 1 << 36 | 1 << 37
    # A partition's own words replace those of its profile.
    assert b["privileges"] == 1 << 2 | 1 << 5 | 1 << 36
    report = (run.out / "report.txt").read_text()
    assert "sends messages   on connection 000010 to port 000010 of b, " \
        "VP 1, SINT 2 (ask, " in report
    assert "sends events     on connection 000020 to port 000099" in report


def test_one_image_for_both_vendors(good):
    """Each has its own tables and maps, of the same memory and rows."""
    tables = good("both")[1]
    assert tables["machine"]["vendor"] == 0
    for partition in tables["partitions"]:
        check_nested(partition)
        check_nested(partition, "ept", EPT)
        assert partition["msrpm"] and partition["msr_bitmap"]
        check_bitmaps(partition)


def test_image_for_intel(good):
    tables = good("intel")[1]
    assert tables["machine"]["vendor"] == 2
    for partition in tables["partitions"]:
        check_nested(partition, "ept", EPT)
        assert not partition["nested"] and not partition["msrpm"]
        assert not partition["msr_bitmap_apic"]
        check_bitmaps(partition)


def test_virtual_apic_bitmap(good):
    """Passes EOI and SELF IPI too: to whose rows emulate both of them."""
    a, b = good("apicv")[1]["partitions"]
    for partition in a, b:
        check_bitmaps(partition)
    reads, writes = intel_msrs(a)
    assert intel_msrs(a, "msr_bitmap_apic") == \
        (reads, writes | {0x80b, 0x83f})
    assert not b["msr_bitmap_apic"]


def test_image_for_amd_alone(good):
    for partition in good("odd")[1]["partitions"]:
        assert not partition["ept"] and not partition["msr_bitmap"]
