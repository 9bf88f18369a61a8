# SPDX-License-Identifier: Apache-2.0
"""Payloads, blobs and command lines that are wrong in ways of their own."""
import random
import struct
import subprocess

import pytest

import toolchain
from toolchain import HERE

GOOD = HERE / "good"

KERNELS = {
    "no setup header": b"\0" * 0x1000,
    "older than 2.12": toolchain.bzimage(version=0x20b),
    "no 64-bit entry": toolchain.bzimage(xloadflags=0),
    "ends within its setup code": toolchain.bzimage()[:0x600],
    "preferred address is out of range": toolchain.bzimage(address=0x80000),
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
    assert "error[payload-format]: " in run.stderr and why in run.stderr


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
        assert run.code == 1 and "payload-format" in run.stderr


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
    for name in ("unknown-property", "word", "memory-limit", "plan-missing",
                 "restart-max", "uart-base", "payload-missing"):
        assert f"error[{name}]" in run.stderr
    assert run.stderr.endswith("7 errors\n")
