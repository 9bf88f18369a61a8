#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
bench.py BUILD GUESTS [--write]: measures what the budgets are about, compares,
and with --write puts the table into docs/numbers.md.

Times are emulated instructions: QEMU with -icount shift=0 and one CPU, or
Bochs, where the same image gives the same numbers on every machine.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/emu"))
from bochs import Bochs  # noqa: E402
from emulator import Machine  # noqa: E402

KIB = 1024
START, END = "<!-- measured -->", "<!-- end of measured -->"
# kind -> (budget, what it is)
EXITS = {
    "port": (300, "port, out"),
    "port-in": (300, "port, in"),
    "cpuid": (500, "CPUID, fetched and checked"),
    "rdmsr": (500, "RDMSR, fetched and checked"),
    "wrmsr": (500, "WRMSR, fetched and checked"),
    "hypercall": (500, "hypercall, fetched and checked"),
}
# The same where the processor says the next RIP: Bochs' AMD and Intel ones.
# The least of many: periodic interrupts are not switched off.
EXITS_BOCHS = {
    "port": (300, "port, out"),
    "port-in": (300, "port, in"),
    "cpuid": (375, "CPUID"),
    "rdmsr": (375, "RDMSR"),
    "wrmsr": (375, "WRMSR"),
    "hypercall": (375, "hypercall"),
}
# (spec, kind) -> what it is: messages, events and synthetic timers
TALK = {
    ("near", "post-call"): "PostMessage, the call",
    ("near", "signal-call"): "SignalEvent, the call",
    ("near", "slot-to-handler"):
        "message, same LP: its slot's start to interrupt",
    ("far", "post-one-way"): "PostMessage to interrupt, another LP",
    ("far", "signal-one-way"): "SignalEvent to interrupt, another LP",
    ("far", "timer-running"): "synthetic timer, lateness, guest runs",
    ("far", "timer-halted"): "synthetic timer, lateness, guest sleeps",
}
# Each call with the largest input that is done in one go, a partition of
# 64 VPs. No call may hold its LP for more than 50 us.
CALLS = {
    "flush-all": "FlushVirtualAddressSpace, all VPs",
    "flush-list": "FlushVirtualAddressList, all VPs, 509 ranges",
    "flush-ex": "FlushVirtualAddressSpaceEx, 64 banks",
    "flush-list-ex": "FlushVirtualAddressListEx, 64 banks, 400 ranges",
    "ipi-all": "SendSyntheticClusterIpi, all VPs",
    "ipi-ex": "SendSyntheticClusterIpiEx, 64 banks",
    "get-registers": "GetVpRegisters, 16 of them: one go",
    "set-register": "SetVpRegisters, one of them, a page that moves: one go",
    "vp-of-apic-id": "GetVpIndexFromApicId, 16 of them: one go",
    "start-vp": "StartVirtualProcessor",
}
CALL_BUDGET = 10_000


class Bench:
    def __init__(self, build, guests):
        self.build = build
        self.guests = guests
        self.rows = []      # (what, measured, budget, unit, within)

    def row(self, what, measured, budget=None, unit=""):
        within = budget is None or measured <= budget
        self.rows.append((what, measured, budget, unit, within))
        mark = "" if budget is None else \
            f"  (budget {budget:,})" + ("" if within else "  OVER")
        print(f"  {what:52} {measured:>12,} {unit}{mark}", flush=True)

    def make(self, *goals):
        done = subprocess.run(
            ["make", "--no-print-directory", "-s", f"BUILD={self.build}",
             f"GUESTS={self.guests}", *goals], cwd=TOP, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={k: v for k, v in os.environ.items()
                 if not k.startswith("MAKE")})
        if done.returncode:
            raise SystemExit(f"make {' '.join(goals)}:\n{done.stdout}")

    def image(self, spec):
        out = os.path.join(self.build, "bench",
                           os.path.basename(spec)[:-len(".dts")])
        self.make("image", f"SPEC={spec}", f"O={out}")
        return out

    def exits(self):
        measured = {}
        for count, spec in ((1, "one"), (8, "eight")):
            directory = self.image(f"tests/bench/{spec}.dts")
            with Machine(directory, icount=True) as machine:
                machine.expect("DONE 1 passed, 0 failed", "bench", 120)
                for line in machine.text("bench"):
                    found = re.match(r"bench (\S+) min (\d+) avg (\d+)",
                                     line)
                    if found:
                        measured[count, found[1]] = int(found[3])
        for kind, (budget, what) in EXITS.items():
            for count in (1, 8):
                plural = "s" if count > 1 else ""
                self.row(f"{what}; {count} partition{plural}",
                         measured[count, kind], budget, "instructions")

    def exits_bochs(self, emulator, name):
        with Bochs(self.image("tests/bench/nrip.dts"),
                   emulator=emulator) as machine:
            machine.expect("^DONE 1 passed, 0 failed", "bench", 180)
            measured = dict(re.match(r"bench (\S+) min (\d+)", line).groups()
                            for line in machine.text("bench")
                            if line.startswith("bench "))
        for kind, (budget, what) in EXITS_BOCHS.items():
            self.row(f"{what}; {name}", int(measured[kind]), budget,
                     "instructions")

    def talk(self):
        measured = {}
        for spec, icount in (("near", True), ("far", "force")):
            directory = self.image(f"tests/bench/{spec}.dts")
            with Machine(directory, icount=icount) as machine:
                machine.expect("DONE 1 passed, 0 failed", "bench", 120)
                if spec == "near":
                    machine.expect("bench slot-to-handler", "rx", 120)
                for line in machine.text("bench") + machine.text("rx"):
                    found = re.match(r"bench (\S+) min (\d+) avg (\d+)",
                                     line)
                    if found:
                        measured[spec, found[1]] = int(found[3])
        for key, what in TALK.items():
            self.row(what, measured[key], None, "instructions")

    def calls(self):
        directory = self.image("tests/bench/calls.dts")
        with Machine(directory, icount=True) as machine:
            machine.expect("DONE 10 passed, 0 failed", "bench", 120)
            measured = dict(
                re.match(r"bench (\S+) .* max (\d+)", line).groups()
                for line in machine.text("bench")
                if line.startswith("bench "))
        for name, what in CALLS.items():
            self.row(f"{what}, at worst", int(measured[name]), CALL_BUDGET,
                     "instructions")

    def start(self, directory):
        """From the image's first instruction to the first of a guest."""
        image = Symbols(os.path.join(directory, "bulkhead.elf"))
        counts = count_instructions(directory, [
            image.address("boot_start32"), image.vmrun()])
        return counts[1] - counts[0]

    def boot(self):
        directory = self.image("tests/bench/one.dts")
        start = self.start(directory)
        with Machine(directory, icount=True) as machine:
            report = machine.report.all
        work = sum(p["memory_bytes"] + sum(load["bytes"]
                                           for load in p["loads"])
                   for p in report["partitions"])
        budget = 2_000_000 + int(1.1 * work / 8)
        self.row("first instruction to first guest instruction", start,
                 budget, "instructions")
        # The same payload, left to the boot loader.
        directory = self.image("tests/bench/module.dts")
        with Machine(directory) as machine:
            size, = (m["bytes"] for m in machine.report.all["modules"])
        self.row("a byte of a module, moved and hashed",
                 -(-(self.start(directory) - start) // size), 45,
                 "instructions")

    def sizes(self):
        directory = self.image("partition-specs/demo.dts")
        elf = os.path.join(directory, "bulkhead.elf")
        sizes = section_sizes(elf)
        with open(os.path.join(self.build, "objects.list")) as file:
            text = sum(size for path in file.read().split()
                       for name, size in section_sizes(path).items()
                       if re.match(r"\.(boot\.)?text|\.multiboot", name))
        self.row("hypervisor text, both back ends", text, 96 * KIB, "bytes")
        tables = section_sizes(os.path.join(directory, "tables.o"))
        pool = sum(size for name, size in tables.items()
                   if re.match(r"\.bss\.(nested_pool|overlay_pages)", name))
        with Machine(directory) as machine:
            report = machine.report.all
        lps = len(report["machine"]["lps"])
        # Three pages under an LP's stacks are not mapped.
        state = sizes[".data"] + sizes[".bss"] + sizes.get(".noinit", 0) \
            - pool - lps * 3 * 4096
        vps = sum(len(p["vps"]) for p in report["partitions"])
        self.row(f"writable state, demo ({lps} LPs, {vps} VPs)", state,
                 64 * KIB + 32 * KIB * (lps + vps), "bytes")
        self.row("nested tables, pools and overlay pages, demo", pool, None,
                 "bytes")

    def lines(self):
        said = subprocess.run(
            ["cloc", "--quiet", "--csv", "hv", "boot"], cwd=TOP, check=True,
            text=True, stdout=subprocess.PIPE).stdout
        total = [row.split(",") for row in said.splitlines()
                 if ",SUM," in row]
        self.row("hypervisor source (cloc)", int(total[0][4]), 17000,
                 "lines")

    def edit(self):
        """One edited line of the demo's spec to a new ISO."""
        with tempfile.TemporaryDirectory() as folder:
            spec = os.path.join(folder, "edited.dts")
            out = os.path.join(folder, "out")
            shutil.copy(os.path.join(TOP, "partition-specs/demo.dts"), spec)
            goals = ("image", f"SPEC={spec}", f"O={out}")
            self.make(*goals)
            best = None
            for size in (4, 6, 8, 4, 6, 8):
                with open(spec) as file:
                    text = file.read()
                changed = re.sub(r"MiB\([2468]\)", f"MiB({size})", text)
                assert changed != text
                with open(spec, "w") as file:
                    file.write(changed)
                began, before = time.monotonic(), os.times()
                self.make(*goals)
                took = int(1000 * (time.monotonic() - began))
                after = os.times()
                work = int(1000 * (after.children_user - before.children_user
                                   + after.children_system
                                   - before.children_system))
                best = (took, work) if best is None else \
                    min(best, (took, work))
        self.row("one edited line of a spec to a new ISO", best[0], 1000,
                 "ms")
        self.row("the same, processor time", best[1], None, "ms")

    def write(self):
        path = os.path.join(TOP, "docs/numbers.md")
        with open(path) as file:
            text = file.read()
        table = ["| what | measured | budget |", "|---|---:|---:|"]
        for what, measured, budget, unit, within in self.rows:
            limit = "" if budget is None else f"{budget:,}"
            over = "" if within else " (over)"
            table.append(f"| {what} | {measured:,} {unit} | {limit}{over} |")
        head, rest = text.split(START, 1)
        _, tail = rest.split(END, 1)
        with open(path, "w") as file:
            file.write(head + START + "\n" + "\n".join(table) + "\n" + END
                       + tail)


class Symbols:
    def __init__(self, elf):
        self.elf = elf

    def address(self, name):
        said = subprocess.run(["nm", self.elf], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        return int(re.search(rf"^([0-9a-f]+) \w {name}$", said, re.M)[1], 16)

    def vmrun(self):
        said = subprocess.run(["objdump", "-d", "--no-show-raw-insn",
                               self.elf], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        return int(re.search(r"^\s*([0-9a-f]+):\s+vmrun", said, re.M)[1], 16)


def section_sizes(path):
    said = subprocess.run(["size", "-A", path], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return {words[0]: int(words[1]) for words in
            (line.split() for line in said.splitlines())
            if len(words) == 3 and words[1].isdigit()}


class Gdb:
    """The little of the debugger's protocol that a breakpoint needs."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        for _ in range(100):
            try:
                self.sock.connect(path)
                break
            except OSError:
                time.sleep(0.1)

    def send(self, text):
        data = text.encode()
        self.sock.sendall(b"$" + data + b"#%02x" % (sum(data) % 256))

    def packet(self):
        data = b""
        while not re.search(rb"\$[^#]*#..", data):
            more = self.sock.recv(4096)
            if not more:
                raise SystemExit("the emulator ended under the debugger")
            data += more
        self.sock.sendall(b"+")
        return re.search(rb"\$([^#]*)#", data)[1].decode()

    def ask(self, text):
        self.send(text)
        return self.packet()

    def run_to(self, address):
        """A hardware breakpoint: the code is not there yet, or in ROM."""
        self.ask(f"Z1,{address:x},1")
        self.send("c")
        stop = self.packet()
        if not stop.startswith(("T05", "S05")):
            raise SystemExit(f"stopped by {stop}, not by the breakpoint")
        self.ask(f"z1,{address:x},1")


def count_instructions(directory, addresses):
    """Instructions since reset when each address is reached, in order."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "gdb")
        log = os.path.join(folder, "record")
        machine = Machine(directory, emu_args=[
            "-icount", f"shift=0,sleep=off,rr=record,rrfile={log}",
            "-S", "-gdb", f"unix:{path},server=on,wait=off"])
        counts = []
        with machine:
            gdb = Gdb(path)
            for address in addresses:
                gdb.run_to(address)
                counts.append(machine.qmp("query-replay")["icount"])
        return counts


def main():
    bench = Bench(sys.argv[1], sys.argv[2])
    bench.exits()
    bench.exits_bochs("bochs-amd", "AMD, next RIP known")
    bench.exits_bochs("bochs", "Intel")
    bench.talk()
    bench.calls()
    bench.boot()
    bench.sizes()
    bench.lines()
    bench.edit()
    if "--write" in sys.argv[3:]:
        bench.write()
    over = [row for row in bench.rows if not row[4]]
    print(f"bench: {len(bench.rows) - len(over)} passed, "
          f"{len(over)} failed")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
