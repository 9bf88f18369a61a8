# SPDX-License-Identifier: Apache-2.0
#
# Guests: Debian's kernels and busybox as packages, fetched once into
# GUESTS, and the bare-metal guests of tests/guests, built from source.

.PHONY: fetch guests guests-for-spec test-guests

guest-debian := $(GUESTS)/vmlinuz-cloud $(GUESTS)/vmlinuz-generic \
	$(GUESTS)/initramfs $(GUESTS)/memtest $(GUESTS)/memtest32

$(GUESTS)/vmlinuz-cloud:
	$(Q)tools/fetch.sh $(GUESTS) vmlinuz-cloud linux-image-cloud-amd64
$(GUESTS)/vmlinuz-generic:
	$(Q)tools/fetch.sh $(GUESTS) vmlinuz-generic linux-image-amd64
$(GUESTS)/memtest $(GUESTS)/memtest32:
	$(Q)tools/fetch.sh $(GUESTS) $(@F) memtest86+
$(GUESTS)/busybox:
	$(Q)tools/fetch.sh $(GUESTS) busybox busybox-static
$(GUESTS)/outb: stack/linux/outb.c
	$(Q)$(HOSTCC) -std=gnu11 -Os -Wall -Wextra -Wconversion -Werror \
		-ffreestanding -fno-stack-protector -fno-pic -nostdlib \
		-static -no-pie -fno-asynchronous-unwind-tables -s \
		-Wl,--build-id=none -o $@ $<
$(GUESTS)/initramfs: $(GUESTS)/busybox $(GUESTS)/outb tools/initramfs.py
	$(call say,INITRAMFS ,$@)
	$(Q)$(PYTHON) tools/initramfs.py $(GUESTS)/busybox $(GUESTS)/outb $@
	@from=$(GUESTS)/packages/busybox.from; test ! -f $$from || \
		echo GENERATED_FROM $$(sha256sum <$@ | cut -d ' ' -f 1) \
		$$(cut -d ' ' -f 3- $$from) >$(GUESTS)/packages/initramfs.from

fetch:
	@rm -f $(guest-debian) $(GUESTS)/busybox
	@$(MAKE) --no-print-directory $(guest-debian)

guests: $(guest-debian) test-guests

# NAME.bin and NAME.elf.
test-guests:
	@$(MAKE) --no-print-directory -s -C tests/guests OUT=$(abspath $(GUESTS))

# What this spec, and what it includes, names as guest:NAME.
ifneq ($(filter guests-for-spec,$(MAKECMDGOALS)),)
spec-files := $(sort $(shell $(HOSTCC) -E -P -nostdinc -undef -D__DTS__ \
	-x assembler-with-cpp -I '$(dir $(SPEC))' -Ipartition-specs \
	-Ipartition-specs/include '$(SPEC)' 2>/dev/null | \
	grep -oE '"(guest|launch):[^" ]*' | cut -c2-))
spec-guests := $(patsubst guest:%,%,$(filter guest:%,$(spec-files)))
# What nobody here makes (a misspelt name, say) partc refuses, with its line.
guests-for-spec: $(filter $(guest-debian) $(GUESTS)/busybox, \
	$(addprefix $(GUESTS)/,$(spec-guests))) \
	$(if $(filter %.bin %.elf,$(spec-guests)),test-guests) \
	$(if $(filter launch:%,$(spec-files)),$(if \
	$(filter y,$(CONFIG_LAUNCH)),launch))
endif
