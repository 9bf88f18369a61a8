# SPDX-License-Identifier: Apache-2.0
"""Third-party source is taken only with the bytes that it was pinned with."""
import hashlib
import os
import subprocess

from test_verify import ROOT


def fetch(place, pinned):
    """source.sh where apt knows no archive at all."""
    os.makedirs(place / "bin", exist_ok=True)
    (place / "bin" / "apt-get").write_text("#!/bin/sh\nexit 0\n")
    os.chmod(place / "bin" / "apt-get", 0o755)
    return subprocess.run(
        [os.path.join(ROOT, "tools", "source.sh"), str(place), "thing",
         "pool/t", "thing.tar.gz", pinned], text=True, timeout=60,
        env={**os.environ, "PATH": f"{place}/bin:{os.environ['PATH']}"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def test_pinned_source(tmp_path):
    packages = tmp_path / "packages"
    (tmp_path / "thing-1").mkdir()
    (tmp_path / "thing-1" / "file.c").write_text("int x;\n")
    packages.mkdir()
    archive = packages / "thing.tar.gz"
    subprocess.run(["tar", "-czf", archive, "thing-1"], cwd=tmp_path,
                   check=True)
    content = archive.read_bytes()
    pinned = hashlib.sha256(content).hexdigest()

    done = fetch(tmp_path, pinned)
    assert done.returncode == 0, done.stdout
    assert "(0 bytes downloaded, cached)" in done.stdout
    assert (tmp_path / "thing" / "file.c").read_text() == "int x;\n"
    (tmp_path / "thing" / "file.c").unlink()

    archive.write_bytes(content[:-1] + b"!")
    done = fetch(tmp_path, pinned)
    assert done.returncode == 1
    assert "error: apt-get does not reach the package archive" in done.stdout
    assert not (tmp_path / "thing" / "file.c").exists()
    assert not archive.exists()
