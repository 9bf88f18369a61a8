/* SPDX-License-Identifier: Apache-2.0 */
/* The language: nodes, properties, types, references, files. */
#include "check/check.h"

const struct check check_language_rules[] = {
	{ "unknown-node", CHECK_ERROR, CHECK_SPEC,
	  check_schema, NULL,
	  .sentence =
		"Every node is one that the language knows.",
	  .why =
		"A node that nobody reads would grant nothing and say "
		"nothing: a misspelt \"reserved\" would give the firmware's "
		"RAM away.",
	  .wrong =
		"partition { linux { }; };",
	  .right =
		"partitions { linux { }; };" },
	{ "misplaced-node", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"A node stands where the language has it.",
	  .why =
		"In the wrong place nobody reads it.",
	  .wrong =
		"/ { lps { }; };",
	  .right =
		"/ { machine { lps { }; }; };" },
	{ "unknown-property", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"Every property is one that the language knows for its node.",
	  .why =
		"A property that nobody reads has no effect: what was meant "
		"to be limited is not.",
	  .wrong =
		"memroy = <MiB(256)>;",
	  .right =
		"memory = <MiB(256)>;" },
	{ "misplaced-property", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"A property stands in a node that has it.",
	  .why =
		"In the wrong node nobody reads it.",
	  .wrong =
		"machine { memory = <MiB(256)>; };",
	  .right =
		"partitions { linux { memory = <MiB(256)>; }; };" },
	{ "missing-node", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"A node has the child nodes that it needs.",
	  .why =
		"Without LPs, RAM, profiles and partitions there is no "
		"system.",
	  .wrong =
		"partitions { };",
	  .right =
		"partitions { linux { }; };" },
	{ "missing-property", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"A node has the properties that it needs.",
	  .why =
		"The compiler guesses nothing that a grant depends on.",
	  .wrong =
		"linux { memory = <MiB(256)>; };",
	  .right =
		"linux { memory = <MiB(256)>; vps = <&lp0>; };" },
	{ "unit", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"A size, an address and a frequency are written with their "
		"unit.",
	  .why =
		"They have 64 bits, and a bare number could be bytes, KiB "
		"or MiB.",
	  .wrong =
		"memory = <512>;",
	  .right =
		"memory = <MiB(512)>;" },
	{ "type", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"A property's value is of the type of that property.",
	  .why =
		"A value of another type would be read as something else.",
	  .wrong =
		"load-address = \"0x100000\";",
	  .right =
		"load-address = <0x100000>;" },
	{ "word", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, NULL,
	  .sentence =
		"A property with a list of words has one of them.",
	  .why =
		"An unknown word would be taken for nothing.",
	  .wrong =
		"on-failure = \"reboot\";",
	  .right =
		"on-failure = \"restart\";" },
	{ "reference", CHECK_ERROR, CHECK_ELSEWHERE,
	  NULL, "type",
	  .sentence =
		"A reference leads to a node of the right kind.",
	  .why =
		"A VP cannot run on a UART.",
	  .wrong =
		"vps = <&com1>;",
	  .right =
		"vps = <&lp0>;" },
	{ .id = NULL },
};
