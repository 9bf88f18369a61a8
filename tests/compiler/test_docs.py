# SPDX-License-Identifier: Apache-2.0
"""docs/spec.md says what the compiler does."""
import re
import subprocess

from toolchain import ROOT

DOC = (ROOT / "docs/spec.md").read_text()


def test_every_check_is_listed(partc):
    done = subprocess.run([str(partc.partc), "--explain", "all"], check=True,
                          capture_output=True, text=True)
    rules = [line.split(": ", 1) for line in done.stdout.splitlines()]
    table = DOC[DOC.index("| id | what must hold |"):].splitlines()[2:]
    assert table == [f"| `{name}` | {rule} |" for name, rule in rules]


def test_every_property_and_word_is_named():
    source = (ROOT / "compiler/schema.c").read_text()
    names = re.findall(r'\{ "([a-z#][a-z0-9-]*)", (?:SCHEMA|false|true)',
                       source)
    assert len(names) > 40
    for name in names:
        assert f"`{name}`" in DOC or f"`{name} = " in DOC or \
            f"{name} = <" in DOC, name
    words = re.findall(r"_words\[\] = \{(.*?)\}", source, re.S)
    for word in re.findall(r'"([^"]+)"', " ".join(words)):
        assert f"`{word}`" in DOC or f'"{word}"' in DOC, word


def test_examples_compile(partc):
    """The spec at the top of the page, as it stands there."""
    text = DOC[DOC.index("```dts") + 7:]
    text = text[:text.index("```")].replace("hello.bin", "guest:hello.bin")
    spec = partc.where / "example.dts"
    spec.write_text(text)
    run = partc.compile(spec)
    assert (run.stderr, run.code) == ("", 0)
