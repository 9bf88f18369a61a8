# SPDX-License-Identifier: Apache-2.0
"""
`make flash`: what it refuses, what it asks, and that it compares. Refusals
are tested with a file for a disk and an lsblk that says what the test wants
(BULKHEAD_FLASH_TEST), and once more with a loop device, where there is one.
"""
import json
import os
import subprocess
import sys

import pytest

from conftest import TOP, make, spec_path

sys.path.insert(0, os.path.join(TOP, "tools"))
import media  # noqa: E402

FLASH = os.path.join(TOP, "tools/flash.py")
MIB = 1 << 20
IMAGE = bytes(range(256)) * 4096 * 5 + b"the end"   # no whole sector


def device(name, kind="disk", **more):
    return {"name": name, "type": kind, "size": 8 * MIB, "ro": False,
            "maj:min": "250:7", "mountpoints": [None], "fstype": None,
            "model": "Stick", "tran": "usb", **more}


def flash(path, image, answer, **environment):
    return subprocess.run(
        [sys.executable, FLASH, str(path), str(image)], input=answer,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False, timeout=120, env={**os.environ, **environment})


@pytest.fixture
def fake(tmp_path):
    """fake(tree, answer) -> (done, bytes of the disk); the disk is a file."""
    image = tmp_path / "image"
    image.write_bytes(IMAGE)
    stick = tmp_path / "stick"
    folder = tmp_path / "bin"
    folder.mkdir()

    def run(answer="stick\n", **top):
        stick.write_bytes(b"\xaa" * top.get("size", 8 * MIB))
        tree = {"blockdevices": [{**device(str(stick)), **top}]}
        lsblk = folder / "lsblk"
        lsblk.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(tree)}\nEND\n")
        lsblk.chmod(0o755)
        done = flash(stick, image, answer, BULKHEAD_FLASH_TEST="1",
                     PATH=f"{folder}:{os.environ['PATH']}")
        return done, stick.read_bytes()

    return run


def test_writes_compares_and_says_what_next(fake):
    done, disk = fake()
    assert done.returncode == 0, done.stdout
    assert disk[:len(IMAGE)] == IMAGE
    assert set(disk[len(IMAGE):]) == {0xaa}
    assert "usb Stick disk, 8 MiB" in done.stdout
    assert "ALL THAT IS ON IT WILL BE LOST" in done.stdout
    assert "reads back the same" in done.stdout
    assert "docs/install.md" in done.stdout


@pytest.mark.parametrize("answer", ["", "\n", "y\n", "yes\n", "stic\n"])
def test_only_the_name_is_a_yes(fake, answer):
    done, disk = fake(answer)
    assert done.returncode == 1 and set(disk) == {0xaa}
    assert "nothing was written" in done.stdout


def part(**more):
    return {"children": [device("/dev/x1", "part"),
                         device("/dev/x2", "part", **more)]}


REFUSALS = {
    "mounted disk": ({"mountpoints": ["/mnt"]}, "is mounted at /mnt"),
    "mounted partition": (part(mountpoints=[None, "/srv"]),
                          "/dev/x2 is mounted at /srv"),
    "swap in use": (part(mountpoints=["[SWAP]"]), "/dev/x2 is used as swap"),
    "swap": (part(fstype="swap"), "/dev/x2 is swap space"),
    "LVM": (part(fstype="LVM2_member"), "part of an LVM volume group"),
    "RAID": (part(fstype="linux_raid_member"), "part of a RAID"),
    "whole disk in LVM": ({"fstype": "LVM2_member"}, "part of an LVM"),
    "opened volume": (part(children=[device("/dev/mapper/v", "crypt")]),
                      r"/dev/mapper/v (crypt) lies on it"),
    "deep mount": (part(children=[device("/dev/y", "part",
                                         mountpoints=["/"])]),
                   "/dev/y is mounted at /"),
    "a partition": ({"type": "part"}, "is a part, not a whole disk"),
    "a logical volume": ({"type": "lvm"}, "is a lvm, not a whole disk"),
    "read-only": ({"ro": True}, "is read-only"),
    "the system's": (part(**{"maj:min": "SYSTEM"}),
                     "is the disk that this system runs from"),
    "too small": ({"size": MIB}, "the image needs 6 MiB"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refuses(fake, name):
    top, message = REFUSALS[name]
    root = os.stat("/").st_dev
    top = json.loads(json.dumps(top).replace(
        "SYSTEM", f"{os.major(root)}:{os.minor(root)}"))
    done, disk = fake(**top)
    assert done.returncode == 1, done.stdout
    assert message in done.stdout
    # Not even asked.
    assert "Type stick" not in done.stdout
    assert set(disk) == {0xaa}


def test_a_file_is_no_disk(tmp_path):
    (tmp_path / "file").write_bytes(bytes(MIB))
    done = flash(tmp_path / "file", FLASH, "file\n")
    assert done.returncode == 1 and "is not a disk" in done.stdout
    done = flash(tmp_path / "none", FLASH, "none\n")
    assert done.returncode == 1 and "No such file" in done.stdout


def test_a_bad_medium_is_told(tmp_path, monkeypatch):
    """One that keeps the first MiB only, as sticks that lie do."""
    (tmp_path / "image").write_bytes(IMAGE)
    (tmp_path / "stick").write_bytes(bytes(8 * MIB))
    honest = os.pwrite
    monkeypatch.setattr(
        os, "pwrite", lambda fd, data, at: honest(fd, data, at)
        if at < MIB else len(data))
    monkeypatch.setattr(media, "CHUNK", MIB)
    with media.Target(str(tmp_path / "stick")) as target:
        with pytest.raises(media.MediaError, match="between 1 and"):
            target.copy(0, str(tmp_path / "image"))


def test_make_flash_names_what_is_missing():
    spec = f"SPEC={spec_path('report.dts')}"
    done = make("flash", spec)
    assert done.returncode != 0 and "DEV=/dev/sdx" in done.stdout
    done = make("update", spec)
    assert done.returncode != 0 and "DISK=/dev/sdx" in done.stdout
    done = make("flash", spec, "DEV=/dev/null")
    assert done.returncode != 0 and "is not a disk" in done.stdout


def losetup(*argv):
    return subprocess.run(["losetup", *map(str, argv)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)


@pytest.fixture
def loop(tmp_path):
    """A real block device, of 64 MiB."""
    (tmp_path / "backing").write_bytes(bytes(64 * MIB))
    done = losetup("--find", "--show", tmp_path / "backing")
    if done.returncode:
        pytest.skip("no loop device can be had here")
    yield done.stdout.strip()
    losetup("--detach", done.stdout.strip())


def test_flash_loop_device(loop, tmp_path):
    (tmp_path / "image").write_bytes(IMAGE)
    done = flash(loop, tmp_path / "image", os.path.basename(loop) + "\n")
    assert done.returncode == 0, done.stdout
    with open(loop, "rb") as file:
        assert file.read(len(IMAGE)) == IMAGE
    # Somebody else has it.
    with open(loop, "rb") as other:
        taken = os.open(loop, os.O_RDONLY | os.O_EXCL)
        try:
            done = flash(loop, tmp_path / "image", "x\n")
            assert done.returncode == 1 and "busy" in done.stdout
        finally:
            os.close(taken)
        assert other.read(len(IMAGE)) == IMAGE
    # A member of something is refused by what is written on it.
    subprocess.run(["mkswap", loop], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    done = flash(loop, tmp_path / "image", os.path.basename(loop) + "\n")
    assert done.returncode == 1 and "is swap space" in done.stdout
