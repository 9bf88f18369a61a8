# SPDX-License-Identifier: Apache-2.0
"""
tools/dtc_errors.py: what dtc refuses has its line, a caret and a fix. Each of
WRONG is one mistake in SPEC: (text, instead, place, what is said, fix, note).
"""
import re
import subprocess

import pytest

from toolchain import ROOT

SPEC = """/dts-v1/;
#include <boards/qemu-q35.dtsi>
#include <profiles.dtsi>
/ {
	partitions {
		a: a {
			profile = <&bare_profile>;
			tlfs = TLFS_DEFAULT, "synic";
			memory = <MiB(2)>;
			vps = <&lp0 &lp1>;
			boot = "raw64";
			ports { x { range = <0x80 0x87>; action = "pass"; }; };
		};
		b: b {
			nmi;
		};
	};
	channels { };
};
"""
WRONG = {
    "semicolon": ("MiB(2)>;", "MiB(2)>", "10:4", "syntax error",
                  'end it with ";"', "9:20: what stands before ends here"),
    "closing": ("\t\t};\n\t\tb:", "\t\t}\n\t\tb:", "14:3", "syntax error",
                "end a node with };", "13:3: what stands before ends here"),
    "brace": ("a: a {", "a: a", "7:4", "syntax error",
              'end it with ";", or, if it is a node, with "{"',
              "6:6: what stands before ends here"),
    "unclosed": ("\t\t};\n\t};\n\tch", "\t\t};\n\tch", "18:3", "syntax error",
                 "a node is not closed: add };", None),
    "closed-twice": ("\t\tb: b {", "};\n};\n\t\tb: b {", "16:3", None,
                     "this is outside of / { }: is there a }; too many above?",
                     None),
    "commas": ("&lp0 &lp1", "&lp0, &lp1", "10:15", "syntax error",
               "no commas between cells: <&lp0 &lp1>", None),
    "macro": ("MiB(2)", "MIB(2)", "9:14", "syntax error",
              'did you mean "MiB"?', None),
    "brackets": ("<MiB(2)>", "MiB(2)", "9:16", "syntax error",
                 "numbers are between < and >: <1>, <MiB(1)>", None),
    "include": ("#include <profiles.dtsi>", "", "8:11", "syntax error",
                "#include <profiles.dtsi>: TLFS_DEFAULT is a macro of it",
                None),
    "version": ("/dts-v1/;", "", None, "syntax error",
                "begin the file with /dts-v1/;", None),
    "unit": ("MiB(2)", "2 MiB", "9:16", "syntax error",
             "its number stands behind it: MiB(2)", None),
    "colon": ("memory =", "memory:", "9:12", "syntax error",
              'between a property and its value is a "="', None),
    "inside": ("channels { };", "&b { };", "18:2", "syntax error",
               "&label { } stands outside of / { }", None),
    "negative": ("<MiB(2)>", "<-1>", "9:14", "syntax error",
                 "no number here is negative; an expression is in brackets",
                 None),
    "expression": ("<MiB(2)>", "<2 * 3>", "9:16", "syntax error",
                   "put an expression in brackets: <(4 * 512)>", None),
    "word": ("nmi;", "nmi = true;", "15:10", "syntax error",
             'a value is <1>, <&label> or "text"; a flag has none', None),
    "equal": ("boot =", "boot ==", "11:9", "syntax error",
              'one = is enough: name = "text";', None),
    "quotes": ('"raw64"', "'raw64'", "11:11", "Character literal has 5 "
               "characters instead of 1", 'write strings as "text"', None),
    "string": ('"raw64"', '"raw64', None, "syntax error",
               'end the string with "', "11:11: it begins here"),
    "comment": ("nmi;", "# mine\n", "15:6", "syntax error",
                "comments are /* so */; #include, #define, #if begin a line",
                None),
    "label": ("b: b", "my-b: b", "14:7", "syntax error",
              "a label has letters, digits and _ only", None),
    "reference": ("&bare_profile", "&bare-profile", "7:20", "syntax error",
                  "a label has letters, digits and _ only", None),
    "misspelt": ("&lp1", "&pl1", "10:16", '/partitions/a: Reference to '
                 'non-existent node or label "pl1"', 'did you mean "lp1"?',
                 None),
    "twice": ("b: b", "a: b", "14:3", "/partitions/b: Duplicate label 'a' on "
              "/partitions/b and /partitions/a", "rename one of them",
              "6:3: the first is here"),
    "late": ("};\n\t\t};\n\t\tb", "};\n\t\t\tnmi;\n\t\t};\n\t\tb", "13:4",
             "Properties must precede subnodes",
             "move it above the first { of its node", None),
}


@pytest.fixture(scope="module")
def dtc(tmp_path_factory):
    where = tmp_path_factory.mktemp("dtc")

    def run(text):
        spec, made, said = (where / n for n in ("x.dts", "x.pp", "x.err"))
        spec.write_text(text)
        subprocess.run(["gcc", "-E", "-nostdinc", "-undef", "-D__DTS__", "-x",
                        "assembler-with-cpp", "-Ipartition-specs",
                        "-Ipartition-specs/include", str(spec), "-o",
                        str(made)], check=True, cwd=ROOT)
        with said.open("w") as file:
            refused = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb",
                                      "-o", "/dev/null", str(made)],
                                     stderr=file).returncode
        assert refused
        done = subprocess.run(["/usr/bin/python3", "tools/dtc_errors.py",
                               str(made), str(said)], check=True, cwd=ROOT,
                              capture_output=True, text=True)
        return done.stderr.replace(str(spec), "x.dts")
    return run


@pytest.mark.parametrize("name", WRONG)
def test_message(dtc, name):
    right, wrong, place, what, fix, note = WRONG[name]
    assert SPEC.count(right) == 1
    text = SPEC.replace(right, wrong)
    lines = dtc(text).splitlines()
    found = re.match(r"(\S+?):(\d+):(\d+): error: (.*)$", lines[0])
    if place is not None:
        assert f"x.dts:{place}" == f"{found[1]}:{found[2]}:{found[3]}"
        assert lines[1] == "    " + text.splitlines()[int(found[2]) - 1]
    assert what in (None, found[4])
    assert lines[2].strip() == "^" and len(lines[2]) == 4 + int(found[3])
    assert lines[3:] == ([f"note: x.dts:{note}"] if note else []) + \
        [f"fix: {fix}"]
