# SPDX-License-Identifier: Apache-2.0
"""
The machines that an image may be for: QEMU's q35, i440FX and microvm, 1 to
16 LPs, 64 MiB to 16 GiB with partitions above 4 GiB.
"""
import pytest

from emulator import EmulatorError
from guests import assert_no_failure, log, run_to_done
from linux import Shell, bad_lines, unexpected_lines


def cpus(machine):
    return machine.qmp("query-cpus-fast")


def ram(machine):
    return machine.qmp("query-memory-size-summary")["base-memory"]


@pytest.mark.parametrize("board, firmware, name, lps, mib", [
    ("small", "direct", "q35", 1, 64),
    ("small", "bios", "q35", 1, 64),
    ("i440fx", "direct", "pc-i440fx", 2, 256),
    ("i440fx", "bios", "pc-i440fx", 2, 256),
    ("microvm", "direct", "microvm", 2, 256),
])
def test_board(boot, board, firmware, name, lps, mib):
    machine = boot(f"board-{board}.dts", firmware=firmware)
    run_to_done(machine, "hello", 0)
    assert_no_failure(machine)
    assert name in machine.qmp("qom-get", path="/machine", property="type")
    assert len(cpus(machine)) == lps and ram(machine) == mib << 20


def test_microvm_has_no_disc(boot):
    with pytest.raises(EmulatorError, match="FIRMWARE=direct"):
        boot("board-microvm.dts", firmware="bios")


@pytest.mark.soak
def test_sixteen_lps_sixteen_gib(boot):
    """Linux and others with all of their memory above 4 GiB."""
    machine = boot("board-large.dts")
    assert len(cpus(machine)) == 16 and ram(machine) == 16 << 30
    for name in ("low", "edge", "last"):
        run_to_done(machine, name, 0, timeout=300)
    run_to_done(machine, "overlay", 31, timeout=300)
    run_to_done(machine, "x2", 54, timeout=300)
    shell = Shell(machine, timeout=300)
    assert shell.run("nproc") == ["2"]
    shell.run("dd if=/dev/urandom of=/fill bs=1M count=80 2>/dev/null")
    first = shell.run("md5sum /fill")
    assert shell.run("md5sum /fill") == first
    # Zeroed, loaded and hashed again, at the same place.
    shell.start("reboot -f")
    machine.expect(r"partition linux started \(start 2\)", "bulkhead",
                   timeout=300)
    shell.ready(300)
    hashes = {h.groups() for h in log(machine, r"partition linux hash memory "
                                               r"(\S+) vp (\S+)")}
    assert len(hashes) == 1
    assert not unexpected_lines(machine) and not bad_lines(machine)
    assert not log(machine, "partition linux failed")
    assert_no_failure(machine, "linux")
