#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
image.py BUILD [IMAGE_DIR]: lints of what the compiler made. Of the objects:
levels by link. Of the linked image: no indirect branch, no float, no segment
that is writable and executable, and a bound for the stack.
"""
import os
import re
import sys

from common import Lint, exceptions, level_name, level_of, read, run

KIB = 1024
FRAME_MAX = 512
# By back ends, and what options may add (docs/decisions/0009).
TEXT_MAX = {"svm": 64 * KIB, "vmx": 68 * KIB, "svm vmx": 96 * KIB}
TEXT_MORE = {"launch_write": 4 * KIB, "vmx_give_apic": 4 * KIB}
TRAP_ENTRY = "trap_common"
IRET_FRAME = 8 * 7      # SS, RSP, RFLAGS, CS, RIP, error code, vector

FLOAT = re.compile(r"%[xyz]mm\d|%mm\d|%st\b")
X87 = re.compile(r"f(?!xsave|xrstor)[a-z0-9]+$")


class Objects:
    """Who defines and who uses each symbol, by the source's path."""

    def __init__(self, build):
        with open(os.path.join(build, "objects.list")) as file:
            self.paths = file.read().split()
        self.defined = {}
        self.used = []
        for path in self.paths:
            source = os.path.relpath(path, build)[:-len(".o")]
            for line in run("nm", path).splitlines():
                *_, kind, name = line.split()
                if kind in "Uw":
                    self.used.append((source, name))
                elif kind.isupper():
                    self.defined[name] = source

    def findings(self):
        allowed = exceptions("link")
        for source, name in self.used:
            home = self.defined.get(name)
            if home is None:    # a table, or a symbol of the link script
                continue
            if level_of(home) > level_of(source) and \
                    f"{source}:{name}" not in allowed:
                yield (f"{source} ({level_name(level_of(source))}) refers "
                       f"to {name} of {home}, which is above it")

    def stale_exceptions(self):
        used = {f"{s}:{n}" for s, n in self.used}
        for what in exceptions("link"):
            if what not in used:
                yield f"{what}: nothing needs this exception"


class Code:
    """The disassembly of the image, by function."""

    HEAD = re.compile(r"([0-9a-f]+) <([^>]+)>:")
    LINE = re.compile(r"\s+[0-9a-f]+:\t(?:(?:rep|repz|repnz|lock|data16|"
                      r"addr32|cs|ds|es|ss|fs|gs|notrack|bnd|rex\.?\w*)\s+)*"
                      r"(\S+)\s*([^#<]*)(?:#\s*)?(?:[0-9a-f]*\s*)"
                      r"(?:<([^>+]+)([^>]*)>)?")

    def __init__(self, elf):
        self.functions = {}
        data = exceptions("data")
        name = None
        text = run("objdump", "-d", "--no-show-raw-insn", "-j", ".text", elf)
        for line in text.splitlines():
            head = self.HEAD.match(line)
            if head:
                name = head[2] if head[2] not in data else None
                if name is None:
                    continue
                self.functions.setdefault(name, [])
                continue
            found = self.LINE.match(line)
            if found and name:
                self.functions[name].append(
                    (found[1], found[2].strip(), found[3], found[4]))

    def indirect(self):
        allowed = exceptions("indirect")
        for name, lines in self.functions.items():
            for mnemonic, operands, *_ in lines:
                if re.match(r"l?(call|jmp)[ql]?$", mnemonic) and \
                        operands.startswith("*") and name not in allowed:
                    yield f"{name}: {mnemonic} {operands}"

    def floats(self):
        allowed = exceptions("float")
        for name, lines in self.functions.items():
            for mnemonic, operands, *_ in lines:
                if mnemonic in allowed:
                    continue
                if FLOAT.search(operands) or X87.match(mnemonic):
                    yield f"{name}: {mnemonic} {operands}"


class Stack:
    """Frames from the compiler's .su files; the rest from the pushes."""

    def __init__(self, objects, code):
        self.code = code
        self.frames = {}
        self.dynamic = []
        for path in objects.paths:
            su = path[:-len(".o")] + ".su"
            if not os.path.exists(su):
                su = path + ".su"
            if os.path.exists(su):
                self.read(su)
        for entry in exceptions("stack"):
            name, size = entry.split("=")
            self.frames[name] = int(size)

    def read(self, path):
        with open(path) as file:
            for line in file:
                place, size, kind = line.rstrip("\n").split("\t")
                name = place.split(":")[-1]
                # Two static functions of one name: the bigger counts.
                self.frames[name] = max(self.frames.get(name, 0), int(size))
                if kind == "dynamic":   # "dynamic,bounded" has a bound
                    self.dynamic.append(f"{place}: {kind}")

    def frame(self, name):
        """With its return address."""
        for known in (name, name.split(".")[0]):
            if known in self.frames:
                return self.frames[known] + 8
        size = 8
        for mnemonic, operands, *_ in self.code.functions[name]:
            if mnemonic.startswith("push"):
                size += 8
            taken = re.match(r"\$(0x[0-9a-f]+),%rsp", operands)
            if mnemonic.startswith("sub") and taken:
                size += int(taken[1], 16)
        return size

    def big(self):
        for name in sorted(self.code.functions):
            if self.frame(name) >= FRAME_MAX:
                yield f"{name}: {self.frame(name)} bytes"

    def callees(self, name):
        for mnemonic, _, target, offset in self.code.functions[name]:
            if target in self.code.functions and target != name and \
                    re.match(r"(call|j)", mnemonic):
                yield target
            elif target == name and mnemonic.startswith("call") and \
                    not offset.startswith("+"):
                yield target

    def deepest(self):
        """(bytes, chain) from any function; recursion is a finding."""
        done, path, loops = {}, [], []

        def walk(name):
            if name in done:
                return done[name]
            if name in path:
                loops.append(" -> ".join(path[path.index(name):] + [name]))
                return (0, [])
            path.append(name)
            best = (0, [])
            for callee in sorted(set(self.callees(name))):
                best = max(best, walk(callee))
            path.pop()
            done[name] = (best[0] + self.frame(name), [name] + best[1])
            return done[name]

        deepest = max((walk(n) for n in self.code.functions),
                      default=(0, []))
        return deepest, loops, done


def segments(elf):
    for line in run("readelf", "-lW", elf).splitlines():
        found = re.match(r"\s+(LOAD|GNU_STACK)\s.*\s([R ][W ][E ])\s+0x",
                         line)
        if found and "W" in found[2] and "E" in found[2]:
            yield line.strip()
    for line in run("readelf", "-SW", elf).splitlines():
        found = re.match(r"\s*\[\s*\d+\]\s+(\S+)\s.*\s([A-Z]+)\s+\d+\s+\d+"
                         r"\s+\d+$", line)
        if found and "W" in found[2] and "X" in found[2]:
            yield f"section {found[1]} is {found[2]}"


def text_bytes(paths):
    """Of the objects: the image's own section is filled up to a page."""
    return sum(int(words[1]) for path in paths
               for words in map(str.split, run("size", "-A",
                                               path).splitlines())
               if words and re.match(r"\.(boot\.)?text|\.multiboot",
                                     words[0]))


def lint_image(lint, objects, directory):
    elf = os.path.join(directory, "bulkhead.elf")
    code = Code(elf)
    text = text_bytes(objects.paths)
    backs = {found[1] for path in objects.paths
             if (found := re.search(r"/hv/vcpu/(svm|vmx)/", path))}
    text_max = TEXT_MAX[" ".join(sorted(backs))] + (0 if len(backs) > 1 else sum(
        more for name, more in TEXT_MORE.items() if name in code.functions))
    lint.check("the disassembly was understood",
               [] if sum(map(len, code.functions.values())) > 1000
               else [f"{elf}: only {len(code.functions)} functions seen"])
    lint.check("no indirect call or jump", code.indirect(),
               ", ".join(exceptions("indirect")))
    lint.check("no SSE or x87 instruction", code.floats())
    lint.check("no segment both writable and executable", segments(elf))
    stack = Stack(objects, code)
    lint.check("no frame of unknown size", stack.dynamic)
    lint.check(f"every frame under {FRAME_MAX} bytes", stack.big())
    (depth, chain), loops, known = stack.deepest()
    lint.check("no recursion", sorted(set(loops)))
    # A trap is taken on the stack that is in use, or on one of its own.
    trap, trap_chain = known[TRAP_ENTRY]
    trap += IRET_FRAME
    for name, bytes_, why, limit in (
            ("deepest stack, with a trap on top", depth + trap,
             chain + trap_chain, stack_size("LP_STACK_SIZE")),
            ("deepest stack of an NMI or a fault", trap, trap_chain,
             stack_size("LP_IST_SIZE"))):
        said = f"{bytes_} of {limit} bytes: " + " > ".join(why)
        lint.check(name, [] if bytes_ <= limit else [said], said)
    lint.check("text", [] if text <= text_max else
               [f"{text} bytes, over {text_max}"],
               f"{text / KIB:.1f} of {text_max // KIB} KiB, back ends: "
               f"{', '.join(sorted(backs))}")


def stack_size(name):
    """From hv/cpu/lp.h, where the stacks are declared."""
    found = re.search(rf"#define\s+{name}\s+(\w+)", read("hv/cpu/lp.h"))
    if not found:
        raise SystemExit(f"hv/cpu/lp.h: no {name} found")
    return int(found[1].rstrip("uUlL"), 0)


def main():
    build = sys.argv[1]
    lint = Lint()
    objects = Objects(build)
    lint.check("levels by link", objects.findings())
    lint.check("exceptions of levels are needed", objects.stale_exceptions())
    for directory in sys.argv[2:]:
        lint_image(lint, objects, directory)
    print(f"lint image: {lint.passed} passed, {lint.failed} failed")
    return 1 if lint.failed else 0


if __name__ == "__main__":
    sys.exit(main())
