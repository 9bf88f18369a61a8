# SPDX-License-Identifier: Apache-2.0
# The bare-metal test guests: $(O)/guests/NAME.bin and NAME.elf (PVH).
# Included by the top Makefile; works alone too:
#	make -f tests/guests/guests.mk O=build guests
O ?= build
GUEST_SRC := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
GUEST_OUT := $(O)/guests
GUEST_CC ?= gcc

# raw64 at 1 MiB
GUESTS64 := hello loop
# raw32 at 1 MiB, raw16 at 0x8000: NAME32, NAME16
GUESTS32 := hello
GUESTS16 := hello
# PVH ELF at 1 MiB: NAME-pvh.elf
GUESTS_PVH := hello

GUEST_CFLAGS := -std=gnu11 -O2 -g0 -Wall -Wextra -Wconversion -Wvla \
	-Wmissing-prototypes -Werror -ffreestanding -mgeneral-regs-only \
	-mno-red-zone -fno-pic -fno-pie -fno-stack-protector \
	-fcf-protection=none -fno-asynchronous-unwind-tables -fno-builtin \
	-I$(GUEST_SRC) -I$(GUEST_SRC)/../../hv/include
GUEST_LIB := console trap paging apic time smp hypercall
GUEST_LIB_OBJ := $(GUEST_LIB:%=$(GUEST_OUT)/lib/%.o)
GUEST_HEADERS := $(wildcard $(GUEST_SRC)/lib/*.h $(GUEST_SRC)/*.h)
GUEST_LD := ld -nostdlib -static -z max-page-size=4096 \
	--no-warn-rwx-segments -T $(GUEST_SRC)/lib/guest.ld

GUEST_BINS := $(GUESTS64:%=$(GUEST_OUT)/%.bin) \
	$(GUESTS32:%=$(GUEST_OUT)/%32.bin) \
	$(GUESTS16:%=$(GUEST_OUT)/%16.bin) \
	$(GUESTS_PVH:%=$(GUEST_OUT)/%-pvh.elf)

.PHONY: guests
guests: $(GUEST_BINS)

$(GUEST_OUT)/lib/%.o: $(GUEST_SRC)/lib/%.c $(GUEST_HEADERS)
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) -c -o $@ $<

$(GUEST_OUT)/lib/%.o: $(GUEST_SRC)/lib/%.S
	@mkdir -p $(@D)
	$(GUEST_CC) -c -o $@ $<

$(GUEST_OUT)/lib/start32-pvh.o: $(GUEST_SRC)/lib/start32.S
	@mkdir -p $(@D)
	$(GUEST_CC) -DPVH -c -o $@ $<

# A guest's own objects, one set per flavour: its name is in it.
$(GUEST_OUT)/obj/%.o: $(GUEST_SRC)/%.c $(GUEST_HEADERS)
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) -c -o $@ $<

$(GUEST_OUT)/obj/%-pvh.o: $(GUEST_SRC)/%.c $(GUEST_HEADERS)
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) -DPVH -c -o $@ $<

$(GUEST_OUT)/obj/%.o: $(GUEST_SRC)/%.S
	@mkdir -p $(@D)
	$(GUEST_CC) -c -o $@ $<

$(GUEST_OUT)/obj/%.name.o: | $(GUEST_OUT)/obj
	echo 'extern const char guest_name[]; const char guest_name[] = "$*";' \
		| $(GUEST_CC) $(GUEST_CFLAGS) -x c -c -o $@ -

$(GUEST_OUT)/obj:
	@mkdir -p $@

# 1: flavour's start objects, 2: base, 3: own objects
guest_link = $(GUEST_LD) --defsym=BASE=$(2) -o $@.tmp.elf \
	$(1:%=$(GUEST_OUT)/lib/%.o) $(3) $(GUEST_LIB_OBJ) && \
	objcopy -O binary $@.tmp.elf $@

# NAME_EXTRA: further objects of a guest (assembler)
.SECONDEXPANSION:
guest_extra = $(addprefix $(GUEST_OUT)/obj/,$($(1)_EXTRA))

$(GUESTS64:%=$(GUEST_OUT)/%.bin): $(GUEST_OUT)/%.bin: \
		$(GUEST_OUT)/lib/start64.o $(GUEST_OUT)/obj/%.o \
		$(GUEST_OUT)/obj/%.name.o $$(call guest_extra,$$*) \
		$(GUEST_LIB_OBJ) $(GUEST_SRC)/lib/guest.ld
	$(call guest_link,start64,0x100000,$(GUEST_OUT)/obj/$*.o \
		$(GUEST_OUT)/obj/$*.name.o $(call guest_extra,$*))

$(GUESTS32:%=$(GUEST_OUT)/%32.bin): $(GUEST_OUT)/%32.bin: \
		$(GUEST_OUT)/lib/start32.o $(GUEST_OUT)/lib/start64.o \
		$(GUEST_OUT)/obj/%.o $(GUEST_OUT)/obj/%32.name.o \
		$(GUEST_LIB_OBJ) $(GUEST_SRC)/lib/guest.ld
	$(call guest_link,start32 start64,0x100000,$(GUEST_OUT)/obj/$*.o \
		$(GUEST_OUT)/obj/$*32.name.o)

$(GUESTS16:%=$(GUEST_OUT)/%16.bin): $(GUEST_OUT)/%16.bin: \
		$(GUEST_OUT)/lib/start16.o $(GUEST_OUT)/lib/start32.o \
		$(GUEST_OUT)/lib/start64.o $(GUEST_OUT)/obj/%.o \
		$(GUEST_OUT)/obj/%16.name.o $(GUEST_LIB_OBJ) \
		$(GUEST_SRC)/lib/guest.ld
	$(call guest_link,start16 start32 start64,0x8000, \
		$(GUEST_OUT)/obj/$*.o $(GUEST_OUT)/obj/$*16.name.o)

$(GUESTS_PVH:%=$(GUEST_OUT)/%-pvh.elf): $(GUEST_OUT)/%-pvh.elf: \
		$(GUEST_OUT)/lib/start32-pvh.o $(GUEST_OUT)/lib/start64.o \
		$(GUEST_OUT)/obj/%-pvh.o $(GUEST_OUT)/obj/%-pvh.name.o \
		$(GUEST_LIB_OBJ) $(GUEST_SRC)/lib/guest.ld
	$(GUEST_LD) --defsym=BASE=0x100000 -e start32 -o $@ \
		$(GUEST_OUT)/lib/start32-pvh.o $(GUEST_OUT)/lib/start64.o \
		$(GUEST_OUT)/obj/$*-pvh.o $(GUEST_OUT)/obj/$*-pvh.name.o \
		$(GUEST_LIB_OBJ)

# A raw64 guest without a hypervisor: qemu-system-x86_64 -kernel
# $(O)/guests/NAME.mb.elf -debugcon stdio
$(GUEST_OUT)/%.mb.elf: $(GUEST_OUT)/%.bin $(GUEST_SRC)/lib/multiboot.S
	$(GUEST_CC) -m32 -DLOAD=0x100000 -DPAYLOAD='"$<"' -c -o $@.o \
		$(GUEST_SRC)/lib/multiboot.S
	ld -m elf_i386 -nostdlib -static --no-warn-rwx-segments \
		-Ttext=0x2000000 -e multiboot_start -o $@ $@.o
