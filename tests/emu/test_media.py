# SPDX-License-Identifier: Apache-2.0
"""
The image on its media, by both kinds of firmware and by real GRUB: a CD, a
USB stick, a disk with two slots; an update that stays and one that does not.
"""
import os
import shutil
import subprocess
import sys
import time

import pytest

from conftest import BUILD, TOP, make, spec_path
from emulator import Machine

sys.path.insert(0, os.path.join(TOP, "tools"))
import disk as disk_tool  # noqa: E402

FIRMWARE = ("bios", "uefi")
RAN = "told to the boot loader"
LEFT = "left by the run before this one"


def tool(*argv):
    return subprocess.run([sys.executable, os.path.join(TOP, "tools/disk.py"),
                           *map(str, argv)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          timeout=120)


def make_disk(spec, out):
    done = make("disk", f"SPEC={spec}", f"O={out}")
    assert done.returncode == 0, done.stdout


def renamed(spec, folder, name):
    """The same system by another name, which the log says."""
    with open(spec_path(spec)) as file:
        text = file.read()
    path = folder / name
    path.write_text(text)
    return path


@pytest.fixture(scope="session")
def two_slots(tmp_path_factory):
    """A disk with report.dts in slot a, its reports, and two updates."""
    out = tmp_path_factory.mktemp("slots")
    good = renamed("report.dts", out, "good.dts")
    make_disk(spec_path("report.dts"), out / "disk")
    for name, spec in (("good", good), ("bad", spec_path("report-forge.dts"))):
        done = make("image", f"SPEC={spec}", f"O={out / name}")
        assert done.returncode == 0, done.stdout
    return out


@pytest.fixture
def box(two_slots, tmp_path):
    """A directory with a disk of its own, for Machine."""
    for name in ("disk.img", "report.json"):
        shutil.copy(two_slots / "disk" / name, tmp_path / name)
    return tmp_path


def booted(machine, first=0, timeout=180):
    """
    The lines of the boot that began at line first, once its guest is done
    and all is quiet; not what the log's ring kept of the runs before.
    """
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        count = len(machine.lines)
        assert machine.run_for(2)
        lines = machine.lines[first:]
        marks = [i for i, (_, text) in enumerate(lines) if LEFT in text]
        lines = lines[marks[-1] + 1:] if marks else lines
        if count == len(machine.lines) and any(
                source == "box" and text.startswith("DONE")
                for source, text in lines):
            return [text for _, text in lines]
    raise AssertionError(f"nothing booted{machine.tail()}")


def expect_boot(machine, spec, reported, first=0):
    lines = booted(machine, first)
    specs = [line for line in lines if line.startswith("Bulkhead, spec ")]
    assert specs == [f"Bulkhead, spec {spec}"], machine.tail(60)
    assert (RAN in "\n".join(lines)) == reported, machine.tail(60)


def reset_expect(machine, spec, reported):
    first = len(machine.lines)
    machine.hmp("system_reset")
    expect_boot(machine, spec, reported, first)


def shown(box):
    done = tool("show", box / "disk.img")
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()


@pytest.mark.parametrize("medium", ("cd", "usb", "disk"))
@pytest.mark.parametrize("firmware", FIRMWARE)
def test_boots(two_slots, firmware, medium):
    with Machine(str(two_slots / "disk"), firmware=firmware,
                 medium=medium) as machine:
        expect_boot(machine, "report.dts", True)


@pytest.mark.parametrize("firmware", FIRMWARE)
def test_good_update_stays(two_slots, box, firmware):
    done = tool("update", box / "disk.img", two_slots / "good")
    assert done.returncode == 0, done.stdout
    assert shown(box) == ["slot a: 64 MiB, an image, active",
                          "slot b: 64 MiB, an image, to be tried"]
    with Machine(str(box), firmware=firmware, medium="disk") as machine:
        expect_boot(machine, "good.dts", True)
        reset_expect(machine, "good.dts", True)
        reset_expect(machine, "good.dts", True)
    assert shown(box) == ["slot a: 64 MiB, an image",
                          "slot b: 64 MiB, an image, active"]


@pytest.mark.parametrize("firmware", FIRMWARE)
def test_bad_update_falls_back(two_slots, box, firmware):
    """
    It runs, does not report, and tries to feign a report. That the image
    before it has reported, in the same CMOS, does not count.
    """
    with Machine(str(box), firmware=firmware, medium="disk") as machine:
        expect_boot(machine, "report.dts", True)
        tool("update", box / "disk.img", two_slots / "bad")
        reset_expect(machine, "report-forge.dts", False)
        reset_expect(machine, "report.dts", True)
        reset_expect(machine, "report.dts", True)
    assert shown(box) == ["slot a: 64 MiB, an image, active",
                          "slot b: 64 MiB, an image"]


@pytest.mark.parametrize("firmware", FIRMWARE)
def test_update_that_cannot_be_loaded_falls_back_alone(two_slots, box,
                                                       firmware):
    tool("update", box / "disk.img", two_slots / "good")
    with open(two_slots / "good/bulkhead.elf", "rb") as file:
        head = file.read(4096)
    with disk_tool.Target(str(box / "disk.img")) as disk:
        first, _ = disk_tool.read_layout(disk)["slot-b"]
        disk.put(first + disk.read(first, 4 << 20).index(head), bytes(4096))
    with Machine(str(box), firmware=firmware, medium="disk") as machine:
        expect_boot(machine, "report.dts", True)
    assert shown(box) == ["slot a: 64 MiB, an image, active",
                          "slot b: 64 MiB, an image"]
