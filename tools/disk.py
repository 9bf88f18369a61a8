#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
disk.py create OUT GRUB     a disk with two slots, of the image in OUT
disk.py update DISK OUT     that image into the slot that is not in use
disk.py show DISK           which slot is which

The disk is a GPT: a BIOS boot partition, an ESP with GRUB for UEFI, its menu
(boot/grub-disk.cfg) and grubenv, and two slots, each of which holds an ISO.
It boots by BIOS and by UEFI. The same inputs give the same bytes.
"""
import argparse
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import uuid
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from media import MIB, MediaError, Target  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BOOT_IMG = "/usr/lib/grub/i386-pc/boot.img"
SECTOR = 512
ENTRIES, ENTRY_SIZE = 128, 128
ESP_MIB = 48            # FAT32 needs 65,525 clusters
BIOS_FIRST, ESP_FIRST = 64, 2048
SLOT_FIRST = ESP_FIRST + ESP_MIB * MIB // SECTOR
SLOT_TYPE = uuid.UUID("5cb6dd0b-5a0e-4c3e-9bb0-7f0c5f8d2a11")
TYPES = {
    "bios": uuid.UUID("21686148-6449-6e6f-744e-656564454649"),
    "esp": uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"),
    "slot-a": SLOT_TYPE, "slot-b": SLOT_TYPE,
}
ENV_SIGN = b"# GRUB Environment Block\n"
ENV_SIZE = 1024


# ---- the partition table ----------------------------------------------------

def guid(seed, what):
    """Of the image's bytes: two disks of one image are alike."""
    return uuid.UUID(bytes=hashlib.sha256(seed + what.encode()).digest()[:16])


def entry(seed, name, first, count):
    return TYPES[name].bytes_le + guid(seed, name).bytes_le + struct.pack(
        "<QQQ72s", first, first + count - 1, 0,
        f"bulkhead-{name}".encode("utf-16-le"))


def header(at, other, table_at, last, seed, table_sum):
    def pack(checksum):
        return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92,
                           checksum, 0, at, other, 34, last,
                           guid(seed, "disk").bytes_le, table_at, ENTRIES,
                           ENTRY_SIZE, table_sum)
    return pack(zlib.crc32(pack(0))).ljust(SECTOR, b"\0")


def layout(slot_sectors):
    return [("bios", BIOS_FIRST, ESP_FIRST - BIOS_FIRST),
            ("esp", ESP_FIRST, SLOT_FIRST - ESP_FIRST),
            ("slot-a", SLOT_FIRST, slot_sectors),
            ("slot-b", SLOT_FIRST + slot_sectors, slot_sectors)]


def read_layout(disk):
    """name -> (offset, size) in bytes."""
    found = {}
    head = disk.read(SECTOR, SECTOR)
    if head[:8] != b"EFI PART":
        raise MediaError(f"{disk.path}: no GPT: not a disk of `make disk`")
    table = disk.read(2 * SECTOR, ENTRIES * ENTRY_SIZE)
    for at in range(0, len(table), ENTRY_SIZE):
        first, last, _, name = struct.unpack_from("<QQQ72s", table, at + 32)
        name = name.decode("utf-16-le", "replace").rstrip("\0")
        if any(table[at:at + 16]) and name.startswith("bulkhead-"):
            found[name[len("bulkhead-"):]] = (
                first * SECTOR, (last - first + 1) * SECTOR)
    if set(found) != set(TYPES):
        raise MediaError(f"{disk.path}: not a disk of `make disk`")
    return found


# ---- what GRUB reads --------------------------------------------------------

def environment(**values):
    text = ENV_SIGN + "".join(f"{k}={v}\n" for k, v in
                              values.items()).encode()
    return text.ljust(ENV_SIZE, b"#")


def find_environment(disk, parts):
    """
    Where grubenv lies, and what it says. GRUB writes it where it is, and so
    does this: no file system is changed.
    """
    at, size = parts["esp"]
    esp = disk.read(at, size)
    places = [i for i in range(0, size, SECTOR)
              if esp.startswith(ENV_SIGN, i)]
    if len(places) != 1:
        raise MediaError(f"{disk.path}: {len(places)} grubenv on the ESP")
    text = esp[places[0]:places[0] + ENV_SIZE].decode("latin-1")
    values = dict(line.split("=", 1) for line in text.split("\n")
                  if "=" in line and not line.startswith("#"))
    return at + places[0], {k: values.get(k, "") for k in
                            ("active", "trial", "tried")}


def menu(place):
    """boot/grub-disk.cfg for the bit of the CMOS that the board has."""
    bit = place["bit"]
    digits = "".join(f"{d:x}" for d in range(16) if d >> bit % 4 & 1)
    # GRUB gives a byte in hex, without leading zeros.
    pattern = f"[{digits}]$" if bit < 4 else f"^[{digits}].$"
    with open(os.path.join(TOP, "boot/grub-disk.cfg"),
              encoding="ascii") as file:
        text = file.read()
    for key, value in {"CMOS": f"{place['cmos']:#x}", "BIT": str(bit),
                       "MASK": f"{1 << bit:#x}", "PATTERN": pattern}.items():
        text = text.replace(f"@{key}@", value)
    return text


def read_report(out):
    with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
        report = json.load(file)
    place = report["machine"]["boot_ok"]
    if place is None:
        raise MediaError("the spec's board has no boot-ok: GRUB could not "
                         "find out that an image is good (docs/install.md)")
    return place


# ---- create -----------------------------------------------------------------

def make_esp(path, grub, config, env):
    """A FAT32 with GRUB for UEFI, the menu and grubenv, in that order."""
    os.environ.setdefault("SOURCE_DATE_EPOCH", "946684800")
    when = int(os.environ["SOURCE_DATE_EPOCH"])
    run = lambda *argv: subprocess.run(argv, check=True)  # noqa: E731
    run("mformat", "-C", "-i", path, "-F", "-c", "1", "-N", "0", "-T",
        str(ESP_MIB * MIB // SECTOR), "-h", "16", "-s", "63", "-v",
        "BULKHEAD", "::")
    run("mmd", "-i", path, "::/EFI", "::/EFI/BOOT", "::/boot", "::/boot/grub")
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("/EFI/BOOT/BOOTX64.EFI", grub),
                           ("/boot/grub/grub.cfg", config.encode()),
                           ("/boot/grub/grubenv", env)):
            file = os.path.join(folder, os.path.basename(name))
            with open(file, "wb") as out:
                out.write(data)
            os.utime(file, (when, when))
            run("mcopy", "-m", "-i", path, file, "::" + name)


def read_file(path):
    with open(path, "rb") as file:
        return file.read()


def bios_code(core):
    """GRUB's first sector and its core, each told where the next lies."""
    boot = bytearray(read_file(BOOT_IMG)[:440])
    struct.pack_into("<Q", boot, 0x5c, BIOS_FIRST)
    boot[0x66:0x68] = b"\x90\x90"       # a BIOS may give a wrong drive
    core = bytearray(core)
    struct.pack_into("<Q", core, SECTOR - 12, BIOS_FIRST + 1)
    if len(core) > (ESP_FIRST - BIOS_FIRST) * SECTOR:
        raise MediaError("GRUB's core is too big for its partition")
    return bytes(boot), bytes(core)


def create(out, grub, slot_mib):
    iso = os.path.join(out, "bulkhead.iso")
    place = read_report(out)
    if not place["count"]:
        print("disk: note: no partition of this spec has a port with the "
              "action boot-ok; an update to it would never stay",
              file=sys.stderr)
    size = os.path.getsize(iso)
    slot_mib = slot_mib or max(64, -(-2 * size // (32 * MIB)) * 32)
    if slot_mib * MIB < size:
        raise MediaError(f"a slot of {slot_mib} MiB is too small for "
                         f"{iso} ({-(-size // MIB)} MiB)")
    parts = layout(slot_mib * MIB // SECTOR)
    total = parts[-1][1] + parts[-1][2] + MIB // SECTOR
    config = menu(place)
    core = read_file(os.path.join(grub, "disk-bios"))
    uefi = read_file(os.path.join(grub, "disk-uefi"))
    seed = hashlib.sha256(core + uefi + config.encode()
                          + read_file(iso)).digest()
    boot, core = bios_code(core)
    table = b"".join(entry(seed, *part) for part in parts).ljust(
        ENTRIES * ENTRY_SIZE, b"\0")
    last, check = total - 34, zlib.crc32(table)
    path = os.path.join(out, "disk.img")
    with open(path + ".new", "wb") as disk:
        def put(sector, data):
            disk.seek(sector * SECTOR)
            disk.write(data)
        put(0, boot.ljust(446, b"\0") + struct.pack(
            "<B3sB3sII", 0, b"\0\2\0", 0xee, b"\xff" * 3, 1, total - 1)
            + bytes(48) + b"\x55\xaa")
        put(1, header(1, total - 1, 2, last, seed, check))
        put(2, table)
        put(BIOS_FIRST, core)
        with tempfile.TemporaryDirectory() as folder:
            esp = os.path.join(folder, "esp")
            make_esp(esp, uefi, config, environment(active="a", trial="",
                                                    tried=""))
            put_sparse(disk, ESP_FIRST, esp)
        put_sparse(disk, SLOT_FIRST, iso)
        put(total - 33, table)
        put(total - 1, header(total - 1, 1, total - 33, last, seed, check))
    os.replace(path + ".new", path)


def put_sparse(disk, sector, path):
    """Zeros stay holes: the image takes the room of what it holds."""
    with open(path, "rb") as file:
        at = sector * SECTOR
        while True:
            data = file.read(64 * 1024)
            if not data:
                return
            if any(data):
                disk.seek(at)
                disk.write(data)
            at += len(data)


# ---- update and show --------------------------------------------------------

def update(path, out, force):
    iso = os.path.join(out, "bulkhead.iso")
    place = read_report(out)
    if not place["count"]:
        raise MediaError("no partition of this spec has a port with the "
                         "action boot-ok: the update would never stay")
    with Target(path) as disk:
        parts = read_layout(disk)
        line = next(line for line in menu(place).split("\n")
                    if line.startswith("# boot-ok: "))
        if f"\n{line}\n".encode() not in disk.read(*parts["esp"]):
            raise MediaError(f"{path}: its GRUB does not look for a report "
                             f"where this spec's board keeps it "
                             f"({line[len('# boot-ok: '):]}): make the disk "
                             f"anew")
        at, env = find_environment(disk, parts)
        if env["tried"] and not force:
            raise MediaError(f"{path}: a trial of slot {env['tried']} has "
                             f"begun, and how it ended shows at the next "
                             f"boot: boot once more, or FORCE=1 to give it "
                             f"up")
        active = "b" if env["active"] == "b" else "a"
        slot = "a" if active == "b" else "b"
        first, size = parts[f"slot-{slot}"]
        if os.path.getsize(iso) > size:
            raise MediaError(f"{iso} does not fit into a slot of "
                             f"{size // MIB} MiB")
        # Whenever power fails, GRUB never tries half an image.
        disk.put(at, environment(active=active, trial="", tried=""))
        disk.copy(first, iso)
        disk.put(at, environment(active=active, trial=slot, tried=""))
    print(f"Slot {slot} of {path} holds the new image, and the next boot "
          f"tries it once.\nIf it reports a good boot it stays; else the "
          f"boot after that goes back to slot {active}.")


def show(path):
    # Only read: a disk in use may be looked at.
    class Reader:
        def __init__(self):
            self.path = path
            self.file = open(path, "rb")

        def read(self, offset, size):
            self.file.seek(offset)
            return self.file.read(size)

    disk = Reader()
    parts = read_layout(disk)
    _, env = find_environment(disk, parts)
    for slot in "ab":
        first, size = parts[f"slot-{slot}"]
        words = [f"slot {slot}: {size // MIB} MiB",
                 "an image" if disk.read(first + 0x8001, 5) == b"CD001"
                 else "empty"]
        words += [w for w, key in (("active", "active"),
                                   ("to be tried", "trial"),
                                   ("its trial has begun", "tried"))
                  if env[key] == slot]
        print(", ".join(words))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("action", choices=("create", "update", "show"))
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--slot-mib", type=int, default=0)
    parser.add_argument("--force", action="store_true")
    options = parser.parse_args()
    try:
        if options.action == "create":
            create(*options.paths, options.slot_mib)
        elif options.action == "update":
            update(*options.paths, options.force)
        else:
            show(*options.paths)
    except (MediaError, OSError, subprocess.CalledProcessError) as error:
        print(f"disk: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
