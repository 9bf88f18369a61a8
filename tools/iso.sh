#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# iso.sh core ELTORITO           GRUB's own program, the same for every image
# iso.sh disc ELTORITO IMAGE GRUB_CFG ISO
#
# A hybrid ISO that boots by BIOS from a disc or, copied with dd, from a stick
# or a disk. It does what grub-mkrescue does for i386-pc, but for the time of
# day: the same input gives the same bytes.
set -eu
grub=/usr/lib/grub/i386-pc
modules='normal multiboot multiboot2 configfile echo search search_fs_file
	serial terminal iso9660 biosdisk part_msdos part_gpt boot'

if [ "$1" = core ]; then
	# What GRUB does first: finds its disc, whatever the firmware calls it.
	cat >"$2.cfg" <<-'END'
		search --no-floppy --set=root --file /boot/bulkhead.elf
		set prefix=($root)/boot/grub
		configfile $prefix/grub.cfg
	END
	grub-mkimage -O i386-pc-eltorito -d "$grub" -p /boot/grub \
		-c "$2.cfg" -o "$2.new" $modules
	mv "$2.new" "$2"
	exit 0
fi

eltorito=$2 image=$3 config=$4 iso=$5
grub-file --is-x86-multiboot2 "$image" || {
	echo "$image: error: GRUB sees no multiboot2 header" >&2
	exit 1
}
# Payloads that are left to GRUB.
set --
for module in "${image%/*}/modules"/*; do
	[ ! -f "$module" ] || set -- "$@" "boot/modules/${module##*/}=$module"
done
# One time for the volume and for every file in it.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-946684800}
export SOURCE_DATE_EPOCH
xorriso -as mkisofs -quiet -r -V BULKHEAD -o "$iso.new" \
	--set_all_file_dates "=$SOURCE_DATE_EPOCH" \
	-b boot/grub/eltorito.img -no-emul-boot -boot-load-size 4 \
	-boot-info-table --grub2-boot-info --grub2-mbr "$grub/boot_hybrid.img" \
	--protective-msdos-label -graft-points \
	"boot/bulkhead.elf=$image" "boot/grub/grub.cfg=$config" \
	"boot/grub/eltorito.img=$eltorito" "$@" >"$iso.log" 2>&1 || {
	cat "$iso.log" >&2
	exit 1
}
rm -f "$iso.log"
mv "$iso.new" "$iso"
