/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What verified launch needs of PCI: while memory is checked, no device writes
 * to it. Whoever owns a device later switches its bus mastering on again.
 */
#ifndef CPU_PCI_H
#define CPU_PCI_H

#ifdef CONFIG_LAUNCH
/*
 * Bus mastering off in every function of every bus, and a line in the log of
 * how many had it on. On the first LP, before there is another.
 */
void pci_quiet(void);
#else
static inline void pci_quiet(void)
{
}
#endif

#endif
