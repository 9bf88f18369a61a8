# SPDX-License-Identifier: Apache-2.0
"""
Debian's kernels as partitions, unmodified: what they find, what they say,
under load, and after a restart. In the order of the file: one machine.
"""
import pytest

from emulator import Machine
from guests import log, loop_goes_on
from linux import Shell, bad_lines, unexpected_lines


@pytest.fixture(scope="module")
def demo(image):
    with Machine(image("partition-specs/demo.dts")) as machine:
        machine.shell = Shell(machine)
        yield machine


def test_finds_the_hypervisor(demo):
    shell = demo.shell
    assert shell.run("nproc") == ["2"]
    assert shell.run("dmesg | grep -c 'Hypervisor detected: Microsoft "
                     "Hyper-V'") == ["1"]
    clock = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
    assert shell.run(f"cat {clock}") == ["hyperv_clocksource_tsc_page"]
    # Both VPs take their own timer's interrupts: direct synthetic timers.
    line, = shell.run("grep HVS: /proc/interrupts")
    assert "Hyper-V stimer0 interrupts" in line
    assert all(int(n) > 50 for n in line.split()[1:3])
    device, = shell.run("cat /sys/devices/system/clockevents/clockevent1/"
                        "current_device")
    assert device == "Hyper-V clockevent"


def test_says_nothing_unexpected(demo):
    assert not unexpected_lines(demo)
    assert demo.shell.run("dmesg | grep -ciE 'unchecked MSR|Call Trace|"
                          "WARNING:|BUG:' || true") == ["0"]
    assert not bad_lines(demo)


def test_a_minute_of_load_on_both_vps(demo):
    shell = demo.shell
    shell.run("for i in 1 2; do yes >/dev/null & done")
    before = shell.run("cut -d' ' -f2 /proc/uptime; date +%s")
    shell.run("sleep 60", timeout=150)
    after = shell.run("cut -d' ' -f2 /proc/uptime; date +%s")
    # Idle time of both VPs together over 60 s: next to nothing.
    assert float(after[0]) - float(before[0]) < 6
    # The kernel's 60 s were 60 s of its clock.
    assert 59 <= int(after[1]) - int(before[1]) <= 70
    busy = shell.run("grep '^cpu[01] ' /proc/stat")
    assert all(int(line.split()[1]) > 1000 for line in busy)
    shell.run("killall yes")
    assert shell.run("dmesg | grep -ciE 'Call Trace|soft lockup|"
                     "hard lockup|self-detected stall|BUG:' || true") == ["0"]
    assert not unexpected_lines(demo) and not bad_lines(demo)


def test_many_small_things_at_once(demo):
    """Forks, pipes, signals, page faults, migrations between the VPs."""
    out = demo.shell.run(
        "for j in 1 2 3 4; do (for i in $(seq 60); do "
        "echo $i | md5sum >/dev/null; done) & done; wait; echo all done",
        timeout=150)
    assert "all done" in out
    assert not bad_lines(demo)


def test_restarts_alone_and_as_new(demo):
    shell = demo.shell
    # Most of the memory, with what is not zero.
    shell.run("mount -t tmpfs -o size=160m none /tmp && "
              "yes dirty | head -c 150000000 >/tmp/fill", timeout=150)
    for start in (2, 3):
        shell.start("reboot -f")
        demo.expect(rf"partition linux started \(start {start}\)",
                    "bulkhead", timeout=60)
        shell.ready(120)
        assert shell.run("nproc") == ["2"]
    assert len(log(demo, "partition linux asks for its restart")) == 2
    assert not log(demo, "partition linux failed")
    hashes = log(demo, r"partition linux hash memory (\S+) vp (\S+)")
    assert len(hashes) == 3
    assert len({h.groups() for h in hashes}) == 1
    # The other partition has gone on, and was never started again.
    loop_goes_on(demo)
    assert len(log(demo, "partition loop started")) == 1
    assert not unexpected_lines(demo) and not bad_lines(demo)


def test_power_off_ends_the_partition(demo):
    demo.shell.start("poweroff -f")
    demo.expect("partition linux asks for its end", "bulkhead", timeout=60)
    demo.expect("partition linux halted", "bulkhead", timeout=20)
    loop_goes_on(demo)


def test_generic_kernel(boot):
    machine = boot("linux-generic.dts")
    shell = Shell(machine, timeout=180)
    assert shell.run("nproc") == ["2"]
    assert shell.run("uname -r")[0].endswith("-amd64")
    assert "cloud" not in shell.run("uname -r")[0]
    clock = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
    assert shell.run(f"cat {clock}") == ["hyperv_clocksource_tsc_page"]
    assert not unexpected_lines(machine) and not bad_lines(machine)


# The kernel's own words for what it leaves to the hypervisor.
TRACED = {"hyperv_mmu_flush_tlb_multi": 10, "hyperv_send_ipi_mask": 1,
          "hyperv_send_ipi_one": 20}


def hypercalls(machine):
    """Per VP, of the account at a partition's end."""
    return {int(m[1]): int(m[2]) for m in log(
        machine, r"partition linux vp (\d) exits: hypercall (\d+)")}


def test_four_vps_on_two_lps(boot):
    """The hints of profile linux-shared: the kernel makes these calls."""
    machine = boot("linux-shared.dts")
    shell = Shell(machine, timeout=300)
    assert shell.run("nproc") == ["4"]
    assert shell.run("dmesg | grep -c 'Using hypercall for remote TLB "
                     "flush'") == ["1"]
    assert shell.run("dmesg | grep -cE 'Using (IPI|ext) hypercalls'") == ["1"]
    line, = shell.run("grep HVS: /proc/interrupts")
    assert all(int(n) > 20 for n in line.split()[1:5])
    shell.run("mount -t tracefs none /sys/kernel/tracing")
    for event in TRACED:
        shell.run(f"echo 1 >/sys/kernel/tracing/events/hyperv/{event}/enable")
    # Processes that have run on each VP fork and end: flushes; pipes.
    out = shell.run(
        "for j in 1 2 3 4 5 6; do (for i in $(seq 20); do "
        "sh -c 'for m in 1 2 4 8; do taskset -p $m $$ | md5sum; done'"
        " >/dev/null; done) & done; wait; echo all done", timeout=400)
    assert "all done" in out
    for event, least in TRACED.items():
        count, = shell.run(f"grep -c {event} /sys/kernel/tracing/trace")
        assert int(count) >= least, event
    assert not unexpected_lines(machine) and not bad_lines(machine)
    shell.start("poweroff -f")
    machine.expect("partition linux halted", "bulkhead", timeout=100)
    counts = hypercalls(machine)
    assert sorted(counts) == [0, 1, 2, 3]
    assert all(count > 100 for count in counts.values()), counts
    print("hypercalls:", counts)


def test_asks_for_an_invariant_tsc(boot):
    """Profile linux-tsc: TSC_INVARIANT_CONTROL, before anything else."""
    machine = boot("linux-tsc.dts")
    shell = Shell(machine, timeout=180)
    assert shell.run("nproc") == ["2"]
    # The kernel has written it: it holds the TSC for reliable.
    assert shell.run("grep -c tsc_reliable /proc/cpuinfo") == ["2"]
    assert not unexpected_lines(machine) and not bad_lines(machine)
