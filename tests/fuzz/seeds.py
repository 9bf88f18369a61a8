#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
seeds.py DIRECTORY: what fuzz_spec starts from. A file for each spec of
tests/fuzz/spec, and two that ship: its tree, then the bytes of a payload as its
comment "PAYLOAD: kind" says.
"""
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/compiler"))
from toolchain import (bzimage, multiboot_elf, multiboot_flat,  # noqa: E402
                       pvh_elf)

PAYLOADS = {
    "raw": [bytes(range(200)), b""],
    "linux": [bzimage(size=64)],
    "pvh": [pvh_elf(), pvh_elf(wide=False)],
    "multiboot": [multiboot_elf(at=0x54, size=128), multiboot_flat(size=128)],
}


def tree(spec):
    text = subprocess.run(
        ["gcc", "-E", "-nostdinc", "-undef", "-D__DTS__", "-x",
         "assembler-with-cpp", "-I", str(spec.parent), "-Ipartition-specs",
         "-Ipartition-specs/include", str(spec)], check=True, cwd=TOP,
        stdout=subprocess.PIPE).stdout
    return subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb"], input=text,
                          check=True, stdout=subprocess.PIPE).stdout


def main():
    where = pathlib.Path(sys.argv[1])
    where.mkdir(parents=True, exist_ok=True)
    specs = sorted((TOP / "tests/fuzz/spec").glob("*.dts"))
    for spec in specs + [TOP / f"partition-specs/{name}.dts"
                         for name in ("minimal", "demo")]:
        blob, kind = tree(spec), "raw"
        for line in spec.read_text().splitlines():
            if line.startswith("/* PAYLOAD: "):
                kind = line.split()[2]
        for number, payload in enumerate(PAYLOADS[kind]):
            (where / f"{spec.stem}-{number}").write_bytes(blob + payload)


if __name__ == "__main__":
    main()
