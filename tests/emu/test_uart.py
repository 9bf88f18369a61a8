# SPDX-License-Identifier: Apache-2.0
"""UARTs that belong to partitions, where they are and somewhere else."""
from guests import assert_no_failure


def test_each_has_its_own(boot):
    machine = boot("uart.dts")
    for name in ("first", "second"):
        machine.expect("uart of uart: ready", name, timeout=30)
    for turn in range(20):
        for name in ("first", "second"):
            machine.send(f"{name} {turn}\n", name)
        for name in ("first", "second"):
            found = machine.expect(r"^(.*) by (\d+) interrupts", name,
                                   timeout=20)
            assert found[1] == f"{name} {turn}"[::-1]
            # One for each character at most, and one for the FIFO's time.
            assert 1 <= int(found[2]) <= 2 * len(found[1]) + 2
    assert_no_failure(machine)


def test_a_burst_into_both(boot):
    """Many characters at once, into both at once: none is lost or mixed."""
    machine = boot("uart.dts")
    for name in ("first", "second"):
        machine.expect("uart of uart: ready", name, timeout=30)
    text = "".join(chr(ord("a") + i % 26) for i in range(60))
    for name in ("first", "second"):
        machine.send(text + "\n", name)
    for name in ("first", "second"):
        found = machine.expect(r"^(.*) by (\d+) interrupts", name, timeout=20)
        assert found[1] == text[::-1]
    assert_no_failure(machine)
