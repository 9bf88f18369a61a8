# SPDX-License-Identifier: Apache-2.0
"""
How partitions end, and that nobody else notices: failure policy, restarts
with the same memory and VP state each time, NMI, machine check.
"""
import json

import pytest

from emulator import Machine
from guests import log, loop_goes_on, rewind


@pytest.fixture(scope="module")
def faults(image):
    """The machine of faults.dts when all that is to end has ended."""
    with Machine(image("faults.dts")) as machine:
        # A processor answers #GP and the guest goes on; QEMU refuses. Its
        # addresses are wider than a guest's, Bochs' processor's are not.
        wait_for_ends(machine, "cr3", "wide")
        yield machine


def wait_for_ends(machine, *more, timeout=90):
    for name in ("crash", "triple", "fetch", "tables", "strict", "off",
                 *more):
        rewind(machine, "bulkhead")
        machine.expect(f"partition {name} halted", "bulkhead", timeout)
    for name in ("reset", "resetmsr"):
        rewind(machine, "bulkhead")
        machine.expect(f"partition {name} started \\(start 4\\)", "bulkhead",
                       timeout)
    machine.run_for(1)


# name: reason in the log, how often it is started before it is halted
ENDS = {
    "crash": ("crash reported", 3),
    "triple": ("triple fault", 2),
    "fetch": ("instruction fetch outside RAM", 1),
    "tables": ("page table outside writable RAM", 1),
    "strict": ("read of a strict port", 1),
}


def test_ends(faults):
    check_ends(faults)


def check_ends(faults):
    """Each end, its reason, its policy; and the loop never noticed."""
    for name, (reason, starts) in ENDS.items():
        failed = log(faults, rf"partition {name} failed: (.*) vp 0 rip 0x")
        assert [f[1] for f in failed] == [reason] * starts, name
        started = log(faults, rf"partition {name} started \(start (\d+)\)")
        assert [int(s[1]) for s in started] == list(range(1, starts + 1))
        assert len(log(faults, f"partition {name} restarts")) == starts - 1
        assert len(log(faults, f"partition {name} halted")) == 1
    # Its own wish is no failure: restart-max = <1> does not hold for it.
    for name in ("reset", "resetmsr"):
        assert not log(faults, f"partition {name} (failed|halted)")
        assert len(log(faults, f"partition {name} restarts")) >= 3
    assert not log(faults, "partition off (failed|restarts)")
    # HLT with interrupts off: it sleeps, that is all.
    assert not log(faults, "partition halt (failed|restarts|halted)")
    for name in faults.report.partitions:
        if name != "cr3":
            assert "still here" not in faults.text(name)
    assert not log(faults, "partition loop (failed|restarts|halted)")
    loop_goes_on(faults)


def test_address_that_only_the_machine_has(faults):
    """The guest's exit would come again for ever."""
    failed = log(faults, "partition wide failed: (.*) vp 0 rip 0x")
    assert [f[1] for f in failed] == ["access beyond its address width"]


def test_what_a_partition_finds_at_its_start(faults):
    check_starts(faults)


def check_starts(faults):
    """The guest's own view, then the hypervisor's hashes, at each start."""
    for name in ("crash", "triple", "reset", "resetmsr"):
        found = [line for line in faults.text(name)
                 if line.startswith("start: ")]
        assert len(found) >= 2
        assert len(set(found)) == 1, found
        # Page tables and a descriptor table, put there by the compiler.
        assert found[0].startswith("start: 7 pages not zero")
        assert found[0].endswith("tsc below 1 s: 1")
        hashes = log(faults, rf"partition {name} hash memory (\S+) vp (\S+)")
        assert len(hashes) >= 2
        assert len({h.groups() for h in hashes}) == 1


def test_crash_report_is_in_the_log(faults):
    check_crash_report(faults)


def check_crash_report(faults):
    """Parameters, then the text: guest bytes made harmless."""
    assert len(log(faults, r"crash: VP 0 reports a crash: "
                           r"c0de0000 c0de0001 c0de0002")) == 3
    assert "guest gives up: \\x01 the disk is on fire" in faults.text("crash")
    assert log(faults, r"partition crash failed: crash reported vp 0 rip \S+ "
                       r"info 0xc0de0000 0xc0de0001 0xc0de0002")


def test_failure_policy_panic(boot):
    machine = boot("panic.dts")
    machine.expect(r"partition triple failed: triple fault", "bulkhead")
    machine.expect(r"panic: ", "bulkhead")


def test_nmi_goes_to_whom_the_spec_names(boot):
    machine = boot("nmi.dts")
    machine.expect("ready for nmi", "taker")
    for number in range(1, 7):
        # It arrives at LPs in turn; the loop's must pass it on.
        machine.qmp("human-monitor-command", **{
            "command-line": "nmi", "cpu-index": number % 2})
        machine.expect(f"nmi {number} at cs 8", "taker", timeout=20)
    assert not log(machine, "failed|panic")
    loop_goes_on(machine)


# MCi_STATUS: VAL UC EN PCC; MCG_STATUS: RIPV EIPV MCIP
SURVIVABLE = (0xb400000000000000, 0x7)
CONTEXT_LOST = (0xb600000000000000, 0x4)


def machine_check(machine, cpu, status, mcg):
    machine.hmp(f"mce {cpu} 4 {status:#x} {mcg:#x} 0x12345000 0")


def test_machine_check_with_context_ends_one_partition(boot):
    machine = boot("nmi.dts")
    machine.expect("ready for nmi", "taker")
    machine.expect("loop: period 1000 ", "loop")
    machine_check(machine, 0, *SURVIVABLE)
    machine.expect("partition taker failed: machine check", "bulkhead",
                   timeout=20)
    machine.expect("partition taker halted", "bulkhead", timeout=20)
    loop_goes_on(machine)
    assert not log(machine, "partition loop failed|panic")


def test_machine_check_while_a_guest_runs(boot):
    """
    No guest has switched machine checks on: still no reset, and one partition
    is hit at most. QEMU 7.2 does not know the intercept: it lets the guest
    have vector 18, unless the LP is in the hypervisor.
    """
    machine = boot("state.dts")
    machine.expect("vectors: avx")
    machine_check(machine, 0, *SURVIVABLE)
    hit = machine.expect(r"partition (\w+) failed: machine check|"
                         r"FAIL trap: unexpected vector 18", timeout=20)
    # Whoever it was, the other one goes on to its end.
    machine.expect("DONE 2 passed, 0 failed", timeout=60)
    assert hit[1] is None or hit[1] in ("one", "two")
    assert len(log(machine, "ready$")) == 1


def test_machine_check_without_context_is_a_panic(boot):
    machine = boot("nmi.dts")
    machine.expect("ready for nmi", "taker")
    machine_check(machine, 0, *CONTEXT_LOST)
    machine.expect("panic: machine check", "bulkhead", timeout=20)


PATTERN = b"\xa5\x5a" * 2048


def test_no_page_tells_of_its_last_owner(image, tmp_path):
    """
    All RAM of partitions holds a pattern, as another system would have left
    it: no guest finds it, nor does any later owner find what a guest left.
    """
    directory = image("faults.dts")
    with open(f"{directory}/report.json") as file:
        report = json.load(file)
    places = {p["name"]: (p["spa"], p["memory_bytes"])
              for p in report["partitions"]}
    ram = f"{tmp_path}/ram"
    size = report["machine"]["ram_bytes"]
    with open(ram, "wb") as file:
        file.truncate(size)
        for at, count in places.values():
            file.seek(at)
            file.write(PATTERN * (count // len(PATTERN)))
    with Machine(directory, emu_args=[
            "-object", f"memory-backend-file,id=ram,size={size},"
            f"mem-path={ram},share=on",
            "-machine", "memory-backend=ram"]) as machine:
        wait_for_ends(machine, "cr3", "wide")
        check_starts(machine)
        with open(ram, "rb") as file:
            for name, (at, count) in places.items():
                file.seek(at)
                memory = file.read(count)
                assert PATTERN not in memory, name
                # The loop and what restarts run on.
                ended = bool(log(machine, f"partition {name} halted"))
                assert (memory.strip(b"\0") == b"") == ended, name
