# SPDX-License-Identifier: Apache-2.0
"""
Fixtures of the emulator tests.

    def test_something(boot):
        machine = boot("partition-specs/demo.dts")
        machine.expect("Ready", partition="linux")

boot(spec, ...) builds the spec's image (once per run) and starts it; the
further arguments are Machine's. A spec is a path from the project's root or
from tests/emu/specs. Every machine is stopped when its test ends.
"""
import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
from bochs import machine  # noqa: E402

BUILD = os.environ.get("BULKHEAD_BUILD", os.path.join(TOP, "build/test"))
GUESTS = os.environ.get("BULKHEAD_GUESTS", os.path.join(TOP, "build/guests"))


def environment_of_make():
    """Without what an outer make says to an inner one."""
    return {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}


def make(*goals, timeout=600):
    return subprocess.run(
        ["make", "--no-print-directory", f"BUILD={BUILD}",
         f"GUESTS={GUESTS}", "CONFIG=test_defconfig", *goals], cwd=TOP,
        env=environment_of_make(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=timeout)


def spec_path(spec):
    for folder in (TOP, os.path.join(HERE, "specs")):
        path = os.path.join(folder, spec)
        if os.path.exists(path):
            return path
    raise FileNotFoundError(spec)


def pytest_configure(config):
    config.addinivalue_line("markers", "soak: runs in `make soak` only")


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    """image(spec) -> directory of its built image."""
    built = {}

    def build(spec):
        path = spec_path(str(spec))
        if path not in built:
            out = str(tmp_path_factory.mktemp("image"))
            done = make("image", f"SPEC={path}", f"O={out}")
            assert done.returncode == 0, f"{spec}:\n{done.stdout}"
            built[path] = out
        return built[path]

    return build


@pytest.fixture
def boot(image):
    """boot(spec, emulator=, firmware=, icount=, ...) -> Machine."""
    machines = []

    def start(spec, **arguments):
        emulator = machine(image(spec), **arguments)
        machines.append(emulator)
        return emulator.start()

    yield start
    for emulator in machines:
        emulator.stop()
