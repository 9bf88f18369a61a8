/* SPDX-License-Identifier: Apache-2.0 */
/* A TPM's answers, as far as the tests ask. */
#include "fake_tpm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>

static uint8_t answer[8192];
static size_t answer_size;
static bool answer_sessions;
static uint32_t answer_code;

static uint32_t get(const uint8_t *at, unsigned size)
{
	uint32_t value = 0;

	while (size-- != 0) {
		value = value << 8 | *at++;
	}
	return value;
}

static void put(uint64_t value, unsigned size)
{
	while (size-- != 0) {
		answer[answer_size++] = (uint8_t)(value >> 8 * size);
	}
}

static void put_bytes(const void *bytes, size_t size)
{
	memcpy(answer + answer_size, bytes, size);
	answer_size += size;
}

static void put_noise(size_t size)
{
	while (size-- != 0) {
		put(0x41 + size % 26, 1);
	}
}

static void answer_capability(void)
{
	unsigned count = fake_tpm.bank_count != 0 ? fake_tpm.bank_count : 2;
	unsigned i;

	put(0, 1);
	put(5, 4);
	put(count + 1, 4);
	put(TPM_ALG_SHA1, 2);			/* switched off */
	put(3, 1);
	put(0, 3);
	for (i = 0; i < count; i++) {
		put(TPM_ALG_SHA256 + i, 2);
		put(3, 1);
		put(0xffffff, 3);
	}
}

static void extend(uint32_t pcr, const uint8_t *d256, const uint8_t *d384)
{
	uint8_t both[96], out[64];

	memcpy(both, fake_tpm.pcr256[pcr], 32);
	memcpy(both + 32, d256, 32);
	mbedtls_sha256_ret(both, 64, fake_tpm.pcr256[pcr], 0);
	memcpy(both, fake_tpm.pcr384[pcr], 48);
	memcpy(both + 48, d384, 48);
	mbedtls_sha512_ret(both, 96, out, 1);
	memcpy(fake_tpm.pcr384[pcr], out, 48);
}

static void answer_event(const uint8_t *command)
{
	const uint8_t *event = command + 10 + 4 + 4 + 9;
	uint8_t d256[32], d384[64];

	mbedtls_sha256_ret(event + 2, get(event, 2), d256, 0);
	mbedtls_sha512_ret(event + 2, get(event, 2), d384, 1);
	extend(get(command + 10, 4), d256, d384);
	d384[5] ^= fake_tpm.lie;
	put(2, 4);
	put(TPM_ALG_SHA256, 2);
	put_bytes(d256, 32);
	put(TPM_ALG_SHA384, 2);
	put_bytes(d384, 48);
}

static void answer_pcr(const uint8_t *command)
{
	unsigned alg = get(command + 14, 2);
	unsigned pcr = 0;

	while ((command[17 + pcr / 8] >> pcr % 8 & 1) == 0) {
		pcr++;
	}
	put(77, 4);
	put_bytes(command + 10, 10);
	put(1, 4);
	put(alg == TPM_ALG_SHA256 ? 32 : 48, 2);
	put_bytes(alg == TPM_ALG_SHA256 ? fake_tpm.pcr256[pcr] :
		  fake_tpm.pcr384[pcr], alg == TPM_ALG_SHA256 ? 32 : 48);
}

static void answer_nv_public(const uint8_t *command)
{
	if (!fake_tpm.nv_defined) {
		answer_code = TPM_RC_HANDLE;
		return;
	}
	put(14, 2);
	put(get(command + 10, 4), 4);
	put(TPM_ALG_SHA256, 2);
	put(fake_tpm.nv_attributes | (fake_tpm.nv_written ? 1u << 29 : 0), 4);
	put(0, 2);
	put(8, 2);
	put(34, 2);
	put_noise(34);
}

static void answer_nv_write(const uint8_t *command)
{
	const uint8_t *data = command + 10 + 8 + 4 + 9;

	if (fake_tpm.nv_locked) {
		answer_code = TPM_RC_LOCKED;
		return;
	}
	fake_tpm.nv = (uint64_t)get(data + 2, 4) << 32 | get(data + 6, 4);
	fake_tpm.nv_written = true;
}

static void answer_key(void)
{
	static const uint8_t public[22] = {
		0, 0x23, 0, 0xb, 0, 5, 4, 0x72, 0, 0, 0, 0x10, 0, 0x18, 0,
		0xb, 0, 3, 0, 0x10
	};

	fake_tpm.keys++;
	put(24 + 63, 2);
	put_bytes(public, 20);
	put(32, 2);
	put_noise(32);
	put(31, 2);				/* its first byte is 0 */
	put_noise(31);
	put_noise(100);				/* how it was made */
}

static void answer_quote(const uint8_t *command)
{
	const uint8_t *nonce = command + 10 + 4 + 4 + 9;
	unsigned size = get(nonce, 2);

	put(4 + 2 + 36 + 2 + size + 25 + 10 + 34, 2);
	put(0xff544347, 4);
	put(0x8018, 2);
	put(34, 2);
	put_noise(34);
	put_bytes(nonce, 2 + size);
	put_noise(25);
	put_bytes(nonce + 2 + size + 2, 10);
	put(32, 2);
	put_noise(32);
	put(0x18, 2);
	put(0xb, 2);
	put(32, 2);
	put_noise(32);
	put(30, 2);
	put_noise(30);
}

static void answer_unseal(const uint8_t *command)
{
	assert_true(fake_tpm.flip || get(command + 18, 4) == 0x03000000);
	if (!fake_tpm.sealed_open) {
		answer_code = 0x99d;		/* policy, of session 1 */
		return;
	}
	fake_tpm.sessions--;
	put(9, 2);
	put_bytes("a secret!", 9);
}

static void answer_flush(const uint8_t *command)
{
	if (get(command + 10, 4) == 0x03000000) {
		fake_tpm.sessions--;
	} else {
		fake_tpm.keys--;
	}
}

static void answer_command(const uint8_t *command)
{
	switch (fake_tpm.last) {
	case 0x17a:
		answer_capability();
		return;
	case 0x13c:
		answer_event(command);
		return;
	case 0x17e:
		answer_pcr(command);
		return;
	case 0x169:
		answer_nv_public(command);
		return;
	case 0x12a:
		fake_tpm.nv_defined = true;
		fake_tpm.nv_attributes = get(command + 10 + 4 + 13 + 2 + 2 +
					     4 + 2, 4);
		return;
	case 0x14e:
		put(8, 2);
		put(fake_tpm.nv, 8);
		return;
	case 0x137:
		answer_nv_write(command);
		return;
	case 0x138:
		fake_tpm.nv_locked = true;
		return;
	case 0x131:
		answer_key();
		return;
	case 0x158:
		answer_quote(command);
		return;
	case 0x15e:
		answer_unseal(command);
		return;
	case 0x165:
		answer_flush(command);
		return;
	case 0x176:
		fake_tpm.sessions++;
		put(32, 2);
		put_noise(32);
		return;
	case 0x17f:
		return;
	}
	fail_msg("command %x", fake_tpm.last);
}

static void finish(bool handle)
{
	size_t size;

	if (answer_code != 0) {
		answer_sessions = false;
		answer_size = 10;
	} else if (answer_sessions) {
		size_t at = handle ? 14 : 10;

		size = answer_size - at - 4;
		answer_size = at;
		put(size, 4);
		answer_size += size;
		put(0, 2);			/* a password's answer */
		put(1, 1);
		put(0, 2);
	}
	if (fake_tpm.cut && fake_tpm.commands == fake_tpm.fault_at &&
	    fake_tpm.cut_to < answer_size) {
		answer_size = fake_tpm.cut_to;
	}
	size = answer_size;
	answer_size = 0;
	put(answer_sessions ? 0x8002 : 0x8001, 2);
	put(size, 4);
	put(answer_code, 4);
	answer_size = size;
}

size_t fake_tpm_answer(uint8_t *bytes, size_t size)
{
	bool handle;

	assert_true(size >= 10);
	fake_tpm.last = get(bytes + 6, 4);
	handle = fake_tpm.last == 0x131 || fake_tpm.last == 0x176;
	answer_sessions = get(bytes, 2) == 0x8002;
	assert_int_equal(get(bytes + 2, 4), size);
	answer_code = fake_tpm.commands == fake_tpm.fault_at ?
		      fake_tpm.code : 0;
	answer_size = 10;
	if (handle) {
		put(fake_tpm.last == 0x131 ? 0x80000001 : 0x03000000, 4);
	}
	if (answer_sessions) {
		put(0, 4);
	}
	if (answer_code == 0) {
		answer_command(bytes);
	}
	finish(handle);
	if (fake_tpm.flip && fake_tpm.commands == fake_tpm.fault_at &&
	    fake_tpm.flip_at < answer_size) {
		answer[fake_tpm.flip_at] ^= fake_tpm.flip_with;
	}
	if (fake_tpm.commands == fake_tpm.fault_at) {
		fake_tpm.answer_size = (uint32_t)answer_size;
	}
	memcpy(bytes, answer, answer_size);
	return answer_size;
}
