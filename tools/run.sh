#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `make run`: from a clone to the demo's two consoles, step by step, each with
# the seconds it took. BUILD, GUESTS, MAKE, CC and CONFIG come from the
# Makefile.
set -eu
spec=${SPEC:-partition-specs/demo.dts}
out=$BUILD/images/$(basename "$spec" .dts)
steps=6
step=0
began=$(date +%s)
at=$began

begin() {
	step=$((step + 1))
	printf '[%d/%d] %s\n' $step $steps "$1"
}
finish() {
	now=$(date +%s)
	printf '      %s s\n' $((now - at))
	at=$now
}
sub() {
	"$MAKE" --no-print-directory BUILD="$BUILD" GUESTS="$GUESTS" \
		CC="$CC" CONFIG="$CONFIG" "$@"
}

begin 'What has to be installed'
status=0
tools/deps.sh install run || status=$?
[ $status = 3 ] && exit 0	# NO_INSTALL: it has said what to do
[ $status = 0 ] || exit $status
finish

begin 'The hypervisor and the compiler of specs'
[ -f "$out/bulkhead.iso" ] || tools/space.sh 120 "$BUILD"
sub -j "$(nproc)" core
finish

begin 'The guests: Debian kernel and busybox as packages, initramfs'
sub SPEC="$spec" guests-for-spec
finish

begin "One spec: $spec"
sub -f tools/image.mk SPEC="$spec" O="$out" elf
finish

begin 'One image, for GRUB'
sub -f tools/image.mk SPEC="$spec" O="$out" iso
[ "$MEDIUM" != disk ] || sub -f tools/image.mk SPEC="$spec" O="$out" disk
printf '  %-10s%s bytes: %s\n' ISO "$(stat -c %s "$out/bulkhead.iso")" \
	"$out/bulkhead.iso"
finish

begin 'Boot: QEMU, GRUB, Bulkhead'
printf '      built in %s s; what the spec became: %s\n' \
	$(($(date +%s) - began)) "$out/report.txt"
exec "${PYTHON:-/usr/bin/python3}" tests/emu/terminal.py \
	--timeout "${TIMEOUT:-0}" --firmware "$FIRMWARE" --medium "$MEDIUM" \
	"$out"
