/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for CPUID bits (APM3 appendix E; SDM2 CPUID), for the rows of a
 * profile: leaf, register, bit.
 */
#ifndef INCLUDE_CPUID_H
#define INCLUDE_CPUID_H

#define BIT(n) (1 << (n))
#define ALL 0xffffffff		/* every bit of a register */

/* Leaf 1 ECX */
#define C1C_SSE3 BIT(0)
#define C1C_PCLMUL BIT(1)
#define C1C_MONITOR BIT(3)
#define C1C_SSSE3 BIT(9)
#define C1C_FMA BIT(12)
#define C1C_CX16 BIT(13)
#define C1C_PCID BIT(17)
#define C1C_SSE41 BIT(19)
#define C1C_SSE42 BIT(20)
#define C1C_X2APIC BIT(21)
#define C1C_MOVBE BIT(22)
#define C1C_POPCNT BIT(23)
#define C1C_TSC_DEADLINE BIT(24)
#define C1C_AES BIT(25)
#define C1C_XSAVE BIT(26)
#define C1C_AVX BIT(28)
#define C1C_F16C BIT(29)
#define C1C_RDRAND BIT(30)
#define C1C_HYPERVISOR BIT(31)

/* Leaf 1 EDX; most of them again in leaf 0x80000001 EDX on AMD */
#define C1D_FPU BIT(0)
#define C1D_VME BIT(1)
#define C1D_DE BIT(2)
#define C1D_PSE BIT(3)
#define C1D_TSC BIT(4)
#define C1D_MSR BIT(5)
#define C1D_PAE BIT(6)
#define C1D_MCE BIT(7)
#define C1D_CX8 BIT(8)
#define C1D_APIC BIT(9)
#define C1D_SEP BIT(11)
#define C1D_MTRR BIT(12)
#define C1D_PGE BIT(13)
#define C1D_MCA BIT(14)
#define C1D_CMOV BIT(15)
#define C1D_PAT BIT(16)
#define C1D_PSE36 BIT(17)
#define C1D_CLFSH BIT(19)
#define C1D_MMX BIT(23)
#define C1D_FXSR BIT(24)
#define C1D_SSE BIT(25)
#define C1D_SSE2 BIT(26)

#define C1D_BASE (C1D_FPU | C1D_VME | C1D_DE | C1D_PSE | C1D_TSC | C1D_MSR | \
	C1D_PAE | C1D_CX8 | C1D_PGE | C1D_CMOV | C1D_PAT | C1D_PSE36 | \
	C1D_MMX | C1D_FXSR)

/* Leaf 7.0 */
#define C7B_FSGSBASE BIT(0)
#define C7B_BMI1 BIT(3)
#define C7B_AVX2 BIT(5)
#define C7B_SMEP BIT(7)
#define C7B_BMI2 BIT(8)
#define C7B_ERMS BIT(9)
#define C7B_RDSEED BIT(18)
#define C7B_ADX BIT(19)
#define C7B_SMAP BIT(20)
#define C7B_CLFLUSHOPT BIT(23)
#define C7B_CLWB BIT(24)
#define C7B_SHA BIT(29)
#define C7C_UMIP BIT(2)
#define C7C_VAES BIT(9)
#define C7C_VPCLMUL BIT(10)
#define C7C_RDPID BIT(22)
#define C7D_FSRM BIT(4)

/* Leaf 0xD.1 EAX */
#define CDA_XSAVEOPT BIT(0)
#define CDA_XSAVEC BIT(1)
#define CDA_XGETBV1 BIT(2)

/* Leaf 0x80000001 */
#define E1C_LAHF BIT(0)
#define E1C_ABM BIT(5)
#define E1C_SSE4A BIT(6)
#define E1C_MISALIGNSSE BIT(7)
#define E1C_PREFETCHW BIT(8)
#define E1D_SYSCALL BIT(11)
#define E1D_NX BIT(20)
#define E1D_MMXEXT BIT(22)
#define E1D_PAGE1GB BIT(26)
#define E1D_RDTSCP BIT(27)
#define E1D_LM BIT(29)

#endif
