# SPDX-License-Identifier: Apache-2.0
"""
The demo on the memory maps of real machines (maps/): captured, placed, linked
and verified, or refused. Also what the board says is held against the map
here, not only by the programs that are tested.
"""
import json
import os
import re
import subprocess

import pytest

from capture import capture, log
from toolchain import HERE, ROOT, make_guests

MAPS = {path.stem: path for path in sorted((ROOT / HERE / "maps").glob(
    "*.txt"))}
BUILD = os.environ.get("BULKHEAD_BUILD", str(ROOT / "build/test"))
MIB = 1 << 20
KINDS = {"usable": 1, "reserved": 2, "ACPI data": 3, "ACPI NVS": 4,
         "type 20": 20}

# Where the demo's Linux (256 MiB) goes; None: behind the image.
PLACES = {
    "apu2": None,
    "asus-x206": None,
    "cx2550": None,
    "dell-laptop": None,
    # There is no whole piece of that size below the firmware.
    "dietpi": 0x12200000,
    "efi-pieces": None,
    "nuc": None,
    "p3-500": None,
    "z8": None,
}
TOO_SMALL = "old-pc"


def read_map(name):
    """(the machine, [(base, end, kind)])"""
    title, *lines = MAPS[name].read_text().splitlines()
    ranges = []
    for text in lines:
        if text != "...":
            first, last, kind = text.split(" ", 2)
            ranges.append((int(first, 16), int(last, 16) + 1, KINDS[kind]))
    return title, ranges


@pytest.fixture(scope="module")
def guests(tmp_path_factory):
    return make_guests(tmp_path_factory.mktemp("maps") / "guests")


def write_spec(where, name):
    """The demo, on the board that a capture of that map gives."""
    (where / "log").write_text(log(memory=read_map(name)[1]), newline="")
    board, said = capture("--serial", where / "log", name=name)
    assert said == ""
    (where / "board.dtsi").write_text(board)
    demo = (ROOT / "partition-specs/demo.dts").read_text()
    assert demo.count("<boards/qemu-q35.dtsi>") == 1
    (where / "demo.dts").write_text(
        demo.replace("<boards/qemu-q35.dtsi>", '"board.dtsi"') +
        "/ { machine { boot-ok { cmos = <0x60>; bit = <0>; }; }; };\n")
    return board


def make(where, guests, out="out"):
    (where / out).mkdir()
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith("MAKE")}
    return subprocess.run(
        ["make", "--no-print-directory", "-f", "tools/image.mk",
         f"SPEC={where}/demo.dts", f"O={where}/{out}", f"BUILD={BUILD}",
         f"GUESTS={guests}",
         f"KCONFIG_AUTOHEADER={BUILD}/include/generated/autoconf.h", "elf"],
        cwd=ROOT, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env=environment)


def inside(base, end, ranges):
    """All of it is usable, none of it anything else."""
    usable = sum(min(end, b) - max(base, a) for a, b, kind in ranges
                 if kind == 1 and a < end and base < b)
    return usable == end - base and not any(
        kind != 1 and a < end and base < b for a, b, kind in ranges)


def check_placement(report, ranges):
    taken = [(p["spa"], p["spa"] + p["memory_bytes"]) for p in report["partitions"]]
    image = report["image"]
    taken.append((image["base"], image["limit"]))
    for base, end in taken:
        assert inside(base, end, ranges), (hex(base), hex(end))
    taken.sort()
    assert all(a[1] <= b[0] for a, b in zip(taken, taken[1:]))


@pytest.mark.parametrize("name", MAPS)
def test_board_lists_only_what_is_usable(tmp_path, name):
    """And all whole pages of that, but for pieces below 4 MiB."""
    ranges = read_map(name)[1]
    listed = [(int(base, 16), int(count) << "KMG".index(unit) * 10 + 10)
              for base, unit, count in re.findall(
                  r"ram@.* \{\s*reg = <ADDR\((0x[0-9a-f]+)\) "
                  r"([KMG])iB\((\d+)\)>;", write_spec(tmp_path, name))]
    for base, size in listed:
        assert inside(base, base + size, ranges)
    left_out = sum(b - a for a, b, kind in ranges if kind == 1) - \
        sum(size for _, size in listed)
    pieces = sum(1 for _, _, kind in ranges if kind == 1) - len(listed)
    assert 0 <= left_out <= 4 * MIB * pieces + 4096 * len(ranges)


@pytest.mark.parametrize("name", PLACES)
def test_demo_is_placed(tmp_path, guests, name):
    """And verified: make would fail."""
    write_spec(tmp_path, name)
    done = make(tmp_path, guests)
    assert done.returncode == 0, done.stdout
    report = json.loads((tmp_path / "out/report.json").read_text())
    check_placement(report, read_map(name)[1])
    behind = -(-report["image"]["limit"] // (2 * MIB)) * 2 * MIB
    places = (behind, behind + 256 * MIB) if PLACES[name] is None else \
        (PLACES[name], behind)
    assert tuple(p["spa"] for p in report["partitions"]) == places


def test_every_map_is_used():
    assert {*PLACES, TOO_SMALL} == set(MAPS)
    assert all(len(read_map(name)[0]) > 10 for name in MAPS)


def test_the_same_bytes_twice(tmp_path, guests):
    write_spec(tmp_path, "dietpi")
    images = []
    for out in ("one", "two"):
        assert make(tmp_path, guests, out).returncode == 0
        images.append((tmp_path / out / "bulkhead.elf").read_bytes())
    assert images[0] == images[1]


def test_demo_is_refused_where_there_is_no_room(tmp_path, guests):
    write_spec(tmp_path, TOO_SMALL)
    done = make(tmp_path, guests)
    assert done.returncode != 0
    assert "error[no-room]: there is no room for the 256 MiB of linux" in \
        done.stdout
    assert re.search(r"the largest hole has \d+ \w+, from 0x1[0-9a-f]{6} on",
                     done.stdout)
    assert not (tmp_path / "out/bulkhead.elf").exists()
