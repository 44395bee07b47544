#include "pattern/lex.h"

#include <string.h>

#include "base/ascii.h"
#include "pattern/syntax.h"

enum { BLANK = 1, NAME_START = 2, NAME = 4, DIGIT = 8 };

static const uint8_t classes[256] = {
	['\t'] = BLANK,
	['\n'] = BLANK,
	['\v'] = BLANK,
	['\f'] = BLANK,
	['\r'] = BLANK,
	[' '] = BLANK,
	['0' ... '9'] = NAME | DIGIT,
	['A' ... 'Z'] = NAME | NAME_START,
	['a' ... 'z'] = NAME | NAME_START,
	['_'] = NAME | NAME_START,
};

static unsigned
class_of(char c)
{
	return classes[(unsigned char)c];
}

/* Length of a blank beyond ASCII (the grammar's WS), 0 when there is none. */
static size_t
wide_blank(const char *p, const char *end)
{
	static const char two[][3] = {"\xc2\x85", "\xc2\xa0"};
	static const char three[][4] = {"\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9",
		"\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};
	for (size_t i = 0; i < sizeof two / sizeof two[0]; i++)
		if (end - p >= 2 && !memcmp(p, two[i], 2))
			return 2;
	if (end - p < 3)
		return 0;
	for (size_t i = 0; i < sizeof three / sizeof three[0]; i++)
		if (!memcmp(p, three[i], 3))
			return 3;
	/* U+2000 to U+200A */
	return !memcmp(p, "\xe2\x80", 2) && (unsigned char)p[2] <= 0x8a ? 3 : 0;
}

/* Past a comment; NULL when this is none or it is never closed. */
static const char *
comment_end(const char *p, const char *end)
{
	if (end - p < 2)
		return NULL;
	if (p[1] == '/') {
		while (p < end && *p != '\n' && *p != '\r')
			p++;
		return p;
	}
	if (p[1] != '*')
		return NULL;
	for (p += 2; end - p >= 2; p++)
		if (p[0] == '*' && p[1] == '/')
			return p + 2;
	return NULL;
}

static const char *
skip_blanks(const char *p, const char *end)
{
	for (;;) {
		while (p < end && class_of(*p) & BLANK)
			p++;
		if (p == end)
			return p;
		if (*p == '/') {
			const char *after = comment_end(p, end);
			if (!after)
				return p;
			p = after;
			continue;
		}
		size_t wide = (unsigned char)*p >= 0x80 ? wide_blank(p, end) : 0;
		if (!wide)
			return p;
		p += wide;
	}
}

static void
bad(struct token *out, const char *reason)
{
	out->kind = TOKEN_BAD;
	out->bad = reason;
}

/* 'text' from its first apostrophe; returns what follows it. */
static const char *
string(const char *p, const char *end, struct token *out)
{
	const char *text = ++p;
	for (; p < end && *p != '\''; p++) {
		if (*p != '\\')
			continue;
		if (end - p < 2 || (p[1] != '\\' && p[1] != '\'')) {
			bad(out, "a backslash stands before an apostrophe or another backslash "
				 "only: "
				 "one is written as two");
			out->at += (size_t)(p - text) + 1;
			return p;
		}
		out->escaped = true;
		p++;
	}
	if (p == end) {
		bad(out, "this string is never closed");
		return p;
	}
	out->kind = TOKEN_STRING;
	out->text = (struct span){text, (size_t)(p - text)};
	return p + 1;
}

static bool
two_digits(const char *p, int least, int most)
{
	if (!(class_of(p[0]) & DIGIT) || !(class_of(p[1]) & DIGIT))
		return false;
	int value = (p[0] - '0') * 10 + p[1] - '0';
	return value >= least && value <= most;
}

/* The shape of RFC 3339; whether the day exists is asked when the pattern is armed. */
static bool
is_timestamp(struct span s)
{
	const char *p = s.ptr;
	if (s.len < 20 || p[4] != '-' || p[7] != '-' || p[10] != 'T' || p[13] != ':' ||
		p[16] != ':')
		return false;
	if (!two_digits(p, 0, 99) || !two_digits(p + 2, 0, 99) || !two_digits(p + 5, 1, 12) ||
		!two_digits(p + 8, 1, 31) || !two_digits(p + 11, 0, 23) ||
		!two_digits(p + 14, 0, 59) || !two_digits(p + 17, 0, 60))
		return false;
	size_t i = 19;
	if (p[i] == '.') {
		do
			i++;
		while (i < s.len && class_of(p[i]) & DIGIT);
		if (i == 20)
			return false;
	}
	return i + 1 == s.len && p[i] == 'Z';
}

static bool
is_hex(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (ascii_hex(s.ptr[i]) < 0)
			return false;
	return s.len % 2 == 0;
}

/* Base64 with at least one quantum; line feeds are ignored (section 9.2). */
static bool
is_base64(struct span s)
{
	size_t digits = 0, pads = 0;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (c == '\n' || c == '\r')
			continue;
		if (c == '=')
			pads++;
		else if (pads || !(ascii_is_alnum(c) || c == '+' || c == '/'))
			return false;
		else
			digits++;
	}
	return digits && pads <= 2 && (digits + pads) % 4 == 0;
}

/* t'..', h'..' and b'..' from their letter. */
static const char *
literal(const char *p, const char *end, struct token *out)
{
	char letter = *p;
	size_t at = out->at;
	p = string(p + 1, end, out);
	if (out->kind != TOKEN_STRING) {
		out->at++;
		return p;
	}
	out->at = at;
	if (letter == 't' && is_timestamp(out->text))
		out->kind = TOKEN_TIMESTAMP;
	else if (letter == 'h' && is_hex(out->text))
		out->kind = TOKEN_HEX;
	else if (letter == 'b' && is_base64(out->text))
		out->kind = TOKEN_BINARY;
	else
		bad(out, letter == 't'	 ? "this is no timestamp: t'YYYY-MM-DDThh:mm:ssZ' is one"
			 : letter == 'h' ? "h'' holds pairs of hexadecimal digits"
					 : "b'' holds padded base64");
	return p;
}

static const struct keyword {
	char word[11];
	uint8_t len;
	uint8_t kind;
} keywords[] = {
#define KEYWORD(word) \
	{ \
#word, sizeof #word - 1, TOKEN_##word \
	}
	KEYWORD(AND),
	KEYWORD(OR),
	KEYWORD(NOT),
	KEYWORD(FOLLOWEDBY),
	KEYWORD(LIKE),
	KEYWORD(MATCHES),
	KEYWORD(ISSUPERSET),
	KEYWORD(ISSUBSET),
	KEYWORD(EXISTS),
	KEYWORD(LAST),
	KEYWORD(IN),
	KEYWORD(START),
	KEYWORD(STOP),
	KEYWORD(SECONDS),
	KEYWORD(WITHIN),
	KEYWORD(REPEATS),
	KEYWORD(TIMES),
#undef KEYWORD
	{"true", 4, TOKEN_TRUE},
	{"false", 5, TOKEN_FALSE},
};

/* Keywords are in upper case but for true and false. */
static enum token_kind
keyword(struct span s)
{
	if (s.len < 2 || s.len > 10)
		return TOKEN_NAME;
	char last = s.ptr[s.len - 1];
	if (last >= 'a' && *s.ptr != 't' && *s.ptr != 'f')
		return TOKEN_NAME;
	for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
		if (keywords[i].len == s.len && *keywords[i].word == *s.ptr &&
			!memcmp(keywords[i].word, s.ptr, s.len))
			return keywords[i].kind;
	return TOKEN_NAME;
}

enum token_kind
lex_miswritten(struct span word)
{
	for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
		struct span one = {keywords[i].word, keywords[i].len};
		if (span_eq_fold(one, word))
			return span_eq(one, word) ? TOKEN_END : keywords[i].kind;
	}
	return TOKEN_END;
}

static const char *
name(const char *p, const char *end, struct token *out)
{
	const char *from = p;
	while (p < end && class_of(*p) & NAME)
		p++;
	out->kind = TOKEN_NAME;
	if (p < end && *p == '-') {
		out->kind = TOKEN_TYPE;
		while (p < end && (class_of(*p) & NAME || *p == '-'))
			p++;
	}
	out->text = (struct span){from, (size_t)(p - from)};
	if (out->kind == TOKEN_NAME)
		out->kind = keyword(out->text);
	return p;
}

/* [+-]? digits, or [+-]? digits* . digits; NULL when it is no number. */
static const char *
number(const char *p, const char *end, struct token *out)
{
	const char *from = p;
	out->negative = *p == '-';
	if (*p == '-' || *p == '+')
		p++;
	const char *digits = p;
	while (p < end && class_of(*p) & DIGIT)
		p++;
	const char *point = p;
	if (end - p >= 2 && *p == '.' && class_of(p[1]) & DIGIT) {
		do
			p++;
		while (p < end && class_of(*p) & DIGIT);
		out->kind = TOKEN_FLOAT;
	} else if (p == digits) {
		return NULL;
	} else {
		out->kind = TOKEN_INTEGER;
		if (*digits == '0' && point - digits > 1) {
			bad(out, "an integer does not begin with a zero");
			return p;
		}
	}
	out->text = (struct span){from, (size_t)(p - from)};
	bool sign = end - p >= 2 && (p[1] == '-' || p[1] == '+');
	if (end - p >= 2 + sign && (*p | 0x20) == 'e' && class_of(p[1 + sign]) & DIGIT) {
		bad(out, "numbers have no exponent here");
		out->at += (size_t)(p - from);
	}
	return p;
}

/* Quotation marks that word processors make of apostrophes. */
static bool
is_typographic(const char *p, const char *end)
{
	return end - p >= 3 && !memcmp(p, "\xe2\x80", 2) && (unsigned char)p[2] >= 0x98 &&
	       (unsigned char)p[2] <= 0x9f;
}

/* One or two bytes of a comparison. */
static const char *
compare(const char *p, const char *end, struct token *out)
{
	char next = end - p >= 2 ? p[1] : 0;
	out->kind = TOKEN_COMPARE;
	switch (*p) {
	case '=': out->op = PATTERN_EQ; return p + 1 + (next == '=');
	case '<':
		out->op = next == '=' ? PATTERN_LE : next == '>' ? PATTERN_NE : PATTERN_LT;
		return p + 1 + (next == '=' || next == '>');
	case '>': out->op = next == '=' ? PATTERN_GE : PATTERN_GT; return p + 1 + (next == '=');
	default:
		out->op = PATTERN_NE;
		if (next == '=')
			return p + 2;
		bad(out, "\"!\" alone is no operator: \"!=\" or NOT are");
		return p + 1;
	}
}

static const char *
other(const char *p, const char *end, struct token *out)
{
	const char *after = ascii_is_digit(*p) || *p == '-' || *p == '+' || *p == '.'
				    ? number(p, end, out)
				    : NULL;
	if (after)
		return after;
	switch (*p) {
	case ':': out->kind = TOKEN_COLON; break;
	case '.': out->kind = TOKEN_DOT; break;
	case ',': out->kind = TOKEN_COMMA; break;
	case '(': out->kind = TOKEN_OPEN; break;
	case ')': out->kind = TOKEN_CLOSE; break;
	case '[': out->kind = TOKEN_LEFT; break;
	case ']': out->kind = TOKEN_RIGHT; break;
	case '*': out->kind = TOKEN_STAR; break;
	case '"': bad(out, "names and strings stand in apostrophes, not in quotation marks"); break;
	case '/':
		bad(out, end - p >= 2 && p[1] == '*' ? "this comment is never closed"
						     : "a regular expression stands in "
						       "apostrophes, not between slashes");
		break;
	default:
		bad(out, is_typographic(p, end)
				 ? "names and strings stand in apostrophes (U+0027), not in "
				   "typographic "
				   "quotation marks"
			 : (unsigned char)*p >= 0x80
				 ? "a character beyond ASCII stands in apostrophes only"
				 : "no word of the pattern language begins with this character");
	}
	return p + 1;
}

void
lex_next(struct lexer *lex, struct token *out)
{
	const char *p = skip_blanks(lex->at, lex->end), *end = lex->end;
	*out = (struct token){.at = (size_t)(p - lex->begin)};
	if (p == end) {
		lex->at = p;
		return;
	}
	if (class_of(*p) & NAME_START) {
		bool quoted = end - p >= 2 && p[1] == '\'';
		if (quoted && (*p == 't' || *p == 'h' || *p == 'b'))
			lex->at = literal(p, end, out);
		else
			lex->at = name(p, end, out);
	} else if (*p == '\'') {
		lex->at = string(p, end, out);
	} else if (*p == '=' || *p == '!' || *p == '<' || *p == '>') {
		lex->at = compare(p, end, out);
	} else {
		lex->at = other(p, end, out);
	}
}
