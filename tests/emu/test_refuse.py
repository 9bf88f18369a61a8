# SPDX-License-Identifier: Apache-2.0
"""
A machine that is not the one of the spec is refused before any partition
starts: with the spec's line, and what the machine has instead.
"""
import pytest

from emulator import Machine

RANGE = r"0x[0-9a-f]+-0x[0-9a-f]+"
NO_SVM = (r"the processor has no SVM: take one that has \(QEMU: -cpu max, or "
          r"a model with \+svm\)")
NO_PIT = (r"refused: \S+pc-common\.dtsi:\d+:\d+: no tsc-hz in the spec, and "
          r"this machine's PIT does not count")

# The spec, arguments of the emulator that come after its own, the refusal.
REFUSALS = {
    # RAM ends before the partitions do.
    "less-ram-than-a-partition": (
        "hello.dts", ["-m", "24M"],
        rf"refused: \S+hello\.dts:\d+:\d+: \w+ needs {RANGE}, but the machine "
        rf"has (nothing|reserved memory) at {RANGE}"),
    # All partitions would fit, but the board is another one.
    "less-ram-than-the-board": (
        "hello.dts", ["-m", "512M"],
        r"refused: \S+qemu-q35\.dtsi:\d+:\d+: the board needs "
        r"0x1000000-0x3c000000, but the machine has reserved memory at "
        r"0x1ff[0-9a-f]{5}-0x20000000"),
    # What is missing lies above 4 GiB.
    "less-ram-above": (
        "board-large.dts", ["-m", "8G"],
        r"refused: \S+board-large\.dts:\d+:\d+: linux needs "
        r"0x440000000-0x450000000, but the machine has nothing at "
        r"0x440000000-0x450000000"),
    "one-lp": ("hello.dts", ["-smp", "1"],
               r"refused: \S+qemu-q35\.dtsi:\d+:\d+: the LP with APIC id 1 "
               r"does not start"),
    "fewer-lps": ("hello.dts", ["-smp", "2"],
                  r"refused: \S+qemu-q35\.dtsi:\d+:\d+: the LP with APIC id "
                  r"2 does not start"),
    "no-svm": ("hello.dts", ["-cpu", "max,-la57,-svm"],
               r"refused: \S+qemu-q35\.dtsi:\d+:\d+: lp with APIC id 0: "
               + NO_SVM),
    # A model that is not told to have it.
    "model-without-svm": (
        "hello.dts", ["-cpu", "qemu64,-svm"],
        r"refused: \S+qemu-q35\.dtsi:\d+:\d+: lp with APIC id 0: " + NO_SVM),
    "no-nested-paging": ("hello.dts", ["-cpu", "max,-la57,-npt"],
                         r"refused: .*: the processor has no nested paging"),
    "no-vt-x": (
        "hello.dts", ["-cpu", "max,-la57,vendor=GenuineIntel"],
        r"refused: \S+qemu-q35\.dtsi:\d+:\d+: lp with APIC id 0: the "
        r"processor has no VT-x"),
    "another-vendor": (
        "amd-only.dts", ["-cpu", "max,-la57,vendor=GenuineIntel"],
        r"refused: \S+:\d+:\d+: the spec is for a processor by AMD, this one "
        r"is by Intel"),
    "a-third-vendor": (
        "hello.dts", ["-cpu", "max,-la57,vendor=CentaurHauls"],
        r"refused: \S+:\d+:\d+: the spec is for a processor by AMD or Intel, "
        r"this one is by another vendor"),
    "no-pit": ("board-small.dts", ["-machine", "pit=off"], NO_PIT),
    # Nor port 0x61, which then reads as ones.
    "no-pit-no-port": ("board-microvm.dts", ["-machine", "pit=off"], NO_PIT),
}


def refuses(machine, message):
    machine.expect(message, "bulkhead", timeout=60)
    machine.run_for(1)
    assert not any("started" in line for line in machine.text("bulkhead"))


@pytest.mark.parametrize("model, lacks", [
    ("bochs-old", "unrestricted guests"),
    ("bochs-older", r"nested paging \(EPT\)")])
def test_refuses_an_old_intel_processor(boot, model, lacks):
    machine = boot("bochs-state.dts", emulator=model)
    refuses(machine, r"refused: \S+:\d+:\d+: lp with APIC id 0: "
                     rf"the processor has no {lacks}$")


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_refuses(image, name):
    spec, emu_args, message = REFUSALS[name]
    with Machine(image(spec), emu_args=emu_args) as machine:
        refuses(machine, message)


# What these lack is seen before anything is written outside the image.
EARLY = ["another-vendor", "less-ram-above", "less-ram-than-a-partition",
         "less-ram-than-the-board"]
TRAMPOLINE = 0x9e000    # the free page that the other LPs are started from


def marks_left(image, spec, emu_args, message, mark):
    """Where the trampoline and a partition would lie: are marks still there?"""
    mark.write_bytes(b"\xa5" * 0x1000)
    spas = [p["spa"] for p in Machine(image(spec)).report.all["partitions"]]
    places = [TRAMPOLINE] + [spa for spa in spas if spa < 20 << 20]
    for place in places:
        emu_args = emu_args + ["-device", f"loader,file={mark},"
                               f"addr={place:#x},force-raw=on"]
    with Machine(image(spec), emu_args=emu_args) as machine:
        machine.expect(message, timeout=60)
        machine.run_for(1)
        return [machine.hmp(f"xp /4096xb {place:#x}").count("0xa5") == 4096
                for place in places]


@pytest.mark.parametrize("name", EARLY)
def test_nothing_is_written_before(image, name, tmp_path):
    assert all(marks_left(image, *REFUSALS[name], tmp_path / "mark"))


def test_what_is_written_is_seen(image, tmp_path):
    left = marks_left(image, "hello.dts", [], "DONE", tmp_path / "mark")
    assert not any(left)
