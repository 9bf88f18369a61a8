# SPDX-License-Identifier: Apache-2.0
"""
Writes manifests and launch tables after docs/launch.md, with nothing of the
project's own code; signs with openssl.
"""
import hashlib
import struct
import subprocess

PAYLOAD, COMMAND_LINE, MODULE, BOOT_DATA = 1, 2, 3, 4
ALL_OR_NOTHING = 1
ROOM = 65536


def sha384(data):
    return hashlib.sha384(data).digest()


def der_of(path):
    return subprocess.run(["openssl", "x509", "-in", path, "-outform", "DER"],
                          check=True, stdout=subprocess.PIPE).stdout


def der_integer(data, at):
    assert data[at] == 2
    size = data[at + 1]
    return int.from_bytes(data[at + 2:at + 2 + size], "big"), at + 2 + size


def openssl_sign(key, data, *options):
    return subprocess.run(["openssl", "dgst", *options, "-sign", key],
                          input=data, check=True,
                          stdout=subprocess.PIPE).stdout


def sign(key, data):
    """P-256 with SHA-256: r and s, 32 bytes each."""
    der = openssl_sign(key, data, "-sha256")
    r, at = der_integer(der, 2)
    s, _ = der_integer(der, at)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Partition:
    def __init__(self, name, memory_size, vps=b"states"):
        self.name, self.memory_size, self.vps = name, memory_size, vps
        self.extents = []               # (kind, gpa, bytes)

    def memory(self):
        data = bytearray(self.memory_size)
        for _, gpa, content in self.extents:
            data[gpa:gpa + len(content)] = content
        return data

    def digest(self):
        """What the verdict says of it."""
        return sha384(b"".join(struct.pack("<QQ", gpa, len(content)) + content
                               for _, gpa, content in self.extents))


def manifest(partitions, certificates, key, version=1, flags=0,
             policy=b"policy", rsa=0):
    """rsa: bytes of an RSA key; 0: a P-256 key."""
    first, heads, extents = 0, b"", b""
    for p in partitions:
        heads += struct.pack("<32sIIQ48s32x", p.name.encode(), first,
                             len(p.extents), p.memory_size, sha384(p.vps))
        first += len(p.extents)
        for kind, gpa, content in p.extents:
            extents += struct.pack("<IIQQ48s", kind, 0, gpa, len(content),
                                   sha384(content))
    chain = b""
    for path in certificates:
        der = der_of(path)
        chain += struct.pack("<I", len(der)) + der
    tables = 128 + len(heads) + len(extents)
    signed = tables + len(chain)
    size = rsa or 64
    head = struct.pack("<8sIIQIIIIIIII48s24x", b"BHMANIFE", 1, signed + size,
                       version, flags, len(partitions), first,
                       len(certificates), tables, signed, 3 if rsa else 1,
                       size, sha384(policy))
    data = head + heads + extents + chain
    if rsa:
        return data + openssl_sign(key, data, "-sha384", "-sigopt",
                                   "rsa_padding_mode:pss")
    return data + sign(key, data)


def launch_table(partitions, windows, manifest_at, policy=b"policy",
                 flags=0):
    """Partition 0 is the launch partition."""
    entries = struct.pack("<32sQQ48s", b"check", 0, 1 << 21, bytes(48))
    for p, window in zip(partitions, windows):
        entries += struct.pack("<32sQQ48s", p.name.encode(), window,
                               p.memory_size, sha384(p.vps))
    return struct.pack("<IIQQII48sI44x", 0x544c4842, 1, manifest_at, ROOM,
                       len(partitions) + 1, 0, sha384(policy),
                       flags) + entries
