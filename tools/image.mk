# SPDX-License-Identifier: Apache-2.0
#
# The way of one spec (the Makefile calls this with SPEC, O, BUILD, GUESTS;
# all that no spec changes is built by then):
#
#   SPEC --cpp--> b.pp.dts --dtc--> b.dtb, b.ann.dts (source map)
#     --partc--> tables.c payload.S loads.S grub.cfg report.{txt,html,json}
#     --cc, ld--> bulkhead.elf --verify--> verify.stamp
#     --xorriso--> bulkhead.iso
#     --sbom.py--> bulkhead.spdx.json, beside the ISO
#
# Each step leaves a file that a person can open.

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: elf iso disk sbom

PYTHON ?= /usr/bin/python3
HOSTCC ?= gcc
CC := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))
LD := ld
V ?= 0
Q := $(if $(filter 0,$(V)),@,)
say = $(if $(filter 0,$(V)),$(info $()  $(1)$(2)))

iso: $(O)/bulkhead.iso
sbom: $(O)/bulkhead.spdx.json
disk: $(O)/disk.img
elf: $(O)/verify.stamp
# Else make says that there is nothing to be done.
iso sbom disk elf:
	@:

include $(BUILD)/include/config/auto.conf
include tools/flags.mk

$(O)/b.pp.dts: $(SPEC) $(O)/spec.path
	$(call say,CPP       ,$(SPEC))
	$(Q)$(HOSTCC) -E -nostdinc -undef -D__DTS__ -x assembler-with-cpp \
		-I '$(dir $(SPEC))' -Ipartition-specs -Ipartition-specs/include \
		$(DEP_FLAGS) -MF $(O)/b.d '$(SPEC)' -o $@

# Another spec under the same O starts from the beginning.
spec-path := $(abspath $(SPEC)) $(abspath $(GUESTS))
ifneq ($(file <$(O)/spec.path),$(spec-path))
$(shell mkdir -p $(O))$(file >$(O)/spec.path,$(spec-path))
endif
$(O)/spec.path: ;

$(O)/b.dtb: $(O)/b.pp.dts
	$(call say,DTC       ,$@)
	$(Q)dtc -q -I dts -O dtb -@ -o $@ $< 2>$(O)/dtc.err || \
		{ $(PYTHON) tools/dtc_errors.py $< $(O)/dtc.err; exit 1; }

$(O)/b.ann.dts: $(O)/b.pp.dts $(O)/b.dtb
	$(Q)dtc -q -I dts -O dts -T -T -o $@ $< 2>/dev/null

# Those of partc's files whose bytes do not change keep their time, so that
# what is made of them is not made again.
generated := tables.c payload.S loads.S grub.cfg report.txt report.html \
	report.json
$(O)/partc.stamp: $(O)/b.dtb $(O)/b.ann.dts $(BUILD)/partc $(KCONFIG_AUTOHEADER)
	$(call say,PARTC     ,$(SPEC))
	$(Q)$(BUILD)/partc -o $(O) --dtb $(O)/b.dtb --map $(O)/b.ann.dts \
		--spec '$(SPEC)' -G '$(GUESTS)' -L '$(LAUNCH_OUT)' \
		-K $(KCONFIG_AUTOHEADER) \
		--targets '$(O)/partc.stamp $(O)/payload.o' && : >$@
loads := $(wildcard $(O)/loads/*)
$(generated:%=$(O)/%) $(loads): $(O)/partc.stamp ;

# No debug information in these: the same spec gives the same image
# wherever it is built.
$(O)/tables.o: $(O)/tables.c $(BUILD)/flags
	$(call say,CC        ,$<)
	$(Q)$(HV_CC) $(HV_CFLAGS) $(OPT_SIZE) -g0 -I$(O) $(DEP_FLAGS) -c $< -o $@
# What they include: the payloads, by deps.d, and what partc made itself.
$(O)/loads.o: $(loads)
$(O)/payload.o $(O)/loads.o: $(O)/%.o: $(O)/%.S $(BUILD)/flags
	$(call say,AS        ,$<)
	$(Q)$(HV_CC) $(HV_CFLAGS) $(OPT_SIZE) -g0 -Wa,-I$(O) -c $< -o $@

# An image with a launch partition is signed as it is linked, if there is a
# key (docs/launch.md); the verifier then sees what is shipped.
LAUNCH_KEY ?= $(patsubst "%",%,$(CONFIG_LAUNCH_KEY))
LAUNCH_CERTIFICATES ?= $(patsubst "%",%,$(CONFIG_LAUNCH_CERTIFICATES))
LAUNCH_VERSION ?= $(CONFIG_LAUNCH_VERSION)
signer := $(if $(LAUNCH_KEY),--key '$(LAUNCH_KEY)' \
	$(LAUNCH_CERTIFICATES:%=--certificates '%') \
	--version '$(LAUNCH_VERSION)')
ifneq ($(file <$(O)/signer),$(or $(signer),nobody))
$(shell mkdir -p $(O))$(file >$(O)/signer,$(or $(signer),nobody))
endif
$(O)/signer: ;
sign = if grep -q '"launch": true' $(O)/report.json; then \
	$(if $(signer),$(BUILD)/manifest sign $(1) --report $(O)/report.json \
		--modules $(O)/modules $(signer), \
	echo 'note: $(O)/bulkhead.elf is not signed: but for the launch' \
		'partition nothing starts (docs/launch.md)'); fi

objects := $(file <$(BUILD)/objects.list)
$(O)/bulkhead.elf: $(BUILD)/objects.list $(objects) $(O)/tables.o \
		$(O)/payload.o $(O)/loads.o $(BUILD)/bulkhead.ld \
		$(O)/signer $(LAUNCH_KEY) $(LAUNCH_CERTIFICATES)
	$(call say,LD        ,$@)
	$(Q)$(LD) $(LD_FLAGS) -T $(BUILD)/bulkhead.ld -Map $(O)/bulkhead.map \
		-o $@.new $(objects) $(O)/tables.o $(O)/payload.o \
		$(O)/loads.o
	$(Q)$(call sign,$@.new)
	$(Q)mv $@.new $@

# An image that the verifier refuses is not shipped and not booted.
$(O)/verify.stamp: $(O)/bulkhead.elf $(O)/b.dtb $(BUILD)/verify
	$(call say,VERIFY    ,$<)
	$(Q)$(BUILD)/verify $(O)/bulkhead.elf $(O)/b.dtb >$(O)/verify.txt || \
		{ cat $(O)/verify.txt >&2; rm -f $(O)/bulkhead.iso; exit 1; } && \
		: >$@

$(O)/bulkhead.iso: $(O)/verify.stamp $(O)/grub.cfg tools/iso.sh \
		$(BUILD)/grub/iso-bios $(BUILD)/grub/iso-uefi
	$(call say,ISO       ,$@)
	$(Q)tools/iso.sh $(BUILD)/grub/iso-bios $(BUILD)/grub/iso-uefi \
		$(O)/bulkhead.elf $(O)/grub.cfg $@

# What is in it.
$(O)/bulkhead.spdx.json: $(O)/verify.stamp $(O)/report.json tools/sbom.py \
		$(BUILD)/version $(BUILD)/grub/version \
		$(wildcard $(GUESTS)/packages/*.from)
	$(call say,SBOM      ,$@)
	$(Q)$(PYTHON) -I -S tools/sbom.py $(O) '$(SPEC)' $(GUESTS) $(BUILD) \
		$(LAUNCH_OUT)

# GRUB writes to it: made anew only when the image is another.
SLOT_MIB ?= 0
$(O)/disk.img: $(O)/bulkhead.iso $(O)/report.json tools/disk.py \
		boot/grub-disk.cfg $(BUILD)/grub/disk-bios \
		$(BUILD)/grub/disk-uefi
	$(call say,DISK      ,$@)
	$(Q)$(PYTHON) tools/disk.py create --slot-mib $(SLOT_MIB) $(O) \
		$(BUILD)/grub

-include $(O)/b.d $(O)/deps.d $(O)/tables.d
