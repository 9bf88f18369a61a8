/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the device tree to the model. Reading is tolerant: what is missing or
 * of a wrong type stays unset (check/schema.c has its error already), so that
 * the checks can say all they know in one run. Only references that lead to
 * the wrong kind of node are errors of this stage.
 */
#ifndef PARTC_READ_H
#define PARTC_READ_H

#include "model.h"

/* Fills machine, profiles, partitions, plans, channels. */
void read_model(struct model *model);

void read_machine(struct model_machine *machine, int node);
/* ports, msrs, cpuid, tlfs, port-default of a profile or a partition. */
void read_policy(struct policy *policy, int node);
void read_profiles(struct model *model, int node);
void read_partitions(struct model *model, int node);
void read_plans(struct model *model, int node);
void read_channels(struct model *model, int node);

/*
 * Index of the LP, UART, profile, partition that cell i of the property
 * names; MODEL_NONE with an error if it names something else.
 */
uint32_t read_lp(const struct model *model, int node, const char *name, int i);
uint32_t read_uart(const struct model *model, int node, const char *name);
uint32_t read_profile(const struct model *model, int node, const char *name);
uint32_t read_partition(const struct model *model, int node, const char *name,
			int i);

#endif
