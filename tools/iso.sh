#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# iso.sh IMAGE GRUB_CFG ISO: a hybrid ISO that boots by BIOS from a disc or,
# copied with dd, from a stick or a disk. It does what grub-mkrescue does for
# i386-pc, but for the time of day: the same input gives the same bytes.
set -eu
image=$1 config=$2 iso=$3
grub=/usr/lib/grub/i386-pc
modules='normal multiboot multiboot2 configfile echo search search_fs_file
	serial terminal iso9660 biosdisk part_msdos part_gpt boot'

grub-file --is-x86-multiboot2 "$image" || {
	echo "$image: error: GRUB sees no multiboot2 header" >&2
	exit 1
}
tree=$(mktemp -d "$iso.XXXXXX")
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/iso/boot/grub"
cp "$image" "$tree/iso/boot/bulkhead.elf"
cp "$config" "$tree/iso/boot/grub/grub.cfg"
# What GRUB does first: finds its disc, whatever the firmware calls it.
cat >"$tree/start.cfg" <<-'END'
	search --no-floppy --set=root --file /boot/bulkhead.elf
	set prefix=($root)/boot/grub
	configfile $prefix/grub.cfg
END
grub-mkimage -O i386-pc-eltorito -d "$grub" -p /boot/grub \
	-c "$tree/start.cfg" -o "$tree/iso/boot/grub/eltorito.img" $modules

# One time for every file and for the volume.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-946684800}
export SOURCE_DATE_EPOCH
find "$tree/iso" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
xorriso -as mkisofs -quiet -r -V BULKHEAD -o "$iso.new" \
	-b boot/grub/eltorito.img -no-emul-boot -boot-load-size 4 \
	-boot-info-table --grub2-boot-info --grub2-mbr "$grub/boot_hybrid.img" \
	--protective-msdos-label "$tree/iso" >"$iso.log" 2>&1 || {
	cat "$iso.log" >&2
	exit 1
}
rm -f "$iso.log"
mv "$iso.new" "$iso"
