# SPDX-License-Identifier: Apache-2.0
"""
The board file that tools/board-capture makes of an emulated machine, from the
capture image and from a running Linux, against what the emulator was told; a
spec on that board boots on that machine.
"""
import base64
import gzip
import json
import os
import re
import subprocess
import sys

import pytest

from bochs import machine as start_machine
from conftest import BUILD, GUESTS, TOP, make
from guests import run_to_done
from linux import Shell

sys.path.insert(0, os.path.join(TOP, "tools"))
import initramfs  # noqa: E402

MIB = 1 << 20
PORTS = {"com1": (0x3f8, 4), "com2": (0x2f8, 3), "com3": (0x3e8, 10)}
TSC_ALIKE = "whether the TSCs of all LPs run alike"
SPEC = """/dts-v1/;
#include "board.dtsi"
#include <profiles.dtsi>
/ {
	machine { qemu = "%s"; };
	partitions {
		hello {
			profile = <&bare_profile>;
			memory = <MiB(2)>;
			vps = <&lp%d>;
			boot = "raw64";
			payload = "guest:hello.bin";
			load-address = <0x100000>;
			console = "log";
		};
	};
};
"""


def describe(where, qemu, lps, mib, coms, modules=()):
    """What the emulators' drivers read of an image's report: a machine."""
    (where / "report.json").write_text(json.dumps({
        "partitions": [{"name": com, "uart": dict(zip(("port", "irq"),
                                                      PORTS[com]))}
                       for com in coms],
        "machine": {"qemu": qemu, "ram_bytes": mib * MIB,
                    "lps": [{"apic_id": n} for n in range(lps)]},
        "modules": [{"file": name} for name in modules]}))


@pytest.fixture(scope="module")
def capture_image():
    done = make("board-image")
    assert done.returncode == 0, done.stdout
    return os.path.join(BUILD, "board")


class Captured:
    def __init__(self, where, source, said):
        """source: the option and the file."""
        done = subprocess.run(
            ["/usr/bin/python3", os.path.join(TOP, "tools/board-capture"),
             "--output", str(where / "board.dtsi"), *source, "box"],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout
        self.text = (where / "board.dtsi").read_text()
        self.unknown = re.findall(r"^not known: (.*)$", done.stdout, re.M)
        self.said = said

    def values(self, name):
        return [int(v, 0) for v in re.findall(rf"\b{name} = <(\w+)>;",
                                              self.text)]

    def ram(self):
        """Bytes above 1 MiB, and above 4 GiB."""
        unit = {"BYTES": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
        ranges = [(int(base, 16), int(count, 0) * unit[name])
                  for base, name, count in re.findall(
                      r"ram@.* \{\s*reg = <ADDR\((\w+)\) (\w+)\((\w+)\)>",
                      self.text)]
        return sum(s for _, s in ranges), \
            sum(s for b, s in ranges if b >= 1 << 32)

    def answer(self, where):
        """What a person does: find out, and remove the question."""
        (where / "board.dtsi").write_text(re.sub(
            r'unknown = (?:"[^"]*",?\s*)+;', "", self.text))


def check(board, lps, mib, coms, spared, vendor="amd"):
    """Against what the emulator was told; spared: what firmware may keep."""
    assert board.values("apic-id") == list(range(lps))
    found = set(zip(board.values("base"), board.values("irq")))
    assert found == {PORTS[com] for com in coms}
    assert board.values("pins") == [24]
    assert "base = <ADDR(0xfec00000)>;" in board.text
    assert f'vendor = "{vendor}";' in board.text
    whole, above = board.ram()
    assert (mib - spared) * MIB <= whole <= (mib - 1) * MIB
    # The q35 has 2 GiB below 4 GiB, if it has more than fits there.
    assert above == max(0, mib - 2048) * MIB


def build_and_boot(where, board, qemu, lps, mib, **arguments):
    """An image that relies on all of the captured board."""
    board.answer(where)
    (where / "box.dts").write_text(SPEC % (qemu, lps - 1))
    out = str(where / "out")
    done = make("image", f"SPEC={where}/box.dts", f"O={out}")
    assert done.returncode == 0, done.stdout
    if arguments.get("emulator", "qemu") == "qemu":
        arguments["emu_args"] = ["-m", f"{mib}M"]
    with start_machine(out, **arguments) as machine:
        run_to_done(machine, "hello", 0, timeout=300)


# machine: LPs, MiB, UARTs that it has, and arguments of the emulator.
MACHINES = {
    "q35-bios": ("q35", 3, 3072, ("com1", "com2", "com3"),
                 {"firmware": "bios"}, [TSC_ALIKE]),
    "q35-uefi": ("q35", 2, 512, ("com1", "com2"), {"firmware": "uefi"},
                 [TSC_ALIKE]),
    "i440fx-bios": ("i440fx", 2, 256, ("com1", "com2"), {"firmware": "bios"},
                    [TSC_ALIKE]),
    "i440fx-uefi": ("i440fx", 1, 384, ("com1", "com2"), {"firmware": "uefi"},
                    []),
    # CPUID says 1.5 GHz; its TSC counts 50 million instructions a second.
    "bochs": ("i440fx", 2, 256, ("com1", ), {"emulator": "bochs"},
              ["tsc-hz"]),
}
SPARED = {"bios": 3, "uefi": 40, "bochs": 3}


# UEFI takes longest of all.
@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.soak) if name == "i440fx-uefi"
    else name for name in MACHINES])
def test_capture_image(tmp_path, capture_image, name):
    qemu, lps, mib, coms, arguments, unknown = MACHINES[name]
    for kind in ("elf", "iso"):
        os.symlink(f"{capture_image}/board.{kind}",
                   tmp_path / f"bulkhead.{kind}")
    describe(tmp_path, qemu, lps, mib, coms)
    with start_machine(str(tmp_path), **arguments) as machine:
        machine.expect(r"#b end \w+ #\w{4}", "com1", timeout=300)
        lines = machine.text("com1")
    log = tmp_path / "serial.log"
    log.write_text("\n".join(lines) + "\n")
    board = Captured(tmp_path, ["--serial", str(log)], lines)
    check(board, lps, mib, coms, SPARED[name.rsplit("-")[-1]],
          "intel" if name == "bochs" else "amd")
    assert board.unknown == unknown
    build_and_boot(tmp_path, board, qemu, lps, mib, **arguments)


def make_initrd(path):
    """The Debian guest's, and the script."""
    archive = initramfs.Archive()
    with open(os.path.join(TOP, "tools/board-save.sh"), "rb") as file:
        archive.add("board-save.sh", initramfs.S_FILE, file.read())
    archive.add("TRAILER!!!", 0)
    with open(os.path.join(GUESTS, "initramfs"), "rb") as file:
        path.write_bytes(file.read() + gzip.compress(bytes(archive.data)))


def test_running_linux(tmp_path):
    """A cloud kernel with busybox on the bare machine, and no Python there."""
    done = make(f"{GUESTS}/vmlinuz-cloud", f"{GUESTS}/initramfs")
    assert done.returncode == 0, done.stdout
    os.symlink(f"{GUESTS}/vmlinuz-cloud", tmp_path / "bulkhead.elf")
    make_initrd(tmp_path / "initrd")
    describe(tmp_path, "q35", 2, 512, ("com1", "com2"), ["initrd"])
    with start_machine(str(tmp_path), emu_args=[
            "-append", "console=ttyS0 loglevel=3"]) as machine:
        shell = Shell(machine, "com1", timeout=300)
        shell.run("sh /board-save.sh /tmp/box.tar.gz", timeout=120)
        lines = shell.run("base64 /tmp/box.tar.gz", timeout=120)
    path = tmp_path / "box.tar.gz"
    path.write_bytes(base64.b64decode("".join(lines)))
    board = Captured(tmp_path, ["--root", str(path)], lines)
    check(board, 2, 512, ("com1", "com2"), SPARED["bios"])
    assert 'board = "QEMU Standard PC (Q35 + ICH9, 2009)";' in board.text
    # Whether Linux calibrates such a TSC depends on how busy the host is.
    assert set(board.unknown) - {"tsc-hz"} == {TSC_ALIKE}
    build_and_boot(tmp_path, board, "q35", 2, 512)
