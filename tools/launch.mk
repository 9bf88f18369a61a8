# SPDX-License-Identifier: Apache-2.0
#
# The launch partition (stack/launch), with mbedTLS from the source that
# Debian's package is made of: unpacked in GUESTS, never in the repository.
#
#   BUILD/launch/launch.bin    its payload (raw64, at LAUNCH_BASE); LAUNCH_OUT,
#                              LAUNCH_CA: elsewhere, with other authorities
#   BUILD/launch/libmbed.a     for it
#   BUILD/host/libmbed.a       for host programs
#   BUILD/unit/libmbed.a       with sanitizers, for tests

MBED_NAME := mbedtls-2.28.3
MBED := $(GUESTS)/$(MBED_NAME)
MBED_FILE := mbedtls_2.28.3.orig.tar.gz
MBED_SHA256 := \
	3b4953aa55a681e084d31892d9904cc5328d6b4958ea57b90ae4b4f94ae69a8d

$(MBED)/.unpacked:
	$(Q)tools/source.sh $(GUESTS) $(MBED_NAME) pool/main/m/mbedtls \
		$(MBED_FILE) $(MBED_SHA256)

MBED_SOURCES := asn1parse asn1write base64 bignum constant_time ecdsa ecp \
	ecp_curves hmac_drbg md memory_buffer_alloc oid pem pk pk_wrap \
	pkparse platform platform_util rsa rsa_internal sha256 sha512 x509 \
	x509_crt
MBED_INC := -Istack/launch -isystem $(MBED)/include \
	-DMBEDTLS_CONFIG_FILE='"mbedtls_config.h"' \
	-include $(KCONFIG_AUTOHEADER)

# ---- for the partition -----------------------------------------------------

# No vector registers, so that none need be switched on or kept. Hashing is
# nearly all of what it does; the rest is for size.
LAUNCH_CFLAGS := -std=c11 -ffreestanding -g -mgeneral-regs-only \
	-mno-red-zone -fno-pic -fno-pie -fno-stack-protector -fno-jump-tables \
	-fcf-protection=none -fno-asynchronous-unwind-tables -fno-common \
	-ffunction-sections -fdata-sections -fno-strict-aliasing \
	-ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(abspath $(BUILD))=build \
	-ffile-prefix-map=$(abspath $(GUESTS))=guests
launch-opt = $(if $(filter %sha512.c %support.c,$(1)),-O2,$(OPT_SIZE))
LAUNCH_WARN := -Wall -Wextra -Wconversion -Wswitch-enum -Wvla \
	-Wmissing-prototypes -Wundef -Werror

LAUNCH_MBED := $(MBED_SOURCES:%=$(BUILD)/launch/mbedtls/%.o)
$(LAUNCH_MBED): $(BUILD)/launch/mbedtls/%.o: $(MBED)/.unpacked \
		stack/launch/mbedtls_config.h tools/launch.mk $(BUILD)/flags \
		$(KCONFIG_AUTOHEADER)
	$(call say,CC        ,$(MBED_NAME)/$*.c)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LAUNCH_CFLAGS) $(call launch-opt,$*.c) $(MBED_INC) \
		-c $(MBED)/library/$*.c -o $@

$(BUILD)/launch/libmbed.a: $(LAUNCH_MBED)
	$(call say,AR        ,$@)
	@rm -f $@
	$(Q)ar rcD $@ $^

# ---- the partition ---------------------------------------------------------

LAUNCH_BASE := 0x100000
LAUNCH_OBJECTS := $(addprefix $(BUILD)/launch/,start.S.o main.c.o check.c.o \
	chain.c.o manifest.c.o paging.c.o support.c.o tpm_io.c.o \
	tpm_wire.c.o tpm.c.o tpm_key.c.o eventlog.c.o measure.c.o service.c.o \
	event.c.o attest.c.o synic.c.o interrupt.S.o)

$(BUILD)/launch/%.c.o: stack/launch/%.c $(MBED)/.unpacked $(BUILD)/flags \
		$(KCONFIG_AUTOHEADER)
	$(call say,CC        ,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LAUNCH_CFLAGS) $(call launch-opt,$<) $(LAUNCH_WARN) \
		$(MBED_INC) -Ihv/include $(DEP_FLAGS) -c $< -o $@

$(BUILD)/launch/start.S.o $(BUILD)/launch/interrupt.S.o: \
		$(BUILD)/launch/%.S.o: stack/launch/%.S $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) -c $< -o $@

# The authorities: LAUNCH_CA wins over CONFIG_LAUNCH_CA; none: an empty file,
# and a launch partition that finds nothing good.
LAUNCH_OUT ?= $(BUILD)/launch
LAUNCH_CA ?= $(patsubst "%",%,$(CONFIG_LAUNCH_CA))
$(LAUNCH_OUT)/authorities: $(LAUNCH_CA) $(BUILD)/manifest \
		$(LAUNCH_OUT)/authorities.path
	$(call say,CA        ,$(or $(LAUNCH_CA),none))
	$(Q)$(if $(LAUNCH_CA),$(BUILD)/manifest authorities \
		--authorities '$(LAUNCH_CA)' --out $@,: >$@)
$(LAUNCH_OUT)/authorities.path: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(LAUNCH_CA)' | cmp -s - $@ || \
		printf '%s\n' '$(LAUNCH_CA)' >$@
$(LAUNCH_OUT)/authorities.S.o: stack/launch/authorities.S \
		$(LAUNCH_OUT)/authorities
	$(Q)$(CC) -c -DAUTHORITIES='"$(LAUNCH_OUT)/authorities"' $< -o $@

$(LAUNCH_OUT)/launch.elf: $(LAUNCH_OBJECTS) \
		$(LAUNCH_OUT)/authorities.S.o $(BUILD)/launch/libmbed.a \
		stack/launch/launch.ld
	$(call say,LD        ,$@)
	$(Q)$(LD) -m elf_x86_64 -nostdlib -static -z max-page-size=4096 \
		-z noexecstack --build-id=none --gc-sections \
		--no-warn-rwx-segments --defsym=BASE=$(LAUNCH_BASE) \
		-T stack/launch/launch.ld -o $@ $(LAUNCH_OBJECTS) \
		$(LAUNCH_OUT)/authorities.S.o $(BUILD)/launch/libmbed.a
$(LAUNCH_OUT)/launch.bin: $(LAUNCH_OUT)/launch.elf
	$(Q)objcopy -O binary $< $@
	@mkdir -p $(@D)/packages
	@echo GENERATED_FROM $$(sha256sum <$@ | cut -d ' ' -f 1) debian \
		$(subst -, ,$(MBED_NAME)) source $(MBED_FILE) \
		>$(@D)/packages/launch.bin.from

.PHONY: launch
ifeq ($(CONFIG_LAUNCH),y)
launch: $(LAUNCH_OUT)/launch.bin $(BUILD)/manifest
else
launch:
	@echo 'make: this build has no verified launch: set CONFIG_LAUNCH' \
		'(make menuconfig)' >&2; exit 2
endif

-include $(LAUNCH_OBJECTS:.o=.d)

# ---- for the host ----------------------------------------------------------

HOST_MBED := $(MBED_SOURCES:%=$(BUILD)/host/mbedtls/%.o)
UNIT_MBED := $(MBED_SOURCES:%=$(BUILD)/unit/mbedtls/%.o)
$(HOST_MBED) $(UNIT_MBED): $(MBED)/.unpacked stack/launch/mbedtls_config.h \
		tools/launch.mk $(KCONFIG_AUTOHEADER)
$(HOST_MBED): $(BUILD)/host/mbedtls/%.o:
	$(call say,HOSTCC    ,$(MBED_NAME)/$*.c)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=c11 -O2 -g $(MBED_INC) -DLAUNCH_HOST \
		-c $(MBED)/library/$*.c -o $@
$(UNIT_MBED): $(BUILD)/unit/mbedtls/%.o:
	$(call say,UNITCC    ,$(MBED_NAME)/$*.c)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=c11 -O2 -g -fsanitize=address,undefined \
		-fno-sanitize-recover=all -fno-omit-frame-pointer $(MBED_INC) \
		-DLAUNCH_HOST -c $(MBED)/library/$*.c -o $@

$(BUILD)/host/libmbed.a: $(HOST_MBED)
$(BUILD)/unit/libmbed.a: $(UNIT_MBED)
$(BUILD)/host/libmbed.a $(BUILD)/unit/libmbed.a:
	$(call say,AR        ,$@)
	@rm -f $@
	$(Q)ar rcD $@ $^

# ---- the signer's program --------------------------------------------------

# What it shares: the partition's own check, verify's reader of images, and
# partc's of reports.
SIGN_SOURCES := $(sort $(wildcard compiler/sign/*.c)) \
	$(addprefix stack/launch/,manifest.c chain.c check.c event.c)
SIGN_OBJECTS := $(SIGN_SOURCES:%=$(BUILD)/host/%.o) \
	$(addprefix $(BUILD)/host/compiler/,verify/elf.c.o verify/tables.c.o \
	verify/file.c.o diff/json.c.o util.c.o host/file.c.o)
$(SIGN_SOURCES:%=$(BUILD)/host/%.o): HOST_INC := $(MBED_INC) -DLAUNCH_HOST \
	-Icompiler/sign -Icompiler/verify -Icompiler
$(SIGN_SOURCES:%=$(BUILD)/host/%.o): $(MBED)/.unpacked $(KCONFIG_AUTOHEADER)

$(BUILD)/manifest: $(SIGN_OBJECTS) $(BUILD)/host/libmbed.a
	$(call say,HOSTLD    ,$@)
	$(Q)$(HOSTCC) -o $@ $^

-include $(SIGN_OBJECTS:.o=.d)
