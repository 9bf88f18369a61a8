# SPDX-License-Identifier: Apache-2.0
#
# Bulkhead's build. `make help` lists what a person types.
#
#   BUILD  configuration, objects of the hypervisor, host programs, guests
#   O      one image: what comes from one spec (default BUILD/images/NAME)
#
# Objects of the hypervisor depend on the configuration, never on a spec, so
# that an edited spec costs one compiled file and a link (tools/image.mk).

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := core

ifeq ($(wildcard tools/flags.mk),)
$(error This Makefile runs in its own directory: make -C \
	$(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST)))) ...)
endif

BUILD ?= build
CONFIG ?= qemu_defconfig
SPEC ?=
O ?= $(BUILD)/images/$(basename $(notdir $(SPEC)))
GUESTS ?= $(BUILD)/guests
PYTHON ?= /usr/bin/python3
HOSTCC ?= gcc
CC := $(if $(filter default undefined,$(origin CC)),gcc,$(CC))
LD := ld
V ?= 0
Q := $(if $(filter 0,$(V)),@,)
# By make itself: a process for each of these lines costs as much as some steps.
say = $(if $(filter 0,$(V)),$(info $()  $(1)$(2)))

# Regular expressions and emulator arguments reach the driver untouched by
# make's own $ and by the shell.
export BULKHEAD_UNTIL := $(value UNTIL)
export BULKHEAD_EMU_ARGS := $(value EMU_ARGS)
TIMEOUT ?= 60
EMU ?= qemu
FIRMWARE ?= direct
MEDIUM ?= cd
DISK ?=
DEV ?=
IMAGE ?= iso
SLOT_MIB ?= 0
FORCE ?=
ICOUNT ?= 0

export KCONFIG := $(CURDIR)/Kconfig
export KCONFIG_CONFIG := $(abspath $(BUILD))/.config
export KCONFIG_AUTOCONFIG := $(abspath $(BUILD))/include/config/auto.conf
export KCONFIG_AUTOHEADER := $(abspath $(BUILD))/include/generated/autoconf.h
export KCONFIG_TRISTATE := $(abspath $(BUILD))/include/config/tristate.conf

# Neither make nor the shell keeps these in one piece.
path-breakers := ' " ` : ; & | < > ( ) [ ] * ? % \ \# $$
$(foreach v,CURDIR BUILD GUESTS SPEC O,$(if $(strip $(word 2,$($v)) \
	$(foreach c,$(path-breakers),$(findstring $c,$($v)))),$(error \
	$(if $(filter CURDIR,$v),this directory,$v), '$($v)': a path with \
	a space or one of $(path-breakers) does not work here; rename it)))

# Goals that need no configuration, so that none is made on their behalf.
no-config := help %_defconfig menuconfig olddefconfig savedefconfig clean \
	distclean run check unit lint fetch deps image boot bench disk update \
	flash soak recording board format new-spec
ifneq ($(filter-out $(no-config),$(or $(MAKECMDGOALS),core)),)
-include $(KCONFIG_AUTOCONFIG)
endif

.PHONY: help
help:
	@sed -n 's/^#H \{0,1\}//p' Makefile

#H Bulkhead: what to type
#H
#H   make run                the demo: installs, builds, fetches the guests, boots
#H                           (NO_INSTALL=1 prints what is missing and stops)
#H       SPEC=x.dts          another system, with its consoles and the keyboard
#H   make boot SPEC=x.dts    builds that spec's image and boots it without a
#H                           screen; every line comes as "[partition] text"
#H       UNTIL='regex'       end with 0 as soon as a line matches
#H       TIMEOUT=60          end with 1 after so many seconds (0: never)
#H                           (nothing to boot, or UNTIL wrong: 2)
#H       FIRMWARE=direct     or bios, or uefi: through GRUB (make run too)
#H       MEDIUM=cd           or usb, or disk (two slots), for bios and uefi
#H       ICOUNT=1            time counts instructions (specs with one LP)
#H       EMU_ARGS='...'      more arguments for QEMU
#H       EMU=bochs           an Intel processor (slow; make run too); bochs-amd:
#H                           an AMD one
#H   make image SPEC=x.dts   only builds: bulkhead.elf, bulkhead.iso, report.txt,
#H                           and bulkhead.spdx.json, a list of what is inside
#H       O=dir               where (default build/images/NAME)
#H   make diff A=dir B=dir   what the second image grants that the first did not
#H                           (+), or no longer (-), or otherwise (~)
#H   make flash SPEC=x.dts DEV=/dev/sdx   writes the ISO to a stick or disk,
#H                           asks before, compares after (docs/install.md)
#H       IMAGE=iso           or disk: the disk image with two slots
#H   make disk SPEC=x.dts    the disk image: O/disk.img (SLOT_MIB=64 or more)
#H   make update DISK=disk SPEC=x.dts     that image into the slot that is
#H                           not in use, to be tried once
#H   make check              every test; last line "N passed, N failed"
#H       STAGES='emu ...'    only some: lint build unit fuzz compiler verify
#H                           image objects emu
#H   make unit | lint        the host unit tests; the checks of the source
#H   make board NAME=x       a board file of this machine, or FROM='log dir ...'
#H                           of another one (docs/board.md)
#H   make board-image        an ISO that says over a serial line what a machine
#H                           has: BUILD/board/board.iso
#H   make new-spec NAME=x    partition-specs/x.dts: commented, and it boots
#H   make format SPEC=x.dts  in the style of all specs; editors get completion and
#H                           errors from tools/spec-lsp.py (docs/first-spec.md)
#H   make spec-errors        writes docs/spec-errors.md
#H   make recording          a run of the demo, kept: docs/demo.cast, docs/demo.svg
#H   make bench              measures, and compares with the budgets
#H   make soak               boots, restarts and fuzz tests for SOAK_MINUTES=30
#H   make launch             the launch partition, which checks signed images,
#H                           and the signer's program (docs/launch.md)
#H   make fetch              fetches and unpacks the guests again
#H   make clean | distclean  removes what was built (and what was fetched)
#H
#H   make menuconfig         what a build contains; then
#H   make qemu_defconfig | test_defconfig | minimal_defconfig
#H   make olddefconfig | savedefconfig
#H
#H   CC=gcc|clang   BUILD=build   GUESTS=build/guests   V=1 shows the commands

# ---- configuration ---------------------------------------------------------

kconf := $(PYTHON) tools/kconf.py

.PHONY: menuconfig olddefconfig savedefconfig
%_defconfig: configs/%_defconfig
	$(Q)$(kconf) defconfig $<

configs/%_defconfig: ;

menuconfig: | $(KCONFIG_CONFIG)
	$(Q)srctree=$(CURDIR) kconfig-mconf $(KCONFIG)
olddefconfig: | $(KCONFIG_CONFIG)
	$(Q)$(kconf) olddefconfig
savedefconfig: | $(KCONFIG_CONFIG)
	$(Q)$(kconf) savedefconfig $(abspath $(BUILD))/defconfig
	@echo "  $(BUILD)/defconfig"

# The first thing that any build needs, so the place to look for packages.
$(KCONFIG_CONFIG):
	@tools/deps.sh check run
	$(call say,CONFIG    ,$(CONFIG))
	$(Q)$(kconf) defconfig configs/$(CONFIG)

$(KCONFIG_AUTOCONFIG): $(KCONFIG_CONFIG) Kconfig tools/kconf.py
	$(Q)$(kconf) sync
	$(Q)touch $@
$(KCONFIG_AUTOHEADER): $(KCONFIG_AUTOCONFIG) ;

# ---- the hypervisor --------------------------------------------------------

# HV_CFLAGS and LD_FLAGS, shared with tools/image.mk.
include tools/flags.mk

# As deep as the tree is; lint fails on a source that is deeper.
deep = $(1)/*$(2) $(1)/*/*$(2) $(1)/*/*/*$(2)
HV_SOURCES := $(sort $(wildcard $(call deep,hv,.[cS]) $(call deep,boot,.[cS])))
ifneq ($(CONFIG_SVM),y)
HV_SOURCES := $(filter-out hv/vcpu/svm/%,$(HV_SOURCES))
endif
ifneq ($(CONFIG_VMX),y)
HV_SOURCES := $(filter-out hv/vcpu/vmx/%,$(HV_SOURCES))
endif
ifneq ($(CONFIG_LOG_START_HASH),y)
HV_SOURCES := $(filter-out hv/lib/hash.c,$(HV_SOURCES))
endif
ifneq ($(CONFIG_LAUNCH),y)
HV_SOURCES := $(filter-out hv/guest/launch.c hv/cpu/pci.c,$(HV_SOURCES))
endif
HV_OBJECTS := $(HV_SOURCES:%=$(BUILD)/%.o)

# A file of one text, written where that is not its text already. Make does it
# while it reads this, for the goals that need it: no process, no recipe.
text-file = $(if $(call differ,$(file <$(1)),$(2)),$(shell \
	mkdir -p $(dir $(1)))$(file >$(1),$(2)))
differ = $(subst x$(2)x,,x$(1)x)$(subst x$(1)x,,x$(2)x)
goals := $(filter-out $(no-config),$(or $(MAKECMDGOALS),core))

# The command line, so that another compiler or flag rebuilds.
$(if $(goals),$(call text-file,$(BUILD)/flags,$(HV_FLAGS_ALL)))
$(BUILD)/flags: ;

$(BUILD)/%.c.o: %.c $(BUILD)/flags $(KCONFIG_AUTOHEADER)
	$(call say,CC        ,$<)
	@mkdir -p $(@D)
	$(Q)$(HV_CC) $(HV_CFLAGS) $(call HV_OPT,$<) $(DEP_FLAGS) -c $< -o $@

$(BUILD)/%.S.o: %.S $(BUILD)/flags $(KCONFIG_AUTOHEADER)
	$(call say,AS        ,$<)
	@mkdir -p $(@D)
	$(Q)$(HV_CC) $(HV_CFLAGS) $(call HV_OPT,$<) $(DEP_FLAGS) -c $< -o $@

# The link script knows the configuration (CONFIG_IMAGE_BASE_MIB).
$(BUILD)/bulkhead.ld: boot/bulkhead.ld $(KCONFIG_AUTOHEADER)
	$(call say,LDS       ,$<)
	$(Q)$(HOSTCC) -E -P -undef -nostdinc -x assembler-with-cpp \
		-include $(KCONFIG_AUTOHEADER) $< -o $@

# What every image links with, and lint looks at.
$(if $(goals),$(call text-file,$(BUILD)/objects.list,$(HV_OBJECTS)))
$(BUILD)/objects.list: $(HV_OBJECTS) ;

$(if $(goals),$(eval -include $(HV_OBJECTS:.o=.d)))

# ---- the compiler of specs, and the verifier -------------------------------

HOST_CFLAGS := -std=c11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wconversion \
	-Wswitch-enum -Wvla -Wmissing-prototypes -Werror -Ihv/include

VERIFY_SOURCES := $(sort $(wildcard compiler/verify/*.c))
PARTC_SOURCES := $(sort $(filter-out compiler/verify/% compiler/sign/%,$(wildcard \
	$(call deep,compiler,.c))))
PARTC_OBJECTS := $(PARTC_SOURCES:%=$(BUILD)/host/%.o)
VERIFY_OBJECTS := $(VERIFY_SOURCES:%=$(BUILD)/host/%.o)

$(BUILD)/host/compiler/verify/%.o: HOST_INC := -Icompiler/verify
$(BUILD)/host/%.o: HOST_INC ?= -Icompiler
$(BUILD)/host/%.c.o: %.c
	$(call say,HOSTCC    ,$<)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) $(HOST_INC) $(DEP_FLAGS) -c $< -o $@

$(BUILD)/partc: $(PARTC_OBJECTS)
	$(call say,HOSTLD    ,$@)
	$(Q)$(HOSTCC) -o $@ $^ -lfdt -lmbedcrypto

$(BUILD)/verify: $(VERIFY_OBJECTS)
	$(call say,HOSTLD    ,$@)
	$(Q)$(HOSTCC) -o $@ $^

$(if $(goals),$(eval -include $(PARTC_OBJECTS:.o=.d) $(VERIFY_OBJECTS:.o=.d)))

# What a change of a spec grants or takes away.
.PHONY: diff
diff: $(BUILD)/partc
	@test -n '$(A)' -a -n '$(B)' || { echo 'make: say which two: A=dir' \
		'B=dir (outputs of make image)' >&2; exit 2; }
	@$(BUILD)/partc diff '$(A)' '$(B)'; test $$? -le 1

# ---- writing specs ---------------------------------------------------------

.PHONY: format new-spec
format: need-spec
	@$(PYTHON) tools/format.py '$(SPEC)'

NAME ?=
SPECS ?= partition-specs
new-spec:
	@case '$(NAME)' in '' | *[!a-z0-9-]*) echo 'make: say what it is called:' \
		'NAME=box (a to z, 0 to 9, -)' >&2; exit 2;; esac
	@test ! -e '$(SPECS)/$(NAME).dts' || { echo 'make:' \
		'$(SPECS)/$(NAME).dts is there already' >&2; exit 2; }
	@sed 's|@NAME@|$(NAME)|g' tools/new-spec.dts >'$(SPECS)/$(NAME).dts'
	@echo '  $(SPECS)/$(NAME).dts; now'
	@echo '  make boot SPEC=$(SPECS)/$(NAME).dts UNTIL=DONE'

# What docs/spec.md links to; a test compares.
.PHONY: spec-errors
spec-errors: $(BUILD)/partc
	$(Q)$(BUILD)/partc --explain document >docs/spec-errors.md

# GRUB's own program, for each medium and firmware.
GRUB_IMAGES := $(addprefix $(BUILD)/grub/,iso-bios iso-uefi disk-bios \
	disk-uefi version)
$(BUILD)/grub/%: tools/grub.sh boot/grub-iso.cfg
	$(call say,GRUB      ,$@)
	@mkdir -p $(@D)
	$(Q)tools/grub.sh $* $@

# As it is when the hypervisor is built, or when another commit is taken.
$(BUILD)/version: tools/version.sh $(HV_OBJECTS) $(BUILD)/partc \
		$(wildcard .git/logs/HEAD)
	$(Q)tools/version.sh >$@

# Everything that no spec changes.
.PHONY: core hv
hv: $(BUILD)/objects.list $(BUILD)/bulkhead.ld
core: $(BUILD)/objects.list $(BUILD)/bulkhead.ld $(BUILD)/partc \
		$(BUILD)/verify $(BUILD)/version $(GRUB_IMAGES)
	@:

# ---- guests ----------------------------------------------------------------

include tools/guests.mk

# ---- verified launch -------------------------------------------------------

include tools/launch.mk

# ---- one spec --------------------------------------------------------------

image-vars := CC='$(CC)' SPEC='$(SPEC)' O='$(O)' BUILD='$(BUILD)' \
	GUESTS='$(GUESTS)' LAUNCH_OUT='$(LAUNCH_OUT)'
sub := $(MAKE) --no-print-directory

.PHONY: image boot boot-run need-spec
need-spec:
	+$(if $(and $(wildcard $(SPEC)),$(if $(wildcard $(SPEC)/.),,y)),,@test -n '$(SPEC)' || { echo 'make: say' \
		'which spec: SPEC=file.dts' >&2; exit 2; }; \
		test -f '$(SPEC)' || { echo 'make: $(SPEC): no such file' \
		'(paths are taken from $(CURDIR))' >&2; exit 2; })

make-build = +$(if $(wildcard $(BUILD)/.),,@mkdir -p $(BUILD))

# Several images may be built at once; what they share, one after the other.
image: need-spec
	$(make-build)
	+@flock $(BUILD)/.lock $(sub) core guests-for-spec
	+@$(sub) $(if $(filter -j%,$(MAKEFLAGS)),,-j2) -f tools/image.mk \
		$(image-vars) iso sbom

# The status of a recipe that fails is make's own 2; that of a question (-q)
# whose answer is no is 1. So `make boot` is a question: lines with a + are run
# all the same, and one without, there only if the boot has failed, is the no.
# Makes below this one are asked nothing.
ifeq ($(MAKECMDGOALS),boot)
MAKEFLAGS += --question
sub := MAKEFLAGS="$$(printf '%s' "$$MAKEFLAGS" | sed '1s/^\([a-zA-Z]*\)q/\1/')" \
	$(sub)
endif
boot-failed := $(O)/boot.failed

boot-run: need-spec
	$(make-build)
	+@flock $(BUILD)/.lock env $(sub) core guests-for-spec
	+@$(sub) -f tools/image.mk $(image-vars) \
		$(if $(filter qemu-direct,$(EMU)-$(FIRMWARE)),elf,$(medium-goal))
	+@rm -f $(boot-failed)
	+@exec $(PYTHON) tests/emu/boot.py --timeout '$(TIMEOUT)' --emu '$(EMU)' \
		--firmware '$(FIRMWARE)' --medium '$(MEDIUM)' \
		--icount '$(ICOUNT)' \
		--failed $(boot-failed) '$(O)'
boot: boot-run
	$(if $(shell test -e $(boot-failed) && echo y),@exit 1)

# ---- media -----------------------------------------------------------------

medium-goal := $(if $(filter disk,$(MEDIUM)),disk,iso)

.PHONY: disk update flash
disk: need-spec
	$(make-build)
	+@flock $(BUILD)/.lock $(sub) core guests-for-spec
	+@$(sub) -f tools/image.mk $(image-vars) SLOT_MIB='$(SLOT_MIB)' disk sbom
	@echo '  $(O)/disk.img'

update: image
	@test -n '$(DISK)' || { echo 'make: say which disk: DISK=/dev/sdx or' \
		'an image that make disk made' >&2; exit 2; }
	@$(PYTHON) tools/disk.py update $(if $(FORCE),--force) '$(DISK)' '$(O)'

flash: $(if $(filter disk,$(IMAGE)),disk,image)
	@test -n '$(DEV)' || { echo 'make: say which disk: DEV=/dev/sdx' \
		'(lsblk shows them)' >&2; exit 2; }
	@$(PYTHON) tools/flash.py '$(DEV)' \
		'$(O)/$(if $(filter disk,$(IMAGE)),disk.img,bulkhead.iso)'

# ---- boards ----------------------------------------------------------------

include tools/board/image/image.mk

# ---- the demo --------------------------------------------------------------

.PHONY: run deps recording
deps:
	@tools/deps.sh check

run:
	@BUILD='$(BUILD)' GUESTS='$(GUESTS)' MAKE='$(MAKE)' CC='$(CC)' \
		FIRMWARE='$(if $(filter file,$(origin FIRMWARE)),,$(FIRMWARE))' \
		MEDIUM='$(MEDIUM)' CONFIG='$(CONFIG)' SPEC='$(SPEC)' EMU='$(EMU)' \
		TIMEOUT='$(if $(BULKHEAD_UNTIL),$(TIMEOUT),0)' \
		tools/run.sh

# What README.md shows.
recording:
	@tools/deps.sh check recording
	@$(PYTHON) tools/recording.py record docs/demo.cast -- \
		$(MAKE) --no-print-directory run
	@$(PYTHON) tools/recording.py picture docs/demo.cast docs/demo.svg

# ---- tests -----------------------------------------------------------------

include tests/tests.mk

.PHONY: clean distclean FORCE
clean:
	$(Q)find $(BUILD) -mindepth 1 -maxdepth 1 ! -name guests ! -name .config \
		-exec rm -rf {} + 2>/dev/null || true
distclean:
	$(Q)rm -rf $(BUILD)
FORCE:
