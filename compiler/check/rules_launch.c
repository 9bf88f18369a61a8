/* SPDX-License-Identifier: Apache-2.0 */
/* The launch partition. */
#include "check/check.h"

const struct check check_launch_rules[] = {
	{ "launch-twice", CHECK_ERROR, CHECK_SPEC,
	  check_launch_twice, NULL,
	  .sentence =
		"One partition checks the others.",
	  .why =
		"Each would wait for the verdict of the other.",
	  .wrong =
		"a { launch; }; b { launch; };",
	  .right =
		"a { launch; };" },
	{ "launch-boot", CHECK_ERROR, CHECK_SPEC,
	  check_launch_boot, NULL,
	  .sentence =
		"The launch partition's payload is raw64.",
	  .why =
		"Its table is handed over in a register, which other "
		"protocols have for themselves.",
	  .wrong =
		"launch; boot = \"pvh\";",
	  .right =
		"launch; boot = \"raw64\";" },
	{ "launch-vps", CHECK_ERROR, CHECK_SPEC,
	  check_launch_vps, NULL,
	  .sentence =
		"The launch partition has one VP.",
	  .why =
		"Another one could change the verdict while it is read.",
	  .wrong =
		"launch; vps = <&lp0 &lp1>;",
	  .right =
		"launch; vps = <&lp0>;" },
	{ "launch-failure", CHECK_ERROR, CHECK_SPEC,
	  check_launch_failure, NULL,
	  .sentence =
		"The launch partition is not restarted.",
	  .why =
		"It runs once: afterwards the others' memory is theirs.",
	  .wrong =
		"launch; on-failure = \"restart\";",
	  .right =
		"launch; on-failure = \"halt\";" },
	{ "launch-gpa-bits", CHECK_ERROR, CHECK_SPEC,
	  check_launch_gpa_bits, NULL,
	  .sentence =
		"The launch partition's own addresses have 36 bits.",
	  .why =
		"Above them it sees the others, and nothing there may be "
		"given to the hypervisor as its own.",
	  .wrong =
		"launch; gpa-bits = <40>;",
	  .right =
		"launch;" },
	{ "launch-alone", CHECK_ERROR, CHECK_SPEC,
	  check_launch_alone, NULL,
	  .sentence =
		"Where there is a launch partition, there are others.",
	  .why =
		"It ends when it has spoken: nothing would run.",
	  .wrong =
		"partitions { a { launch; }; };",
	  .right =
		"partitions { a { launch; }; b { }; };" },
	{ "launch-count", CHECK_ERROR, CHECK_SPEC,
	  check_launch_count, NULL,
	  .sentence =
		"A launch partition checks 63 others at most.",
	  .why =
		"Its verdict is one page.",
	  .wrong =
		"65 partitions, one with launch;",
	  .right =
		"64 partitions, one with launch;" },
	{ "launch-timeout", CHECK_ERROR, CHECK_SPEC,
	  check_launch_timeout, NULL,
	  .sentence =
		"launch-timeout is the launch partition's: 1 to 3600000 ms.",
	  .why =
		"Without a verdict in that time nobody starts; others have "
		"none to give.",
	  .wrong =
		"launch; launch-timeout = <0>;",
	  .right =
		"launch; launch-timeout = <20000>;" },
	{ "launch-flags", CHECK_ERROR, CHECK_SPEC,
	  check_launch_flags, NULL,
	  .sentence =
		"launch-all and launch-stays are the launch partition's.",
	  .why =
		"For any other partition they mean nothing, and whoever wrote "
		"them would think that they do.",
	  .wrong =
		"a { launch-all; };",
	  .right =
		"a { launch; launch-all; };" },
	{ "launch-tpm", CHECK_ERROR, CHECK_SPEC,
	  check_launch_tpm, NULL,
	  .sentence =
		"The TPM can be the launch partition's only.",
	  .why =
		"Who has its registers could extend what others attest, and "
		"take back the version that must not fall.",
	  .wrong =
		"a { launch-tpm; };",
	  .right =
		"a { launch; launch-tpm; };" },
	{ "launch-config", CHECK_ERROR, CHECK_SPEC,
	  check_launch_config, NULL,
	  .sentence =
		"A spec with a launch partition needs a build that waits for "
		"its verdict.",
	  .why =
		"Without it all would start unchecked.",
	  .wrong =
		"launch; with CONFIG_LAUNCH off",
	  .right =
		"CONFIG_LAUNCH=y" },
	{ "launch-port", CHECK_ERROR, CHECK_SPEC,
	  check_launch_port, NULL,
	  .sentence =
		"No row of a policy has the action \"launch\".",
	  .why =
		"The port comes with the property, at the place that the "
		"payload knows; anyone else who wrote to it would be stopped.",
	  .wrong =
		"verdict { range = <0x700 0x703>; action = \"launch\"; };",
	  .right =
		"launch;" },
	{ .id = NULL }
};
