#include "pattern/octets.h"

#include "base/ascii.h"

bool
octets_from_hex(struct span text, struct arena *a, struct span *out)
{
	if (text.len % 2)
		return false;
	char *bytes = arena_bytes(a, text.len / 2 + 1);
	for (size_t i = 0; i < text.len; i += 2) {
		int high = ascii_hex(text.ptr[i]), low = ascii_hex(text.ptr[i + 1]);
		if (high < 0 || low < 0)
			return false;
		bytes[i / 2] = (char)(high << 4 | low);
	}
	*out = (struct span){bytes, text.len / 2};
	return true;
}

static int
digit64(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
octets_from_base64(struct span text, struct arena *a, struct span *out)
{
	char *bytes = arena_bytes(a, text.len / 4 * 3 + 3);
	size_t len = 0, digits = 0, pads = 0;
	uint32_t bits = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '\n' || c == '\r')
			continue;
		if (c == '=') {
			pads++;
			continue;
		}
		int value = digit64(c);
		if (value < 0 || pads)
			return false;
		bits = bits << 6 | (uint32_t)value;
		if (digits++ % 4)
			bytes[len++] = (char)(bits >> (8 - digits * 2 % 8) % 8);
	}
	if ((digits + pads) % 4 || pads > 2)
		return false;
	*out = (struct span){bytes, len};
	return true;
}

bool
octets_from_text(struct span text, struct arena *a, struct span *out)
{
	char *bytes = arena_bytes(a, text.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c >= 0x80) {
			/* U+0080 to U+00FF are C2 80 to C3 BF */
			if (c > 0xc3 || i + 1 >= text.len)
				return false;
			c = (unsigned char)((c & 3) << 6 | ((unsigned char)text.ptr[++i] & 0x3f));
		}
		bytes[len++] = (char)c;
	}
	*out = (struct span){bytes, len};
	return true;
}

struct span
octets_to_text(struct span bytes, struct arena *a)
{
	char *text = arena_bytes(a, bytes.len * 2 + 1);
	size_t len = 0;
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.ptr[i];
		if (c >= 0x80)
			text[len++] = (char)(0xc0 | c >> 6);
		text[len++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
	}
	return (struct span){text, len};
}
