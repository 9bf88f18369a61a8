# SPDX-License-Identifier: Apache-2.0
"""`make run`, as a person at a terminal and as a script knows it."""
import os
import subprocess
import sys

import pexpect
import pytest

from conftest import BUILD, GUESTS, TOP

ARGUMENTS = ["--no-print-directory", f"BUILD={BUILD}", f"GUESTS={GUESTS}",
             "CONFIG=test_defconfig", "run"]
PROMPT = "root # "


def environment(**more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    return {**env, **more}


@pytest.fixture
def terminal():
    child = pexpect.spawn("make", ARGUMENTS, cwd=TOP, encoding="utf-8",
                          codec_errors="replace", timeout=120,
                          dimensions=(24, 100), env=environment())
    child.logfile_read = sys.stdout
    yield child
    child.close(force=True)


def test_type_to_linux_and_leave(terminal):
    for step in range(1, 7):
        terminal.expect(rf"\[{step}/6\] ")
    terminal.expect(r"the keyboard is linux's; Ctrl-\] .* leaves")
    terminal.expect("Ready: a shell")
    terminal.expect(PROMPT)
    terminal.send("echo $((6 * 7)) on $(nproc)\r")
    terminal.expect("42 on 2")
    # A key at a time, with a mistake taken back.
    terminal.expect(PROMPT)
    for key in "ecxho gone":
        terminal.send(key)
        if key == "x":
            terminal.send("\x7f")
    terminal.send("\r")
    terminal.expect(r"\[linux\]\S* gone\r")
    # Ctrl-C is the guest's.
    terminal.expect(PROMPT)
    terminal.send("sleep 1000\r")
    terminal.expect("sleep 1000\r")
    terminal.send("\x03")
    terminal.expect(PROMPT)
    # The neighbour prints meanwhile.
    terminal.expect(r"\[loop\]")
    terminal.send("\x1d")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


def test_ctrl_a_x_leaves_too(terminal):
    terminal.expect("the keyboard is linux's")
    terminal.send("\x01x")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


def test_run_from_a_script():
    done = subprocess.run(
        ["make", *ARGUMENTS, f"UNTIL={PROMPT}", "TIMEOUT=120"], cwd=TOP,
        text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=200, env=environment())
    assert done.returncode == 0, done.stdout
    lines = done.stdout.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith("["
                 + "6/6]"))
    for line in lines[start + 2:]:
        assert not line or line.startswith(
            ("[linux] ", "[loop] ", "[bulkhead] ")), line
    assert any("Ready: a shell" in line for line in lines)


def test_no_install_only_prints(tmp_path):
    """With a package database that knows nothing, all is missing."""
    fake = tmp_path / "dpkg-query"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    apt = tmp_path / "apt-get"
    apt.write_text(f"#!/bin/sh\necho ran >>{tmp_path}/ran\n")
    apt.chmod(0o755)
    done = subprocess.run(
        ["make", *ARGUMENTS], cwd=TOP, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
        env=environment(NO_INSTALL="1",
                        PATH=f"{tmp_path}:{os.environ['PATH']}"))
    assert done.returncode == 0
    assert "qemu-system-x86" in done.stdout
    assert "nothing installed" in done.stdout
    assert "[2/6]" not in done.stdout
    assert not (tmp_path / "ran").exists()
