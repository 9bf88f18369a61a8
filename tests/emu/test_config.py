# SPDX-License-Identifier: Apache-2.0
"""A configuration other than the default: does each choice do something?"""
import subprocess

from conftest import GUESTS, TOP, environment_of_make
from emulator import Machine

CONFIG = """\
CONFIG_CONSOLE_COM=y
CONFIG_CONSOLE_COM_PORT=0x2f8
CONFIG_LOG_RING_KIB=5
CONFIG_IMAGE_BASE_MIB=40
"""


def test_serial_console_and_another_base(tmp_path):
    build, out = tmp_path / "build", tmp_path / "image"
    build.mkdir()
    (build / ".config").write_text(CONFIG)
    done = subprocess.run(
        ["make", "--no-print-directory", f"BUILD={build}",
         f"GUESTS={GUESTS}", "SPEC=partition-specs/minimal.dts", f"O={out}",
         "image"], cwd=TOP, env=environment_of_make(), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=600)
    assert done.returncode == 0, done.stdout
    headers = subprocess.run(["readelf", "-lW", str(out / "bulkhead.elf")],
                             check=True, text=True, stdout=subprocess.PIPE)
    assert f"{40 << 20:#018x}" in headers.stdout
    said = []
    with Machine(str(out), on_bytes=lambda source, data:
                 said.append(data)) as machine:
        # The debug console is silent: all of it comes by the serial port.
        debugcon = machine.log
        machine.expect("DONE .* 0 failed", "hello", timeout=60)
        assert debugcon.touched == 0
    assert b"[bulkhead] Bulkhead, spec minimal.dts" in b"".join(said)
