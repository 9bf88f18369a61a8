#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# fetch.sh GUESTS NAME PACKAGE: the file NAME in the directory GUESTS, out of
# a Debian package that apt downloads and authenticates. Nothing is installed
# and /etc is not touched. Packages stay in GUESTS/packages, so that nothing
# is downloaded twice.
#   linux-image-*  follows the metapackage to the newest kernel; its vmlinuz
#   memtest86+     its program, a bzImage that cannot be relocated; memtest32
#                  is the one without a 64-bit entry
#   busybox-static its program
set -eu
export LC_ALL=C
guests=$1 name=$2 package=$3
here=$(cd "${0%/*}" && pwd)
mkdir -p "$guests/packages"
cd "$guests/packages"
# Two files of one package may be wanted at once: it is fetched once.
exec 9>.lock
flock 9
rm -f fetch.log

# Sets real, file and size; file stays empty if apt does not know the package.
find_package() {
	real=$package file= size=
	case $package in
	linux-image-*)
		real=$(apt-cache depends "$package" 2>/dev/null |
			sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' |
			sort -V | tail -n 1)
		;;
	esac
	[ -n "$real" ] || return 0
	# 'URI' FILE SIZE HASH
	line=$(apt-get --print-uris download "$real" 2>/dev/null |
		grep "^'" | head -n 1) || return 0
	file=$(printf '%s' "$line" | awk '{ print $2 }')
	size=$(printf '%s' "$line" | awk '{ print $3 }')
}

find_package
if [ -z "$file" ] && [ "${NO_INSTALL:-0}" = 0 ]; then
	# A fresh system may have no package lists.
	root=
	[ "$(id -u)" = 0 ] || root=sudo
	printf '  %-10s%s\n' FETCH "apt-get update: apt knows no $package yet"
	$root apt-get -q -o DPkg::Lock::Timeout=60 update >fetch.log 2>&1 ||
		cat fetch.log >&2
	find_package
fi
if [ -z "$file" ]; then
	# No package lists: what was fetched before is good enough.
	for old in "${real:-$package}"_*.deb; do
		[ -f "$old" ] && file=$old
	done
	if [ -z "$file" ]; then
		printf 'E: Unable to locate package %s\n' "$package" \
			>>fetch.log
		"$here/apt-why.sh" fetch.log
		exit 1
	fi
fi
if [ -f "$file" ]; then
	printf '  %-10s%s (0 bytes downloaded, cached)\n' FETCH "$file"
else
	printf '  %-10s%s (%s bytes to download)\n' FETCH "$file" "$size"
	rm -rf part
	mkdir part
	# Also when apt may not drop to its own user here.
	(cd part && apt-get -q -o APT::Sandbox::User="$(id -un)" \
		download "$real" >../fetch.log 2>&1) || {
		cat fetch.log >&2
		"$here/apt-why.sh" fetch.log
		exit 1
	}
	rm -f fetch.log
	mv part/*.deb .
	rmdir part
fi

rm -rf "tree.$name"
mkdir "tree.$name"
case $package in
linux-image-*)
	dpkg-deb --fsys-tarfile "$file" |
		tar -x -C "tree.$name" --wildcards './boot/vmlinuz-*'
	mv "tree.$name"/boot/vmlinuz-* "../$name.new"
	;;
memtest86+)
	dpkg-deb --fsys-tarfile "$file" |
		tar -x -C "tree.$name" --wildcards './boot/memtest86+*.bin'
	[ "$name" = memtest32 ] && bits=ia32 || bits=x64
	mv "tree.$name"/boot/memtest86+*$bits.bin "../$name.new"
	;;
*)
	dpkg-deb --fsys-tarfile "$file" | tar -x -C "tree.$name" ./bin/busybox
	mv "tree.$name/bin/busybox" "../$name.new"
	;;
esac
rm -rf "tree.$name"
touch "../$name.new"
mv "../$name.new" "../$name"
# Where it came from, for the list of what is in an image (tools/sbom.py).
echo "EXPANDED_FROM_ARCHIVE $(sha256sum <"../$name" | cut -d ' ' -f 1)" \
	"$(. "${OS_RELEASE:-/etc/os-release}" && echo "${ID:-linux}")" \
	$(dpkg-deb -f "$file" Package Version Architecture |
		sed 's/.*: //') "$file" >"$name.from"
