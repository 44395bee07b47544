#include "codec/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void
encode(struct buf *out, struct span bytes, const char *letters)
{
	const uint8_t *in = (const uint8_t *)bytes.ptr;
	char *to = buf_room(out, (bytes.len / 3 + 1) * 4), *start = to;
	size_t i = 0;
	for (; bytes.len - i >= 3; i += 3) {
		unsigned bits = (unsigned)in[i] << 16 | (unsigned)in[i + 1] << 8 | in[i + 2];
		*to++ = letters[bits >> 18];
		*to++ = letters[bits >> 12 & 63];
		*to++ = letters[bits >> 6 & 63];
		*to++ = letters[bits & 63];
	}
	size_t left = bytes.len - i;
	if (left) {
		unsigned bits = (unsigned)in[i] << 16 | (left > 1 ? (unsigned)in[i + 1] << 8 : 0);
		*to++ = letters[bits >> 18];
		*to++ = letters[bits >> 12 & 63];
		if (left > 1)
			*to++ = letters[bits >> 6 & 63];
		for (size_t pad = left; letters == alphabet && pad < 3; pad++)
			*to++ = '=';
	}
	out->len += (size_t)(to - start);
}

void
base64_encode(struct buf *out, struct span bytes)
{
	encode(out, bytes, alphabet);
}

void
base64url_encode(struct buf *out, struct span bytes)
{
	encode(out, bytes, alphabet_url);
}

/* 0 to 63, or -1. */
static int
value_of(char c, const char *letters)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == letters[62] ? 62 : c == letters[63] ? 63 : -1;
}

static enum rc
refuse(struct diag *why, size_t at, const char *what)
{
	diag_where(why, "byte %zu", at);
	return diag_fail(why, RC_BAD, "%s", what);
}

/* The text without padding. */
static enum rc
decode(struct span text, const char *letters, struct buf *out, struct diag *why)
{
	if (text.len % 4 == 1)
		return refuse(why, text.len, "base64 ends within a byte");
	char *to = buf_room(out, text.len / 4 * 3 + 3), *start = to;
	unsigned bits = 0;
	for (size_t i = 0; i < text.len; i++) {
		int value = value_of(text.ptr[i], letters);
		if (value < 0)
			return refuse(why, i, "a byte that base64 does not have");
		bits = bits << 6 | (unsigned)value;
		if (i % 4 != 0)
			*to++ = (char)(bits >> (6 - 2 * (i % 4)));
	}
	size_t last = text.len % 4;
	if (last && bits & (last == 2 ? 15 : 3))
		return refuse(why, text.len - 1, "base64 with stray bits at its end");
	out->len += (size_t)(to - start);
	return RC_OK;
}

static struct span
without_padding(struct span text)
{
	size_t pad = 0;
	while (pad < 2 && pad < text.len && text.ptr[text.len - 1 - pad] == '=')
		pad++;
	return span_sub(text, 0, text.len - pad);
}

enum rc
base64_decode(struct span text, struct buf *out, struct diag *why)
{
	if (text.len % 4)
		return refuse(why, text.len, "base64 comes in groups of four");
	return decode(without_padding(text), alphabet, out, why);
}

enum rc
base64url_decode(struct span text, struct buf *out, struct diag *why)
{
	return decode(text, alphabet_url, out, why);
}

bool
base64_is(struct span text)
{
	struct span digits = without_padding(text);
	for (size_t i = 0; i < digits.len; i++)
		if (value_of(digits.ptr[i], alphabet) < 0)
			return false;
	return text.len % 4 == 0;
}
