#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
Runs kconfig-conf and fails on what it hides.

kconfig-conf 4.11 exits 0 and says nothing when a configuration names an
unknown symbol, when a number is out of range, and when a Kconfig file
depends on or selects a symbol that does not exist. Every configuration of a
build passes through this program, so none of these goes unnoticed:

  kconf.py defconfig FILE   .config from a defconfig
  kconf.py olddefconfig     .config completed with defaults
  kconf.py sync             auto.conf and autoconf.h from .config
  kconf.py savedefconfig    the shortest defconfig for .config
  kconf.py lint             the Kconfig files themselves

KCONFIG names the top file; KCONFIG_CONFIG, KCONFIG_AUTOCONFIG and
KCONFIG_AUTOHEADER are kconfig's own variables.
"""
import os
import re
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KCONFIG = os.environ.get("KCONFIG", os.path.join(TOP, "Kconfig"))
CONFIG = os.environ.get("KCONFIG_CONFIG", ".config")

KEYWORDS = {"y", "n", "m", "if", "on"}


def fail(errors):
    for error in errors:
        print(f"{error}", file=sys.stderr)
    sys.exit(1)


def read_config(path):
    """{symbol: (value, line number)}; 'is not set' is the value n."""
    values = {}
    errors = []
    with open(path) as lines:
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\n")
            off = re.fullmatch(r"# CONFIG_(\w+) is not set", line)
            if off:
                values[off[1]] = ("n", number)
                continue
            if not line.strip() or line.startswith("#"):
                continue
            on = re.fullmatch(r"CONFIG_(\w+)=(.*)", line)
            if not on:
                errors.append(f"{path}:{number}: error: not a line of a "
                              f"configuration: {line}")
                continue
            if on[1] in values and values[on[1]][0] != on[2]:
                errors.append(f"{path}:{number}: error: CONFIG_{on[1]} is "
                              f"set twice, first in line "
                              f"{values[on[1]][1]}")
            values[on[1]] = (on[2], number)
    if errors:
        fail(errors)
    return values


def same_value(asked, got):
    if asked == got:
        return True
    try:
        return int(asked, 0) == int(got, 0)
    except ValueError:
        return False


def compare(path, asked):
    """Every line that was asked for must have come out as it was."""
    got = read_config(CONFIG)
    errors = []
    known = set(symbols())
    for name, (value, number) in asked.items():
        where = f"{path}:{number}: error: CONFIG_{name}"
        if name not in known:
            errors.append(f"{where}: no Kconfig file has this symbol")
            continue
        result = got.get(name, ("n", 0))[0]
        if not same_value(value, result):
            if name not in got and value != "n":
                why = "is left out (its dependencies are not met)"
            else:
                why = f"came out as {result} (out of range, or overruled)"
            errors.append(f"{where}={value} {why}")
    return errors


def kconfig_files():
    files = []
    queue = [KCONFIG]
    while queue:
        path = queue.pop(0)
        files.append(path)
        with open(path) as lines:
            for line in lines:
                source = re.match(r'\s*source\s+"([^"]+)"', line)
                if source:
                    queue.append(os.path.join(TOP, source[1]))
    return files


def statements(path):
    """(line number, text) without help texts and comments."""
    help_indent = None
    with open(path) as lines:
        for number, line in enumerate(lines, 1):
            text = line.expandtabs(8).rstrip()
            if not text.strip():
                continue
            indent = len(text) - len(text.lstrip())
            if help_indent is not None:
                if help_indent < 0:
                    help_indent = indent
                if indent >= help_indent and indent > 0:
                    continue
                help_indent = None
            text = text.strip()
            if text.startswith("#"):
                continue
            if text in ("help", "---help---"):
                help_indent = -1
                continue
            yield number, text


def symbols():
    for path in kconfig_files():
        for _, text in statements(path):
            found = re.match(r"(?:menu)?config\s+(\w+)", text)
            if found:
                yield found[1]


def lint():
    """Each symbol that an expression names must be defined."""
    known = set(symbols())
    errors = []
    for path in kconfig_files():
        for number, text in statements(path):
            words = text.split(None, 1)
            if words[0] not in ("depends", "select", "imply", "default",
                                "if", "visible", "range", "def_bool",
                                "bool", "int", "hex", "string", "prompt"):
                continue
            rest = re.sub(r'"[^"]*"', "", words[1] if len(words) > 1 else "")
            for name in re.findall(r"\b[A-Za-z_]\w*\b", rest):
                if name not in known and name not in KEYWORDS:
                    errors.append(f"{path}:{number}: error: {name}: no "
                                  f"Kconfig file has this symbol")
    return errors


def conf(*arguments):
    run = subprocess.run(["kconfig-conf", *arguments, KCONFIG],
                         stdin=subprocess.DEVNULL, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         env={**os.environ, "srctree": TOP},
                         cwd=os.path.dirname(os.path.abspath(CONFIG)))
    said = run.stderr.strip()
    if run.returncode or said or "warning:" in run.stdout:
        fail([run.stdout.strip(), said,
              f"error: kconfig-conf {arguments[0]} failed"])


def resolve(path, *arguments):
    asked = read_config(path)
    before = CONFIG + ".old-request"
    if os.path.exists(CONFIG):
        shutil.copyfile(CONFIG, before)
    conf(*arguments)
    errors = compare(path, asked)
    if errors:
        # A configuration that is not the one asked for must not stay.
        if os.path.exists(before):
            os.replace(before, CONFIG)
        else:
            os.unlink(CONFIG)
        fail(errors)
    if os.path.exists(before):
        os.unlink(before)


def main():
    mode = sys.argv[1] if len(sys.argv) > 1 else ""
    for name in ("KCONFIG_CONFIG", "KCONFIG_AUTOCONFIG",
                 "KCONFIG_AUTOHEADER", "KCONFIG_TRISTATE"):
        if name in os.environ:
            os.makedirs(os.path.dirname(os.environ[name]), exist_ok=True)
    errors = lint()
    if errors:
        fail(errors)
    if mode == "defconfig":
        path = sys.argv[2]
        if not os.path.isfile(path):
            known = sorted(os.listdir(os.path.join(TOP, "configs")))
            fail([f"error: no file {path}; there are: {' '.join(known)}"])
        resolve(path, f"--defconfig={os.path.abspath(path)}")
    elif mode == "olddefconfig":
        resolve(CONFIG, "--olddefconfig")
    elif mode == "sync":
        resolve(CONFIG, "--olddefconfig")
        conf("-s", "--silentoldconfig")
    elif mode == "savedefconfig":
        conf(f"--savedefconfig={sys.argv[2]}")
    elif mode != "lint":
        print(__doc__, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
