/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends without a pause, on connections 0x10 (messages) and 0x11 (an event),
 * for ever; tries others' connections besides. After 5000 refusals it says
 * how it went.
 */
#include "lib/synic.h"

void guest_main(void)
{
	static uint64_t payload[30];
	unsigned accepted = 0, refused = 0, bad = 0;

	hypercall_enable();
	for (unsigned i = 0;; i++) {
		uint64_t status = synic_post(0x10, 0xf100d, 240, payload);

		accepted += status == 0;
		refused += status == 0x13;
		bad += status != 0 && status != 0x11 && status != 0x13
			&& status != 0x18;
		status = synic_signal(0x11, 0);
		bad += status != 0 && status != 0x11 && status != 0x18;
		/* sender's and receiver's own */
		bad += synic_post(0x30, 1, 8, payload) != 0x12;
		bad += synic_post(0x20 + i % 16, 1, 8, payload) != 0x12;
		if (refused == 5000) {
			refused++;
			check(bad == 0 && accepted > 0, "flood",
			      "%u bad, %u accepted", bad, accepted);
		}
	}
}
