# SPDX-License-Identifier: Apache-2.0
"""A TPM for QEMU: swtpm, its state in a directory, for one run at a time."""
import contextlib
import os
import socket
import subprocess
import time


class Tpm:
    """with Tpm(directory) as tpm: Machine(..., emu_args=tpm.arguments)"""

    def __init__(self, state, kind="crb"):
        self.state, self.kind, self.process = str(state), kind, None
        os.makedirs(self.state, exist_ok=True)
        self.socket = f"{self.state}/sock"
        self.arguments = [
            "-chardev", f"socket,id=tpm,path={self.socket}", "-tpmdev",
            "emulator,id=tpm0,chardev=tpm", "-device",
            f"tpm-{kind},tpmdev=tpm0"]

    def __enter__(self):
        if os.path.exists(self.socket):
            os.remove(self.socket)
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.state}",
             "--ctrl", f"type=unixio,path={self.socket}", "--terminate"],
            stderr=subprocess.DEVNULL)
        self.wait(lambda: os.path.exists(self.socket))
        return self

    @staticmethod
    def wait(ready):
        end = time.monotonic() + 60
        while not ready() and time.monotonic() < end:
            time.sleep(0.05)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)

    @contextlib.contextmanager
    def alone(self):
        """The same TPM without a machine: tpm2-tools' environment."""
        port = free_pair()
        process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.state}",
             "--server", f"type=tcp,port={port}", "--ctrl",
             f"type=tcp,port={port + 1}", "--flags",
             "not-need-init,startup-clear"], stderr=subprocess.DEVNULL)
        self.wait(lambda: is_open(port + 1))
        try:
            yield {**os.environ, "TPM2TOOLS_TCTI": f"swtpm:port={port}"}
        finally:
            process.terminate()
            process.wait(timeout=60)


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_pair():
    """A port that is free, like the one behind it."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                two.bind(("127.0.0.1", port + 1))
                return port
