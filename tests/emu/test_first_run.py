# SPDX-License-Identifier: Apache-2.0
"""
What a newcomer meets when `make run` cannot go on: one sentence that says why
and what to do. Programs of the system are played by small scripts in PATH.
"""
import fcntl
import hashlib
import os
import shutil
import subprocess
import time

import pexpect
import pytest

from conftest import BUILD, GUESTS, TOP, environment_of_make, make

MINIMAL = os.path.join(TOP, "partition-specs/minimal.dts")
UNTIL_DONE = ["UNTIL=^\\[hello\\] DONE", "TIMEOUT=90"]


class System:
    """A Debian of which a test says what its programs do."""

    def __init__(self, folder):
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.environment = {}
        self.program("sudo", 'exec "$@"')

    def program(self, name, script):
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def release(self, identifier, codename, pretty):
        path = self.folder / "os-release"
        path.write_text(f'ID={identifier}\nVERSION_CODENAME={codename}\n'
                        f'PRETTY_NAME="{pretty}"\n')
        self.environment["OS_RELEASE"] = str(path)

    def run(self, *argv, **environment):
        return subprocess.run(
            argv, cwd=TOP, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
            env={**environment_of_make(), **self.environment, **environment,
                 "PATH": f"{self.bin}:{os.environ['PATH']}"})

    def make_run(self, *variables, **environment):
        return self.run("make", "--no-print-directory", f"BUILD={BUILD}",
                        f"GUESTS={GUESTS}", "CONFIG=test_defconfig", "run",
                        *variables, **environment)


@pytest.fixture
def system(tmp_path):
    return System(tmp_path)


def last_line(done):
    lines = [line for line in done.stdout.rstrip("\n").split("\n")
             if not line.startswith("make: ***")]
    return lines[-1]


# ---- what it says of itself ----------------------------------------------

def test_says_what_comes_and_how_to_leave(system):
    done = system.make_run("UNTIL=x", NO_INSTALL="1")
    first = done.stdout[:done.stdout.index("[1/6]")]
    for said in ("Linux", "control loop", "six steps", '"[partition] text"',
                 "nproc", "reboot -f", "Ctrl-]", "make run SPEC="):
        assert said in first, first


@pytest.mark.parametrize("inside", [True, False])
def test_runs_a_spec_of_ones_own(system, tmp_path, inside):
    spec = "partition-specs/minimal.dts"
    if not inside:
        spec = tmp_path / "mine.dts"
        spec.write_text(open(MINIMAL).read())
    done = system.make_run(f"SPEC={spec}", *UNTIL_DONE)
    assert done.returncode == 0, done.stdout
    assert f"The system of {spec}" in done.stdout
    assert last_line(done).startswith("[hello] DONE")


def test_runs_where_there_is_no_disc(system):
    done = system.make_run("SPEC=tests/emu/specs/board-microvm.dts",
                           *UNTIL_DONE)
    assert done.returncode == 0, done.stdout


def test_no_keyboard_is_said_and_leaving_says_what_is_next():
    child = pexpect.spawn(
        "make", ["--no-print-directory", f"BUILD={BUILD}", f"GUESTS={GUESTS}",
                 "CONFIG=test_defconfig", "run", f"SPEC={MINIMAL}"], cwd=TOP,
        encoding="utf-8", codec_errors="replace", timeout=120,
        dimensions=(24, 120), env=environment_of_make())
    try:
        child.expect(r"no partition has a UART to type to; Ctrl-\]")
        child.expect(r"\[hello\]\S* DONE")
        child.send("\x1d")
        child.expect("-- left. Change the spec and type the same again; "
                     "make boot")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)
    assert child.exitstatus == 0


def test_picture_is_of_the_recording(system, tmp_path):
    """Of a run that saw both partitions, and Linux start twice."""
    svg = tmp_path / "demo.svg"
    done = system.run("/usr/bin/python3", "tools/recording.py", "picture",
                      "docs/demo.cast", str(svg))
    assert done.returncode == 0, done.stdout
    with open(os.path.join(TOP, "docs/demo.svg")) as file:
        assert svg.read_text() == file.read()
    for said in ("Linux 6.", "started (start 2)", "Hyper-V", "loop: period",
                 "-- left."):
        assert said in svg.read_text()


# ---- what goes wrong -------------------------------------------------------

def test_no_such_spec(system):
    done = system.make_run("SPEC=no/such.dts")
    assert done.returncode == 2
    assert last_line(done) == (
        f"error: there is no spec no/such.dts: name one from {TOP}, or with "
        f"its whole path.")


@pytest.mark.parametrize("name", ["hello.bim", "vmlinux-cloud"])
def test_no_such_guest(tmp_path, name):
    """partc says where; make has no rule for it, and nothing to say."""
    spec = tmp_path / "box.dts"
    spec.write_text(open(MINIMAL).read().replace("hello.bin", name))
    done = make("image", f"SPEC={spec}", f"O={tmp_path}/out")
    assert f"box.dts:14:4: error[payload-missing]: {GUESTS}/{name} " in \
        done.stdout
    assert "No rule" not in done.stdout and done.returncode == 2


def test_no_svm_in_the_cpu_model(system):
    done = system.make_run(f"SPEC={MINIMAL}", "EMU_ARGS=-cpu qemu64,-svm",
                           "UNTIL=x{9}")
    assert done.returncode == 2
    assert ("the processor has no SVM: take one that has (QEMU: -cpu max, or "
            "a model with +svm)") in done.stdout
    assert last_line(done) == ("-- Bulkhead refuses this machine; the line "
                               "above says why")


def test_no_emulator(system):
    out = os.path.join(BUILD, "images/minimal")
    assert make("image", f"SPEC={MINIMAL}", f"O={out}").returncode == 0
    done = system.run("/usr/bin/env", f"PATH={system.bin}",
                      "/usr/bin/python3", "tests/emu/terminal.py", out)
    assert done.returncode == 1
    assert last_line(done) == (
        "run: there is no qemu-system-x86_64 here: as root, apt-get install "
        "qemu-system-x86")


def test_another_emulator(system):
    """The packages of the emulator that EMU= names, before any work."""
    system.program("dpkg-query", "exit 1")
    done = system.make_run("EMU=bochs", NO_INSTALL="1")
    assert done.returncode == 0, done.stdout
    assert "Bochs plays" in done.stdout and "minutes" in done.stdout
    for package in ("bochs", "bochsbios", "vgabios", "gcc"):
        assert f"\n  {package} " in done.stdout, done.stdout
    done = system.make_run("EMU=box")
    assert done.returncode == 2
    assert last_line(done) == (
        "error: EMU=box: qemu (an AMD processor), bochs (an Intel one, "
        "slowly) or bochs-amd.")


def test_no_bochs(system):
    out = os.path.join(BUILD, "images/minimal")
    assert make("image", f"SPEC={MINIMAL}", f"O={out}").returncode == 0
    for medium, reason in (
            ("cd", "there is no bochs here: as root, apt-get install bochs "
                   "bochsbios vgabios"),
            ("usb", "EMU=bochs boots by its BIOS from a disc: leave FIRMWARE "
                    "and MEDIUM out")):
        done = system.run("/usr/bin/env", f"PATH={system.bin}",
                          "/usr/bin/python3", "tests/emu/terminal.py",
                          "--emu", "bochs", "--medium", medium, out)
        assert done.returncode == 1
        assert last_line(done) == f"run: {reason}"


def test_disk_full(system, tmp_path):
    system.program("df", "echo Filesystem; echo x 9 9 40960 9 /")
    build = tmp_path / "build"
    done = system.make_run(f"BUILD={build}")
    assert done.returncode == 2
    assert last_line(done) == (
        f"error: {build} has 40 MiB of disk left, and this takes 120: free "
        f"some, or build elsewhere (BUILD=directory).")


def test_another_make_at_work(system, tmp_path):
    """Not a broken build, but one after the other; and it says so."""
    os.makedirs(BUILD, exist_ok=True)
    argv = ["make", "--no-print-directory", f"BUILD={BUILD}",
            f"GUESTS={GUESTS}", "CONFIG=test_defconfig", "run",
            f"SPEC={MINIMAL}", *UNTIL_DONE]
    with open(os.path.join(BUILD, ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            argv, cwd=TOP, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=environment_of_make())
        for line in process.stdout:
            assert "[2/6]" not in line
            if line.startswith("Another make"):
                break
        assert line == (f"Another make is at work in {BUILD}: waiting for it "
                        f"(or use BUILD=directory).\n")
        time.sleep(1)
        assert process.poll() is None
    rest = process.stdout.read()
    assert process.wait(timeout=120) == 0, rest
    assert "[hello] DONE" in rest


def test_two_runs_side_by_side(system):
    """The second takes nothing from the first: no port, no lock, no file."""
    with subprocess.Popen(
            ["make", "--no-print-directory", f"BUILD={BUILD}",
             f"GUESTS={GUESTS}", "CONFIG=test_defconfig", "run",
             f"SPEC={MINIMAL}", "UNTIL=x{9}", "TIMEOUT=120"], cwd=TOP,
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=environment_of_make()) as first:
        for line in first.stdout:
            if "DONE" in line:
                break
        second = system.make_run(f"SPEC={MINIMAL}", *UNTIL_DONE)
        assert second.returncode == 0, second.stdout
        assert "Another make" not in second.stdout
        assert first.poll() is None
        first.terminate()


RELEASE_NOTE = ("note: this is Debian GNU/Linux 13 (trixie), and Bulkhead is "
                "tried on Debian 12 (bookworm): if a step fails, use that.")
APT = {
    "network": (
        "E: Failed to fetch http://x  Temporary failure resolving 'x'",
        "error: apt-get does not reach the package archive: look at the "
        "network (behind a proxy: set http_proxy) and type the same again."),
    "lock": (
        "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by 7",
        "error: another apt or dpkg is at work on this machine: wait until it "
        "has ended and type the same again."),
    "disk": (
        "E: You don't have enough free space in /var/cache/apt/archives/.",
        "error: the disk is full: free some (apt-get clean) and type the same "
        "again."),
    "release": (
        "E: Unable to locate package xorriso",
        "error: Debian GNU/Linux 13 (trixie) has no package xorriso: use "
        "Debian 12 (bookworm), which has all of them; a container or a "
        "virtual machine will do."),
    "other": (
        "E: Sub-process /usr/bin/dpkg returned an error code (1)",
        "error: apt-get failed, and above is what it said: put that right and "
        "type the same again."),
}


@pytest.mark.parametrize("name", sorted(APT))
def test_install_fails(system, name):
    """Nothing is installed, and apt-get cannot do it."""
    said, sentence = APT[name]
    system.release("debian", "trixie", "Debian GNU/Linux 13 (trixie)")
    system.program("dpkg-query", "exit 1")
    system.program("apt-cache", "exit 0")
    system.program("apt-get", f'echo "{said}"; exit 100')
    done = system.make_run()
    assert done.returncode == 2
    assert RELEASE_NOTE in done.stdout.split("\n")
    assert said in done.stdout
    assert last_line(done) == sentence
    assert "[2/6]" not in done.stdout


@pytest.mark.parametrize("name", sorted(APT))
def test_fetch_fails(system, tmp_path, name):
    """All is installed, but a guest's package does not come."""
    said, sentence = APT[name]
    system.release("debian", "trixie", "Debian GNU/Linux 13 (trixie)")
    system.program("apt-cache", "exit 0")
    system.program("apt-get", f"""case $* in
        *--print-uris*) echo "'http://x/b.deb' b.deb 99 SHA256:0";;
        *) echo "{said}"; exit 100;; esac""")
    done = system.run("tools/fetch.sh", str(tmp_path), "busybox",
                      "busybox-static")
    assert done.returncode == 1
    assert last_line(done) == sentence
    assert not (tmp_path / "busybox").exists()


def package_of(tree, name, version, deb):
    """The files of the folder tree, as a Debian package."""
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: amd64\n"
        "Maintainer: x <x@example.org>\nDescription: x\n")
    deb.parent.mkdir(exist_ok=True)
    subprocess.run(["dpkg-deb", "-b", str(tree), str(deb)], check=True,
                   stdout=subprocess.DEVNULL)


def test_two_files_of_one_package_wanted_at_once(system, tmp_path):
    """It comes once, and neither gets in the other's way."""
    (tmp_path / "tree/boot").mkdir(parents=True)
    for bits in ("ia32", "x64"):
        (tmp_path / f"tree/boot/memtest86+{bits}.bin").write_text(bits)
    deb = tmp_path / "memtest86+_6.10-4_amd64.deb"
    package_of(tmp_path / "tree", "memtest86+", "6.10-4", deb)
    system.release("debian", "bookworm", "Debian GNU/Linux 12 (bookworm)")
    system.program("apt-get", f"""case $* in
        *--print-uris*) echo "'http://x/m.deb' {deb.name} 99 SHA256:0";;
        *) echo . >>{tmp_path}/times; sleep 1; cp {deb} .;; esac""")
    guests = tmp_path / "guests"
    done = system.run("make", "--no-print-directory", "-j2", f"BUILD={BUILD}",
                      f"GUESTS={guests}", f"{guests}/memtest",
                      f"{guests}/memtest32")
    assert done.returncode == 0, done.stdout
    assert (guests / "memtest").read_text() == "x64"
    assert (guests / "memtest32").read_text() == "ia32"
    assert (tmp_path / "times").read_text() == ".\n"


def test_a_changed_header_counts_under_every_name():
    """BUILD and O said from the project's root, or in full."""
    full = os.path.join(BUILD, "images/names/b.pp.dts")
    made = make("image", "SPEC=partition-specs/minimal.dts",
                f"O={os.path.dirname(full)}")
    assert made.returncode == 0, made.stdout
    for path, header, maker in (
            (os.path.join(BUILD, "host/compiler/util.c.o"),
             "compiler/util.h", ("Makefile",)),
            (full, "partition-specs/include/units.h",
             ("tools/image.mk", "SPEC=partition-specs/minimal.dts",
              "KCONFIG_AUTOHEADER=", f"GUESTS={GUESTS}"))):
        for name in (os.path.abspath(path), os.path.relpath(path, TOP)):
            where = BUILD if os.path.isabs(name) else \
                os.path.relpath(BUILD, TOP)
            out = os.path.dirname(name)
            done = subprocess.run(
                ["make", "-n", "-W", header, f"BUILD={where}", f"O={out}",
                 "-f", *maker, name], cwd=TOP, text=True,
                env=environment_of_make(), stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT)
            assert done.returncode == 0, done.stdout
            assert "-MMD" in done.stdout, (name, done.stdout)


def test_fetch_keeps_where_a_guest_came_from(system, tmp_path):
    """Package and version beside the guest, for what lists an image."""
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    shutil.copy(os.path.join(GUESTS, "busybox"), tree / "bin/busybox")
    busybox = (tree / "bin/busybox").read_bytes()
    deb = "busybox-static_1%3a1.35.0-4+b1_amd64.deb"
    package_of(tree, "busybox-static", "1:1.35.0-4+b1",
               tmp_path / "packages" / deb)
    system.release("debian", "bookworm", "Debian GNU/Linux 12 (bookworm)")
    system.program("apt-get", f"echo \"'http://x/b.deb' {deb} 9 SHA256:0\"")
    done = system.run("tools/fetch.sh", str(tmp_path), "busybox",
                      "busybox-static")
    assert done.returncode == 0, done.stdout
    package = f"debian busybox-static 1:1.35.0-4+b1 amd64 {deb}\n"
    assert (tmp_path / "packages/busybox.from").read_text() == (
        f"EXPANDED_FROM_ARCHIVE {hashlib.sha256(busybox).hexdigest()} "
        + package)
    # What is made of it says so.
    done = system.run("make", "--no-print-directory", f"BUILD={BUILD}",
                      f"GUESTS={tmp_path}", f"{tmp_path}/initramfs")
    assert done.returncode == 0, done.stdout
    digest = hashlib.sha256((tmp_path / "initramfs").read_bytes())
    assert (tmp_path / "packages/initramfs.from").read_text() == \
        f"GENERATED_FROM {digest.hexdigest()} {package}"


@pytest.mark.parametrize("said, sentence", [
    ("W: Failed to fetch http://x  Could not resolve 'x'", APT["network"][1]),
    ("Reading package lists...",
     "error: Debian GNU/Linux 13 (trixie) has no package busybox-static: use "
     "Debian 12 (bookworm), which has all of them; a container or a virtual "
     "machine will do."),
])
def test_no_package_lists(system, tmp_path, said, sentence):
    """apt-get update ends well all the same when there is no network."""
    system.release("debian", "trixie", "Debian GNU/Linux 13 (trixie)")
    system.program("apt-cache", "exit 0")
    system.program("apt-get", f"""case $* in
        *update*) echo "{said}";; esac""")
    done = system.run("tools/fetch.sh", str(tmp_path), "busybox",
                      "busybox-static")
    assert done.returncode == 1
    assert last_line(done) == sentence


def test_the_release_that_it_is_for_gets_no_note(system):
    system.release("debian", "bookworm", "Debian GNU/Linux 12 (bookworm)")
    done = system.make_run(f"SPEC={MINIMAL}", *UNTIL_DONE)
    assert done.returncode == 0, done.stdout
    assert "note: " not in done.stdout


def test_not_root_and_no_sudo(system):
    system.program("dpkg-query", "exit 1")
    system.program("id", "echo 1000")
    (system.bin / "sudo").unlink()
    for name in ("awk", "cat", "cut", "dirname", "sh", "tr", "mktemp", "rm"):
        os.symlink(f"/usr/bin/{name}", system.bin / name)
    done = system.run("/usr/bin/env", f"PATH={system.bin}", "/bin/sh",
                      "tools/deps.sh", "install", "run")
    assert done.returncode == 1
    assert "Not root, and no sudo. As root, run:\n  apt-get update && " \
        "apt-get install --no-install-recommends gcc " in done.stdout
