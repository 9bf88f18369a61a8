# SPDX-License-Identifier: Apache-2.0
"""
The image on its media, by both kinds of firmware and by real GRUB: a CD, a
USB stick, a disk with two slots; an update that stays and one that does not.
"""
import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
import time
import zlib

import pytest

from conftest import BUILD, TOP, make, spec_path
from emulator import Machine
from linux import Shell

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


# On UEFI a reset takes a good part of a minute.
RESETS = [pytest.param(name, marks=pytest.mark.soak) if name == "uefi" else
          name for name in FIRMWARE]


@pytest.mark.parametrize("firmware", RESETS)
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


@pytest.mark.parametrize("firmware", RESETS)
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


@pytest.mark.parametrize("firmware", RESETS)
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


# ---- what is refused --------------------------------------------------------

def test_range_on_acpi_nvs_is_refused(boot):
    """OVMF keeps ACPI NVS there, SeaBIOS has RAM; the spec's line says so."""
    with open(spec_path("nvs.dts")) as file:
        line = 1 + next(i for i, text in enumerate(file)
                        if "memory = <" in text)
    machine = boot("nvs.dts", firmware="uefi")
    machine.expect(rf"refused: \S+nvs\.dts:{line}:4: box needs "
                   rf"0x800000-0xa00000, but the machine has ACPI NVS at "
                   rf"0x8[0-9a-f]+-0x[0-9a-f]+", "bulkhead", timeout=120)
    machine.run_for(2)
    assert "started" not in "\n".join(machine.text("bulkhead"))
    machine = boot("nvs.dts", firmware="bios")
    machine.expect("partition box started", "bulkhead", timeout=120)


def test_update_refusals(two_slots, box, tmp_path, image):
    def refused(message, *argv):
        before = (box / "disk.img").read_bytes()
        done = tool("update", *argv)
        assert done.returncode == 1 and message in done.stdout, done.stdout
        assert (box / "disk.img").read_bytes() == before

    refused("no GPT", two_slots / "good/bulkhead.elf", two_slots / "good")
    refused("no partition of this spec has a port", box / "disk.img",
            image("hello.dts"))
    elsewhere = tmp_path / "elsewhere.dts"
    with open(spec_path("report.dts")) as file:
        elsewhere.write_text(file.read() + """
/ { machine { boot-ok { cmos = <0x61>; bit = <5>; }; }; };
""")
    refused("cmos 0x61 bit 5", box / "disk.img", image(elsewhere))
    big = tmp_path / "big"
    big.mkdir()
    shutil.copy(two_slots / "good/report.json", big)
    with open(big / "bulkhead.iso", "wb") as file:
        file.truncate(65 << 20)
    refused("does not fit into a slot of 64 MiB", box / "disk.img", big)
    # A trial that has begun: how it ended, only the next boot knows.
    with disk_tool.Target(str(box / "disk.img")) as disk:
        at, _ = disk_tool.find_environment(disk, disk_tool.read_layout(disk))
        disk.put(at, disk_tool.environment(active="a", trial="b", tried="b"))
    refused("FORCE=1", box / "disk.img", two_slots / "good")
    done = tool("update", "--force", box / "disk.img", two_slots / "good")
    assert done.returncode == 0 and "Slot b" in done.stdout


# ---- what is made -----------------------------------------------------------

def test_same_bytes_twice(two_slots, tmp_path):
    """GRUB's programs, the ISO and the disk, made anew two seconds later."""
    out = two_slots / "disk"
    kinds = ("iso-bios", "iso-uefi", "disk-bios", "disk-uefi")
    time.sleep(2.1)     # FAT counts time by two seconds
    for kind in kinds:
        subprocess.run(["tools/grub.sh", kind, str(tmp_path / kind)],
                       cwd=TOP, check=True, timeout=60)
        with open(os.path.join(BUILD, "grub", kind), "rb") as file:
            assert file.read() == (tmp_path / kind).read_bytes(), kind
    subprocess.run(["tools/iso.sh", str(tmp_path / "iso-bios"),
                    str(tmp_path / "iso-uefi"), str(out / "bulkhead.elf"),
                    str(out / "grub.cfg"), str(tmp_path / "bulkhead.iso")],
                   cwd=TOP, check=True, timeout=60)
    assert (out / "bulkhead.iso").read_bytes() == \
        (tmp_path / "bulkhead.iso").read_bytes()
    shutil.copy(out / "report.json", tmp_path)
    for name in ("one", "two"):
        assert tool("create", tmp_path, tmp_path).returncode == 0
        os.rename(tmp_path / "disk.img", tmp_path / name)
        time.sleep(2.1)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_partition_table(two_slots):
    """As another reader sees it; and both copies of it are whole."""
    path = two_slots / "disk/disk.img"
    done = subprocess.run(["partx", "--show", "--noheadings",
                           "--output", "NR,START,END,NAME", str(path)],
                          stdout=subprocess.PIPE, text=True, check=True)
    rows = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert rows == [
        "1 64 2047 bulkhead-bios", "2 2048 100351 bulkhead-esp",
        "3 100352 231423 bulkhead-slot-a", "4 231424 362495 bulkhead-slot-b"]
    data = path.read_bytes()
    last = len(data) // 512 - 1
    for at, other in ((1, last), (last, 1)):
        head = data[at * 512:at * 512 + 92]
        fields = struct.unpack("<8sIIIIQQQQ16sQIII", head)
        table = data[fields[10] * 512:fields[10] * 512 + 128 * 128]
        assert fields[0] == b"EFI PART" and fields[5:7] == (at, other)
        assert fields[3] == zlib.crc32(head[:16] + bytes(4) + head[20:])
        assert fields[13] == zlib.crc32(table)


# ---- the demo ---------------------------------------------------------------

def test_demo_by_uefi_and_linux_reports(boot):
    machine = boot("partition-specs/demo.dts", firmware="uefi", medium="usb")
    shell = Shell(machine, timeout=300)
    shell.run("outb 0x606 1")
    machine.expect("partition linux reports a good boot", "bulkhead",
                   timeout=60)
    machine.expect(RAN, "bulkhead", timeout=60)


# ---- what is measured -------------------------------------------------------

def extends(log):
    """(PCR, all that was sent) of each TPM2_PCR_Extend in swtpm's log."""
    for found in re.finditer(r"SWTPM_IO_Read: length \d+\n"
                             r"((?: [0-9A-F ]+\n)+)", log):
        data = bytes.fromhex("".join(found[1].split()))
        if data[6:10] == b"\0\0\1\x82":
            yield int.from_bytes(data[10:14], "big"), data


def test_uefi_grub_measures_the_image(two_slots, tmp_path):
    """The firmware's TPM gets the hash of bulkhead.elf in PCR 9."""
    log, sock = tmp_path / "log", tmp_path / "sock"
    tpm = subprocess.Popen(
        ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={tmp_path}",
         "--ctrl", f"type=unixio,path={sock}", "--log",
         f"file={log},level=5", "--terminate"])
    try:
        end = time.monotonic() + 20
        while not sock.exists() and time.monotonic() < end:
            time.sleep(0.1)
        with Machine(str(two_slots / "disk"), firmware="uefi", emu_args=[
                "-chardev", f"socket,id=tpm,path={sock}", "-tpmdev",
                "emulator,id=tpm0,chardev=tpm", "-device",
                "tpm-crb,tpmdev=tpm0"]) as machine:
            expect_boot(machine, "report.dts", True)
    finally:
        tpm.terminate()
        tpm.wait(timeout=20)
    with open(two_slots / "disk/bulkhead.elf", "rb") as file:
        digest = hashlib.sha256(file.read()).digest()
    sent = list(extends(log.read_text()))
    assert any(pcr == 9 and digest in data for pcr, data in sent)
    assert any(pcr == 8 for pcr, _ in sent)
