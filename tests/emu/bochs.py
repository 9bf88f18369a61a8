# SPDX-License-Identifier: Apache-2.0
"""
One image in Bochs, from the ISO through its BIOS and GRUB, as a Machine: what
it says on port 0xe9 and on its UARTs, as lines. Its TSC counts executed
instructions: two runs of one LP are alike.
"""
import os
import socket
import subprocess
import tempfile

from emulator import EmulatorError, Machine, PREFIX, Stream, clean, \
    die_with_parent

# What EMU= names: Bochs' models of an Intel and of an AMD processor.
# The old Intel one has EPT, but no unrestricted guests.
MODELS = {"bochs": "corei7_icelake_u", "bochs-amd": "ryzen",
          "bochs-old": "corei5_lynnfield_750"}
MIB_MIN = 256

# ignore_bad_msrs: CPUID shows machine-check banks, but Bochs 2.7 has no
# MCG_CAP and would answer #GP. Errors are ignored in its own log: each exit
# for EPT or a port is one to Bochs.
CONFIGURATION = """\
plugin_ctrl: unmapped=1, biosdev=1, speaker=0, extfpuirq=1, parallel=0, \
serial=1, iodebug=1
config_interface: textconfig
display_library: rfb, options="timeout=0"
cpu: model={model}, count={count}, ips=50000000, reset_on_triple_fault={reset}, \
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
error: action=ignore
info: action=ignore
debug: action=ignore
sound: waveoutdrv=dummy
port_e9_hack: enabled=1
"""
UART = "com{number}: enabled=1, mode=socket-client, dev=127.0.0.1:{port}\n"
COM_BASES = (0x3f8, 0x2f8, 0x3e8, 0x2e8)


class Bochs(Machine):
    def __init__(self, directory, emulator="bochs", **arguments):
        if emulator not in MODELS:
            raise EmulatorError(f"EMU={emulator}: qemu, "
                                f"{' or '.join(MODELS)}")
        super().__init__(directory, firmware="bios", **arguments)
        if self.icount or self.emu_args:
            raise EmulatorError("ICOUNT and EMU_ARGS are QEMU's")
        self.model = MODELS[emulator]
        self.folder = tempfile.TemporaryDirectory()

    def configure(self, listeners):
        text = CONFIGURATION.format(
            model=self.model, count=self.report.cpu_count,
            ram=max(self.report.ram_mib, MIB_MIN),
            reset=int(self.reboot), folder=self.folder.name,
            iso=os.path.join(os.path.abspath(self.directory),
                             "bulkhead.iso"))
        for base, listener in listeners.items():
            text += UART.format(number=1 + COM_BASES.index(base),
                                port=listener.getsockname()[1])
        path = os.path.join(self.folder.name, "bochsrc")
        with open(path, "w") as file:
            file.write(text)
        # Debian's Bochs starts in its debugger: "c" lets it run.
        commands = os.path.join(self.folder.name, "commands")
        with open(commands, "w") as file:
            file.write("c\n")
        return ["bochs", "-q", "-f", path, "-rc", commands]

    def start(self):
        owned = {port: owner for port, _, owner in self.report.uarts if owner}
        listeners = {port: socket.create_server(("127.0.0.1", 0))
                     for port in owned}
        try:
            self.process = subprocess.Popen(
                self.configure(listeners), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent)
        except FileNotFoundError as missing:
            raise EmulatorError("there is no bochs here: as root, apt-get "
                                "install bochs bochsbios vgabios") \
                from missing
        for port, listener in listeners.items():
            listener.settimeout(30)
            near, _ = listener.accept()
            listener.close()
            near.setblocking(False)
            stream = Stream(owned[port], near)
            self.streams.setdefault(owned[port], stream)
            self.watch(near, stream)
        os.set_blocking(self.process.stdout.fileno(), False)
        # Port 0xe9 is Bochs' standard output, and so is what Bochs says.
        self.log = Stream("bochs", None)
        self.watch(self.process.stdout, self.log)
        return self

    def stop(self):
        super().stop()
        self.folder.cleanup()

    def add_line(self, source, text):
        found = PREFIX.fullmatch(clean(text)) if source == "bochs" else None
        if found:
            source, text = found[1], found[2]
        super().add_line(source, text)

    def qmp_send(self, execute, **arguments):
        raise EmulatorError(f"Bochs has no monitor for {execute}")


def machine(directory, emulator="qemu", **arguments):
    """A Machine of the emulator that EMU= names."""
    if emulator == "qemu":
        return Machine(directory, **arguments)
    if arguments.pop("firmware", None) == "uefi" or \
            arguments.pop("medium", "cd") != "cd":
        raise EmulatorError(f"EMU={emulator} boots by its BIOS from a disc: "
                            f"leave FIRMWARE and MEDIUM out")
    return Bochs(directory, emulator=emulator, **arguments)
