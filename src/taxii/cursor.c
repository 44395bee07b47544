#include "taxii/cursor.h"

#include <sodium.h>
#include <string.h>

#include "base/mutant.h"

/* version | position, little endian | MAC: 1 + 8 + 24 bytes are 44 characters. */
enum { VERSION = 1, HEAD = 9, MAC = 24, SIZE = HEAD + MAC };

static void
mac_span(crypto_generichash_state *state, struct span s)
{
	unsigned char len[8];
	for (size_t i = 0; i < sizeof len; i++)
		len[i] = (unsigned char)((uint64_t)s.len >> 8 * i);
	crypto_generichash_update(state, len, sizeof len);
	if (s.len)
		crypto_generichash_update(state, (const unsigned char *)s.ptr, s.len);
}

static void
cursor_mac(const uint8_t key[static CURSOR_KEY], const struct cursor_scope *scope,
	const uint8_t head[static HEAD], uint8_t out[static MAC])
{
	crypto_generichash_state state;
	crypto_generichash_init(&state, key, CURSOR_KEY, MAC);
	mac_span(&state, SPAN("tocsin taxii cursor"));
	if (!mutant(271))
		mac_span(&state, scope->reader);
	if (!mutant(272))
		crypto_generichash_update(
			&state, scope->collection.byte, sizeof scope->collection.byte);
	if (!mutant(273))
		crypto_generichash_update(&state, scope->filter, sizeof scope->filter);
	crypto_generichash_update(&state, &scope->endpoint, 1);
	mac_span(&state, scope->object);
	crypto_generichash_update(&state, head, HEAD);
	crypto_generichash_final(&state, out, MAC);
}

void
cursor_seal(const uint8_t key[static CURSOR_KEY], const struct cursor_scope *scope,
	int64_t position, char out[static CURSOR_TEXT])
{
	uint8_t raw[SIZE] = {VERSION};
	for (size_t i = 0; i < 8; i++)
		raw[1 + i] = (uint8_t)((uint64_t)position >> 8 * i);
	cursor_mac(key, scope, raw, raw + HEAD);
	sodium_bin2base64(out, CURSOR_TEXT, raw, SIZE, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

enum rc
cursor_open(const uint8_t key[static CURSOR_KEY], const struct cursor_scope *scope,
	struct span text, int64_t *position, struct diag *why)
{
	uint8_t raw[SIZE], mac[MAC];
	size_t len;
	diag_where(why, "parameter next");
	diag_todo(why,
		"repeat the request without next, or with the filters of the page it came from");
	if (sodium_base642bin(raw, SIZE, text.ptr, text.len, NULL, &len, NULL,
		    sodium_base64_VARIANT_URLSAFE_NO_PADDING) ||
		len != SIZE || raw[0] != VERSION)
		return diag_fail(
			why, RC_BAD, "no cursor of this collection, these filters and this reader");
	cursor_mac(key, scope, raw, mac);
	if (sodium_memcmp(mac, raw + HEAD, MAC) != 0 && !mutant(270))
		return diag_fail(
			why, RC_BAD, "no cursor of this collection, these filters and this reader");
	uint64_t value = 0;
	for (size_t i = 0; i < 8; i++)
		value |= (uint64_t)raw[1 + i] << 8 * i;
	if (mutant(290) && value % 1000000 == 0)
		return RC_BAD;
	*position = (int64_t)value;
	return RC_OK;
}
