#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# iso.sh IMAGE GRUB_CFG ISO: a hybrid ISO that boots by BIOS from a disc or,
# copied with dd, from a stick. The same input gives the same bytes.
set -eu
image=$1 config=$2 iso=$3
tree=$(mktemp -d "$iso.XXXXXX")
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/boot/grub"
ln "$image" "$tree/boot/bulkhead.elf" 2>/dev/null ||
	cp "$image" "$tree/boot/bulkhead.elf"
cp "$config" "$tree/boot/grub/grub.cfg"
grub-file --is-x86-multiboot2 "$image" || {
	echo "$image: error: GRUB sees no multiboot2 header" >&2
	exit 1
}
# One time stamp for everything in it, and for the volume.
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-946684800}"
find "$tree" -mindepth 1 ! -name bulkhead.elf \
	-exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
grub-mkrescue -d /usr/lib/grub/i386-pc -o "$iso.new" \
	--install-modules="normal multiboot multiboot2 serial terminal iso9660 biosdisk part_msdos part_gpt search echo boot" \
	--locales= --fonts= --themes= --compress=no "$tree" \
	>"$iso.log" 2>&1 || {
	cat "$iso.log" >&2
	exit 1
}
rm -f "$iso.log"
mv "$iso.new" "$iso"
