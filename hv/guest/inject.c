/* SPDX-License-Identifier: Apache-2.0 */
/* The exceptions by which a handler refuses an instruction. */
#include "guest/guest.h"

enum outcome guest_inject_ud(struct vp *vp)
{
	vcpu_inject_exception(&vp->vcpu, VECTOR_UD, false, 0);
	return OUTCOME_INJECT;
}

enum outcome guest_inject_gp(struct vp *vp)
{
	vcpu_inject_exception(&vp->vcpu, VECTOR_GP, true, 0);
	return OUTCOME_INJECT;
}
