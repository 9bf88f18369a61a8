# SPDX-License-Identifier: Apache-2.0
"""
One image in Bochs, from the ISO through its BIOS and GRUB; what it says on
port 0xe9 as lines. Its TSC counts executed instructions: two runs are alike.
"""
import os
import selectors
import subprocess
import tempfile
import time

from emulator import Ended, PREFIX, Report, TimeLimit, clean, die_with_parent

# ignore_bad_msrs: CPUID shows machine-check banks, but Bochs 2.7 has no
# MCG_CAP and would answer #GP.
CONFIGURATION = """\
plugin_ctrl: unmapped=1, biosdev=1, speaker=0, extfpuirq=1, parallel=0, \
serial=1, iodebug=1
config_interface: textconfig
display_library: rfb, options="timeout=0"
cpu: model={model}, count={count}, ips=50000000, reset_on_triple_fault=0, \
ignore_bad_msrs=1
memory: guest={ram}, host={ram}
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/vgabios/vgabios.stdvga.bin
pci: enabled=1, chipset=i440fx
clock: sync=none, time0=946681200
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path={iso}, status=inserted
boot: cdrom
log: {folder}/bochs.log
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
sound: waveoutdrv=dummy
port_e9_hack: enabled=1
"""


class Bochs:
    def __init__(self, directory, model="ryzen", ram_mib=256):
        self.folder = tempfile.TemporaryDirectory()
        self.lines = []         # (source, text)
        self.rest = b""
        report = Report(directory)
        path = os.path.join(self.folder.name, "bochsrc")
        with open(path, "w") as file:
            file.write(CONFIGURATION.format(
                model=model, count=report.cpu_count, ram=ram_mib,
                iso=os.path.join(os.path.abspath(directory),
                                 "bulkhead.iso"), folder=self.folder.name))
        # Debian's Bochs starts in its debugger: "c" lets it run.
        commands = os.path.join(self.folder.name, "commands")
        with open(commands, "w") as file:
            file.write("c\n")
        self.argv = ["bochs", "-q", "-f", path, "-rc", commands]
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(
            self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()

    def text(self, partition):
        return [text for source, text in self.lines if source == partition]

    def expect(self, text, partition, timeout):
        """Reads until a line of that partition is this text."""
        end = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while text not in self.text(partition):
                if time.monotonic() > end:
                    raise TimeLimit(f"no {text!r} from {partition} in "
                                    f"{timeout} s: {self.lines[-20:]}")
                if not selector.select(1):
                    continue
                data = os.read(self.process.stdout.fileno(), 65536)
                if not data:
                    raise Ended(f"Bochs ended: {self.lines[-20:]}")
                self.feed(data)

    def feed(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            found = PREFIX.fullmatch(clean(line.decode("utf-8", "replace")))
            if found:
                self.lines.append((found[1], found[2]))
