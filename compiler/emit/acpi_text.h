/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of a guest's ACPI tables, in iasl's languages. */
#ifndef PARTC_EMIT_ACPI_TEXT_H
#define PARTC_EMIT_ACPI_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "model.h"

/* Where the tables lie in the block, by offset from PLACE_ACPI. */
#define ACPI_RSDP 0x0000u
#define ACPI_XSDT 0x0040u
#define ACPI_FADT 0x0100u
#define ACPI_MADT 0x0400u	/* up to 64 VPs */
#define ACPI_DSDT 0x0800u

void acpi_write_rsdp(FILE *out);
void acpi_write_xsdt(FILE *out);
void acpi_write_fadt(FILE *out, const struct model_partition *p);
void acpi_write_madt(FILE *out, const struct model_partition *p);
void acpi_write_dsdt(FILE *out, const struct model *model,
		     const struct model_partition *p);

#endif
