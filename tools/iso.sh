#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# iso.sh BIOS UEFI IMAGE GRUB_CFG ISO
#
# A hybrid ISO: by BIOS and by UEFI, from a disc or, copied with dd, from a
# stick or a disk. BIOS and UEFI are what grub.sh made for iso-bios and
# iso-uefi. It does what grub-mkrescue does, but for the time of day and the
# modules as files: the same input gives the same bytes.
set -eu
bios=$1 uefi=$2 image=$3 config=$4 iso=$5
grub-file --is-x86-multiboot2 "$image" || {
	echo "$image: error: GRUB sees no multiboot2 header" >&2
	exit 1
}
# Payloads that are left to GRUB.
set --
for module in "${image%/*}/modules"/*; do
	[ ! -f "$module" ] || set -- "$@" "boot/modules/${module##*/}=$module"
done
# One time for the volume and for every file in it; xorriso derives the GUIDs
# of the partition table from it too.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-946684800}
export SOURCE_DATE_EPOCH
xorriso -as mkisofs -quiet -r -V BULKHEAD -o "$iso.new" \
	--set_all_file_dates "=$SOURCE_DATE_EPOCH" \
	-b boot/grub/bios.img -no-emul-boot -boot-load-size 4 \
	-boot-info-table --grub2-boot-info \
	--grub2-mbr /usr/lib/grub/i386-pc/boot_hybrid.img \
	--efi-boot boot/grub/uefi.img -efi-boot-part --efi-boot-image \
	--protective-msdos-label -graft-points \
	"boot/bulkhead.elf=$image" "boot/grub/grub.cfg=$config" \
	"boot/grub/bios.img=$bios" "boot/grub/uefi.img=$uefi" "$@" \
	>"$iso.log" 2>&1 || {
	cat "$iso.log" >&2
	exit 1
}
rm -f "$iso.log"
mv "$iso.new" "$iso"
