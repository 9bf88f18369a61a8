# SPDX-License-Identifier: Apache-2.0
"""docs/spec.md says what the compiler does."""
import re
import subprocess

from toolchain import ROOT

DOC = (ROOT / "docs/spec.md").read_text()


def test_errors_are_documented(partc):
    """docs/spec-errors.md is what make spec-errors writes."""
    done = subprocess.run([str(partc.partc), "--explain", "document"],
                          check=True, capture_output=True, text=True)
    assert (ROOT / "docs/spec-errors.md").read_text() == done.stdout
    assert "(spec-errors.md)" in DOC
    listed = subprocess.run([str(partc.partc), "--explain", "all"],
                            check=True, capture_output=True, text=True)
    names = re.findall(r"^(\S+) \(", listed.stdout, re.M)
    assert re.findall(r"^### (\S+)$", done.stdout, re.M) == names


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


def test_emulated_msrs_are_the_hypervisors():
    """The check msr-emulate has the MSRs of hv/guest in a list of its own."""
    numbers = {name: int(value, 16) for name, value in re.findall(
        r"^#define (MSR_\w+) (0x[0-9a-f]+)",
        (ROOT / "hv/include/abi/msr.h").read_text(), re.M)}
    source = (ROOT / "hv/guest/msr_arch.c").read_text()
    answered = {numbers[name]
                for name in re.findall(r"case (MSR_\w+):", source)}
    answered |= {numbers["MSR_APIC_BASE"], numbers["MSR_TSC_DEADLINE"],
                 numbers["MSR_MTRR_CAP"], numbers["MSR_MTRR_DEF_TYPE"]}
    checks = (ROOT / "compiler/check/promises.c").read_text()
    listed = re.search(r"known\[\] = \{(.*?)\};", checks, re.S).group(1)
    known = [(int(a, 16), int(b, 16)) for a, b in re.findall(
        r"\{ (0x[0-9a-f]+), (0x[0-9a-f]+) \}", listed)]
    assert len(known) == 20 and len(answered) > 20
    for msr in answered:
        assert any(a <= msr <= b for a, b in known), hex(msr)
    mtrrs = range(0x200, 0x270)
    for a, b in known:
        for msr in range(a, b + 1 if b - a < 16 else a):
            assert msr in answered or msr in mtrrs, hex(msr)
