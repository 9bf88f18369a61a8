# SPDX-License-Identifier: Apache-2.0
"""What the tests read out of a machine's lines: guests' results, the log."""
import os
import re
import subprocess

DONE = re.compile(r"DONE (\d+) passed, (\d+) failed")
LOOP = re.compile(r"loop: period (\d+) max-late (\d+) lost (\d+) "
                  r"\(last \d+: max-late (\d+) avg-late (\d+) lost (\d+)\)")


def run_to_done(machine, partition, at_least, timeout=90):
    """Waits for a guest's DONE; no FAIL, and no fewer PASS than at_least."""
    found = machine.expect(DONE.pattern, partition=partition, timeout=timeout)
    lines = machine.text(partition)
    failed = [line for line in lines if line.startswith(("FAIL", "TRAP"))]
    assert not failed, "\n".join(failed)
    passed = [line for line in lines if line.startswith("PASS ")]
    assert int(found[1]) == len(passed) >= at_least, passed
    assert int(found[2]) == 0
    return lines


def rewind(machine, source):
    """The next expect() of this source looks at all it said so far."""
    machine.passed[source] = 0


def skip(machine, source):
    """The next expect() of this source looks at what is still to come."""
    machine.passed[source] = len(machine.lines)


def log(machine, pattern):
    """Lines of the hypervisor's log that match, as match objects."""
    found = (re.search(pattern, line) for line in machine.text("bulkhead"))
    return [match for match in found if match]


def assert_no_failure(machine, *but):
    """No partition failed, none restarted, no panic; but for those named."""
    for line in machine.text("bulkhead"):
        assert "panic:" not in line, line
        found = re.match(r"partition (\S+) (failed|restarts|halted)", line)
        assert not found or found[1] in but, line


def symbol(directory, name):
    """Where it lies in the image: (address, size in bytes)."""
    said = subprocess.run(["nm", "-S", os.path.join(directory,
                                                    "bulkhead.elf")],
                          check=True, text=True, stdout=subprocess.PIPE).stdout
    found = re.search(rf"^([0-9a-f]+)(?: ([0-9a-f]+))? \w {name}$", said, re.M)
    return int(found[1], 16), int(found[2] or "0", 16)


def words(machine, address, count=1):
    """64-bit words of the machine's memory."""
    said = machine.hmp(f"xp /{count}gx {address:#x}")
    return [int(word, 16) for word in re.findall(r"0x[0-9a-f]{16}", said)]


class Window:
    """One report of the control loop."""

    def __init__(self, match):
        (self.period, self.max_late, self.lost, self.window_late,
         self.window_average, self.window_lost) = map(int, match.groups())


def loop_windows(machine, partition="loop"):
    found = (LOOP.search(line) for line in machine.text(partition))
    return [Window(match) for match in found if match]


def loop_goes_on(machine, timeout=60):
    """A thousand periods more, from here on."""
    skip(machine, "loop")
    machine.expect(LOOP.pattern, "loop", timeout=timeout)
