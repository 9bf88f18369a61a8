#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
sbom.py O SPEC GUESTS BUILD [LAUNCH]: O/bulkhead.spdx.json, what is in an image,
as SPDX 2.3 has it (docs/install.md). O holds what one spec became; SPEC,
GUESTS and LAUNCH are where its payloads lie; BUILD/grub is GRUB's part of an ISO, and
BUILD/version the hypervisor's version, or empty. The same inputs give the same
bytes: no time of day but SOURCE_DATE_EPOCH, no directories.

A payload is known by the SHA-384 that partc made of it; its other hashes are
kept in O/sbom.hashes under that one, so that an edited spec costs no more than
the hash of its image. GUESTS/packages/NAME.from says which Debian package a
guest came from (tools/fetch.sh); it is believed while the file is that file.
"""
import hashlib
import json
import os
import sys
import time

NOBODY = "NOASSERTION"
ALGORITHMS = ("sha1", "sha256", "sha384")


def fail(path, why):
    sys.exit(f"{path}: error: {why}")


def hash_file(path, names):
    hashes = [hashlib.new(name) for name in names]
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            for one in hashes:
                one.update(block)
    return {name: one.hexdigest() for name, one in zip(names, hashes)}


def checksums(hashes):
    return [{"algorithm": name.upper(), "checksumValue": hashes[name]}
            for name in ALGORITHMS if name in hashes]


def identifier(text):
    """Of letters, digits, . and - alone."""
    return "SPDXRef-" + "".join(c if c.isascii() and c.isalnum() or c in ".-"
                                else "." for c in text)


class Payloads:
    """Files that the spec names, and what is known of them."""

    def __init__(self, out, spec, guests, launch):
        self.out, self.spec = out, spec
        self.folders = {"guest": guests, "launch": launch}
        self.kept = os.path.join(out, "sbom.hashes")
        self.known = {}
        try:
            with open(self.kept) as file:
                for line in file:
                    sha384, sha1, sha256 = line.split()
                    self.known[sha384] = {"sha1": sha1, "sha256": sha256,
                                          "sha384": sha384}
        except (OSError, ValueError):
            self.known = {}
        self.used = {}

    def path(self, name):
        kind, colon, rest = name.partition(":")
        if colon and kind in self.folders:
            return os.path.join(self.folders[kind], rest)
        return os.path.join(os.path.dirname(self.spec), name)

    def hashes(self, payload):
        sha384 = payload["sha384"]
        if sha384 not in self.used:
            found = self.known.get(sha384)
            if found is None:
                path = self.path(payload["name"])
                try:
                    found = hash_file(path, ALGORITHMS)
                except OSError as error:
                    fail(path, error.strerror)
                if found["sha384"] != sha384:
                    fail(path, "not the file that is in the image; build it "
                         "again")
            self.used[sha384] = found
        return self.used[sha384]

    def keep(self):
        with open(self.kept + ".new", "w") as file:
            for sha384, found in sorted(self.used.items()):
                file.write(f"{sha384} {found['sha1']} {found['sha256']}\n")
        os.rename(self.kept + ".new", self.kept)

    def origin(self, payload):
        """How it came out of which package, or None: that is not known."""
        kind, _, name = payload["name"].partition(":")
        if kind not in self.folders:
            return None
        try:
            with open(os.path.join(self.folders[kind], "packages",
                                   f"{name}.from")) as file:
                words = file.read().split()
        except OSError:
            return None
        if len(words) != 7 or words[1] != self.hashes(payload)["sha256"]:
            return None
        return dict(zip(("how", "sha256", "system", "package", "version",
                         "architecture", "file"), words))


class Document:
    def __init__(self):
        self.packages = {}
        self.files = []
        self.relationships = []

    def relate(self, one, how, other):
        self.relationships.append({"spdxElementId": one,
                                   "relationshipType": how,
                                   "relatedSpdxElement": other})

    def package(self, name, ref, version=NOBODY, licence=NOBODY, **more):
        """An element with that name; once."""
        if ref not in self.packages:
            self.packages[ref] = {
                "name": name, "SPDXID": ref,
                **({"versionInfo": version} if version else {}),
                "downloadLocation": NOBODY, "filesAnalyzed": False,
                "licenseConcluded": licence, "licenseDeclared": licence,
                "copyrightText": NOBODY, "supplier": NOBODY, **more}
        return ref

    def debian(self, package, version, architecture, system, **more):
        """A package of a distribution, as scanners look it up."""
        escaped = version.replace("+", "%2B").replace(":", "%3A")
        reference = {
            "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
            "referenceLocator": f"pkg:deb/{system}/{package}@{escaped}"
                                f"?arch={architecture}"}
        return self.package(package, identifier(f"Debian-{package}-{version}"),
                            version, externalRefs=[reference], **more)

    def file(self, owner, ref, name, hashes, comment):
        self.files.append({
            "fileName": f"./{name}", "SPDXID": ref,
            "checksums": checksums(hashes), "licenseConcluded": NOBODY,
            "licenseInfoInFiles": [NOBODY], "copyrightText": NOBODY,
            "comment": comment})
        self.relate(owner, "CONTAINS", ref)
        return ref

    def close_package(self, ref):
        """A package that has files says by one hash which ones (7.9)."""
        files = {r["relatedSpdxElement"] for r in self.relationships
                 if r["spdxElementId"] == ref}
        sums = sorted(f["checksums"][0]["checksumValue"] for f in self.files
                      if f["SPDXID"] in files)
        self.packages[ref]["filesAnalyzed"] = True
        self.packages[ref]["packageVerificationCode"] = {
            "packageVerificationCodeValue":
                hashlib.sha1("".join(sums).encode()).hexdigest()}

    def text(self, name, comment):
        created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(
            os.environ.get("SOURCE_DATE_EPOCH") or "946684800")))
        whole = {
            "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0",
            "SPDXID": "SPDXRef-DOCUMENT", "name": name,
            "documentNamespace": "",
            "creationInfo": {"created": created,
                             "creators": ["Tool: bulkhead-sbom.py-1"]},
            "comment": comment, "packages": list(self.packages.values()),
            "files": self.files, "relationships": self.relationships}
        # A UUID (version 8) of all else: another document, another name.
        digest = bytearray(hashlib.sha256(
            json.dumps(whole).encode()).digest()[:16])
        digest[6] = digest[6] & 0x0f | 0x80
        digest[8] = digest[8] & 0x3f | 0x80
        digits = digest.hex()
        whole["documentNamespace"] = "urn:uuid:" + "-".join(
            (digits[:8], digits[8:12], digits[12:16], digits[16:20],
             digits[20:]))
        return json.dumps(whole, indent=1) + "\n"


def add_payload(document, payloads, report, partition, payload, owner):
    place = "in the image"
    if payload["as_module"]:
        place = "left to the boot loader: " + ", ".join(
            f"boot/{module['file']}" for module in report["modules"]
            if module["sha384"] == payload["sha384"])
    role = payload["role"]
    ref = document.file(
        owner, identifier(f"File-{partition['name']}-{role}"),
        os.path.basename(payload["name"].removeprefix("guest:")
                         .removeprefix("launch:")),
        payloads.hashes(payload),
        f"{role} of partition {partition['name']}, {payload['bytes']} bytes, "
        f"{place}")
    origin = payloads.origin(payload)
    if origin is None:
        document.relate(ref, "GENERATED_FROM", NOBODY)
        return
    package = document.debian(
        origin["package"], origin["version"], origin["architecture"],
        origin["system"], packageFileName=origin["file"])
    document.relate(ref, origin["how"], package)


def add_partitions(document, payloads, report, image):
    for partition in report["partitions"]:
        owner = document.package(
            f"partition {partition['name']}",
            identifier(f"Partition-{partition['name']}"), version=None)
        document.relate(image, "CONTAINS", owner)
        for payload in partition["payloads"]:
            add_payload(document, payloads, report, partition, payload, owner)
        document.close_package(owner)


def add_grub(document, build, iso):
    """BUILD/grub/version: file, system, package, version, architecture."""
    folder = os.path.join(build, "grub")
    with open(os.path.join(folder, "version")) as file:
        lines = [line.split() for line in file]
    for name, system, package, version, architecture in lines:
        path = os.path.join(folder, name)
        if system == "-":
            ref = document.package(package, identifier(f"GRUB-{name}"),
                                   version, "GPL-3.0-or-later")
        else:
            ref = document.debian(package, version, architecture, system,
                                  licence="GPL-3.0-or-later")
        document.relate(iso, "CONTAINS", ref)
        place = f"boot/grub/{name.removeprefix('iso-')}.img"
        document.file(
            ref, identifier(f"File-GRUB-{name}"), place,
            hash_file(path, ALGORITHMS),
            f"GRUB's program in the ISO, {os.path.getsize(path)} bytes, "
            "before its place on the disc is written into it")
        document.close_package(ref)


def make(out, spec, guests, build, launch=""):
    with open(os.path.join(out, "report.json")) as file:
        report = json.load(file)
    with open(os.path.join(build, "version")) as file:
        version = file.read().strip()
    payloads = Payloads(out, spec, guests, launch)
    document = Document()
    name = os.path.splitext(report["spec"])[0]
    iso = document.package(
        f"{name}: ISO", "SPDXRef-ISO", version=None,
        packageFileName="bulkhead.iso",
        comment="It has no hash here: this is made beside it.")
    elf = os.path.join(out, "bulkhead.elf")
    image = document.package(
        f"{name}: image", "SPDXRef-Image", version=None,
        packageFileName="bulkhead.elf",
        primaryPackagePurpose="OPERATING-SYSTEM",
        checksums=checksums(hash_file(elf, ("sha256",))),
        comment=f"{os.path.getsize(elf)} bytes, compiled from "
                f"{report['spec']} for {report['machine']['board']}")
    document.relate("SPDXRef-DOCUMENT", "DESCRIBES", iso)
    document.relate("SPDXRef-DOCUMENT", "DESCRIBES", image)
    document.relate(iso, "CONTAINS", image)
    document.relate(image, "CONTAINS", document.package(
        "Bulkhead", "SPDXRef-Hypervisor", version or NOBODY, "Apache-2.0",
        comment="The hypervisor, and the tables that partc made for it."))
    add_partitions(document, payloads, report, image)
    add_grub(document, build, iso)
    text = document.text(name, "What is in an image of Bulkhead, and what a "
                         "disc has beside it.")
    path = os.path.join(out, "bulkhead.spdx.json")
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)
    payloads.keep()


if __name__ == "__main__":
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__.strip().split("\n")[0])
    make(*sys.argv[1:])
