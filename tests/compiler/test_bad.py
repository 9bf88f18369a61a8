# SPDX-License-Identifier: Apache-2.0
"""
Bad specs: bad/ID.dts breaks the check ID, and bad/ID.txt is all that partc
says about it. To write the text anew: PARTC_ACCEPT=1, then read the
difference.
"""
import os
import re
import subprocess

import pytest

from toolchain import HERE, ROOT

SPECS = sorted((ROOT / HERE / "bad").glob("*.dts"))


def check_form(text):
    """Each error names its place, shows the line, and has a fix."""
    lines = text.splitlines()
    errors = [i for i, line in enumerate(lines) if ": error[" in line]
    assert errors
    for start, end in zip(errors, errors[1:] + [len(lines) - 1]):
        found = re.match(r"(\S+):(\d+):(\d+): error\[", lines[start])
        assert found, lines[start]
        source = (ROOT / found.group(1)).read_text().splitlines()
        assert lines[start + 1] == "    " + source[int(found.group(2)) - 1]
        caret = lines[start + 2]
        assert caret.strip() == "^"
        assert len(caret) == 4 + int(found.group(3))
        assert lines[end - 1].startswith("fix: ")
    assert lines[-1] == (f"{len(errors)} error"
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
    assert run.code == 1
    assert f"error[{spec.stem}]: " in run.stderr
    check_form(run.stderr)
    # Nothing that could be linked is left behind.
    assert not (run.out / "tables.c").exists()


def test_each_id_has_a_spec(partc):
    done = subprocess.run([str(partc.partc), "--explain", "all"], check=True,
                          capture_output=True, text=True)
    ids = [line.split(":")[0] for line in done.stdout.splitlines()]
    assert len(ids) == len(set(ids))
    assert sorted(ids) == sorted(s.stem for s in SPECS)


def test_each_id_is_raised_with_its_own_name(partc):
    """No error has an id that --explain does not know."""
    known = subprocess.run([str(partc.partc), "--explain", "all"], check=True,
                           capture_output=True, text=True).stdout
    for source in (ROOT / "compiler").rglob("*.c"):
        if "verify" in source.parts:
            continue
        for name in re.findall(r'diag_error\("([^"]+)"', source.read_text()):
            assert f"{name}: " in known, f"{source}: {name}"


def test_explain(partc):
    good = subprocess.run([str(partc.partc), "--explain", "irq-twice"],
                          capture_output=True, text=True)
    assert good.stdout == "irq-twice: An interrupt line has one owner.\n"
    assert good.returncode == 0
    bad = subprocess.run([str(partc.partc), "--explain", "nonsense"],
                         capture_output=True, text=True)
    assert (bad.stdout, bad.returncode) == ("", 2)
