#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
boots.py [--count N | --seconds S] [--seed N] [--keep DIRECTORY]

A spec that partc accepts boots. Specs of the emulator tests, changed as
texts.py changes them (with the board and the profiles in the text, so that
those change too), are compiled; each that is accepted is linked, verified and
booted in QEMU on the machine that it describes. It must come up: no panic, no
refusal but by a line of the board, and every partition started. What a guest
makes of its changed world is its own affair, and counted by reason.

BULKHEAD_BUILD and BULKHEAD_GUESTS as for the emulator tests.
"""
import collections
import os
import pathlib
import re
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/emu"), str(TOP / "tests/fuzz")]
from conftest import BUILD, GUESTS, make  # noqa: E402
from emulator import EmulatorError, Machine  # noqa: E402
from texts import WORDS, campaign, change, flat  # noqa: E402

LIMIT_S = 60
SPECS = ("hello", "uart", "smp", "channels", "calls", "plain",
         "quiet", "report", "multiboot", "state", "wake", "faults", "nvs",
         "board-i440fx", "board-small", "amd-only")
# A partition that ends by its own doing or its policy's.
END = re.compile(r"partition (\S+) (failed|halted|restarts|asks)\b(.*)")


class Boots:
    MUST = ("accepted", "refused")

    def __init__(self, where, pick):
        self.where, self.pick = where, pick
        paths = [TOP / f"tests/emu/specs/{name}.dts" for name in SPECS]
        paths += [TOP / "partition-specs/minimal.dts",
                  TOP / "partition-specs/strict.dts"]
        self.specs = [(path, path.read_text()) for path in paths]
        everything = "".join(flat(text) for _, text in self.specs)
        self.words = [sorted(set(re.findall(what, everything)))
                      for what in WORDS]
        for path, _ in self.specs:
            made = make("image", f"SPEC={path}", f"O={where / 'first'}")
            assert made.returncode == 0, made.stdout
        self.counts = collections.Counter()

    def one(self):
        """(text, what is wrong with it; None: nothing)"""
        path, good = self.pick.choice(self.specs)
        text = good = flat(good)
        for _ in range(self.pick.choice((1, 1, 2, 3))):
            text = change(text, self.words, self.pick)
        if text == good:
            return text, None
        spec = self.where / "changed.dts"
        # What stands beside the spec is still found.
        spec.write_text(text.replace('#include "',
                                     f'#include "{path.parent}/'))
        out = self.where / "image"
        made = self.make_elf(spec, out)
        if made.returncode != 0:
            # Who said no last? cpp, dtc and partc may; nobody after them.
            steps = re.findall(r"^  ([A-Z]+) ", made.stdout, re.M)
            if steps[-1] in ("CPP", "DTC", "PARTC") and \
                    "error" in made.stdout:
                self.counts["refused"] += 1
                return text, None
            return text, f"no image:\n{made.stdout[-3000:]}"
        self.counts["accepted"] += 1
        return text, self.boot(out, text)

    def make_elf(self, spec, out):
        """make's own steps, without those that no spec changes."""
        return subprocess.run(
            ["make", "--no-print-directory", "-f", "tools/image.mk",
             f"SPEC={spec}", f"O={out}", f"BUILD={BUILD}",
             f"GUESTS={GUESTS}", f"LAUNCH_OUT={BUILD}/launch", "elf"],
            env=os.environ | {"KCONFIG_AUTOHEADER": f"{BUILD}/include/"
                              "generated/autoconf.h"},
            cwd=TOP, text=True, timeout=300, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def boot(self, directory, text):
        try:
            with Machine(directory, reboot=False) as machine:
                why = self.watch(machine)
        except EmulatorError as error:
            return f"emulator: {error}"
        refused = re.match(r"refused: \S+:(\d+):\d+: ", why or "")
        if refused and int(refused[1]) < 1 + text[:text.index(
                "partitions {")].count("\n"):
            # A board's fact has changed, and QEMU's has not.
            self.counts["for another machine"] += 1
            return None
        return why

    def watch(self, machine):
        waits = set(machine.report.partitions)
        end = time.monotonic() + LIMIT_S
        ready, quiet = False, None
        seen = 0
        while time.monotonic() < (quiet or end):
            alive = machine.pump(0.1)
            for source, text in machine.lines[seen:]:
                if source != "bulkhead":
                    continue
                if re.match(r"(refused|panic):", text):
                    return text
                ready |= text == "ready"
                found = re.match(r"partition (\S+) started", text)
                if found:
                    waits.discard(found[1])
                found = END.match(text)
                if found:
                    self.counts[found[2] + found[3].split(" vp ")[0]] += 1
            seen = len(machine.lines)
            if ready and not waits and quiet is None:
                quiet = time.monotonic() + 1.5
            if not alive:
                break
        if not ready or waits:
            return f"ready: {ready}; not started: {sorted(waits)}; said:\n" + \
                "\n".join(f"[{s}] {t}" for s, t in machine.lines[-40:])
        return None


if __name__ == "__main__":
    sys.exit(campaign(__doc__, lambda _, folder, pick: Boots(folder, pick)))
