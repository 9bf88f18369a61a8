# SPDX-License-Identifier: Apache-2.0
"""
The launch partition: nobody starts without its verdict, and whatever it does
but give a good one, the others stay off, with the reason in the log.
"""
import pytest

from guests import DONE, assert_no_failure, log, rewind

OTHERS = ("reset", "hello")


def starts(machine, name):
    return len(log(machine, rf"partition {name} started"))


def refused(machine, name):
    for line in (f"{name} does not start", f"{name} halted"):
        rewind(machine, "bulkhead")
        machine.expect(f"partition {line}", "bulkhead", timeout=60)
    assert starts(machine, name) == 0
    assert not machine.text(name)
    found = log(machine, rf"partition {name} does not start: (.*)")
    assert len(found) == 1
    return found[0][1]


def test_good_verdict(boot):
    """It sees the others as they are loaded; then they start, and it is gone.
    A restart that does not load what it vouched for (no hash) is refused."""
    machine = boot("launch-ok.dts")
    machine.expect(DONE.pattern, "hello", timeout=60)
    machine.expect("partition reset does not start again: it is not as the "
                   "launch partition saw it", "bulkhead", timeout=60)
    machine.expect("partition reset halted", "bulkhead", timeout=60)
    assert starts(machine, "reset") == 1 and starts(machine, "launch") == 1
    text = "\n".join(machine.text("launch"))
    assert text.count("PASS vp-hash") == text.count("PASS clear-at") == 2
    assert "FAIL" not in text and "still here" not in text
    assert "sees hello: 6291456 bytes" in text
    # Both began as the same guest library's first word.
    words = [line.split()[-1] for line in machine.text("launch")
             if line.startswith("sees ")]
    assert len(set(words)) == 1 and int(words[0], 16) != 0
    lines = machine.text("bulkhead")
    assert lines.index("partition launch started (start 1)") < \
        lines.index("partition hello started (start 1)")
    assert_no_failure(machine, "launch", "reset")


def test_one_is_refused(boot):
    machine = boot("launch-some.dts")
    assert refused(machine, "hello") == "its payload is not as signed"
    machine.expect("start: ", "reset", timeout=60)


def test_what_is_no_verdict_starts_nobody(boot):
    machine = boot("launch-junk.dts")
    assert [refused(machine, name) for name in OTHERS] == [
        "a status that has no meaning", "there was no verdict"]


@pytest.mark.parametrize("kind, end", [
    ("nowhere", "failed: bad verdict"),
    ("write", "failed: access beyond its address width"),
    ("run", "failed: access beyond its address width"),
    ("crash", "failed: triple fault"),
    ("hang", "failed: no verdict in time"),
    ("reset", "asks for its restart"),
])
def test_end_without_a_verdict(boot, kind, end):
    machine = boot(f"launch-{kind}.dts")
    for name in OTHERS:
        assert refused(machine, name) == "there was no verdict"
    rewind(machine, "bulkhead")
    machine.expect("partition launch halted", "bulkhead", timeout=60)
    assert len(log(machine, f"partition launch {end}")) == 1
    assert len(log(machine, "partition launch halted")) == 1
    assert starts(machine, "launch") == 1
    assert "still here" not in machine.text("launch")


def test_windows_are_for_looking(boot):
    machine = boot("launch-abuse.dts")
    found = machine.expect(DONE.pattern, "launch", timeout=60)
    assert int(found[1]) >= 9 and int(found[2]) == 0, machine.text("launch")
    machine.expect(DONE.pattern, "hello", timeout=60)
    assert_no_failure(machine, "launch", "reset")


def test_one_that_stays_sees_the_others_no_more(boot):
    machine = boot("launch-stays.dts")
    machine.expect(DONE.pattern, "hello", timeout=60)
    rewind(machine, "bulkhead")
    machine.expect("partition launch failed: access beyond its address width",
                   "bulkhead", timeout=60)
    text = machine.text("launch")
    assert text.count("still here") == 2
    assert not [line for line in text if line.startswith("and sees")]
    assert starts(machine, "launch") == 1
