# SPDX-License-Identifier: Apache-2.0
#
# The capture image: what a machine without a Linux says of itself over a
# serial line (docs/board.md). Its own little program, 32-bit, not Bulkhead.

BOARD_SRC := tools/board/image
BOARD_OUT := $(BUILD)/board
BOARD_OBJECTS := $(patsubst %,$(BOARD_OUT)/%.o,start.S main.c line.c uart.c \
	machine.c tables.c)
BOARD_CFLAGS := -m32 -std=c11 -ffreestanding -Os -mgeneral-regs-only \
	-fno-pic -fno-pie -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-builtin -fno-strict-aliasing \
	-Wall -Wextra -Wconversion -Wvla -Wmissing-prototypes -Wundef -Werror \
	-Wa,--fatal-warnings

.PHONY: board-image board
board-image: $(BOARD_OUT)/board.iso
	@echo '  $<'

$(BOARD_OUT)/%.o: $(BOARD_SRC)/% $(BOARD_SRC)/image.h $(BOARD_SRC)/image.mk
	$(call say,CC        ,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BOARD_CFLAGS) -c $< -o $@

$(BOARD_OUT)/board.elf: $(BOARD_OBJECTS) $(BOARD_SRC)/image.ld
	$(call say,LD        ,$@)
	$(Q)$(LD) -m elf_i386 -nostdlib -static -z max-page-size=4096 \
		-z noexecstack --build-id=none --fatal-warnings \
		-T $(BOARD_SRC)/image.ld -o $@ $(BOARD_OBJECTS)

$(BOARD_OUT)/board.iso: $(BOARD_OUT)/board.elf $(BOARD_SRC)/grub.cfg \
		tools/iso.sh $(BUILD)/grub/iso-bios $(BUILD)/grub/iso-uefi
	$(call say,ISO       ,$@)
	$(Q)tools/iso.sh $(BUILD)/grub/iso-bios $(BUILD)/grub/iso-uefi $< \
		$(BOARD_SRC)/grub.cfg $@

# FROM: logs of that image, captures of tools/board-save.sh; none: this machine.
board:
	@test -n '$(NAME)' || { echo 'make: say how the board is called:' \
		'NAME=x (FROM=log, directory or .tar.gz)' >&2; exit 2; }
	@$(PYTHON) tools/board-capture $(if $(FORCE),--force) \
		$(foreach f,$(FROM),--from '$(f)') '$(NAME)'
