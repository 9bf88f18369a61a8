/* SPDX-License-Identifier: Apache-2.0 */
/* LPs, VPs and plans. */
#include "check/check.h"

const struct check check_plan_rules[] = {
	{ "vp-count", CHECK_ERROR, CHECK_SPEC,
	  check_vp_count, NULL,
	  .sentence =
		"A partition has 1 to 64 VPs.",
	  .why =
		"Sets of VPs have 64 bits.",
	  .wrong =
		"vps = <&lp0 ...>; 65 times",
	  .right =
		"vps = <&lp0 &lp1>;" },
	{ "plan-twice", CHECK_ERROR, CHECK_SPEC,
	  check_plan_twice, NULL,
	  .sentence =
		"An LP has one plan.",
	  .why =
		"Only one of two could hold.",
	  .wrong =
		"plan { x { lp = <&lp0>; }; y { lp = <&lp0>; }; };",
	  .right =
		"plan { x { lp = <&lp0>; }; y { lp = <&lp1>; }; };" },
	{ "plan-missing", CHECK_ERROR, CHECK_SPEC,
	  check_plan_missing, "plan-twice",
	  .sentence =
		"An LP with several VPs has a plan.",
	  .why =
		"Nobody would say who runs when.",
	  .wrong =
		"a { vps = <&lp0>; }; b { vps = <&lp0>; };",
	  .right =
		"plan { lp0 { lp = <&lp0>; slots = <&a 0 500>, <&b 0 500>; "
		"}; };" },
	{ "plan-idle", CHECK_ERROR, CHECK_SPEC,
	  check_plan_idle, NULL,
	  .sentence =
		"A plan has a slot that does not idle.",
	  .why =
		"It is for the wrong LP, or its slots lack their partitions.",
	  .wrong =
		"slots = <0 0 1000>;",
	  .right =
		"slots = <&a 0 1000>;" },
	{ "slot-vp", CHECK_ERROR, CHECK_SPEC,
	  check_slot_vp, "type",
	  .sentence =
		"A slot names a VP that its partition has.",
	  .why =
		"The slot would run nobody.",
	  .wrong =
		"slots = <&a 1 500>; where a has one VP",
	  .right =
		"slots = <&a 0 500>;" },
	{ "slot-lp", CHECK_ERROR, CHECK_SPEC,
	  check_slot_lp, NULL,
	  .sentence =
		"A slot's VP is one that runs on the plan's LP.",
	  .why =
		"A VP stays on one LP.",
	  .wrong =
		"a { vps = <&lp1>; }; with slots = <&a 0 500>; in the plan "
		"of lp0",
	  .right =
		"a { vps = <&lp0>; };" },
	{ "slot-length", CHECK_ERROR, CHECK_SPEC,
	  check_slot_length, NULL,
	  .sentence =
		"A slot is 10 us to 1 s long.",
	  .why =
		"A shorter one is spent on the switch; a longer one starves "
		"the others.",
	  .wrong =
		"slots = <&a 0 5>;",
	  .right =
		"slots = <&a 0 500>;" },
	{ "slot-idle", CHECK_ERROR, CHECK_SPEC,
	  check_slot_idle, NULL,
	  .sentence =
		"An idle slot names VP 0.",
	  .why =
		"A partition's label is missing: its VP would not run.",
	  .wrong =
		"slots = <0 1 500>;",
	  .right =
		"slots = <&a 1 500>;" },
	{ "vp-without-slot", CHECK_ERROR, CHECK_SPEC,
	  check_vp_without_slot,
	  "type reference slot-lp plan-idle slot-idle slot-vp",
	  .sentence =
		"Every VP of an LP with a plan has a slot.",
	  .why =
		"It would never run.",
	  .wrong =
		"slots = <&a 0 500>; where b has a VP on that LP too",
	  .right =
		"slots = <&a 0 500>, <&b 0 500>;" },
	{ .id = NULL },
};
