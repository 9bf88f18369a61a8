# SPDX-License-Identifier: Apache-2.0
"""`make boot` and `make image` as their users know them."""
import os
import subprocess
import time

import pytest

from conftest import BUILD, GUESTS, TOP, make

MINIMAL = "partition-specs/minimal.dts"


def emulators_of(directory):
    """Command lines of QEMU that name an image of this directory."""
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            with open(f"/proc/{entry.name}/cmdline", "rb") as file:
                line = file.read().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if "qemu-system" in line and str(directory) in line:
            found.append(line)
    return found


def make_boot(tmp_path, *variables):
    return make("boot", f"SPEC={MINIMAL}", f"O={tmp_path}", *variables,
                timeout=120)


def test_until_ends_with_success(tmp_path):
    done = make_boot(tmp_path, r"UNTIL=^\[hello\] DONE .* 0 failed$",
                     "TIMEOUT=60")
    assert done.returncode == 0, done.stdout
    last = done.stdout.rstrip("\n").split("\n")[-1]
    assert last.startswith("[hello] DONE")
    assert not emulators_of(tmp_path)


def test_every_line_has_its_prefix(tmp_path):
    done = make_boot(tmp_path, "UNTIL=DONE", "TIMEOUT=60")
    lines = done.stdout.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith("["))
    for line in lines[start:]:
        assert line == "" or line.startswith(("[hello] ", "[bulkhead] ")), \
            line
    assert any(line.startswith("[bulkhead] ") for line in lines)


def test_time_limit_ends_with_failure(tmp_path):
    began = time.monotonic()
    done = make_boot(tmp_path, "UNTIL=never said", "TIMEOUT=4")
    assert done.returncode == 1
    assert "time limit of 4 s" in done.stdout
    assert time.monotonic() - began < 60
    assert not emulators_of(tmp_path)


def test_emulator_that_ends_first_is_a_failure(tmp_path):
    done = make_boot(tmp_path, "UNTIL=x", "EMU_ARGS=-device no-such-device")
    assert done.returncode == 1
    assert "the emulator ended" in done.stdout


def test_refused_machine_is_a_failure_at_once(tmp_path):
    done = make_boot(tmp_path, "UNTIL=x{9}", "EMU_ARGS=-cpu max,-svm",
                     "TIMEOUT=0")
    assert done.returncode == 1
    assert "refused: " in done.stdout and "with +svm" in done.stdout
    assert "boot: Bulkhead refuses this machine" in done.stdout


def test_status_is_of_this_run(tmp_path):
    """Failed once, then not; with the commands shown, and by several jobs."""
    assert make_boot(tmp_path, "UNTIL=x{9}", "TIMEOUT=1").returncode == 1
    done = make_boot(tmp_path, "UNTIL=DONE", "V=1", "-j2")
    assert done.returncode == 0, done.stdout


def test_what_is_no_boot_fails_as_make_does(tmp_path):
    """Nothing to boot is another failure than a boot that failed."""
    spec = tmp_path / "broken.dts"
    spec.write_text("/dts-v1/; / { };\n")
    for wrong, said in ((f"SPEC={spec}", "error[missing-node]"),
                        ("SPEC=no-such.dts", "no such file"),
                        ("SPEC=", "say which spec"),
                        ("UNTIL=(", "UNTIL: ")):
        done = make_boot(tmp_path, wrong)
        assert done.returncode == 2 and said in done.stdout, done.stdout


@pytest.mark.soak
def test_objects_are_built_under_boot(tmp_path):
    """What make builds on the way is built, not asked about."""
    build = tmp_path / "build"
    done = make("boot", f"SPEC={MINIMAL}", f"BUILD={build}", "UNTIL=DONE",
                "V=1", "-j2")
    assert done.returncode == 0, done.stdout
    assert "-c hv/main.c" in done.stdout
    done = make("boot", f"SPEC={MINIMAL}", f"BUILD={build}/again",
                "HOSTCC=false")
    assert done.returncode == 2 and "***" in done.stdout


def test_bios_boots_the_same_image(tmp_path):
    done = make_boot(tmp_path, "UNTIL=DONE .* 0 failed", "FIRMWARE=bios",
                     "TIMEOUT=60")
    assert done.returncode == 0, done.stdout


def test_icount_needs_one_lp(tmp_path):
    done = make_boot(tmp_path, "ICOUNT=1", "UNTIL=x", "TIMEOUT=5")
    assert done.returncode == 2
    assert "ICOUNT=force" in done.stdout


def test_unknown_emulator_and_firmware_are_named(tmp_path):
    done = make_boot(tmp_path, "EMU=abacus", "UNTIL=x")
    assert done.returncode == 2 and "abacus" in done.stdout
    done = make_boot(tmp_path, "FIRMWARE=coreboot", "UNTIL=x")
    assert done.returncode == 2 and "coreboot" in done.stdout


def test_spec_may_live_anywhere(tmp_path):
    """Payload paths are relative to the spec."""
    away = tmp_path / "elsewhere"
    away.mkdir()
    with open(os.path.join(TOP, MINIMAL)) as file:
        text = file.read()
    (away / "mine.dts").write_text(
        text.replace("guest:hello.bin", "pay/hello.bin"))
    (away / "pay").mkdir()
    assert make("test-guests").returncode == 0
    with open(os.path.join(GUESTS, "hello.bin"), "rb") as file:
        (away / "pay/hello.bin").write_bytes(file.read())
    out = tmp_path / "out"
    done = make("boot", f"SPEC={away}/mine.dts", f"O={out}", "UNTIL=DONE",
                timeout=120)
    assert done.returncode == 0, done.stdout
    for name in ("bulkhead.elf", "report.txt", "report.json"):
        assert (out / name).exists()


def test_edited_spec_compiles_tables_only(tmp_path):
    """One edited line: no object of the hypervisor is made again."""
    spec = tmp_path / "mine.dts"
    with open(os.path.join(TOP, MINIMAL)) as file:
        text = file.read()
    spec.write_text(text)
    out = tmp_path / "out"
    first = make("image", f"SPEC={spec}", f"O={out}")
    assert first.returncode == 0, first.stdout
    spec.write_text(text.replace("MiB(2)", "MiB(4)"))
    second = make("image", f"SPEC={spec}", f"O={out}")
    assert second.returncode == 0, second.stdout
    compiled = [line.split()[1] for line in second.stdout.split("\n")
                if line.strip().startswith(("CC ", "AS ", "HOSTCC "))]
    made = {os.path.basename(c) for c in compiled}
    assert "tables.c" in made and made <= {"tables.c", "payload.S", "loads.S"}
    third = make("image", f"SPEC={spec}", f"O={out}")
    assert "CC" not in third.stdout and "LD" not in third.stdout


@pytest.mark.parametrize("text", ["", "/dts-v1/; / { partitions { }; ",
                                  "not a spec"])
def test_broken_spec_leaves_no_image(tmp_path, text):
    spec = tmp_path / "broken.dts"
    spec.write_text(text)
    out = tmp_path / "out"
    done = make("image", f"SPEC={spec}", f"O={out}")
    assert done.returncode != 0
    assert "error" in done.stdout.lower()
    assert not (out / "bulkhead.iso").exists()


def test_a_killed_make_leaves_no_emulator(tmp_path):
    process = subprocess.Popen(
        ["make", "--no-print-directory", f"BUILD={BUILD}",
         f"GUESTS={GUESTS}", "boot", f"SPEC={MINIMAL}", f"O={tmp_path}",
         "UNTIL=never said", "TIMEOUT=60"], cwd=TOP, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={k: v for k, v in os.environ.items()
             if not k.startswith("MAKE")})
    for line in process.stdout:
        if "DONE" in line:
            break
    assert emulators_of(tmp_path)
    process.terminate()
    process.wait(timeout=10)
    end = time.monotonic() + 5
    while emulators_of(tmp_path) and time.monotonic() < end:
        time.sleep(0.1)
    assert not emulators_of(tmp_path)
