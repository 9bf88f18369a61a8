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
}


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
