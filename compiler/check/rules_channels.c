/* SPDX-License-Identifier: Apache-2.0 */
/* Channels between partitions. */
#include "check/check.h"

const struct check check_channel_rules[] = {
	{ "channel-self", CHECK_ERROR, CHECK_SPEC,
	  check_channel_self, NULL,
	  .sentence =
		"A channel leads from one partition to another.",
	  .why =
		"A partition needs none to talk to itself; its VPs share "
		"memory.",
	  .wrong =
		"from = <&a>; to = <&a>;",
	  .right =
		"from = <&a>; to = <&b>;" },
	{ "channel-vp", CHECK_ERROR, CHECK_SPEC,
	  check_channel_vp, NULL,
	  .sentence =
		"A channel leads to a VP that its receiver has.",
	  .why =
		"Nobody would take what is sent.",
	  .wrong =
		"to = <&b>; vp = <1>; where b has one VP",
	  .right =
		"to = <&b>; vp = <0>;" },
	{ "channel-sint", CHECK_ERROR, CHECK_SPEC,
	  check_channel_sint, NULL,
	  .sentence =
		"A channel uses a SINT from 1 to 15.",
	  .why =
		"SINT 0 is the hypervisor's own, and a VP has 16.",
	  .wrong =
		"sint = <0>;",
	  .right =
		"sint = <2>;" },
	{ "channel-sint-twice", CHECK_ERROR, CHECK_SPEC,
	  check_channel_sint_twice, "channel-sint channel-vp",
	  .sentence =
		"A SINT of a VP has one sender, and one channel of "
		"messages.",
	  .why =
		"A SINT has one slot for messages: who fills it holds up "
		"the other.",
	  .wrong =
		"ask { sint = <2>; }; more { sint = <2>; };",
	  .right =
		"ask { sint = <2>; }; more { sint = <3>; };" },
	{ "channel-id", CHECK_ERROR, CHECK_SPEC,
	  check_channel_id, NULL,
	  .sentence =
		"Ids of connections and ports are 1 to 0xffffff.",
	  .why =
		"The TLFS has 24 bits for them, and 0 means none.",
	  .wrong =
		"connection = <0>;",
	  .right =
		"connection = <1>;" },
	{ "channel-id-twice", CHECK_ERROR, CHECK_SPEC,
	  check_channel_id_twice, "channel-id",
	  .sentence =
		"An id names one connection, or one port, of a partition.",
	  .why =
		"A call or a message could be meant for either.",
	  .wrong =
		"ask { connection = <1>; }; more { connection = <1>; };",
	  .right =
		"ask { connection = <1>; }; more { connection = <2>; };" },
	{ "channel-flags", CHECK_ERROR, CHECK_SPEC,
	  check_channel_flags, "type",
	  .sentence =
		"A channel of events, and no other, has flags up to 2047.",
	  .why =
		"A SINT has 2048 event flags; a message has none.",
	  .wrong =
		"kind = \"events\"; without flags",
	  .right =
		"kind = \"events\"; flags = <0 7>;" },
	{ "channel-flags-twice", CHECK_ERROR, CHECK_SPEC,
	  check_channel_flags_twice, "channel-flags",
	  .sentence =
		"An event flag of a SINT has one channel.",
	  .why =
		"The receiver could not tell who signals.",
	  .wrong =
		"bell { flags = <0 7>; }; ring { flags = <7 9>; };",
	  .right =
		"bell { flags = <0 7>; }; ring { flags = <8 9>; };" },
	{ "channel-privilege", CHECK_ERROR, CHECK_SPEC,
	  check_channel_privilege, "word",
	  .sentence =
		"Both ends of a channel have the privileges that it needs.",
	  .why =
		"Every call on it would be denied, or nobody could receive.",
	  .wrong =
		"tlfs = \"hypercall-msrs\"; for a sender of messages",
	  .right =
		"tlfs = \"hypercall-msrs\", \"post-messages\";" },
	{ "channel-count", CHECK_ERROR, CHECK_SPEC,
	  check_channel_count, NULL,
	  .sentence =
		"A partition sends on 32 channels at most.",
	  .why =
		"A call looks for its channel, and must stay short.",
	  .wrong =
		"33 channels from = <&a>;",
	  .right =
		"one channel of events with 33 flags" },
	{ .id = NULL }
};
