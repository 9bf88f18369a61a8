# SPDX-License-Identifier: Apache-2.0
"""What the lints share: findings, the list of sources, the levels."""
import os
import re
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

# hv/ by level, lowest first. What is not in a folder stands above all.
LEVELS = ["lib", "cpu", "mem", "vcpu", "core", "guest", "run"]


class Lint:
    """One named check after the other; each passes or shows its findings."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, name, findings, note=""):
        findings = list(findings)
        if findings:
            self.failed += 1
            print(f"FAIL  {name}")
            for finding in findings[:40]:
                print(f"      {finding}")
            if len(findings) > 40:
                print(f"      ... and {len(findings) - 40} more")
        else:
            self.passed += 1
            print(f"ok    {name}{': ' if note else ''}{note}")


def sources(*tops, ends=(".c", ".h", ".S")):
    """Paths from the project's root, sorted."""
    found = []
    for top in tops:
        for folder, folders, files in os.walk(os.path.join(TOP, top)):
            folders[:] = [f for f in folders
                          if not f.startswith(".") and f != "__pycache__"]
            found += [os.path.relpath(os.path.join(folder, f), TOP)
                      for f in files if f.endswith(ends)]
    return sorted(found)


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def run(*argv):
    return subprocess.run(argv, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def level_of(path):
    """
    0.. for a file of hv/ (path with hv/ in it), its number of levels for
    main.c. boot/ stands with cpu: it is the processor's start.
    """
    found = re.search(r"(?:^|/)hv/([a-z]+)/", path)
    if found:
        if found[1] == "include":
            return 0
        return LEVELS.index(found[1])
    if re.search(r"(?:^|/)boot/", path):
        return LEVELS.index("cpu")
    return len(LEVELS)


def level_name(level):
    return LEVELS[level] if level < len(LEVELS) else "main"


def exceptions(kind):
    """
    {what: reason} from exceptions.txt, whose lines are
    KIND WHAT reason in words. A line without a reason is refused.
    """
    found = {}
    path = "tests/lint/exceptions.txt"
    for number, line in enumerate(read(path).splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        words = line.split(None, 2)
        if len(words) < 3:
            raise SystemExit(f"{path}:{number}: error: an exception needs "
                             f"a reason")
        if words[0] == kind:
            found[words[1]] = words[2]
    return found
