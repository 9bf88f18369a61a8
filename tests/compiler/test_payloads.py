# SPDX-License-Identifier: Apache-2.0
"""Payloads, blobs and command lines that are wrong in ways of their own."""
import random
import re
import struct
import subprocess

import pytest

import toolchain
from toolchain import HERE

GOOD = HERE / "good"

KERNELS = {
    "no setup header": b"\0" * 0x1000,
    "older than 2.10": toolchain.bzimage(version=0x209),
    "ends within its setup code": toolchain.bzimage()[:0x600],
    "preferred address is out of range": toolchain.bzimage(address=0x80000),
    "it cannot be relocated, and its address is out of range":
        toolchain.bzimage(relocatable=0, code32=0x10000),
    # One that moves itself must find room there too.
    "32 MiB of memory is too little for the kernel (which cannot be "
    "relocated)": toolchain.bzimage(relocatable=0, address=0x1e00001),
}


def with_file(partc, name, data, spec):
    path = partc.guests / name
    kept = path.read_bytes()
    path.write_bytes(data)
    try:
        return partc.compile(spec)
    finally:
        path.write_bytes(kept)


@pytest.mark.parametrize("why", KERNELS)
def test_kernel(partc, why):
    run = with_file(partc, "tiny.bzimage", KERNELS[why], GOOD / "linux.dts")
    assert run.code == 1
    assert "error[" in run.stderr and why in run.stderr


def test_initrd_below_its_limit(partc):
    """initrd_addr_max bounds the initrd's last byte."""
    kernel = toolchain.bzimage(initrd_max=0x1800fff)
    run = with_file(partc, "tiny.bzimage", kernel, GOOD / "linux.dts")
    assert run.code == 0
    loads = {x["what"]: x for x in run.report()["partitions"][0]["loads"]}
    # 6000 bytes below 0x1801000, on a page.
    assert loads["initrd"]["gpa"] == 0x17ff000


def test_initrd_needs_room(partc):
    kernel = toolchain.bzimage(room=(16 << 20) - 4096)
    run = with_file(partc, "tiny.bzimage", kernel, GOOD / "linux.dts")
    assert run.code == 1
    assert "32 MiB of memory is too little for the initrd" in run.stderr


MULTIBOOTS = {
    "it has no multiboot 1 header in its first 8 KiB": [
        toolchain.multiboot_elf(magic=0x1badb003),
        toolchain.multiboot_elf(at=8192),
        b"\x02\xb0\xad\x1b",
        # Not on four bytes; its sum is not zero.
        b"\0" + toolchain.multiboot_flat(before=0),
        toolchain.multiboot_elf()[:0x1008] + b"\1" * 1000],
    "its header asks for a video mode or something unknown": [
        toolchain.multiboot_elf(flags=7),
        toolchain.multiboot_flat(flags=0x10010)],
    "it is no little-endian ELF file": [
        toolchain.multiboot_flat(flags=3)],
    "it is a 64-bit ELF file without address fields": [
        toolchain.pvh_elf(code=toolchain.multiboot_flat(flags=3))],
    "its entry lies outside what is loaded": [
        toolchain.multiboot_elf(entry=0x101000),
        toolchain.multiboot_elf(entry=0xfffff),
        toolchain.multiboot_elf(virtual=0xc0100000),
        toolchain.multiboot_flat(entry=0x100000 + 3000),
        toolchain.multiboot_flat(entry=0xfffff)],
    "its program headers lie outside the file": [
        toolchain.multiboot_elf()[:28] + b"\xff\xff\xff\x7f" +
        toolchain.multiboot_elf()[32:]],
    "a segment lies outside the file": [
        toolchain.multiboot_elf()[:0x1100]],
    "a segment's address or size is wrong": [
        toolchain.multiboot_elf(address=0xf0000000, entry=0xf0000000),
        toolchain.multiboot_elf(memory=100)],
    "its header ends behind the file": [
        toolchain.multiboot_flat()[:16 + 20]],
    "its load address lies before the file": [
        toolchain.multiboot_flat(at=0x100011),
        toolchain.multiboot_flat(at=0xfffff),
        toolchain.multiboot_flat(load=0x100000, at=0xffffffff)],
    "its load end lies outside the file": [
        toolchain.multiboot_flat(load_end=0x100000),
        toolchain.multiboot_flat(load_end=0x100001 + 3000),
        toolchain.multiboot_flat(load_end=1)],
    "its bss ends before what is loaded does": [
        toolchain.multiboot_flat(bss_end=0x100bb7)],
    "4 MiB of memory is too little for the payload of elf": [
        toolchain.multiboot_flat(bss_end=0x400001),
        toolchain.multiboot_elf(memory=0x300001)],
    "4 MiB of memory is too little for the module of elf": [
        toolchain.multiboot_flat(bss_end=0x3ff000)],
}


@pytest.mark.parametrize("why", MULTIBOOTS)
def test_multiboot(partc, why):
    for data in MULTIBOOTS[why]:
        run = with_file(partc, "tiny.mb", data, GOOD / "multiboot.dts")
        assert run.code == 1 and why in run.stderr, run.stderr


@pytest.mark.parametrize("name", ("tiny.mb", "flat.mb"))
def test_multiboot_rubbish(partc, name):
    """Bytes changed at random: refused or loaded, never a slip."""
    whole = (partc.guests / name).read_bytes()
    noise = random.Random(2)
    header = whole.index(b"\x02\xb0\xad\x1b")
    for _ in range(60):
        data = bytearray(whole[:noise.choice((len(whole), header + 20, 80))])
        for _ in range(noise.choice((1, 2, 8))):
            at = noise.choice((noise.randrange(96), header + 12 +
                               noise.randrange(20)))
            if at < len(data):
                data[at] = noise.choice((0, 1, 0x7f, 0x80, 0xff))
        run = with_file(partc, name, bytes(data), GOOD / "multiboot.dts")
        assert run.code in (0, 1), run.stderr
        assert "Sanitizer" not in run.stderr and \
            "runtime error" not in run.stderr, run.stderr


def elf_with(offset, form, value):
    data = bytearray(toolchain.pvh_elf())
    struct.pack_into(form, data, offset, value)
    return bytes(data)


ELFS = {
    "it is no little-endian ELF file": b"\x7fELG" + bytes(100),
    "it has no PHYS32_ENTRY note": toolchain.pvh_elf(note=False),
    "its program headers lie outside the file": elf_with(32, "<Q", 1 << 63),
    "a segment lies outside the file": elf_with(64 + 56 + 8, "<Q", 1 << 40),
    "a segment's address or size is wrong":
        toolchain.pvh_elf(address=1 << 40),
    "too little for the payload": toolchain.pvh_elf(address=0x7ff000),
}


@pytest.mark.parametrize("why", ELFS)
def test_elf(partc, why):
    run = with_file(partc, "tiny.elf", ELFS[why], GOOD / "pvh.dts")
    assert run.code == 1 and why in run.stderr


def test_elf_truncated_anywhere(partc):
    """Every prefix is refused or loaded; the sanitizers see no slip."""
    whole = toolchain.pvh_elf()
    for size in range(1, len(whole), 23):
        run = with_file(partc, "tiny.elf", whole[:size], GOOD / "pvh.dts")
        assert run.code == 1
        assert any(f"error[{name}]" in run.stderr for name in (
            "payload-format", "elf-segments", "pvh-note")), run.stderr


def test_rubbish_blobs(partc):
    """A damaged blob ends in errors, never in a crash or a hang."""
    out = partc.where / "rubbish"
    spec = GOOD / "plan.dts"
    dtb, _ = partc.front(spec, out)
    whole = dtb.read_bytes()
    noise = random.Random(1)
    for n in range(120):
        data = bytearray(whole)
        for _ in range(noise.choice((1, 3, 30))):
            data[noise.randrange(len(data))] = noise.randrange(256)
        bad = out / "bad.dtb"
        bad.write_bytes(data[:noise.choice((len(data), len(data) // 2))])
        run = partc.compile(spec, out=out, dtb=bad)
        assert run.code in (0, 1, 2), run.stderr
        assert "Sanitizer" not in run.stderr and \
            "runtime error" not in run.stderr, run.stderr


def test_usage(partc):
    done = subprocess.run([str(partc.partc), "-o", "x"], capture_output=True,
                          text=True)
    assert done.returncode == 2 and done.stderr.startswith("usage: partc")
    done = subprocess.run([str(partc.partc), "-o", "x", "--dtb", "none",
                           "--map", "m", "--spec", "s", "-G", "g", "-K", "k"],
                          capture_output=True, text=True)
    assert (done.stderr, done.returncode) == ("partc: none: cannot be read\n",
                                              2)


def test_several_errors_in_one_run(partc):
    """Errors are collected."""
    spec = partc.where / "many.dts"
    spec.write_text("""/dts-v1/;
#include "%s"
/ {
	partitions {
		a: a {
			GOOD(&lp0)
			colour = "red";
			restart-max = <2>;
		};
		b: b {
			GOOD(&lp0)
			uart = <&com1>;
			uart-as = <1>;
		};
	};
};
&a { memory = <MiB(5000)>; boot = "raw65"; payload = "gone"; };
""" % (toolchain.ROOT / HERE / "base.dtsi"))
    run = partc.compile(spec)
    assert run.code == 1
    # In the order of the table; 5000 MiB and "raw65" are said once each.
    assert re.findall(r"error\[(\S+)\]", run.stderr) == [
        "unknown-property", "word", "memory-limit", "uart-base",
        "plan-missing", "payload-missing", "restart-max"]
    assert run.stderr.endswith("7 errors\n")


def test_a_root_cause_hides_what_follows(partc):
    """In one place; the same error elsewhere is said."""
    spec = partc.where / "roots.dts"
    spec.write_text("""/dts-v1/;
#include "%s"
/ {
	partitions {
		a: a { GOOD(&lp0) };
		b: b { GOOD(&lp1) };
		c: c { GOOD(&lp2) };
	};
};
&a { memory = <512>; };
&b { memory = <BYTES(0x80800)>; };
&c { memory = <BYTES(600)>; };
""" % (toolchain.ROOT / HERE / "base.dtsi"))
    run = partc.compile(spec)
    assert re.findall(r"roots\.dts:(\d+):\d+: error\[(\S+)\]",
                      run.stderr) == [
        ("10", "unit"), ("12", "memory-unit"), ("11", "memory-size"),
        ("11", "memory-page")]


def test_blob_of_an_old_version(partc):
    """What fuzzing found: libfdt's own check falls over one."""
    found = sorted((toolchain.ROOT / "tests/fuzz/corpus").glob("old-*"))
    assert found
    for path in found:
        run = partc.compile(GOOD / "raw32.dts", dtb=path)
        assert run.code == 2
        assert run.stderr == f"partc: {path}: is no device tree blob\n"
