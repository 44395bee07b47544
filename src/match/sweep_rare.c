/* What the filters of the fast pass cannot judge: looked at as the plain scanner would. */
#include <string.h>

#include "base/ascii.h"
#include "base/mutant.h"
#include "match/sweep-internal.h"
#include "obs/cve.h"
#include "obs/extract_class.h"
#include "obs/mac.h"

const bool sweep_label[256] = {
	['0' ... '9'] = true,
	['A' ... 'Z'] = true,
	['a' ... 'z'] = true,
	['-'] = true,
	['_'] = true,
};

const bool sweep_odd_before[256] = {
	['%'] = true, ['\\'] = true, ['['] = true, [':' ... '?'] = true, [0x9b] = true};

void
sweep_note_item(struct sweep *s, const unsigned char *at, uint32_t item)
{
	uint32_t place = (uint32_t)((at < s->text ? s->text : at) - s->text);
	const struct sweep_place *last = s->places.len ? &s->places.at[s->places.len - 1] : NULL;
	/* Many hits of one token are one place. */
	if (!last || last->at != place || last->item != item)
		*vec_add(&s->places) = (struct sweep_place){place, item};
}

void
sweep_note(struct sweep *s, const unsigned char *at)
{
	sweep_note_item(s, at, NO_ITEM);
}

void
sweep_note_vague(struct sweep *s, const unsigned char *at)
{
	sweep_note(s, at);
	*vec_add(&s->vague) = s->places.at[s->places.len - 1];
}

static bool
knows_name(const struct sweep *s, const unsigned char *start, const unsigned char *end)
{
	char small[NAME_LONGEST];
	size_t len = (size_t)(end - start);
	if (len > sizeof small)
		return false;
	for (size_t i = 0; i < len; i++)
		small[i] = ascii_lower((char)start[i]);
	return set_find(s->set, KEY_NAME, (struct span){small, len}) != NONE;
}

void
sweep_name(struct sweep *s, const unsigned char *start, const unsigned char *end)
{
	if (end - start <= NAME_LONGEST)
		sweep_ask(s, KEY_NAME, start, (size_t)(end - start), start);
}

bool
sweep_is_odd(const struct sweep *s, const unsigned char *start)
{
	enum { PARAMETERS = 32 };
	if (*start == '-')
		return true;
	const unsigned char *p = start;
	if (p > s->text && (p[-1] == '%' || p[-1] == '\\'))
		return true;
	while (p > s->text && start - p < PARAMETERS && p[-1] >= '0' && p[-1] <= '?')
		p--;
	if (p == s->text || (p[-1] != '[' && p[-1] != 0x9b))
		return false;
	/* What may stand before the bracket of a terminal's sequence; "[evil.example]" is none. */
	return p[-1] == 0x9b || (p - 1 > s->text &&
					strchr("\x1b\x9b"
					       "3bBe[",
						p[-2]) &&
					p[-2]);
}

void
sweep_name_odd(struct sweep *s, const unsigned char *start, const unsigned char *end)
{
	enum { ESCAPE_LONGEST = 40 };
	uint64_t h = s->gates->seed + SWEEP_LABEL_KEY;
	const unsigned char *label = end;
	/* All labels but the first, which begins nobody knows where. */
	for (const unsigned char *p = end; p > start; p--)
		if (p[-1] == '.') {
			h = sweep_join(h, label, (size_t)(label - p));
			label = p - 1;
		}
	for (size_t skip = 0; skip < ESCAPE_LONGEST && start + skip < label; skip++) {
		const unsigned char *from = start + skip;
		uint64_t whole = sweep_join(h, label, (size_t)(label - from));
		if (block_has(&s->gates->names, whole) && knows_name(s, from, end)) {
			sweep_note_vague(s, start);
			break;
		}
	}
}

/* ---- the plain extraction ---- */

/* Whether something is known under a host, be it a URL: where that ends, a format's own separators decide. */
static bool
knows_host(const struct sweep *s, const struct found *f)
{
	if (f->kind == OBS_DOMAIN)
		return set_find(s->set, KEY_NAME, f->value) != NONE;
	if (f->kind != OBS_IPV4 && f->kind != OBS_IPV6)
		return false;
	struct span bytes = {(const char *)f->addr.byte, f->addr.six ? 16 : 4};
	return set_find(s->set, KEY_ADDR, bytes) != NONE;
}

static void
look_plainly(struct sweep *s, const unsigned char *start, const unsigned char *end, enum look look)
{
	struct extract it;
	struct found found;
	struct span text = {(const char *)start, (size_t)(end - start)};
	arena_reset(&s->arena);
	extract_init(&it, text, &s->arena);
	while (extract_next(&it, &found)) {
		if (look == LOOK_COLONS && !memchr(start + found.at, ':', found.len))
			continue;
		if (look == LOOK_FOURS && found.kind != OBS_IPV4)
			continue;
		s->answers.len = 0;
		match_set_probe(s->set, text, &found, CONTEXT_JA3, &s->arena, &s->answers);
		match_set_probe(s->set, text, &found, CONTEXT_MAC, &s->arena, &s->answers);
		match_set_probe(s->set, text, &found, CONTEXT_PLAIN, &s->arena, &s->answers);
		if (s->answers.len || knows_host(s, &found))
			sweep_note(s, start + found.at);
	}
}

static bool
is_looked_at(const struct sweep *s, const unsigned char *at, enum look look)
{
	return at >= s->looked[look] && at < s->looked_end[look];
}

static void
looked_at(struct sweep *s, const unsigned char *start, const unsigned char *end, enum look look)
{
	s->looked[look] = start;
	s->looked_end[look] = end;
}

/*
 * Bytes between two that stand in no word, and something around them, for what stands before and behind
 * says how they are read. Not the same bytes once more.
 */
static void
look_around(struct sweep *s, const unsigned char *start, const unsigned char *end, enum look look)
{
	enum { BEFORE = 80, BEHIND = 16 };
	if (is_looked_at(s, start, look))
		return;
	looked_at(s, start, end, look);
	if (start > s->text && (look != LOOK_COLONS || sweep_odd_before[start[-1]]))
		start = start - s->text < BEFORE ? s->text : start - BEFORE;
	end = s->text_end - end < BEHIND ? s->text_end : end + BEHIND;
	look_plainly(s, start, end, look);
}

/* From a byte that both name to the ends of its run of letters, digits, dots, colons and bytes beyond ASCII. */
static void
find_run(const struct sweep *s, const unsigned char **start, const unsigned char **end)
{
	while (*start > s->text && extract_class[(*start)[-1]])
		--*start;
	while (*end < s->text_end && extract_class[**end])
		++*end;
}

void
sweep_run(struct sweep *s, const unsigned char *at)
{
	const unsigned char *start = at, *end = at;
	if (is_looked_at(s, at, LOOK_ALL))
		return;
	find_run(s, &start, &end);
	look_around(s, start, end, LOOK_ALL);
}

/* ::ffff:192.0.2.1 in hexadecimal digits */
static bool
holds_mapped(const unsigned char *start, const unsigned char *end)
{
	for (const unsigned char *p = start; end - p >= 4; p++)
		if ((*p | 0x20) == 'f' && (p[1] | 0x20) == 'f' && (p[2] | 0x20) == 'f' &&
			(p[3] | 0x20) == 'f')
			return true;
	return false;
}

static bool
may_know_six(const struct gates *g, const uint8_t *byte)
{
	unsigned wide = (unsigned)byte[0] << 8 | byte[1];
	return word_has(&g->sixes, sweep_six(g, byte, 16)) ||
	       word_has(&g->sixes, sweep_six(g, byte, 4)) ||
	       (g->wide_sixes[wide / 8] & 1 << wide % 8);
}

/* A run that is an address as a whole, without anything before it that could be an escape; false: it is none. */
static bool
look_six(struct sweep *s, const unsigned char *start, const unsigned char *end)
{
	struct found f = {.kind = OBS_IPV6, .len = (size_t)(end - start)};
	struct span text = {(const char *)start, f.len};
	if (f.len > 45 || (start > s->text && sweep_odd_before[start[-1]]) ||
		!addr_parse6(text, &f.addr))
		return false;
	f.addr = addr_unmap(f.addr);
	f.kind = f.addr.six ? OBS_IPV6 : OBS_IPV4;
	if (f.addr.six && !may_know_six(s->gates, f.addr.byte))
		return true;
	arena_reset(&s->arena);
	s->answers.len = 0;
	match_set_probe(s->set, text, &f, CONTEXT_PLAIN, &s->arena, &s->answers);
	if (s->answers.len)
		sweep_note(s, start);
	return true;
}

/* Whether an address may hold these two colons, by what stands before them: nearly always a word of a program's. */
static bool
may_be_in_six(const struct sweep *s, const unsigned char *second)
{
	enum { DIGITS_MOST = 4, ESCAPE_MOST = 5 }; /* uXXXX */
	const unsigned char *end = second - 1, *p = end;
	ptrdiff_t other = -1; /* of what is no digit the last, from the end */
	for (; p > s->text && extract_class[p[-1]] & NAME; p--)
		if (ascii_hex((char)p[-1]) < 0)
			other = other < 0 ? end - p : other;
	if (other < 0 && end - p <= DIGITS_MOST)
		return true;
	if (p == s->text || p[-1] == '.' || p[-1] == ':')
		return false;
	/* Where the run begins, its first letters may be an escape's. */
	if (p[-1] == '\\' && other >= 0 && end - other - p > (mutant(1791) ? 0 : ESCAPE_MOST))
		return false;
	return p[-1] >= 0x80 || sweep_odd_before[p[-1]];
}

/* Whether a run may hold an address of IPv6 anywhere: two colons side by side, seven, or six and a dotted tail. */
static bool
may_hold_six(const unsigned char *start, const unsigned char *end)
{
	unsigned colons = 0;
	for (const unsigned char *p = start; p < end; p++) {
		colons += *p == ':';
		if (*p == '.' || *p >= 0x80 || (*p == ':' && p > start && p[-1] == ':'))
			return true;
	}
	return colons >= (mutant(1793) ? 16 : 7);
}

void
sweep_colons(struct sweep *s, const unsigned char *at)
{
	const struct gates *g = s->gates;
	const unsigned char *start = at, *end = at;
	if (is_looked_at(s, at, LOOK_COLONS))
		return;
	if (at > s->text && at[-1] == ':' && !may_be_in_six(s, at))
		return;
	find_run(s, &start, &end);
	/* Without addresses of IPv6 in the set there are mapped ones, and digits in pairs. */
	bool wanted = g->has_sixes || (g->has_digits && end - start > 3 * 15) ||
		      (g->has_fours && holds_mapped(start, end));
	bool odd = start > s->text && sweep_odd_before[start[-1]];
	if (wanted && !look_six(s, start, end) && (odd || may_hold_six(start, end)))
		look_around(s, start, end, LOOK_COLONS);
	else
		looked_at(s, start, end, LOOK_COLONS);
}

void
sweep_run_high(struct sweep *s, const unsigned char *at)
{
	const unsigned char *start = at, *end = at;
	if (is_looked_at(s, at, LOOK_ALL))
		return;
	find_run(s, &start, &end);
	const unsigned char *from = start;
	bool may = false;
	while (from < end) {
		const unsigned char *before = from;
		may |= sweep_may_be_wide(s, &from, end, false);
		from += from == before || from < end; /* a colon */
	}
	if (may) {
		look_around(s, start, end, LOOK_ALL);
	} else {
		looked_at(s, start, end, LOOK_ALL);
	}
}

/* ---- addresses ---- */

void
sweep_four_likely(struct sweep *s, const unsigned char *end, uint32_t address)
{
	const struct gates *g = s->gates;
	const unsigned char bytes[4] = {(unsigned char)(address >> 24),
		(unsigned char)(address >> 16), (unsigned char)(address >> 8),
		(unsigned char)address};
	size_t low = 0, high = g->ranges;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (g->low[middle] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low && g->high[low - 1] >= address)
		sweep_note(s, end - 1);
	else if (word_has(&g->fours, sweep_four(g, address))) /* not only a range that is near */
		sweep_ask(s, KEY_ADDR, bytes, sizeof bytes, end - 1);
}

void
sweep_four_odd(struct sweep *s, const unsigned char *end)
{
	enum { LONGEST = 80 };
	const unsigned char *start = end;
	unsigned dots = 0;
	bool letter = false, beyond = false;
	while (start > s->text && end - start < LONGEST &&
		(extract_class[start[-1]] & (NAME | DOT | HIGH))) {
		if (end - start > 1 && start[-1] == '.' && *start == '.')
			break; /* two dots end a word */
		start--;
		letter |= ascii_is_alpha((char)*start) || *start == '_';
		beyond |= *start >= 0x80;
		dots += *start == '.';
	}
	/* A word with letters is no address, unless they are an escape's; nor is one of fewer numbers. */
	bool odd = start > s->text && sweep_odd_before[start[-1]];
	bool few = dots < (mutant(1792) ? 4 : 3) && !beyond && end - start < LONGEST;
	if (odd || (!letter && !few))
		look_around(s, start, end, LOOK_FOURS);
}

/* ---- digits ---- */

/* Whether a run that nothing joins on to may begin with the end of an escape. */
static bool
is_odd_run(const struct sweep *s, const unsigned char *start)
{
	return start > s->text && sweep_odd_before[start[-1]];
}

void
sweep_digits_likely(struct sweep *s, const unsigned char *start, const unsigned char *end)
{
	sweep_ask(s, KEY_DIGITS, start, (size_t)(end - start), end - 1);
}

void
sweep_digits(struct sweep *s, const unsigned char *end, size_t len)
{
	static const size_t lengths[] = {32, 40, 56, 64, 96, 128};
	enum { ESCAPE_LONGEST = 40 };
	const struct gates *g = s->gates;
	if (end < s->text_end && ascii_is_alnum((char)*end))
		return;
	bool whole =
		(size_t)(end - s->text) == len || !ascii_is_alnum((char)end[-1 - (ptrdiff_t)len]);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths && lengths[i] <= len; i++) {
		/* Of a longer run the first digits may be an escape's: only its end counts. */
		bool fits = lengths[i] == len || lengths[i] + ESCAPE_LONGEST >= len || !whole;
		if (whole && lengths[i] < len && !is_odd_run(s, end - len))
			continue;
		if (!fits)
			continue;
		uint64_t hash = sweep_join(g->seed + SWEEP_DIGITS_KEY, end, lengths[i]);
		*vec_add(&s->probes) = (struct probe){hash, end - lengths[i], end};
		__builtin_prefetch(&g->digits.block[block_place(&g->digits, hash)]);
	}
}

void
sweep_ja4(struct sweep *s, const unsigned char *second)
{
	enum { BEFORE = 23, LENGTH = 36 };
	const unsigned char *at = second - BEFORE;
	char small[LENGTH];
	if (second - s->text < BEFORE || s->text_end - at < LENGTH)
		return;
	for (int i = 0; i < LENGTH; i++)
		small[i] = ascii_lower((char)at[i]);
	if (set_find(s->set, KEY_DIGITS, (struct span){small, LENGTH}) != NONE)
		sweep_note(s, second);
}

/* ---- MAC addresses ---- */

static bool
may_be_mac(const struct gates *g, const unsigned char *end)
{
	return block_has(&g->digits, sweep_join(g->seed + SWEEP_MAC_KEY, end, MAC_DIGITS));
}

static void
note_mac(struct sweep *s, const unsigned char *at, size_t len)
{
	char text[MAC_TEXT];
	if (mac_normalize((struct span){(const char *)at, len}, text) &&
		set_find(s->set, KEY_DIGITS, (struct span){text, MAC_TEXT}) != NONE)
		sweep_note(s, at);
}

void
sweep_mac(struct sweep *s, const unsigned char *separator)
{
	size_t before = *separator == '.' ? 9 : 14;
	if ((size_t)(separator - s->text) < before)
		return;
	const unsigned char *at = separator - before;
	size_t len = mac_length((struct span){(const char *)at, (size_t)(s->text_end - at)});
	unsigned char room[8 + MAC_TEXT] = {}, *digits = room + 8;
	for (size_t i = 0; i < len; i++) {
		*digits = at[i];
		digits += ascii_is_alnum((char)at[i]);
	}
	if (len && may_be_mac(s->gates, digits))
		note_mac(s, at, len);
}

void
sweep_mac_bare(struct sweep *s, const unsigned char *end)
{
	if (end - s->text >= MAC_DIGITS && may_be_mac(s->gates, end))
		note_mac(s, end - MAC_DIGITS, MAC_DIGITS);
}

/* ---- vulnerabilities ---- */

void
sweep_cve(struct sweep *s, const unsigned char *hyphen)
{
	enum { BEFORE = 8 };
	char text[CVE_LONGEST];
	if (hyphen - s->text < BEFORE)
		return;
	const unsigned char *at = hyphen - BEFORE;
	struct span rest = {(const char *)at, (size_t)(s->text_end - at)};
	size_t len = cve_normalize(span_sub(rest, 0, cve_length(rest)), text);
	if (len && set_find(s->set, KEY_DIGITS, (struct span){text, len}) != NONE)
		sweep_note(s, at);
}

/* ---- escapes ---- */

static int
hex_value(const struct sweep *s, const unsigned char *at, int digits)
{
	int value = 0;
	if (s->text_end - at < digits)
		return -1;
	for (int i = 0; i < digits; i++) {
		int digit = ascii_hex((char)at[i]);
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* What a name, an address or another escape may be made of. */
static bool
hides(int value)
{
	return value >= 0x80 || value == '%' || value == '\\' || value == ':' || value == '.' ||
	       (value >= 0 && sweep_label[value]);
}

void
sweep_escape(struct sweep *s, const unsigned char *at)
{
	const unsigned char *rest = at + 1;
	if (*at == '%') {
		int value = hex_value(s, rest, 2);
		if (value == '.' || value >= 0x80)
			sweep_note_vague(s, at);
		return;
	}
	int value = rest < s->text_end && *rest == 'u' ? hex_value(s, rest + 1, 4) : -1;
	if (value >= 0x80 && at >= s->escaped) {
		const unsigned char *end = at;
		/* There may be a dot before. */
		if (sweep_may_be_wide(s, &end, s->text_end, true))
			sweep_note_vague(s, at);
		s->escaped = end;
	} else if (value < 0x80 && hides(value)) {
		sweep_note_vague(s, at);
	}
	if (rest < s->text_end && *rest == 'x' && hides(hex_value(s, rest + 1, 2)))
		sweep_note_vague(s, at);
}
