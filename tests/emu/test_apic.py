# SPDX-License-Identifier: Apache-2.0
"""
The local APIC as eight VPs see it, seven of which share an LP
(tests/guests/apic*.c); the processor as two VPs on one LP see it
(tests/guests/cpu*.c).
"""
from guests import assert_no_failure, run_to_done


def test_local_apic_to_the_letter(boot):
    machine = boot("apic.dts")
    run_to_done(machine, "apic", 216, timeout=300)
    assert_no_failure(machine)


def test_processor_state(boot):
    machine = boot("cpu.dts")
    run_to_done(machine, "cpu", 63, timeout=120)
    assert_no_failure(machine)
