#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# `make run`: from a clone to the consoles of a spec's partitions, step by
# step, each with the seconds it took. BUILD, GUESTS, MAKE, CC, CONFIG, EMU and
# SPEC come from the Makefile.
set -eu
demo=partition-specs/demo.dts
spec=${SPEC:-$demo}
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
		CC="$CC" CONFIG="$CONFIG" "$@" 9>&-
}

[ -f "$spec" ] || {
	printf 'error: there is no spec %s: name one from %s, or with its whole path.\n' \
		"$spec" "$(pwd)" >&2
	exit 2
}
case $EMU in
qemu) goal=run machine='a PC that QEMU plays' emulator=QEMU ;;
bochs | bochs-amd)
	goal=bochs machine='a PC that Bochs plays' emulator=Bochs ;;
*)
	printf 'error: EMU=%s: qemu (an AMD processor), bochs (an Intel one, slowly) or bochs-amd.\n' \
		"$EMU" >&2
	exit 2
	;;
esac
if [ "$spec" = $demo ]; then
	cat <<-END
		Bulkhead's demo: an unmodified Linux and, beside it, a control loop, each in
		a partition of its own, on $machine. You will see six steps, then
		both of them in this terminal, each line as "[partition] text".
		  type    to Linux, when its prompt is there: nproc, or reboot -f, which starts
		          Linux again while the loop goes on
		  leave   with Ctrl-]  (or Ctrl-A, then x)
		  next    make run SPEC=partition-specs/minimal.dts, then a spec of your own:
		          README.md, docs/spec.md
	END
else
	cat <<-END
		The system of $spec, on $machine. You will
		see six steps, then its partitions in this terminal, each line as
		"[partition] text". Leave with Ctrl-] (or Ctrl-A, then x).
	END
fi
[ $EMU = qemu ] || cat <<-END
	Bochs plays another processor's hardware virtualization, one instruction at a
	time: an image that boots in seconds in QEMU takes minutes.
END

begin 'What has to be installed'
. "${OS_RELEASE:-/etc/os-release}"
[ "${ID:-} ${VERSION_CODENAME:-}" = 'debian bookworm' ] ||
	printf 'note: this is %s, and Bulkhead is tried on Debian 12 (bookworm): if a step fails, use that.\n' \
		"${PRETTY_NAME:-no known system}"
status=0
tools/deps.sh install $goal || status=$?
[ $status = 3 ] && exit 0	# NO_INSTALL: it has said what to do
[ $status = 0 ] || exit $status
finish

# Two makes that write the same files would break each other's.
mkdir -p "$BUILD"
exec 9>"$BUILD/.lock"
flock -n 9 || {
	printf 'Another make is at work in %s: waiting for it (or use BUILD=directory).\n' \
		"$BUILD"
	flock 9
}

begin 'The hypervisor and the compiler of specs'
[ -f "$out/bulkhead.iso" ] || tools/space.sh 120 "$BUILD"
sub -j "$(nproc)" core
finish

begin 'The guests that the spec names, from Debian packages or from source'
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

begin "Boot: $emulator, GRUB, Bulkhead"
printf '      built in %s s; what the spec became: %s\n' \
	$(($(date +%s) - began)) "$out/report.txt"
exec "${PYTHON:-/usr/bin/python3}" tests/emu/terminal.py \
	--timeout "${TIMEOUT:-0}" --emu "$EMU" \
	${FIRMWARE:+--firmware "$FIRMWARE"} --medium "$MEDIUM" "$out" 9>&-
