/* SPDX-License-Identifier: Apache-2.0 */
/* The second file of the guest `hostile`. */
#ifndef HOSTILE_H
#define HOSTILE_H

void hostile_addresses(void);
void hostile_hypercalls(void);
void hostile_modes(void);
void hostile_interrupts(void);
void hostile_triple_fault(void);

#endif
