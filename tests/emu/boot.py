#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
The driver behind `make boot`: boots the image in a directory without a
screen and prints every line of every partition, and of the hypervisor's log,
as "[name] text". Ends with 0 as soon as a line matches BULKHEAD_UNTIL, with
1 at the time limit, when the emulator ends first, or when Bulkhead refuses
the machine.

Without a regular expression the emulator's own end is the end: 0 if it ended
well.
"""
import argparse
import os
import re
import shlex
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bochs import machine  # noqa: E402
from emulator import EmulatorError, clean  # noqa: E402

# A line without an end (a prompt) is looked at after so long a silence.
IDLE_S = 0.3


def is_refusal(source, text):
    """After this line the machine stands still."""
    return source == "bulkhead" and text.startswith("refused: ")


class Until:
    """Prints lines, and notes the first that matches."""

    def __init__(self, pattern):
        self.regex = re.compile(pattern) if pattern else None
        self.seen = False
        self.refused = False

    def matches(self, source, text):
        # What the emulator complains about is nobody's console.
        return self.regex is not None and \
            source not in ("qemu", "bochs") and bool(
                self.regex.search(f"[{source}] {text}")
                or self.regex.search(text))

    def line(self, source, text):
        # Lines that came in one piece with the match are not printed after
        # it, so that the last line is the reason for the end.
        if self.seen:
            return
        print(f"[{source}] {text}", flush=True)
        self.seen = self.matches(source, text)
        self.refused |= is_refusal(source, text)

    def partial(self, emulator):
        now = time.monotonic()
        for stream in emulator.all_streams():
            if stream.rest and now - stream.touched > IDLE_S and \
                    self.matches(stream.name, clean(stream.partial())):
                emulator.add_line(stream.name, stream.take_partial())


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory")
    parser.add_argument("--timeout", type=float, default=60)
    parser.add_argument("--emu", default="qemu")
    parser.add_argument("--firmware", default="direct")
    parser.add_argument("--medium", default="cd")
    parser.add_argument("--icount", default="0")
    parser.add_argument("--failed", help="make this file in place of a "
                        "status of 1, which make would turn into its own 2")
    return parser.parse_args()


def drive(options, until):
    icount = {"0": False, "": False, "force": "force"}.get(
        options.icount, True)
    started = time.monotonic()
    with machine(options.directory, firmware=options.firmware,
                 medium=options.medium, icount=icount, emulator=options.emu,
                 emu_args=shlex.split(os.environ.get("BULKHEAD_EMU_ARGS",
                                                     "")),
                 on_line=until.line) as emulator:
        while emulator.pump(0.1):
            until.partial(emulator)
            if until.seen:
                return 0
            if until.refused:
                print("boot: Bulkhead refuses this machine", file=sys.stderr)
                return 1
            if 0 < options.timeout < time.monotonic() - started:
                for stream in emulator.all_streams():
                    if stream.rest:
                        emulator.add_line(stream.name, stream.take_partial())
                if until.seen:
                    return 0
                print(f"boot: the time limit of {options.timeout:g} s",
                      file=sys.stderr)
                return 1
        if until.seen:
            return 0
        status = emulator.process.wait()
        print(f"boot: the emulator ended (status {status})", file=sys.stderr)
        return 1 if until.regex or status else 0


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(1))
    try:
        until = Until(os.environ.get("BULKHEAD_UNTIL", ""))
    except re.error as error:
        print(f"boot: UNTIL: {error}", file=sys.stderr)
        return 2
    try:
        options = arguments()
        status = drive(options, until)
        if status == 1 and options.failed:
            with open(options.failed, "w"):
                return 0
        return status
    except (EmulatorError, OSError) as error:
        print(f"boot: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
