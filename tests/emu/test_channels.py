# SPDX-License-Identifier: Apache-2.0
"""Messages and events between partitions, along the channels of the spec."""
import re

from guests import assert_no_failure, log, run_to_done

ROUNDS = re.compile(r"rounds 500 avg (\d+) max (\d+)")
TAKEN = re.compile(r"taken: (\d+) messages, (\d+) events, (\d+) floods, "
                   r"(\d+) flood events")


def run_pair(machine, timeout):
    """The sender's rounds (average, worst) and what the receiver took."""
    run_to_done(machine, "sender", 20, timeout=timeout)
    run_to_done(machine, "receiver", 2, timeout=timeout)
    rounds = next(filter(None, map(ROUNDS.match, machine.text("sender"))))
    taken = next(filter(None, map(TAKEN.match, machine.text("receiver"))))
    assert_no_failure(machine)
    return list(map(int, rounds.groups())), list(map(int, taken.groups()))


def test_between_lps(boot):
    machine = boot("channels.dts")
    _, (messages, events, floods, flood_events) = run_pair(machine, 180)
    assert messages >= 516 and events == 4
    assert floods > 0 and flood_events > 0
    machine.expect("PASS flood", "flooder", timeout=120)


def test_a_flood_slows_nobody_else(boot):
    """On one LP with a plan, to the instruction: the same round trips."""
    machine = boot("flood-without.dts", icount=True)
    alone, (messages, *_, floods, _) = run_pair(machine, 120)
    assert floods == 0
    # 16 buffers, and no slot before the receiver's LP has its turn.
    assert messages == 516
    assert "burst: 16 accepted, 24 refused" in machine.text("sender")
    machine.stop()

    machine = boot("flood.dts", icount=True)
    beside, (messages, *_, floods, flood_events) = run_pair(machine, 120)
    assert messages == 516
    assert floods > 1000 and flood_events > 100
    machine.expect("PASS flood", "flooder", timeout=60)
    assert not log(machine, "partition .* (failed|restarts)")
    # A plan of 600 us: one round for each turn of it.
    assert 590_000 < alone[0] < 610_000
    assert abs(beside[0] - alone[0]) < 1000
    assert beside[1] < alone[1] + 5000, (alone, beside)
