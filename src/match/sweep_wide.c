/*
 * Letters beyond ASCII, as they stand or as \uXXXX. A name that holds some is found only by the plain
 * extraction, which is slow on a whole text in them. But a name ends in some set's last label, and most text
 * ends in none: what ends in letters that never become ASCII can only be an internationalized last label.
 */
#include "base/ascii.h"
#include "match/sweep-internal.h"

enum kind {
	KIND_END,     /* no part of a name, or the text's end */
	KIND_ASCII,   /* of a label */
	KIND_DOT,     /* of any kind */
	KIND_FOREIGN, /* a letter that stays one beyond ASCII, and has no other case */
	KIND_CASED,   /* the same of a script with two cases */
	KIND_OTHER,   /* perhaps a part of a label, perhaps not; perhaps ASCII in the end */
};

static enum kind
kind_of(uint32_t code)
{
	/* UTS 46 maps none of these to ASCII. Scripts whose letters have forms of their own are left out. */
	static const struct {
		uint32_t first, last;
		enum kind kind;
	} blocks[] = {{0x00e0, 0x00f6, KIND_CASED}, {0x0391, 0x03a9, KIND_CASED},
		{0x03b1, 0x03c1, KIND_CASED}, {0x0410, 0x044f, KIND_CASED},
		{0x05d0, 0x05ea, KIND_FOREIGN}, {0x0621, 0x064a, KIND_FOREIGN},
		{0x0e01, 0x0e2e, KIND_FOREIGN}, {0x3041, 0x3096, KIND_FOREIGN},
		{0x30a1, 0x30fa, KIND_FOREIGN}, {0x4e00, 0x9fa5, KIND_FOREIGN},
		{0xac00, 0xd7a3, KIND_FOREIGN}};
	if (code < 0x80)
		return sweep_label[code] ? KIND_ASCII : code == '.' ? KIND_DOT : KIND_END;
	if (code == 0x3002 || code == 0xff0e || code == 0xff61)
		return KIND_DOT;
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
		if (code >= blocks[i].first && code <= blocks[i].last)
			return blocks[i].kind;
	return KIND_OTHER;
}

static bool
read_escape(const unsigned char *at, const unsigned char *end, uint32_t *code)
{
	*code = 0;
	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return false;
	for (int i = 2; i < 6; i++) {
		int digit = ascii_hex((char)at[i]);
		if (digit < 0)
			return false;
		*code = *code * 16 + (uint32_t)digit;
	}
	return true;
}

/* The code at `at`; broken UTF-8 and halves of pairs are of no block. How many bytes it takes. */
static size_t
read_code(const unsigned char *at, const unsigned char *end, uint32_t *code)
{
	unsigned c = *at;
	size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	*code = c;
	if (c == '\\')
		return read_escape(at, end, code) ? 6 : (*code = '\\', 1);
	if (c < 0x80)
		return 1;
	*code = 0xfffd;
	if (c < 0xc2 || c > 0xf4 || (size_t)(end - at) < len)
		return 1;
	uint32_t value = c & (0xff >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | (at[i] & 0x3f);
	}
	*code = value;
	return len;
}

uint8_t
sweep_tail_slot(uint32_t code)
{
	return (uint8_t)((code * UINT32_C(0x9e3779b1)) >> 24);
}

/* A label under work. */
struct label {
	bool any, foreign, cased;
	uint32_t last;
};

/* Whether some name of the set can end in this label. */
static bool
may_end(const struct gates *g, const struct label *l)
{
	if (!l->foreign)
		return true;
	if (!g->has_wide_tail)
		return false;
	uint8_t slot = sweep_tail_slot(l->last);
	return l->cased || g->wide_tail[slot / 8] & 1 << slot % 8;
}

bool
sweep_may_be_wide(
	const struct sweep *s, const unsigned char **at, const unsigned char *end, bool dotted)
{
	struct label l = {};
	const unsigned char *p = *at;
	bool may = false;
	for (uint32_t code; p < end;) {
		size_t len = read_code(p, end, &code);
		enum kind kind = kind_of(code);
		if (kind == KIND_END)
			break;
		p += len;
		if (kind == KIND_DOT) {
			/* It may be the last: then the label before it is. */
			may |= dotted && l.any && may_end(s->gates, &l);
			dotted = true;
			l = (struct label){};
			continue;
		}
		if (kind == KIND_OTHER) /* the name may end before it, or go on */
			may |= dotted && l.any && may_end(s->gates, &l);
		l.any = true;
		l.foreign |= kind == KIND_FOREIGN || kind == KIND_CASED;
		l.cased |= kind != KIND_FOREIGN;
		l.last = code;
	}
	*at = p;
	return may || (dotted && l.any && may_end(s->gates, &l));
}
