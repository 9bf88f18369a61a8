# SPDX-License-Identifier: Apache-2.0
"""
The board file of some facts. Each comment says where a fact came from; what
is not known becomes a string of an "unknown" property, "WHAT: HOW", which
partc refuses.
"""
import acpi
from facts import BoardError, LARGE_PAGE, intersect

VENDORS = {"AuthenticAMD": "amd", "HygonGenuine": "amd",
           "GenuineIntel": "intel"}
APIC_ID_MAX = 254
LOW_END = 0x1000000
COM = {0x3f8: "com1", 0x2f8: "com2", 0x3e8: "com3", 0x2e8: "com4"}

# Ports of any PC that control all of it.
PC_PORTS = (("pic1", 0x20, 0x21), ("pit", 0x40, 0x43),
            ("keyboard", 0x60, 0x64), ("cmos", 0x70, 0x77),
            ("fast-a20", 0x92, 0x92), ("pic2", 0xa0, 0xa1),
            ("smi", 0xb2, 0xb3), ("pci-config", 0xcf8, 0xcff),
            ("firmware-config", 0x510, 0x51b))


def comment(text):
    """Nothing of a capture ends a comment or a line."""
    text = "".join(c if " " <= c <= "~" else "?" for c in text)
    return text.replace("*/", "* /").replace("/*", "/ *")


def quoted(text):
    text = "".join(c if " " <= c <= "~" else "?" for c in text)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def size(count):
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count and count % unit == 0:
            return f"{name}({count // unit})"
    return f"BYTES({count:#x})"


class Text:
    """Lines, indented; the unknowns of the node that is written."""

    def __init__(self):
        self.lines = []
        self.depth = 0
        self.unknowns = []      # all of them, for who runs the tool

    def put(self, line=""):
        self.lines.append("\t" * self.depth + line if line else "")

    def say(self, *lines):
        """A comment of its own lines."""
        if len(lines) == 1:
            self.put(f"/* {comment(lines[0])} */")
            return
        self.put("/*")
        for line in lines:
            self.put(f" * {comment(line)}".rstrip())
        self.put(" */")

    def open(self, name):
        self.put(f"{name} {{")
        self.depth += 1

    def close(self):
        self.depth -= 1
        self.put("};")

    def unknown(self, *strings):
        strings = [s for s in strings if s]
        if not strings:
            return
        self.unknowns += strings
        start = "unknown = "
        for i, text in enumerate(strings):
            end = ";" if i == len(strings) - 1 else ","
            self.put(f"{start if i == 0 else chr(9)}{quoted(text)}{end}")


def unknown_tsc(facts, lps):
    """What is to be found out about the TSC."""
    found = []
    if facts.tsc_hz is None and not facts.pit_counts:
        doubt = f"{facts.tsc_doubt}; " if facts.tsc_doubt else ""
        found.append(f"tsc-hz: dmesg | grep 'tsc:' ({doubt}leave it out, and "
                     f"each boot measures it against the PIT)")
    if lps > 1 and not (facts.tsc_alike and facts.tsc_alike[0]):
        found.append("whether the TSCs of all LPs run alike: dmesg | grep -i "
                     "tsc (Linux must not call it unstable or "
                     "unsynchronized)")
    return found


def unknown_virtual(facts):
    if facts.virtual and facts.virtual[0]:
        return None
    return "whether the processor's virtualization is on: grep -ow -e svm " \
           "-e vmx /proc/cpuinfo (or switch it on in the firmware's setup)"


def write_processor(text, facts, lps):
    unknowns = []
    if facts.vendor in VENDORS:
        text.say(facts.vendor_source)
        text.put(f'vendor = "{VENDORS[facts.vendor]}";')
    elif facts.vendor:
        raise BoardError(f"the processor is by {facts.vendor!r} "
                         f"({facts.vendor_source}): Bulkhead knows AMD's and "
                         f"Intel's")
    else:
        unknowns.append("vendor: grep vendor_id /proc/cpuinfo")
    if facts.virtual:
        text.say(facts.virtual[1])
    if facts.tsc_alike:
        text.say(facts.tsc_alike[1])
    if facts.tsc_hz is not None:
        text.say(facts.tsc_source)
        text.put(f"tsc-hz = <CELLS({facts.tsc_hz})>;")
    elif facts.pit_counts:
        text.say(f"No tsc-hz: boot measures it. The capture measured "
                 f"{facts.measured_hz}.")
    elif facts.measured_hz:
        text.say(f"Measured roughly: tsc-hz = <CELLS({facts.measured_hz})>;")
    text.unknown(*unknowns, *unknown_tsc(facts, lps), unknown_virtual(facts),
                 None if facts.memory else
                 "ram: sudo grep 'System RAM' /proc/iomem")


def write_lps(text, facts, madt):
    ids = madt.apic_ids if madt else facts.apic_ids
    text.open("lps")
    if madt:
        text.say("MADT" + (f"; {madt.disabled} more are not enabled"
                           if madt.disabled else ""))
    elif ids:
        text.say(f"proc/cpuinfo ({facts.tables_why})")
    if not ids:
        text.open("lp0: lp0")
        text.unknown(f"apic-id: grep apicid /proc/cpuinfo "
                     f"({facts.tables_why})")
        text.close()
    for index, apic_id in enumerate(i for i in ids or []
                                    if i <= APIC_ID_MAX):
        text.put(f"lp{index}: lp{index} {{ apic-id = <{apic_id}>; }};")
    beyond = [i for i in ids or [] if i > APIC_ID_MAX]
    if beyond:
        text.say(f"Not listed: APIC ids above {APIC_ID_MAX} ("
                 f"{len(beyond)} LPs)")
    text.close()


def write_ioapic(text, facts, madt):
    text.put()
    text.open("ioapic")
    if madt is None:
        text.unknown("base: dmesg | grep 'IOAPIC.*address'",
                     "pins: dmesg | grep 'IOAPIC.*GSI'")
        text.close()
        return
    first = [address for address, base in madt.ioapics if base == 0]
    for address, base in madt.ioapics:
        text.say(f"MADT: an IOAPIC at {address:#x} for interrupts from {base} "
                 f"on")
    if not first:
        raise BoardError("APIC (MADT): no IOAPIC has the interrupts from 0 "
                         "on: Bulkhead cannot run there")
    text.put(f"base = <ADDR({first[0]:#x})>;")
    if first[0] in facts.ioapic_pins:
        text.say(facts.pins_source)
        text.put(f"pins = <{facts.ioapic_pins[first[0]]}>;")
    else:
        text.unknown("pins: dmesg | grep 'IOAPIC.*GSI' (GSI 0-23 are 24)")
    text.close()


def write_uart(text, uart, madt, label):
    text.open(f"{label}: {label}")
    text.say(uart.source)
    text.put(f"base = <{uart.base:#x}>;")
    if uart.pin and madt and len(madt.ioapics) == 1:
        pin, source = uart.pin
        text.say(source)
        text.put(f"irq = <{pin}>;")
    elif uart.irq is None:
        text.unknown("irq: cat /proc/tty/driver/serial (from 16 on: the "
                     "IO-APIC's pin in /proc/interrupts while it is in use)")
    else:
        pin = madt.pin(uart.irq) if madt and uart.irq < 16 else uart.irq
        if pin != uart.irq:
            text.say(f"MADT: IRQ {uart.irq} is pin {pin}")
        text.put(f"irq = <{pin}>;")
    text.close()


def write_uarts(text, facts, madt):
    text.put()
    text.open("uarts")
    if facts.uarts is None:
        text.open("com1: com1")
        text.unknown("base: cat /proc/tty/driver/serial",
                     "irq: cat /proc/tty/driver/serial")
        text.close()
    others = 0
    seen = set()
    for uart in facts.uarts or []:
        if uart.base % 8 or uart.base in seen:
            text.say(f"Not listed: {uart.base:#x}, {uart.source}")
            continue
        seen.add(uart.base)
        label = COM.get(uart.base)
        if label is None:
            label, others = f"uart{others}", others + 1
        write_uart(text, uart, madt, label)
    if facts.uarts == []:
        text.say("None was found.")
    text.close()


def write_ports(text, facts):
    text.put()
    text.say("Ports that can reset or reprogram the machine: a PC's, and the "
             "FADT's.")
    text.open("reserved-ports")
    for name, first, last in PC_PORTS:
        text.put(f"{name} {{ range = <{first:#x} {last:#x}>; }};")
    for name, first, last, what in (acpi.fadt_ports(facts.tables["FACP"])
                                    if "FACP" in facts.tables else ()):
        text.put(f"{name} {{ range = <{first:#x} {last:#x}>; }};\t"
                 f"/* FADT: {what} */")
    if "FACP" not in facts.tables:
        text.say("No FADT in the capture: the ports of ACPI are missing.")
    text.close()


def write_memory(text, all_facts):
    """RAM is what each of the captures has."""
    text.put()
    lines = []
    for facts in all_facts:
        lines.append(f"{facts.memory_source}, of {facts.source}:")
        lines += [f"  {base:#014x} to {end:#014x} {kind}"
                  for base, end, kind in sorted(facts.memory)]
    text.say(*lines)
    ranges = all_facts[0].usable()
    for facts in all_facts[1:]:
        ranges = intersect(ranges, facts.usable())
    text.open("ram")
    text.put("#address-cells = <2>;")
    text.put("#size-cells = <2>;")
    for base, end in ranges:
        start = -(-base // LARGE_PAGE) * LARGE_PAGE
        if start + LARGE_PAGE > end:
            # A UEFI moves these from one boot to the next.
            text.say(f"Not listed, too small for a partition: {base:#x} to "
                     f"{end:#x}")
            continue
        text.open(f"ram@{base:x}")
        text.put(f"reg = <ADDR({base:#x}) {size(end - base)}>;")
        text.close()
    text.close()
    write_reserved(text, ranges)


def write_reserved(text, ranges):
    """
    Below 16 MiB firmware keeps, and boot loaders put, what may be elsewhere
    at the next boot.
    """
    low = [(base, end) for base, end in ranges if base < LOW_END and
           -(-base // LARGE_PAGE) * LARGE_PAGE + LARGE_PAGE <= end]
    text.open("reserved")
    text.put("#address-cells = <2>;")
    text.put("#size-cells = <2>;")
    if low:
        text.say("Below 16 MiB firmware and boot loaders keep things, at the "
                 "next boot", "perhaps elsewhere.")
    for base, end in low:
        text.open(f"low@{base:x}")
        text.put(f"reg = <ADDR({base:#x}) {size(min(end, LOW_END) - base)}>;")
        text.close()
    text.close()


def write(all_facts, name):
    """(the text of the board file, what is unknown)."""
    facts = all_facts[0]
    madt = acpi.Madt(facts.tables["APIC"]) if "APIC" in facts.tables else None
    ids = madt.apic_ids if madt else facts.apic_ids
    if madt and not ids:
        raise BoardError("APIC (MADT): no LP is enabled")
    text = Text()
    text.say("SPDX-License-Identifier: Apache-2.0")
    text.say(f"{facts.name or name}, as tools/board-capture found it in",
             *(f"- {f.source}" for f in all_facts), "",
             "A comment says where a fact came from. What could not be found "
             "stands as",
             "\"unknown\": partc refuses this board until somebody has found "
             "it.")
    text.put("#include <units.h>")
    text.put()
    text.open("/")
    text.open("machine")
    text.put(f"board = {quoted((facts.name or name)[:64])};")
    write_processor(text, facts, len(ids or [0]))
    remarks = acpi.remarks(facts.tables)
    if remarks:
        text.say(*remarks)
    text.say("For updates add boot-ok, with a bit of the CMOS that this "
             "firmware leaves", "alone: GRUB's cmosdump shows candidates "
             "(docs/install.md).")
    text.put()
    write_lps(text, facts, madt)
    write_ioapic(text, facts, madt)
    write_uarts(text, facts, madt)
    write_ports(text, facts)
    if all(f.memory for f in all_facts):
        write_memory(text, all_facts)
    text.close()
    text.close()
    return "\n".join(text.lines) + "\n", text.unknowns
