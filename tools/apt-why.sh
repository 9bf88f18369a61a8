#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# apt-why.sh LOG: one sentence on why apt-get failed, and what to do, from what
# it said (LOG, in English).
set -eu
log=$1
. "${OS_RELEASE:-/etc/os-release}"
has() {
	grep -qE "$1" "$log"
}

if has 'Could not get lock|Unable to acquire the dpkg|Unable to lock'; then
	why='another apt or dpkg is at work on this machine'
	remedy='wait until it has ended and type the same again'
elif has 'No space left on device|enough free space'; then
	why='the disk is full'
	remedy='free some (apt-get clean) and type the same again'
elif has 'Temporary failure|Could not (resolve|connect)|Failed to fetch|Unable to connect|Network is unreachable|Cannot initiate'; then
	why='apt-get does not reach the package archive'
	remedy='look at the network (behind a proxy: set http_proxy) and type the same again'
elif has 'Unable to locate package|has no installation candidate|unmet dependencies'; then
	package=$(sed -n -e 's/.*Unable to locate package //p' \
		-e "s/.*Package '\{0,1\}\([^' ]*\)'\{0,1\} has no inst.*/\1/p" \
		"$log" | head -n 1)
	why="${PRETTY_NAME:-this system} has no package ${package:-of those}"
	remedy='use Debian 12 (bookworm), which has all of them; a container or a virtual machine will do'
else
	why='apt-get failed, and above is what it said'
	remedy='put that right and type the same again'
fi
printf 'error: %s: %s.\n' "$why" "$remedy" >&2
