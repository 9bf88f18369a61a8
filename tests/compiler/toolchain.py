# SPDX-License-Identifier: Apache-2.0
"""Runs cpp, dtc, partc and the host compiler for the tests of partc."""
import json
import pathlib
import re
import struct
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path("tests/compiler")

WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wswitch-enum", "-Wvla",
            "-Wmissing-prototypes", "-Werror"]
CONFIG = {"SVM": "1", "TLFS": "1", "LAUNCH": "1", "CONSOLE_DEBUGCON": "1",
          "IMAGE_BASE_MIB": "16"}


def build_partc(where):
    """partc with sanitizers: a crash or a leak of sense fails the test."""
    program = where / "partc"
    sources = [str(s) for s in sorted((ROOT / "compiler").rglob("*.c"))
               if not {"verify", "sign"} &
               set(s.relative_to(ROOT).parts)]
    subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-g", "-O1",
                    "-fsanitize=address,undefined",
                    "-fno-sanitize-recover=all", *WARNINGS,
                    f"-I{ROOT}/hv/include", f"-I{ROOT}/compiler",
                    "-o", str(program), *sources, "-lfdt",
                    "-lmbedcrypto"], check=True)
    return program


def bzimage(size=6000, room=0x200000, address=0x1000000, **fields):
    """A kernel as far as its setup header goes; code is a pattern."""
    data = bytearray(0x400 + 0x200 + size)
    data[0x1f1] = 1                                 # setup_sects
    struct.pack_into("<H", data, 0x1fe, 0xaa55)
    data[0x200:0x202] = b"\xeb\x6a"                 # jump over the header
    data[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", data, 0x206, fields.get("version", 0x20f))
    data[0x211] = 1                                 # LOADED_HIGH
    struct.pack_into("<I", data, 0x214, fields.get("code32", 0x100000))
    struct.pack_into("<I", data, 0x22c, fields.get("initrd_max", 0x7fffffff))
    data[0x234] = fields.get("relocatable", 1)
    struct.pack_into("<H", data, 0x236, fields.get("xloadflags", 1))
    struct.pack_into("<I", data, 0x1f4, fields.get("syssize", 0))
    struct.pack_into("<I", data, 0x238, fields.get("line_max", 0))
    struct.pack_into("<Q", data, 0x258, address)
    struct.pack_into("<I", data, 0x260, room)
    for i in range(0x400, len(data)):
        data[i] = i % 251
    return bytes(data)


def pvh_elf(wide=True, note=True, entry=0x200040, address=0x200000,
            code=b"\xf4" * 100, memory=0x3000):
    """An ELF file: one segment to load, one note."""
    head, phdr = (64, 56) if wide else (52, 32)
    at = head + 2 * phdr
    notes = struct.pack("<III4sI", 4, 4, 18, b"Xen\0", entry) if note \
        else struct.pack("<III4sI", 4, 4, 99, b"Xen\0", entry)
    # A foreign note first: readers must step over it.
    notes = struct.pack("<III8s4s", 6, 3, 7, b"Other\0\0\0", b"abc\0") + notes
    code_at = at + len(notes)
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    if wide:
        out = ident + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, head, 0, 0,
                                  head, phdr, 2, 0, 0, 0)
        out += struct.pack("<IIQQQQQQ", 4, 4, at, 0, 0, len(notes),
                           len(notes), 4)
        out += struct.pack("<IIQQQQQQ", 1, 5, code_at, 0, address, len(code),
                           memory, 4096)
    else:
        out = ident + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, 0, head, 0, 0,
                                  head, phdr, 2, 0, 0, 0)
        out += struct.pack("<IIIIIIII", 4, at, 0, 0, len(notes), len(notes),
                           4, 4)
        out += struct.pack("<IIIIIIII", 1, code_at, 0, address, len(code),
                           memory, 5, 4096)
    return out + notes + code


def multiboot_elf(flags=3, entry=0x100010, address=0x100000, memory=0x3000,
                  virtual=None, at=0x1000, magic=0x1badb002, size=4096):
    """A 32-bit ELF file with one segment that begins with the header."""
    virtual = address if virtual is None else virtual
    ident = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    out = ident + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, entry, 52, 0, 0, 52,
                              32, 1, 0, 0, 0)
    out += struct.pack("<IIIIIIII", 1, at, virtual, address, size, memory, 7,
                       4096)
    code = struct.pack("<3I", magic, flags, -(magic + flags) & 0xffffffff)
    return out.ljust(at, b"\0") + code.ljust(size, b"\xf4")


def multiboot_flat(flags=0x10003, size=3000, before=16, at=None, load=0x100000,
                   load_end=0, bss_end=0x102000, entry=0x100000):
    """A flat file with address fields; its header is not at its begin."""
    at = load + before if at is None else at
    head = struct.pack("<8I", 0x1badb002, flags,
                       -(0x1badb002 + flags) & 0xffffffff, at, load, load_end,
                       bss_end, entry)
    return (b"\xf4" * before + head).ljust(size, b"\xf4")


def patched(data, offset, form, value):
    data = bytearray(data)
    struct.pack_into(form, data, offset, value)
    return bytes(data)


def make_wrong_guests(where):
    """What bad/*.dts ask for, and good/edge*.dts what is just right."""
    where.mkdir()
    files = {
        "empty.bin": b"",
        "arm.elf": patched(pvh_elf(), 18, "<H", 183),
        "object.elf": patched(pvh_elf(), 16, "<H", 1),
        "nonote.elf": pvh_elf(note=False),
        "far.elf": pvh_elf(entry=0x200000 + 100),
        "last.elf": pvh_elf(entry=0x200000 + 99),
        "cut.elf": pvh_elf()[:200],
        "old.bzimage": bzimage(version=0x209),
        "low.bzimage": bzimage(address=0xff000),
        # 0x600 bytes of setup and code, 6000 bytes more.
        "cut.bzimage": bzimage(syssize=(0x200 + 6000 + 16) // 16),
        # What is said is 15 bytes more: rounded up to 16.
        "whole.bzimage": bzimage(size=6001, syssize=(0x200 + 6016) // 16),
        "line.bzimage": bzimage(line_max=255),
        # Two pages of initrd behind 0x1200000 end at 0x1202000.
        "below.bzimage": bzimage(initrd_max=0x1200fff),
        "just.bzimage": bzimage(initrd_max=0x1201fff),
        "none.mb": multiboot_elf(magic=0x1badb003),
        "video.mb": multiboot_elf(flags=7),
        "fields.mb": multiboot_flat(load_end=0x100000),
        "entry.mb": multiboot_elf(entry=0x101000),
        "packed.bin": b"\x1f\x8b\x08" + bytes(100),
    }
    for name, data in files.items():
        (where / name).write_bytes(data)


def make_guests(where):
    """Payloads that are small, and wrong only where a test says so."""
    where.mkdir()
    (where / "tiny.bin").write_bytes(bytes(range(200)))
    (where / "tiny.bzimage").write_bytes(bzimage())
    (where / "tiny.initrd").write_bytes(b"initrd" * 1000)
    (where / "tiny.elf").write_bytes(pvh_elf())
    (where / "tiny.mb").write_bytes(multiboot_elf())
    (where / "flat.mb").write_bytes(multiboot_flat())
    make_wrong_guests(where / "wrong")
    (where / "many").mkdir()
    for number in range(33):
        (where / f"many/{number}").write_bytes(b"one of many")
    # What the specs that ship ask for.
    (where / "vmlinuz-cloud").write_bytes(bzimage(room=0x3400000))
    (where / "initramfs").write_bytes(b"initramfs" * 1000)
    for name in ("hello", "launch", "loop"):
        (where / f"{name}.bin").write_bytes(name.encode() * 100)
    return where


class Run:
    """One run of partc, and its output directory."""

    def __init__(self, out, code, stderr):
        self.out, self.code, self.stderr = out, code, stderr

    def text(self, name):
        return (self.out / name).read_text()

    def report(self):
        return json.loads(self.text("report.json"))


class Toolchain:
    def __init__(self, where):
        self.where = where
        self.partc = build_partc(where)
        self.guests = make_guests(where / "guests")
        self.count = 0

    def autoconf(self, spec):
        """CONFIG symbols; a spec's comment "CONFIG: A=1 -B" changes them."""
        config = dict(CONFIG)
        found = re.search(r"/\* CONFIG: (.*?) \*/", spec.read_text())
        for word in found.group(1).split() if found else []:
            if word[0] == "-":
                del config[word[1:]]
            else:
                name, value = word.split("=")
                config[name] = value
        path = self.where / f"autoconf-{self.count}.h"
        path.write_text("".join(f"#define CONFIG_{n} {v}\n"
                                for n, v in config.items()))
        return path

    def front(self, spec, out):
        """cpp and dtc: the blob and the source map."""
        out.mkdir(parents=True, exist_ok=True)
        pp, dtb, ann = (out / f"b.{e}" for e in ("pp.dts", "dtb", "ann.dts"))
        subprocess.run(["gcc", "-E", "-nostdinc", "-undef", "-D__DTS__",
                        "-x", "assembler-with-cpp",
                        f"-I{spec.parent}", "-Ipartition-specs",
                        "-Ipartition-specs/include", str(spec), "-o",
                        str(pp)], check=True, cwd=ROOT)
        blob = subprocess.run(["dtc", "-I", "dts", "-O", "dtb", "-@", "-o",
                               str(dtb), str(pp)], check=True,
                              capture_output=True, text=True)
        assert blob.stderr == "", blob.stderr
        subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dts", "-T", "-T",
                        "-o", str(ann), str(pp)], check=True,
                       capture_output=True)
        return dtb, ann

    def compile(self, spec, out=None, dtb=None):
        """The way of the Makefile. spec: relative to the project's root."""
        self.count += 1
        out = out or self.where / f"run-{self.count}"
        ann = out / "b.ann.dts"
        if dtb is None:
            dtb, ann = self.front(spec, out)
        config = self.autoconf(ROOT / spec)
        done = subprocess.run(
            [str(self.partc), "-o", str(out / "new"), "--dtb",
             str(dtb), "--map", str(ann), "--spec", str(spec), "-G",
             str(self.guests), "-K", str(config)],
            cwd=ROOT, capture_output=True, text=True, errors="replace",
            timeout=60)
        stderr = done.stderr.replace(str(self.guests), "GUESTS")
        return Run(out / "new", done.returncode, stderr)

    def tables(self, run):
        """What the hypervisor would read."""
        hv = [f"-I{ROOT}/hv", f"-I{ROOT}/hv/include", f"-I{run.out}"]
        tables, payload, loads = (run.out / f"{name}.o" for name in
                                  ("tables", "payload", "loads"))
        for compiler in ("clang", "gcc"):
            subprocess.run([compiler, "-std=c11", "-O2", "-ffreestanding",
                            "-fno-pic", "-fno-pie", *WARNINGS, *hv, "-c",
                            str(run.out / "tables.c"), "-o", str(tables)],
                           check=True, cwd=ROOT)
            for name in (payload, loads):
                subprocess.run([compiler, f"-I{run.out}", "-c",
                                str(name.with_suffix(".S")), "-o", str(name)],
                               check=True, cwd=ROOT)
        dump = run.out / "dump"
        subprocess.run(["gcc", "-no-pie", f"-I{ROOT}/hv/include", *WARNINGS,
                        str(HERE / "dump.c"), str(tables), str(payload),
                        str(loads), "-o",
                        str(dump)], check=True, cwd=ROOT)
        done = subprocess.run([str(dump)], check=True, capture_output=True)
        tables = json.loads(done.stdout)
        for partition in tables["partitions"]:
            for load in partition["loads"]:
                if isinstance(load[1], list):
                    load[1] = self.module_bytes(run, *load[1]).hex()
        return tables

    def module_bytes(self, run, spa, size):
        """What a load from the module store finds there."""
        for module in run.report()["modules"]:
            at = spa - module["spa"]
            if 0 <= at and at + size <= module["bytes"]:
                return (run.out / module["file"]).read_bytes()[at:at + size]
        raise AssertionError(f"no module at {spa:#x}")
