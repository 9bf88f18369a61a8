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

# FLAGS: -DCONFIG_X=1 of a test are its sources' too.
unit-flags = $(shell sed -n 's|.*FLAGS:\(.*[^ ]\) *\*/.*|\1|p' \
	tests/unit/$(1).c)
unit-sources = $(shell sed -n \
	's|.*SOURCES:\(.*[^ ]\) *\*/.*|\1|p' tests/unit/$(1).c)
# What is linked with mbedTLS says so: NEEDS: mbedtls
UNIT_MBED_CFLAGS := $(MBED_INC) -DLAUNCH_HOST -Icompiler/sign
unit-mbed = $(shell grep -l 'NEEDS: mbedtls' tests/unit/$(1).c)
unit-cflags = $(UNIT_CFLAGS) $(call unit-flags,$(1)) \
	$(if $(call unit-mbed,$(1)),$(UNIT_MBED_CFLAGS))
unit-lib = $(if $(call unit-mbed,$(1)),$(BUILD)/unit/libmbed.a)
define unit-rule
$(BUILD)/unit/$(1): tests/unit/$(1).c $(call unit-sources,$(1)) \
		$(KCONFIG_AUTOHEADER) $(call unit-lib,$(1))
	$$(call say,UNIT      ,$(1))
	@mkdir -p $$(@D)
	$$(Q)$(HOSTCC) $(call unit-cflags,$(1)) -MM -MP -MT $$@ \
		tests/unit/$(1).c $(call unit-sources,$(1)) >$$@.d
	$$(Q)$(HOSTCC) $(call unit-cflags,$(1)) tests/unit/$(1).c \
		$(call unit-sources,$(1)) $(call unit-lib,$(1)) -o $$@ -lcmocka
endef

.PHONY: unit-binaries fuzz-binaries unit lint check bench soak
ifneq ($(filter unit-binaries $(BUILD)/unit/%,$(MAKECMDGOALS)),)
$(foreach test,$(UNIT_TESTS),$(eval $(call unit-rule,$(test))))
-include $(UNIT_BINARIES:%=%.d)
endif
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
