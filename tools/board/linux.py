# SPDX-License-Identifier: Apache-2.0
"""
A machine as its Linux shows it: files of proc and sys, copied by
tools/board-save.sh into a directory or a tar archive (where proc and sys
stand below it as they do below /), with what dmesg said beside them.
"""
import glob
import os
import re
import tarfile

import acpi
from facts import BoardError, Facts, RAM, Uart, cpuid_facts

TYPES = {"System RAM": RAM, "Reserved": "reserved", "reserved": "reserved",
         "ACPI Tables": "ACPI tables", "ACPI data": "ACPI tables",
         "ACPI Non-volatile Storage": "ACPI NVS"}


class Root:
    """The files of a capture."""

    def __init__(self, path):
        self.path = path
        if not os.path.isdir(path):
            raise BoardError(f"{path}: no such directory")
        refused = self.text("unreadable") or ""
        self.refused = refused.split()

    def bytes(self, name):
        """None: not there, or empty."""
        path = os.path.join(self.path, name)
        try:
            with open(path, "rb") as file:
                return file.read() or None
        except OSError:
            return None

    def text(self, name):
        data = self.bytes(name)
        return None if data is None else data.decode("utf-8", "replace")

    def glob(self, pattern):
        found = glob.glob(os.path.join(glob.escape(self.path), pattern))
        return sorted((os.path.relpath(f, self.path) for f in found),
                      key=lambda f: [int(p) if p.isdigit() else p for p in
                                     re.split(r"(\d+)", f)])

    def why(self, name):
        """Why a file is missing."""
        if any(f.lstrip("/").startswith(name) for f in self.refused):
            return f"/{name} could not be read: run the capture as root"
        return f"the capture has no {name}"


def extract(path, folder):
    """A capture in a tar archive, into a directory: files alone."""
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = os.path.normpath(member.name)
                if not member.isfile() or name.startswith(("/", "..")):
                    continue
                target = os.path.join(folder, name)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(target, "wb") as file:
                    file.write(archive.extractfile(member).read())
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BoardError(f"{path}: no whole tar archive ({error})") from error


def number(text, where):
    try:
        return int(text, 0)
    except ValueError as error:
        raise BoardError(f"{where}: {text.strip()!r} is no number") from error


# -- memory ------------------------------------------------------------------

def memory_of_firmware(root):
    ranges = []
    for folder in root.glob("sys/firmware/memmap/*"):
        parts = [root.text(f"{folder}/{n}") for n in ("start", "end", "type")]
        if None in parts:
            raise BoardError(f"{folder}: without start, end or type: the "
                             f"capture is not whole")
        kind = parts[2].strip()
        ranges.append((number(parts[0], f"{folder}/start"),
                       number(parts[1], f"{folder}/end") + 1,
                       TYPES.get(kind, kind)))
    return ranges


def memory_of_dmesg(dmesg):
    ranges = []
    for base, end, kind in re.findall(
            r"BIOS-e820: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\] (.*)", dmesg):
        kind = kind.strip()
        ranges.append((int(base, 16), int(end, 16) + 1,
                       TYPES.get(kind, kind)))
    return ranges


def memory_of_iomem(text):
    """Without root's rights all of the numbers are 0."""
    ranges = []
    for base, end, kind in re.findall(
            r"^([0-9a-f]+)-([0-9a-f]+) : (.*)$", text, re.M):
        if int(end, 16) and (kind in TYPES or kind.startswith("ACPI")):
            ranges.append((int(base, 16), int(end, 16) + 1,
                           TYPES.get(kind, kind)))
    return ranges


def read_memory(facts, root, dmesg):
    for source, ranges in (
            ("sys/firmware/memmap", memory_of_firmware(root)),
            ("dmesg, BIOS-e820", memory_of_dmesg(dmesg)),
            ("proc/iomem", memory_of_iomem(root.text("proc/iomem") or ""))):
        if any(kind == RAM for _, _, kind in ranges):
            facts.memory, facts.memory_source = ranges, source
            return


# -- processor ---------------------------------------------------------------

def read_cpuid(root):
    """Lines of board-save.sh: the leaf, then od's four numbers."""
    leaves = {}
    for line in (root.text("cpuid") or "").splitlines():
        words = line.split()
        if len(words) == 5 and all(re.fullmatch("[0-9a-f]+", w)
                                   for w in words):
            leaf, *registers = (int(w, 16) for w in words)
            leaves[leaf, 0] = tuple(registers)
    return leaves


def read_processor(facts, root, dmesg):
    text = root.text("proc/cpuinfo") or ""
    fields = dict(re.findall(r"^(\w[\w ]*?)\s*: (.*)$",
                             text.split("\n\n")[0], re.M))
    flags = fields.get("flags", "").split()
    if "vendor_id" in fields:
        facts.vendor = fields["vendor_id"].strip()
        facts.vendor_source = "proc/cpuinfo"
    if flags:
        name = "vmx" if facts.vendor == "GenuineIntel" else "svm"
        has = name in flags
        facts.virtual = (has, f"proc/cpuinfo: {'' if has else 'no '}flag "
                              f"{name}")
        alike = "constant_tsc" in flags and "nonstop_tsc" in flags
        facts.tsc_alike = (alike, "proc/cpuinfo: the TSC is"
                           f"{'' if alike else ' not'} invariant")
    ids = [int(i) for i in re.findall(r"^apicid\s*: (\d+)$", text, re.M)]
    facts.apic_ids = ids or None
    # CPUID's word on the flags is the processor's, Linux's is better.
    virtual, alike = facts.virtual, facts.tsc_alike
    cpuid_facts(facts, read_cpuid(root), "dev/cpu/0/cpuid")
    facts.virtual = virtual or facts.virtual
    facts.tsc_alike = alike or facts.tsc_alike
    read_dmesg_tsc(facts, dmesg)


def read_dmesg_tsc(facts, dmesg):
    disabled = re.search(r"kvm.*: (?:SVM |VMX |virtualization )?(?:not enabled"
                         r"|disabled)[^\n]*(?:bios|BIOS)[^\n]*", dmesg) or \
        re.search(r"x86/cpu: (?:SVM|VMX)[^\n]* disabled[^\n]*", dmesg)
    if disabled:
        facts.virtual = (False, f"dmesg: {disabled[0]}")
    unstable = re.search(r"(?:Marking TSC unstable|TSC.*unsynchronized)"
                         r"[^\n]*", dmesg)
    if unstable:
        facts.tsc_alike = (False, f"dmesg: {unstable[0].strip()}")
    refined = re.search(r"tsc: Refined TSC clocksource calibration: "
                        r"(\d+)\.(\d{3}) MHz", dmesg)
    if refined and facts.tsc_hz is None:
        facts.tsc_hz = int(refined[1] + refined[2]) * 1000
        facts.tsc_source = "dmesg, refined calibration"
    detected = re.search(r"tsc: Detected (\d+)\.(\d{3}) MHz", dmesg)
    if detected:
        facts.measured_hz = int(detected[1] + detected[2]) * 1000


# -- devices -----------------------------------------------------------------

def read_tables(facts, root):
    folder = "sys/firmware/acpi/tables"
    for signature in acpi.WANTED:
        data = root.bytes(f"{folder}/{signature}")
        if data is not None:
            facts.tables[signature] = acpi.check(
                signature, data, f"{folder}/{signature}")
    if "APIC" not in facts.tables:
        facts.tables_why = root.why(f"{folder}/APIC")


def uarts_of_sys(root):
    uarts = []
    for folder in root.glob("sys/class/tty/ttyS*"):
        kind, port, irq, iomem = (
            (root.text(f"{folder}/{n}") or "").strip()
            for n in ("type", "port", "irq", "iomem_base"))
        # Type 0 is a name without a UART.
        if kind in ("", "0") or not port:
            continue
        base = number(port, f"{folder}/port")
        if base and number(iomem or "0", f"{folder}/iomem_base") == 0:
            uarts.append(Uart(base, number(irq, f"{folder}/irq") or None,
                              folder))
    return uarts


def uarts_of_proc(text):
    return [Uart(int(base, 16), int(irq) or None, "proc/tty/driver/serial")
            for kind, base, irq in re.findall(
                r"^\d+: uart:(\S+) port:([0-9A-F]+) irq:(\d+)", text, re.M)
            if kind != "unknown" and int(base, 16)]


def uarts_of_dmesg(dmesg):
    return [Uart(int(base, 16), int(irq) or None, "dmesg")
            for base, irq in re.findall(
                r"ttyS\d+ at I/O 0x([0-9a-f]+) \(irq = (\d+)", dmesg)]


def uarts_of_ioports(text):
    return [Uart(int(base, 16), None, "proc/ioports") for base in re.findall(
        r"^\s*([0-9a-f]{4})-[0-9a-f]{4} : serial", text, re.M)
        if int(base, 16)]


def find_pins(uarts, interrupts):
    """From 16 on Linux numbers interrupts as it likes: who serves one knows."""
    for uart in uarts:
        if uart.irq is None or uart.irq < 16:
            continue
        found = re.search(rf"^ *{uart.irq}:[ \d]* (?:IR-)?IO-APIC +(\d+)-",
                          interrupts, re.M)
        if found:
            uart.pin = (int(found[1]),
                        f"proc/interrupts: Linux' {uart.irq} is pin {found[1]}")
        uart.irq = None


def read_uarts(facts, root, dmesg):
    ioports = root.text("proc/ioports")
    for found in (uarts_of_sys(root),
                  uarts_of_proc(root.text("proc/tty/driver/serial") or ""),
                  uarts_of_dmesg(dmesg), uarts_of_ioports(ioports or "")):
        if found:
            find_pins(found, root.text("proc/interrupts") or "")
            facts.uarts = found
            return
    # Somebody has looked, and there was none.
    if root.glob("sys/class/tty/ttyS*/type") or \
            "serialinfo" in (root.text("proc/tty/driver/serial") or ""):
        facts.uarts = []


def read_name(facts, root):
    words = [(root.text(f"sys/class/dmi/id/{n}") or "").strip()
             for n in ("sys_vendor", "product_name")]
    if all(words):
        facts.name = " ".join(words)


def read(path, source):
    root = Root(path)
    if not root.glob("proc") and not root.glob("sys") and \
            root.bytes("dmesg") is None:
        raise BoardError(f"{path}: neither proc, sys nor dmesg below it: this "
                         f"is no capture of tools/board-save.sh")
    facts = Facts(source)
    dmesg = root.text("dmesg") or ""
    read_name(facts, root)
    read_memory(facts, root, dmesg)
    read_tables(facts, root)
    read_processor(facts, root, dmesg)
    read_uarts(facts, root, dmesg)
    for address, first, last in re.findall(
            r"IOAPIC\[\d+\]: .*address (0x[0-9a-f]+), GSI (\d+)-(\d+)",
            dmesg):
        facts.ioapic_pins[int(address, 16)] = int(last) - int(first) + 1
        facts.pins_source = "dmesg"
    return facts
