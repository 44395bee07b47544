/* Networks as lists write them: from and to, with a star, with a mask, in columns. */
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "obs/addr.h"
#include "obs/line-internal.h"

typedef unsigned __int128 number;

static number
number_of(const struct addr *a)
{
	number n = 0;
	for (unsigned i = 0; i < (a->six ? 16u : 4u); i++)
		n = n << 8 | a->byte[i];
	return n;
}

static enum rc
add_net(struct line_reading *r, number first, unsigned bits, bool six)
{
	unsigned width = six ? 16 : 4;
	struct addr net = {.bits = (uint8_t)bits, .six = six};
	struct observable o;
	char text[ADDR_TEXT];
	for (unsigned i = 0; i < width; i++)
		net.byte[i] = (uint8_t)(first >> 8 * (width - 1 - i));
	struct span plain = {text, addr_text(&net, text)};
	enum rc code = obs_detect(plain, r->arena, &o, r->why);
	return code ? code : line_add(r, o);
}

/* The networks that make up all from `at` to `end`. */
static enum rc
add_range(struct line_reading *r, const struct addr *low, const struct addr *high)
{
	unsigned width = low->six ? 128 : 32;
	number at = number_of(low), end = number_of(high);
	if (at > end)
		return diag_fail(r->why, RC_BAD, "a range that ends before it starts");
	if (at == 0 && end == ((number)1 << (width - 1)) * 2 - 1)
		return add_net(r, 0, 0, low->six);
	for (;;) {
		unsigned bits = width;
		while (bits > 1 && !(at & (number)1 << (width - bits)) &&
			end - at >= ((number)1 << (width + 1 - bits)) - 1)
			bits--;
		enum rc code = add_net(r, at, bits, low->six);
		number size = (number)1 << (width - bits);
		if (code || end - at < size)
			return code;
		at += size;
	}
}

/* An address; "001.002.003.004" too, which stands in files whose columns have to be even. */
static bool
parse_end(struct span text, struct addr *out)
{
	char plain[16];
	size_t len = 0;
	if (addr_parse(text, out))
		return true;
	if (text.len != 15)
		return false;
	for (size_t i = 0; i < 15; i++) {
		bool dot = i % 4 == 3;
		if (dot ? text.ptr[i] != '.' : !ascii_is_digit(text.ptr[i]))
			return false;
		bool last = i % 4 == 2, begun = len && plain[len - 1] != '.';
		if (dot || last || begun || text.ptr[i] != '0')
			plain[len++] = text.ptr[i];
	}
	return addr_parse4((struct span){plain, len}, out);
}

static enum rc
read_range(struct line_reading *r, struct span text)
{
	size_t hyphen = span_find_byte(text, '-');
	struct addr low, high;
	uint64_t last;
	if (hyphen == SIZE_MAX || !parse_end(span_trim(span_sub(text, 0, hyphen)), &low))
		return RC_NONE;
	struct span rest = line_word(span_trim(span_sub(text, hyphen + 1, SIZE_MAX)));
	while (rest.len && strchr(",;", rest.ptr[rest.len - 1]))
		rest.len--;
	if (!parse_end(rest, &high)) {
		if (low.six || (hyphen + 1 < text.len && ascii_is_blank(text.ptr[hyphen + 1])))
			return RC_NONE; /* "192.0.2.1 - 5 reports" */
		if (rest.len > 3 || !span_to_u64(rest, &last) || last > 255)
			return RC_NONE;
		high = low;
		high.byte[3] = (uint8_t)last;
	}
	return low.six == high.six ? add_range(r, &low, &high)
				   : diag_fail(r->why, RC_BAD, "a range of two kinds of addresses");
}

/* "192.0.2.0/255.255.255.0" */
static enum rc
read_mask(struct line_reading *r, struct span text)
{
	size_t slash = span_find_byte(text, '/');
	struct addr net, mask;
	if (slash == SIZE_MAX || !addr_parse4(span_sub(text, 0, slash), &net) ||
		!addr_parse4(span_sub(text, slash + 1, SIZE_MAX), &mask))
		return RC_NONE;
	uint32_t bits = (uint32_t)number_of(&mask);
	unsigned ones = (unsigned)__builtin_popcount(bits);
	if (ones < 32 && bits << ones)
		return diag_fail(r->why, RC_BAD, "a network mask with holes");
	return add_net(r, number_of(&net) & bits, ones, false);
}

/* "192.0.2.*", "192.0.*.*", "192.0.*" */
static enum rc
read_wildcard(struct line_reading *r, struct span text)
{
	size_t star = span_find_byte(text, '*'), dots = 0;
	if (star == SIZE_MAX || star == 0 || text.len > 15)
		return RC_NONE;
	for (size_t i = star; i < text.len; i++)
		if (text.ptr[i] != '*' && text.ptr[i] != '.')
			return RC_NONE;
	static const char *const zeros[] = {"", "0.0.0", "0.0", "0"};
	struct addr net;
	char plain[24];
	for (size_t i = 0; i < star; i++)
		dots += text.ptr[i] == '.';
	if (dots == 0 || dots > 3)
		return RC_NONE;
	snprintf(plain, sizeof plain, "%.*s%s", (int)star, text.ptr, zeros[dots]);
	if (!addr_parse4(span_of(plain), &net))
		return RC_NONE;
	return add_net(r, number_of(&net), 8 * (unsigned)dots, false);
}

enum rc
line_net(struct line_reading *r, struct span text)
{
	enum rc code = read_range(r, text);
	if (code == RC_NONE)
		code = read_wildcard(r, text);
	return code == RC_NONE ? read_mask(r, text) : code;
}

/* "192.0.2.0 <blank> 192.0.2.255 <blank> 24 ...": three things that say the same. */
static enum rc
read_columns(struct line_reading *r, struct span text)
{
	struct addr low, high;
	uint64_t bits;
	struct span first = line_word(text);
	text = span_trim(span_sub(text, first.len, SIZE_MAX));
	struct span second = line_word(text);
	text = span_trim(span_sub(text, second.len, SIZE_MAX));
	if (!addr_parse4(first, &low) || !addr_parse4(second, &high) ||
		!span_to_u64(line_word(text), &bits) || bits == 0 || bits > 32)
		return RC_NONE;
	number size = (number)1 << (32 - bits), at = number_of(&low);
	if (at % size || number_of(&high) != at + size - 1)
		return RC_NONE;
	return add_net(r, at, (unsigned)bits, false);
}

enum rc
line_net_columns(struct line_reading *r, struct span text)
{
	enum rc code = read_columns(r, text);
	size_t colon = text.len;
	if (code != RC_NONE)
		return code;
	while (colon > 0 && text.ptr[colon - 1] != ':')
		colon--;
	struct span range = span_sub(text, colon, SIZE_MAX);
	struct addr end;
	size_t hyphen = span_find_byte(range, '-');
	bool both = colon > 0 && hyphen != SIZE_MAX &&
		    addr_parse4(span_sub(range, 0, hyphen), &end) &&
		    addr_parse4(span_sub(range, hyphen + 1, SIZE_MAX), &end);
	return both ? read_range(r, range) : RC_NONE;
}
