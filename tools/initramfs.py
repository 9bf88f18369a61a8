#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
initramfs.py BUSYBOX OUTB OUT: an initramfs of busybox, outb (stack/linux)
and one script, as a compressed cpio archive. The same programs give the same
bytes: owners, times, order and inode numbers are all fixed.
"""
import gzip
import subprocess
import sys

INIT = b"""#!/bin/busybox sh
# The first program: mounts, a banner, then a shell on the console, again and
# again. Its parts say so on the way, for whoever watches the boot.
export PATH=/bin HOME=/root TERM=vt100 PS1='\\w \\$ '
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev 2>/dev/null
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /tmp
hostname linux
clock=/sys/devices/system/clocksource/clocksource0/current_clocksource
read -r up rest </proc/uptime
echo
echo "Linux $(uname -r) on $(nproc) processors, up after $up s"
echo "clocksource $(cat $clock)"
for word in $(cat /proc/cmdline); do
	case $word in
	run=*)
		# run=COMMAND with commas for spaces: done before the shell
		IFS=, eval 'set -- ${word#run=}'
		"$@"
		;;
	esac
done
echo "Ready: a shell. reboot -f restarts this partition."
# A serial line has no width of its own; the shell need not break lines.
stty rows 24 columns 500
cd /root
while :; do
	setsid cttyhack sh
done
"""

DIRECTORIES = ("bin", "dev", "proc", "root", "sys", "tmp")
S_DIRECTORY, S_FILE, S_LINK, S_CHAR = 0o040755, 0o100755, 0o120777, 0o020600


class Archive:
    """The 'newc' format of cpio."""

    def __init__(self):
        self.data = bytearray()
        self.inode = 0

    def pad(self):
        self.data += b"\0" * (-len(self.data) % 4)

    def add(self, name, mode, content=b"", device=(0, 0)):
        self.inode += 1
        name = name.encode() + b"\0"
        fields = (self.inode if mode else 0, mode, 0, 0, 1, 0, len(content),
                  0, 0, device[0], device[1], len(name), 0)
        self.data += b"070701" + b"".join(b"%08X" % f for f in fields)
        self.data += name
        self.pad()
        self.data += content
        self.pad()


def main():
    busybox, outb, out = sys.argv[1:4]
    with open(busybox, "rb") as file:
        program = file.read()
    applets = subprocess.run([busybox, "--list"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout.split()
    archive = Archive()
    for name in DIRECTORIES:
        archive.add(name, S_DIRECTORY)
    # The kernel opens it before the script can mount anything.
    archive.add("dev/console", S_CHAR, device=(5, 1))
    archive.add("bin/busybox", S_FILE, program)
    with open(outb, "rb") as file:
        archive.add("bin/outb", S_FILE, file.read())
    for name in sorted(set(applets) - {"busybox"}):
        archive.add("bin/" + name, S_LINK, b"busybox")
    archive.add("init", S_FILE, INIT)
    archive.add("TRAILER!!!", 0)
    with open(out + ".new", "wb") as file:
        file.write(gzip.compress(bytes(archive.data), 9, mtime=0))
    subprocess.run(["mv", out + ".new", out], check=True)


if __name__ == "__main__":
    main()
