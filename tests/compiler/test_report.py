# SPDX-License-Identifier: Apache-2.0
"""report.json: its form, its hashes, and what partc diff says of two."""
import hashlib
import json
import re
import subprocess
import xml.etree.ElementTree as xml

import jsonschema
import pytest

from toolchain import HERE, ROOT

GOOD = sorted((ROOT / HERE / "good").glob("*.dts"))
SCHEMA = json.loads((ROOT / "docs/report.schema.json").read_text())

SPEC = """/dts-v1/;
#include "%s"
/ {
	partitions {
		a: a {
			GOOD_LINUX(&lp0 &lp1)
			initrd = "guest:tiny.initrd";
			uart = <&com1>;
			on-failure = "restart";
			restart-max = <3>;
		};
		b: b {
			GOOD(&lp2)
			console = "log";
			ports {
				x { range = <0x80 0x87>; action = "pass"; };
			};
			msrs {
				y { VALUE_MSR(0x17, 0x17, 5) };
			};
		};
	};
	plan {
		two { lp = <&lp2>; slots = <&b 0 500>; };
	};
};
""" % (ROOT / HERE / "base.dtsi")


@pytest.fixture(scope="module")
def before(partc):
    return compile_text(partc, "before", "")


def compile_text(partc, name, more, change=lambda text: text):
    spec = partc.where / f"{name}.dts"
    spec.write_text(change(SPEC) + more)
    run = partc.compile(spec)
    assert (run.stderr, run.code) == ("", 0)
    return run


def diff(partc, a, b):
    done = subprocess.run([str(partc.partc), "diff", str(a.out),
                           str(b.out / "report.json")], capture_output=True,
                          text=True)
    assert done.stderr == ""
    assert done.returncode == (done.stdout != "")
    return done.stdout.splitlines()


def test_schema_is_strict():
    """It names all that it allows, and needs it."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def walk(schema):
        if isinstance(schema, dict):
            if schema.get("type") == "object":
                assert schema["additionalProperties"] is False
                assert sorted(schema["required"]) == \
                    sorted(schema["properties"])
            for value in schema.values():
                walk(value)
        elif isinstance(schema, list):
            for value in schema:
                walk(value)
    walk(SCHEMA)


@pytest.mark.parametrize("spec", GOOD, ids=lambda s: s.stem)
def test_form(partc, spec):
    run = partc.compile(spec.relative_to(ROOT))
    assert run.code == 0
    report = run.report()
    jsonschema.validate(report, SCHEMA,
                        cls=jsonschema.Draft202012Validator)
    for partition in report["partitions"]:
        for payload in partition["payloads"]:
            path = partc.guests / payload["name"].removeprefix("guest:")
            if not payload["name"].startswith("guest:"):
                path = spec.parent / payload["name"]
            data = path.read_bytes()
            assert payload["bytes"] == len(data)
            assert payload["sha384"] == hashlib.sha384(data).hexdigest()


def test_report_says_what_the_tables_say(partc, before):
    """The rows of the report are those of tables.c."""
    tables = partc.tables(before)
    words = ("deny", "strict", "pass", "remap", "log", "reset", "off",
             "intercept", "value", "boot-ok")
    for said, table in zip(before.report()["partitions"],
                           tables["partitions"]):
        assert [[p["first"], p["last"], p["target"] or 0,
                 words.index(p["action"])] for p in said["ports"]] == \
            table["ports"]
        assert [[m["first"], m["last"], m["value"], words.index(m["read"])
                 if m["read"] in words[:3] else {"emulate": 3, "value": 4}
                 [m["read"]]] for m in said["msrs"]] == \
            [row[:4] for row in table["msrs"]]
        assert [c["allow"] + c["force"] for c in said["cpuid"]] == \
            [row[2:10] for row in table["cpuids"]]
        assert (said["cr4_allow"], said["efer_allow"], said["xcr0_allow"]) \
            == (table["cr4"], table["efer"], table["xcr0"])


def all_but(ranges, end):
    """The complement in [0, end), as a list of [first, last]."""
    found, at = [], 0
    for first, last in sorted(ranges) + [(end, end)]:
        if first > at:
            found.append([at, first - 1])
        at = last + 1
    return found


@pytest.mark.parametrize("name", ("linux", "edge-ports", "both", "intel",
                                  "refine"))
def test_exits_are_what_does_not_pass(partc, name):
    """Each port and MSR that the bitmaps do not let through, by vendor."""
    run = partc.compile(HERE / f"good/{name}.dts")
    report, tables = run.report(), partc.tables(run)
    vendors = [{"any", "amd", "intel"}, {"any", "amd"}, {"any", "intel"}][
        tables["machine"]["vendor"]]
    for said, table in zip(report["partitions"], tables["partitions"]):
        exits = {e["what"]: e for e in said["exits"]}
        assert len(exits) == len(said["exits"])
        assert {e["vendor"] for e in exits.values()} == vendors
        assert exits["IN, OUT, INS, OUTS of ports"]["ranges"] == all_but(
            [row[:2] for row in table["ports"] if row[3] == 2], 1 << 16)
        for what, column in (("RDMSR of", 3), ("WRMSR of", 4)):
            assert exits[what]["ranges"] == all_but(
                [row[:2] for row in table["msrs"] if row[column] == 2],
                1 << 32)
        memory, = [e for e in said["exits"] if e["kind"] == "memory"
                   and e["ranges"]]
        assert memory["ranges"] == [[said["memory_bytes"], (1 << 52) - 1]]


# What the report says of each intercept (hv/vcpu/svm/svm_state.c).
SVM = {
    "INTR": "physical interrupt: line, timer, kick", "NMI": "physical NMI",
    "INIT": "physical INIT", "RDPMC": "RDPMC", "CPUID": "CPUID",
    "INVD": "INVD", "HLT": "HLT", "INVLPGA": "INVLPGA",
    "IOIO": "IN, OUT, INS, OUTS of ports", "MSR": "RDMSR of",
    "FERR": "x87 error with CR0.NE off", "SHUTDOWN": "triple fault",
    "VMRUN": "VMRUN", "VMMCALL": "VMMCALL", "VMLOAD": "VMLOAD",
    "VMSAVE": "VMSAVE", "STGI": "STGI", "CLGI": "CLGI", "SKINIT": "SKINIT",
    "WBINVD": "WBINVD", "MONITOR": "MONITOR", "MWAIT": "MWAIT",
    "MWAIT_ARMED": "MWAIT", "RDPRU": "RDPRU",
    "XSETBV": "XSETBV, on a processor with state components beside 0x7",
    "VINTR": "VINTR and IRET", "IRET": "VINTR and IRET",
}


def test_exits_are_those_of_the_back_ends(partc):
    """The compiler has what the back ends always intercept in a list of its
    own."""
    report = partc.compile(HERE / "good/apicv.dts").report()
    said = {vendor: ", ".join(
        e["what"] for e in report["partitions"][0]["exits"]
        if e["vendor"] in ("any", vendor)) for vendor in ("amd", "intel")}
    svm = "".join(path.read_text()
                  for path in sorted((ROOT / "hv/vcpu/svm").glob("*.c")))
    used = set(re.findall(r"\bSVM_I[34]_(\w+)", svm))
    assert used == set(SVM)
    for phrase in SVM.values():
        assert phrase in said["amd"], phrase
    assert set(re.findall(r"cr_(?:write|read) .?= ([^;]+);", svm)) == \
        {"BIT(4)", "SVM_CR8", "(uint16_t)~SVM_CR8"}
    assert "MOV to CR4" in said["amd"] and "MOV to CR8" in said["amd"]
    common = (ROOT / "hv/vcpu/vcpu.h").read_text()
    assert "(BIT(VECTOR_DB) | BIT(VECTOR_AC) | BIT(VECTOR_MC))" in \
        common + "".join(path.read_text() for path in
                         (ROOT / "hv/vcpu").glob("*.h"))
    # Interrupts, NMIs, the timer; HLT, MWAIT, RDPMC, bitmaps, MONITOR; WBINVD.
    # Another bit, another row of compiler/emit/exits.c.
    vmcs = (ROOT / "hv/vcpu/vmx/vmcs.h").read_text()
    wanted = dict(re.findall(r"#define VMX_(PIN|PROC|PROC2)_WANTED (\w+)",
                             vmcs))
    assert wanted == {"PIN": "0x69u", "PROC": "0xb2000c88u", "PROC2": "0xe2u"}
    regs = (ROOT / "hv/vcpu/vmx/vmx_regs.c").read_text()
    assert "#define CR0_OURS (CR0_NE | CR0_NW | CR0_CD)" in regs
    reasons = re.findall(r"#define VMX_EXIT_([A-Z_]+) \d+\b", vmcs)
    assert len(reasons) >= 25
    for name in reasons:
        phrase = {"EXCEPTION": "#DB, #AC", "INTR": "physical interrupt",
                  "WINDOW": "interrupt window", "CR": "MOV to CR4",
                  "IO": "IN, OUT, INS, OUTS of ports", "RDMSR": "RDMSR of",
                  "WRMSR": "WRMSR of", "TIMER": "preemption timer",
                  "INIT": "physical INIT", "TRIPLE_FAULT": "triple fault",
                  "MACHINE_CHECK": "#MC", "EPT_VIOLATION": "without RAM",
                  "TPR": "TPR below its threshold",
                  "EOI": "EOI by the x2APIC",
                  "APIC_WRITE": "SELF IPI of an illegal vector"}.get(name, name)
        assert phrase in said["intel"], name


def test_address_maps(partc, before):
    """RAM from 0 on, where it lies in the machine, and what is emulated."""
    for p in before.report()["partitions"]:
        ram = [a for a in p["map"] if a["spa"] is not None]
        assert [a["gpa"] for a in ram] == [0, 0x9f000, 0x100000]
        assert [a["what"] for a in ram] == ["RAM", "RAM, not for use", "RAM"]
        for a in ram:
            assert a["spa"] == p["spa"] + a["gpa"]
        assert sum(a["bytes"] for a in ram) == p["memory_bytes"]
        assert [(a["what"], a["gpa"], a["bytes"]) for a in p["map"]
                if a["spa"] is None] == [
            ("IOAPIC, emulated", 0xfec00000, 4096),
            ("local APIC, emulated", 0xfee00000, 4096)]


TEXT = """
Logical processors
  lp0      APIC 0    a VP 0
  lp1      APIC 1    b VP 0
  lp2      APIC 2    b VP 1
  lp3      APIC 3    no VP

ports 0020-0021 reserved: pic1
|
  payload          guest:tiny.bin, 200 bytes
    SHA-384 {digest}
|
  MSR 00000010-00000010   read pass, write emulate (tsc, \
|
  MSR c0000100-c0000102   read pass, write pass (bases, \
|
  other MSRs       #GP
  CPUID leaf 0: EAX 0xd forced; EBX 0xffffffff; ECX 0xffffffff; EDX \
0xffffffff (basic, \
|
  CPUID leaf 0xd, subleaf 1: EAX 0x7; filled in: xstate (xstate-1, \
|
  other CPUID      zeros
  TLFS             synic, hypercall-msrs, post-messages
  TLFS hints       none
  sends messages   on connection 000030 to port 000030 of a, VP 0, SINT 15 \
(reply, \
|
  sends events     on connection 000020 to port 000099 of b, VP 1, SINT 2, \
flags 8-15 (bell, \
|
  exits that each VP can still take
    io             IN, OUT, INS, OUTS of ports 0-0xffff: the port's row; \
ones, and dropped, without one
    msr            RDMSR of 0-0xf, 0x11-0x173, 0x177-0xc0000080, \
0xc0000085-0xc00000ff, 0xc0000103-0xffffffff: the MSR's row; #GP without one
|
    hypercall      VMMCALL (AMD): a status; #UD without a hypercall page
|
    halt           HLT: waits for an interrupt or NMI
|
  address map (guest physical)
  000000000000-00000009f000  636 KiB      RAM, at 000001a00000
  00000009f000-000000100000  388 KiB      RAM, not for use, at 000001a9f000
  000000100000-000000200000  1 MiB        RAM, at 000001b00000
  0000fec00000-0000fec01000  4 KiB        IOAPIC, emulated
  0000fee00000-0000fee01000  4 KiB        local APIC, emulated
  loaded (guest physical)
"""


def test_text(partc):
    """report.txt says the same for a person."""
    text = partc.compile(HERE / "good/channels.dts").text("report.txt")
    digest = hashlib.sha384((partc.guests / "tiny.bin").read_bytes())
    for piece in TEXT.format(digest=digest.hexdigest()).split("|"):
        assert piece.rstrip("\n") in text, piece


def test_page_says_the_policy(partc):
    """Ports, MSRs, CPUID, channels and exits: the rows of report.json."""
    for name in ("channels", "edge-ports", "linux"):
        run = partc.compile(HERE / f"good/{name}.dts")
        report = run.report()
        page = xml.fromstring(run.text("report.html"))
        rows = [["".join(cell.itertext()) for cell in row]
                for row in page.iter("{http://www.w3.org/1999/xhtml}tr")]
        firsts = [row[0] for row in rows]
        for port in report["machine"]["reserved_ports"]:
            assert [f"port {port['first']:#x}-{port['last']:#x}",
                    port["name"]] in rows
        for p in report["partitions"]:
            for port in p["ports"]:
                wanted = f"port {c_hex(port['first'])}-{c_hex(port['last'])}"
                assert any(row[0] == wanted and row[1].startswith(
                    port["action"]) and row[2].startswith(port["name"] + ", ")
                    for row in rows if len(row) == 3), wanted
            for msr in p["msrs"]:
                wanted = f"MSR {c_hex(msr['first'])}-{c_hex(msr['last'])}"
                value = f" {c_hex(msr['value'])}" if msr["read"] == "value" else ""
                assert any(row[:2] == [wanted, f"read {msr['read']}{value}, "
                                       f"write {msr['write']}"]
                           for row in rows), wanted
            for leaf in p["cpuid"]:
                cells = [f"{name} {leaf['allow'][i]:#x}" if leaf["allow"][i]
                         and not leaf["force"][i] else None
                         for i, name in enumerate(("EAX", "EBX", "ECX",
                                                   "EDX"))]
                assert any(row[0].startswith(f"leaf {c_hex(leaf['leaf'])}")
                           and row[6].startswith(leaf["name"] + ", ")
                           and all(c in (None, r) for c, r in
                                   zip(cells, row[1:5]))
                           for row in rows if len(row) == 7), leaf["name"]
            for e in p["exits"]:
                assert any(row[0] == e["kind"] and
                           row[1].startswith(e["what"]) and
                           row[2] == e["answer"]
                           for row in rows if len(row) == 3), e
        for c in report["channels"]:
            assert any(row[0].startswith(f"sends {c['kind']}") and
                       f"to port {c['port']:06x} of {c['to']}, VP {c['vp']}, "
                       f"SINT {c['sint']}" in row[0] for row in rows), c
        assert firsts.count("other MSRs") == len(report["partitions"])


def c_hex(number):
    """%#x of C, which writes 0 as 0."""
    return f"{number:#x}" if number else "0"


def test_same(partc, before):
    assert diff(partc, before, compile_text(partc, "same", "")) == []


CHANGES = {
    "&b { memory = <MiB(4)>; };": ["+ b: memory: 4 MiB (was 2 MiB)"],
    "&b { memory = <MiB(1)>; load-address = <0xa0000>; };": [
        "- b: memory: 1 MiB (was 2 MiB)",
        "~ b: entry: 0xa0000 (was 0x100000)"],
    "&b { address = <ADDR(0x8000000)>; };": [
        "~ b: place: 0x8000000 (was 0x3a00000)"],
    "&b { nmi; };": ["+ b: physical NMIs"],
    "&a { command-line = \"quiet\"; };": [
        "~ a: command line: \"quiet\" (was \"\")"],
    "&a { on-failure = \"halt\"; /delete-property/ restart-max; };": [
        "~ a: on failure: \"halt\" (was \"restart\")",
        "~ a: restarts: no bound (was 3)"],
    "&a { uart = <&com2>; };": [
        "+ a: ports 0x2f8-0x2ff: pass (was deny)",
        "- a: ports 0x3f8-0x3ff: deny (was pass)",
        "+ a: interrupt line 3", "- a: interrupt line 4"],
    # Cut and named otherwise, the same ports: but one.
    "&b { ports { x { range = <0x80 0x83>; }; z { range = <0x84 0x86>;"
    " action = \"pass\"; }; }; };": ["- b: port 0x87: deny (was pass)"],
    "&b { ports { x { action = \"remap\"; target = <0x378>; }; }; };": [
        "~ b: ports 0x80-0x87: remap to 0x378 (was pass)"],
    "&b { port-default = \"strict\"; };": [
        "- b: ports without a row: strict (was deny)"],
    "&b { msrs { y { value = <CELLS(6)>; }; }; };": [
        "~ b: MSR 0x17: read value 0x6, write value (was read value 0x5, "
        "write value)"],
    "&b { msrs { y { read = \"deny\"; write = \"deny\";"
    " /delete-property/ value; }; }; };": [
        "- b: MSR 0x17: read deny, write deny (was read value 0x5, write "
        "value)"],
    "&b { cpuid { extended { leaf = <7>; subleaf = <0>;"
    " allow = <0 (C7B_SMEP | C7B_BMI1) 0 0>; }; }; };": [
        "+ b: CPUID 0x7.0 EBX: bits 0x8 are shown",
        "- b: CPUID 0x7.0 EBX: bits 0x100201 are hidden",
        "- b: CPUID 0x7.0 ECX: bits 0x4 are hidden",
        "- b: CPUID 0x7.0 EDX: bits 0x10 are hidden",
        "- b: CR4: bits 0x210800 may not be set any more"],
    "&bare_profile { tlfs = \"vp-index\", \"runtime\"; };": [
        "- b: TLFS privilege reference-counter",
        "- b: TLFS privilege synic", "- b: TLFS privilege synthetic-timers",
        "- b: TLFS privilege hypercall-msrs", "- b: TLFS privilege reset",
        "- b: TLFS privilege reference-tsc",
        "- b: TLFS privilege frequency"],
    "/ { plan { two { slots = <&b 0 200>, <0 0 300>; }; }; };": [
        "~ machine: plan of lp2: b VP 0 200 us, idle 300 us (was b VP 0 500 "
        "us)"],
    "&b { as-module = \"payload\"; };": [
        "~ b: payload is left to the boot loader"],
    "/ { machine { board = \"other\"; }; };": [
        "~ machine: board: \"other\" (was \"QEMU q35\")"],
    "&b { tlfs-hints = \"flush\"; };": ["+ b: TLFS hint flush"],
    "/ { machine { reserved-ports { mine { range = <0x700 0x70f>; };"
    " /delete-node/ fast-a20; }; }; };": [
        "~ machine: reserved ports 0x92-0x92 (fast-a20): not any more",
        "~ machine: reserved ports 0x700-0x70f (mine): new"],
    "/ { machine { tsc-hz = <CELLS(2000000000)>; apic-hz = "
    "<CELLS(1000000000)>; lps { lp3 { apic-id = <9>; }; }; }; };": [
        "~ machine: TSC, in Hz: 2000000000 (was 0)",
        "~ machine: local APIC timer, in Hz: 1000000000 (was 0)",
        "~ machine: APIC id of lp3: 9 (was 3)"],
    "/ { machine { /delete-node/ boot-ok; }; };": [
        "~ machine: report of a good boot: none (was CMOS 0x60, bit 0)"],
    "/ { machine { reserved { firmware@3b000000 { reg = <ADDR(0x3b000000) "
    "MiB(16)>; }; }; }; };": [
        "~ machine: reserved memory 0x3b000000-0x3bffffff "
        "(firmware@3b000000): new"],
}


# Of good/channels.dts, which has all kinds.
CHANNELS = {
    "/ { channels { /delete-node/ ask; }; };": [
        "- a: connection 0x10: messages to port 0x10 of b, VP 1, SINT 2"],
    "/ { channels { bell { flags = <8 16>; }; }; };": [
        "+ a: connection 0x20: events to port 0x99 of b, VP 1, SINT 2, flags "
        "8-16 (was events to port 0x99 of b, VP 1, SINT 2, flags 8-15)"],
    "/ { channels { bell { flags = <9 15>; }; }; };": [
        "- a: connection 0x20: events to port 0x99 of b, VP 1, SINT 2, flags "
        "9-15 (was events to port 0x99 of b, VP 1, SINT 2, flags 8-15)"],
    "/ { channels { bell { flags = <0 14>; }; }; };": [
        "~ a: connection 0x20: events to port 0x99 of b, VP 1, SINT 2, flags "
        "0-14 (was events to port 0x99 of b, VP 1, SINT 2, flags 8-15)"],
    "/ { channels { ask { vp = <0>; sint = <3>; }; }; };": [
        "~ a: connection 0x10: messages to port 0x10 of b, VP 0, SINT 3 (was "
        "messages to port 0x10 of b, VP 1, SINT 2)"],
    "/ { channels { reply { connection = <0x31>; port = <0x30>; }; }; };": [
        "- b: connection 0x30: messages to port 0x30 of a, VP 0, SINT 15",
        "+ b: connection 0x31: messages to port 0x30 of a, VP 0, SINT 15"],
    # Only a name: nothing is granted.
    "/ { channels { /delete-node/ ask; question { from = <&a>; to = <&b>;"
    " vp = <1>; kind = \"messages\"; connection = <0x10>; sint = <2>; }; };"
    " };": [],
}


@pytest.mark.parametrize("more", CHANNELS)
def test_change_of_a_channel(partc, more):
    text = (ROOT / HERE / "good/channels.dts").read_text().replace(
        "../base.dtsi", str(ROOT / HERE / "base.dtsi"))
    runs = []
    for name, change in (("before", ""), ("after", more)):
        spec = partc.where / f"channel-{name}.dts"
        spec.write_text(text + change + "\n")
        runs.append(partc.compile(spec))
        assert (runs[-1].stderr, runs[-1].code) == ("", 0)
    assert diff(partc, *runs) == CHANNELS[more]
    # Losses come first.
    assert diff(partc, *runs[::-1]) == sorted(
        (back(line) for line in CHANNELS[more]),
        key=lambda line: line[0] == "+")


def back(line):
    """What is said of the opposite change."""
    sign = {"+": "-", "-": "+", "~": "~"}[line[0]]
    found = re.fullmatch(r"(.*: connection \S+ )(.*) \(was (.*)\)", line[1:])
    return sign + (f"{found[1]}{found[3]} (was {found[2]})" if found
                   else line[1:])


def test_other_hypervisor_and_image(partc, before):
    """From the list of what is inside, where both builds have one."""
    after = compile_text(partc, "listed", "")

    def write(run, version, digest):
        (run.out / "bulkhead.spdx.json").write_text(json.dumps({"packages": [
            {"SPDXID": "SPDXRef-Image", "checksums": [
                {"algorithm": "SHA256", "checksumValue": digest}]},
            {"SPDXID": "SPDXRef-Hypervisor", "versionInfo": version}]}))
    write(after, "v2", "b" * 64)
    assert diff(partc, before, after) == []
    write(before, "v1", "a" * 64)
    try:
        assert diff(partc, before, after) == [
            '~ machine: hypervisor: "v2" (was "v1")',
            "~ machine: image has other bytes: SHA-256 bbbbbbbbbbbbbbbb... "
            "(was aaaaaaaaaaaaaaaa...)"]
        write(after, "v1", "a" * 64)
        assert diff(partc, before, after) == []
    finally:
        (before.out / "bulkhead.spdx.json").unlink()


@pytest.mark.parametrize("more", CHANGES)
def test_change(partc, before, more):
    name = f"change{list(CHANGES).index(more)}"
    after = compile_text(partc, name, more + "\n")
    said = diff(partc, before, after)
    # Whoever lies behind may move.
    expected = CHANGES[more]
    assert [s for s in said if s in expected or ": place: " not in s] == \
        expected
    # Back again each grant is a loss, and each loss a grant.
    turned = {"+": "-", "-": "+", "~": "~"}
    assert sorted(s[0] for s in diff(partc, after, before)) == \
        sorted(turned[s[0]] for s in said)


def test_payload_of_other_bytes(partc, before):
    path = partc.guests / "tiny.initrd"
    kept = path.read_bytes()
    path.write_bytes(kept[::-1])
    try:
        after = compile_text(partc, "bytes", "")
    finally:
        path.write_bytes(kept)
    was, is_ = (hashlib.sha384(d).hexdigest()[:16]
                for d in (kept, kept[::-1]))
    assert diff(partc, before, after) == [
        f"~ a: initrd guest:tiny.initrd has other bytes: SHA-384 {is_}... "
        f"(was {was}...)"]


def test_partition_comes_and_goes(partc, before):
    after = compile_text(partc, "gone", "", lambda text: text[
        :text.index("\t\tb: b")] + text[text.index("\t};\n\tplan"):
                                       text.index("\tplan")] + "};\n")
    gone = diff(partc, before, after)
    assert gone[:4] == ["- b: the partition is gone",
                        "- b: memory: none (was 2 MiB)", "- b: VP 0 on lp2",
                        "- b: TLFS privilege runtime"]
    assert "- b: ports 0x80-0x87: not there (was pass)" in gone
    assert gone[-1] == "~ machine: plan of lp2: none (was b VP 0 500 us)"
    come = diff(partc, after, before)
    assert "+ b: the partition is new" in come
    assert "+ b: ports 0x80-0x87: pass (was not there)" in come


def test_unreadable(partc, before, tmp_path):
    """What is no report is refused, wherever it breaks off."""
    whole = (before.out / "report.json").read_bytes()
    wrong = [b"", b"[]", b"{}", b"{" * 100, b"[" * 100000, b'{"a": "\\u12"}',
             b'{"a": tru}', whole + b"x"]
    wrong += [whole[:n] for n in range(1, len(whole) - 2, 4001)]
    for data in wrong:
        path = tmp_path / "wrong.json"
        path.write_bytes(data)
        done = subprocess.run([str(partc.partc), "diff", str(before.out),
                               str(path)], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (2, ""), data[:60]
        assert done.stderr == f"partc: {path}: no report.json\n"


SVG = "{http://www.w3.org/2000/svg}"


def boxes(svg):
    """[(x, width, what is said when it is pointed at)]"""
    return [(float(r.get("x")), float(r.get("width")),
             r.find(f"{SVG}title").text) for r in svg.iter(f"{SVG}rect")]


@pytest.mark.parametrize("name", ("plan", "modules", "gib", "edge-machine"))
def test_page(partc, name):
    """One file of well-formed XML that refers to nothing; to scale."""
    run = partc.compile(HERE / f"good/{name}.dts")
    text, report = run.text("report.html"), run.report()
    page = xml.fromstring(text)
    assert not re.search(r"(src|href|url\(|@import|<script)", text)
    pictures = list(page.iter(f"{SVG}svg"))
    # The machine, the LPs, and each partition.
    assert len(pictures) == 2 + len(report["partitions"])
    memory = boxes(pictures[0])
    top = max(r["base"] + r["bytes"] for r in report["machine"]["ram"])
    for p in report["partitions"]:
        found, = [b for b in memory if b[2].startswith(f"{p['name']}: ")]
        assert found[0] == pytest.approx(960 * p["spa"] / top, abs=1e-3)
        assert found[1] == pytest.approx(960 * p["memory_bytes"] / top,
                                         abs=1e-3)
        for payload in p["payloads"]:
            digest = payload["sha384"]
            assert f"{digest[:48]}<br/>{digest[48:]}" in text
    slots = boxes(pictures[1])
    planned = {plan["lp"]: plan["slots"] for plan in report["plan"]}
    assert len(slots) == sum(len(planned.get(i, [0])) for i in
                             range(len(report["machine"]["lps"])))
    for slot in (s for slots in planned.values() for s in slots):
        total = next(sum(s["us"] for s in slots)
                     for slots in planned.values() if slot in slots)
        assert any(b[1] == pytest.approx(850 * slot["us"] / total, abs=1e-2)
                   for b in slots)
    for line in report["lines"]:
        assert f"line {line['gsi']}</td><td>{line['partition']}, " in text
    for p, picture in zip(report["partitions"], pictures[2:]):
        assert len(boxes(picture)) == 1 + len(p["loads"])


def test_page_of_strange_names(partc):
    """A board's name and a spec's cannot become elements."""
    run = compile_text(partc, "a<b>&c", '/ { machine { board = '
                       '"<script>&amp;\\"x"; }; };\n')
    page = xml.fromstring(run.text("report.html"))
    title = page.find(".//{http://www.w3.org/1999/xhtml}h1").text
    assert title == 'a<b>&c.dts on <script>&amp;"x'
