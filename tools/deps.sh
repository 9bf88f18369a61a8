#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# deps.sh list|check|install [run|bochs|check|recording]: the Debian packages that
# a goal needs. list prints what is missing, check fails if something is, install
# says what and why and then installs it with apt-get.
set -eu
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

# package  reason; of package|other, either will do. The other lists are what
# only `make check`, `make recording` need.
for_run='
gcc compiles the hypervisor and the compiler of specs
libc6-dev headers and libraries of the host programs
binutils assembles and links the image
cpp expands the includes and macros of a spec
libfdt-dev reads the compiled spec
libmbedtls-dev hashes what is left to the boot loader (partc)
device-tree-compiler parses a spec
acpica-tools compiles the ACPI tables of a guest
kconfig-frontends-nox|kconfig-frontends configuration (make menuconfig)
grub-pc-bin the boot loader on the ISO, for BIOS
grub-efi-amd64-bin the boot loader on the ISO, for UEFI
grub-common puts GRUB on the ISO (grub-mkimage)
mtools writes the FAT file systems that UEFI boots from
xorriso writes the ISO
qemu-system-x86 the machine that boots it
ovmf UEFI for that machine (FIRMWARE=uefi)
python3 drives the emulator
util-linux flock, for builds side by side
'
for_check='
clang the second compiler
libclang-rt-dev fuzz tests: libFuzzer and sanitizers (clang)
libcmocka-dev unit tests
libasan8 unit tests: address sanitizer (gcc)
libubsan1 unit tests: undefined behaviour sanitizer (gcc)
python3-pytest tests of the compiler and of whole images
python3-pytest-xdist two images at a time
python3-jsonschema tests of the form of report.json
cloc counts source lines
openssl keys and certificates of the tests of verified launch
swtpm a TPM for the emulator: what GRUB and the launch partition measure
tpm2-tools an independent look at quotes, and seals a secret
'
for_bochs='
bochs the emulator that plays an Intel processor (EMU=bochs)
bochsbios its firmware
vgabios its firmware
'
for_recording='
python3-pexpect types into a terminal (tests, recording)
python3-pyte knows what a terminal shows (recording)
'
action=${1:-check} goal=${2:-run}
# Another distribution knows its packages by other names.
command -v dpkg-query >/dev/null || {
	printf 'No dpkg here: what is installed cannot be looked up.\n' >&2
	exit 0
}
wanted=$for_run
[ "$goal" = check ] && wanted="$for_run$for_check$for_bochs$for_recording"
[ "$goal" = bochs ] && wanted="$for_run$for_bochs"
[ "$goal" = recording ] && wanted="$for_run$for_recording"

missing=
why=
add_missing() {
	while read -r packages reason; do
		[ -n "$packages" ] || continue
		have=
		for package in $(printf '%s' "$packages" | tr '|' ' '); do
			status=$(dpkg-query -W -f '${db:Status-Status}' \
				"$package" 2>/dev/null) || status=
			[ "$status" = installed ] && have=y
		done
		[ -n "$have" ] && continue
		package=${packages%%|*}
		missing="$missing $package"
		why="$why$(printf '  %-22s %s' "$package" "$reason")
"
	done
}
add_missing <<END
$wanted
END

[ -n "$missing" ] || exit 0
by_hand="apt-get update && apt-get install --no-install-recommends$missing"
case $action in
list)
	printf '%s' "$why"
	exit 0
	;;
check)
	printf 'These Debian packages are missing:\n%s' "$why" >&2
	printf 'To install them, as root:\n  %s\n' "$by_hand" >&2
	exit 1
	;;
esac

if [ "${NO_INSTALL:-0}" != 0 ]; then
	printf 'These Debian packages are missing:\n%s' "$why"
	printf 'NO_INSTALL is set: nothing installed. To do it, as root:\n'
	printf '  %s\n' "$by_hand"
	exit 3
fi
printf 'These Debian packages are missing and will be installed with apt-get:\n%s' "$why"
root=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		printf 'Not root, and no sudo. As root, run:\n  %s\n' \
			"$by_hand" >&2
		exit 1
	}
	root=sudo
fi
get="$root apt-get -y -q --no-install-recommends -o DPkg::Lock::Timeout=60"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Shows what apt-get says, and keeps it.
say_and_keep() {
	{
		"$@" 2>&1 && status=0 || status=$?
		echo $status >"$log.status"
	} | tee "$log"
	status=$(cat "$log.status")
	rm -f "$log.status"
	return "$status"
}
# A fresh system may have no package lists, or old ones.
apt-cache show $missing >/dev/null 2>&1 || $get update || true
before=$($get --print-uris install $missing 2>/dev/null |
	awk '/^\x27/ { bytes += $3 } END { printf "%d", bytes }')
printf 'Downloading %s bytes of packages.\n' "${before:-0}"
say_and_keep $get install $missing && exit 0
$get update || true
say_and_keep $get install $missing || {
	"${0%/*}/apt-why.sh" "$log"
	exit 1
}
