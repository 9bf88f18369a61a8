# SPDX-License-Identifier: Apache-2.0
"""
Bad specs: bad/ID.dts breaks the check ID and no other, and bad/ID.txt is all
that partc says about it. To write the text anew: PARTC_ACCEPT=1, then read the
difference.
"""
import os
import re
import subprocess

import pytest

from toolchain import HERE, ROOT

SPECS = sorted((ROOT / HERE / "bad").glob("*.dts"))


def rules(partc):
    """{id: severity}"""
    done = subprocess.run([str(partc.partc), "--explain", "all"], check=True,
                          capture_output=True, text=True)
    found = re.findall(r"^(\S+) \((\w+)\): ", done.stdout, re.M)
    assert len(found) == done.stdout.count("\n")
    assert len(found) == len(dict(found))
    return dict(found)


def check_form(text, kind):
    """Each error names its place, shows the line, and has a fix."""
    lines = text.splitlines()
    errors = [i for i, line in enumerate(lines) if f": {kind}[" in line]
    assert errors
    for start, end in zip(errors, errors[1:] + [len(lines) - 1]):
        found = re.match(r"(\S+):(\d+):(\d+): " + kind + r"\[",
                         lines[start])
        assert found, lines[start]
        source = (ROOT / found.group(1)).read_text().splitlines()
        assert lines[start + 1] == "    " + source[int(found.group(2)) - 1]
        caret = lines[start + 2]
        assert caret.strip() == "^"
        assert len(caret) == 4 + int(found.group(3))
        assert lines[end - 1].startswith("fix: ")
    assert lines[-1] == (f"{len(errors)} {kind}"
                         f"{'s' if len(errors) > 1 else ''}")


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.stem)
def test_message(partc, spec):
    run = partc.compile(spec.relative_to(ROOT))
    # Boards and profiles may grow lines; where in them is checked by form.
    text = re.sub(r"(partition-specs/\S+?):\d+:\d+", r"\1:LINE:COLUMN",
                  run.stderr)
    if os.environ.get("PARTC_ACCEPT"):
        spec.with_suffix(".txt").write_text(text)
    assert text == spec.with_suffix(".txt").read_text()
    # Nothing else is wrong with it: the check alone refuses it.
    kind = rules(partc)[spec.stem]
    found = re.findall(r": (error|warning)\[(\S+)\]: ", run.stderr)
    assert set(found) == {(kind, spec.stem)}
    check_form(run.stderr, kind)
    assert run.code == (1 if kind == "error" else 0)
    # Nothing that could be linked is left behind.
    assert (run.out / "tables.c").exists() == (kind == "warning")


def test_each_id_has_a_spec(partc):
    known = rules(partc)
    assert sorted(known) == sorted(s.stem for s in SPECS)
    assert list(known.values()).count("error") >= 120


def test_each_id_is_raised_with_its_own_name(partc):
    """No error has an id that --explain does not know."""
    known = rules(partc)
    for source in (ROOT / "compiler").rglob("*.c"):
        if {"verify", "sign"} & set(source.parts):
            continue
        for kind, name in re.findall(r'diag_(error|warning)\("([^"]+)"',
                                     source.read_text()):
            assert known[name] == kind, f"{source}: {name}"


def test_each_id_is_of_the_table_once(partc):
    """What an id follows from stands before it, so that it comes first."""
    seen = []
    for name in rules(partc):
        done = subprocess.run([str(partc.partc), "--explain", name],
                              check=True, capture_output=True, text=True)
        fields = dict(re.findall(r"^(why|wrong|right|after) +(.+)$",
                                 done.stdout, re.M))
        assert {"why", "wrong", "right"} <= set(fields), name
        assert set(fields.get("after", "").split()) <= set(seen), name
        seen.append(name)


def test_explain(partc):
    good = subprocess.run([str(partc.partc), "--explain", "irq-twice"],
                          capture_output=True, text=True)
    assert good.stdout == (
        "irq-twice (error): An interrupt line has one owner.\n\n"
        "why    One owner's delay in serving it would be the other's.\n"
        "wrong  two UARTs with irq = <4>, each with an owner\n"
        "right  one of the two, or another board\n"
        "after  uart-twice\n")
    assert good.returncode == 0
    bad = subprocess.run([str(partc.partc), "--explain", "nonsense"],
                         capture_output=True, text=True)
    assert (bad.stdout, bad.returncode) == ("", 2)


def test_a_row_of_all_msrs_ends(partc, tmp_path):
    """Looked at once, however many partitions have it from their profile."""
    base = (ROOT / HERE / "base.dtsi").read_text()
    spec = tmp_path / "wide.dts"
    spec.write_text("/dts-v1/;\n" + base + """
&bare_profile {
	msrs {
		all {
			range = <0 0xffffffff>;
			read = "pass"; write = "pass";
		};
	};
};
/ {
	partitions {
		a: a { GOOD(&lp0) };
		b: b { GOOD(&lp1) };
		c: c { GOOD(&lp2) };
	};
};
""")
    run = partc.compile(spec)
    assert run.code == 1
    assert run.stderr.count("error[msr-pass]") == 2
