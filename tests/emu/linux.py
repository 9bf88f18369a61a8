# SPDX-License-Identifier: Apache-2.0
"""A Linux partition as its user meets it: a shell, and what the kernel says."""
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
PROMPT = r"^/root # $"
KERNEL_LINE = re.compile(r"\[ *\d+\.\d{6}\] ")
# What must never be in a kernel's log, whatever its level.
NEVER = re.compile(r"unchecked MSR|Call Trace|WARNING:|BUG:|Oops|"
                   r"general protection|lockup|rcu.*stall|"
                   r"Kernel panic")


class Shell:
    def __init__(self, machine, partition="linux", timeout=120):
        self.machine = machine
        self.partition = partition
        self.serial = 0
        self.ready(timeout)

    def ready(self, timeout):
        """
        Waits for the prompt of a kernel that has just started; then lines
        are read without prompt and echo.
        """
        self.machine.expect("Ready: a shell", self.partition, timeout)
        self.machine.expect(PROMPT, self.partition, timeout)
        self.start("exec sh -c \"stty -echo; echo now 'quiet'; "
                   "while read -r l; do eval \\\"\\$l\\\"; done\"")
        self.machine.expect("^now quiet$", self.partition, timeout)

    def run(self, command, timeout=60):
        """The lines of its output; it must end with status 0."""
        self.serial += 1
        mark = f"end of {self.serial}:"
        first = len(self.machine.lines)
        self.start(f"{command}; echo {mark} $?")
        found = self.machine.expect(rf"^{mark} (\d+)$", self.partition,
                                    timeout)
        lines = [text for source, text in self.machine.lines[first:]
                 if source == self.partition]
        assert found[1] == "0", "\n".join(lines)
        return [line for line in lines if line and not line.startswith(mark)
                and not KERNEL_LINE.match(line)]

    def start(self, command):
        """Types it; waits for nothing."""
        self.machine.send(command + "\n", self.partition)


def allowed():
    """(regular expression, reason) from linux-allowed.txt."""
    rows = []
    with open(os.path.join(HERE, "linux-allowed.txt")) as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                pattern, reason = line.rstrip("\n").split(" ## ")
                rows.append((re.compile(pattern), reason))
    return rows


def unexpected_lines(machine, partition="linux"):
    """Kernel lines on the console that no row of the list allows."""
    patterns = [pattern for pattern, _ in allowed()]
    return [line for line in machine.text(partition)
            if KERNEL_LINE.match(line)
            and not any(p.search(line) for p in patterns)]


def bad_lines(machine, partition="linux"):
    """Lines that must not be, but for those that have a reason."""
    patterns = [pattern for pattern, _ in allowed()]
    return [line for line in machine.text(partition) if NEVER.search(line)
            and not any(p.search(line) for p in patterns)]
