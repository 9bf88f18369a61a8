#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# grub.sh MEDIUM-FIRMWARE OUT: GRUB's own program for one medium and one
# firmware, the same for every image:
#
#   iso-bios   for a CD, and for the ISO copied to a disk
#   iso-uefi   the same: a FAT image with EFI/BOOT/BOOTX64.EFI
#   disk-bios  for the BIOS boot partition of a disk with two slots
#   disk-uefi  BOOTX64.EFI for the ESP of such a disk
#   version    of which packages the first two are made: NAME DISTRIBUTION
#              PACKAGE VERSION ARCHITECTURE
#
# All modules are inside: with secure boot GRUB loads none that is not. The
# same packages give the same bytes.
set -eu
what=$1 out=$2
# One time for the file in the FAT image.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-946684800}
export SOURCE_DATE_EPOCH

modules='normal multiboot multiboot2 configfile echo search search_fs_file
	serial terminal iso9660 fat part_msdos part_gpt boot regexp test
	hexdump'
bios='biosdisk'
# tpm measures all that GRUB reads, where the firmware has a TPM.
uefi='tpm'
disk='loadenv reboot'
case $what in
*-bios) modules="$modules $bios" ;;
*-uefi) modules="$modules $uefi" ;;
esac
case $what in
disk-bios) modules="$modules $disk cmostest" ;;
# No CMOS commands in GRUB for UEFI, but port I/O.
disk-uefi) modules="$modules $disk iorw" ;;
esac

image() {
	grub-mkimage -O "$1" -d "/usr/lib/grub/${1%-eltorito}" -p "$2" \
		${3:+-c "$3"} -o "$out.new" $modules
}
# GRUB's own version where it is not a package's.
version() {
	system=$(. /etc/os-release && echo "${ID:-linux}")
	dpkg-query -W -f "$1 $system"' ${Package} ${Version} ${Architecture}\n' \
		"$2" 2>/dev/null ||
		grub-mkimage --version | sed "s/.* /$1 - GRUB /;s/\$/ -/"
}

case $what in
version)
	{
		version iso-bios grub-pc-bin
		version iso-uefi grub-efi-amd64-bin
	} >"$out.new"
	;;
iso-bios)
	image i386-pc-eltorito /boot/grub boot/grub-iso.cfg
	;;
iso-uefi)
	image x86_64-efi /boot/grub boot/grub-iso.cfg
	mv "$out.new" "$out.efi"
	touch -d "@$SOURCE_DATE_EPOCH" "$out.efi"
	rm -f "$out.new"
	mformat -C -i "$out.new" -f 1440 -N 0 ::
	mmd -i "$out.new" ::/EFI ::/EFI/BOOT
	mcopy -m -i "$out.new" "$out.efi" ::/EFI/BOOT/BOOTX64.EFI
	rm -f "$out.efi"
	;;
disk-bios)
	# The disk that it came from, its second partition.
	image i386-pc '(,gpt2)/boot/grub' ''
	;;
disk-uefi)
	image x86_64-efi /boot/grub ''
	;;
*)
	echo "grub.sh: $what: unknown" >&2
	exit 2
	;;
esac
mv "$out.new" "$out"
