# SPDX-License-Identifier: Apache-2.0
"""ACPI tables from their bytes: whole, or an error that says what is wrong."""
import struct

from facts import BoardError

WANTED = ("APIC", "FACP", "HPET", "MCFG", "SPCR", "DBG2")
HEADER = 36
AGAIN = "capture it again"


def check(signature, data, where):
    """The bytes of one table, without what may lie behind it."""
    if len(data) < HEADER:
        raise BoardError(f"{where}: {signature} has {len(data)} bytes, fewer "
                         f"than a table's header: {AGAIN}")
    if data[:4] != signature.encode():
        raise BoardError(f"{where}: this begins with {data[:4]!r}, which is "
                         f"no {signature}: {AGAIN}")
    length, = struct.unpack_from("<I", data, 4)
    if length < HEADER:
        raise BoardError(f"{where}: {signature} says that it has {length} "
                         f"bytes: {AGAIN}")
    if length > len(data):
        raise BoardError(f"{where}: {signature} is truncated: it says that it "
                         f"has {length} bytes, here are {len(data)}: {AGAIN}")
    if sum(data[:length]) & 0xff:
        raise BoardError(f"{where}: {signature} is garbled: its bytes do not "
                         f"sum up to 0: {AGAIN}")
    return data[:length]


def field(data, offset, form, otherwise=0):
    """A field that older tables are too short for."""
    size = struct.calcsize(form)
    return struct.unpack_from(form, data, offset)[0] \
        if offset + size <= len(data) else otherwise


class Madt:
    """Local APICs, IOAPICs and the interrupts that are not where ISA's are."""

    def __init__(self, data):
        self.apic_ids = []
        self.disabled = 0
        self.ioapics = []           # (address, first interrupt)
        self.overrides = {}         # ISA line -> (interrupt, flags)
        at = 44
        while at + 2 <= len(data):
            kind, size = data[at], data[at + 1]
            if size < 2 or at + size > len(data):
                raise BoardError(f"APIC (MADT): the entry at {at} says that "
                                 f"it has {size} bytes: {AGAIN}")
            self.entry(kind, data[at:at + size], at)
            at += size

    def entry(self, kind, data, at):
        sizes = {0: 8, 1: 12, 2: 10, 9: 16}
        if len(data) < sizes.get(kind, 2):
            raise BoardError(f"APIC (MADT): the entry at {at} of type {kind} "
                             f"has only {len(data)} bytes: {AGAIN}")
        if kind == 0:
            self.local(data[3], struct.unpack_from("<I", data, 4)[0])
        elif kind == 9:
            self.local(*struct.unpack_from("<II", data, 4))
        elif kind == 1:
            self.ioapics.append(struct.unpack_from("<II", data, 4))
        elif kind == 2:
            self.overrides[data[3]] = struct.unpack_from("<IH", data, 4)

    def local(self, apic_id, flags):
        if not flags & 1:
            self.disabled += 1
        elif apic_id not in self.apic_ids:
            self.apic_ids.append(apic_id)

    def pin(self, line):
        """Where an ISA line arrives."""
        return self.overrides.get(line, (line, 0))[0]


def fadt_ports(data):
    """[(name, first, last, what)] of the FADT: what controls the machine."""
    ports = []

    def add(name, base, size, what):
        if base and size and base + size <= 0x10000:
            ports.append((name, base, base + size - 1, what))

    add("acpi-smi", field(data, 48, "<I"), 1, "SMI_CMD")
    for name, base, size in (
            ("acpi-pm1a-event", 56, 88), ("acpi-pm1b-event", 60, 88),
            ("acpi-pm1a-control", 64, 89), ("acpi-pm1b-control", 68, 89),
            ("acpi-pm2-control", 72, 90), ("acpi-timer", 76, 91),
            ("acpi-gpe0", 80, 92), ("acpi-gpe1", 84, 93)):
        add(name, field(data, base, "<I"), field(data, size, "<B"),
            name[5:].upper().replace("-", " "))
    if field(data, 112, "<I") >> 10 & 1 and field(data, 116, "<B") == 1:
        add("acpi-reset", field(data, 120, "<Q"), 1, "RESET_REG")
    return ports


def spcr_console(data):
    """The I/O port of the firmware's console; None: memory, or nothing."""
    if len(data) >= 52 and data[40] == 1:
        return field(data, 44, "<Q") or None
    return None


def remarks(tables):
    """Facts that no board file has a property for."""
    said = []
    if "HPET" in tables:
        said.append(f"HPET: {field(tables['HPET'], 44, '<Q'):#x}")
    if "MCFG" in tables:
        data = tables["MCFG"]
        for at in range(44, len(data) - 15, 16):
            base, segment, first, last = struct.unpack_from("<QHBB", data, at)
            said.append(f"MCFG: PCI configuration at {base:#x}, segment "
                        f"{segment}, buses {first} to {last}")
    if "SPCR" in tables:
        port = spcr_console(tables["SPCR"])
        where = f"port {port:#x}" if port else "no port"
        said.append(f"SPCR: the firmware's console: {where}")
    if "DBG2" in tables:
        said.append("DBG2: there is a debug port")
    if "FACP" in tables and field(tables["FACP"], 112, "<I") >> 20 & 1:
        said.append("FACP: hardware-reduced: there may be no PIC, PIT and "
                    "CMOS")
    return said
