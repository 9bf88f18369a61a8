# SPDX-License-Identifier: Apache-2.0
#
# make unit, lint, check, bench, soak. A unit or fuzz test names the sources that it is
# linked with in a comment of its own: SOURCES: hv/lib/x.c tests/unit/y.c

UNIT_CFLAGS := -std=gnu11 -O1 -g -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer -Wall -Wextra \
	-Wno-unused-parameter -DHOST_TEST -Ihv -Ihv/include -Itests/unit \
	-include $(KCONFIG_AUTOHEADER)
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
UNIT_BINARIES := $(UNIT_TESTS:%=$(BUILD)/unit/%)

# What a test says of itself: SOURCES; FLAGS: -DCONFIG_X=1, which are its
# sources' too; NEEDS: mbedtls.
unit-said = $(shell sed -n 's|.*$(2):\(.*[^ ]\) *\*/.*|\1|p' tests/unit/$(1).c)
UNIT_MBED_CFLAGS := $(MBED_INC) -DLAUNCH_HOST -Icompiler/sign
define unit-read
unit-sources := $(call unit-said,$(1),SOURCES)
unit-mbed := $(call unit-said,$(1),NEEDS)
unit-cflags := $(UNIT_CFLAGS) $(call unit-said,$(1),FLAGS)
endef
define unit-rule
$(BUILD)/unit/$(1): tests/unit/$(1).c $(unit-sources) $(KCONFIG_AUTOHEADER) \
		$(if $(unit-mbed),$(BUILD)/unit/libmbed.a)
	$$(call say,UNIT      ,$(1))
	@mkdir -p $$(@D)
	$$(Q)$(HOSTCC) $(unit-cflags) $(if $(unit-mbed),$(UNIT_MBED_CFLAGS)) \
		-MM -MP -MT $$@ tests/unit/$(1).c $(unit-sources) >$$@.d
	$$(Q)$(HOSTCC) $(unit-cflags) $(if $(unit-mbed),$(UNIT_MBED_CFLAGS)) \
		tests/unit/$(1).c $(unit-sources) \
		$(if $(unit-mbed),$(BUILD)/unit/libmbed.a) -o $$@ -lcmocka
endef

.PHONY: unit-binaries fuzz-binaries unit lint check bench soak
# Of those alone that are to be made: reading them takes a process each.
unit-goals := $(if $(filter unit-binaries,$(MAKECMDGOALS)),$(UNIT_TESTS),\
	$(filter $(UNIT_TESTS),$(MAKECMDGOALS:$(BUILD)/unit/%=%)))
$(foreach test,$(unit-goals),$(eval $(call unit-read,$(test)))\
	$(eval $(call unit-rule,$(test))))
-include $(unit-goals:%=$(BUILD)/unit/%.d)
unit-binaries: $(UNIT_BINARIES)

# clang's libFuzzer drives these.
FUZZ_BINARIES := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard \
	tests/fuzz/fuzz_*.c))
# A folder stands for all that is in it.
fuzz-sources = $(foreach s,$(shell sed -n \
	's#.*\(SOURCES\|FLAGS\):\(.*[^ ]\) *\*/.*#\2#p' $(1)),$(if \
	$(filter %.c -%,$(s)),$(s),$(wildcard $(s)/*.c)))
fuzz-binaries: $(FUZZ_BINARIES)
$(BUILD)/fuzz/%: tests/fuzz/%.c $(wildcard tests/fuzz/*.c) $(HV_SOURCES) \
		$(PARTC_SOURCES) $(wildcard stack/launch/*.[ch]) \
		$(KCONFIG_AUTOHEADER)
	$(call say,FUZZ      ,$*)
	@mkdir -p $(@D)
	$(Q)clang $(UNIT_CFLAGS) -D_GNU_SOURCE -Istack/launch -fsanitize=fuzzer $< \
		$(call fuzz-sources,$<) -o $@

# Tests have a build directory of their own, with the tests' configuration.
check-sub := $(PYTHON) tests/check.py --build '$(BUILD)' --guests '$(GUESTS)'

unit:
	@$(check-sub) unit
lint:
	@$(check-sub) lint
check:
	@tools/deps.sh check check
	@test -d '$(BUILD)/test' || tools/space.sh 700 '$(BUILD)'
	@tools/space.sh 400 "$${TMPDIR:-/tmp}" TMPDIR=directory
	@$(check-sub) $(or $(STAGES),all)
# SOAK_MINUTES: how long.
soak:
	@tools/deps.sh check check
	@$(check-sub) soak
bench:
	@BULKHEAD_WRITE='$(WRITE)' $(check-sub) bench

# A launch partition that lies (tests/launch/forge.c), in the place of the
# one in LAUNCH_OUT. FORGED: the texts that it extends.
.PHONY: forged-launch
forged-launch:
	$(Q)$(CC) $(LAUNCH_CFLAGS) $(OPT_SIZE) $(LAUNCH_WARN) $(MBED_INC) \
		-Ihv/include -DFORGED='"$(FORGED)"' -c tests/launch/forge.c \
		-o $(LAUNCH_OUT)/measure.c.o
	$(Q)$(LD) -m elf_x86_64 -nostdlib -static -z max-page-size=4096 \
		-z noexecstack --build-id=none --gc-sections \
		--no-warn-rwx-segments --defsym=BASE=$(LAUNCH_BASE) \
		-T stack/launch/launch.ld -o $(LAUNCH_OUT)/launch.elf \
		$(filter-out %/measure.c.o,$(LAUNCH_OBJECTS)) \
		$(LAUNCH_OUT)/measure.c.o $(LAUNCH_OUT)/authorities.S.o \
		$(BUILD)/launch/libmbed.a
	$(Q)objcopy -O binary $(LAUNCH_OUT)/launch.elf $(LAUNCH_OUT)/launch.bin
