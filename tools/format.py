#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
format.py [--check] FILE...: specs in one style. A tab for each brace, one more
for a value that goes on, one blank between words, at most one empty line, `a =
<1>;`. Lines are never joined or split, comments and strings are kept, and what
is formatted stays as it is. --check says which files are not, and writes none.
"""
import itertools
import re
import sys

TOKEN = re.compile(r"""
    (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<comment>/\*.*?\*/|//.*)
  | (?P<open>/\*.*)
  | (?P<path>&\{[^}]*\})
  | (?P<space>\s+)
  | (?P<word>[^\s"/{}=;,<>()]+|.)
""", re.X)


class Formatter:
    def __init__(self, piece):
        self.piece = piece      # of a node, perhaps: its begin says how deep
        self.depth = 0          # of braces
        self.inside = 0         # of < and (
        self.value = False      # a property that has no ; yet
        self.comment = None     # how far an open one was moved
        self.directive = False  # the line before went on with a backslash

    def code(self, line):
        """A line's tokens, one blank between those that were apart."""
        out, gap, code = "", False, ""
        for found in TOKEN.finditer(line):
            kind, text = found.lastgroup, found[0]
            if kind == "space":
                gap = True
                continue
            inside = self.inside
            if kind == "word":
                code += text if text in "{}=;<>()" else "x"
                if text in ("{", "=") and not inside:
                    gap = True
                if text == ";" or (text == "," and gap):
                    gap = False
                self.count(text)
            before = out[-1:]
            if before == "=" and kind != "open" and not inside:
                gap = True
            if out and gap:
                out += " "
            out, gap = out + text, False
            if kind == "open":
                self.comment = 0
        return out, code

    def count(self, text):
        if text == "{":
            self.depth += 1
            self.value = False
        elif text == "}":
            self.depth -= 1
        elif text in ("<", "("):
            self.inside += 1
        elif text in (">", ")"):
            self.inside -= 1
        elif text == "=" and not self.inside:
            self.value = True
        elif text == ";":
            self.value, self.inside = False, 0

    def line(self, line):
        text = line.strip()
        if self.comment is not None:
            # A comment goes on: its stars stay below each other.
            tabs = "\t" * self.depth
            if "*/" in text:
                end = text.index("*/") + 2
                self.comment = None
                rest, _ = self.code(text[end:])
                text = text[:end] + (" " + rest if rest else "")
            return tabs + " " + text if text.startswith("*") else \
                line.rstrip()
        if self.directive or text.startswith("#") and not \
                re.match(r"#[\w-]+ *=", text):
            self.directive = text.endswith("\\")
            return line.rstrip()
        if self.piece and text and not text.startswith("/*"):
            self.depth = len(line) - len(line.lstrip("\t"))
            self.piece = False
        depth, goes_on = self.depth, self.value or self.inside > 0
        out, code = self.code(text)
        if not out:
            return ""
        if code.startswith("}"):
            depth -= len(re.match(r"[};]*", code)[0].replace(";", ""))
        tabs = "\t" * (max(depth, 0) + goes_on)
        own = line[:len(line) - len(line.lstrip())]
        # What goes on may be set below what it belongs to.
        return (own if goes_on and own.startswith(tabs) else tabs) + out


def formatted(text, piece):
    formatter, lines = Formatter(piece), []
    for line in text.split("\n"):
        out = formatter.line(line)
        if out or (lines and lines[-1]):
            lines.append(out)
    return "\n".join(lines).rstrip("\n") + "\n"


def main():
    check = "--check" in sys.argv[1:]
    wrong = 0
    for path in (a for a in sys.argv[1:] if a != "--check"):
        with open(path) as file:
            text = file.read()
        new = formatted(text, path.endswith(".dtsi"))
        if new == text:
            continue
        wrong += 1
        if check:
            number = 1 + sum(1 for _ in itertools.takewhile(
                lambda pair: pair[0] == pair[1],
                zip(text.split("\n"), new.split("\n"))))
            print(f"{path}:{number}: not formatted: make format SPEC={path}")
        else:
            with open(path, "w") as file:
                file.write(new)
            print(f"  {path}")
    return 1 if check and wrong else 0


if __name__ == "__main__":
    sys.exit(main())
