#include "obs/addr.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

bool
addr_parse4(struct span text, struct addr *out)
{
	struct addr a = {.bits = 32};
	size_t at = 0;
	if (text.len < 7 || text.len > 15)
		return false;
	for (unsigned part = 0; part < 4; part++) {
		unsigned value = 0, digits = 0;
		for (; at < text.len && ascii_is_digit(text.ptr[at]); at++, digits++)
			value = value * 10 + (unsigned)(text.ptr[at] - '0');
		if (digits == 0 || digits > 3 || value > 255)
			return false;
		if (digits > 1 && text.ptr[at - digits] == '0')
			return false;
		a.byte[part] = (uint8_t)value;
		if (part < 3 && (at == text.len || text.ptr[at++] != '.'))
			return false;
	}
	if (at != text.len)
		return false;
	*out = a;
	return true;
}

/* One group of hexadecimal digits; how many there are, 0 for none. More than four are no group. */
static inline unsigned
parse_group(struct span text, size_t at, unsigned *value)
{
	unsigned digits = 0, digit;
	*value = 0;
	for (; at < text.len && (digit = ascii_digit_of[(unsigned char)text.ptr[at]]);
		at++, digits++)
		*value = *value << 4 | (digit - 1);
	return digits;
}

bool
addr_parse6(struct span text, struct addr *out)
{
	uint16_t group[8] = {};
	unsigned count = 0, gap = 9, value;
	size_t at = 0;
	if (text.len < 2 || text.len > 45)
		return false;
	if (text.ptr[0] == ':') {
		if (text.ptr[1] != ':')
			return false;
		gap = 0;
		at = 2;
	}
	while (at < text.len) {
		if (count == 8)
			return false;
		unsigned digits = parse_group(text, at, &value);
		if (digits == 0 || digits > 4)
			return false;
		if (at + digits < text.len && text.ptr[at + digits] == '.') {
			struct addr tail;
			if (count > 6 || !addr_parse4(span_sub(text, at, SIZE_MAX), &tail))
				return false;
			group[count++] = (uint16_t)(tail.byte[0] << 8 | tail.byte[1]);
			group[count++] = (uint16_t)(tail.byte[2] << 8 | tail.byte[3]);
			break;
		}
		group[count++] = (uint16_t)value;
		at += digits;
		if (at == text.len)
			break;
		if (text.ptr[at++] != ':' || at == text.len)
			return false;
		if (text.ptr[at] == ':') {
			if (gap != 9)
				return false;
			gap = count;
			at++;
		}
	}
	if (gap == 9 ? count != 8 : count > 7)
		return false;
	struct addr a = {.bits = 128, .six = true};
	/* What is behind the gap goes to the end. */
	if (gap < count) {
		memmove(group + gap + 8 - count, group + gap, (count - gap) * sizeof *group);
		memset(group + gap, 0, (8 - count) * sizeof *group);
	}
	for (unsigned i = 0; i < 8; i++) {
		a.byte[i * 2] = (uint8_t)(group[i] >> 8);
		a.byte[i * 2 + 1] = (uint8_t)group[i];
	}
	*out = a;
	return true;
}

bool
addr_parse(struct span text, struct addr *out)
{
	return addr_parse4(text, out) || addr_parse6(text, out);
}

static void
clear_host_bits(struct addr *a)
{
	unsigned width = a->six ? 16 : 4;
	for (unsigned i = 0; i < width; i++) {
		unsigned kept = a->bits > i * 8 ? a->bits - i * 8 : 0;
		if (kept < 8)
			a->byte[i] &= (uint8_t)(0xff00 >> kept);
	}
}

bool
addr_parse_range(struct span text, struct addr *out)
{
	size_t slash = span_find_byte(text, '/');
	struct addr a;
	uint64_t bits;
	if (slash == SIZE_MAX || !addr_parse(span_sub(text, 0, slash), &a))
		return false;
	struct span number = span_sub(text, slash + 1, SIZE_MAX);
	if (number.len > 3 || (number.len > 1 && number.ptr[0] == '0') ||
		!span_to_u64(number, &bits) || bits > a.bits)
		return false;
	a.bits = (uint8_t)bits;
	clear_host_bits(&a);
	*out = a;
	return true;
}

static size_t
text4(const uint8_t byte[4], char *out)
{
	size_t len = 0;
	for (unsigned i = 0; i < 4; i++) {
		unsigned v = byte[i];
		if (i)
			out[len++] = '.';
		if (v >= 100)
			out[len++] = (char)('0' + v / 100);
		if (v >= 10)
			out[len++] = (char)('0' + v / 10 % 10);
		out[len++] = (char)('0' + v % 10);
	}
	return len;
}

static bool
is_mapped(const struct addr *a)
{
	static const uint8_t head[12] = {[10] = 0xff, [11] = 0xff};
	return a->six && a->bits >= 96 && memcmp(a->byte, head, 12) == 0;
}

static size_t
text6(const struct addr *a, char *out)
{
	unsigned group[8], best = 8, best_len = 1;
	size_t len = 0;
	if (is_mapped(a)) { /* RFC 5952 section 5 */
		memcpy(out, "::ffff:", 7);
		return 7 + text4(a->byte + 12, out + 7);
	}
	for (unsigned i = 0; i < 8; i++)
		group[i] = (unsigned)a->byte[i * 2] << 8 | a->byte[i * 2 + 1];
	for (unsigned i = 0; i < 8; i++) {
		unsigned n = 0;
		while (i + n < 8 && group[i + n] == 0)
			n++;
		if (n > best_len) {
			best = i;
			best_len = n;
		}
	}
	for (unsigned i = 0; i < 8; i++) {
		if (i == best) {
			out[len++] = ':';
			if (i == 0)
				out[len++] = ':';
			i += best_len - 1;
			continue;
		}
		len += (size_t)snprintf(out + len, 6, "%x", group[i]);
		if (i < 7)
			out[len++] = ':';
	}
	return len;
}

size_t
addr_text(const struct addr *a, char out[static ADDR_TEXT])
{
	size_t len = a->six ? text6(a, out) : text4(a->byte, out);
	if (addr_is_range(a))
		len += (size_t)snprintf(out + len, 5, "/%u", a->bits);
	out[len] = 0;
	return len;
}

bool
addr_is_range(const struct addr *a)
{
	return a->bits < (a->six ? 128 : 32);
}

bool
addr_holds(const struct addr *net, const struct addr *one)
{
	if (net->six != one->six || net->bits > one->bits)
		return false;
	unsigned whole = net->bits / 8, rest = net->bits % 8;
	if (memcmp(net->byte, one->byte, whole) != 0)
		return false;
	return rest == 0 || ((net->byte[whole] ^ one->byte[whole]) & (0xff00 >> rest) & 0xff) == 0;
}

struct addr
addr_unmap(struct addr a)
{
	if (!is_mapped(&a))
		return a;
	struct addr four = {.bits = (uint8_t)(a.bits - 96)};
	memcpy(four.byte, a.byte + 12, 4);
	return four;
}

bool
addr_is_internal(const struct addr *a)
{
	static const struct addr inside[] = {
		{{0}, 8, false},
		{{10}, 8, false},
		{{100, 64}, 10, false},
		{{127}, 8, false},
		{{169, 254}, 16, false},
		{{172, 16}, 12, false},
		{{192, 0, 0}, 24, false},
		{{192, 168}, 16, false},
		{{198, 18}, 15, false},
		{{224}, 3, false}, /* multicast, reserved, broadcast */
		{{0}, 127, true},  /* unspecified and loopback */
		{{0xfc}, 7, true},
		{{0xfe, 0x80}, 10, true},
		{{0xfe, 0xc0}, 10, true}, /* site-local, deprecated by RFC 3879 */
		{{0xff}, 8, true},
	};
	struct addr plain = addr_unmap(*a);
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
		if (addr_holds(&inside[i], &plain))
			return true;
	return false;
}
