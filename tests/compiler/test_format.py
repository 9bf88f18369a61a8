# SPDX-License-Identifier: Apache-2.0
"""tools/format.py, and the template of make new-spec."""
import random
import re
import shutil
import subprocess

import pytest

from toolchain import HERE, ROOT

SPECS = sorted((ROOT / HERE / "good").glob("*.dts")) + \
    sorted((ROOT / "partition-specs").glob("*.dts"))
TEMPLATE = (ROOT / "tools/new-spec.dts").read_text().replace("@NAME@", "new")


def run(*arguments):
    done = subprocess.run(["/usr/bin/python3", str(ROOT / "tools/format.py"),
                           *map(str, arguments)], text=True,
                          capture_output=True)
    assert done.stderr == ""
    return done


def mangled(text, pick):
    """Indented and spaced by chance, where that says the same."""
    lines, comment, directive = [], False, False
    for line in text.split("\n"):
        plain = not comment and not directive and not line.startswith("#") \
            and "/*" not in line and '"' not in line
        comment = (comment or "/*" in line) and "*/" not in line
        directive = (line.startswith("#") or directive) and \
            line.endswith("\\")
        if plain:
            line = pick.choice(("", " ", "\t\t\t\t\t")) + re.sub(
                "[ \t]+", lambda _: pick.choice((" ", "  ", "\t")),
                line.strip())
            line = line.replace("= ", pick.choice(("=", "= ", "=  ")))
        lines += [line] + [""] * pick.choice((0, 0, 0, 3) if plain else (0,))
    return "\n".join(lines)


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: s.stem)
def test_style(partc, tmp_path, spec):
    """What was pulled about comes back: the same tree, the same comments."""
    text = spec.read_text()
    copy = tmp_path / spec.name
    copy.write_text(mangled(text, random.Random(spec.name)))
    assert run("--check", copy).returncode == 1
    assert run(copy).stdout == f"  {copy}\n"
    new = copy.read_text()
    assert run("--check", copy).returncode == 0
    assert run(copy).stdout == "" and copy.read_text() == new
    squeezed = [re.sub(r"\s+", "", t) for t in (text, new)]
    assert squeezed[0] == squeezed[1]
    # But for where a long value goes on, and empty lines, it is as it was.
    assert [line.strip() for line in text.split("\n") if line.strip()] == \
        [line.strip() for line in new.split("\n") if line.strip()]


def test_strings_and_comments_are_kept(tmp_path):
    spec = tmp_path / "a.dts"
    spec.write_text('/ {\na  =  "x  {  y; /* z",\n"//  w";// last  {\n'
                    "\n\n\n/*  one  { */ b;\n/*\n   two {\n * three\n */\n"
                    "#define X  {  \\\n   kept\nc{d=<1  (2  +3)>  ;};\n};\n")
    run(spec)
    assert spec.read_text() == (
        '/ {\n\ta = "x  {  y; /* z",\n\t\t"//  w";// last  {\n\n'
        "\t/*  one  { */ b;\n\t/*\n   two {\n\t * three\n\t */\n"
        "#define X  {  \\\n   kept\n\tc {d = <1 (2 +3)>;};\n};\n")
    assert run("--check", spec).returncode == 0


@pytest.mark.parametrize("whole", (False, True), ids=("as-is", "whole"))
def test_template(partc, whole):
    """It compiles as it is, and with all that is switched off in it."""
    spec = partc.where / f"new-{whole}.dts"
    text = re.sub(r"^#(if 0|endif)\n", "", TEMPLATE, flags=re.M) if whole \
        else TEMPLATE
    spec.write_text(text)
    assert run("--check", spec).returncode == 0
    shutil.copy(ROOT / "tools/new-spec.dts", partc.where)
    done = partc.compile(spec)
    assert (done.stderr, done.code) == ("", 0)
    assert [p["name"] for p in done.report()["partitions"]] == \
        ["first", "linux"][:1 + whole]
