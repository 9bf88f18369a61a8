# SPDX-License-Identifier: Apache-2.0
"""
Verified launch from the signer's key to the shell: signed images start, and
what was changed after signing does not, with its reason in the log.
"""
import os
import shutil
import struct
import subprocess

import pytest

from conftest import GUESTS, TOP, make, spec_path
from emulator import Machine
from guests import DONE, assert_no_failure, log, rewind
from linux import Shell

OTHERS = ("reset", "hello")


class Signer:
    """Keys, a launch partition that trusts one authority, signed images."""

    def __init__(self, at):
        self.at, self.built = at, {}
        subprocess.run([TOP + "/tests/launch/keys.sh", at], check=True)

    def image(self, spec, leaf="leaf", issuers=("middle",), version=7, **more):
        """The directory of an image; leaf None: without a signature."""
        arguments = {
            "LAUNCH_CA": f"{self.at}/root.pem", "LAUNCH_OUT": f"{self.at}/out",
            "LAUNCH_VERSION": version,
            "LAUNCH_KEY": f"{self.at}/{leaf}.key" if leaf else "",
            "LAUNCH_CERTIFICATES": " ".join(
                f"{self.at}/{name}.pem" for name in (leaf, *issuers) if leaf),
            **more}
        key = (spec, *sorted(arguments.items()))
        if key not in self.built:
            out = f"{self.at}/image{len(self.built)}"
            done = make("image", f"SPEC={spec_path(spec)}", f"O={out}",
                        *(f"{k}={v}" for k, v in arguments.items()))
            assert done.returncode == 0, done.stdout
            self.built[key] = out, done.stdout
        return self.built[key]

    def changed(self, spec, change, **arguments):
        """A copy of the signed image; change(its Elf) makes the difference."""
        out, _ = self.image(spec, **arguments)
        copy = f"{self.at}/changed"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(out, copy)
        elf = Elf(f"{copy}/bulkhead.elf")
        change(elf)
        elf.write()
        return copy


class Elf:
    """Bytes of a linked image, by its symbols."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self.data = bytearray(file.read())
        at, = struct.unpack_from("<Q", self.data, 32)
        size, count = struct.unpack_from("<HH", self.data, 54)
        self.segments = [struct.unpack_from("<IIQQQQ", self.data, at + i * size)
                         for i in range(count)]
        said = subprocess.run(["nm", path], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        self.symbols = {line.split()[-1]: int(line.split()[0], 16)
                        for line in said.splitlines()
                        if len(line.split()) == 3}

    def offset(self, symbol):
        address = self.symbols[symbol]
        for kind, _, at, virtual, _, size in self.segments:
            if kind == 1 and virtual <= address < virtual + size:
                return at + address - virtual
        raise KeyError(symbol)

    def range(self, start, end):
        at = self.offset(start)
        return at, at + self.symbols[end] - self.symbols[start]

    def flip(self, at):
        self.data[at] ^= 1

    def write(self):
        with open(self.path, "wb") as file:
            file.write(self.data)


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    return Signer(str(tmp_path_factory.mktemp("signer")))


@pytest.fixture
def start():
    machines = []

    def begin(directory, **arguments):
        machine = Machine(directory, **arguments)
        machines.append(machine)
        return machine.start()

    yield begin
    for machine in machines:
        machine.stop()


def refusals(machine, *names):
    """Why each does not start; none of them does."""
    found = {}
    for name in names:
        rewind(machine, "bulkhead")
        machine.expect(f"partition {name} halted", "bulkhead", timeout=120)
        assert not log(machine, f"partition {name} started")
        assert not machine.text(name)
        why = log(machine, rf"partition {name} does not start: (.*)")
        assert len(why) == 1
        found[name] = why[0][1]
    return [found[name] for name in names]


def flip_payload(name):
    """In the middle of what the guest's file has, where only zeros were."""
    def change(elf):
        with open(os.path.join(GUESTS, name), "rb") as file:
            content = file.read()
        at = elf.data.index(content)
        elf.flip(at + len(content) - 1)
    return change


def test_signed_system_starts_and_restarts(signer, start):
    """The restart is of one that loads what the verdict vouched for."""
    out, said = signer.image("launch-signed.dts")
    assert "version 7, 2 partitions" in said
    machine = start(out)
    machine.expect(DONE.pattern, "hello", timeout=120)
    for count in (1, 2, 3):
        machine.expect(rf"partition reset started \(start {count}\)",
                       "bulkhead", timeout=60)
    assert machine.text("launch") == ["reset: good", "hello: good"]
    lines = machine.text("bulkhead")
    assert lines.index("partition launch started (start 1)") < \
        lines.index("partition hello started (start 1)")
    assert_no_failure(machine, "launch", "reset")


def test_devices_do_not_master_the_bus(signer, start):
    """The BIOS leaves the disc's controller on. Before memory is loaded."""
    out, _ = signer.image("launch-signed.dts")
    machine = start(out, firmware="bios")
    machine.expect("partition hello started", "bulkhead", timeout=240)
    said = log(machine, r"bus mastering switched off in (\d+) of (\d+) PCI")
    assert 1 <= int(said[0][1]) < int(said[0][2])


def test_changed_payload(signer, start):
    """One that is not as it was signed stays off; the other starts."""
    machine = start(signer.changed("launch-signed.dts",
                                   flip_payload("hello.bin")))
    assert refusals(machine, "hello") == ["its payload is not as signed"]
    machine.expect("start: ", "reset", timeout=60)


def test_all_or_nothing(signer, start):
    machine = start(signer.changed("launch-signed-all.dts",
                                   flip_payload("hello.bin")))
    assert refusals(machine, *OTHERS) == [
        "all or nothing, and another is not good",
        "its payload is not as signed"]


def flip_policy(elf):
    """A partition's name, in the tables: harmless, but not as signed."""
    begin, end = elf.range("policy_start", "policy_end")
    at = elf.data.index(b"\0hello\0", begin, end)
    elf.flip(at + 5)


def flip_manifest(elf):
    elf.flip(elf.offset("manifest_start") + 16)     # the version


def flip_signature(elf):
    at = elf.offset("manifest_start")
    where, = struct.unpack_from("<I", elf.data, at + 44)
    elf.flip(at + where + 5)


@pytest.mark.parametrize("change, why", [
    (flip_policy, "the image's tables are not as signed"),
    (flip_manifest, "the signature is wrong"),
    (flip_signature, "the signature is wrong")])
def test_changed_image_starts_nobody(signer, start, change, why):
    machine = start(signer.changed("launch-signed.dts", change))
    names = ("reset", "helln" if change is flip_policy else "hello")
    assert refusals(machine, *names) == [why, why]


@pytest.mark.parametrize("arguments, why", [
    ({"leaf": None}, "there is no good manifest"),
    ({"leaf": "quick", "issuers": ()}, "the certificates lead to no CA")])
def test_not_signed_by_whom_it_trusts(signer, start, arguments, why):
    out, said = signer.image("launch-signed.dts", **arguments)
    assert ("is not signed" in said) == (arguments["leaf"] is None)
    assert refusals(start(out), *OTHERS) == [why, why]


def test_signer_refuses_what_no_box_would_take(signer):
    """A certificate for another purpose; no image is left."""
    with pytest.raises(AssertionError) as caught:
        signer.image("launch-signed.dts", leaf="server")
    assert "the signer's certificate is not for code signing" in \
        str(caught.value)
    assert not [name for name in os.listdir(f"{signer.at}")
                if name == f"image{len(signer.built)}" and os.path.exists(
                    f"{signer.at}/{name}/bulkhead.iso")]


def test_linux_and_the_loop(signer, start):
    """The demo, signed: to Linux' shell, and once more after its restart."""
    out, _ = signer.image("partition-specs/signed.dts")
    machine = start(out)
    shell = Shell(machine)
    assert machine.text("launch") == ["linux: good", "loop: good"]
    assert shell.run("nproc") == ["2"]
    machine.expect("loop: period 1000 us", "loop", timeout=60)
    shell.start("reboot -f")
    machine.expect("partition linux asks for its restart", "bulkhead", 60)
    shell.ready(240)
    assert shell.run("nproc") == ["2"]
    assert len(log(machine, "partition linux started")) == 2
