# SPDX-License-Identifier: Apache-2.0
"""
The bare-metal guests that judge themselves: each prints PASS and FAIL lines
(tests/guests/*.c says what each of them is about).
"""
import os
import re

import pytest

from guests import assert_no_failure, log, run_to_done, symbol, words


def test_every_way_to_be_entered(boot):
    machine = boot("hello.dts")
    for name, said in (("long", "hello from hello"),
                       ("flat", "hello from hello32"),
                       ("real", "hello from hello16"),
                       ("pvh", "hello from hello-pvh")):
        run_to_done(machine, name, 1 if name == "pvh" else 0)
        assert said in machine.text(name)
        assert any(line.startswith("signature Microsoft Hv")
                   for line in machine.text(name))
    assert machine.text("real")[0] == "real mode"
    assert "command line: one two" in machine.text("pvh")
    assert_no_failure(machine)


def test_instructions_in_every_mode(boot):
    machine = boot("insn.dts")
    lines = run_to_done(machine, "insn", 141, timeout=120)
    # REP OUTS to the log port, from every mode, segment prefix included.
    for mode in ("real", "prot16", "prot32", "page16", "page32", "pae32",
                 "compat16", "compat32", "long64"):
        assert f"outs text {mode}" in lines
    assert lines.count("outs fs text") == 8
    assert_no_failure(machine)


def test_overlays(boot):
    machine = boot("overlay.dts")
    run_to_done(machine, "overlay", 31)
    assert_no_failure(machine)


def test_guest_interface(boot):
    machine = boot("tlfs.dts")
    run_to_done(machine, "tlfs", 64)
    assert_no_failure(machine)


def test_calls_on_vps(boot):
    machine = boot("calls.dts")
    run_to_done(machine, "calls", 110, timeout=240)
    assert_no_failure(machine)


def test_synic_and_its_timers(boot):
    machine = boot("synic.dts")
    run_to_done(machine, "synic", 41, timeout=180)
    assert_no_failure(machine)
    # It ends with all its overlays far apart: the compiler's pool is in use to
    # its last page, and of none was there too little.
    with open(os.path.join(machine.directory, "report.txt")) as file:
        found = re.search(r"nested tables +(\d+) of (\d+) pages", file.read())
    first, count = int(found[1]), int(found[2])
    pool, size = symbol(machine.directory, "nested_pool_0")
    assert size == 4096 * count
    spare = [words(machine, pool + 4096 * i)[0] for i in range(first, count)]
    assert len(spare) == 3 * (2 + 3 * 2) and 0 not in spare


def test_local_apic_of_both_kinds(boot):
    machine = boot("smp.dts")
    run_to_done(machine, "x2", 54, timeout=120)
    run_to_done(machine, "x1", 46, timeout=120)
    assert_no_failure(machine)


def test_local_apic_of_four_vps(boot):
    machine = boot("smp4.dts")
    run_to_done(machine, "x2", 54, timeout=150)
    assert "4 VPs" in machine.text("x2")
    assert_no_failure(machine)


def test_state_over_thousands_of_switches(boot):
    machine = boot("state.dts", icount=True)
    run_to_done(machine, "one", 2, timeout=120)
    run_to_done(machine, "two", 2, timeout=120)
    for name in ("one", "two"):
        said = next(re.search(r"rounds (\d+), bad 0, switches seen in "
                              r"100 ms (\d+)", line)
                    for line in machine.text(name)
                    if line.startswith("state:"))
        assert int(said[1]) > 2000
        # A plan of 200 us: 500 turns, to the very one.
        assert 499 <= int(said[2]) <= 501
    assert_no_failure(machine)


def test_no_wake_is_lost(boot):
    machine = boot("wake.dts", icount=True)
    run_to_done(machine, "wake", 2, timeout=60)
    assert_no_failure(machine)


BENCH = re.compile(r"bench (\S+) min (\d+) avg (\d+) max (\d+)")


def bench(boot, spec):
    machine = boot(spec, icount=True)
    run_to_done(machine, "bench", 1)
    found = map(BENCH.match, machine.text("bench"))
    costs = {m[1]: (int(m[2]), int(m[3]), int(m[4])) for m in found if m}
    machine.stop()
    return costs


def test_an_exit_costs_the_same_in_a_larger_system(boot):
    few = bench(boot, "bench.dts")
    assert set(few) == {"empty", "port", "port-in", "cpuid", "rdmsr",
                        "wrmsr", "hypercall"}
    # Under icount the thousandth exit costs what the first did.
    for name, (least, _, most) in few.items():
        assert most <= least * 1.05, (name, least, most)
    assert bench(boot, "bench8.dts") == few


@pytest.mark.parametrize("turn", [1, 2])
def test_emulated_time_is_the_same_in_every_run(boot, turn, runs={}):
    """What the exact tests rest on: the same image, the same lines."""
    machine = boot("bench.dts", icount=True)
    run_to_done(machine, "bench", 1)
    runs[turn] = [line for line in machine.text("bench")]
    assert log(machine, "ready")
    if turn == 2:
        assert runs[1] == runs[2]
