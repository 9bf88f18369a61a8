# SPDX-License-Identifier: Apache-2.0
"""
What writes to a disk, or to the image of one, shares: nothing is written to a
disk that is in use, and what was written is read back.
"""
import fcntl
import json
import os
import stat
import subprocess

MIB = 1 << 20
CHUNK = 4 * MIB
BLKFLSBUF = 0x1261      # linux/fs.h: the kernel forgets what it has cached

# A file system type that says: part of something bigger.
MEMBERS = {
    "swap": "swap space", "LVM2_member": "part of an LVM volume group",
    "linux_raid_member": "part of a RAID", "isw_raid_member": "part of a RAID",
    "ddf_raid_member": "part of a RAID", "zfs_member": "part of a ZFS pool",
    "crypto_LUKS": "an encrypted volume", "bcache": "part of a bcache",
    "drbd": "part of a DRBD",
}
COLUMNS = "NAME,TYPE,SIZE,RO,MAJ:MIN,MOUNTPOINTS,FSTYPE,MODEL,TRAN"


class MediaError(Exception):
    """What a person is to be told, in one sentence."""


def is_block_device(path):
    try:
        return stat.S_ISBLK(os.stat(path).st_mode)
    except OSError as error:
        raise MediaError(f"{path}: {error.strerror}") from error


def inspect(path):
    """lsblk's words on a disk and on all that lies on it."""
    done = subprocess.run(["lsblk", "--json", "--bytes", "--paths",
                           "--output", COLUMNS, path],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)
    if done.returncode:
        raise MediaError(f"{path}: lsblk: {done.stderr.strip()}")
    devices = json.loads(done.stdout)["blockdevices"]
    if len(devices) != 1:
        raise MediaError(f"{path}: lsblk knows {len(devices)} of it")
    probe_types(devices)
    return devices[0]


def probe_types(devices):
    """lsblk asks udev what is on a disk; where there is none, look."""
    for device in devices:
        if not device.get("fstype"):
            done = subprocess.run(
                ["blkid", "-p", "-o", "value", "-s", "TYPE", device["name"]],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                check=False)
            device["fstype"] = done.stdout.strip() or None
        probe_types(device.get("children") or [])


def system_numbers():
    """major:minor of what this system runs from."""
    numbers = set()
    for path in ("/", "/boot", "/usr", "/var", "/home"):
        try:
            number = os.stat(path).st_dev
        except OSError:
            continue
        numbers.add(f"{os.major(number)}:{os.minor(number)}")
    return numbers


def refuse_in_use(path, device, top=True, numbers=None):
    """Raises if the device, or anything on it, is somebody's."""
    name = device["name"]
    numbers = system_numbers() if numbers is None else numbers
    if top and device["type"] not in ("disk", "loop"):
        raise MediaError(f"{path} is a {device['type']}, not a whole disk")
    if not top and device["type"] != "part":
        raise MediaError(f"{path} is in use: {name} ({device['type']}) lies "
                         f"on it")
    if device["ro"]:
        raise MediaError(f"{name} is read-only")
    mounts = [m for m in device.get("mountpoints") or [] if m]
    if mounts:
        what = "is used as swap" if mounts[0] == "[SWAP]" else \
            f"is mounted at {mounts[0]}"
        raise MediaError(f"{path} is in use: {name} {what}")
    if device["maj:min"] in numbers:
        raise MediaError(f"{path} is the disk that this system runs from")
    if device.get("fstype") in MEMBERS:
        raise MediaError(f"{path} may be somebody's: {name} is "
                         f"{MEMBERS[device['fstype']]} (if nobody needs it: "
                         f"wipefs --all {name})")
    for child in device.get("children") or []:
        refuse_in_use(path, child, False, numbers)


class Target:
    """A disk that nobody else uses, or a regular file."""

    def __init__(self, path, may_be_file=True):
        self.path = path
        self.block = is_block_device(path)
        self.model = "a file"
        if self.block or not may_be_file:
            # A test has a file for a disk and an lsblk of its own.
            if not self.block and not os.environ.get("BULKHEAD_FLASH_TEST"):
                raise MediaError(f"{path} is not a disk (a block device)")
            device = inspect(path)
            refuse_in_use(path, device)
            self.model = " ".join(filter(None, (
                device.get("tran"), device.get("model"), device["type"])))
        # With O_EXCL the kernel refuses too, if the disk is in use.
        flags = os.O_RDWR | (os.O_EXCL if self.block else 0)
        try:
            self.file = os.fdopen(os.open(path, flags), "r+b", buffering=0)
        except OSError as error:
            raise MediaError(f"{path}: {error.strerror}") from error
        self.size = os.lseek(self.file.fileno(), 0, os.SEEK_END)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def read(self, offset, size):
        parts = []
        while size:
            part = os.pread(self.file.fileno(), min(size, CHUNK), offset)
            if not part:
                raise MediaError(f"{self.path} ends at {offset}")
            parts.append(part)
            offset, size = offset + len(part), size - len(part)
        return b"".join(parts)

    def write(self, offset, data):
        view = memoryview(data)
        while view:
            done = os.pwrite(self.file.fileno(), view[:CHUNK], offset)
            offset, view = offset + done, view[done:]

    def settle(self):
        """All is on the medium, and will be read from there."""
        os.fsync(self.file.fileno())
        if self.block:
            fcntl.ioctl(self.file.fileno(), BLKFLSBUF, 0)
        else:
            os.posix_fadvise(self.file.fileno(), 0, 0,
                             os.POSIX_FADV_DONTNEED)

    def put(self, offset, data):
        """A few bytes, written and read back."""
        self.write(offset, data)
        self.settle()
        if self.read(offset, len(data)) != data:
            raise MediaError(f"{self.path}: what was written at {offset} "
                             f"reads back otherwise")

    def copy(self, offset, source):
        """A whole file to that offset, read back and compared."""
        with open(source, "rb") as file:
            for at, data in chunks(file):
                self.write(offset + at, data)
            self.settle()
            file.seek(0)
            for at, data in chunks(file):
                if self.read(offset + at, len(data)) != data:
                    raise MediaError(
                        f"{self.path}: what was written reads back otherwise "
                        f"between {(offset + at) // MIB} and "
                        f"{(offset + at + len(data)) // MIB + 1} MiB: the "
                        f"medium is bad, or smaller than it says")


def chunks(file):
    at = 0
    while True:
        data = file.read(CHUNK)
        if not data:
            return
        yield at, data
        at += len(data)
