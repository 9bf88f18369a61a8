# SPDX-License-Identifier: Apache-2.0
"""
tools/board-capture: boards of machines that are made up here, what it says of
damaged captures, and what partc says of what is unknown.
"""
import re
import struct
import subprocess
import sys
import tarfile

import pytest

from capture import AMD, DMESG, GIB, INVARIANT, MEMORY, TABLES, TOOL, \
    capture, line, linux, log, madt

from toolchain import ROOT

sys.path.insert(0, str(TOOL.parent / "board"))
import serial as serial_log  # noqa: E402

SPEC = """/dts-v1/;
#include "{board}"
#include <profiles.dtsi>
/ {{
	partitions {{
		a {{
			profile = <&bare_profile>;
			memory = <MiB(64)>;
			vps = <&lp{lp}>;
			boot = "raw64";
			payload = "guest:tiny.bin";
			load-address = <0x100000>;
			uart = <&com1>;
		}};
	}};
}};
"""


def serial(where, **machine):
    path = where / "serial.log"
    path.write_text(log(**machine), newline="")
    return path


def compile_on(partc, where, board, lp=3):
    (where / "board.dtsi").write_text(board)
    spec = where / "spec.dts"
    spec.write_text(SPEC.format(board=where / "board.dtsi", lp=lp))
    return partc.compile(spec)


def properties(board, name):
    return re.findall(rf"\b{name} = <(.*)>;", board)


# -- what is found -----------------------------------------------------------

def check_board(board):
    """The machine of capture.py, whichever way it was captured."""
    assert properties(board, "apic-id") == ["0", "1", "2", "3"]
    assert 'vendor = "amd";' in board
    assert properties(board, "pins") == ["24"]
    assert properties(board, "reg") == [
        f"ADDR(0x100000) KiB({(0x7fee0000 - 0x100000) >> 10})",
        "ADDR(0x100000000) GiB(2)", "ADDR(0x100000) MiB(15)"]
    assert ["0x3f8", "4"] == properties(board, "base")[1:] + \
        properties(board, "irq")
    for ports in ("0x800 0x803", "0x804 0x805", "0x808 0x80b", "0x820 0x82f",
                  "0xcf9 0xcf9", "0xb2 0xb2", "0x70 0x77"):
        assert ports in properties(board, "range")
    assert "unknown =" not in board


def test_from_serial(partc, tmp_path):
    board, said = capture("--serial", serial(tmp_path))
    check_board(board)
    assert said == ""
    run = compile_on(partc, tmp_path, board)
    assert (run.stderr, run.code) == ("", 0)
    machine = run.report()["machine"]
    assert machine["board"] == "box" and len(machine["lps"]) == 4


def test_from_linux(partc, tmp_path):
    board, _ = capture("--root", linux(tmp_path / "root"))
    check_board(board)
    assert properties(board, "tsc-hz") == ["CELLS(998128000)"]
    run = compile_on(partc, tmp_path, board)
    assert (run.stderr, run.code) == ("", 0)
    assert run.report()["machine"]["board"] == "PC Engines apu2"


def test_from_an_archive(tmp_path):
    """The same bytes as from the directory, named like it."""
    where = linux(tmp_path / "x.tar.gz.d")
    path = tmp_path / "x.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(where, arcname=".")
    packed, _ = capture("--from", path)
    plain, _ = capture("--from", where)
    assert packed == plain.replace("x.tar.gz.d", "x.tar.gz")


def test_the_last_whole_run_of_a_log_counts(tmp_path):
    """Printed again at a key; a reset in the middle of a run."""
    path = serial(tmp_path)
    once = path.read_text()
    path.write_text(log(memory=MEMORY[:4]) + once + once[:len(once) // 2] +
                    once)
    check_board(capture("--serial", path)[0])


def test_several_captures_give_what_all_have(tmp_path):
    """BIOS and UEFI, which keep other things."""
    bios = serial(tmp_path)
    uefi = linux(tmp_path / "uefi", memory=[
        (0x100000, 0x800000, 1), (0x800000, 0x900000, 4),
        (0x900000, 0x40000000, 1), (0x40000000, 0x40400000, 2),
        (0x40400000, 0x7e000000, 1), (4 * GIB, 7 * GIB, 1)])
    board, _ = capture("--from", bios, "--from", uefi)
    assert [p for p in properties(board, "reg") if "GiB" not in p] == [
        "ADDR(0x100000) MiB(7)", "ADDR(0x900000) MiB(1015)",
        "ADDR(0x40400000) MiB(988)", "ADDR(0x100000) MiB(7)",
        "ADDR(0x900000) MiB(7)"]
    assert "ADDR(0x100000000) GiB(2)" in board


def test_what_is_said_twice_is_not_usable(tmp_path):
    """A map whose entries overlap, out of order, off the page."""
    board, _ = capture("--serial", serial(tmp_path, memory=[
        (0x10000000, 0x20000000, 1), (0x1000000, 0x10000800, 1),
        (0x17fff800, 0x18000800, 2), (0x1f000000, 0x30000000, 1)]))
    assert properties(board, "reg") == [
        "ADDR(0x1000000) KiB(376828)", "ADDR(0x18001000) KiB(393212)"]


def test_lps_and_lines_as_the_madt_has_them(tmp_path):
    """Disabled ones, ids above 254, two IOAPICs, a line on another pin."""
    tables = dict(TABLES, APIC=madt(
        [2, 0, ~4, 300, 6], ioapics=[(0xfec01000, 24), (0xfec00000, 0)],
        overrides=[(4, 20)]))
    board, _ = capture("--serial", serial(tmp_path, tables=tables))
    assert properties(board, "apic-id") == ["2", "0", "6"]
    assert "1 more are not enabled" in board
    assert "APIC ids above 254 (1 LPs)" in board
    assert properties(board, "base")[0] == "ADDR(0xfec00000)"
    assert properties(board, "irq") == ["20"]
    assert "IRQ 4 is pin 20" in board


ROW = "  26:          0         10  {}IO-APIC   4-edge      ttyS0\n"


@pytest.mark.parametrize("row", [ROW.format(""), ROW.format("IR-")])
def test_linux_has_numbers_of_its_own(tmp_path, row):
    """From 16 on its interrupts are no pins."""
    board, _ = capture("--root", linux(
        tmp_path, ttys=((0, 4, 0x3f8, 26),), interrupts=ROW.replace(
            "26", "2").format("") + row))
    assert properties(board, "irq") == ["4"]
    assert "proc/interrupts: Linux' 26 is pin 4" in board


@pytest.mark.parametrize("row", [
    "", ROW.format("").replace("26", "126"),
    "  26:    0   0 PCI-MSIX-0000:00:01.0   3-edge   ttyS0\n"])
def test_nobody_says_which_pin(tmp_path, row):
    board, _ = capture("--root", linux(
        tmp_path, ttys=((0, 4, 0x3f8, 26),), interrupts=row))
    assert properties(board, "irq") == []
    assert 'unknown = "irq: cat /proc/tty/driver/serial (from 16 on' in board


def test_a_pin_of_two_ioapics(tmp_path):
    tables = dict(TABLES, APIC=madt([0, 1], ioapics=[(0xfec00000, 0),
                                                     (0xfec01000, 24)]))
    board, _ = capture("--root", linux(
        tmp_path, tables=tables, ttys=((0, 4, 0x3f8, 26),),
        interrupts=ROW.format("")))
    assert properties(board, "irq") == []


def test_nothing_of_a_capture_leaves_its_comment(partc, tmp_path):
    where = linux(tmp_path / "root")
    (where / "sys/class/dmi/id/product_name").write_text(
        'x*/ evil; /*"\\" \x01\n')
    board, _ = capture("--root", where)
    run = compile_on(partc, tmp_path, board)
    assert (run.stderr, run.code) == ("", 0)
    assert run.report()["machine"]["board"] == \
        'PC Engines x*/ evil; /*"\\" ?'


# -- what is not found -------------------------------------------------------

TSC = re.escape("tsc-hz: dmesg | grep 'tsc:'")

# Linux's files that are missing, and what is unknown then.
MISSING = {
    "dmesg": [TSC, "pins: dmesg"],
    "sys/firmware/acpi": ["base: dmesg", "pins: dmesg"],
    "sys/firmware/memmap proc/iomem dmesg": [
        TSC, "ram: sudo grep 'System RAM' /proc/iomem", "pins: dmesg"],
    "proc/cpuinfo": ["vendor: grep vendor_id", "whether the TSCs",
                     "whether the processor's virtualization"],
    "sys/class/tty": ["irq: cat /proc/tty/driver/serial"],
    "sys/class/tty proc/ioports": ["base: cat /proc/tty", "irq: cat /proc"],
    "sys/firmware/acpi proc/cpuinfo": [
        "vendor: grep", "whether the processor's", "apic-id: grep apicid",
        "base: dmesg", "pins: dmesg"],
}


@pytest.mark.parametrize("missing", MISSING)
def test_unknown_is_an_error(partc, tmp_path, missing):
    """In the file, on the terminal and by partc, and nothing else is wrong."""
    board, said = capture("--root", linux(
        tmp_path / "root", leave_out=missing.split()))
    unknown = re.findall(r'^\t+(?:unknown = )?"(.*?)"[,;]$',
                         re.sub(r"/\*.*?\*/", "", board, flags=re.S), re.M)
    assert len(unknown) == len(MISSING[missing])
    for found, wanted in zip(unknown, MISSING[missing]):
        assert re.match(wanted, found), found
        what, how = found.split(": ", 1)
        assert f"not known: {what}\n    find it by: {how}\n" in said
    assert f"{len(unknown)} unknown: partc refuses this board" in said
    run = compile_on(partc, tmp_path, board, lp=0)
    assert run.code == 1
    found = re.findall(r"error\[(\S+)\]: not known of (\S+):", run.stderr)
    assert [name for name, _ in found] == ["unknown-fact"] * len(unknown)
    assert run.stderr.count("error[") == len(unknown)
    for text in unknown:
        assert f"fix: find it by: {text.split(': ', 1)[1]}; write it" in \
            run.stderr


@pytest.mark.parametrize("machine, wanted", [
    # Virtualization that the firmware has switched off.
    ({"msrs": [(0xc0010114, 0x10)]}, "whether the processor's virtualiz"),
    ({"cpuid": [(0, 0, 13, 0x756e6547, 0x6c65746e, 0x49656e69),
                (1, 0, 0, 0, 1 << 5, 0), INVARIANT], "msrs": [(0x3a, 1)]},
     "whether the processor's virtualiz"),
    ({"cpuid": AMD[:2]}, "whether the TSCs of all LPs run alike"),
    ({"pit": [(0, 12345)]}, "tsc-hz: "),
    # 1.2 GHz by CPUID, 50 MHz by the PIT.
    ({"cpuid": AMD + [(0x15, 0, 2, 100, 24000000, 0)],
      "pit": [(0xbfff, 2059675)]},
     "tsc-hz: .*CPUID 0x15 says 1200000000, the PIT 500"),
    ({"pins": []}, "pins: dmesg"),
    ({"uarts": [(0x3f8, 0)]}, "irq: cat"),
    ({"uarts": [(0x3f8, 0x18)]}, "irq: cat"),
    ({"memory": []}, "ram: sudo grep"),
])
def test_unknown_to_the_capture_image(tmp_path, machine, wanted):
    board, said = capture("--serial", serial(tmp_path, **machine))
    assert re.search(f'unknown = "{wanted}', board)
    assert "box" in board and "1 unknown: partc refuses" in said


def test_linux_says_that_the_tsc_is_unstable(tmp_path):
    board, _ = capture("--root", linux(tmp_path, dmesg=DMESG + (
        "[    2.0] tsc: Marking TSC unstable due to clocksource watchdog\n")))
    assert 'unknown = "whether the TSCs of all LPs run alike' in board


def test_read_without_roots_rights(tmp_path):
    """The reason stands in the file, not only that it is missing."""
    where = linux(tmp_path, leave_out=["sys/firmware/acpi"])
    (where / "unreadable").write_text("/sys/firmware/acpi/tables/APIC\n")
    board, _ = capture("--root", where)
    assert "proc/cpuinfo (/sys/firmware/acpi/tables/APIC could not be read: " \
        "run the capture as root)" in board


# -- damaged captures --------------------------------------------------------

def refused(*arguments):
    board, said = capture(*arguments, status=1)
    assert board == "" and "Traceback" not in said
    assert said.startswith("board-capture: ") and said.count("\n") == 1
    return said


def changed(data, offset, value):
    return data[:offset] + bytes([value]) + data[offset + 1:]


APIC = TABLES["APIC"]
DAMAGED = {
    "truncated": (APIC[:60], r"APIC is truncated: it says that it has \d+ "
                             r"bytes, here are 60: capture it again"),
    "garbled": (changed(APIC, 50, 99), "APIC is garbled: its bytes do not"),
    "header": (APIC[:20], "APIC has 20 bytes, fewer than a table's header"),
    "another": (TABLES["FACP"], "this begins with b'FACP', which is no APIC"),
    "length": (APIC[:4] + bytes(4) + APIC[8:], "says that it has 0 bytes"),
    "entry": (madt([0], more=b"\0\0"), "the entry at 64 says that it has 0 "
                                       "bytes"),
    "entry-end": (madt([0], more=b"\0\x08\1"), "the entry at 64 says that it "
                                               "has 8 bytes"),
    "entry-short": (madt([0], more=b"\x01\x04\0\0"), "of type 1 has only 4"),
    "no-lp": (madt([~0, ~1]), "no LP is enabled"),
    "no-ioapic": (madt([0], ioapics=[(0xfec00000, 24)]), "no IOAPIC has the "
                                                         "interrupts from 0"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_table(tmp_path, name):
    data, message = DAMAGED[name]
    tables = dict(TABLES, APIC=data)
    said = refused("--root", linux(tmp_path / "root", tables=tables))
    assert re.search(message, said)
    if name != "another":
        # Over the line the same parser sees it.
        assert re.search(message, refused("--serial",
                                          serial(tmp_path, tables=tables)))


def test_damaged_log(tmp_path):
    path = serial(tmp_path)
    whole = path.read_bytes()

    def said(data):
        path.write_bytes(data)
        return refused("--serial", path)

    lines = whole.split(b"\n")
    lost = [i for i, text in enumerate(lines) if b"#b table" in text][1]
    assert "serial.log:" in said(whole.replace(b"memory", b"memorx", 1))
    assert "is garbled: capture it again (115200 8N1" in said(
        whole.replace(b"#b cpuid 0 ", b"#b cpuid  0", 1))
    assert "lines came, not as many as the last one says" in (said(
        b"\n".join(lines[:lost] + lines[lost + 1:])))
    assert "truncated: the capture has no end" in said(
        b"\n".join(lines[:lost]))
    assert "the begin of the capture is missing" in said(
        b"\n".join(lines[lost:]))
    assert "no line of the capture image in it" in said(b"\xff\0boot\n")
    assert "no line of the capture image in it" in said(b"")


def test_any_byte_of_a_log_that_is_lost_or_changed_is_seen():
    whole = log()
    read = [words for _, words in serial_log.lines_of(whole, "log")]
    for at in range(whole.index("#b"), len(whole) - 2):
        for text in (whole[:at] + chr(ord(whole[at]) ^ 2) + whole[at + 1:],
                     whole[:at] + whole[at + 1:]):
            try:
                found = serial_log.lines_of(text, "log")
            except serial_log.BoardError:
                continue
            # The end of a line may be of another kind.
            assert [words for _, words in found] == read


def test_another_version_of_the_log(tmp_path):
    path = serial(tmp_path)
    path.write_text(path.read_text().replace(
        line("begin 1").strip(), line("begin 2").strip()))
    assert "version 2; this tool knows version 1" in refused("--serial", path)


def test_damaged_files_of_linux(tmp_path):
    where = linux(tmp_path / "root")
    (where / "sys/firmware/memmap/2/end").write_text("0xnothing\n")
    assert "sys/firmware/memmap/2/end: '0xnothing' is no number" in \
        refused("--root", where)
    (where / "sys/firmware/memmap/2/end").unlink()
    assert "without start, end or type" in refused("--root", where)
    assert "neither proc, sys nor dmesg below it" in \
        refused("--root", tmp_path)
    assert "no such file" in refused("--from", tmp_path / "nowhere")
    broken = tmp_path / "x.tar.gz"
    broken.write_bytes(b"\x1f\x8b\x08rubbish")
    assert "no whole tar archive" in refused("--from", broken)


def test_an_archive_cannot_leave_its_place(tmp_path):
    """../ and links in it are passed over."""
    path = tmp_path / "x.tar.gz"
    victim = tmp_path / "victim"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(linux(tmp_path / "root"), arcname=".")
        (tmp_path / "new").write_text("new")
        archive.add(tmp_path / "new", arcname="../" * 8 + str(victim)[1:])
    check_board(capture("--from", path)[0])
    assert not victim.exists()


def test_processor_of_a_third_vendor(tmp_path):
    assert "the processor is by 'CentaurHauls'" in refused(
        "--root", linux(tmp_path, vendor="CentaurHauls"))


def test_fadt_of_another_age(tmp_path):
    """A short one has fewer ports; ports beyond the last are none."""
    short = TABLES["FACP"][:100]
    short = bytearray(short[:4] + struct.pack("<I", 100) + short[8:])
    struct.pack_into("<I", short, 80, 0xfffffff8)
    short[9] = 0
    short[9] = -sum(short) & 0xff
    board, _ = capture("--serial", serial(
        tmp_path, tables=dict(TABLES, FACP=bytes(short))))
    assert "acpi-timer" in board
    assert "acpi-reset" not in board and "acpi-gpe0" not in board


# -- the command itself ------------------------------------------------------

def test_a_board_is_not_overwritten(tmp_path):
    path, out = serial(tmp_path), tmp_path / "box.dtsi"
    capture("--serial", path, "--output", out)
    first = out.read_text()
    path.write_text(log(memory=MEMORY[:4]))
    assert "is there already" in refused("--serial", path, "--output", out)
    assert out.read_text() == first
    capture("--serial", path, "--output", out, "--force")
    assert out.read_text() != first


def test_names(tmp_path):
    for name in ("../x", "X", "a b", ""):
        _, said = capture("--serial", serial(tmp_path), name=name, status=2)
        assert "a NAME of a-z, 0-9 and - is needed" in said


def test_make_board_wants_a_name():
    done = subprocess.run(["make", "--no-print-directory", "board"], cwd=ROOT,
                          capture_output=True, text=True)
    assert done.returncode == 2 and "NAME=x" in done.stderr


def test_this_machine_can_be_saved(tmp_path):
    """Whatever machine it is: save, directory and archive, and read."""
    for out in (tmp_path / "here", tmp_path / "here.tar.gz"):
        capture("--save", out)
        assert out.exists()
        if out.is_dir():
            assert (out / "proc/cpuinfo").read_text()
        else:
            with tarfile.open(out) as archive:
                assert "./proc/cpuinfo" in archive.getnames()
