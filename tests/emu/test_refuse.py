# SPDX-License-Identifier: Apache-2.0
"""
A machine that is not the one of the spec is refused before any partition
starts: with the spec's line, and what the machine has instead.
"""
import pytest

from emulator import Machine

REFUSALS = {
    # RAM ends before the partitions do.
    "less-ram": (["-m", "24M"],
                 r"refused: \S+hello\.dts:\d+:\d+: \w+ needs "
                 r"0x[0-9a-f]+-0x[0-9a-f]+, but the machine has "
                 r"(nothing|reserved memory) at 0x[0-9a-f]+-0x[0-9a-f]+"),
    "fewer-lps": (["-smp", "2"],
                  r"refused: \S+qemu-q35\.dtsi:\d+:\d+: the LP with APIC id "
                  r"2 does not start"),
    "no-svm": (["-cpu", "max,-la57,-svm"],
               r"refused: \S+qemu-q35\.dtsi:\d+:\d+: lp with APIC id 0: the "
               r"processor has no SVM"),
    "no-nested-paging": (["-cpu", "max,-la57,-npt"],
                         r"refused: .*: the processor has no nested paging"),
    "no-vt-x": (["-cpu", "max,-la57,vendor=GenuineIntel"],
                r"refused: \S+qemu-q35\.dtsi:\d+:\d+: lp with APIC id 0: the "
                r"processor has no VT-x"),
    "another-vendor": (["-cpu", "max,-la57,vendor=CentaurHauls"],
                       r"refused: \S+:\d+:\d+: the spec is for a processor by "
                       r"AMD or Intel, this one is by another vendor"),
}


def refuses(machine, message):
    machine.expect(message, "bulkhead", timeout=60)
    machine.run_for(1)
    assert "started" not in machine.text("bulkhead")


def test_refuses_the_vendor_that_the_spec_does_not_name(boot):
    machine = boot("amd-only.dts",
                   emu_args=["-cpu", "max,-la57,vendor=GenuineIntel"])
    refuses(machine, r"refused: \S+pc-common\.dtsi:\d+:\d+: the spec is for a "
                     r"processor by AMD, this one is by Intel")


def test_refuses_an_intel_processor_without_unrestricted_guests(boot):
    machine = boot("bochs-state.dts", emulator="bochs-old")
    refuses(machine, r"refused: \S+:\d+:\d+: lp with APIC id 0: "
                     r"the processor has no unrestricted guests")


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_refuses(image, name):
    emu_args, message = REFUSALS[name]
    with Machine(image("hello.dts"), emu_args=emu_args) as machine:
        refuses(machine, message)
