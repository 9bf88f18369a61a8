#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Lints of the source text: licence line, lengths, braces, levels by include,
what may be named where.
"""
import re
import sys

from common import LEVELS, Lint, level_name, level_of, read, sources

C_TOPS = ("hv", "boot", "compiler", "stack", "tests")
FILE_LINES = 600
FUNCTION_LINES = 60
COLUMNS = 80

TOKEN = re.compile(r"""
    (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<directive>^[ \t]*\#(?:[^\n\\]|\\.|\\\n)*)
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<word>[A-Za-z_]\w*)
  | (?P<newline>\n)
  | (?P<other>\S)
""", re.X | re.S | re.M)


def tokens(text):
    """(kind, text, line) without comments, newlines and directives."""
    for found in TOKEN.finditer(text):
        kind = found.lastgroup
        if kind in ("word", "other", "string"):
            yield kind, found[0], text.count("\n", 0, found.start()) + 1


def spdx(paths):
    for path in paths:
        head = "\n".join(read(path).splitlines()[:3])
        if "SPDX-License-Identifier: Apache-2.0" not in head:
            yield f"{path}:1: no SPDX line"


def file_lengths(paths):
    for path in paths:
        count = read(path).count("\n")
        if count >= FILE_LINES:
            yield f"{path}: {count} lines"


def line_shapes(paths):
    for path in paths:
        text = read(path)
        for number, line in enumerate(text.split("\n"), 1):
            if len(line.expandtabs(8)) > COLUMNS and \
                    "SOURCES:" not in line:
                yield f"{path}:{number}: over {COLUMNS} columns"
            if line != line.rstrip():
                yield f"{path}:{number}: space at the end"
            if re.match(r" {4,}\S", line) and \
                    not re.match(r" +\*", line):
                yield f"{path}:{number}: indented with spaces"
        if text and not text.endswith("\n"):
            yield f"{path}: no newline at the end"


def function_lengths(paths):
    for path in paths:
        opened = None
        for number, line in enumerate(read(path).split("\n"), 1):
            if line == "{":
                opened = number
            elif line == "}" and opened:
                length = number - opened + 1
                if length >= FUNCTION_LINES:
                    yield f"{path}:{opened}: function of {length} lines"
                opened = None


def braces(paths):
    """After if, for, while (...) and else comes a brace."""
    for path in paths:
        flow = list(tokens(read(path)))
        at = 0
        do_depths, depth = [], 0
        while at < len(flow):
            _, text, line = flow[at]
            if text == "{":
                depth += 1
            elif text == "}":
                depth -= 1
            elif text == "do":
                do_depths.append(depth)
            if text in ("if", "for", "while"):
                inner, at = 0, at + 1
                if at >= len(flow) or flow[at][1] != "(":
                    continue
                while True:
                    if flow[at][1] == "(":
                        inner += 1
                    elif flow[at][1] == ")":
                        inner -= 1
                    at += 1
                    if inner == 0 or at >= len(flow):
                        break
                follows = flow[at][1] if at < len(flow) else ""
                if text == "while" and follows == ";" and \
                        depth in do_depths:
                    do_depths.remove(depth)
                elif follows != "{":
                    yield f"{path}:{line}: {text} without a brace"
                continue
            if text == "else" and at + 1 < len(flow) and \
                    flow[at + 1][1] not in ("{", "if"):
                yield f"{path}:{line}: else without a brace"
            at += 1


def macros(paths):
    """No macro of the hypervisor changes where control goes."""
    flow = re.compile(r"\b(return|goto|break|continue|if|for|while|switch)\b")
    for path in paths:
        text = read(path)
        for found in TOKEN.finditer(text):
            if found.lastgroup != "directive":
                continue
            body = re.sub(r"/\*.*?\*/|\"[^\"]*\"", "", found[0], flags=re.S)
            if re.match(r"\s*#\s*define\b", body) and flow.search(body):
                line = text.count("\n", 0, found.start()) + 1
                yield f"{path}:{line}: a macro with control flow"


def includes(path):
    for number, line in enumerate(read(path).split("\n"), 1):
        found = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
        if found:
            yield number, found[1]


def levels(paths):
    for path in paths:
        own = level_of(path)
        for number, name in includes(path):
            folder = name.split("/")[0]
            if name.startswith(".."):
                yield f"{path}:{number}: {name}: out of its folder"
            elif folder in LEVELS and LEVELS.index(folder) > own:
                yield (f"{path}:{number}: {level_name(own)} includes "
                       f"{name}, which is above it")
            if re.match(r"vcpu/(svm|vmx)/", name):
                # vcpu.c chooses the back end; the hardware's own
                # structures stay with the back end.
                inner = re.search(r"/(vmcb|vmcs)\w*\.h$", name)
                home = "hv/" + name.rsplit("/", 1)[0] + "/"
                if not path.startswith(home if inner else "hv/vcpu/"):
                    yield f"{path}:{number}: {name} leaves its folder"


BACK_ENDS = ("svm", "vmx")
OWN_HEADERS = {"svm.h": "functions", "vmx.h": "functions",
               "vmcb.h": "hardware", "vmcs.h": "hardware"}


def functions_of(vendor):
    """{file: functions} of a back end, in their order, without its name."""
    found = {}
    for path in sources(f"hv/vcpu/{vendor}"):
        names = re.findall(rf"^(?:[a-z].*[ *])?{vendor}_(\w+)\([^;]*?\)\n{{",
                           read(path), re.M)
        name = path.rsplit("/", 1)[1].replace(f"{vendor}_", "")
        found[OWN_HEADERS.get(name, name)] = names
    return found


def back_ends():
    """What both have has one name, one file, and one place in its order."""
    one, two = map(functions_of, BACK_ENDS)
    for name in sorted(set(one) ^ set(two)):
        yield f"hv/vcpu/*/*_{name}: only one back end has this file"
    homes = [{f: file for file, names in end.items() for f in names}
             for end in (one, two)]
    for function in sorted(set(homes[0]) & set(homes[1])):
        if homes[0][function] != homes[1][function]:
            yield (f"hv/vcpu: {function}() is in {homes[0][function]} and "
                   f"in {homes[1][function]}")
    for name in sorted(set(one) & set(two)):
        orders = [[f for f in end[name] if f in one[name] and f in two[name]]
                  for end in (one, two)]
        for first, second in zip(*orders):
            if first != second:
                yield (f"hv/vcpu/*/*_{name}: {first}() stands where the "
                       f"other back end has {second}()")
                break


def separate_programs():
    """partc knows config/ alone of hv/; verify knows nothing of partc."""
    for path in sources("compiler"):
        for number, name in includes(path):
            folder = name.split("/")[0]
            if folder in LEVELS or folder in ("hv", "abi") or \
                    "../" in name:
                yield f"{path}:{number}: {name} is the hypervisor's"
            if path.startswith("compiler/verify/") and "/" in name and \
                    folder not in ("config", "sys", "verify"):
                yield f"{path}:{number}: {name} is not the verifier's"
        if path.startswith("compiler/verify/") and \
                re.search(r"\bfdt_\w+\(", read(path)) and \
                "libfdt" in read(path):
            yield f"{path}: libfdt is partc's reader, not the verifier's"


def statuses(paths):
    """HV_STATUS_* is the guest interface's and stays there."""
    for path in paths:
        if path.startswith(("hv/guest/", "hv/include/abi/")):
            continue
        for kind, text, line in tokens(read(path)):
            if kind == "word" and text.startswith("HV_STATUS_"):
                yield f"{path}:{line}: {text} outside of guest/"


def machine_paths():
    """No file names a place of one developer's machine."""
    pattern = re.compile(r"(?<![\w.])/(?:work|home)/\w")
    for path in sources(".", ends=("",)):
        if path.startswith(("build/", "out/")) or path == ".git":
            continue
        if path == "tests/lint/source.py":
            continue
        try:
            text = read(path)
        except (UnicodeDecodeError, OSError):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if pattern.search(line):
                yield f"{path}:{number}: a path of one machine"


CITED = re.compile(r"\b(unit|guest|emu) (\w+): ([\w-]+(?:, [\w-]+)*)")


def cited_test_exists(kind, name, test):
    if kind == "guest":
        return f'"{test}"' in read(f"tests/guests/{name}.c")
    ending = "c" if kind == "unit" else "py"
    return re.search(rf"\b{re.escape(test)}\(",
                     read(f"tests/{kind}/{name}.{ending}"))


def conformance(path="docs/tlfs-conformance.md"):
    """Each row has a state; each test that it names exists; every call of
    the hypervisor's has a row."""
    working = ""
    for number, line in enumerate(read(path).split("\n"), 1):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or set(line) <= set("|-") or \
                cells[-1] == "state":
            continue
        state = cells[-1].split()[0].rstrip(":,") if cells[-1] else ""
        cited = CITED.findall(cells[-1])
        if state not in ("works", "refused", "absent"):
            yield f"{path}:{number}: neither works, refused nor absent"
        elif state != "absent" and not cited:
            yield f"{path}:{number}: no test"
        for kind, name, tests in cited:
            for test in tests.split(", "):
                if not cited_test_exists(kind, name, test):
                    yield f"{path}:{number}: no {test} in {kind} {name}"
        if state == "works":
            working += cells[0] + "\n"
    calls = dict(re.findall(r"#define (HV_CALL_\w+) 0x(\w{4})\n",
                            read("hv/include/abi/hypercall.h")))
    for call in re.findall(r"\{ (HV_CALL_\w+),",
                           read("hv/guest/hypercall.c")):
        if f"0x{calls[call].upper()}" not in working:
            yield f"{path}: no row for {call}"


def licensed():
    ends = (".c", ".h", ".S", ".ld", ".dts", ".dtsi", ".py", ".sh", ".mk")
    return sources("hv", "boot", "compiler", "stack", "tests", "tools",
                   "partition-specs", ends=ends) + ["Makefile", "Kconfig"]


def main():
    lint = Lint()
    hv = sources("hv", "boot")
    everything = sources(*C_TOPS)
    only_c = [p for p in everything if not p.endswith(".S")]
    lint.check("SPDX line in every file", spdx(
        p for p in licensed() if "/bad/" not in p and "/good/" not in p))
    lint.check(f"files under {FILE_LINES} lines", file_lengths(everything))
    lint.check(f"functions under {FUNCTION_LINES} lines",
               function_lengths(only_c))
    lint.check(f"{COLUMNS} columns, tabs, no space at the end",
               line_shapes(everything))
    lint.check("braces always", braces(only_c))
    lint.check("no control flow in macros",
               macros(p for p in hv if not p.endswith(".S")))
    lint.check("levels by include", levels(hv))
    lint.check("back ends alike", back_ends())
    lint.check("separate programs", separate_programs())
    lint.check("HV_STATUS_* in guest/ only", statuses(hv))
    lint.check("no path of one machine", machine_paths())
    lint.check("docs/tlfs-conformance.md names tests that exist",
               conformance())
    print(f"lint source: {lint.passed} passed, {lint.failed} failed")
    return 1 if lint.failed else 0


if __name__ == "__main__":
    sys.exit(main())
