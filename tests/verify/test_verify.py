# SPDX-License-Identifier: Apache-2.0
"""
verify accepts a good image and names what is wrong with a bad one: faults
planted by hand in image.c's image, a spec that says something else, each
single bit of each table, and rubbish.
"""
import os
import re
import struct
import subprocess

import pytest

from elfpatch import Image

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SOURCES = os.path.join(ROOT, "compiler", "verify")
WARNINGS = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wconversion",
            "-Wswitch-enum", "-Wvla", "-Wmissing-prototypes", "-Werror"]
LD = ["ld", "-m", "elf_x86_64", "-nostdlib", "-static", "-z",
      "max-page-size=4096", "-z", "noexecstack", "--build-id=none",
      "--fatal-warnings", "--defsym", "IMAGE_BASE=0x1000000"]

# Bits of an entry, as image.c has them.
TABLE, PAGE_4K, PAGE_LARGE = 0x27, 0x67, 0xe7
EPT_LARGE = 0xb7
A_SPA, A_TAIL, B_SPA = 0x2000000, 0x2800000, 0x40000000

# Places in config.h's structs (layout.c asserts them).
PARTITION, REGION, PORT, MSR, CPUID, LINE, VP = 256, 32, 8, 24, 48, 32, 88
CHANNEL = 40


def run(*command, **more):
    return subprocess.run(command, check=True, timeout=600, **more)


def host_program(out, main, *flags):
    """verify's objects with another main()."""
    sources = [os.path.join(SOURCES, name) for name in os.listdir(SOURCES)
               if name.endswith(".c") and name != "main.c"]
    run("gcc", *WARNINGS, *flags, "-I" + SOURCES,
        "-I" + os.path.join(ROOT, "hv", "include"), "-o", out, main,
        *sorted(sources))
    return out


def make_dtb(source, out):
    run("dtc", "-q", "-I", "dts", "-O", "dtb", "-@", "-o", out, source)
    return out


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """The good image, its DTB and the programs."""
    at = str(tmp_path_factory.mktemp("verify"))
    run("gcc", "-std=c11", "-ffreestanding", "-O1", "-fno-pic", "-fno-pie",
        "-fno-stack-protector", "-fcf-protection=none",
        "-fno-asynchronous-unwind-tables",
        "-I" + os.path.join(ROOT, "hv", "include"), "-c",
        os.path.join(HERE, "image.c"), "-o", at + "/image.o")
    link(at, at + "/image.elf", "IMAGE_BASE=0x1000000")
    make_dtb(os.path.join(HERE, "image.dts"), at + "/image.dtb")
    host_program(at + "/verify", os.path.join(SOURCES, "main.c"), "-g",
                 "-O1", "-fsanitize=address,undefined",
                 "-fno-sanitize-recover")
    return at


def link(place, out, base):
    run(*[base if word.startswith("IMAGE_BASE=") else word for word in LD],
        "-T", os.path.join(ROOT, "boot", "bulkhead.ld"), "-o", out,
        place + "/image.o")


def verify(place, elf, dtb):
    done = subprocess.run([place + "/verify", elf, dtb, "-v"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def test_good_image_is_accepted(place):
    code, out, err = verify(place, place + "/image.elf",
                            place + "/image.dtb")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "verify: a: 2064 KiB in 2 regions by 4 of 6 nested tables, 2 VPs, "
        "8 machine ports, 1 lines: isolated",
        "verify: b: 1050624 KiB in 1 regions by 3 of 5 nested tables, 1 "
        "VPs, 8 machine ports, 1 lines: isolated",
    ]


# ---- planted faults --------------------------------------------------------

def entry(image, letter, table, index):
    return image.address("nested_" + letter, table * 4096 + index * 8)


def pool(image, letter, page):
    return image.address("pool_" + letter, page * 4096)


def set_ept(letter, table, index, value):
    return lambda i: i.put(i.address("ept_" + letter,
                                     table * 4096 + index * 8), value)


def set_entry(letter, table, index, value):
    return lambda i: i.put(entry(i, letter, table, index), value)


def point(letter, table, index, pool_letter, page, bits=TABLE):
    return lambda i: i.put(entry(i, letter, table, index),
                           pool(i, pool_letter, page) + bits)


def put(symbol, offset, value, form="<Q"):
    return lambda i: i.put(i.address(symbol, offset), value, form)


def clear_bit(symbol, bit):
    def plant(image):
        at = image.address(symbol, bit // 8)
        image.put(at, image.get(at, "<B") & ~(1 << bit % 8) & 0xff, "<B")
    return plant


def both(*plants):
    def plant(image):
        for each in plants:
            each(image)
    return plant


def segment_flags(index, flags):
    return lambda i: struct.pack_into("<I", i.bytes, i.segment(index) + 4,
                                      flags)


def pass_ports(row, first, last):
    """Row of b, and its bits: rows and map agree."""
    return both(put("ports_b", row * PORT, first, "<H"),
                put("ports_b", row * PORT + 2, last, "<H"),
                *[clear_bit("iopm_b", port)
                  for port in range(first, last + 1)])


FAULTS = {
    # -- the module store
    "a nested table leads to the store": (
        set_entry("a", 3, 1, 0x3201000 + PAGE_4K),
        r"partition a: GPA 0x201000, 0x1000 bytes, reaches module 0 of the "
        r"store"),
    "the rest of a module's last page": (
        set_entry("b", 1, 0, 0x3200000 + PAGE_LARGE),
        r"partition b: GPA 0x40000000, 0x200000 bytes, reaches module 1"),
    "a partition over the store": (
        both(put("regions_a", 32 + 8, 0x3202000),
             *[set_entry("a", 3, n, 0x3202000 + n * 4096 + PAGE_4K)
               for n in range(4)]),
        r"partition a: its SPA 0x3202000 overlaps module 1",
        r"GPA 0x200000, 0x4000 bytes, reaches module 1"),
    "a module in the image": (
        both(put("module_configs", 0, 0x1000000),
             put("module_configs", 80, 0x1002000)),
        r"module 0 at SPA 0x1000000 overlaps the hypervisor"),
    "a module in reserved memory": (
        both(put("module_configs", 0, 0x3000000),
             put("module_configs", 80, 0x3002000)),
        r"module 0 at SPA 0x3000000 is not in free RAM"),
    "a module above 4 GiB": (
        both(put("module_configs", 0, 0x100000000),
             put("module_configs", 80, 0x100002000)),
        r"module 0: 0x1800 bytes at SPA 0x100000000: .* not below 4 GiB"),
    "modules apart": (
        put("module_configs", 80, 0x3203000),
        r"module 1 at SPA 0x3203000 does not follow the one before, which "
        r"ends at 0x3202000"),
    "an empty module": (
        put("module_configs", 88, 0), r"module 1: 0x0 bytes at SPA"),
    "a load behind its module": (
        put("loads_a", 2 * 24 + 8, 0x901),
        r"partition a: load 2 for GPA 0x180000, 2305 bytes at 0x3200f00, is "
        r"not in .payload"),
    "loaded from another's module": (
        both(put("loads_a", 2 * 24 + 16, 0x3202000),
             put("loads_a", 2 * 24 + 8, 0x20)),
        r"module 0: nothing of it is loaded",
        r"partition a: is loaded from modules 0x2 \(bits\), the spec says "
        r"0x1"),
    "one module less": (
        put("module_count", 0, 1, "<I"),
        r"1 modules, 2 in the spec", r"no object of the image is just there"),
    "too many modules": (
        put("module_count", 0, 70000, "<I"), r"module_count is 70000"),
    # -- nested tables
    "alias by an EPT leaf": (
        set_ept("b", 1, 1, A_SPA + EPT_LARGE),
        r"GPA 0x40200000 is mapped \(to SPA 0x2000000\) but lies in no "
        r"region",
        r"partitions a \(GPA 0x0\) and b \(GPA 0x40200000\) both reach SPA "
        r"0x2000000"),
    "EPT leaf that is not write-back": (
        set_ept("a", 3, 0, A_TAIL + 0x07),
        r"level 1 entry \(EPT\) for GPA 0x200000, 0x2800007, lacks a right"),
    "EPT entry that may be executed, not read": (
        set_ept("a", 3, 0, A_TAIL + 0x34),
        r"level 1 entry \(EPT\) .* neither present nor zero"),
    "EPT that ignores the guest's PAT": (
        set_ept("a", 3, 0, A_TAIL + 0x77),
        r"level 1 entry \(EPT\) .* has a bit set that must be zero"),
    "Intel's tables, the machine being AMD's": (
        put("machine_config", 40, 1, "<I"),
        r"nested tables \(EPT\) at 0x[0-9a-f]+: the machine is not of that "
        r"vendor",
        r"MSR bitmap at 0x[0-9a-f]+: the machine is not of that vendor"),
    "alias by a 2 MiB leaf": (
        set_entry("b", 1, 1, A_SPA + PAGE_LARGE),
        r"GPA 0x40200000 is mapped \(to SPA 0x2000000\) but lies in no "
        r"region",
        r"partitions a \(GPA 0x0\) and b \(GPA 0x40200000\) both reach SPA "
        r"0x2000000"),
    "alias by a 1 GiB leaf, over everything": (
        set_entry("b", 2, 0, 0 + PAGE_LARGE),
        r"image.dts:94:4: verify: error: partition b: GPA 0x0 leads to SPA "
        r"0x0, not to 0x40000000",
        r"partition b: GPA 0x0 reaches the hypervisor: SPA 0x0, "
        r"0x40000000 bytes",
        r"partitions b \(GPA 0x2000000\) and a \(GPA 0x0\) both reach SPA "
        r"0x2000000"),
    "alias that the regions agree with": (
        both(set_entry("b", 2, 0, 0 + PAGE_LARGE),
             put("regions_b", 8, 0),
             set_entry("b", 1, 0, 0x40000000 + PAGE_LARGE)),
        r"partitions b and a both own SPA 0x2000000",
        r"region SPA 0x0 size 0x40200000 overlaps the hypervisor",
        r"both reach SPA 0x2000000"),
    "alias of a region within a partition": (
        set_entry("a", 3, 1, A_SPA + PAGE_4K),
        r"GPA 0x201000 leads to SPA 0x2000000, not to 0x2801000",
        r"partitions a \(GPA 0x0\) and a \(GPA 0x201000\) both reach SPA "
        r"0x2000000"),
    "table of another partition's pool": (
        point("a", 1, 0, "b", 1),
        r"level 2 table for GPA 0x0 is at SPA 0x[0-9a-f]+, outside the "
        r"partition's pool"),
    "table page reachable by the guest": (
        point("a", 3, 0, "a", 0, PAGE_4K),
        r"GPA 0x200000 reaches the hypervisor: SPA 0x[0-9a-f]+, 0x1000 "
        r"bytes"),
    "hypervisor's text reachable": (
        set_entry("a", 3, 2, 0x1000000 + PAGE_4K),
        r"GPA 0x202000 reaches the hypervisor: SPA 0x1000000"),
    "memory without a segment reachable": (
        lambda i: i.put(entry(i, "a", 3, 2),
                        i.address("live_log") + PAGE_4K),
        r"GPA 0x202000 reaches the hypervisor"),
    "cycle": (
        point("a", 2, 1, "a", 2),
        r"nested table 2 is used again, as the level 1 table for GPA "
        r"0x200000"),
    "table used twice": (
        point("b", 2, 2, "b", 1),
        r"nested table 1 is used again, as the level 2 table for GPA "
        r"0x80000000"),
    "free page of the pool": (
        point("a", 2, 1, "a", 5),
        r"level 1 table for GPA 0x200000 is free page 5 of the pool"),
    "table behind the pool": (
        point("a", 2, 1, "a", 6),
        r"level 1 table for GPA 0x200000 is at .* outside"),
    "page not mapped": (
        set_entry("a", 3, 2, 0),
        r"image.dts:83:4: .*region GPA 0x200000 is mapped for 0x3000 of "
        r"0x4000 bytes"),
    "table not used": (
        set_entry("a", 2, 1, 0),
        r"nested table 3 is not reachable"),
    "page beyond the region": (
        set_entry("a", 3, 4, A_TAIL + 0x4000 + PAGE_4K),
        r"GPA 0x204000 is mapped \(to SPA 0x2804000\) but lies in no"),
    "page at the top of the GPA space": (
        set_entry("a", 0, 511, A_SPA + PAGE_LARGE),
        r"level 4 entry for GPA 0xff8000000000, 0x20000e7, is a leaf at "
        r"level 4"),
    "large page reaches beyond its region": (
        put("regions_a", 16, 0x1ff000),
        r"the 0x200000-byte page at GPA 0x0 \(SPA 0x2000000\) reaches "
        r"beyond its region"),
    "writes refused": (
        set_entry("a", 3, 1, A_TAIL + 0x1000 + PAGE_4K - 2),
        r"level 1 entry for GPA 0x201000, 0x2801065, lacks a right"),
    "uncached RAM": (
        set_entry("a", 3, 1, A_TAIL + 0x1000 + PAGE_4K + 0x10),
        r"level 1 entry for GPA 0x201000, 0x2801077, has a bit set"),
    "entry neither present nor zero": (
        set_entry("a", 3, 100, 0x200),
        r"level 1 entry for GPA 0x264000 is 0x200: neither"),
    "root not in the pool": (
        put("partition_configs", 160, 0, "<I"),
        r"partition a: no root table in its pool"),

    # -- regions, loads, RAM
    "region not in RAM": (
        put("regions_a", 8, 0xd0000000),
        r"region SPA 0xd0000000 size 0x200000 is not in the machine's RAM"),
    "region reserved by the board": (
        put("regions_a", 8, 0x3000000),
        r"partition a: SPA 0x3000000, 0x200000 bytes, is not free RAM"),
    "region below 1 MiB": (
        both(put("regions_a", 8, 0), put("ram_configs", 0, 0)),
        r"partition a: SPA 0x0, 0x200000 bytes, is not free RAM"),
    "region of an odd size": (
        put("regions_a", 16, 0x204001),
        r"is empty, not of whole pages"),
    "region beyond the GPA width": (
        put("regions_a", 0, 1 << 36),
        r"is empty, not of whole pages, or beyond 36 bits"),
    "load outside memory": (
        put("loads_a", 0, 0x203fe0),
        r"load 0, GPA 0x203fe0, 64 bytes, is not in one region"),
    "load across two regions": (
        put("loads_a", 0, 0x1fffe0),
        r"load 0, GPA 0x1fffe0, 64 bytes, is not in one region"),
    "two regions on one GPA": (
        put("regions_a", REGION, 0x1ff000),
        r"partition a: two regions at GPA 0x1ff000"),
    "two loads on one GPA": (
        put("loads_a", 24, 0x100030),
        r"partition a: loads 0 and 1 overlap at GPA 0x100030"),
    "GPA of 30 bits": (
        put("partition_configs", 28, 30, "<I"),
        r"partition a: a GPA of 30 bits"),
    "pools share pages": (
        lambda i: i.put(i.address("partition_configs", PARTITION + 152),
                        pool(i, "a", 0)),
        r"partitions b and a share pages of their pools"),
    "pool with old content": (
        lambda i: i.put(i.address("partition_configs", 152),
                        i.address("data_start")),
        r"partition a: the pool of nested tables is not zero at"),
    "bitmap not aligned": (
        lambda i: i.put(i.address("partition_configs", 96),
                        i.address("iopm_a", 8)),
        r"I/O permission map at .*: no object of the image is just there",
        r"nested tables or permission maps are not page aligned"),
    "RAM of no size": (
        put("ram_configs", 32, 0),
        r"RAM at 0x3100000 has size 0x0"),
    "image not in RAM": (
        put("ram_configs", 0, 0x1001000),
        r"image: 0x1000000 to 0x[0-9a-f]+ is not in the machine's RAM"),
    "load of half a payload": (
        put("loads_a", 8, 32),
        r"load 0 for GPA 0x100000 is not one whole payload"),
    "payload elsewhere": (
        put("loads_a", 0, 0x101000),
        r"partition a: nothing is loaded at GPA 0x100000"),
    "load of hypervisor memory": (
        lambda i: i.put(i.address("loads_a", 16), i.address("nested_a")),
        r"load 0 for GPA 0x100000, 64 bytes at 0x[0-9a-f]+, is not in "
        r".payload"),
    "RAM that the spec does not have": (
        put("ram_configs", 8, 0xc0000000),
        r"free RAM of the spec, 0x1000000 to 0x3000000, has no row"),
    "reserved memory counted as RAM": (
        put("ram_configs", 8, 0x2001000),
        r"free RAM of the spec, 0x1000000 to 0x3000000, has no row"),
    "no RAM row": (
        put("ram_count", 0, 2, "<I"),
        r"2 ranges of free RAM, 3 in the spec"),
    "overlapping RAM": (
        put("ram_configs", 48, 0x80000000),
        r"image.dts:29:4: .*RAM at 0x80000000 overlaps RAM at 0x3100000"),
    "nothing loaded": (
        put("partition_configs", 76, 0, "<I"),
        r"partition a: nothing is loaded into it"),

    # -- ports
    "port open without a row": (
        clear_bit("iopm_a", 0x70),
        r"partition a: I/O permission map: port 0x70 is not intercepted, "
        r"but no row passes it"),
    "port closed despite its row": (
        put("iopm_b", 0x2f8 // 8, 0xff, "<B"),
        r"partition b: I/O permission map: port 0x2f8 is intercepted"),
    "bit behind port 65535": (
        clear_bit("iopm_a", 65538),
        r"I/O permission map: port 0x10002 is not intercepted"),
    "PCI configuration passed, rows agree": (
        pass_ports(1, 0xcf8, 0xcff),
        r"partition b is granted ports 0xcf8 to 0xcff: they hold the "
        r"hypervisor's PCI configuration"),
    "interrupt controller passed, rows agree": (
        pass_ports(1, 0x20, 0x21),
        r"they hold the hypervisor's interrupt controller"),
    "port reserved by the board": (
        pass_ports(1, 0x70, 0x71),
        r"partition b is granted port 0x70, reserved by the board \(cmos\)"),
    "port of two partitions": (
        put("ports_a", 4, 0x2fc, "<H"),
        r"partitions a and b are both granted port 0x2fc"),
    "remap beyond the last port": (
        put("ports_a", 4, 0xfffa, "<H"),
        r"ports 0x2f8 to 0x2ff are remapped beyond port 0xffff"),
    "port rows not sorted": (
        put("ports_a", PORT, 0x2f8, "<H"),
        r"port row 1 \(0x2f8 to 0x600, action 6\) is not sorted"),
    "port row that the spec does not have": (
        pass_ports(0, 0x81, 0x81),
        r"port 0x80 is not granted as in the spec",
        r"port 0x81 has a row that is not in the spec"),

    "another value of a port": (
        put("ports_a", 3 * PORT + 4, 2, "<H"),
        r"port 0x604 is not granted as in the spec"),
    "target of a denied port": (
        put("ports_b", 4, 0x70, "<H"),
        r"port row 0 \(0x80 to 0x80, action 0\) is not sorted or not "
        r"valid"),
    "action that does not exist": (
        put("ports_a", 3 * PORT + 6, 9, "<B"),
        r"port row 3 \(0x604 to 0x604, action 9\) is not sorted or not "
        r"valid"),
    "passed by default": (
        put("partition_configs", 92, 2, "<I"),
        r"partition a: default of ports is action 2"),

    "something in a partition's reserved words": (
        put("partition_configs", PARTITION + 248, 1 << 63),
        r"partition b: reserved word 5 is 0x8000000000000000"),

    # -- MSRs
    "MSR rows not sorted": (
        put("msrs", MSR, 5, "<I"),
        r"MSR row 1 \(0x5 to 0x8b\) is not sorted"),
    "EFER open without a row": (
        clear_bit("msrpm", (0x800 * 8) + 0x80 * 2 + 1),
        r"MSR permission map: write of MSR 0xc0000080 is not intercepted"),
    "EFER open to an Intel guest without a row": (
        clear_bit("msr_bitmap", 0xc00 * 8 + 0x80),
        r"MSR bitmap: write of MSR 0xc0000080 is not intercepted"),
    "FS base closed to an Intel guest despite its row": (
        put("msr_bitmap", 0x400 + 0x100 // 8, 0xff, "<B"),
        r"MSR bitmap: read of MSR 0xc0000100 is intercepted, but a row"),
    "a bitmap of the x2APIC without rows for it": (
        lambda i: i.put(i.address("partition_configs", 200),
                        i.address("msr_bitmap")),
        r"partition a has an MSR bitmap of the x2APIC, but its rows do"),
    "a bitmap of the x2APIC that passes other MSRs": (
        both(lambda i: i.put(i.address("partition_configs", 200),
                             i.address("msr_bitmap")),
             clear_bit("msr_bitmap", 0x800 * 8 + 0x830)),
        r"MSR bitmap of the x2APIC: write of MSR 0x80b is intercepted"),
    "a bitmap of the x2APIC out of its page": (
        lambda i: i.put(i.address("partition_configs", 200),
                        i.address("msr_bitmap", 8)),
        r"permission maps are not page aligned"),
    "APIC base passed, map agrees": (
        both(put("msrs", 0, 0x1b, "<I"), put("msrs", 4, 0x1b, "<I"),
             put("msrpm", 4, 0xff, "<B"), clear_bit("msrpm", 0x1b * 2)),
        r"MSR 0x1b is passed for reading, but the hypervisor does not"),
    "TSC writable, map agrees": (
        both(put("msrs", 17, 2, "<B"), clear_bit("msrpm", 0x10 * 2 + 1)),
        r"MSR 0x10 is passed for writing"),
    "VM_HSAVE_PA passed": (
        both(put("msrs", 2 * MSR + 4, 0xc0010117, "<I")),
        r"MSR 0xc0000103 is passed for reading"),
    "reserved part of the MSR map": (
        clear_bit("msrpm", 0x1800 * 8 + 5),
        r"MSR permission map: reserved bit 49157 is clear"),
    "MSR value": (
        put("msrs", MSR + 8, 8),
        r"MSR 0x8b is not granted as in the spec"),

    # -- CPUID, control registers
    "number of cores": (
        put("cpuids_a", 3 * CPUID + 28, 3, "<I"),
        r"CPUID leaf 0xb is not shown as in the spec"),
    "CPUID bit shown": (
        put("cpuids_a", 16, 0x04200000, "<I"),
        r"CPUID leaf 0x1 is not shown as in the spec"),
    "SVME allowed": (
        put("partition_configs", 120, 0x1d00),
        r"partition a: may set EFER 0x1d00",
        r"may set EFER bits 0x1000, which its CPUID rows hide"),
    "CR4 bit without its CPUID bit": (
        put("partition_configs", 112, 0x240020),
        r"may set CR4 bits 0x200000, which its CPUID rows hide"),
    "GPA width that CPUID does not say": (
        put("partition_configs", 28, 40, "<I"),
        r"partition a: its CPUID says that a GPA has 36 bits, it has 40"),
    "AVX state without its CPUID bit": (
        put("partition_configs", 128, 7),
        r"may set XCR0 bits 0x4, which"),

    "CR4 bit that its CPUID row shows": (
        put("partition_configs", 112, 0x20),
        r"partition a: cannot set CR4 bits 0x40000, which"),

    # -- processors, plans, lines
    "VP 1 with a start of its own": (
        lambda i: i.put(i.address("vp_configs", VP + 16),
                        i.address("flat")),
        r"partition a: VP 1 has a start state of its own"),
    "VP 0 without a start": (
        put("vp_configs", 16, 0),
        r"partition a: VP 0 has no start state"),
    "VPs of two partitions": (
        put("partition_configs", PARTITION + 20, 1, "<I"),
        r"partition b: VPs 1 to 2 of 3, expected from 2"),
    "VP of nobody": (
        both(put("partition_configs", 24, 1, "<I"),
             put("partition_configs", PARTITION + 20, 1, "<I")),
        r"1 VPs belong to no partition"),
    "slot of no length": (
        put("slots_1", 4, 0, "<I"),
        r"LP 1: slot 0 of its plan has no length"),
    "long mode without PAE": (
        both(put("flat", 144, 0x80000011), put("flat", 168, 0x500)),
        r"VP 0 starts with CR0 0x80000011 CR4 0x0 EFER 0x500"),
    "VP starts outside its memory": (
        put("flat", 128, 0x300000),
        r"partition a: VP 0 starts at 0x300000, outside its memory"),
    "VP starts elsewhere in its memory": (
        put("flat", 128, 0x100010),
        r"partition a: entry is 0x100010, the spec says 0x100000"),
    "VP starts in real mode": (
        put("flat", 144, 0x10),
        r"partition a: protected mode at the start is 0x0, the spec says"),
    "VP starts with SVME": (
        put("flat", 168, 0x1000),
        r"VP 0 starts with CR4 0x0 EFER 0x1000, more than it may set"),
    "paging without protection": (
        put("flat", 144, 0x80000010),
        r"VP 0 starts with CR0 0x80000010 .* which no processor accepts"),
    "page tables outside memory": (
        both(put("flat", 144, 0x80000011), put("flat", 152, 0x300000)),
        r"VP 0 starts with page tables at GPA 0x300000, outside"),
    "VP of another partition": (
        put("vp_configs", VP, 1, "<I"),
        r"partition a: VP 1 is emitted as VP 1 of partition 1"),
    "VP without an LP": (
        put("vp_configs", 8, 7, "<I"),
        r"partition a: VP 0 is emitted as VP 0 of partition 0 on LP 7"),
    "VP on another LP than the spec's": (
        both(put("vp_configs", 8, 1, "<I"), put("slots_0", 0, 0xffffffff,
                                                "<I"),
             put("slots_1", 0, 0, "<I")),
        r"partition a: VP 0 is on LP 1, not where the spec says"),
    "slot of a foreign VP": (
        put("slots_1", 8, 0, "<I"),
        r"image.dts:25:4: .*LP 1: slot 1 is of VP 0, which is not on this "
        r"LP", r"VP 2 has no slot on its LP 1"),
    "slot longer than the spec says": (
        put("slots_1", 4, 301, "<I"),
        r"LP 1: slot 0 is VP 1 for 301 us, the spec says VP 1 for 300 us"),
    "two LPs with one APIC id": (
        put("lp_configs", 24, 0, "<I"),
        r"LPs 0 and 1 have one APIC id, 0"),
    "LP that the machine does not have": (
        put("lp_configs", 24, 5, "<I"),
        r"LP 1 with APIC id 5 is not in the spec"),
    "line of two partitions": (
        put("line_configs", LINE, 4, "<I"),
        r"image.dts:98:4: .*GSI 4, pin 3 of partition b: already owned"),
    "vector of two lines": (
        put("line_configs", LINE + 18, 0x30, "<B"),
        r"line 1 \(GSI 3, vector 0x30, .* is out of range"),
    "line to another partition": (
        put("line_configs", 4, 1, "<I"),
        r"GSI 4 is taken by LP 0, where partition b has no VP"),
    "more restarts than the spec says": (
        put("partition_configs", 172, 4, "<I"),
        r"partition a: restart-max is 0x4, the spec says 0x3"),
    "privilege that the spec does not give": (
        put("partition_configs", 136, 0x3100000806),
        r"TLFS privileges is 0x3100000806, the spec says 0x3000000806"),
    "NMIs to a partition": (
        put("partition_configs", PARTITION + 16, 6, "<I"),
        r"partition b: flags is 0x6, the spec says 0x2"),

    # -- channels
    "channel to another VP": (
        put("channel_configs", 8, 1, "<I"),
        r"channel 0 \(partition 0 to VP 1, .* is out of range"),
    "channel from another sender": (
        put("channel_configs", 2 * CHANNEL, 0, "<I"),
        r"channel 2 \(partition 0 to VP 1, .* is out of range"),
    "another SINT": (
        both(put("channel_configs", 20, 5, "<I"),
             put("vp_configs", 2 * VP + 24 + 8, 0xffffffff, "<I"),
             put("vp_configs", 2 * VP + 24 + 20, 0, "<I")),
        r"channel ask is not as in the spec"),
    "another connection": (
        put("channel_configs", 4, 0xf, "<I"),
        r"channel ask is not as in the spec"),
    "more event flags": (
        put("channel_configs", CHANNEL + 28, 5, "<I"),
        r"channel bell is not as in the spec"),
    "event flags beyond the page": (
        put("channel_configs", CHANNEL + 24, 2047, "<I"),
        r"channel 1 .* flags 4 of 2047\) is out of range"),
    "channels not sorted": (
        put("channel_configs", 4, 0x12, "<I"),
        r"channel 1 is not in its order"),
    "a SINT of two channels": (
        both(put("channel_configs", CHANNEL + 16, 0, "<I"),
             put("channel_configs", CHANNEL + 24, 0, "<Q")),
        r"SINT 2 of VP 2 is shared by two channels"),
    "a channel that its sender does not have": (
        put("partition_configs", 180, 3, "<I"),
        r"partition a: sends on channels 0 to 3, expected 0 to 2"),
    "messages of a foreign channel": (
        put("vp_configs", 2 * VP + 24 + 16, 2, "<I"),
        r"VP 2: SINT 4 has channel 2, expected 4294967295"),
    "a channel fewer": (
        put("channel_count", 0, 2, "<I"),
        r"2 channels, 3 in the spec"),

    # -- the image itself
    "symbol in a partition's memory": (
        lambda i: i.move_symbol("live_log", 0x40003000),
        r"image.dts:94:4: .*partition b: live_log of the hypervisor, at "
        r"0x40003000, is in its memory"),
    "pool smaller than its object": (
        put("partition_configs", 164, 5, "<I"),
        r"partition a: the pool of nested tables is not the 0x5000 bytes"),
    "writable text": (
        segment_flags(0, 7),
        r"segment at 0x1000000 is writable and executable"),
    "writable tables": (
        segment_flags(1, 6),
        r"nested tables at 0x[0-9a-f]+: not in a read-only segment"),
    "pool not writable": (
        segment_flags(3, 4),
        r"partition a: the pool of nested tables at 0x[0-9a-f]+ is not "
        r"writable data"),
    "entry not executable": (
        lambda i: struct.pack_into("<Q", i.bytes, 24,
                                   i.address("payload_start")),
        r"entry 0x[0-9a-f]+ is not in an executable segment"),
    "loaded where it is not linked": (
        lambda i: struct.pack_into("<Q", i.bytes, i.segment(1) + 24, 1 << 30),
        r"segment at 0x[0-9a-f]+ is loaded at 0x40000000"),
    "segment outside the file": (
        lambda i: struct.pack_into("<Q", i.bytes, i.segment(1) + 32,
                                   1 << 40),
        r"segment at 0x1001000 lies outside the file"),
    "not static": (
        lambda i: struct.pack_into("<I", i.bytes, i.segment(2), 2),
        r"segment type 2: the image must be static"),
    "segments on one page": (
        lambda i: struct.pack_into("<QQ", i.bytes, i.segment(2) + 16,
                                   0x1001000, 0x1001000),
        r"segments at 0x1001000 and 0x1001000 share a page"),
    "bad program headers": (
        lambda i: struct.pack_into("<H", i.bytes, 54, 32),
        r"image: bad program headers"),
    "32-bit ELF": (
        lambda i: i.bytes.__setitem__(4, 1),
        r"image: not an ELF64 file"),
    "not linked": (
        lambda i: struct.pack_into("<H", i.bytes, 16, 1),
        r"image: not a linked x86-64 program"),
    "nothing to load": (
        lambda i: struct.pack_into("<H", i.bytes, 56, 0),
        r"image: nothing to load"),
    "stripped": (
        lambda i: struct.pack_into("<H", i.bytes, 60, 0),
        r"image: no usable symbol table"),
    "no section .payload": (
        lambda i: i.bytes.__setitem__(
            slice(i.bytes.index(b".payload\0"),
                  i.bytes.index(b".payload\0") + 2), b".x"),
        r"image: no section .payload"),
    "no end of the image": (
        lambda i: i.bytes.__setitem__(
            slice(i.bytes.index(b"image_end\0"),
                  i.bytes.index(b"image_end\0") + 2), b"xx"),
        r"image: no symbol image_end"),
    "report kept in the clock": (
        put("machine_config", 52, 0x0b, "<B"),
        r"machine: CMOS register 0xb is not one to keep boot-ok in"),
    "a reporter too few": (
        put("machine_config", 48, 0, "<I"),
        r"count of partitions that report a boot is 0x0, the spec says 0x1"),
    "CMOS granted": (
        pass_ports(1, 0x70, 0x71),
        r"partition b is granted ports 0x70 to 0x71: they hold the "
        r"hypervisor's CMOS"),
    "rubbish in a count": (
        put("partition_count", 0, 1 << 17, "<I"),
        r"partition_count is 131072"),
    "rubbish in a count of rows": (
        put("partition_configs", 72, 70000, "<I"),
        r"regions: 70000 rows"),
    "rubbish in a count of tables": (
        put("partition_configs", 160, 70000, "<I"),
        r"partition a: 70000 nested tables of 6"),
    "name outside the image": (
        put("partition_configs", 0, 0x5000),
        r"partition name: text at 0x5000 is not in the image"),
    "rows outside the image": (
        put("partition_configs", 48, 0x5000),
        r"ports at 0x5000, 0x20 bytes: not in the image"),
    "no tables": (
        lambda i: i.bytes.__setitem__(
            slice(i.bytes.index(b"partition_configs"),
                  i.bytes.index(b"partition_configs") + 4), b"gone"),
        r"no symbol partition_configs"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_planted_fault_is_named(place, tmp_path, name):
    plant, *messages = FAULTS[name]
    image = Image(place + "/image.elf")
    plant(image)
    image.save(str(tmp_path / "bad.elf"))
    code, out, err = verify(place, str(tmp_path / "bad.elf"),
                            place + "/image.dtb")
    assert code == 1 and "isolated" not in out
    for message in messages:
        assert re.search(message, err), err


def test_image_below_16_mib(place, tmp_path):
    link(place, str(tmp_path / "low.elf"), "IMAGE_BASE=0x800000")
    code, _, err = verify(place, str(tmp_path / "low.elf"),
                          place + "/image.dtb")
    assert code == 1
    assert "image: linked at 0x800000, below 16 MiB" in err
    assert re.search("image: 0x800000 to 0x[0-9a-f]+ is not free RAM", err)


def test_image_over_a_partition(place, tmp_path):
    link(place, str(tmp_path / "over.elf"), "IMAGE_BASE=0x2100000")
    code, _, err = verify(place, str(tmp_path / "over.elf"),
                          place + "/image.dtb")
    assert code == 1
    assert "partition a: GPA 0x0 reaches the hypervisor: SPA 0x2000000, " \
        "0x200000 bytes" in err
    assert "partition a: partition_configs of the hypervisor, at 0x" in err


def test_findings_are_limited_without_v(place, tmp_path):
    image = Image(place + "/image.elf")
    for index in range(100, 200):
        image.put(entry(image, "a", 3, index), 0x200)
    image.save(str(tmp_path / "bad.elf"))
    done = subprocess.run([place + "/verify", str(tmp_path / "bad.elf"),
                           place + "/image.dtb"], stderr=subprocess.PIPE,
                          universal_newlines=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.count("neither present nor zero") == 50
    assert "100 findings: not to be flashed" in done.stderr


def test_usage(place):
    for words in ([], ["one"], ["one", "two", "three"], ["-x", "a", "b"]):
        done = subprocess.run([place + "/verify", *words],
                              stderr=subprocess.PIPE, timeout=60,
                              universal_newlines=True, check=False)
        assert done.returncode == 2
        assert done.stderr.startswith("usage: verify bulkhead.elf spec.dtb")


# ---- a spec that says something else ---------------------------------------

SPECS = {
    "less memory": ("0 0x204000", "0 0x203000",
                    r"partition a: owns 0x204000 bytes, the spec says "
                    r"0x203000"),
    "an address": ("memory = <0 0x204000>;",
                   "memory = <0 0x204000>; address = <0 0x5000000>;",
                   r"partition a: is not at SPA 0x5000000"),
    "more reserved": ("0x3000000 0 0x100000", "0x2803000 0 0x1000",
                      r"SPA 0x2800000, 0x4000 bytes, is not free RAM"),
    "image reserved": ("0x100000 0 0xf00000", "0x100000 0 0xf01000",
                       r"image: 0x1000000 to 0x[0-9a-f]+ is not free RAM"),
    "one partition more": ("\t\tb: b {", "\t\tc { }; b: b {",
                           r"2 partitions, 3 in the spec",
                           r"partition 1 is b, in the spec c"),
    "another name": ("a: a {", "a: aa {",
                     r"partition 0 is a, in the spec aa"),
    "a port denied": ('range = <0x600 0x600>; action = "off"',
                      'range = <0x600 0x600>; action = "deny"',
                      r"port 0x600 is not granted as in the spec"),
    "a report refused": ('action = "boot-ok"', 'action = "deny"',
                         r"port 0x606 is not granted as in the spec"),
    "no place for a report": ("boot-ok { cmos = <0x60>; bit = <3>; };", "",
                              r"CMOS register of boot-ok is 0x60, the spec "
                              r"says 0x0",
                              r"CMOS bits of boot-ok is 0x8, the spec says "
                              r"0x0"),
    "another bit for a report": ("bit = <3>", "bit = <2>",
                                 r"CMOS bits of boot-ok is 0x8, the spec "
                                 r"says 0x4"),
    "no UART": ("uart = <&com2>;", "",
                r"port 0x2f8 has a row that is not in the spec",
                r"GSI 3 on pin 3 of LP 1 is not the spec's"),
    "an MSR denied": ('read = "pass"; write = "emulate"',
                      'read = "deny"; write = "emulate"',
                      r"MSR 0x10 is not granted as in the spec"),
    "a CPUID bit hidden": ("0x20100000", "0x20000000",
                           r"CPUID leaf 0x80000001 is not shown"),
    "long mode": ('memory = <0 0x204000>;\n\t\t\tvps = <&lp0 &lp1>;\n'
                  '\t\t\tboot = "raw32"',
                  'memory = <0 0x204000>;\n\t\t\tvps = <&lp0 &lp1>;\n'
                  '\t\t\tboot = "raw64"',
                  r"partition a: long mode at the start is 0x0, the spec "
                  r"says 0x1"),
    "no profile": ("profile = <&bare>;\n\t\t\tmemory = <0 0x204000>",
                   "profile = <0x77>;\n\t\t\tmemory = <0 0x204000>",
                   r"partition a: its profile is not in the spec"),
    "no machine": ("\tmachine {", "\tmachin {",
                   r"spec: has no machine or no partitions"),
    "another board": ('board = "test"', 'board = "other"',
                      r"machine: board is test, not the spec's"),
    "a console": ("uart = <&com2>;", 'uart = <&com2>; console = "log";',
                  r"port 0xe9 is not granted as in the spec",
                  r"partition b: flags is 0x2, the spec says 0x3"),
    "NMIs": ("uart = <&com2>;", "uart = <&com2>; nmi;",
             r"partition b: flags is 0x2, the spec says 0x6"),
    "a GPA width": ("uart = <&com2>;", "uart = <&com2>; gpa-bits = <40>;",
                    r"partition b: gpa-bits is 0x24, the spec says 0x28"),
    "another plan": ("<&b 0 600>", "<&b 0 500>",
                     r"slot 1 is VP 2 for 600 us, the spec says VP 2 for "
                     r"500 us"),
    "no plan": ("slots = <&a 1 300>, <&b 0 600>, <0 0 100>;", "",
                r"a plan of 3 slots is not the spec's"),
    "another vendor": ('vendor = "any";\n\t\ttsc-hz', 'vendor = "intel";'
                       '\n\t\ttsc-hz', r"machine: vendor is 0x0, the spec "
                       r"says 0x2"),
    "no module": ('as-module = "initrd";', "",
                  r"2 modules, 1 in the spec",
                  r"partition a: is loaded from modules 0x1 \(bits\), the "
                  r"spec says 0x0"),
    "another module": ("files/first.img", "files/fist.img",
                       r"module 0 is first.img, in the spec files/fist.img"),
    "a module's directory": ("files/first.img", "filesfirst.img",
                             r"module 0 is first.img, in the spec "
                             r"filesfirst.img"),
    "multiboot": ('memory = <0 0x204000>;\n\t\t\tvps = <&lp0 &lp1>;\n'
                  '\t\t\tboot = "raw32"',
                  'memory = <0 0x204000>;\n\t\t\tvps = <&lp0 &lp1>;\n'
                  '\t\t\tboot = "multiboot"',
                  r"partition a: multiboot's EAX is 0x0, the spec says "
                  r"0x2badb002",
                  r"partition a: no start info at GPA 0x0"),
    "linux": ('memory = <0 0x204000>;\n\t\t\tvps = <&lp0 &lp1>;\n'
              '\t\t\tboot = "raw32"',
              'memory = <0 0x204000>;\n\t\t\tvps = <&lp0 &lp1>;\n'
              '\t\t\tboot = "linux"',
              r"partition a: no zero page at GPA 0x0",
              r"partition a: long mode at the start is 0x0, the spec says "
              r"0x1"),
    "a channel fewer": ("\t\treply {\n", "\t};\n\tunused {\n\t\treply {\n",
                        r"3 channels, 0 in the spec"),
    "a channel of another kind": ('kind = "events"', 'kind = "messages"',
                                  r"channel bell is not as in the spec"),
    "a channel to another VP": ("vp = <1>", "vp = <0>",
                                r"channel reply is not as in the spec"),
    "privileges of its own": ("uart = <&com2>;",
                              'uart = <&com2>; tlfs = "frequency";',
                              r"TLFS privileges is 0x3000000806, the spec "
                              r"says 0x800"),
    "hints of its own": ("uart = <&com2>;",
                         'uart = <&com2>; tlfs-hints = "flush";',
                         r"flags is 0x\w*[0-7], the spec says 0x\w*[8-f]"),
    "another failure policy": ('on-failure = "restart"',
                               'on-failure = "panic"',
                               r"failure policy is 0x1, the spec says 0x2"),
}


@pytest.mark.parametrize("name", SPECS)
def test_other_spec_is_refused(place, tmp_path, name):
    old, new, *messages = SPECS[name]
    with open(os.path.join(HERE, "image.dts"), encoding="utf-8") as file:
        text = file.read()
    assert text.count(old) == 1
    (tmp_path / "other.dts").write_text(text.replace(old, new))
    make_dtb(str(tmp_path / "other.dts"), str(tmp_path / "other.dtb"))
    code, out, err = verify(place, place + "/image.elf",
                            str(tmp_path / "other.dtb"))
    assert code == 1 and "isolated" not in out
    for message in messages:
        assert re.search(message, err), err


# ---- every bit, and rubbish ------------------------------------------------

@pytest.fixture(scope="session")
def flip(place):
    return host_program(place + "/flip", os.path.join(HERE, "flip.c"), "-O2")


def flip_every_bit(flip, elf, dtb):
    """The number of flips: all found, or excused by name in flip.c."""
    done = subprocess.run([flip, elf, dtb], stdout=subprocess.PIPE,
                          universal_newlines=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    total = re.search(r"^flip: (\d+) flips, \d+ excused, 0 missed$",
                      done.stdout, re.M)
    return int(total.group(1))


# Bits of a partition's maps: 12 KiB and 8 KiB.
MAPS = 98304 + 65536


def test_every_bit_of_every_table(place, flip):
    # 4 and 3 nested tables at the least.
    assert flip_every_bit(flip, place + "/image.elf", place +
                          "/image.dtb") > 7 * 32768 + 2 * MAPS


@pytest.mark.parametrize("spec", ["partition-specs/strict",
                                  "partition-specs/isolation",
                                  "tests/emu/specs/multiboot",
                                  "tests/emu/specs/launch-tpm"])
def test_every_bit_of_a_real_image(flip, tmp_path, spec):
    """What partc emits: a remapped UART and "strict"; Linux, with a plan;
    modules; windows of a launch partition, and the TPM."""
    settings = [name + "=" + os.environ["BULKHEAD_" + name]
                for name in ("BUILD", "GUESTS")
                if "BULKHEAD_" + name in os.environ]
    run("make", "--no-print-directory", "-C", ROOT, "image",
        "SPEC=%s.dts" % spec, "O=%s" % tmp_path, *settings)
    # Three nested tables each: root, GiBs, 2 MiB pages.
    assert flip_every_bit(flip, str(tmp_path / "bulkhead.elf"),
                          str(tmp_path / "b.dtb")) > 2 * (3 * 32768 + MAPS)


def test_rubbish_is_answered(place, tmp_path):
    mutate = host_program(str(tmp_path / "mutate"),
                          os.path.join(HERE, "mutate.c"), "-O1", "-g",
                          "-fsanitize=address,undefined",
                          "-fno-sanitize-recover")
    run(mutate, place + "/image.elf", place + "/image.dtb", "20000")


def test_wrong_files_are_refused(place):
    for elf, dtb in (("image.dtb", "image.dtb"), ("image.elf", "image.elf"),
                     ("image.elf", "missing"), ("missing", "image.dtb")):
        code, out, err = verify(place, place + "/" + elf, place + "/" + dtb)
        assert code == 1 and out == "" and err != ""
