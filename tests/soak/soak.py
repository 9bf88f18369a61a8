#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
soak.py DIRECTORY SECONDS: the demo in DIRECTORY, booted over and over; in each
machine Linux is put to work and restarts itself, beside the loop. Each start
of Linux that is as the first one was counts as passed.
"""
import os
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/emu"))
from emulator import EmulatorError, Machine  # noqa: E402
from guests import assert_no_failure, log, loop_goes_on  # noqa: E402
from linux import Shell, bad_lines, unexpected_lines  # noqa: E402

STARTS = 4          # of Linux in one machine; the spec bounds the failures
LIMIT_S = 300       # one start on a busy host


def check_start(machine, shell, start, hashes):
    """This start is like any other, in this machine or another."""
    machine.expect(rf"partition linux started \(start {start}\)", "bulkhead",
                   timeout=LIMIT_S)
    shell.ready(LIMIT_S) if start > 1 else None
    assert shell.run("nproc", LIMIT_S) == ["2"]
    hashes |= {found.groups() for found in
               log(machine, r"partition linux hash memory (\S+) vp (\S+)")}
    assert len(hashes) == 1, f"starts differ: {hashes}"
    assert not unexpected_lines(machine), unexpected_lines(machine)
    assert not bad_lines(machine), bad_lines(machine)
    assert len(log(machine, "partition loop started")) == 1
    assert_no_failure(machine, "linux")
    loop_goes_on(machine, LIMIT_S)


def work(shell):
    """Memory, forks, pipes, both VPs."""
    shell.run("mount -t tmpfs -o size=100m none /tmp; "
              "yes dirty | head -c 60000000 >/tmp/fill; "
              "for j in 1 2; do (for i in $(seq 30); do "
              "echo $i | md5sum >/dev/null; done) & done; wait", LIMIT_S)


def one_machine(directory, firmware, hashes, until):
    """Yields for each good start."""
    with Machine(directory, firmware=firmware) as machine:
        shell = Shell(machine, timeout=LIMIT_S)
        for start in range(1, STARTS + 1):
            check_start(machine, shell, start, hashes)
            yield
            if start == STARTS or time.monotonic() > until:
                return
            work(shell)
            shell.start("reboot -f")


def main():
    directory, until = sys.argv[1], time.monotonic() + float(sys.argv[2])
    machines = passed = failed = 0
    hashes = set()
    while time.monotonic() < until and not failed:
        machines += 1
        try:
            for _ in one_machine(directory, ("direct", "bios")[machines % 2],
                                 hashes, until):
                passed += 1
        except (AssertionError, EmulatorError) as error:
            failed += 1
            print(f"machine {machines}, after {passed} starts: "
                  f"{type(error).__name__}: {error}")
    print(f"soak: {machines} machines, {passed} starts of Linux")
    print(f"soak: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
