# SPDX-License-Identifier: Apache-2.0
"""
What a capture says of a machine, whichever way it came: from a running Linux
(linux.py) or from the capture image over a serial line (serial.py). A fact
that the capture does not have is None; write.py makes an "unknown" of it.
"""

PAGE = 0x1000
LARGE_PAGE = 0x200000
RAM = "usable"


class BoardError(Exception):
    """The capture is damaged, or lacks what no board can be without."""


class Uart:
    def __init__(self, base, irq, source):
        self.base = base
        self.irq = irq          # a line as ISA numbers them; None: unknown
        self.source = source
        self.pin = None         # (pin, where that is said), if irq is not


class Facts:
    def __init__(self, source):
        self.source = source        # what the board file's head says
        self.name = None            # maker and product
        self.memory = None          # [(base, end, type)], type RAM or a text
        self.memory_source = None
        self.tables = {}            # signature -> bytes, checked
        self.tables_why = None      # why there is none
        self.vendor = None          # "AuthenticAMD"
        self.vendor_source = None
        self.virtual = None         # (can it, where that is said)
        self.tsc_hz = None
        self.tsc_source = None
        self.tsc_doubt = None       # two sources that contradict each other
        self.tsc_alike = None       # (do they run alike, where that is said)
        self.measured_hz = None     # good enough to be shown
        self.pit_counts = False     # boot can measure the TSC
        self.apic_ids = None        # where there is no MADT
        self.ioapic_pins = {}       # address -> pins
        self.pins_source = None
        self.uarts = None           # [Uart]; None: nobody has looked

    def usable(self):
        """Usable memory from 1 MiB on, whole pages, joined and in order."""
        low = 0x100000
        ranges = []
        for base, end, kind in sorted(self.memory):
            base = max(-(-base // PAGE) * PAGE, low)
            end = end // PAGE * PAGE
            if kind != RAM or base >= end:
                continue
            if ranges and base <= ranges[-1][1]:
                ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
            else:
                ranges.append((base, end))
        return subtract(ranges, [(b // PAGE * PAGE, -(-e // PAGE) * PAGE)
                                 for b, e, kind in self.memory
                                 if kind != RAM])


def subtract(ranges, holes):
    """What firmware says twice is what it says worse."""
    for base, end in holes:
        left = []
        for a, b in ranges:
            if base < b and a < end:
                left += [(a, base)] if a < base else []
                left += [(end, b)] if end < b else []
            else:
                left.append((a, b))
        ranges = left
    return ranges


def intersect(one, two):
    """What is in both of two lists of ranges."""
    return sorted((max(a, c), min(b, d)) for a, b in one for c, d in two
                  if max(a, c) < min(b, d))


def cpuid_facts(facts, leaves, source):
    """What CPUID tells: {(leaf, subleaf): (eax, ebx, ecx, edx)}."""
    if (0, 0) in leaves:
        _, b, c, d = leaves[0, 0]
        facts.vendor = b"".join(
            r.to_bytes(4, "little") for r in (b, d, c)).decode("latin-1")
        facts.vendor_source = f"{source}, CPUID 0"
    amd = facts.vendor in ("AuthenticAMD", "HygonGenuine")
    leaf, bit, name = (0x80000001, 2, "SVM") if amd else (1, 5, "VT-x")
    if (leaf, 0) in leaves:
        has = leaves[leaf, 0][2] >> bit & 1 == 1
        facts.virtual = (has, f"{source}, CPUID {leaf:#x} ECX bit {bit}: "
                              f"{name if has else 'no ' + name}")
    if (0x80000007, 0) in leaves:
        alike = leaves[0x80000007, 0][3] >> 8 & 1 == 1
        facts.tsc_alike = (alike, f"{source}, CPUID 0x80000007 EDX bit 8: "
                           f"the TSC is{'' if alike else ' not'} invariant")
    if (0x15, 0) in leaves:
        divisor, factor, crystal, _ = leaves[0x15, 0]
        if divisor and factor and crystal:
            facts.tsc_hz = crystal * factor // divisor
            facts.tsc_source = f"{source}, CPUID 0x15"
