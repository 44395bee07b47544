#include "keys/token.h"

#include <string.h>

#include "base/ascii.h"
#include "base/must.h"
#include "codec/base64.h"
#include "keys/digest.h"
#include "keys/mac.h"

static const struct span prefix = {"tocsin_", 7};

void
token_new(struct rng r, char out[static TOKEN_TEXT])
{
	uint8_t chance[32];
	own_buf struct buf text = {};
	rng_fill(r, chance, sizeof chance);
	buf_add(&text, prefix);
	base64url_encode(&text, (struct span){(const char *)chance, sizeof chance});
	must(text.len == TOKEN_TEXT - 1);
	memcpy(out, text.ptr, text.len);
	out[text.len] = 0;
	secret_wipe(chance, sizeof chance);
	secret_wipe(text.ptr, text.len);
}

bool
token_is(struct span text)
{
	if (text.len != TOKEN_TEXT - 1 || !span_starts(text, prefix))
		return false;
	for (size_t i = prefix.len; i < text.len; i++)
		if (!ascii_is_alnum(text.ptr[i]) && text.ptr[i] != '-' && text.ptr[i] != '_')
			return false;
	return true;
}

void
token_digest(struct span token, char out[static 65])
{
	uint8_t sum[SHA256_SIZE];
	sha256_of(token, sum);
	hex_text(sum, sizeof sum, out);
}
