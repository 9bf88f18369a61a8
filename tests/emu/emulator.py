# SPDX-License-Identifier: Apache-2.0
"""
One image in an emulator, seen as lines of its partitions.

    with Machine("build/images/demo") as machine:
        machine.expect(r"Ready", partition="linux", timeout=60)
        machine.send("nproc\\n", partition="linux")
        machine.hmp("nmi 0")

Every UART that a partition owns, the hypervisor's console and QEMU's monitor
are socket pairs of this process; nothing is left behind in the file system.
The emulator dies with this process, however that ends.
"""
import ctypes
import json
import os
import re
import select
import selectors
import signal
import socket
import subprocess
import time

PREFIX = re.compile(r"\[([^\]\s]+)\] ?(.*)", re.S)
ESCAPE = re.compile(rb"\x1b\[([0-9;?]*)([A-Za-z])|\x1b[()][A-Z0-9]|"
                    rb"\x1b[=>78c]")
MIB = 1 << 20
# What QEMU calls the machines that a board may name.
MACHINES = {"q35": "q35", "i440fx": "pc", "microvm": "microvm"}


class EmulatorError(Exception):
    """The emulator cannot be started, or said something unexpected."""


class Ended(EmulatorError):
    """The emulator ended while something was still expected of it."""


class TimeLimit(EmulatorError):
    """What was expected did not come in time."""


class Report:
    """What the driver needs of report.json."""

    def __init__(self, directory):
        path = os.path.join(directory, "report.json")
        with open(path) as file:
            self.all = json.load(file)
        machine = self.all["machine"]
        self.partitions = [p["name"] for p in self.all["partitions"]]
        self.qemu = machine["qemu"]
        self.ram_mib = -(-machine["ram_bytes"] // MIB)
        self.lp_count = len(machine["lps"])
        self.cpu_count = 1 + max(lp["apic_id"] for lp in machine["lps"])
        # (port, irq, owner or None): a PC's first two, and what is owned.
        uarts = {0x3f8: (0x3f8, 4, None), 0x2f8: (0x2f8, 3, None)}
        for partition in self.all["partitions"]:
            uart = partition["uart"]
            if uart:
                uarts[uart["port"]] = (uart["port"], uart["irq"],
                                       partition["name"])
        self.uarts = list(uarts.values())
        # What the image leaves to the boot loader, in its order.
        self.modules = [os.path.join(directory, m["file"])
                        for m in self.all.get("modules", [])]


class LineModel:
    """What one terminal line shows after some bytes with cursor moves."""

    def __init__(self):
        self.cells = []
        self.cursor = 0
        self.rest = b""

    def feed(self, data):
        data, self.rest = self.rest + data, b""
        at = 0
        while at < len(data):
            byte = data[at:at + 1]
            if byte == b"\x1b":
                found = ESCAPE.match(data, at)
                if found:
                    self.escape(found)
                    at = found.end()
                    continue
                if len(data) - at < 12:     # the rest is still to come
                    self.rest = data[at:]
                    return
            elif byte == b"\n":
                self.cells, self.cursor = [], 0
            elif byte == b"\r":
                self.cursor = 0
            elif byte == b"\b":
                self.cursor = max(0, self.cursor - 1)
            elif byte >= b" " and byte != b"\x7f":
                self.put(byte)
            at += 1

    def put(self, byte):
        if self.cursor < len(self.cells):
            self.cells[self.cursor] = byte
        else:
            self.cells += [b" "] * (self.cursor - len(self.cells)) + [byte]
        self.cursor += 1

    def escape(self, found):
        number, action = found[1], found[2]
        count = int(number) if number and number.isdigit() else 0
        if action == b"D":
            self.cursor = max(0, self.cursor - max(1, count))
        elif action == b"C":
            self.cursor += max(1, count)
        elif action in (b"J", b"K"):
            if count == 0:
                del self.cells[self.cursor:]
            elif count == 2:
                self.cells = []

    def text(self):
        return b"".join(self.cells).decode("utf-8", "replace")


def clean(text):
    """A line as a person sees it on a terminal."""
    if text.isprintable():
        return text
    model = LineModel()
    model.feed(text.encode())
    return model.text()


OVMF = "/usr/share/OVMF/OVMF_%s_4M.fd"
MEDIA = {
    "cd": ["-drive", "if=none,id=boot,media=cdrom,readonly=on,format=raw,"
           "file={iso}", "-device", "ide-cd,drive=boot,bootindex=0"],
    "usb": ["-device", "qemu-xhci", "-drive",
            "if=none,id=boot,snapshot=on,format=raw,file={iso}",
            "-device", "usb-storage,drive=boot,bootindex=0"],
    # Two slots (make disk): GRUB writes to it.
    "disk": ["-drive", "if=none,id=boot,format=raw,file={disk}",
             "-device", "ide-hd,drive=boot,bootindex=0"],
}


def boot_arguments(directory, firmware, medium):
    """What makes QEMU boot the image of that directory."""
    if firmware == "direct":
        return ["-kernel", os.path.join(directory, "bulkhead.elf")]
    if firmware not in ("bios", "uefi"):
        raise EmulatorError(f"FIRMWARE={firmware}: only direct, bios and "
                            f"uefi are known")
    if medium not in MEDIA:
        raise EmulatorError(f"MEDIUM={medium}: only cd, usb and disk are "
                            f"known")
    argv = []
    if firmware == "uefi":
        if not os.path.exists(OVMF % "CODE"):
            raise EmulatorError("FIRMWARE=uefi: no OVMF here (package ovmf)")
        # Its variables are forgotten at the end.
        argv = ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,"
                f"file={OVMF % 'CODE'}",
                "-drive", f"if=pflash,unit=1,format=raw,snapshot=on,"
                f"file={OVMF % 'VARS'}"]
    return argv + [word.format(
        iso=os.path.join(directory, "bulkhead.iso"),
        disk=os.path.join(directory, "disk.img")) for word in MEDIA[medium]]


def die_with_parent():
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Stream:
    """Bytes of one source, cut into lines."""

    def __init__(self, name, sock):
        self.name = name
        self.sock = sock
        self.rest = b""
        self.touched = 0.0

    def feed(self, data):
        self.touched = time.monotonic()
        *lines, self.rest = (self.rest + data).split(b"\n")
        return [line.decode("utf-8", "replace") for line in lines]

    def partial(self):
        return self.rest.decode("utf-8", "replace")

    def take_partial(self):
        text, self.rest = self.partial(), b""
        return text


# Of all lines before the last, a report of a failure has these.
TROUBLE = re.compile(r"^(FAIL|TRAP|late:|panic:|refused:|partition \S+ "
                     r"(failed|asks|restarts|halted))")


class Machine:
    def __init__(self, directory, firmware="direct", icount=False,
                 emu_args=(), reboot=True, on_line=None, on_bytes=None,
                 medium="cd"):
        self.directory = directory
        self.report = Report(directory)
        # None: through GRUB, where the machine has what GRUB needs.
        self.firmware = firmware or (
            "direct" if self.report.qemu == "microvm" else "bios")
        self.medium = medium
        self.icount = icount
        self.emu_args = list(emu_args)
        self.reboot = reboot
        self.on_line = on_line      # (source, text) for each whole line
        self.on_bytes = on_bytes    # (source, bytes) as they come
        self.lines = []             # (source, text)
        self.passed = {None: 0}     # source -> lines that expect() is past
        self.streams = {}           # name -> Stream, UARTs of partitions
        self.selector = selectors.DefaultSelector()
        self.process = None
        self.qmp_rest = b""
        self.qmp_replies = []
        self.qmp_id = 0

    # -- start and stop ------------------------------------------------------

    def command(self, chardevs):
        """The command line; chardevs maps an id to a descriptor's number."""
        report = self.report
        argv = ["qemu-system-x86_64", "-machine",
                MACHINES[report.qemu], "-accel", "tcg",
                "-cpu", "max,-la57", "-smp", str(report.cpu_count),
                "-m", f"{report.ram_mib}M", "-nodefaults",
                "-display", "none", "-rtc", "base=2000-01-01,clock=vm"]
        if not self.reboot:
            argv.append("-no-reboot")
        if self.icount:
            argv += ["-icount", "shift=0,sleep=off"]
        for name, number in chardevs.items():
            argv += ["-chardev", f"socket,id={name},fd={number}"]
        argv += ["-mon", "chardev=qmp,mode=control",
                 "-device", "isa-debugcon,iobase=0xe9,chardev=debugcon"]
        for index, (port, irq, _) in enumerate(report.uarts):
            argv += ["-device", f"isa-serial,iobase={port:#x},irq={irq},"
                     f"chardev=uart{index}"]
        if self.firmware != "direct" and report.qemu == "microvm":
            raise EmulatorError(f"FIRMWARE={self.firmware}: QEMU's microvm "
                                f"has no disc to boot from; use "
                                f"FIRMWARE=direct")
        argv += boot_arguments(self.directory, self.firmware, self.medium)
        if self.firmware == "direct" and report.modules:
            # A comma is doubled where it is no separator.
            argv += ["-initrd", ",".join(m.replace(",", ",,")
                                         for m in report.modules)]
        return argv + self.emu_args

    def start(self):
        if self.icount and self.icount != "force" \
                and self.report.cpu_count > 1:
            raise EmulatorError(
                f"ICOUNT=1: the spec has {self.report.lp_count} LPs, which "
                f"take turns of 100 ms under icount; use a spec with one LP, "
                f"or ICOUNT=force")
        names = ["qmp", "debugcon"]
        names += [f"uart{i}" for i in range(len(self.report.uarts))]
        pairs = {name: socket.socketpair() for name in names}
        numbers = {name: pair[1].fileno() for name, pair in pairs.items()}
        try:
            self.process = subprocess.Popen(
                self.command(numbers), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                pass_fds=list(numbers.values()), preexec_fn=die_with_parent)
        except FileNotFoundError as missing:
            raise EmulatorError("there is no qemu-system-x86_64 here: as "
                                "root, apt-get install qemu-system-x86") \
                from missing
        for near, far in pairs.values():
            far.close()
            near.setblocking(False)
        self.watch(pairs["qmp"][0], None)
        self.qmp_sock = pairs["qmp"][0]
        self.log = Stream("bulkhead", pairs["debugcon"][0])
        self.watch(self.log.sock, self.log)
        for index, (_, _, owner) in enumerate(self.report.uarts):
            stream = Stream(owner or "bulkhead", pairs[f"uart{index}"][0])
            if owner:
                self.streams.setdefault(owner, stream)
            self.watch(stream.sock, stream)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.watch(self.process.stdout, Stream("qemu", None))
        self.qmp_send("qmp_capabilities")
        return self

    def watch(self, source, stream):
        self.selector.register(source, selectors.EVENT_READ, stream)

    def stop(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for key in list(self.selector.get_map().values()):
            self.selector.unregister(key.fileobj)
            key.fileobj.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # -- what comes out ------------------------------------------------------

    def add_line(self, source, text):
        text = clean(text)
        if source == "bulkhead":
            # The console of the hypervisor carries the log lines of
            # partitions too, and says whose they are.
            found = PREFIX.fullmatch(text)
            if found:
                source, text = found[1], found[2]
        self.lines.append((source, text))
        if self.on_line:
            self.on_line(source, text)

    def read(self, key):
        """False at the end of that source."""
        try:
            if isinstance(key.fileobj, socket.socket):
                data = key.fileobj.recv(65536)
            else:
                data = os.read(key.fileobj.fileno(), 65536)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        if not data:
            self.selector.unregister(key.fileobj)
            key.fileobj.close()
            if key.data and key.data.rest:
                self.add_line(key.data.name, key.data.take_partial())
            return False
        if key.data is None:
            self.qmp_feed(data)
            return True
        if self.on_bytes:
            self.on_bytes(key.data.name, data)
        for line in key.data.feed(data):
            self.add_line(key.data.name, line)
        return True

    def pump(self, timeout, also=None):
        """
        Reads what there is, waiting for it up to timeout seconds, less if
        there is something at the descriptor also. False when the emulator
        has ended and everything it said has been read.
        """
        if not self.selector.get_map():
            return False
        if also is not None:
            ready = select.select([self.selector.fileno(), also], [], [],
                                  timeout)[0]
            if self.selector.fileno() not in ready:
                return True
            timeout = 0
        for key, _ in self.selector.select(timeout):
            self.read(key)
        return bool(self.selector.get_map())

    def all_streams(self):
        return [k.data for k in self.selector.get_map().values()
                if k.data is not None]

    def rewind(self):
        """expect() starts at the first line again."""
        self.passed = {None: 0}

    def find(self, regex, partition):
        """
        The first match that expect() is not past yet. Each source is passed
        on its own: waiting for one loses nothing of the others.
        """
        first = self.passed.get(partition, 0)
        for index in range(first, len(self.lines)):
            source, text = self.lines[index]
            if partition not in (None, source):
                continue
            found = regex.search(text)
            if found:
                self.passed[source] = index + 1
                self.passed[None] = max(self.passed[None], index + 1)
                return found
        self.passed[partition] = len(self.lines)
        for stream in self.all_streams():
            # A UART may show a prompt; the log is made of whole lines.
            if stream is not self.log and stream.rest \
                    and partition in (None, stream.name):
                found = regex.search(clean(stream.partial()))
                if found:
                    self.add_line(stream.name, stream.take_partial())
                    self.passed[stream.name] = len(self.lines)
                    self.passed[None] = len(self.lines)
                    return found
        return None

    def expect(self, pattern, partition=None, timeout=60):
        """
        The first line from here on that matches, of one source or of any, as
        a match object. A line that has not ended yet (a prompt) counts.
        """
        regex = re.compile(pattern)
        end = time.monotonic() + timeout
        alive = True
        while True:
            found = self.find(regex, partition)
            if found:
                return found
            if not alive:
                raise Ended(f"the emulator ended (status "
                            f"{self.process.wait()}) before {pattern!r}"
                            f"{self.tail()}")
            left = end - time.monotonic()
            if left <= 0:
                raise TimeLimit(f"no {pattern!r} from "
                                f"{partition or 'anybody'} in {timeout} s"
                                f"{self.tail()}")
            alive = self.pump(min(left, 1))

    def run_for(self, seconds):
        """Reads on for so long; true if the emulator still runs."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.pump(min(0.5, end - time.monotonic())):
                return False
        return True

    def wait_end(self, timeout=60):
        """The emulator's exit status, once it ends by itself."""
        end = time.monotonic() + timeout
        while self.pump(0.5):
            if time.monotonic() > end:
                raise TimeLimit(f"still running after {timeout} s"
                                f"{self.tail()}")
        return self.process.wait()

    def text(self, partition=None):
        """All whole lines so far."""
        return [t for s, t in self.lines if partition in (None, s)]

    def tail(self, count=25):
        """The last lines, and before them those that tell of trouble."""
        before = [line for line in self.lines[:-count]
                  if TROUBLE.search(line[1])]
        return "".join(f"\n  [{s}] {t}" for s, t in
                       before[:count] + self.lines[-count:])

    # -- what goes in --------------------------------------------------------

    def send(self, text, partition):
        """Characters into a partition's UART."""
        data = text.encode() if isinstance(text, str) else text
        sock = self.streams[partition].sock
        while data:
            try:
                data = data[sock.send(data):]
            except BlockingIOError:
                if not self.pump(0.1):
                    raise Ended("the emulator ended") from None

    # -- the emulator's monitor ----------------------------------------------

    def qmp_send(self, execute, **arguments):
        self.qmp_id += 1
        request = {"execute": execute, "id": self.qmp_id}
        if arguments:
            request["arguments"] = arguments
        try:
            self.qmp_sock.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            pass    # it has ended; who waits for an answer will see that
        return self.qmp_id

    def qmp_feed(self, data):
        *lines, self.qmp_rest = (self.qmp_rest + data).split(b"\n")
        for line in filter(None, (line.strip() for line in lines)):
            message = json.loads(line)
            if "id" in message:
                self.qmp_replies.append(message)
            elif message.get("event") == "RESET":
                self.add_line("emulator", "the machine resets")
            elif message.get("event") == "SHUTDOWN":
                reason = message["data"].get("reason", "")
                self.add_line("emulator", f"the machine ends ({reason})")

    def qmp(self, execute, timeout=10, **arguments):
        wanted = self.qmp_send(execute, **arguments)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            for reply in self.qmp_replies:
                if reply["id"] == wanted:
                    self.qmp_replies.remove(reply)
                    if "error" in reply:
                        raise EmulatorError(reply["error"]["desc"])
                    return reply["return"]
            if not self.pump(0.2):
                raise Ended("the emulator ended")
        raise TimeLimit(f"the monitor did not answer {execute}")

    def hmp(self, line, timeout=10):
        """A line of the human monitor (nmi, mce, info registers, x ...)."""
        return self.qmp("human-monitor-command", timeout,
                        **{"command-line": line})
