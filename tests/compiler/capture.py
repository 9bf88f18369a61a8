# SPDX-License-Identifier: Apache-2.0
"""
Machines made up for tools/board-capture: ACPI tables, a log of the capture
image, the files of a Linux.
"""
import struct
import subprocess

from toolchain import ROOT

TOOL = ROOT / "tools/board-capture"
GIB = 1 << 30


def table(signature, body, fields=()):
    """A table with its sum right; fields: (offset, struct's form, value)."""
    data = bytearray(signature.encode() + bytes(32) + body)
    struct.pack_into("<I", data, 4, len(data))
    for offset, form, value in fields:
        struct.pack_into(form, data, offset, value)
    data[9] = -sum(data) & 0xff
    return bytes(data)


def madt(ids, ioapics=((0xfec00000, 0),), overrides=(), more=b""):
    """ids: APIC ids; ~id: one that is not enabled."""
    body = struct.pack("<II", 0xfee00000, 1)
    for i, apic_id in enumerate(ids):
        on, apic_id = (1, apic_id) if apic_id >= 0 else (0, ~apic_id)
        body += struct.pack("<BBBBI", 0, 8, i, apic_id, on) \
            if apic_id < 255 else \
            struct.pack("<BBHIII", 9, 16, 0, apic_id, on, i)
    for number, (address, first) in enumerate(ioapics):
        body += struct.pack("<BBBBII", 1, 12, number, 0, address, first)
    for line, pin in overrides:
        body += struct.pack("<BBBBIH", 2, 10, 0, line, pin, 0)
    return table("APIC", body + more)


def fadt():
    return table("FACP", bytes(244 - 36), [
        (48, "<I", 0xb2), (56, "<I", 0x800), (64, "<I", 0x804),
        (76, "<I", 0x808), (80, "<I", 0x820), (88, "<B", 4), (89, "<B", 2),
        (91, "<B", 4), (92, "<B", 16), (112, "<I", 1 << 10),
        (116, "<B", 1), (120, "<Q", 0xcf9)])


TABLES = {"APIC": madt([0, 1, 2, 3], overrides=[(0, 2), (9, 9)]),
          "FACP": fadt()}
MEMORY = [(0, 0x9fc00, 1), (0x9fc00, 0xa0000, 2), (0xf0000, 0x100000, 2),
          (0x100000, 0x7fee0000, 1), (0x7fee0000, 0x7ff00000, 3),
          (0x7ff00000, 0x80000000, 4), (0xe0000000, 0xf0000000, 2),
          (4 * GIB, 6 * GIB, 1)]
INVARIANT = (0x80000007, 0, 0, 0, 0, 1 << 8)
AMD = [(0, 0, 13, 0x68747541, 0x444d4163, 0x69746e65),
       (0x80000001, 0, 0, 0, 4, 0), INVARIANT]


def line(text):
    value = 0
    for byte in text.encode():
        value = (value * 31 + byte) % 65536
    return f"#b {text} #{value:04x}\r\n"


def hexes(word, *numbers):
    return " ".join([word] + [f"{n:x}" for n in numbers])


def log(memory=None, tables=None, cpuid=None, uarts=((0x3f8, 0x10),),
        pins=((0xfec00000, 0x170020),), msrs=((0xc0010114, 0),),
        pit=((0xbfff, 86487654),) * 3):
    """What the capture image would have said."""
    texts = [hexes("begin", 1)]
    for base, end, kind in MEMORY if memory is None else memory:
        texts.append(hexes("memory", base, end - base, kind))
    texts += [hexes("cpuid", *leaf) for leaf in
              (AMD if cpuid is None else cpuid)]
    texts += [hexes("msr", *pair) for pair in msrs]
    texts += [hexes("pit", *pair) for pair in pit]
    texts += [hexes("uart", *pair) for pair in uarts]
    for signature, data in (TABLES if tables is None else tables).items():
        for at in range(0, len(data), 32):
            part = data[at:at + 32]
            texts.append(f"table {signature} {at:x} {len(part):x} "
                         f"{part.hex()}")
    texts += [hexes("ioapic", *pair) for pair in pins]
    texts.append(hexes("end", len(texts) + 1))
    return "GRUB loading...\r\n\x1b[2J" + "".join(map(line, texts))


CPU = """processor\t: {n}
vendor_id\t: {vendor}
flags\t\t: fpu tsc {flags}
apicid\t\t: {n}

"""
DMESG = """[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000003fffffff] usable
[    0.010000] IOAPIC[0]: apic_id 4, version 32, address 0xfec00000, GSI 0-23
[    1.800000] tsc: Refined TSC clocksource calibration: 998.128 MHz
"""
KINDS = {1: "System RAM", 2: "Reserved", 3: "ACPI Tables",
         4: "ACPI Non-volatile Storage"}


def linux(where, memory=None, tables=None, vendor="AuthenticAMD",
          flags="svm constant_tsc nonstop_tsc", dmesg=DMESG,
          ttys=((0, 4, 0x3f8, 4), (1, 0, 0x2f8, 3)), leave_out=(),
          interrupts=""):
    """The files that tools/board-save.sh would have left in a directory."""
    files = {"proc/cpuinfo": "".join(CPU.format(n=n, vendor=vendor,
                                                flags=flags)
                                     for n in range(4)),
             "proc/ioports": "0000-001f : dma1\n03f8-03ff : serial\n",
             "sys/class/dmi/id/sys_vendor": "PC Engines\n",
             "sys/class/dmi/id/product_name": "apu2\n",
             "proc/interrupts": "           CPU0       CPU1\n" + interrupts,
             "dmesg": dmesg, "unreadable": ""}
    for n, (base, end, kind) in enumerate(
            MEMORY if memory is None else memory):
        files[f"sys/firmware/memmap/{n}/start"] = f"{base:#x}\n"
        files[f"sys/firmware/memmap/{n}/end"] = f"{end - 1:#x}\n"
        files[f"sys/firmware/memmap/{n}/type"] = f"{KINDS[kind]}\n"
    for n, kind, port, irq in ttys:
        folder = f"sys/class/tty/ttyS{n}"
        files |= {f"{folder}/type": f"{kind}\n", f"{folder}/irq": f"{irq}\n",
                  f"{folder}/port": f"{port:#X}\n",
                  f"{folder}/iomem_base": "0x0\n"}
    for signature, data in (TABLES if tables is None else tables).items():
        files[f"sys/firmware/acpi/tables/{signature}"] = data
    for name, content in files.items():
        if name.startswith(tuple(leave_out)):
            continue
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes)
                         else content.encode())
    return where


def capture(*arguments, name="box", status=0):
    """(the board file, what was said); status: what is expected."""
    done = subprocess.run(
        ["/usr/bin/python3", str(TOOL), "--output", "-",
         *map(str, arguments), name], capture_output=True, text=True,
        cwd=ROOT)
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr
