/*
 * [LABEL-EDGE] names are cut at bytes that cannot stand in one, never inside a label
 * [WIDE-EDGE] letters beyond ASCII belong to the name, punctuation beyond ASCII does not
 * [DOT-RUN] "1.2.3.4.5", ".1.3.6.1" and "1.2.3.4-beta" are no addresses
 * [TCPDUMP] but "1.2.3.4.80 > 5.6.7.8.53:" are two with their ports
 * [PRODUCT] "Chrome/120.0.0.0" is no address, "HIER_DIRECT/192.0.2.1" and "tcp/192.0.2.1" are
 * [LOCAL-PART] what stands before an @ is no name; an address before "@53" has its port there
 */
#include "obs/extract-internal.h"

#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "base/ascii.h"
#include "base/mutant.h"
#include "obs/cve.h"
#include "obs/mac.h"

enum {
	SHORTEST = MAC_DIGITS, /* of what is found in a word without a dot */
	JA4_LENGTH = 36,
	MAC_COLONS = 5,
};

enum stage { NEXT_WORD, HASHES, WHOLE, PIECE, SECOND };

const uint8_t extract_class[256] = {
	['0' ... '9'] = NAME,
	['A' ... 'Z'] = NAME,
	['a' ... 'z'] = NAME,
	['-'] = NAME,
	['_'] = NAME,
	['.'] = DOT,
	[':'] = COLON,
	[0x80 ... 0xff] = HIGH,
};

static void
begin(struct extract *it, size_t at, size_t end)
{
	it->at = at;
	it->end = end;
	it->chunk = it->stop = 0;
	it->six = it->six_stop = it->mac = SIZE_MAX;
	it->word = it->word_stop = it->word_all = it->run = 0;
	it->second = it->piece = SIZE_MAX;
	it->stage = NEXT_WORD;
	it->colons = 0;
	it->dotted = false;
}

void
extract_init(struct extract *it, struct span text, struct arena *scratch)
{
	it->text = text;
	it->scratch = scratch;
	begin(it, 0, text.len);
}

void
extract_around(struct extract *it, size_t at)
{
	const unsigned char *p = (const unsigned char *)it->text.ptr;
	size_t start = at, end = at;
	while (start > 0 && extract_class[p[start - 1]])
		start--;
	while (end < it->text.len && extract_class[p[end]])
		end++;
	begin(it, start, mutant(1842) ? at : end);
}

/* Length of the character at `at` where it can stand in a name, 0 where it cannot. [WIDE-EDGE] */
static size_t
wide_length(struct span text, size_t at, size_t *whole)
{
	ucs4_t code;
	const uint8_t *p = (const uint8_t *)text.ptr + at;
	int len = u8_mbtoucr(&code, p, text.len - at);
	*whole = len > 0 ? (size_t)len : 1;
	if (len <= 0)
		return 1; /* Latin-1 and broken text: better no match than half a name */
	if (code == 0x3002 || code == 0xff0e || code == 0xff61) /* IDNA's other dots */
		return *whole;
	if (code == 0x200c || code == 0x200d || code == 0xb7 || code == 0x30fb || code == 0xad)
		return *whole;
	return uc_is_general_category_withtable(
		       code, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_N)
		       ? *whole
		       : 0;
}

/* Finds the next chunk worth a look. */
static bool
next_chunk(struct extract *it)
{
	const unsigned char *p = (const unsigned char *)it->text.ptr;
	size_t len = it->end, at = it->at;
	while (at < len) {
		while (at < len && !extract_class[p[at]])
			at++;
		size_t start = at;
		unsigned seen = 0, colons = 0;
		for (unsigned c; at < len && (c = extract_class[p[at]]); seen |= c) {
			colons += c == COLON;
			if (c != HIGH) {
				at++;
				continue;
			}
			size_t whole, kept = wide_length(it->text, at, &whole);
			if (!kept)
				break;
			at += kept;
		}
		size_t end = at;
		if (at < len && extract_class[p[at]] == HIGH) { /* punctuation beyond ASCII */
			size_t whole;
			wide_length(it->text, at, &whole);
			at += whole;
		}
		if ((seen & (DOT | HIGH)) || colons > 1 || end - start >= SHORTEST) {
			it->chunk = start;
			it->stop = end;
			it->at = at;
			it->six = it->six_stop = SIZE_MAX;
			it->mac = colons >= MAC_COLONS ? start : SIZE_MAX;
			it->colons = colons;
			return true;
		}
	}
	it->at = len;
	return false;
}

/* What a byte of a word is; digits are 0. */
enum { LETTER = 1, MARK = 2, POINT = 4, BEYOND = 8 };

static const uint8_t parts[256] = {
	['A' ... 'Z'] = LETTER,
	['a' ... 'z'] = LETTER,
	['_'] = LETTER | MARK,
	['-'] = MARK,
	['.'] = POINT,
	[0x80 ... 0xff] = BEYOND,
};

/*
 * Looks a word over. It may be, or hold, anything but a name or an address where there is a long run of digits and
 * letters, or twelve alone, or two marks as a CVE, a JA4 fingerprint and a MAC address have, or two dots five apart.
 */
static void
begin_word(struct extract *it, size_t at)
{
	enum { DIGEST = 32, MARKS = 2, APART = 5 };
	const unsigned char *p = (const unsigned char *)it->text.ptr;
	size_t run = at, longest = 0, marks = 0, dot = SIZE_MAX, stop = it->word_stop;
	bool apart = false;
	unsigned seen = 0;
	for (size_t i = at; i < stop; i++) {
		unsigned part = parts[p[i]];
		seen |= part;
		if (!(part & (MARK | POINT)))
			continue;
		longest = i - run > longest ? i - run : longest;
		run = i + 1;
		marks += part & MARK ? 1 : 0;
		if (part & POINT) {
			apart |= i - dot == APART && !mutant(1845);
			dot = i;
		}
	}
	longest = stop - run > longest ? stop - run : longest;
	bool whole = longest == MAC_DIGITS && stop - at == MAC_DIGITS;
	it->word = it->run = at;
	it->seen = seen;
	it->stage = longest >= DIGEST || marks >= MARKS || apart || whole ? HASHES : WHOLE;
}

static bool
is_trimmed(unsigned char c)
{
	return c == '.' || c == '-';
}

/* Cuts the next word off the chunk: up to a colon, two dots or the IPv6 address. */
static bool
next_word(struct extract *it)
{
	while (it->chunk < it->stop) {
		size_t start = it->chunk, end = start, limit = it->stop;
		if (it->six != SIZE_MAX && start < it->six)
			limit = it->six;
		for (; end < limit && it->text.ptr[end] != ':'; end++)
			if (it->text.ptr[end] == '.' && extract_byte(it, end + 1) == '.')
				break;
		it->chunk = end;
		while (it->chunk < limit &&
			(extract_byte(it, it->chunk) == ':' || extract_byte(it, it->chunk) == '.'))
			it->chunk++;
		bool both;
		size_t skipped = extract_escape(it, start, end, &both);
		if (!both)
			start += skipped;
		it->word_all = end;
		it->second = both ? start + skipped : SIZE_MAX;
		it->dotted = start < end && extract_byte(it, start) == '.' &&
			     !(start > 0 && extract_byte(it, start - 1) == '.');
		while (start < end && is_trimmed(extract_byte(it, start)))
			start++;
		while (end > start && is_trimmed(extract_byte(it, end - 1)))
			end--;
		if (end - start < 4)
			continue;
		it->word_stop = end;
		begin_word(it, start);
		return true;
	}
	return false;
}

static bool
give_lower(struct extract *it, enum obs_kind kind, size_t at, size_t len, struct found *out)
{
	for (size_t i = 0; i < len; i++)
		it->small[i] = ascii_lower(it->text.ptr[at + i]);
	*out = (struct found){.kind = kind, .value = {it->small, len}, .at = at, .len = len};
	return true;
}

static bool
give_mac(struct extract *it, size_t at, size_t len, struct found *out)
{
	if (!mac_normalize(span_sub(it->text, at, len), it->small))
		return false;
	*out = (struct found){.kind = OBS_MAC,
		.value = {it->small, MAC_TEXT},
		.at = at,
		.len = len,
		.bare = len == MAC_DIGITS};
	return true;
}

static bool
give_cve(struct extract *it, size_t at, size_t stop, struct found *out)
{
	struct span text = span_sub(it->text, at, stop - at);
	size_t len = cve_length(text);
	if (!len || (at + len < stop && extract_is_word(it, at + len)))
		return false;
	*out = (struct found){.kind = OBS_CVE,
		.value = {it->small, cve_normalize(span_sub(text, 0, len), it->small)},
		.at = at,
		.len = len};
	it->run = at + len;
	return true;
}

static bool
is_ja4_at(const struct extract *it, size_t at, size_t stop)
{
	if (stop - at < JA4_LENGTH || extract_byte(it, at + 10) != '_' ||
		extract_byte(it, at + 23) != '_')
		return false;
	if (stop - at > JA4_LENGTH && extract_class[extract_byte(it, at + JA4_LENGTH)] == NAME &&
		extract_byte(it, at + JA4_LENGTH) != '-')
		return false;
	struct observable o;
	own_arena struct arena a = {};
	return !obs_normalize(OBS_JA4, span_sub(it->text, at, JA4_LENGTH), &a, &o, NULL);
}

/*
 * A whole run of hexadecimal digits of a hash's length, bounded by anything but letters and digits; and
 * what else has no dot, or need not have one.
 */
static bool
next_hash(struct extract *it, struct found *out)
{
	while (it->run < it->word_stop && it->word_stop - it->run >= SHORTEST) {
		size_t start = it->run, end = start, len;
		bool hex = true;
		if (is_ja4_at(it, start, it->word_stop)) {
			it->run = start + JA4_LENGTH;
			return give_lower(it, OBS_JA4, start, JA4_LENGTH, out);
		}
		if ((len = extract_mac_at(it, it->word, start, it->word_stop))) {
			it->run = start + len;
			return give_mac(it, start, len, out);
		}
		if (give_cve(it, start, it->word_stop, out))
			return true;
		while (end < it->word_stop && extract_is_word(it, end))
			hex &= ascii_hex(it->text.ptr[end++]) >= 0;
		it->run = end + 1;
		if (hex && start == it->word && end == it->word_stop && end - start == MAC_DIGITS)
			return give_mac(it, start, MAC_DIGITS, out);
		enum obs_kind kind = obs_hash_kind(end - start);
		if (hex && kind != OBS_NONE)
			return give_lower(it, kind, start, end - start, out);
	}
	return false;
}

/* [PRODUCT] */
static bool
is_version(const struct extract *it, size_t start, size_t stop)
{
	static const struct span paths[] = {SPAN("tcp"), SPAN("udp"), SPAN("icmp"), SPAN("sctp"),
		SPAN("ip"), SPAN("ipv4"), SPAN("dst"), SPAN("src"), SPAN("localhost"),
		SPAN("host")};
	if (start < 2 || extract_byte(it, start - 1) != '/')
		return false;
	if (extract_byte(it, stop) == ':' && ascii_is_digit((char)extract_byte(it, stop + 1)))
		return false;
	size_t from = start - 1;
	bool low = false;
	while (from > 0 && extract_class[extract_byte(it, from - 1)] == NAME)
		low |= extract_byte(it, --from) >= 'a';
	struct span product = span_sub(it->text, from, start - 1 - from);
	if (!low || !ascii_is_alpha(product.ptr[0]))
		return false;
	if (from > 0 && !strchr(" \t\"'(;,+=", extract_byte(it, from - 1)))
		return false;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (span_eq_fold(product, paths[i]))
			return false;
	return true;
}

static bool
give_four(struct extract *it, size_t start, size_t stop, struct found *out)
{
	struct found f = {.kind = OBS_IPV4, .at = start, .len = stop - start};
	if (!addr_parse4(span_sub(it->text, start, stop - start), &f.addr))
		return false;
	*out = f;
	return true;
}

/* [TCPDUMP] Where the address ends that has its port behind a dot, 0 where there is none. */
static size_t
dotted_port(const struct extract *it, size_t start, size_t stop)
{
	struct span behind = span_sub(it->text, stop, 3);
	size_t dot = stop;
	uint64_t port;
	bool from = span_eq(behind, SPAN(" > "));
	bool to = start > 2 && memcmp(it->text.ptr + start - 3, " > ", 3) == 0 &&
		  span_starts(behind, SPAN(":"));
	if (!from && !to)
		return 0;
	while (dot > start && extract_byte(it, dot - 1) != '.')
		dot--;
	if (dot == start || !span_to_u64(span_sub(it->text, dot, stop - dot), &port) ||
		port > 65535)
		return 0;
	return dot - 1;
}

/* Digits, dots and hyphens only: an address or a range of two. [DOT-RUN] */
static bool
whole_address(struct extract *it, size_t start, size_t stop, struct found *out)
{
	if (it->dotted || is_version(it, start, stop))
		return false;
	if (give_four(it, start, stop, out))
		return true;
	size_t before_port = dotted_port(it, start, stop);
	if (before_port)
		return give_four(it, start, before_port, out);
	size_t hyphen = start;
	while (hyphen < stop && extract_byte(it, hyphen) != '-')
		hyphen++;
	struct found second;
	if (hyphen == stop || !give_four(it, hyphen + 1, stop, &second) ||
		!give_four(it, start, hyphen, out))
		return false;
	it->piece = hyphen + 1;
	return true;
}

/* A name beyond ASCII. Labels that are no IDN cost their part of the name, not the rest of it. */
static bool
wide_name(struct extract *it, size_t start, size_t stop, struct found *out)
{
	struct span text = span_sub(it->text, start, stop - start), name;
	if (text.len > 4 * NAME_LONGEST)
		return false;
	*out = (struct found){.kind = OBS_DOMAIN, .at = start, .len = text.len};
	if (!name_normalize(text, it->scratch, &out->value, NULL))
		return true;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '.' && !name_normalize(span_sub(text, i + 1, SIZE_MAX),
						  it->scratch, &name, NULL)) {
			out->value = arena_printf(
				it->scratch, "\xef\xbf\xbd.%.*s", (int)name.len, name.ptr);
			return true;
		}
	return false;
}

static bool
whole_name(struct extract *it, size_t start, size_t stop, struct found *out)
{
	size_t label = start;
	bool letter = false;
	if (stop - start > NAME_LONGEST)
		return false;
	for (size_t i = start; i < stop; i++) {
		char c = it->text.ptr[i];
		it->small[i - start] = ascii_lower(c);
		if (c == '.') {
			if (i - label > LABEL_LONGEST || i == label)
				return false;
			label = i + 1;
			letter = false;
		} else {
			letter |= ascii_is_alpha(c);
		}
	}
	if (label == start || !letter || stop - label < 2 || stop - label > LABEL_LONGEST)
		return false;
	size_t len = stop - start;
	*out = (struct found){
		.kind = OBS_DOMAIN, .value = {it->small, len}, .at = start, .len = len};
	return true;
}

/* Whether digits alone stand there. */
static bool
is_port(const struct extract *it, size_t at)
{
	size_t end = at;
	while (ascii_is_digit((char)extract_byte(it, end)))
		end++;
	size_t whole;
	bool edge = extract_class[extract_byte(it, end)] == HIGH
			    ? !wide_length(it->text, end, &whole)
			    : !extract_class[extract_byte(it, end)];
	return end > at && end - at < 6 && edge;
}

static bool
whole_word(struct extract *it, size_t start, struct found *out)
{
	size_t stop = it->word_stop;
	bool high = it->seen & BEYOND, letter = it->seen & LETTER;
	if (!(it->seen & POINT) && !high)
		return false;
	/* [LOCAL-PART] */
	if (extract_byte(it, it->word_all) == '@' &&
		(extract_class[extract_byte(it, it->word_all + 1)] & (NAME | HIGH)) &&
		(letter || high || !is_port(it, it->word_all + 1)))
		return false;
	if (high)
		return wide_name(it, start, stop, out);
	return letter ? whole_name(it, start, stop, out) : whole_address(it, start, stop, out);
}

static bool
give_six(struct extract *it, const struct addr *six, struct found *out)
{
	struct addr plain = addr_unmap(*six);
	*out = (struct found){.kind = plain.six ? OBS_IPV6 : OBS_IPV4,
		.addr = plain,
		.at = it->six,
		.len = it->six_stop - it->six};
	it->chunk = it->six_stop;
	it->six = it->six_stop = SIZE_MAX;
	it->stage = NEXT_WORD;
	/* tcpdump's port behind the address is no word */
	while (it->chunk < it->stop && extract_byte(it, it->chunk) != ':')
		it->chunk++;
	return true;
}

/* "5e:3f:..." as tools print fingerprints of certificates: the whole chunk, a digest's many pairs. */
static bool
give_pairs(struct extract *it, struct found *out)
{
	size_t start = it->chunk, len = it->stop - start, digits = 0;
	enum obs_kind kind = obs_hash_kind((it->colons + 1) * 2);
	if (kind == OBS_NONE || len != it->colons * 3 + 2)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = (char)extract_byte(it, start + i);
		if (i % 3 == 2 ? c != ':' : ascii_hex(c) < 0)
			return false;
		if (i % 3 != 2)
			it->small[digits++] = ascii_lower(c);
	}
	*out = (struct found){.kind = kind, .value = {it->small, digits}, .at = start, .len = len};
	it->chunk = it->stop;
	return true;
}

/* Next word of the chunk, next address or next chunk; true when *out was filled. */
static bool
advance(struct extract *it, struct found *out, bool *end)
{
	struct addr six;
	*end = false;
	if (it->mac == SIZE_MAX && it->chunk >= it->stop) {
		if (!next_chunk(it)) {
			*end = true;
			return false;
		}
		bool both;
		if (it->colons > 14 && give_pairs(it, out)) {
			it->mac = SIZE_MAX;
			return true;
		}
		if (it->colons > 1)
			extract_find_six(it,
				it->chunk + extract_escape(it, it->chunk, it->stop, &both), &six);
	}
	size_t mac = it->mac != SIZE_MAX ? extract_next_mac(it) : SIZE_MAX;
	if (mac != SIZE_MAX)
		return give_mac(it, mac, MAC_TEXT, out);
	if (it->six != SIZE_MAX && it->chunk >= it->six) {
		size_t from = it->six, to = it->six_stop;
		if (extract_parse_six(it, &from, &to, &six)) {
			size_t rest = to;
			give_six(it, &six, out);
			extract_find_six(it, rest, &six);
			return true;
		}
		it->six = SIZE_MAX;
	}
	next_word(it);
	return false;
}

bool
extract_next(struct extract *it, struct found *out)
{
	for (bool end;;) {
		switch ((enum stage)it->stage) {
		case NEXT_WORD:
			if (advance(it, out, &end))
				return true;
			if (end)
				return false;
			break;
		case HASHES:
			if (next_hash(it, out))
				return true;
			it->stage = WHOLE;
			break;
		case WHOLE:
			it->stage = PIECE;
			if (whole_word(it, it->word, out))
				return true;
			break;
		case PIECE:
			it->stage = SECOND;
			if (it->piece != SIZE_MAX) {
				size_t from = it->piece;
				it->piece = SIZE_MAX;
				if (give_four(it, from, it->word_stop, out))
					return true;
			}
			break;
		case SECOND:
			it->stage = NEXT_WORD;
			if (it->second != SIZE_MAX && it->second < it->word_stop) {
				size_t at = it->second;
				it->second = SIZE_MAX;
				while (at < it->word_stop && is_trimmed(extract_byte(it, at)))
					at++;
				begin_word(it, at);
			}
			break;
		}
	}
}
