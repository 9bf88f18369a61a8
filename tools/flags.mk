# SPDX-License-Identifier: Apache-2.0
#
# How code of the hypervisor is compiled and linked: for the objects that
# every image shares, and for the tables of one.

HV_CC := $(CC)
# Padding between functions and loops costs a tenth of the text and saves no
# instruction.
OPT ?= -O2 -falign-functions=1 -falign-loops=1 $(if \
	$(findstring clang,$(HV_CC)),-fno-unroll-loops -mllvm -inline-threshold=60,\
	-falign-jumps=1 -falign-labels=1)
# What no frequent exit passes through is made small instead.
COLD := hv/main.c hv/cpu/boot_info.c hv/cpu/ioapic_regs.c hv/cpu/log.c \
	hv/cpu/lp.c hv/cpu/mce.c hv/cpu/trap.c hv/cpu/tsc.c hv/lib/fmt.c \
	hv/mem/hvmap.c hv/guest/crash.c hv/guest/ioapic.c hv/guest/msr_mtrr.c \
	hv/guest/overlay.c hv/run/account.c hv/run/lifecycle.c \
	hv/vcpu/svm/svm_start.c
HV_CFLAGS := -std=c11 -ffreestanding $(OPT) -g \
	-mgeneral-regs-only -mno-red-zone -fno-pic -fno-pie -fno-jump-tables \
	-fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-common -fstack-usage \
	-Wall -Wextra -Wconversion -Wswitch-enum -Wvla -Wmissing-prototypes \
	-Wundef -Werror -Wa,--fatal-warnings \
	-ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(abspath $(BUILD))=build \
	-include $(KCONFIG_AUTOHEADER) -Ihv -Ihv/include
LD_FLAGS := -m elf_x86_64 -nostdlib -static -z max-page-size=4096 \
	-z noexecstack --build-id=none --fatal-warnings \
	--defsym IMAGE_BASE=$(CONFIG_IMAGE_BASE_MIB)*0x100000
