#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
attest.py: does a machine run the image that it should? (docs/launch.md)

  attest.py enroll --quote Q --pcrs P --log L --nonce HEX [--events FILE]
                   --out REFERENCE
  attest.py verify --quote Q --pcrs P --log L --nonce HEX
                   --reference REFERENCE
  attest.py policy --pcrs P --out POLICY
  attest.py pem --quote Q

Q, P and L are what the attestation service answers (hv/include/abi/attest.h),
in files; HEX is the nonce that it was asked with. enroll makes the reference
of a machine that is known to be good; --events takes the events of PCR 12
from the image ("manifest events") instead of from that machine. verify says
"attested" and ends with 0, or "not attested: WHY" and ends with 1. policy is
what a secret is sealed to that only these PCRs open. Needs openssl.
"""
import argparse
import base64
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile

PCRS = [*range(10), 12]
LAUNCH_PCR = 12
SHA256 = 0x000b
# TPML_PCR_SELECTION: these of one bank.
SELECTION = struct.pack(">IHB3s", 1, SHA256, 3, sum(
    1 << pcr for pcr in PCRS).to_bytes(3, "little"))
POLICY_PCR = 0x17f      # TPM_CC_PolicyPCR
# SubjectPublicKeyInfo of a point of P-256, up to its coordinates.
P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200"
                     "04")


class Refused(Exception):
    """Why it is not attested."""


class Reader:
    """Bytes from the other side: nothing is read beyond their end."""

    def __init__(self, data, what):
        self.data, self.what, self.at = data, what, 0

    def take(self, size):
        if size > len(self.data) - self.at:
            raise Refused(f"{self.what} is cut short")
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def end(self):
        if self.at != len(self.data):
            raise Refused(f"{self.what} is too long")


class Quote:
    """struct attest_quote, and what the TPM says in it."""

    def __init__(self, data):
        r = Reader(data, "the quote")
        self.point, self.r, self.s = r.take(64), r.take(32), r.take(32)
        self.attest = data[r.at:]
        a = Reader(self.attest, "the quote")
        if a.number(">I") != 0xff544347 or a.number(">H") != 0x8018:
            raise Refused("the quote is no quote of a TPM")
        a.take(a.number(">H"))              # the key's name
        self.nonce = a.take(a.number(">H"))
        a.take(17 + 8)                      # clock, firmware
        if a.take(10) != SELECTION:
            raise Refused("the quote is of other PCRs")
        self.digest = a.take(a.number(">H"))
        a.end()

    def pem(self):
        text = base64.encodebytes(P256 + self.point).decode().replace("\n", "")
        lines = [text[i:i + 64] for i in range(0, len(text), 64)]
        return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines,
                          "-----END PUBLIC KEY-----", ""])

    def signature(self):
        """DER, as openssl wants it."""
        der = b""
        for half in (self.r, self.s):
            half = half.lstrip(b"\0") or b"\0"
            if half[0] & 0x80:
                half = b"\0" + half
            der += b"\x02" + bytes([len(half)]) + half
        return b"\x30" + bytes([len(der)]) + der

    def is_signed(self):
        with tempfile.TemporaryDirectory() as at:
            for name, data in (("key", self.pem().encode()),
                               ("signature", self.signature()),
                               ("attest", self.attest)):
                with open(os.path.join(at, name), "wb") as file:
                    file.write(data)
            done = subprocess.run(
                ["openssl", "dgst", "-sha256", "-verify", f"{at}/key",
                 "-signature", f"{at}/signature", f"{at}/attest"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                check=False)
        return done.returncode == 0


def read_pcrs(data):
    if len(data) != 32 * len(PCRS):
        raise Refused("these are no PCRs")
    return {pcr: data[32 * i:32 * i + 32] for i, pcr in enumerate(PCRS)}


def log_banks(r):
    """The header of a crypto agile log: sizes of digests by algorithm."""
    if r.take(28) != struct.pack("<II20x", 0, 3):
        raise Refused("the event log has no header")
    head = Reader(r.take(r.number("<I")), "the event log's header")
    if head.take(16) != b"Spec ID Event03\0":
        raise Refused("the event log has another form")
    head.take(8)
    return {head.number("<H"): head.number("<H")
            for _ in range(min(head.number("<I"), 16))}


def replay(data):
    """(what PCR 12 must hold, the texts) by the event log."""
    r = Reader(data, "the event log")
    banks = log_banks(r)
    value, texts = bytes(32), []
    while r.at != len(data):
        pcr, _, count = (r.number("<I") for _ in range(3))
        digests = {}
        for _ in range(min(count, 16)):
            algorithm = r.number("<H")
            if algorithm not in banks:
                raise Refused("the event log has a digest of no bank")
            digests[algorithm] = r.take(banks[algorithm])
        event = r.take(r.number("<I"))
        digest = hashlib.sha256(event).digest()
        if pcr != LAUNCH_PCR or digests.get(SHA256) != digest:
            raise Refused("an event of the log has not its digest")
        value = hashlib.sha256(value + digest).digest()
        texts.append(event.decode("ascii", "replace"))
    return value, texts


def proven(args):
    """(quote, PCRs, events): signed by its key, for this nonce."""
    quote = Quote(args.quote)
    if not quote.is_signed():
        raise Refused("the quote's signature is wrong")
    if quote.nonce != args.nonce:
        raise Refused("the quote is an answer to another nonce")
    pcrs = read_pcrs(args.pcrs)
    if hashlib.sha256(b"".join(pcrs.values())).digest() != quote.digest:
        raise Refused("the quote is of other values of the PCRs")
    if not any(pcrs[8]) or not any(pcrs[9]):
        raise Refused("the boot loader has measured nothing: a BIOS boot, or "
                      "GRUB without its module tpm")
    value, texts = replay(args.log)
    if value != pcrs[LAUNCH_PCR]:
        raise Refused("the event log does not explain PCR 12")
    return quote, pcrs, texts


def compare_events(texts, wanted):
    for got, want in zip(texts, wanted):
        if got != want:
            raise Refused(f"PCR 12: \"{got}\" instead of \"{want}\"")
    if len(texts) != len(wanted):
        raise Refused("PCR 12: events are missing, or too many")


def verify(args):
    quote, pcrs, texts = proven(args)
    with open(args.reference) as file:
        reference = json.load(file)
    if quote.pem() != reference["key"]:
        raise Refused("the quote is by another machine's key")
    for pcr in range(10):
        if pcrs[pcr].hex() != reference["pcrs"][str(pcr)]:
            raise Refused(f"PCR {pcr} ({'firmware' if pcr < 8 else 'GRUB'}) "
                          "is another")
    compare_events(texts, reference["events"])
    print("attested")


def enroll(args):
    quote, pcrs, texts = proven(args)
    if args.events:
        with open(args.events) as file:
            wanted = file.read().splitlines()
        compare_events(texts, wanted)
    reference = {"key": quote.pem(), "events": texts,
                 "pcrs": {str(pcr): pcrs[pcr].hex() for pcr in range(10)}}
    with open(args.out, "w") as file:
        json.dump(reference, file, indent=1)
        file.write("\n")
    print("enrolled")


def policy(args):
    """What TPM2_PolicyPCR makes of a session that is new."""
    read_pcrs(args.pcrs)
    with open(args.out, "wb") as file:
        file.write(hashlib.sha256(
            bytes(32) + struct.pack(">I", POLICY_PCR) + SELECTION +
            hashlib.sha256(args.pcrs).digest()).digest())


def print_pem(args):
    print(Quote(args.quote).pem(), end="")


COMMANDS = {"enroll": enroll, "verify": verify, "policy": policy,
            "pem": print_pem}
NEEDS = {"enroll": ("quote", "pcrs", "log", "nonce", "out"),
         "verify": ("quote", "pcrs", "log", "nonce", "reference"),
         "policy": ("pcrs", "out"), "pem": ("quote",)}


def content(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser(
        usage="\n".join(__doc__.strip().split("\n")[2:8]).strip())
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--quote", type=content)
    parser.add_argument("--pcrs", type=content)
    parser.add_argument("--log", type=content)
    parser.add_argument("--nonce", type=bytes.fromhex)
    parser.add_argument("--reference")
    parser.add_argument("--events")
    parser.add_argument("--out")
    args = parser.parse_args()
    for name in NEEDS[args.command]:
        if getattr(args, name) is None:
            parser.error(f"{args.command} needs --{name}")
    try:
        COMMANDS[args.command](args)
    except Refused as why:
        print(f"not attested: {why}")
        sys.exit(1)


if __name__ == "__main__":
    main()
