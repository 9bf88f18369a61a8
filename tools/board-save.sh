#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# board-save.sh OUT: what this Linux knows of its machine, for
# tools/board-capture --root on another one. Run it as root; any sh with
# busybox's programs will do. OUT is a directory, or an archive if it is called
# .tar.gz or .tgz.
set -u
out=${1:?say where to: a directory, or NAME.tar.gz}
case $out in
*.tar.gz | *.tgz)
	dir=$(mktemp -d) || exit 1
	trap 'rm -rf "$dir"' EXIT
	;;
*)
	dir=$out
	;;
esac
mkdir -p "$dir" || exit 1
: >"$dir/unreadable"

# Files of proc and sys have no size of their own, so they are read, not
# archived as they are.
keep() {
	for file in "$@"; do
		[ -e "$file" ] || continue
		mkdir -p "$dir${file%/*}"
		if ! cat "$file" >"$dir$file" 2>/dev/null; then
			rm -f "$dir$file"
			echo "$file" >>"$dir/unreadable"
		fi
	done
}

keep /proc/cpuinfo /proc/iomem /proc/ioports /proc/tty/driver/serial \
	/proc/interrupts
keep /sys/firmware/memmap/*/start /sys/firmware/memmap/*/end \
	/sys/firmware/memmap/*/type
for table in APIC FACP HPET MCFG SPCR DBG2; do
	keep /sys/firmware/acpi/tables/$table
done
for name in type port irq iomem_base; do
	keep /sys/class/tty/ttyS*/$name
done
keep /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name
dmesg >"$dir/dmesg" 2>/dev/null || echo dmesg >>"$dir/unreadable"
# The leaf, and EAX EBX ECX EDX of it.
if [ -r /dev/cpu/0/cpuid ]; then
	for leaf in 0 1 21 2147483649 2147483655; do
		printf '%x' $leaf
		dd if=/dev/cpu/0/cpuid bs=16 count=1 iflag=skip_bytes \
			skip=$leaf 2>/dev/null | od -An -tx4
	done >"$dir/cpuid"
fi
if [ -s "$dir/unreadable" ]; then
	echo "board-save.sh: could not be read (are you root?):" \
		$(cat "$dir/unreadable") >&2
fi
case $out in
*.tar.gz | *.tgz) tar -C "$dir" -czf "$out" . ;;
esac
