# SPDX-License-Identifier: Apache-2.0
"""
The launch partition by itself, without a hypervisor: QEMU puts table,
manifest and memory where it looks for them, and reads of port 0x610 are 0.
"""
import os
import subprocess
import sys

import pytest

from conftest import BUILD, TOP, make

sys.path.insert(0, os.path.join(TOP, "tests", "launch"))
import manifest as form  # noqa: E402

LAUNCH, TABLE, MANIFEST = 0x100000, 0x3000000, 0x3010000
WINDOWS = [4 << 30, (4 << 30) + (16 << 20)]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A directory with keys, a launch.bin that trusts two, and bare.elf."""
    at = str(tmp_path_factory.mktemp("launch"))
    subprocess.run([TOP + "/tests/launch/keys.sh", at, "rsa"], check=True)
    with open(at + "/ca.pem", "w") as file:
        file.write(open(at + "/root.pem").read() +
                   open(at + "/rsaroot.pem").read())
    done = make("launch", f"LAUNCH_CA={at}/ca.pem", f"LAUNCH_OUT={at}")
    assert done.returncode == 0, done.stdout
    subprocess.run(["gcc", "-m32", f"-DTABLE={TABLE}", f"-DENTRY={LAUNCH}",
                    "-c", TOP + "/tests/launch/bare.S", "-o",
                    at + "/bare.o"], check=True)
    subprocess.run(["ld", "-m", "elf_i386", "-nostdlib", "-static",
                    "--no-warn-rwx-segments", "-Ttext=0x2000000", "-e",
                    "bare_start", "-o", at + "/bare.elf", at + "/bare.o"],
                   check=True)
    return at


def two_partitions():
    a = form.Partition("a", 2 << 20)
    a.extents = [(form.PAYLOAD, 0x100000, os.urandom(300001)),
                 (form.COMMAND_LINE, 0x9000, b"console=ttyS0\0"),
                 (form.BOOT_DATA, 0x80000, bytes(range(32)))]
    b = form.Partition("b", 4 << 20)
    b.extents = [(form.PAYLOAD, 0x200000, os.urandom(4096)),
                 (form.MODULE, 0x300000, os.urandom(12345))]
    return [a, b]


def verdict_page(place):
    """Number of the page, from the program's symbols."""
    said = subprocess.run(["nm", place + "/launch.elf"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return [int(line.split()[0], 16) >> 12 for line in said.split("\n")
            if line.endswith(" launch_answer")][0]


def run(place, partitions, signed, damage=None):
    """What the launch partition prints of them."""
    pieces = [(LAUNCH, open(place + "/launch.bin", "rb").read()),
              (TABLE, form.launch_table(partitions, WINDOWS, MANIFEST)),
              (MANIFEST, signed)]
    for p, window in zip(partitions, WINDOWS):
        memory = p.memory()
        for name, gpa in damage or []:
            if name == p.name:
                memory[gpa] ^= 1
        pieces.append((window, memory))
    command = ["qemu-system-x86_64", "-machine", "q35", "-m", "4608",
               "-nodefaults", "-display", "none", "-no-reboot",
               "-debugcon", "stdio", "-kernel", place + "/bare.elf",
               "-device", "isa-debug-exit,iobase=0x610,iosize=4"]
    for number, (address, data) in enumerate(pieces):
        path = f"{place}/piece{number}"
        with open(path, "wb") as file:
            file.write(data)
        command += ["-device", f"loader,file={path},addr={address:#x},"
                    "force-raw=on"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True, timeout=300,
                          check=False)
    # The device ends QEMU with twice what was written, and one.
    assert done.returncode == (verdict_page(place) * 2 + 1) & 0xff
    return done.stdout.split("\n")


def test_good_image_and_damaged_one(place):
    partitions = two_partitions()
    signed = form.manifest(partitions, [place + "/leaf.pem",
                                        place + "/middle.pem"],
                           place + "/leaf.key")
    assert run(place, partitions, signed) == ["a: good", "b: good", ""]
    assert run(place, partitions, signed,
               [("a", 0x1493e0), ("b", 0x1fffff)]) == [
                   "a: refused: payload at 0x100000",
                   "b: refused: not zero where nothing is loaded at 0x1fffff",
                   ""]


def test_rsa(place):
    """As large as keys may be: its memory is enough."""
    partitions = two_partitions()
    signed = form.manifest(partitions, [place + "/rsabig.pem"],
                           place + "/rsabig.key", rsa=512)
    assert run(place, partitions, signed) == ["a: good", "b: good", ""]


def test_foreign_signature(place):
    partitions = two_partitions()
    signed = form.manifest(partitions, [place + "/quick.pem"],
                           place + "/quick.key")
    why = "refused: issued by none of the authorities"
    assert run(place, partitions, signed) == [
        f"check: {why}", f"a: {why}", f"b: {why}", ""]
