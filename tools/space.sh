#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# space.sh MIB DIRECTORY: fails, with one sentence, if the disk of DIRECTORY
# has less than that left: said now, not by whichever program misses it first.
set -eu
export LC_ALL=C
mkdir -p "$2"
free=$(df -P -k "$2" | awk 'NR == 2 { print int($4 / 1024) }')
[ "$free" -ge "$1" ] || {
	printf 'error: %s has %s MiB of disk left, and this takes %s: free some, or build elsewhere (%s).\n' \
		"$2" "$free" "$1" "${3:-BUILD=directory}" >&2
	exit 1
}
