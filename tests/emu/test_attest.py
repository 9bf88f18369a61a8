# SPDX-License-Identifier: Apache-2.0
"""
Measured launch with swtpm: from UEFI and GRUB to a quote that the host
believes, or does not. The guest "attester" asks and prints the answers.
"""
import os
import re
import subprocess
import sys

import pytest

from conftest import BUILD, GUESTS, TOP
from emulator import Machine
from test_launch import Signer
from tpm import Tpm

sys.path.insert(0, os.path.join(TOP, "tools"))
import attest  # noqa: E402

SPEC = "launch-attest.dts"
LIMIT_S = 240
SECRET = b"for the good image"
REFUSED = 4         # ATTEST_REFUSED


def flip_other(elf):
    """A letter of what "other" has to say."""
    elf.flip(elf.data.index(b"upper-memory"))


class Answers:
    """What the guest printed, in files as tools/attest.py wants them."""

    def __init__(self, at, lines):
        self.at = str(at)
        at.mkdir()
        self.nonce = "".join(lines[0].split()[1:])
        self.status = {}
        for name in ("quote", "pcrs", "log", "secret"):
            said = [line.split()[1:] for line in lines
                    if line.startswith(name + " ")]
            self.status[name] = int(said[0][1])
            self.write(name, bytes.fromhex("".join(w[0] for w in said[1:])))

    def path(self, name):
        return f"{self.at}/{name}"

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def tool(self, command, *more, nonce=None):
        done = subprocess.run(
            [f"{TOP}/tools/attest.py", command,
             *(f"--{name}={self.path(name)}" for name in
               ("quote", "pcrs", "log")),
             "--nonce", nonce or self.nonce, *more],
            stdout=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stdout.strip()


def tpm2(*command, env=None):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, env=env,
                          stderr=subprocess.STDOUT, check=False)


class Box:
    """One machine with its TPM, the images that it is given, a reference."""

    def __init__(self, at):
        self.at = at
        (at / "keys").mkdir()
        self.signer = Signer(str(at / "keys"))
        self.boots = 0

    def boot(self, directory, firmware="uefi", kind="crb", tpm="tpm"):
        self.boots += 1
        with Tpm(self.at / tpm, kind) as chip, \
                Machine(directory, firmware=firmware,
                        emu_args=chip.arguments) as machine:
            machine.expect(r"DONE (\d+) passed, 0 failed", "attester",
                           timeout=LIMIT_S)
            self.launch = machine.text("launch")
            return Answers(self.at / f"boot{self.boots}",
                           machine.text("attester"))

    def good(self):
        return self.signer.image(SPEC)[0]

    def changed(self, **arguments):
        """The good image with another payload of "other", and its ISO."""
        copy = self.signer.changed(SPEC, flip_other, **arguments)
        subprocess.run(
            [f"{TOP}/tools/iso.sh", f"{BUILD}/grub/iso-bios",
             f"{BUILD}/grub/iso-uefi", f"{copy}/bulkhead.elf",
             f"{copy}/grub.cfg", f"{copy}/bulkhead.iso"], cwd=TOP, check=True)
        return copy

    def seal(self, secret):
        """To the PCRs of the first boot, where the guest asks for it."""
        at = str(self.at)
        (self.at / "secret").write_bytes(secret)
        self.first.tool("policy", "--out", f"{at}/policy")
        with Tpm(self.at / "tpm").alone() as environment:
            for command in (
                    f"createprimary -C o -c {at}/owner",
                    f"create -C {at}/owner -L {at}/policy -i {at}/secret "
                    f"-u {at}/public -r {at}/private -a fixedtpm|fixedparent",
                    "flushcontext -t",
                    f"load -C {at}/owner -u {at}/public -r {at}/private "
                    f"-c {at}/sealed", "flushcontext -t",
                    f"evictcontrol -C o -c {at}/sealed 0x81000b48"):
                done = tpm2(*f"tpm2_{command}".split(), env=environment)
                assert done.returncode == 0, done.stdout

    def events(self):
        """PCR 12 as the image's file says, without a machine."""
        keys = self.signer.at
        return subprocess.run(
            [f"{BUILD}/manifest", "events", self.good() + "/bulkhead.elf",
             "--authorities", f"{keys}/root.pem", "--launch", "launch"],
            check=True, stdout=subprocess.PIPE, text=True).stdout

    def enroll(self, answers):
        (self.at / "events").write_text(self.events())
        self.reference = str(self.at / "reference")
        return answers.tool("enroll", "--events", str(self.at / "events"),
                            "--out", self.reference)

    def verify(self, answers, **more):
        return answers.tool("verify", "--reference", self.reference, **more)


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    """Its first boot, of the good image, is its reference."""
    made = Box(tmp_path_factory.mktemp("attest"))
    made.first = made.boot(made.good())
    assert made.launch[-1] == "measured: PCR 12"
    assert made.enroll(made.first) == (0, "enrolled")
    made.seal(SECRET)
    return made


def test_good_image_attests(box):
    """And tpm2-tools say so too; another nonce's quote is none."""
    answers = box.boot(box.good(), kind="tis")
    assert box.launch[-3:] == ["attester: good", "other: good",
                               "measured: PCR 12"]
    assert box.verify(answers) == (0, "attested")
    assert answers.nonce != box.first.nonce
    assert box.first.status["secret"] == REFUSED    # there was none yet
    assert answers.read("secret") == SECRET
    assert box.verify(answers, nonce=box.first.nonce) == (
        1, "not attested: the quote is an answer to another nonce")
    quote = answers.read("quote")
    answers.write("message", quote[128:])
    # TPMT_SIGNATURE: ECDSA with SHA-256
    answers.write("signature", b"\0\x18\0\x0b\0\x20" + quote[64:96] +
                  b"\0\x20" + quote[96:128])
    done = subprocess.run([f"{TOP}/tools/attest.py", "pem", "--quote",
                           answers.path("quote")], check=True,
                          stdout=subprocess.PIPE)
    answers.write("key", done.stdout)
    command = ["tpm2_checkquote", "-u", answers.path("key"), "-m",
               answers.path("message"), "-s", answers.path("signature")]
    done = tpm2(*command, "-q", answers.nonce)
    assert done.returncode == 0, done.stdout
    assert tpm2(*command, "-q", box.first.nonce).returncode != 0
    # Whoever changes a bit of it is found out.
    answers.write("quote", quote[:-1] + bytes([quote[-1] ^ 1]))
    assert box.verify(answers) == (
        1, "not attested: the quote's signature is wrong")


def test_cut_answers_are_refused(box):
    """The tool trusts no size in what a machine sends."""
    quote, log = box.first.read("quote"), box.first.read("log")
    for size in range(len(quote)):
        with pytest.raises(attest.Refused):
            attest.Quote(quote[:size])
    whole, _ = attest.replay(log)
    for size in range(len(log)):
        try:
            assert attest.replay(log[:size])[0] != whole
        except attest.Refused:
            pass
    assert box.first.tool("verify", "--reference", box.reference) == (
        0, "attested")


@pytest.mark.parametrize("firmware", ["direct", "bios"])
def test_bios_boot_has_no_chain(box, firmware):
    """Nothing vouches for what ran first: log and tool say so."""
    answers = box.boot(box.good(), firmware=firmware)
    assert box.launch[-1] == ("not attested: PCR 8 and 9 are 0, no boot "
                              "loader has measured")
    assert answers.status["secret"] == REFUSED
    assert box.verify(answers) == (
        1, "not attested: the boot loader has measured nothing: a BIOS boot, "
        "or GRUB without its module tpm")


def test_older_version_is_refused(box):
    """The good image was version 7, and the TPM remembers."""
    directory, _ = box.signer.image(SPEC, version=6)
    with Tpm(box.at / "tpm") as chip, \
            Machine(directory, emu_args=chip.arguments) as machine:
        for name in ("attester", "other"):
            machine.expect(f"partition {name} does not start: the manifest is "
                           "older than allowed", "bulkhead", timeout=LIMIT_S)


def test_without_tpm(box):
    """All start as they would; nobody is told that it is attested."""
    with Machine(box.good()) as machine:
        machine.expect("secret status 2", "attester", timeout=LIMIT_S)
        said = [line for line in machine.text("attester")
                if " status " in line]
        assert said == [f"{name} status 2" for name in
                        ("quote", "pcrs", "log", "secret")]
        assert machine.text("launch")[-1] == (
            "not attested: TPM: opening: there is none")


def forged(box):
    """The payload of "other" is changed; the launch partition extends what
    it would have of the good image."""
    signer = box.signer
    out = f"{signer.at}/forged"
    signer.image(SPEC, LAUNCH_OUT=out)
    (box.at / "forged.h").write_text("".join(
        f'"{line}",\n' for line in box.events().splitlines()))
    subprocess.run(
        ["make", "-s", "-C", TOP, f"BUILD={BUILD}", f"GUESTS={GUESTS}",
         "forged-launch", f"LAUNCH_CA={signer.at}/root.pem",
         f"LAUNCH_OUT={out}", f"FORGED={box.at}/forged.h"], check=True)
    return box.changed(LAUNCH_OUT=out, FORGED="1")


@pytest.mark.soak
def test_image_that_extends_the_good_values(box):
    """PCR 12 is as it should be; what GRUB measured is not."""
    answers = box.boot(forged(box))
    assert "other: refused: payload at " in "\n".join(box.launch)
    assert answers.read("pcrs")[320:] == box.first.read("pcrs")[320:]
    assert answers.read("log") == box.first.read("log")
    assert answers.status["secret"] == REFUSED
    assert box.verify(answers) == (
        1, "not attested: PCR 9 (GRUB) is another")


@pytest.mark.soak
@pytest.mark.parametrize("change, event", [
    ("cmdline", "manifest"), ("port", "manifest"), ("payload", "partition")])
def test_other_images_do_not_attest(box, change, event):
    """A command line, a port, signed by the same signer; a payload."""
    if change == "payload":
        directory = box.changed()
    else:
        directory, _ = box.signer.image(f"launch-attest-{change}.dts")
    answers = box.boot(directory)
    assert answers.status["secret"] == REFUSED
    code, said = box.verify(answers)
    # A menu that tells another load is in PCR 8, before the files in 9.
    assert code == 1 and re.fullmatch(
        r"not attested: PCR [89] \(GRUB\) is another", said)
    # The launch partition has seen it as well.
    events = box.events().splitlines()
    texts = re.findall(rb"(?:manifest|policy|partition|authorities)[ -~]+",
                       answers.read("log"))
    other = [text.decode() for text in texts if text.decode() not in events]
    assert other and other[0].startswith(event)
