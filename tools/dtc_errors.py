#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
dtc_errors.py b.pp.dts dtc.err: what dtc refuses, as partc would say it: the
place as FILE:LINE:COLUMN, the line, the rival and a fix. dtc itself says
"syntax error" and no more.
"""
import difflib
import re
import sys

NOISE = ("FATAL ERROR: Unable to parse", "FATAL ERROR: Syntax error",
         "Input tree has errors", "ERROR: Input tree has errors")
PLACE = re.compile(r"^(?:(?:Error|ERROR|Lexical error)\b:? *)?"
                   r"([^:\s][^:]*):(\d+)\.(\d+)[-0-9.]*:? *(.*)$")
MARKER = re.compile(r'^# (\d+) "([^"]*)"')
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\w-]+|\S')
# And what has to be included for each.
MACROS = {**dict.fromkeys(("MiB", "KiB", "GiB", "BYTES", "ADDR", "CELLS"),
                          "<units.h>, or a board"),
          "TLFS_DEFAULT": "<profiles.dtsi>"}


class Text:
    """What dtc read, and where each line of it came from."""

    def __init__(self, path):
        self.lines = []         # (file, line, text)
        self.files = set()      # names, without their folders
        file, number = path, 1
        with open(path, errors="replace") as source:
            for text in source.read().split("\n"):
                marker = MARKER.match(text)
                if marker:
                    file, number = marker[2], int(marker[1])
                    self.files.add(file.rsplit("/", 1)[-1])
                    continue
                self.lines.append((file, number, text))
                number += 1
        self.all = "\n".join(text for _, _, text in self.lines)

    def find(self, file, line):
        """The last of the lines that came from there: cpp splits none."""
        for i in reversed(range(len(self.lines))):
            if self.lines[i][:2] == (file, line):
                return i
        return None

    def before(self, index, column):
        return "\n".join([text for _, _, text in self.lines[:index]] +
                         [self.lines[index][2][:column - 1]])

    def place_of(self, pattern, count=0):
        """FILE:LINE:COLUMN of a match; None."""
        found = list(re.finditer(pattern, self.all))
        if len(found) <= count:
            return None
        start = found[count].start()
        file, line, _ = self.lines[self.all.count("\n", 0, start)]
        return file, line, start - self.all.rfind("\n", 0, start)


def source_line(file, line):
    try:
        with open(file, errors="replace") as source:
            return source.read().split("\n")[line - 1]
    except (OSError, IndexError):
        return None


def near(word, known):
    folded = {name.lower(): name for name in known if name != word}
    found = difflib.get_close_matches(word.lower(), folded, 1, 0.6)
    return f'did you mean "{folded[found[0]]}"?' if found else ""


def fix_macro(token, text):
    if token in MACROS and token != "TLFS_DEFAULT" and \
            "units.h" in text.files:
        return f"its number stands behind it: {token}(2)"
    if token in MACROS:
        return f"#include {MACROS[token]}: {token} is a macro of it"
    return near(token, MACROS)


def fix_in_cells(token, before, text):
    """The error is between < and >."""
    if token == ",":
        return "no commas between cells: <&lp0 &lp1>"
    if token == "/" and before.endswith("&"):
        return "a path is <&{/partitions/name}>; a label is shorter"
    if token.startswith("-") and re.search(r"&\w+$", before):
        return "a label has letters, digits and _ only"
    if token.startswith("-"):
        return "no number here is negative; an expression is in brackets"
    if token == "." or re.match(r"\.\d", token):
        return "numbers are whole; a smaller unit may help: <KiB(1536)>"
    if re.match(r"[A-Za-z_]", token):
        return fix_macro(token, text) or (
            f'"{token}" is no macro: is its #include missing? A label is '
            "<&label>")
    if token in "+*/<>|&^%?":
        return "put an expression in brackets: <(4 * 512)>"
    return None


def fix_value(token, text):
    """Behind "=" or a comma of a value."""
    if re.match(r"[\d(-]", token):
        return "numbers are between < and >: <1>, <MiB(1)>"
    if token == "{":
        return 'a node has no "="'
    if re.match(r"[A-Za-z_]", token):
        return fix_macro(token, text) or (
            'a value is <1>, <&label> or "text"; a flag has none')
    return None


def fix_syntax(text, index, column):
    """(fix, rival or None) for the token that dtc did not expect."""
    before = text.before(index, column)
    found = TOKEN.match(text.lines[index][2], column - 1)
    token = found[0] if found else ""
    strings = re.findall(r'"(?:[^"\\]|\\.)*"', before)
    plain = re.sub(r'"(?:[^"\\]|\\.)*"', '""', before)
    last = plain.rstrip()[-1:]
    if "/dts-v1/" not in before:
        return "begin the file with /dts-v1/;", None
    if strings and "\n" in strings[-1]:
        lost = re.escape(strings[-1].split("\n")[0])
        return "end the string with \"", (text.place_of(lost),
                                          "it begins here")
    depth = plain.count("{") - plain.count("}")
    line = plain[plain.rfind("\n") + 1:].strip()
    if not text.all[len(before):].strip(" \t\n;}") and depth > 0:
        return "a node is not closed: add };", None
    if token == "}" and depth <= 0:
        return "nothing is open here: remove it, or a } before it", None
    if depth <= 0 and "{" in plain and re.match(r"[\w]", token):
        return "this is outside of / { }: is there a }; too many above?", None
    if line.startswith("#") or (token.startswith("#") and last in ";{}"):
        return "comments are /* so */; #include, #define, #if begin a line", \
            None
    if text.lines[index][2].startswith("==", column - 1):
        return 'one = is enough: name = "text";', None
    if token == ":" or (token.startswith("-") and last.isalnum()
                        and "<" not in plain[plain.rfind(";"):]):
        return "a label has letters, digits and _ only", None
    if plain.rfind("<") > max(plain.rfind(c) for c in ">;{"):
        return fix_in_cells(token, plain, text), None
    if last in "=," and token:
        return fix_value(token, text), None
    if last not in ";{" and (plain.rstrip(" \t").endswith("\n") or
                             token == "}"):
        file, line, made = text.lines[plain.rstrip().count("\n")]
        said = source_line(file, line) or made
        fix = "end a node with };" if last == "}" else 'end it with ";"'
        if re.fullmatch(r"\s*(\w+:\s*)?[\w@-]+\s*", made):
            fix += ', or, if it is a node, with "{"'
        return fix, ((file, line, len(said.rstrip())),
                     "what stands before ends here")
    if last == ":" and token in '<"':
        return 'between a property and its value is a "="', None
    if token == "&" and depth > 0:
        return "&label { } stands outside of / { }", None
    if last == '"' and token == "|":
        return 'several words are "one", "two"', None
    return None, None


def fix_check(text, said, count):
    """(fix, rival, a better place) for what dtc's checks refuse."""
    found = re.search(r'non-existent node or label "(\w+)"', said)
    if found:
        labels = re.findall(r"(\w+):\s", text.all)
        return (near(found[1], labels) or "put the label before a node: "
                f"{found[1]}: name {{ }}", None,
                text.place_of(rf"(?<!/ )&{found[1]}\b", count))
    found = re.search(r"Duplicate label '(\w+)'", said)
    if found:
        label = rf"\b{found[1]}:\s"
        return ("rename one of them", (text.place_of(
            label), "the first is here"), text.place_of(label, 1))
    if "Duplicate" in said:
        return "keep one of the two, or rename one", None, None
    if "must precede subnodes" in said:
        return "move it above the first { of its node", None, None
    if "out of range" in said:
        return "a cell has 32 bits; 64 are <ADDR(0x100000000)>", None, None
    if "Character literal" in said:
        return 'write strings as "text"', None, None
    return None, None, None


def show(text, file, line, column, said, count):
    """One error; the count-th that says just this."""
    fix = rival = better = None
    index = text.find(file, line)
    if "syntax error" in said and index is not None:
        fix, rival = fix_syntax(text, index, column)
    elif "syntax error" not in said:
        fix, rival, better = fix_check(text, said, count)
    made = text.lines[index][2] if index is not None else ""
    token = TOKEN.match(made, column - 1)
    if better:
        file, line, column = better
    source = source_line(file, line)
    if source is not None and source != made and not better:
        at = source.find(token[0]) if token else -1
        column = (at if at >= 0 else
                  len(source) - len(source.lstrip())) + 1
    out = [f"{file}:{line}:{column}: error: {said}"]
    if source is not None:
        blank = re.sub(r"[^\t]", " ", source[:column - 1])
        out += ["    " + source, "    " + blank + "^"]
    if rival and rival[0]:
        out.append("note: {}:{}:{}: {}".format(*rival[0], rival[1]))
    if fix:
        out.append(f"fix: {fix}")
    return out


def explain(path, said):
    text, out = Text(path), []
    seen, places = [], set()
    for line in said.split("\n"):
        place = PLACE.match(line)
        if not line.strip() or line.startswith(NOISE):
            continue
        if place is None:
            out.append(line)
            if "Couldn't open" in line:
                out.append("fix: #include <FILE> has the paths, dtc's "
                           "/include/ has none")
            continue
        file, number, column = place[1], int(place[2]), int(place[3])
        what = re.sub(r"^(?:(?:ERROR|Error) )?(?:\(\w+\): )?", "", place[4])
        if (file, number, column) in places:
            continue            # the same again, as a syntax error
        places.add((file, number, column))
        seen.append(what.split(": ")[-1])
        out += show(text, file, number, column, what,
                    seen.count(seen[-1]) - 1)
    return "\n".join(out) + "\n"


def main():
    with open(sys.argv[2], errors="replace") as file:
        sys.stderr.write(explain(sys.argv[1], file.read()))


if __name__ == "__main__":
    main()
