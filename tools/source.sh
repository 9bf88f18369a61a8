#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# source.sh GUESTS NAME POOL FILE SHA256: unpacks the source that Debian's
# package is made of into GUESTS/NAME. apt downloads FILE from the directory
# POOL of whichever archive this system has its packages from; only the bytes
# with that hash are taken. The file stays in GUESTS/packages.
set -eu
export LC_ALL=C
guests=$1 name=$2 pool=$3 file=$4 hash=$5
here=$(cd "${0%/*}" && pwd)
mkdir -p "$guests/packages"
cd "$guests/packages"

is_right() {
	[ -f "$1" ] && printf '%s  %s\n' "$hash" "$1" | sha256sum -c --status
}

# The archives that this system knows, each once.
archives() {
	apt-get indextargets --format '$(REPO_URI)|$(COMPONENT)' |
		sed -n 's/|main$//p' | sort -u
}

download() {
	: >source.log
	for archive in $(archives); do
		rm -rf source.part*
		# Also when apt may not drop to its own user here.
		/usr/lib/apt/apt-helper -q \
			-o APT::Sandbox::User="$(id -un)" download-file \
			"$archive$pool/$file" source.part \
			"SHA256:$hash" >>source.log 2>&1 || continue
		is_right source.part || continue
		mv source.part "$file"
		rm -f source.log
		return 0
	done
	rm -rf source.part*
	return 1
}

if is_right "$file"; then
	printf '  %-10s%s (0 bytes downloaded, cached)\n' FETCH "$file"
else
	printf '  %-10s%s\n' FETCH "$file"
	rm -f "$file"
	download || {
		cat source.log >&2
		echo "E: Failed to fetch $file" >>source.log
		"$here/apt-why.sh" source.log
		exit 1
	}
fi

rm -rf "source.$name"
mkdir "source.$name"
tar -x -z -f "$file" -C "source.$name" --strip-components=1 --no-same-owner
rm -rf "../$name"
mv "source.$name" "../$name"
touch "../$name/.unpacked"
