#include "codec/utf16.h"

enum { REPLACEMENT = 0xfffd };

/* Whether the characters are of ASCII: each a byte of text at `at` of its two, and a zero. */
static bool
is_ascii(struct span start, size_t at)
{
	for (size_t i = 0; i + 2 <= start.len; i += 2) {
		unsigned char c = (unsigned char)start.ptr[i + at];
		bool text = (c >= ' ' && c < 0x7f) || (c >= '\t' && c <= '\r');
		if (start.ptr[i + 1 - at] != 0 || !text)
			return false;
	}
	return start.len >= 4;
}

enum utf16
utf16_by_start(struct span start)
{
	enum { BYTES = 64 };
	if (is_ascii(span_sub(start, 0, BYTES), 0))
		return UTF16_LITTLE;
	if (is_ascii(span_sub(start, 0, BYTES), 1))
		return UTF16_BIG;
	if (span_starts(start, SPAN("\xff\xfe")))
		return span_starts(start, SPAN("\xff\xfe\0\0")) ? UTF16_NONE : UTF16_LITTLE;
	return span_starts(start, SPAN("\xfe\xff")) ? UTF16_BIG : UTF16_NONE;
}

static unsigned
unit(enum utf16 order, const char *at)
{
	unsigned first = (unsigned char)at[0], second = (unsigned char)at[1];
	return order == UTF16_BIG ? first << 8 | second : second << 8 | first;
}

static size_t
put(unsigned code, char *out)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 63));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 63));
		out[2] = (char)(0x80 | (code & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 63));
	out[2] = (char)(0x80 | (code >> 6 & 63));
	out[3] = (char)(0x80 | (code & 63));
	return 4;
}

size_t
utf16_read(enum utf16 order, struct span text, struct buf *out)
{
	size_t at = 0, len = 0;
	/* Two bytes become three at most. */
	char *to = buf_room(out, text.len / 2 * 3 + 4);
	while (at + 2 <= text.len) {
		unsigned code = unit(order, text.ptr + at);
		size_t width = 2;
		if (code >= 0xd800 && code < 0xdc00) {
			if (at + 4 > text.len)
				break;
			unsigned low = unit(order, text.ptr + at + 2);
			bool pair = low >= 0xdc00 && low < 0xe000;
			width = pair ? 4 : 2;
			code = pair ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
				    : REPLACEMENT;
		} else if (code >= 0xdc00 && code < 0xe000) {
			code = REPLACEMENT;
		}
		len += put(code, to + len);
		at += width;
	}
	out->len += len;
	return at;
}

size_t
utf16_bytes(struct span utf8)
{
	size_t bytes = 0;
	for (size_t i = 0; i < utf8.len; i++) {
		unsigned char c = (unsigned char)utf8.ptr[i];
		bytes += c >= 0xf0 ? 4 : (c & 0xc0) != 0x80 ? 2 : 0;
	}
	return bytes;
}
