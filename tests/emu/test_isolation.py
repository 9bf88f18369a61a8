# SPDX-License-Identifier: Apache-2.0
"""
Time isolation to the instruction: one LP, a cyclic plan, emulated time that
counts instructions. The control loop's worst lateness beside Linux, which
boots, works, panics, restarts, is what it is alone, plus a bound.
"""
from guests import log, loop_windows, skip
from linux import Shell, bad_lines

BOUND = 2000     # instructions


def worst(machine, upto):
    machine.expect(f"loop: period {upto} max-late", "loop", timeout=120)
    windows = loop_windows(machine)
    assert windows[-1].lost == 0
    return windows[-1].max_late


def test_lateness_beside_linux(boot):
    alone = boot("loop-alone.dts", icount=True)
    bound = worst(alone, 3000) + BOUND
    alone.stop()

    machine = boot("partition-specs/isolation.dts", icount=True)
    shell = Shell(machine, timeout=180)
    shell.run("echo 1 >/proc/sys/kernel/panic")
    shell.start("for i in 1 2 3; do yes >/dev/null & done")
    skip(machine, "loop")
    for _ in range(3):
        machine.expect("loop: period ", "loop", timeout=120)
    assert not bad_lines(machine)
    shell.start("echo c >/proc/sysrq-trigger")
    machine.expect(r"Kernel panic", "linux", timeout=120)
    machine.expect(r"partition linux started \(start 2\)", "bulkhead",
                   timeout=120)
    shell.ready(180)
    shell.start("reboot -f")
    machine.expect(r"partition linux started \(start 3\)", "bulkhead",
                   timeout=120)
    shell.ready(180)
    skip(machine, "loop")
    machine.expect("loop: period ", "loop", timeout=60)
    windows = loop_windows(machine)
    assert len(windows) >= 8
    assert windows[-1].lost == 0
    assert windows[-1].max_late <= bound, (windows[-1].max_late, bound)
    assert not log(machine, "partition loop (failed|restarts|halted)")


def spread(machine, upto):
    """How much later than the earliest a slot began, at the worst."""
    found = machine.expect(rf"slot: {upto} begins, spread (\d+)", "slot",
                           timeout=180)
    return int(found[1])


def test_the_worst_neighbour(boot):
    """
    Beside a guest that makes the longest exits there are, floods the log and
    crashes over and over: the control loop, and when a slot begins.
    """
    quiet = boot("quiet.dts", icount=True)
    late, begin = worst(quiet, 1000), spread(quiet, 1000)
    quiet.stop()
    noisy = boot("noisy.dts", icount=True)
    assert worst(noisy, 2000) <= late + BOUND
    assert spread(noisy, 2000) <= begin + BOUND
    # It was as bad as it is meant to be, and nothing of it was lost.
    restarts = log(noisy, r"partition neighbour started \(start (\d+)\)")
    assert len(restarts) >= 20
    assert [int(m[1]) for m in restarts] == list(
        range(1, len(restarts) + 1))
    assert len(log(noisy, "VP 0 reports a crash")) >= 20
    assert not log(noisy, "partition (loop|slot) (failed|restarts|halted)")


def loop_exits(machine, timeout):
    machine.expect("partition loop halted", "bulkhead", timeout=timeout)
    exits = {m[1]: int(m[2]) for m in
             log(machine, r"partition loop vp 0 exits: (\S+) (\d+)")}
    # What it says is longer if its numbers are; its timer may be due while
    # it still runs, which is an exit more that is its own.
    return {kind: count for kind, count in exits.items()
            if kind not in ("io", "interrupt", "window")}


def test_linux_on_another_lp_makes_no_exits(boot):
    """No exit on the loop's LP that the loop did not cause."""
    machine = boot("hostile-without.dts", icount="force")
    alone = loop_exits(machine, 60)
    machine.stop()
    machine = boot("beside.dts", icount="force")
    beside = loop_exits(machine, 240)
    assert alone == beside and alone["halt"] == 1500
    # Emulated CPUs take turns. Now and then QEMU gives Linux's CPU one turn
    # more while the other's timer is due (docs/limits.md).
    window, = loop_windows(machine)
    assert window.lost <= 2 and window.window_average < 10000
    assert not log(machine, "partition linux (failed|restarts|halted)")
