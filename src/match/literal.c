/*
 * Pitfalls of expressions, tagged where they are met:
 *   [CASE]      letters beyond ASCII that are equal to "k" and "s" but for their case: who looks for pieces
 *               takes those lines besides (strings_gate.c)
 *   [ESCAPE]    what a log's format may write otherwise: no such byte is in a piece
 *   [REWRITTEN] what is written otherwise before it is compared: hives of the registry, schemes of URLs, blanks
 *               of user agents
 *   [REPEAT]    "ab?c", "ab{0,2}c": no "b" need be there
 *   [VERSION]   "{,3}" and "{1, 3}", which releases of PCRE2 read differently
 *   [EXTENDED]  (?x), \Q, (*VERB), conditions, recursion: nothing is said of the expression
 */
#include "match/literal.h"

#include <string.h>

#include "base/ascii.h"
#include "base/mutant.h"

enum { DEPTH_MAX = 100 };

struct reader {
	struct span text;
	size_t at;
	unsigned depth;
	bool lost; /* nothing is known */
	enum pattern_property property;
	const struct literal_common *common;
	struct arena *arena;
	bool either;			    /* what was read so far is one of several */
	bool whole;			    /* compared as a whole */
	struct span row[2 * LITERALS_ALSO]; /* pieces outside all groups */
	size_t rows;
};

/* Bytes in a row that any match holds. */
struct run {
	char byte[LITERAL_LONGEST];
	size_t len;
	bool goes_on; /* behind another, with nothing between */
};

bool
literal_is_plain(char c)
{
	/* [ESCAPE] JSON, HTML within it, Zeek, CSV, XML; ";" and "`" are what Unicode's form C makes of others */
	return c > ' ' && c < 0x7f && !strchr("\"\\/<>&'`;%+=", c);
}

/* [REWRITTEN] */
static bool
is_rewritten(enum pattern_property property, struct span piece)
{
	static const struct span hives[] = {SPAN("hkey_local_machine"), SPAN("hkey_current_user"),
		SPAN("hkey_classes_root"), SPAN("hkey_users"), SPAN("hkey_current_config"),
		SPAN("hklm"), SPAN("hkcu"), SPAN("hkcr"), SPAN("hkcc"), SPAN("registry"),
		SPAN("machine"), SPAN("user")};
	static const struct span schemes[] = {SPAN("https:"), SPAN("http:")};
	bool url = property == PROPERTY_URL;
	const struct span *words = url ? schemes : hives;
	size_t count = url ? sizeof schemes / sizeof *schemes : sizeof hives / sizeof *hives;
	if (!url && property != PROPERTY_KEY)
		return false;
	for (size_t i = 0; i < count; i++)
		if (span_find(words[i], piece) != SIZE_MAX && !mutant(1681))
			return true;
	return false;
}

bool
literal_is_common(const struct literal_common *common, struct span piece)
{
	size_t low = 0, high = common ? common->len : 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = span_cmp(piece, common->at[middle]);
		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* How much a piece keeps out: its length, less where every log is full of it, or this one. */
static size_t
worth(const struct reader *r, struct span piece)
{
	static const struct span known[] = {SPAN("mozilla"), SPAN("windows"), SPAN("compatible"),
		SPAN("applewebkit"), SPAN("chrome"), SPAN("safari"), SPAN("firefox"), SPAN("gecko"),
		SPAN("khtml"), SPAN("system32"), SPAN("software"), SPAN("microsoft"),
		SPAN("currentversion"), SPAN("http"), SPAN(".exe"), SPAN(".com"), SPAN(".dll"),
		SPAN("powershell"), SPAN("appdata"), SPAN("users"), SPAN("local"), SPAN("roaming"),
		SPAN("program"), SPAN("linux"), SPAN("files"), SPAN("cmd.exe"), SPAN("index"),
		SPAN("html"), SPAN(".php")};
	if (literal_is_common(r->common, piece))
		return 1;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (span_eq(piece, known[i]))
			return 2;
	return piece.len;
}

static size_t
worth_of(const struct reader *r, const struct literals *all)
{
	size_t least = SIZE_MAX;
	if (!all->len)
		return 0;
	for (size_t i = 0; i < all->len; i++)
		least = worth(r, all->at[i]) < least ? worth(r, all->at[i]) : least;
	return least * 4 + 16 - all->len;
}

static void
better(const struct reader *r, struct literals *best, const struct literals *other)
{
	if (worth_of(r, other) > worth_of(r, best))
		*best = *other;
}

/* What was read in a row so far becomes a candidate. */
static void
end_run(struct reader *r, struct run *run, struct literals *best)
{
	struct span piece = {run->byte, run->len};
	if (run->len >= LITERAL_SHORTEST && !is_rewritten(r->property, piece)) {
		struct literals one = {
			.len = 1, .begins = r->whole && (!run->goes_on || mutant(1867))};
		one.at[0] = arena_dup(r->arena, piece);
		if (r->depth == 0 && r->rows < sizeof r->row / sizeof *r->row)
			r->row[r->rows++] = one.at[0];
		better(r, best, &one);
	}
	run->len = 0;
}

static void
add_byte(struct reader *r, struct run *run, char c, struct literals *best)
{
	if (!literal_is_plain(c)) {
		end_run(r, run, best);
		run->goes_on = false;
		return;
	}
	if (run->len == LITERAL_LONGEST) {
		end_run(r, run, best);
		run->goes_on = true;
	}
	run->byte[run->len++] = ascii_lower(c);
}

/* ---- expressions ---- */

enum atom {
	ATOM_BYTE,    /* this one */
	ATOM_OTHER,   /* something, or nothing is known of it */
	ATOM_NOWHERE, /* between two bytes */
	ATOM_GROUP,
};

static char
peek(const struct reader *r, size_t ahead)
{
	return r->at + ahead < r->text.len ? r->text.ptr[r->at + ahead] : 0;
}

static enum atom
lose(struct reader *r)
{
	r->lost = true;
	r->at = r->text.len;
	return ATOM_OTHER;
}

/* Behind the backslash. */
static enum atom
read_escape(struct reader *r, char *byte)
{
	char c = peek(r, 0);
	if (r->at >= r->text.len || (unsigned char)c >= 0x80)
		return lose(r);
	r->at++;
	if (!ascii_is_alnum(c)) {
		*byte = c;
		return ATOM_BYTE;
	}
	if (strchr("bBAzZG", c))
		return ATOM_NOWHERE;
	if (strchr("dDwWsShHvVRnrtfea", c) || (c == 'N' && peek(r, 0) != '{'))
		return ATOM_OTHER;
	if (c >= '1' && c <= '9' && !ascii_is_digit(peek(r, 0)))
		return ATOM_OTHER; /* what a group matched */
	if (c == 'x' && peek(r, 0) != '{') {
		for (int i = 0; i < 2 && ascii_hex(peek(r, 0)) >= 0; i++)
			r->at++;
		return ATOM_OTHER;
	}
	return lose(r); /* [EXTENDED] */
}

/* Behind the bracket: [abc], []x], [^\]], [[:alpha:]]. Of one byte alone that byte. */
static enum atom
read_class(struct reader *r, char *byte)
{
	size_t members = 0;
	bool negated = peek(r, 0) == '^';
	r->at += negated;
	for (bool first = true; r->at < r->text.len; first = false) {
		char c = r->text.ptr[r->at++];
		if (c == ']' && !first)
			return members == 1 && !negated && literal_is_plain(*byte) ? ATOM_BYTE
										   : ATOM_OTHER;
		members++;
		*byte = c;
		if (c == '[' && strchr(":.=", peek(r, 0)) && peek(r, 0)) {
			size_t close =
				span_find(span_sub(r->text, r->at + 1, SIZE_MAX), SPAN(":]"));
			if (peek(r, 0) != ':' || close == SIZE_MAX)
				return lose(r);
			r->at += 1 + close + 2;
			members++;
		} else if (c == '\\') {
			char escaped = peek(r, 0);
			if (escaped == 'Q' || escaped == 'E' || escaped == 0)
				return lose(r);
			*byte = escaped;
			members += ascii_is_alnum(escaped);
			r->at++;
		}
	}
	return lose(r); /* it does not end */
}

static struct literals read_either(struct reader *r);

/* Past "name>" or "name'". */
static bool
skip_name(struct reader *r, char end)
{
	size_t close = span_find_byte(span_sub(r->text, r->at, SIZE_MAX), end);
	if (close == SIZE_MAX)
		return false;
	r->at += close + 1;
	return true;
}

enum group { GROUP_PLAIN, GROUP_LOOKS, GROUP_EMPTY, GROUP_LOST };

/* (?i) and (?i:...), behind the question mark. */
static enum group
read_flags(struct reader *r)
{
	while (r->at < r->text.len) {
		char c = r->text.ptr[r->at++];
		if (c == ')')
			return GROUP_EMPTY;
		if (c == ':')
			return GROUP_PLAIN;
		if (!strchr("imsnUJ-^", c) || !c)
			return GROUP_LOST; /* [EXTENDED] */
	}
	return GROUP_LOST;
}

/* What follows "(", up to where the group's own text begins. */
static enum group
read_opening(struct reader *r)
{
	if (peek(r, 0) == '*')
		return GROUP_LOST;
	if (peek(r, 0) != '?')
		return GROUP_PLAIN;
	char c = peek(r, 1), d = peek(r, 2);
	r->at += 2;
	switch (c) {
	case ':':
	case '>':
	case '|': return GROUP_PLAIN;
	case '=':
	case '!': return GROUP_LOOKS;
	case '#': return skip_name(r, ')') ? GROUP_EMPTY : GROUP_LOST;
	case '\'': return skip_name(r, '\'') ? GROUP_PLAIN : GROUP_LOST;
	case '<':
		if (d == '=' || d == '!') {
			r->at++;
			return GROUP_LOOKS;
		}
		return skip_name(r, '>') ? GROUP_PLAIN : GROUP_LOST;
	case 'P': return d == '<' && skip_name(r, '>') ? GROUP_PLAIN : GROUP_LOST;
	default: r->at--; return read_flags(r);
	}
}

/* Behind the parenthesis. inside: what each match of the group holds. */
static enum atom
read_group(struct reader *r, struct literals *inside)
{
	*inside = (struct literals){};
	enum group group = read_opening(r);
	if (group == GROUP_LOST || r->depth >= DEPTH_MAX)
		return lose(r);
	if (group == GROUP_EMPTY)
		return ATOM_NOWHERE;
	r->depth++;
	struct literals all = read_either(r);
	r->depth--;
	if (peek(r, 0) != ')')
		return lose(r);
	r->at++;
	if (group == GROUP_PLAIN)
		*inside = all;
	return ATOM_GROUP;
}

/* How often at least; 1 and *repeats false where nothing is said. */
static uint64_t
read_times(struct reader *r, bool *repeats)
{
	uint64_t least = 1;
	char c = peek(r, 0);
	*repeats = true;
	if (c == '?' || c == '*' || c == '+') {
		least = c == '+';
		r->at++;
	} else if (c == '{') {
		size_t digits = 1;
		while (ascii_is_digit(peek(r, digits)))
			digits++;
		size_t end = digits;
		if (peek(r, end) == ',')
			for (end++; ascii_is_digit(peek(r, end));)
				end++;
		if (digits == 1 || peek(r, end) != '}' ||
			!span_to_u64(span_sub(r->text, r->at + 1, digits - 1), &least)) {
			lose(r); /* [VERSION] */
			return 0;
		}
		r->at += end + 1;
	} else {
		*repeats = false;
		return 1;
	}
	if (peek(r, 0) == '?' || peek(r, 0) == '+')
		r->at++;
	return least;
}

static enum atom
read_atom(struct reader *r, char *byte, struct literals *inside)
{
	char c = r->text.ptr[r->at++];
	switch (c) {
	case '\\': return read_escape(r, byte);
	case '[': return read_class(r, byte);
	case '(': return read_group(r, inside);
	case '.': return ATOM_OTHER;
	case '^':
	case '$': return ATOM_NOWHERE;
	case '*':
	case '+':
	case '?':
	case '{': return lose(r);
	default: *byte = c; return (unsigned char)c < 0x80 ? ATOM_BYTE : ATOM_OTHER;
	}
}

/* What stands in a row, up to "|", ")" or the end. */
static struct literals
read_row(struct reader *r)
{
	struct run run = {};
	struct literals best = {}, inside = {};
	while (r->at < r->text.len && peek(r, 0) != '|' && peek(r, 0) != ')') {
		char byte = 0;
		bool repeats;
		enum atom atom = read_atom(r, &byte, &inside);
		uint64_t least = r->lost ? 0 : read_times(r, &repeats);
		if (r->lost)
			break;
		if (mutant(1682))
			least = 1; /* [REPEAT] */
		if (atom == ATOM_BYTE && least)
			add_byte(r, &run, byte, &best);
		if (atom == ATOM_GROUP && least)
			better(r, &best, &inside);
		if ((atom != ATOM_BYTE && atom != ATOM_NOWHERE) || (repeats && !mutant(1682))) {
			end_run(r, &run, &best);
			/* "ab+c": the last "b" stands before the "c" */
			if (atom == ATOM_BYTE && least)
				add_byte(r, &run, byte, &best);
		}
	}
	end_run(r, &run, &best);
	return best;
}

static struct literals
read_either(struct reader *r)
{
	struct literals sum = read_row(r);
	bool all = sum.len > 0;
	while (peek(r, 0) == '|' && !r->lost) {
		r->at++;
		r->either |= r->depth == 0;
		struct literals one = read_row(r);
		all &= one.len > 0 && sum.len + one.len <= LITERALS_MAX;
		for (size_t i = 0; all && i < one.len; i++)
			sum.at[sum.len++] = one.at[i];
	}
	return all ? sum : (struct literals){};
}

/* ---- the other forms ---- */

static struct literals
of_plain(struct reader *r, bool like)
{
	struct run run = {};
	struct literals best = {};
	for (size_t i = 0; i < r->text.len; i++) {
		char c = r->text.ptr[i];
		if (like && (c == '%' || c == '_'))
			end_run(r, &run, &best);
		else
			add_byte(r, &run, c, &best);
	}
	end_run(r, &run, &best);
	return best;
}

/* Pieces that are not what is looked for first. */
static void
add_others(const struct reader *r, struct literals *out)
{
	for (size_t i = 0; i < r->rows && !r->either && out->alsos < LITERALS_ALSO; i++)
		if (out->len != 1 || r->row[i].ptr != out->at[0].ptr)
			out->also[out->alsos++] = r->row[i];
}

void
literal_of(enum pattern_form form, enum pattern_property property, struct span text,
	const struct literal_common *common, struct arena *a, struct literals *out)
{
	struct reader r = {.text = text, .property = property, .common = common, .arena = a};
	bool expression = form == FORM_MATCHES;
	/* Names and URLs are compared where they are found: behind a terminal's sequence, too. */
	r.whole = form == FORM_EQUAL && (!pattern_property_is_observable(property) || mutant(1868));
	*out = expression ? read_either(&r) : of_plain(&r, form == FORM_LIKE);
	if (expression && (r.lost || r.at < text.len))
		*out = (struct literals){};
	else if (out->len)
		add_others(&r, out);
}
