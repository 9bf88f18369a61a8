# SPDX-License-Identifier: Apache-2.0
#
# How code of the hypervisor is compiled and linked: for the objects that
# every image shares, and for the tables of one.

# What a file depends on holds for all its names: BUILD and O are said from
# here or in full, as one likes.
DEP_FLAGS = -MMD -MP $(foreach name,$(sort $@ $(abspath $@) \
	$(patsubst $(CURDIR)/%,%,$(abspath $@))),-MT $(name))

HV_CC := $(CC)
# For size, but for what most exits pass. Padding between functions and loops
# costs a tenth of the text and saves no instruction.
OPT_SIZE := $(if $(findstring clang,$(HV_CC)),-Oz,-Os)
OPT_SPEED := -O2 -falign-functions=1 -falign-loops=1 $(if \
	$(findstring clang,$(HV_CC)),-fno-unroll-loops -mllvm -inline-threshold=60,\
	-falign-jumps=1 -falign-labels=1)
HV_HOT := $(addprefix hv/,run/exit.c vcpu/svm/svm_run.c vcpu/svm/svm_exit.c \
	vcpu/svm/svm_event.c vcpu/vmx/vmx_run.c vcpu/vmx/vmx_exit.c \
	vcpu/vmx/vmx_event.c vcpu/vcpu.c guest/io.c guest/msr.c guest/synth.c \
	guest/hypercall.c guest/cpuid.c lib/string.c lib/hash.c lib/sha384.c)
# $(call HV_OPT,source)
HV_OPT = $(if $(filter $(HV_HOT),$(1)),$(OPT_SPEED),$(OPT_SIZE))
HV_CFLAGS := -std=c11 -ffreestanding -g \
	-mgeneral-regs-only -mno-red-zone -fno-pic -fno-pie -fno-jump-tables \
	-fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-common -fdata-sections -fstack-usage \
	-Wall -Wextra -Wconversion -Wswitch-enum -Wvla -Wmissing-prototypes \
	-Wundef -Werror -Wa,--fatal-warnings \
	-ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(abspath $(BUILD))=build \
	-include $(KCONFIG_AUTOHEADER) -Ihv -Ihv/include
# What makes one build's objects differ from another's.
HV_FLAGS_ALL := $(HV_CC) $(HV_CFLAGS) $(OPT_SIZE) $(OPT_SPEED) $(HV_HOT)
LD_FLAGS := -m elf_x86_64 -nostdlib -static -z max-page-size=4096 \
	-z noexecstack --build-id=none --fatal-warnings \
	--defsym IMAGE_BASE=$(CONFIG_IMAGE_BASE_MIB)*0x100000
