/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hardware-reduced ACPI (ACPI 6.4, 4.1): no fixed hardware but the reset and
 * sleep registers, which are the partition's own ports. Checksums and lengths
 * are iasl's; OEM fields are constants, so the same spec gives the same
 * bytes.
 */
#include "emit/acpi_text.h"

#include "place/place.h"

#define LOCAL_APIC 0xfee00000u
#define IOAPIC 0xfec00000u

static void write_header(FILE *out, const char *signature, unsigned revision)
{
	fprintf(out, "[0004] Signature : \"%s\"\n"
		"[0004] Table Length : 00000000\n"
		"[0001] Revision : %02x\n[0001] Checksum : 00\n"
		"[0006] Oem ID : \"BLKHD \"\n"
		"[0008] Oem Table ID : \"BULKHEAD\"\n"
		"[0004] Oem Revision : 00000001\n"
		"[0004] Asl Compiler ID : \"INTL\"\n"
		"[0004] Asl Compiler Revision : 00000001\n\n", signature,
		revision);
}

void acpi_write_rsdp(FILE *out)
{
	fprintf(out, "[0008] Signature : \"RSD PTR \"\n"
		"[0001] Checksum : 00\n[0006] Oem ID : \"BLKHD \"\n"
		"[0001] Revision : 02\n[0004] RSDT Address : 00000000\n"
		"[0004] Length : 00000024\n[0008] XSDT Address : %016llx\n"
		"[0001] Extended Checksum : 00\n[0003] Reserved : 000000\n",
		(unsigned long long)(PLACE_ACPI + ACPI_XSDT));
}

void acpi_write_xsdt(FILE *out)
{
	write_header(out, "XSDT", 1);
	fprintf(out, "[0008] ACPI Table Address 0 : %016llx\n"
		"[0008] ACPI Table Address 1 : %016llx\n",
		(unsigned long long)(PLACE_ACPI + ACPI_FADT),
		(unsigned long long)(PLACE_ACPI + ACPI_MADT));
}

/* A generic address structure: an 8-bit port, or nothing. */
static void write_register(FILE *out, const char *name, uint32_t port)
{
	fprintf(out, "[0012] %s : [Generic Address Structure]\n"
		"[0001] Space ID : 01 [SystemIO]\n[0001] Bit Width : %02x\n"
		"[0001] Bit Offset : 00\n"
		"[0001] Encoded Access Width : %02x\n"
		"[0008] Address : %016llx\n\n", name, port == 0 ? 0 : 8,
		port == 0 ? 0 : 1, (unsigned long long)port);
}

/* Fields that mean fixed hardware, which there is none of: all zero. */
static void write_fixed_hardware(FILE *out)
{
	static const char *const name[] = {
		"[0004] SMI Command Port", "[0001] ACPI Enable Value",
		"[0001] ACPI Disable Value", "[0001] S4BIOS Command",
		"[0001] P-State Control", "[0004] PM1A Event Block Address",
		"[0004] PM1B Event Block Address",
		"[0004] PM1A Control Block Address",
		"[0004] PM1B Control Block Address",
		"[0004] PM2 Control Block Address",
		"[0004] PM Timer Block Address", "[0004] GPE0 Block Address",
		"[0004] GPE1 Block Address", "[0001] PM1 Event Block Length",
		"[0001] PM1 Control Block Length",
		"[0001] PM2 Control Block Length",
		"[0001] PM Timer Block Length", "[0001] GPE0 Block Length",
		"[0001] GPE1 Block Length", "[0001] GPE1 Base Offset",
		"[0001] _CST Support", "[0002] C2 Latency",
		"[0002] C3 Latency", "[0002] CPU Cache Size",
		"[0002] Cache Flush Stride", "[0001] Duty Cycle Offset",
		"[0001] Duty Cycle Width", "[0001] RTC Day Alarm Index",
		"[0001] RTC Month Alarm Index", "[0001] RTC Century Index"
	};
	size_t i;

	for (i = 0; i < COUNT(name); i++) {
		fprintf(out, "%s : 0\n", name[i]);
	}
}

/* Boot flags: no VGA, no CMOS clock. Flags: WBINVD, reset, HW-reduced. */
static void write_flags(FILE *out)
{
	static const char *const zero[] = {
		"WBINVD flushes all caches (V1)", "All CPUs support C1 (V1)",
		"C2 works on MP system (V1)",
		"Control Method Power Button (V1)",
		"Control Method Sleep Button (V1)",
		"RTC wake not in fixed reg space (V1)",
		"RTC can wake system from S4 (V1)", "32-bit PM Timer (V1)",
		"Docking Supported (V1)"
	};
	static const char *const rest[] = {
		"Sealed Case (V3)", "Headless - No Video (V3)",
		"Use native instr after SLP_TYPx (V3)",
		"PCIEXP_WAK Bits Supported (V4)", "Use Platform Timer (V4)",
		"RTC_STS valid on S4 wake (V4)",
		"Remote Power-on capable (V4)", "Use APIC Cluster Model (V4)",
		"Use APIC Physical Destination Mode (V4)"
	};
	size_t i;

	fprintf(out, "[0002] Boot Flags (decoded below) : 0000\n"
		"Legacy Devices Supported (V2) : 0\n"
		"8042 Present on ports 60/64 (V2) : 0\n"
		"VGA Not Present (V4) : 1\nMSI Not Supported (V4) : 0\n"
		"PCIe ASPM Not Supported (V4) : 0\n"
		"CMOS RTC Not Present (V5) : 1\n[0001] Reserved : 00\n"
		"[0004] Flags (decoded below) : 00000000\n"
		"WBINVD instruction is operational (V1) : 1\n");
	for (i = 0; i < COUNT(zero); i++) {
		fprintf(out, "%s : 0\n", zero[i]);
	}
	fprintf(out, "Reset Register Supported (V2) : 1\n");
	for (i = 0; i < COUNT(rest); i++) {
		fprintf(out, "%s : 0\n", rest[i]);
	}
	fprintf(out, "Hardware Reduced (V5) : 1\n"
		"Low Power S0 Idle (V5) : 0\n\n");
}

void acpi_write_fadt(FILE *out, const struct model_partition *p)
{
	static const char *const none[] = {
		"PM1A Event Block", "PM1B Event Block", "PM1A Control Block",
		"PM1B Control Block", "PM2 Control Block", "PM Timer Block",
		"GPE0 Block", "GPE1 Block"
	};
	uint64_t dsdt = PLACE_ACPI + ACPI_DSDT;
	uint32_t off = place_find_port(p, PORT_OFF);
	size_t i;

	write_header(out, "FACP", 5);
	fprintf(out, "[0004] FACS Address : 00000000\n"
		"[0004] DSDT Address : %08llx\n[0001] Model : 00\n"
		"[0001] PM Profile : 00\n[0002] SCI Interrupt : 0000\n",
		(unsigned long long)dsdt);
	write_fixed_hardware(out);
	write_flags(out);
	write_register(out, "Reset Register", place_find_port(p, PORT_RESET));
	fprintf(out, "[0001] Value to cause reset : 01\n"
		"[0002] ARM Flags (decoded below) : 0000\n"
		"PSCI Compliant : 0\nMust use HVC for PSCI : 0\n"
		"[0001] FADT Minor Revision : 00\n"
		"[0008] FACS Address : 0000000000000000\n"
		"[0008] DSDT Address : %016llx\n", (unsigned long long)dsdt);
	for (i = 0; i < COUNT(none); i++) {
		write_register(out, none[i], 0);
	}
	write_register(out, "Sleep Control Register", off);
	write_register(out, "Sleep Status Register", off + 1);
}

void acpi_write_madt(FILE *out, const struct model_partition *p)
{
	uint32_t i;

	write_header(out, "APIC", 4);
	fprintf(out, "[0004] Local Apic Address : %08x\n"
		"[0004] Flags (decoded below) : 00000000\n"
		"PC-AT Compatibility : 0\n\n", LOCAL_APIC);
	for (i = 0; i < p->vp_count; i++) {
		fprintf(out, "[0001] Subtable Type : 00\n[0001] Length : 08\n"
			"[0001] Processor ID : %02x\n"
			"[0001] Local Apic ID : %02x\n"
			"[0004] Flags (decoded below) : 00000001\n"
			"Processor Enabled : 1\n"
			"Runtime Online Capable : 0\n\n", i, i);
	}
	fprintf(out, "[0001] Subtable Type : 01\n[0001] Length : 0C\n"
		"[0001] I/O Apic ID : %02x\n[0001] Reserved : 00\n"
		"[0004] Address : %08x\n[0004] Interrupt : 00000000\n",
		p->vp_count, IOAPIC);
}

void acpi_write_dsdt(FILE *out, const struct model *model,
		     const struct model_partition *p)
{
	uint32_t base;
	uint32_t i;

	fprintf(out, "DefinitionBlock (\"\", \"DSDT\", 2, \"BLKHD \", "
		"\"BULKHEAD\", 1)\n{\n"
		"    Name (_S5, Package () { 0, 0, 0, 0 })\n"
		"    Scope (_SB)\n    {\n");
	for (i = 0; i < p->vp_count; i++) {
		fprintf(out, "        Device (C%03X)\n        {\n"
			"            Name (_HID, \"ACPI0007\")\n"
			"            Name (_UID, %u)\n        }\n", i, i);
	}
	if (p->uart != MODEL_NONE) {
		base = model_uart_guest_base(model, p);
		fprintf(out, "        Device (COM1)\n        {\n"
			"            Name (_HID, EisaId (\"PNP0501\"))\n"
			"            Name (_UID, 1)\n"
			"            Name (_CRS, ResourceTemplate ()\n"
			"            {\n"
			"                IO (Decode16, 0x%04X, 0x%04X, 1, "
			"8)\n                IRQNoFlags () { %u }\n"
			"            })\n        }\n", base, base,
			model_uart_pin(model, p));
	}
	fprintf(out, "    }\n}\n");
}
