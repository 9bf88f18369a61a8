# SPDX-License-Identifier: Apache-2.0
"""
bulkhead.spdx.json: what SPDX 2.3 asks for, the real files' hashes, and the
same bytes wherever it is made. The image itself is played by some bytes.
"""
import copy
import hashlib
import json
import os
import subprocess

import pytest

import spdx
from toolchain import HERE, ROOT

SPEC = """/dts-v1/;
#include "%s"
/ {
	partitions {
		a_b: a_b {
			GOOD_LINUX(&lp0)
			initrd = "guest:tiny.initrd";
		};
		c: c {
			GOOD(&lp1)
			as-module = "payload";
		};
		d: d {
			GOOD(&lp2)
		};
	};
};
&c { payload = "beside.bin"; };
""" % (ROOT / HERE / "base.dtsi")

DEB = "linux-image-6.1.0-9-amd64_6.1.9-2_amd64.deb"


class Sbom:
    """A folder as tools/image.mk leaves it, but for the linker's part."""

    def __init__(self, partc, where):
        self.guests = partc.guests
        self.where = where
        where.mkdir()
        self.spec = where / "boxes.dts"
        self.spec.write_text(SPEC)
        (where / "beside.bin").write_bytes(b"beside")
        self.run = partc.compile(self.spec)
        assert (self.run.stderr, self.run.code) == ("", 0)
        self.out = self.run.out
        (self.out / "bulkhead.elf").write_bytes(b"\x7fELF of an image")
        self.grub = where / "build/grub"
        self.grub.mkdir(parents=True)
        (self.grub / "iso-bios").write_bytes(b"GRUB for BIOS")
        (self.grub / "iso-uefi").write_bytes(b"GRUB for UEFI")
        (self.grub / "version").write_text(
            "iso-bios debian grub-pc-bin 2.06-13+deb12u1 amd64\n"
            "iso-uefi - GRUB 2.06 -\n")

    def make(self, version="v1-dirty\n", **environment):
        (self.where / "build/version").write_text(version)
        done = subprocess.run(
            ["/usr/bin/python3", "-I", "-S", str(ROOT / "tools/sbom.py"),
             str(self.out), str(self.spec), str(self.guests),
             str(self.where / "build")], capture_output=True, text=True,
            env={**os.environ, **environment})
        return done.returncode, done.stderr

    def text(self):
        assert self.make() == (0, "")
        return (self.out / "bulkhead.spdx.json").read_text()

    def document(self):
        return json.loads(self.text())

    def problems(self, document):
        return list(spdx.check_bytes(document, self.out, self.where / "build",
                                     self.guests, self.spec))


@pytest.fixture(scope="module")
def sbom(partc):
    return Sbom(partc, partc.where / "sbom")


@pytest.fixture
def origin(partc):
    """The kernel and the initrd came out of packages."""
    folder = partc.guests / "packages"
    folder.mkdir()
    for name, how, package in (
            ("tiny.bzimage", "EXPANDED_FROM_ARCHIVE",
             f"linux-image-6.1.0-9-amd64 6.1.9-2 amd64 {DEB}"),
            ("tiny.initrd", "GENERATED_FROM",
             "busybox-static 1:1.35.0-4+b1 amd64 "
             "busybox-static_1%3a1.35.0-4+b1_amd64.deb")):
        digest = hashlib.sha256((partc.guests / name).read_bytes())
        (folder / f"{name}.from").write_text(
            f"{how} {digest.hexdigest()} debian {package}\n")
    yield folder
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def related(document, one, how):
    return [r["relatedSpdxElement"] for r in document["relationships"]
            if (r["spdxElementId"], r["relationshipType"]) == (one, how)]


def element(document, reference):
    found, = [e for e in document["packages"] + document["files"]
              if e["SPDXID"] == reference]
    return found


def test_form_and_hashes(sbom, origin):
    document = sbom.document()
    assert list(spdx.check(document)) == []
    assert sbom.problems(document) == []


def test_what_is_in_it(sbom, origin):
    document = sbom.document()
    assert document["name"] == "boxes"
    assert related(document, "SPDXRef-DOCUMENT", "DESCRIBES") == \
        ["SPDXRef-ISO", "SPDXRef-Image"]
    assert related(document, "SPDXRef-ISO", "CONTAINS") == [
        "SPDXRef-Image", "SPDXRef-Debian-grub-pc-bin-2.06-13.deb12u1",
        "SPDXRef-GRUB-iso-uefi"]
    assert related(document, "SPDXRef-Image", "CONTAINS") == [
        "SPDXRef-Hypervisor", "SPDXRef-Partition-a.b", "SPDXRef-Partition-c",
        "SPDXRef-Partition-d"]
    hypervisor = element(document, "SPDXRef-Hypervisor")
    assert (hypervisor["name"], hypervisor["versionInfo"],
            hypervisor["licenseDeclared"]) == \
        ("Bulkhead", "v1-dirty", "Apache-2.0")
    assert related(document, "SPDXRef-Partition-a.b", "CONTAINS") == [
        "SPDXRef-File-a.b-payload", "SPDXRef-File-a.b-initrd"]
    said = {f["SPDXID"]: (f["fileName"], f["comment"])
            for f in document["files"]}
    assert said == {
        "SPDXRef-File-a.b-payload": (
            "./tiny.bzimage",
            "payload of partition a_b, 7536 bytes, in the image"),
        "SPDXRef-File-a.b-initrd": (
            "./tiny.initrd",
            "initrd of partition a_b, 6000 bytes, in the image"),
        "SPDXRef-File-c-payload": (
            "./beside.bin",
            "payload of partition c, 6 bytes, left to the boot loader: "
            "boot/modules/0-beside.bin"),
        "SPDXRef-File-d-payload": (
            "./tiny.bin",
            "payload of partition d, 200 bytes, in the image"),
        "SPDXRef-File-GRUB-iso-bios": (
            "./boot/grub/bios.img",
            "GRUB's program in the ISO, 13 bytes, before its place on the "
            "disc is written into it"),
        "SPDXRef-File-GRUB-iso-uefi": (
            "./boot/grub/uefi.img",
            "GRUB's program in the ISO, 13 bytes, before its place on the "
            "disc is written into it"),
    }


def test_packages(sbom, origin):
    """Debian's, as a scanner looks them up; of others nothing is claimed."""
    document = sbom.document()
    kernel, = related(document, "SPDXRef-File-a.b-payload",
                      "EXPANDED_FROM_ARCHIVE")
    initrd, = related(document, "SPDXRef-File-a.b-initrd", "GENERATED_FROM")
    said = [(p["name"], p["versionInfo"], p["packageFileName"],
             p["externalRefs"][0]["referenceLocator"])
            for p in (element(document, kernel), element(document, initrd))]
    assert said == [
        ("linux-image-6.1.0-9-amd64", "6.1.9-2", DEB,
         "pkg:deb/debian/linux-image-6.1.0-9-amd64@6.1.9-2?arch=amd64"),
        ("busybox-static", "1:1.35.0-4+b1",
         "busybox-static_1%3a1.35.0-4+b1_amd64.deb",
         "pkg:deb/debian/busybox-static@1%3A1.35.0-4%2Bb1?arch=amd64")]
    for name in ("c", "d"):
        assert related(document, f"SPDXRef-File-{name}-payload",
                       "GENERATED_FROM") == ["NOASSERTION"]
    grub = element(document, "SPDXRef-GRUB-iso-uefi")
    assert (grub["name"], grub["versionInfo"], grub["licenseDeclared"]) == \
        ("GRUB", "2.06", "GPL-3.0-or-later")


def test_package_of_another_file(sbom, origin):
    """A guest that was put there by hand did not come from the package."""
    path = origin / "tiny.bzimage.from"
    path.write_text(path.read_text().replace("ARCHIVE ", "ARCHIVE 0"))
    document = sbom.document()
    assert related(document, "SPDXRef-File-a.b-payload",
                   "GENERATED_FROM") == ["NOASSERTION"]
    assert not any("linux-image" in p["name"] for p in document["packages"])


def test_no_version(sbom):
    assert sbom.make(version="") == (0, "")
    document = json.loads((sbom.out / "bulkhead.spdx.json").read_text())
    assert element(document, "SPDXRef-Hypervisor")["versionInfo"] == \
        "NOASSERTION"


def test_same_bytes_in_two_folders(partc, sbom, origin):
    other = Sbom(partc, partc.where / "sbom-in-another-place")
    text = sbom.text()
    assert text == other.text()
    # And again, with the hashes that were kept.
    assert text == sbom.text()
    for path in (partc.where, ROOT, sbom.where):
        assert str(path) not in text
    assert json.loads(text)["creationInfo"]["created"] == \
        "2000-01-01T00:00:00Z"


def test_time_is_given(sbom):
    assert sbom.make(SOURCE_DATE_EPOCH="1700000000") == (0, "")
    document = json.loads((sbom.out / "bulkhead.spdx.json").read_text())
    assert document["creationInfo"]["created"] == "2023-11-14T22:13:20Z"


def test_another_image_has_another_name(sbom):
    before = sbom.document()
    (sbom.out / "bulkhead.elf").write_bytes(b"\x7fELF of another")
    after = sbom.document()
    assert sbom.problems(after) == []
    assert sbom.problems(before) == ["bulkhead.elf: SHA256"]
    assert before["documentNamespace"] != after["documentNamespace"]


def test_file_that_changed_since(sbom):
    """What lies there now is not in the image: nothing is written."""
    (sbom.out / "sbom.hashes").unlink(missing_ok=True)
    (sbom.out / "bulkhead.spdx.json").unlink(missing_ok=True)
    path = sbom.where / "beside.bin"
    path.write_bytes(b"besidf")
    code, said = sbom.make()
    path.write_bytes(b"beside")
    assert (code, said) == (1, f"{path}: error: not the file that is in the "
                               "image; build it again\n")
    assert not (sbom.out / "bulkhead.spdx.json").exists()


BREAKS = {
    "document: no dataLicense": lambda d: d.pop("dataLicense"),
    "document: documentNamespace":
        lambda d: d.update(documentNamespace="boxes"),
    "document: created":
        lambda d: d["creationInfo"].update(created="2000-01-01"),
    "SPDXRef-a_b: SPDXID": lambda d: d["packages"][2].update(
        SPDXID="SPDXRef-a_b"),
    "SPDXRef-ISO: twice": lambda d: d["packages"].append(d["packages"][0]),
    "Bulkhead: no downloadLocation":
        lambda d: d["packages"][2].pop("downloadLocation"),
    "boxes: image: SHA256": lambda d: d["packages"][1]["checksums"][0].update(
        checksumValue="0"),
    "./tiny.bzimage: no SHA1": lambda d: d["files"][0]["checksums"].pop(0),
    "partition a_b: packageVerificationCode":
        lambda d: d["files"][0]["checksums"][0].update(
            checksumValue="0" * 40),
    "partition c: has files that were not analyzed":
        lambda d: d["packages"][4].update(filesAnalyzed=False),
    "SPDXRef-Image CONTAINS SPDXRef-x: there is no such element":
        lambda d: d["relationships"].append(
            {"spdxElementId": "SPDXRef-Image", "relationshipType": "CONTAINS",
             "relatedSpdxElement": "SPDXRef-x"}),
    "SPDXRef-Hypervisor: not reached from the document":
        lambda d: d["relationships"].pop(3),
}


@pytest.mark.parametrize("said", BREAKS)
def test_check_finds(sbom, said):
    """The checks of this file find what is wrong."""
    document = copy.deepcopy(sbom.document())
    BREAKS[said](document)
    assert said in list(spdx.check(document))
