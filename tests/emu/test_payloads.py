# SPDX-License-Identifier: Apache-2.0
"""
Payloads of every kind: multiboot guests, kernels that cannot be relocated,
and what is left to the boot loader, wherever that puts it.
"""
import os
import re
import shutil
import struct
import subprocess

import pytest

from conftest import BUILD, GUESTS, TOP, make
from emulator import Machine
from guests import assert_no_failure, log, run_to_done, symbol

MIB = 1 << 20
FIRMWARES = ("direct", "bios", "uefi")


def fnv_sum(data):
    """As mboot.c sums a module."""
    data += b"\0" * (8 - len(data) % 8)
    value = 0xcbf29ce484222325
    for word, in struct.iter_unpack("<Q", data):
        value = (value ^ word) * 0x100000001b3 % (1 << 64)
    return f"{value:016x}"


def guest_file(name):
    with open(os.path.join(GUESTS, name), "rb") as file:
        return file.read()


def module_line(number, text, data):
    return f"module {number}: '{text}' {len(data)} bytes, sum {fnv_sum(data)}"


@pytest.mark.parametrize("firmware", FIRMWARES)
def test_multiboot_guests(boot, firmware):
    machine = boot("multiboot.dts", firmware=firmware)
    lines = run_to_done(machine, "elf", 5)
    hello, loop = guest_file("hello.bin"), guest_file("loop.bin")
    assert "command line 'one two'" in lines
    assert "loader 'Bulkhead', lower 636 KiB, upper 3072 KiB" in lines
    assert module_line(0, "the first, with words", hello) in lines
    assert module_line(1, "", loop) in lines
    assert ["map 0 9f000 1", "map 9f000 61000 2", "map 100000 300000 1"] == \
        [line for line in lines if line.startswith("map ")]
    # The other one twice: a restart is loaded from the module store.
    machine.expect("partition flat halted", "bulkhead", timeout=60)
    lines = machine.text("flat")
    assert lines.count(module_line(0, "hello", hello)) == 2
    assert lines.count(module_line(1, "loop", loop)) == 2
    assert lines.count("command line 'die'") == 2
    hashes = log(machine, r"partition flat (hash memory \S+ vp \S+)")
    assert len(hashes) == 2 and hashes[0][1] == hashes[1][1]
    assert_no_failure(machine, "flat")


def test_memtest(boot):
    """Debian's memtest86+ draws its screen and tests."""
    screens = {"wide": bytearray(), "narrow": bytearray()}

    def collect(source, data):
        if source in screens:
            screens[source] += data

    machine = boot("memtest.dts", on_bytes=collect)
    for name, screen in screens.items():
        machine.expect(r"Memtest86\+ v\d", name, timeout=60)
        for _ in range(60):
            if b"Testing" in screen:
                break
            machine.run_for(1)
        assert re.search(rb"Test +#\d|Testing: ", screen), bytes(screen)
        assert re.search(rb"of 6\d(\.\d)?MB", screen), bytes(screen)
    assert_no_failure(machine)


# ---- left to the boot loader ------------------------------------------------

# Partition "a" has what direct boot puts behind the image, and the store is
# above it; or the store is where the modules are, and overlaps their places.
PLACES = {"on-a-partition": "address = <ADDR(0x1a00000)>;",
          "on-the-store": "address = <ADDR(0x18000000)>;"}

BIG = """/dts-v1/;
#include <boards/qemu-q35.dtsi>
#include <profiles.dtsi>
/ {
	partitions {
		a: a {
			profile = <&bare_profile>;
			memory = <MiB(160)>;
			PLACE
			vps = <&lp0>;
			boot = "multiboot";
			payload = "guest:mboot-mb.elf";
			modules = "m40 the 40 MiB", "m100 the 100 MiB",
				  "small the 40 KiB";
			as-module = "payload", "modules";
			console = "log";
		};
	};
};
"""


def pattern(size, seed):
    """Every page is another one."""
    page = bytes((i * 13 + seed) % 256 for i in range(4096 - 4))
    pages = [struct.pack("<I", n) + page for n in range(-(-size // 4096))]
    return b"".join(pages)[:size]


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """big(place) -> (directory of its image, its modules' lines)."""
    folder = tmp_path_factory.mktemp("big")
    files = {"m40": pattern(40 * MIB, 1), "m100": pattern(100 * MIB, 2),
             "small": pattern(40 * 1024 - 3, 3)}
    lines = [module_line(n, text, files[name]) for n, (name, text) in
             enumerate((("m40", "the 40 MiB"), ("m100", "the 100 MiB"),
                        ("small", "the 40 KiB")))]
    for name, data in files.items():
        (folder / name).write_bytes(data)
    built = {}

    def build(place):
        if place not in built:
            while built:                    # one at a time: they are large
                shutil.rmtree(built.popitem()[1])
            spec = folder / f"{place}.dts"
            spec.write_text(BIG.replace("PLACE", PLACES[place]))
            done = make("image", f"SPEC={spec}", f"O={folder / place}")
            assert done.returncode == 0, done.stdout
            built[place] = folder / place
        return built[place], lines

    yield build
    shutil.rmtree(folder)


# Each firmware once, each place once; the rest in soak.
OFTEN = (("on-a-partition", "uefi"), ("on-the-store", "bios"),
         ("on-the-store", "direct"))


@pytest.mark.parametrize("place, firmware", [
    pytest.param(place, firmware, marks=() if (place, firmware) in OFTEN
                 else pytest.mark.soak)
    for place in PLACES for firmware in FIRMWARES])
def test_large_modules(big, place, firmware):
    directory, lines = big(place)
    with Machine(str(directory), firmware=firmware) as machine:
        if firmware == "direct":
            # QEMU puts modules on the first page behind the image.
            start, _ = symbol(directory, "bss_end")
            loaded = range(start, start + 140 * MIB)
            spa = machine.report.all["partitions"][0]["spa"]
            store = [m["spa"] for m in machine.report.all["modules"]]
            assert (spa in loaded) == (place == "on-a-partition")
            assert (store[0] in loaded) == (place == "on-the-store")
        found = run_to_done(machine, "a", 6, timeout=240)
        for line in lines:
            assert line in found
        assert_no_failure(machine)


SMALL = BIG.replace("MiB(160)", "MiB(8)").replace(
    "PLACE", "address = <ADDR(0x10000000)>;")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    for seed, name in enumerate(("m40", "m100", "small")):
        (folder / name).write_bytes(pattern(40000 + seed * 7, seed))
    (folder / "small.dts").write_text(SMALL)
    done = make("image", f"SPEC={folder}/small.dts", f"O={folder}/out")
    assert done.returncode == 0, done.stdout
    return folder / "out"


def without(paths, number):
    return [p for n, p in enumerate(paths) if n != number]


def changed(paths, tmp_path, number, change):
    """The list with one file changed by a function of its bytes."""
    copy = tmp_path / "changed"
    with open(paths[number], "rb") as file:
        copy.write_bytes(change(bytearray(file.read())))
    return paths[:number] + [str(copy)] + paths[number + 1:]


def flip_last(data):
    data[-1] ^= 1
    return data


WHERE = r"refused: \S*small\.dts:\d+:\d+: "
WRONG = {
    "missing": (lambda paths, tmp: without(paths, 3),
                WHERE + r"module small is missing: the boot loader brought "
                r"3 of 4"),
    "none": (lambda paths, tmp: [],
             WHERE + r"module mboot-mb.elf is missing: the boot loader "
             r"brought 0 of 4"),
    "one-too-few": (lambda paths, tmp: without(paths, 1),
                    WHERE + r"module m40 has 40000 bytes, the boot loader "
                    r"brought 40007"),
    "truncated": (lambda paths, tmp: changed(paths, tmp, 2,
                                             lambda data: data[:-1]),
                  WHERE + r"module m100 has 40007 bytes, the boot loader "
                  r"brought 40006"),
    "corrupted": (lambda paths, tmp: changed(paths, tmp, 2, flip_last),
                  WHERE + r"module m100 is another file: SHA-384 "
                  r"[0-9a-f]{16}\.\.\., not [0-9a-f]{16}\.\.\."),
}
MARK = 0x1122334455667788


@pytest.mark.parametrize("name", WRONG)
def test_wrong_modules_are_refused(small, tmp_path, name):
    """With the spec's line, and before the partition's memory is written."""
    spoil, message = WRONG[name]
    machine = Machine(str(small))
    spa = machine.report.all["partitions"][0]["spa"]
    machine.emu_args = ["-device", f"loader,addr={spa:#x},data={MARK:#x},"
                        "data-len=8"]
    machine.report.modules = spoil(machine.report.modules, tmp_path)
    with machine:
        machine.expect(message, "bulkhead", timeout=60)
        machine.run_for(1)
        assert "started" not in machine.text("bulkhead")
        assert f"{MARK:#018x}" in machine.hmp(f"xp /1xg {spa:#x}")


def test_more_modules_than_asked_for(small):
    """What else the loader brings is left alone."""
    machine = Machine(str(small))
    machine.report.modules.append(machine.report.modules[0])
    with machine:
        run_to_done(machine, "a", 6)


def test_store_needs_ram(tmp_path, small):
    """The board has no RAM where the store belongs: nothing is moved."""
    spec = tmp_path / "small.dts"
    spec.write_text(SMALL.replace("0x10000000", "0x2000000").replace(
        "partitions {", 'machine { reserved { low@1a00000 { reg = <ADDR('
        '0x1a00000) MiB(6)>; }; more@2800000 { reg = <ADDR(0x2800000) '
        'MiB(120)>; }; }; };\n\tpartitions {'))
    for name in ("m40", "m100", "small"):
        shutil.copy(small.parent / name, tmp_path / name)
    out = tmp_path / "out"
    done = make("image", f"SPEC={spec}", f"O={out}")
    assert done.returncode == 0, done.stdout
    with Machine(str(out), emu_args=["-m", "128M"]) as machine:
        machine.expect(WHERE + r"the module store needs 0xa000000-0x\S+, but "
                       r"the machine has \w+", "bulkhead", timeout=60)
        assert "started" not in machine.text("bulkhead")


def test_corrupted_module_on_a_disc(small, tmp_path):
    """GRUB brings what is on the disc; the image takes only its own."""
    work = tmp_path / "work"
    shutil.copytree(small, work)
    victim = sorted((work / "modules").iterdir())[1]
    victim.write_bytes(flip_last(bytearray(victim.read_bytes())))
    grub = os.path.join(BUILD, "grub")
    subprocess.run(["tools/iso.sh", f"{grub}/iso-bios", f"{grub}/iso-uefi",
                    str(work / "bulkhead.elf"), str(work / "grub.cfg"),
                    str(work / "bulkhead.iso")], cwd=TOP, check=True)
    with Machine(str(work), firmware="bios") as machine:
        machine.expect(WHERE + r"module m40 is another file: SHA-384",
                       "bulkhead", timeout=60)
        machine.run_for(1)
        assert "started" not in machine.text("bulkhead")
