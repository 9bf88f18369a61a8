# SPDX-License-Identifier: Apache-2.0
"""
What the capture image (tools/board/image) says over a serial line, from a log
of it. Each of its lines is "#b TEXT #CHECKSUM"; the last one counts them.
Whatever firmware and boot loader wrote is passed over.
"""
import re

import acpi
from facts import BoardError, Facts, RAM, Uart, cpuid_facts

TYPES = {1: RAM, 2: "reserved", 3: "ACPI tables", 4: "ACPI NVS",
         5: "bad memory", 7: "persistent memory"}
AGAIN = "capture it again"
PIT_HZ = 1193182


def checksum(text):
    value = 0
    for byte in text.encode("latin-1"):
        value = (value * 31 + byte) & 0xffff
    return value


def runs_of(text):
    """Each run is a list of (number in the log, words; None: garbled)."""
    runs = [[]]
    for number, line in enumerate(text.splitlines(), 1):
        at = line.find("#b ")
        if at < 0:
            continue
        found = re.fullmatch(r"#b (\S.*) #([0-9a-f]{4})\s*", line[at:])
        good = found and checksum(found[1]) == int(found[2], 16)
        words = found[1].split() if good else None
        if good and words[0] == "begin" and runs[-1]:
            runs.append([])
        runs[-1].append((number, words))
    return runs


def complaint(run, path):
    """What is wrong with a run; None: nothing."""
    if not run:
        return (f"{path}: no line of the capture image in it (they begin "
                f"with #b)")
    for number, words in run:
        if words is None:
            return (f"{path}:{number}: this line is garbled: {AGAIN} (115200 "
                    f"8N1, without flow control)")
    number, first = run[0]
    if first[0] != "begin":
        return (f"{path}:{number}: the begin of the capture is missing: "
                f"{AGAIN}, from the reset on")
    number, last = run[-1]
    if last[0] != "end":
        return f"{path}: truncated: the capture has no end: {AGAIN}"
    if last[1:] != [f"{len(run):x}"]:
        return (f"{path}:{number}: {len(run)} lines came, not as many as the "
                f"last one says: {AGAIN}")
    return None


def lines_of(text, path):
    """The last whole run of a log, which may have several."""
    runs = runs_of(text)
    for run in reversed(runs):
        if complaint(run, path) is None:
            return run
    raise BoardError(complaint(runs[-1], path))


class Log:
    def __init__(self, path):
        try:
            with open(path, "rb") as file:
                text = file.read().decode("latin-1")
        except OSError as error:
            raise BoardError(f"{path}: {error.strerror}") from error
        self.path = path
        self.lines = {}
        for number, words in lines_of(text, path):
            try:
                self.lines.setdefault(words[0], []).append(
                    [number] + [w if words[0] == "table" and i == 0 else
                                int(w, 16) for i, w in enumerate(words[1:])])
            except ValueError as error:
                raise BoardError(f"{path}:{number}: {error}") from error

    def all(self, word, count):
        """The numbers of each line that begins with that word."""
        for number, *values in self.lines.get(word, []):
            if len(values) < count:
                raise BoardError(f"{self.path}:{number}: \"{word}\" has too "
                                 f"few numbers: another version's capture?")
            yield values

    def tables(self):
        """Bytes of the tables: each line has an offset and up to 32 bytes,
        which came as one long number."""
        tables = {}
        for signature, data in self.bytes_of_tables().items():
            if signature in acpi.WANTED:
                tables[signature] = acpi.check(signature, data, self.path)
        return tables

    def bytes_of_tables(self):
        tables = {}
        for signature, offset, size, value in self.all("table", 4):
            data = tables.setdefault(signature, bytearray())
            if offset != len(data):
                raise BoardError(f"{self.path}: {signature} goes on at "
                                 f"{offset}, not at {len(data)}: {AGAIN}")
            if size > 32 or value >> 8 * size:
                raise BoardError(f"{self.path}: {signature}: a line of "
                                 f"{size} bytes: {AGAIN}")
            data += value.to_bytes(size, "big")
        return tables


def refuse_contradiction(facts):
    """Two clocks that disagree by a tenth: nobody knows."""
    if facts.tsc_hz and not 0.9 < facts.measured_hz / facts.tsc_hz < 1.1:
        facts.tsc_doubt = (f"{facts.tsc_source} says {facts.tsc_hz}, the PIT "
                           f"{facts.measured_hz}")
        facts.tsc_hz, facts.pit_counts = None, False


def read_uarts(facts, log):
    """Which lines of the PICs its interrupt made rise."""
    facts.uarts = []
    for base, lines in log.all("uart", 2):
        found = [n for n in range(16) if lines >> n & 1]
        facts.uarts.append(Uart(
            base, found[0] if len(found) == 1 else None,
            "found by its scratch register; its interrupt raised IRQ "
            f"{', '.join(map(str, found)) or 'none'}"))


def read(path, source):
    log = Log(path)
    facts = Facts(source)
    version = next(log.all("begin", 1))[0]
    if version != 1:
        raise BoardError(f"{path}: a capture of version {version}; this tool "
                         f"knows version 1")
    facts.memory = [(base, base + size, TYPES.get(kind, f"type {kind}"))
                    for base, size, kind in log.all("memory", 3)]
    facts.memory_source = "the boot loader's map"
    if not any(kind == RAM for _, _, kind in facts.memory):
        facts.memory = None
    facts.tables = log.tables()
    if "APIC" not in facts.tables:
        facts.tables_why = "the capture image found no APIC table"
    cpuid_facts(facts, {(leaf, sub): tuple(registers) for leaf, sub, *registers
                        in log.all("cpuid", 6)}, "capture image")
    msrs = {msr: value for msr, value in log.all("msr", 2)}
    if msrs.get(0xc0010114, 0) & 0x10:
        facts.virtual = (False, "VM_CR: SVM is switched off")
    if msrs.get(0x3a, 0) & 5 == 1:
        facts.virtual = (False, "FEATURE_CONTROL: VT-x is switched off")
    for address, version in log.all("ioapic", 2):
        facts.ioapic_pins[address] = (version >> 16 & 0xff) + 1
        facts.pins_source = "its register 1"
    measured = sorted(cycles * PIT_HZ // ticks for ticks, cycles in
                      log.all("pit", 2) if ticks and cycles)
    if measured:
        facts.measured_hz = measured[len(measured) // 2]
        facts.pit_counts = True
        refuse_contradiction(facts)
    read_uarts(facts, log)
    return facts
