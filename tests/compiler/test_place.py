# SPDX-License-Identifier: Apache-2.0
"""
Placement: sizes in, addresses out, the same each time; pages as large as can
be; a fixed address is honoured or refused; and where there is no room, partc
says what was wanted, what is free in all, the largest hole, and who holds the
rest. The board: 1 GiB, of which 15 MiB at 1 MiB and 64 MiB at the end are
reserved; the image lies at 16 MiB.
"""
import itertools
import re

import pytest

from toolchain import HERE, ROOT

HEAD = f"""/dts-v1/;
#include "{ROOT / HERE / 'base.dtsi'}"
"""
BODY = """/ {
	partitions {
%s	};
};
"""
IMAGE_END = 0x1a00000
MIB = 1 << 20


def partition(name, number, more):
    return f"\t\t{name}: {name} {{\n\t\t\tGOOD(&lp{number})\n\t\t}};\n", \
        f"&{name} {{\n{more}}};\n"


def write(partc, parts, more=""):
    """A spec of [(name, text of its own)]."""
    made = [partition(name, i, text) for i, (name, text) in enumerate(parts)]
    spec = partc.where / "place.dts"
    spec.write_text(HEAD + BODY % "".join(m[0] for m in made) +
                    "".join(m[1] for m in made) + more)
    return partc.compile(spec)


def size(mib, address=None):
    fixed = "" if address is None else \
        f"\taddress = <ADDR({address:#x})>;\n"
    return f"\tmemory = <MiB({mib})>;\n{fixed}"


def places(run):
    assert (run.stderr, run.code) == ("", 0)
    return {p["name"]: p["spa"] for p in run.report()["partitions"]}


def said(partc, run):
    """What it says, without this machine's paths and boards' lines."""
    assert run.code == 1
    text = re.sub(r"(partition-specs/\S+?):\d+:\d+", r"\1:LINE:COLUMN",
                  run.stderr)
    return text.replace(f"{partc.where}/", "")


def test_sizes_in_addresses_out(partc):
    """The largest first, each into the lowest place that is free."""
    parts = [("small", size(2)), ("large", size(64)), ("middle", size(7)),
             ("other", size(7))]
    # 7 MiB end within 2 MiB: the next one begins at the next multiple.
    wanted = {"large": IMAGE_END, "middle": IMAGE_END + 64 * MIB,
              "other": IMAGE_END + 72 * MIB, "small": IMAGE_END + 80 * MIB}
    assert places(write(partc, parts)) == wanted


def test_order_in_the_spec(partc):
    """It matters for equals alone."""
    parts = [("a", size(2)), ("b", size(64)), ("c", size(6))]
    found = [places(write(partc, order))
             for order in itertools.permutations(parts)]
    assert all(f == found[0] for f in found)
    equal = [("a", size(2)), ("b", size(2))]
    assert places(write(partc, equal)) == \
        {"a": IMAGE_END, "b": IMAGE_END + 2 * MIB}
    assert places(write(partc, equal[::-1])) == \
        {"b": IMAGE_END, "a": IMAGE_END + 2 * MIB}


def test_lowest_hole_that_is_large_enough(partc):
    """Between fixed ones, too, and from a multiple of 2 MiB on."""
    parts = [("a", size(2, IMAGE_END + 4 * MIB)), ("b", size(6)),
             ("c", size(4)), ("d", size(2, IMAGE_END + 8 * MIB))]
    assert places(write(partc, parts)) == {
        "a": IMAGE_END + 4 * MIB, "d": IMAGE_END + 8 * MIB,
        "b": IMAGE_END + 10 * MIB, "c": IMAGE_END}


def test_fixed_address_is_honoured(partc):
    """Whatever else there is, up to the last byte before the firmware."""
    last = 0x3c000000 - 4 * MIB
    parts = [("a", size(4, last)), ("b", size(900)),
             ("c", size(2, IMAGE_END))]
    assert places(write(partc, parts)) == {
        "a": last, "b": IMAGE_END + 2 * MIB, "c": IMAGE_END}


@pytest.mark.parametrize("pages, large, small", (
    (512, 1, 0), (513, 1, 1), (1023, 1, 511), (256, 0, 256),
    (4 * 512, 4, 0)))
def test_pages_are_as_large_as_can_be(partc, pages, large, small):
    """2 MiB each, at both ends; what is left over in pages of 4 KiB."""
    text = f"\tmemory = <BYTES({pages * 4096:#x})>;\n"
    if pages < 512:
        text += "\tload-address = <0xa0000>;\n"
    run = write(partc, [("a", text), ("b", size(2))])
    spa = places(run)["a"]
    assert spa % (2 * MIB) == 0
    nested = partc.tables(run)["partitions"][0]["nested"]
    leaves = [entry for table in nested for entry in table.values()
              if not isinstance(entry, list)]
    assert sum(1 for entry in leaves if entry & 0x80) == large
    assert sum(1 for entry in leaves if not entry & 0x80) == small


HOLDERS = """\
note: partition-specs/boards/qemu-q35.dtsi:LINE:COLUMN: firmware@3c000000 \
holds 64 MiB (0x3c000000 to 0x40000000)
note: partition-specs/boards/pc-common.dtsi:LINE:COLUMN: firmware@100000 \
holds 15 MiB (0x100000 to 0x1000000)
note: the image holds 10 MiB (0x1000000 to 0x1a00000)
"""


def test_no_room_in_one_piece(partc):
    """There is enough in all, but no hole is large enough."""
    run = write(partc, [("a", size(2, 0x1fe00000)), ("b", size(500))])
    assert said(partc, run) == f"""\
place.dts:18:2: error[no-room]: there is no room for the 500 MiB of b
    \tmemory = <MiB(500)>;
    \t^
note: 932 MiB of RAM are free
note: the largest hole has 484 MiB, from 0x1a00000 on
{HOLDERS}note: place.dts:15:2: a holds 2 MiB (0x1fe00000 to 0x20000000)
fix: a partition's memory is one piece from a multiple of 2 MiB on: move what \
has an "address", or give 484 MiB or less
1 error
"""


def test_no_room_at_all(partc):
    run = write(partc, [("a", size(934)), ("b", size(2))])
    assert said(partc, run) == f"""\
place.dts:17:2: error[no-room]: there is no room for the 2 MiB of b
    \tmemory = <MiB(2)>;
    \t^
note: no RAM is free
note: place.dts:14:2: a holds 934 MiB (0x1a00000 to 0x3c000000)
{HOLDERS}fix: take it from another partition, or take a board with more RAM
1 error
"""


def test_no_room_but_scraps(partc):
    """What is left behind a partition begins at no multiple of 2 MiB."""
    run = write(partc, [("a", "\tmemory = <BYTES(0x3a5ff000)>;\n"),
                        ("b", size(2))])
    assert said(partc, run) == f"""\
place.dts:17:2: error[no-room]: there is no room for the 2 MiB of b
    \tmemory = <MiB(2)>;
    \t^
note: 4 KiB of RAM are free
note: no hole has a multiple of 2 MiB to begin at
note: place.dts:14:2: a holds 956412 KiB (0x1a00000 to 0x3bfff000)
{HOLDERS}fix: take it from another partition, or take a board with more RAM
1 error
"""


def test_store_has_no_room_where_boot_can_reach(partc):
    """RAM beyond 4 GiB is free, but no help."""
    run = write(partc, [("a", size(934, IMAGE_END) +
                         '\tas-module = "payload";\n')], """\
/ { machine { ram { high: ram@100000000 {
	reg = <ADDR(0x100000000) GiB(4)>;
}; }; }; };
""")
    assert said(partc, run) == f"""\
place.dts:6:4: error[store-room]: there is no room below 4 GiB for the module \
store of 4 KiB
    \t\t\tGOOD(&lp0)
    \t\t\t^
note: no RAM is free below 4 GiB
note: place.dts:12:2: a holds 934 MiB (0x1a00000 to 0x3c000000)
{HOLDERS}fix: leave less to the boot loader, or give the partitions with an \
"address" another one
1 error
"""


REFUSED = {
    "no RAM there": (size(4, 0x3fe00000 + 0x400000), """\
place.dts:12:2: error[address-ram]: a cannot have 0x40200000 to 0x40600000: \
no RAM there
    \taddress = <ADDR(0x40200000)>;
    \t^
note: 934 MiB of RAM are free
note: the largest hole has 934 MiB, from 0x1a00000 on
"""),
    "firmware, by its last page": (size(4, 0x3be00000), """\
place.dts:12:2: error[address-ram]: a cannot have 0x3be00000 to 0x3c200000: \
firmware@3c000000 lies there
    \taddress = <ADDR(0x3be00000)>;
    \t^
note: partition-specs/boards/qemu-q35.dtsi:LINE:COLUMN: firmware@3c000000 has \
0x3c000000 to 0x40000000
note: 934 MiB of RAM are free
note: the largest hole has 934 MiB, from 0x1a00000 on
"""),
    "the image": (size(4, IMAGE_END - 2 * MIB), """\
place.dts:12:2: error[address-ram]: a cannot have 0x1800000 to 0x1c00000: \
the image lies there
    \taddress = <ADDR(0x1800000)>;
    \t^
note: the image has 0x1000000 to 0x1a00000
note: 934 MiB of RAM are free
note: the largest hole has 934 MiB, from 0x1a00000 on
"""),
}


@pytest.mark.parametrize("why", REFUSED)
def test_fixed_address_is_refused(partc, why):
    """It is never moved."""
    text, wanted = REFUSED[why]
    assert said(partc, write(partc, [("a", text)])) == wanted + \
        'fix: leave "address" out: the compiler finds one\n1 error\n'
