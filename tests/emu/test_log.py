# SPDX-License-Identifier: Apache-2.0
"""
The log ring in memory: a warm reset keeps it, whichever way the image was
loaded, so that a box without a console can tell what happened before.
"""
import pytest

from emulator import Machine


@pytest.mark.parametrize("firmware", ["direct", "bios"])
def test_ring_survives_a_warm_reset(image, firmware):
    with Machine(image("hello.dts"), firmware=firmware,
                 reboot=True) as machine:
        machine.expect("partition long started", "bulkhead", timeout=60)
        machine.expect("hello from", "long", timeout=30)
        machine.run_for(1)
        first = machine.text().count("ready")
        assert first == 1
        machine.hmp("system_reset")
        # The old lines come again, then the mark, then the new run.
        machine.expect("Bulkhead, spec hello.dts", "bulkhead", timeout=60)
        machine.expect("partition long started", "bulkhead", timeout=60)
        machine.expect("left by the run before this one", "bulkhead",
                       timeout=30)
        machine.expect("partition long started \\(start 1\\)", "bulkhead",
                       timeout=30)
