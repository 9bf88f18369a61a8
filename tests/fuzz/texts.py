#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
texts.py PARTC [--count N | --seconds S] [--seed N] [--keep DIRECTORY]

Specs as a person might leave them: the good ones of tests/compiler and
partition-specs with words, numbers, lines and characters changed, half of them
with their board and profiles in the same text, through cpp, dtc and partc as
make does. Each must be accepted or refused: no signal, no
status but 0 and 1, no time limit, and a refusal names at least one place of a
file that is there. What is not so is kept.
"""
import argparse
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/compiler"))
from toolchain import make_guests  # noqa: E402

LIMIT_S = 60
CONFIG = ("SVM", "VMX", "TLFS", "LAUNCH", "CONSOLE_DEBUGCON")
NUMBERS = ("0", "1", "-1", "2", "0x7fffffff", "0x80000000", "0xffffffff",
           "MiB(0)", "MiB(1)", "MiB(3072)", "GiB(64)", "BYTES(1)",
           "ADDR(0xfffffffffffff000)", "0xffffffff 0xffffffff", "")
WORDS = (r"(?<=[<\s,(])(0x[0-9a-f]+|\d+)\b", r"\b[A-Za-z][\w-]*",
         r"\"[^\"\n]*\"")
INCLUDE = re.compile(r"#include [<\"](?:\.\./)?((?:boards|profiles|base)"
                     r"[^>\"]*\.dtsi)[>\"]\n")
INCLUDED = [TOP / "partition-specs", TOP / "partition-specs/include",
            TOP / "tests/compiler"]
PROPERTY = re.compile(r"\s+[\w-]+( = .*)?;$")
PLACE = re.compile(r"^(\S[^:\n]*):(\d+):(\d+): error", re.M)


def flat(text):
    """With board, profiles and base in the text itself."""
    while True:
        found = INCLUDE.search(text)
        if not found:
            return text
        body = next((folder / found[1]).read_text() for folder in INCLUDED
                    if (folder / found[1]).exists())
        text = text[:found.start()] + body + text[found.end():]


def change(text, words, pick):
    """One change of a person's: a slip, or a thing said otherwise."""
    kind = pick.choices(range(7), (1, 8, 2, 5, 2, 4, 3))[0]
    if kind == 0:               # one character
        at = pick.randrange(len(text))
        return text[:at] + pick.choice("{};<>&\"/=,0a \n") + \
            text[at + pick.randrange(2):]
    if kind in (1, 2, 3):       # one value, word or number by another
        found = list(re.finditer(WORDS[kind - 1], text))
        if not found:
            return text
        one = pick.choice(found)
        new = pick.choice(NUMBERS) if kind == 1 and pick.random() < .7 else \
            pick.choice(words[kind - 1])
        return text[:one.start()] + new + text[one.end():]
    # A property's line goes, comes elsewhere, or trades places.
    lines = text.split("\n")
    whole = [i for i, line in enumerate(lines) if PROPERTY.match(line)]
    if not whole:
        return text
    at, other = pick.choice(whole), pick.choice(whole)
    if kind == 4:
        del lines[at]
    elif kind == 5:
        lines.insert(other, lines[at])
    else:
        lines[at], lines[other] = lines[other], lines[at]
    return "\n".join(lines)


class Texts:
    MUST = ("accepted", "by partc")

    def __init__(self, partc, where, pick):
        self.partc, self.where, self.pick = partc, where, pick
        self.guests = make_guests(where / "guests")
        self.config = where / "autoconf.h"
        self.config.write_text("#define CONFIG_IMAGE_BASE_MIB 16\n" + "".join(
            f"#define CONFIG_{name} 1\n" for name in CONFIG))
        specs = sorted((TOP / "tests/compiler/good").glob("*.dts")) + \
            sorted((TOP / "partition-specs").glob("*.dts"))
        self.specs = [(path, path.read_text()) for path in specs]
        everything = "".join(flat(text) for _, text in self.specs)
        self.words = [sorted(set(re.findall(what, everything)))
                      for what in WORDS]
        self.counts = {"accepted": 0, "by cpp or dtc": 0, "by partc": 0}

    def run(self, *argv):
        return subprocess.run([str(a) for a in argv], cwd=TOP, text=True,
                              errors="replace", capture_output=True,
                              timeout=LIMIT_S)

    def one(self):
        """(text, what is wrong with how it was taken; None: nothing)"""
        path, text = self.pick.choice(self.specs)
        if self.pick.random() < .5:
            text = flat(text)
        for _ in range(self.pick.choice((1, 1, 1, 2, 3, 8))):
            text = change(text, self.words, self.pick)
        try:
            return text, self.take(path, text)
        except subprocess.TimeoutExpired as late:
            return text, f"no end: {late.cmd[0]}"

    def take(self, path, text):
        spec = self.where / "changed.dts"
        spec.write_text(text)
        out = [self.where / f"b.{end}" for end in ("pp.dts", "dtb", "ann.dts")]
        front = self.run(
            "gcc", "-E", "-nostdinc", "-undef", "-D__DTS__", "-x",
            "assembler-with-cpp", f"-I{path.parent}", "-Ipartition-specs",
            "-Ipartition-specs/include", spec, "-o", out[0])
        if front.returncode == 0:
            front = self.run("dtc", "-q", "-I", "dts", "-O", "dtb", "-@",
                             "-o", out[1], out[0])
        if front.returncode != 0:
            self.counts["by cpp or dtc"] += 1
            return None     # those are not ours
        self.run("dtc", "-q", "-I", "dts", "-O", "dts", "-T", "-T", "-o",
                 out[2], out[0])
        done = self.run(self.partc, "-o", self.where / "out", "--dtb", out[1],
                        "--map", out[2], "--spec", spec, "-G", self.guests,
                        "-K", self.config)
        if done.returncode == 0:
            self.counts["accepted"] += 1
            return None
        if done.returncode != 1:
            return f"status {done.returncode}:\n{done.stderr[-2000:]}"
        self.counts["by partc"] += 1
        places = PLACE.findall(done.stderr)
        if not any((TOP / name).exists() for name, _, _ in places):
            return f"no place of a file:\n{done.stderr[-2000:]}"
        return None


def campaign(doc, make, *more):
    """
    Runs make(options, folder, pick).one() as the command line says, which has
    the paths of more besides; keeps what is wrong, and ends with how much there
    was of each of its counts. Without any of its MUST a run shows nothing.
    """
    parser = argparse.ArgumentParser(description=doc)
    for name in more:
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--count", type=int, default=1 << 60)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    wrong = done = 0
    until = time.monotonic() + options.seconds
    with tempfile.TemporaryDirectory() as folder:
        changed = make(options, pathlib.Path(folder),
                       random.Random(options.seed))
        while done < options.count and time.monotonic() < until:
            text, why = changed.one()
            done += 1
            if why is None:
                continue
            wrong += 1
            print(f"---- number {done} of seed {options.seed}: {why}\n"
                  f"{text}\n----", flush=True)
            if options.keep:
                options.keep.mkdir(exist_ok=True)
                (options.keep / f"{options.seed}-{done}.dts").write_text(text)
    print(f"{pathlib.Path(sys.argv[0]).stem}: {done} changed specs of seed {options.seed}: " +
          ", ".join(f"{count} {what}" for what, count in
                    changed.counts.items()) + f"; {wrong} wrong")
    return 1 if wrong or not all(changed.counts[what]
                                 for what in changed.MUST) else 0


if __name__ == "__main__":
    sys.exit(campaign(__doc__, lambda options, folder, pick: Texts(
        options.partc.resolve(), folder, pick), "partc"))
