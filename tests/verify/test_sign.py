# SPDX-License-Identifier: Apache-2.0
"""
manifest signs an image, and a third party finds it good; what was changed
since, and what nobody may sign, is refused.
"""
import hashlib
import json
import os
import shutil
import struct
import subprocess

import pytest

from elfpatch import Image
from test_verify import HERE, LD, ROOT, run

BUILD = os.environ.get("BULKHEAD_BUILD", os.path.join(ROOT, "build", "test"))
TOOL = os.path.join(BUILD, "manifest")
MODULES = {"0-first.img": bytes(range(256)) * 24, "1-second.img": b"\1" * 32}
MODULE = 80                     # bytes of a row of module_configs


def loads_of(third):
    """What image.c's partitions are loaded with, as report.json says it."""
    return [{"what": "payload", "gpa": 0x100000, "bytes": 64},
            {"what": "page tables", "gpa": 0x1000, "bytes": 16},
            {"what": "initrd", "gpa": 0x180000, "bytes": third}]


def build(at, name, room):
    """An image whose modules are the files of MODULES."""
    run("gcc", "-c", f"-DROOM={room}", "-o", f"{at}/reserve.o",
        os.path.join(HERE, "reserve.S"))
    run("gcc", "-c", "-DPOLICY", "-o", f"{at}/tables.o",
        os.path.join(HERE, "reserve.S"))
    run(*["IMAGE_BASE=0x1000000" if w.startswith("IMAGE_BASE=") else w
          for w in LD], "-T", os.path.join(ROOT, "boot", "bulkhead.ld"),
        "-o", f"{at}/{name}", f"{at}/image.o", f"{at}/reserve.o",
        f"{at}/tables.o")
    image = Image(f"{at}/{name}")
    for index, content in enumerate(MODULES.values()):
        row = image.address("module_configs", index * MODULE)
        assert image.get(row + 8) == len(content)
        for i, byte in enumerate(hashlib.sha384(content).digest()):
            image.put(row + 16 + i, byte, "<B")
    # A gigabyte less to look at.
    image.put(image.address("regions_b", 16), 0x200000)
    image.save(f"{at}/{name}")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    at = str(tmp_path_factory.mktemp("sign"))
    run(os.path.join(ROOT, "tests", "launch", "keys.sh"), at)
    run("gcc", "-std=c11", "-ffreestanding", "-fno-pic", "-fno-pie",
        "-fno-stack-protector", "-fcf-protection=none",
        "-fno-asynchronous-unwind-tables",
        "-I" + os.path.join(ROOT, "hv", "include"), "-c",
        os.path.join(HERE, "image.c"), "-o", at + "/image.o")
    build(at, "plain.elf", 65536)
    build(at, "small.elf", 1024)
    os.mkdir(at + "/modules")
    for name, content in MODULES.items():
        with open(f"{at}/modules/{name}", "wb") as file:
            file.write(content)
    with open(at + "/report.json", "w") as file:
        json.dump({"partitions": [
            {"name": "a", "loads": loads_of(0x900)},
            {"name": "b", "loads": loads_of(0x20)}]}, file)
    return at


def tool(place, *arguments):
    """Status and what it said."""
    done = subprocess.run([TOOL, *arguments], cwd=place, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=120, check=False)
    return done.returncode, done.stdout


def sign(place, image, *more, key="leaf", chain=("leaf", "middle"),
         version="5"):
    chain = [w for name in chain for w in ("--certificates", name + ".pem")]
    return tool(place, "sign", image, *chain, "--key", key + ".key",
                "--version", version, *more)


def verify(place, image, *more, authorities="root"):
    return tool(place, "verify", image, "--authorities",
                authorities + ".pem", *more)


@pytest.fixture
def signed(place):
    shutil.copy(place + "/plain.elf", place + "/signed.elf")
    status, said = sign(place, "signed.elf")
    assert status == 0, said
    return place + "/signed.elf"


def test_signed_image_is_good(place, signed):
    assert verify(place, signed) == (0, "a: OK: good\nb: OK: good\n")
    status, said = tool(place, "show", signed)
    assert status == 0
    assert "version 5, " in said and " 2 certificates" in said
    assert "a: 2113536 bytes of memory\n  0x100000 64 bytes: payload\n" \
        "  0x1000 16 bytes: boot data\n  0x180000 2304 bytes: initrd" in said


def test_the_same_bytes_twice(place, signed):
    with open(signed, "rb") as file:
        first = file.read()
    assert sign(place, "signed.elf")[0] == 0
    with open(signed, "rb") as file:
        assert file.read() == first
    # Nothing but the manifest differs from what was built.
    with open(place + "/plain.elf", "rb") as file:
        plain = file.read()
    image = Image(place + "/plain.elf")
    at = image.offset(image.address("manifest_start"))
    assert len(first) == len(plain)
    assert first[:at] == plain[:at]
    assert first[at + 65536:] == plain[at + 65536:]


def test_unsigned_image(place):
    why = "REFUSED: there is no manifest"
    assert verify(place, "plain.elf") == (1, f"a: {why}\nb: {why}\n")


def test_another_authority(place, signed):
    why = "REFUSED: issued by none of the authorities"
    assert verify(place, signed, authorities="other") == (
        1, f"a: {why}\nb: {why}\n")


def test_older_version(place, signed):
    assert verify(place, signed, "--version", "5")[0] == 0
    why = "REFUSED: an older version than allowed"
    assert verify(place, signed, "--version", "6") == (
        1, f"a: {why}\nb: {why}\n")


@pytest.mark.parametrize("symbol,wanted", [
    ("payload", "a: REFUSED: payload (at 0x100000)\n"
                "b: REFUSED: payload (at 0x100000)\n"),
    ("stack", "a: REFUSED: boot data (at 0x1000)\n"
              "b: REFUSED: boot data (at 0x1000)\n"),
    ("flat", "a: REFUSED: its VPs start otherwise\n"
             "b: REFUSED: its VPs start otherwise\n"),
    ("policy_start", "a: REFUSED: the image's tables are others\n"
                     "b: REFUSED: the image's tables are others\n"),
])
def test_changed_image(place, signed, symbol, wanted):
    image = Image(signed)
    at = image.address(symbol)
    image.put(at, image.get(at, "<B") ^ 1, "<B")
    image.save(signed)
    assert verify(place, signed) == (1, wanted)


def test_moved_load(place, signed):
    image = Image(signed)
    image.put(image.address("loads_a", 24), 0x2000)
    image.save(signed)
    assert verify(place, signed) == (
        1, "a: REFUSED: boot data (at 0x1000)\nb: OK: good\n")


def test_all_or_nothing(place):
    shutil.copy(place + "/plain.elf", place + "/all.elf")
    assert sign(place, "all.elf", "--all-or-nothing")[0] == 0
    image = Image(place + "/all.elf")
    image.put(image.address("loads_a", 24), 0x2000)
    image.save(place + "/all.elf")
    assert verify(place, "all.elf") == (
        1, "a: REFUSED: boot data (at 0x1000)\n"
           "b: REFUSED: good, but another is not\n")


def test_launch_partition_is_left_out(place):
    shutil.copy(place + "/plain.elf", place + "/launch.elf")
    assert sign(place, "launch.elf", "--launch", "a")[0] == 0
    assert "\na: " not in tool(place, "show", "launch.elf")[1]
    assert verify(place, "launch.elf", "--launch", "a") == (
        0, "a: OK: checks the others\nb: OK: good\n")
    assert sign(place, "launch.elf", "--launch", "c")[0] == 1


def test_signer_elsewhere(place, signed):
    """A digest goes out, a signature comes in: a token's way."""
    chain = ["--certificates", "leaf384.pem", "--certificates", "middle.pem",
             "--version", "9"]
    assert tool(place, "sign", "signed.elf", *chain, "--digest-out",
                "digest")[0] == 0
    assert os.path.getsize(place + "/digest") == 48
    run("openssl", "pkeyutl", "-sign", "-inkey", "leaf384.key", "-in",
        "digest", "-out", "signature", cwd=place)
    status, said = tool(place, "sign", "signed.elf", *chain,
                        "--signature-in", "signature")
    assert status == 0, said
    assert verify(place, signed, "--version", "9")[0] == 0
    # It is of that digest and no other.
    chain[-1] = "10"
    assert tool(place, "sign", "signed.elf", *chain, "--signature-in",
                "signature") == (
                    1, "manifest: the manifest's signature is wrong\n")
    assert verify(place, signed, "--version", "9")[0] == 0


@pytest.mark.parametrize("key,chain,why", [
    ("direct", ["leaf", "middle"], "the manifest's signature is wrong"),
    ("server", ["server", "middle"],
     "the signer's certificate is not for code signing"),
    ("usage", ["usage", "middle"], "key usage of a certificate"),
    ("leaf", ["leaf", "i3", "i2", "i1", "middle"],
     "more than 4 certificates, or one of more than 4096 bytes"),
])
def test_wrong_signer(place, key, chain, why):
    shutil.copy(place + "/plain.elf", place + "/wrong.elf")
    assert sign(place, "wrong.elf", key=key, chain=chain) == (
        1, f"manifest: {why}\n")
    assert tool(place, "show", "wrong.elf")[0] == 1


def test_no_room(place):
    status, said = sign(place, "small.elf")
    assert status == 1
    assert "bytes, and the image has room for 1024\n" in said


def test_wrong_files(place, tmp_path):
    shutil.copy(place + "/plain.elf", place + "/files.elf")
    os.mkdir(tmp_path / "modules")
    for name, content in MODULES.items():
        (tmp_path / "modules" / name).write_bytes(content[:-1] + b"!")
    status, said = sign(place, "files.elf", "--modules",
                        str(tmp_path / "modules"))
    assert status == 1
    assert "0-first.img: not the module that the image was built with" in said
    (tmp_path / "report.json").write_text(json.dumps({"partitions": [
        {"name": "a", "loads": loads_of(0x900)[:2]}]}))
    status, said = sign(place, "files.elf", "--report",
                        str(tmp_path / "report.json"))
    assert status == 1
    assert "what partition a has at 0x180000 is not in the report" in said


def test_rubbish(place, tmp_path):
    """Files that are none: a message, never a crash."""
    with open(place + "/plain.elf", "rb") as file:
        good = file.read()
    at = Image(place + "/plain.elf").address("partition_configs")
    for number, content in enumerate([
            b"", good[:100], good[:len(good) // 2],
            good.replace(struct.pack("<Q", at), bytes(8))]):
        path = tmp_path / f"{number}.elf"
        path.write_bytes(content)
        status, said = sign(place, str(path), "--report", "report.json",
                            "--modules", "modules")
        assert status == 1 and said
