#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
spdx.py O BUILD GUESTS SPEC: is O/bulkhead.spdx.json what SPDX 2.3 asks for,
and are its hashes those of the files? check() is the first half.
"""
import hashlib
import json
import os
import re
import sys

REFERENCE = re.compile(r"SPDXRef-[A-Za-z0-9.-]+")
DIGITS = {"SHA1": 40, "SHA256": 64, "SHA384": 96}
LICENCES = ("NOASSERTION", "Apache-2.0", "GPL-3.0-or-later")
RELATIONSHIPS = ("DESCRIBES", "CONTAINS", "GENERATED_FROM",
                 "EXPANDED_FROM_ARCHIVE")
DOCUMENT = {"spdxVersion", "dataLicense", "SPDXID", "name",
            "documentNamespace", "creationInfo", "packages", "files",
            "relationships"}
PACKAGE = {"name", "SPDXID", "downloadLocation"}
PACKAGE_MAY = PACKAGE | {
    "versionInfo", "packageFileName", "supplier", "filesAnalyzed",
    "packageVerificationCode", "checksums", "licenseConcluded",
    "licenseDeclared", "copyrightText", "comment", "externalRefs",
    "primaryPackagePurpose"}
FILE = {"fileName", "SPDXID", "checksums"}
FILE_MAY = FILE | {"licenseConcluded", "licenseInfoInFiles", "copyrightText",
                   "comment"}
RELATIONSHIP = {"spdxElementId", "relationshipType", "relatedSpdxElement"}


def check_fields(what, item, needed, allowed):
    for name in needed - item.keys():
        yield f"{what}: no {name}"
    for name in item.keys() - allowed:
        yield f"{what}: unknown {name}"


def check_head(document):
    yield from check_fields("document", document, DOCUMENT,
                            DOCUMENT | {"comment"})
    for name, value in (("spdxVersion", "SPDX-2.3"),
                        ("dataLicense", "CC0-1.0"),
                        ("SPDXID", "SPDXRef-DOCUMENT")):
        if document.get(name) != value:
            yield f"document: {name}"
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*:[^#\s]+",
                        document.get("documentNamespace", "")):
        yield "document: documentNamespace"
    info = document.get("creationInfo", {})
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
                        info.get("created", "")):
        yield "document: created"
    if not info.get("creators") or not all(
            re.match("(Tool|Person|Organization): .", c)
            for c in info["creators"]):
        yield "document: creators"


def check_checksums(what, item):
    for one in item.get("checksums", []):
        if not re.fullmatch("[0-9a-f]{%d}" % DIGITS.get(
                one["algorithm"], 0), one["checksumValue"]):
            yield f"{what}: {one['algorithm']}"


def check_package(document, package):
    what = package.get("name", "?")
    yield from check_fields(what, package, PACKAGE, PACKAGE_MAY)
    yield from check_checksums(what, package)
    for name in ("licenseConcluded", "licenseDeclared"):
        if package.get(name, "NOASSERTION") not in LICENCES:
            yield f"{what}: {name}"
    inside = {r["relatedSpdxElement"] for r in document["relationships"]
              if r["relationshipType"] == "CONTAINS"
              and r["spdxElementId"] == package.get("SPDXID")}
    sums = sorted(c["checksumValue"] for f in document["files"]
                  if f["SPDXID"] in inside
                  for c in f["checksums"] if c["algorithm"] == "SHA1")
    code = package.get("packageVerificationCode", {}).get(
        "packageVerificationCodeValue")
    if package.get("filesAnalyzed", True):
        if code != hashlib.sha1("".join(sums).encode()).hexdigest():
            yield f"{what}: packageVerificationCode"
    elif sums or code:
        yield f"{what}: has files that were not analyzed"
    for reference in package.get("externalRefs", []):
        if reference["referenceCategory"] != "PACKAGE-MANAGER" or \
                reference["referenceType"] != "purl" or not re.fullmatch(
                    r"pkg:deb/[a-z]+/[a-z0-9.+-]+@[A-Za-z0-9.~%-]+"
                    r"\?arch=[a-z0-9]+", reference["referenceLocator"]):
            yield f"{what}: externalRefs"


def check_file(file):
    what = file.get("fileName", "?")
    yield from check_fields(what, file, FILE, FILE_MAY)
    yield from check_checksums(what, file)
    if not what.startswith("./") or ".." in what.split("/"):
        yield f"{what}: fileName"
    if "SHA1" not in [c["algorithm"] for c in file.get("checksums", [])]:
        yield f"{what}: no SHA1"
    if file.get("licenseConcluded", "NOASSERTION") not in LICENCES:
        yield f"{what}: licenseConcluded"


def check_relationships(document, ids):
    """Both ends are there, and nothing hangs in the air."""
    reached = {"SPDXRef-DOCUMENT"}
    for one in document["relationships"]:
        ends = one["spdxElementId"], one["relatedSpdxElement"]
        what = " ".join((ends[0], one["relationshipType"], ends[1]))
        yield from check_fields(what, one, RELATIONSHIP, RELATIONSHIP)
        if one["relationshipType"] not in RELATIONSHIPS:
            yield f"{what}: relationshipType"
        if ends[0] not in ids or ends[1] not in ids | {"NOASSERTION"}:
            yield f"{what}: there is no such element"
        if (one["relationshipType"] == "DESCRIBES") != \
                (ends[0] == "SPDXRef-DOCUMENT"):
            yield f"{what}: only a document describes"
    for _ in ids:
        reached |= {r["relatedSpdxElement"] for r in document["relationships"]
                    if r["spdxElementId"] in reached}
    for missing in sorted(ids - reached):
        yield f"{missing}: not reached from the document"


def check(document):
    """What is wrong with it, one sentence each."""
    yield from check_head(document)
    ids = ["SPDXRef-DOCUMENT"]
    for item in document["packages"] + document["files"]:
        ids.append(item.get("SPDXID", ""))
        if not REFERENCE.fullmatch(ids[-1]):
            yield f"{ids[-1]}: SPDXID"
    for twice in sorted({i for i in ids if ids.count(i) > 1}):
        yield f"{twice}: twice"
    for package in document["packages"]:
        yield from check_package(document, package)
    for file in document["files"]:
        yield from check_file(file)
    yield from check_relationships(document, set(ids))


def hashes(path):
    with open(path, "rb") as file:
        data = file.read()
    return {name: hashlib.new(name.lower(), data).hexdigest()
            for name in DIGITS}


def said(item):
    return {c["algorithm"]: c["checksumValue"] for c in item["checksums"]}


def check_bytes(document, out, build, guests, spec):
    """The hashes, against the files themselves."""
    image, = [p for p in document["packages"]
              if p["SPDXID"] == "SPDXRef-Image"]
    if said(image) != {"SHA256": hashes(os.path.join(
            out, "bulkhead.elf"))["SHA256"]}:
        yield "bulkhead.elf: SHA256"
    wanted = {}
    with open(os.path.join(out, "report.json")) as file:
        report = json.load(file)
    for partition in report["partitions"]:
        for payload in partition["payloads"]:
            name = payload["name"]
            path = os.path.join(guests, name[6:]) \
                if name.startswith("guest:") \
                else os.path.join(os.path.dirname(spec), name)
            role = payload["role"].replace(" ", ".")
            owner = partition["name"].replace("_", ".")
            wanted[f"SPDXRef-File-{owner}-{role}"] = path
    for name in ("iso-bios", "iso-uefi"):
        wanted[f"SPDXRef-File-GRUB-{name}"] = os.path.join(build, "grub",
                                                           name)
    files = {f["SPDXID"]: f for f in document["files"]}
    if files.keys() != wanted.keys():
        yield f"files: {sorted(files)}, not {sorted(wanted)}"
        return
    for reference, path in wanted.items():
        if said(files[reference]) != hashes(path):
            yield f"{path}: hashes"
        size = f", {os.path.getsize(path)} bytes, "
        if size not in files[reference]["comment"]:
            yield f"{path}: not{size}"


def main(out, build, guests, spec):
    with open(os.path.join(out, "bulkhead.spdx.json")) as file:
        document = json.load(file)
    problems = list(check(document)) + \
        list(check_bytes(document, out, build, guests, spec))
    print("".join(f"{one}\n" for one in problems), end="")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
