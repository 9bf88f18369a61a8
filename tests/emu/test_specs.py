# SPDX-License-Identifier: Apache-2.0
"""Every spec that ships boots: what stands in partition-specs, no less."""
import glob
import os

from conftest import TOP, make
from guests import assert_no_failure, run_to_done
from linux import Shell, bad_lines, unexpected_lines

# Those with tests of their own: test_linux.py, test_isolation.py,
# test_launch.py.
ELSEWHERE = {"demo.dts", "isolation.dts", "signed.dts"}
HERE = {"minimal.dts", "strict.dts", "linux-alone.dts"}


def test_none_is_forgotten():
    specs = {os.path.basename(path)
             for path in glob.glob(os.path.join(TOP, "partition-specs/*.dts"))}
    assert specs == ELSEWHERE | HERE


def test_minimal(boot):
    machine = boot("partition-specs/minimal.dts")
    assert "hello from hello" in run_to_done(machine, "hello", 0)
    assert_no_failure(machine)


def test_new_spec(boot, tmp_path):
    """What make new-spec writes boots as it is, and is written once."""
    goals = ("new-spec", "NAME=fresh", f"SPECS={tmp_path}")
    made = make(*goals)
    assert made.returncode == 0 and "make boot SPEC=" in made.stdout
    spec = tmp_path / "fresh.dts"
    text = spec.read_text()
    assert "@" not in text
    machine = boot(spec)
    assert "hello from hello" in run_to_done(machine, "first", 0)
    assert_no_failure(machine)
    again = make(*goals)
    assert again.returncode == 2 and "is there already" in again.stdout
    assert spec.read_text() == text
    wrong = make("new-spec", "NAME=My Box", f"SPECS={tmp_path}")
    assert wrong.returncode == 2 and "a to z" in wrong.stdout


def test_strict(boot):
    machine = boot("partition-specs/strict.dts")
    for name in ("watched", "other"):
        run_to_done(machine, name, 0)
    assert_no_failure(machine)


def test_linux_alone(boot):
    machine = boot("partition-specs/linux-alone.dts")
    shell = Shell(machine)
    assert shell.run("nproc") == ["1"]
    # The command line that the spec gives, and nothing more.
    assert shell.run("cat /proc/cmdline") == ["console=ttyS0 loglevel=5"]
    total, = shell.run("awk '/MemTotal/ { print $2 }' /proc/meminfo")
    assert 190000 < int(total) < 256 * 1024
    # The rest of the machine is not to be seen.
    assert shell.run("ls /sys/bus/pci/devices 2>/dev/null | wc -l") == ["0"]
    assert not unexpected_lines(machine) and not bad_lines(machine)
    assert_no_failure(machine)
