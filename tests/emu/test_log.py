# SPDX-License-Identifier: Apache-2.0
"""
The log ring in memory: a warm reset keeps it, whichever way the image was
loaded, so that a box without a console can tell what happened before.
"""
import os
import subprocess

import pytest

from conftest import BUILD, GUESTS, TOP, environment_of_make, spec_path
from emulator import Machine


@pytest.mark.parametrize("firmware", ["direct", "bios"])
def test_ring_survives_a_warm_reset(image, firmware):
    ring_survives(image("hello.dts"), firmware)


@pytest.mark.soak
def test_ring_survives_uefi_above_its_memory(tmp_path):
    """OVMF uses memory up to 40 MiB while it starts: docs/install.md."""
    build, out = tmp_path / "build", tmp_path / "image"
    build.mkdir()
    (build / ".config").write_text("CONFIG_IMAGE_BASE_MIB=128\n")
    done = subprocess.run(
        ["make", "--no-print-directory", f"BUILD={build}", f"GUESTS={GUESTS}",
         f"SPEC={spec_path('hello.dts')}", f"O={out}", "image"], cwd=TOP,
        env=environment_of_make(), text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    assert done.returncode == 0, done.stdout
    ring_survives(str(out), "uefi")


def ring_survives(directory, firmware):
    with Machine(directory, firmware=firmware, reboot=True) as machine:
        machine.expect("partition long started", "bulkhead", timeout=120)
        machine.expect("hello from", "long", timeout=30)
        machine.run_for(1)
        first = machine.text().count("ready")
        assert first == 1
        lines = len(machine.lines)
        machine.hmp("system_reset")
        # The old lines come again, then the mark, then the new run.
        machine.expect("left by the run before this one", "bulkhead",
                       timeout=120)
        again = "\n".join(text for _, text in machine.lines[lines:])
        assert "Bulkhead, spec hello.dts" in again
        assert "partition long started (start 1)" in again
        machine.expect("partition long started", "bulkhead", timeout=60)


def test_grub_shows_the_ring(image, tmp_path):
    """For a box without a serial port: what docs/install.md tells to type."""
    directory = image("hello.dts")
    elf = os.path.join(directory, "bulkhead.elf")
    names = subprocess.run(["nm", elf], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    ring = next(int(line.split()[0], 16) for line in names
                if line.endswith(" ring"))
    menu = tmp_path / "grub.cfg"
    menu.write_text(f"serial --unit=0 --speed=115200\n"
                    f"terminal_output serial\n"
                    f"hexdump --skip={ring:#x} --length=512 (mem)\n"
                    f"echo shown\n")
    grub = os.path.join(BUILD, "grub")
    subprocess.run(["tools/iso.sh", f"{grub}/iso-bios", f"{grub}/iso-uefi",
                    elf, str(menu), str(tmp_path / "other.iso")], cwd=TOP,
                   check=True, timeout=60)
    with Machine(directory, firmware="bios") as machine:
        machine.expect("partition long started", "bulkhead", timeout=120)
        first = len(machine.lines)
        machine.hmp(f"change boot {tmp_path}/other.iso")
        machine.hmp("system_reset")
        machine.expect("^shown", "bulkhead", timeout=120)
        text = "\n".join(text for _, text in machine.lines[first:])
        shown = "".join(line.split("|")[1] for line in text.split("\n")
                        if line.count("|") >= 2)
        assert "Bulkhead, spec hello.dts" in shown, text
