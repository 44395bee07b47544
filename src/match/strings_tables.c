/*
 * Tables that a kernel of the gate keeps in registers: which pairs of bytes a gram is made of, or which bytes, in
 * buckets. Of each piece that gram is taken which makes the fewest places of a log be looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "match/strings_gate-internal.h"

enum {
	CODES = 32,	  /* of bytes in pairs; 0: stands in no piece */
	LIKELY_BITS = 18, /* of a hash by which bytes of logs are counted */
	PAIRS = CODES * CODES,
};

/* Bytes that share a code: letters that are seldom, and what stands between words. */
static const char *const groups[] = {"a", "b", "cq", "d", "e", "fz", "g", "hj", "i", "kx", "l", "m",
	"n", "o", "p", "r", "s", "t", "uw", "vy", "0", "1", "2", "3", "46", "58", "79", "-", "._",
	"!#$()*,:?@[]^{|}~"};

struct codes {
	uint8_t of[128];
};

static struct codes
make_codes(void)
{
	struct codes c = {};
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
		for (const char *at = groups[i]; *at; at++)
			c.of[(unsigned char)*at] = c.of[(unsigned char)ascii_upper(*at)] =
				(uint8_t)(i + 1);
	return c;
}

/* The first byte's code and low bits of the second's make the place of a byte, its other bits one of eight. */
static void
make_numbers(struct gate_tables *t)
{
	const struct codes c = make_codes();
	for (unsigned i = 0; i < 128; i++) {
		t->first[i] = c.of[i];
		t->second[i] = (uint8_t)((c.of[i] & 3) << 5);
		t->bit[i] = (uint8_t)(1u << (c.of[i] >> 2));
	}
	t->first['%'] |= 0x80; /* escapes: the place of a byte has seven bits */
	t->first['\\'] |= 0x80;
}

/* Of codes. Its low seven bits are the place of a byte, the others tell the bit. */
static unsigned
pair_of(const uint8_t code[static 128], char a, char b)
{
	return (code[a & 127] & (CODES - 1)) | (code[b & 127] & (CODES - 1)) << 5;
}

static bool
has_pair(const struct gate_tables *t, unsigned which, unsigned pair)
{
	return t->pair[which][pair & 127] >> (pair >> 7) & 1;
}

/* ---- what is likely ---- */

/* What may be frequent: by pairs a byte, a gram and what follows, of which all is looked at; by bytes a gram. */
struct shape {
	size_t before, len;
};

static struct shape
shape_of(enum gate_way way)
{
	return way == GATE_BY_PAIRS ? (struct shape){1, 1 + GATE_SPAN}
				    : (struct shape){0, GATE_GRAM};
}

static unsigned
likely_hash(const char *at, size_t len)
{
	uint64_t hash = 0;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)(at[i] | 0x20)) * GATE_FACTOR;
	return (unsigned)(hash >> (64 - LIKELY_BITS));
}

/* Nothing is known: bytes by how often they stand in logs, nearly. */
static void
guess(struct gate_likely *l, const struct codes *c)
{
	static const char often[] = "e0t1a2oi3n45.sr6-7h8l:d9cupmf,gwy_vbkxjqz";
	for (size_t i = 0; i < sizeof often - 1; i++)
		l->byte[(unsigned char)often[i]] = 0.09F / (1 + 0.4F * (float)i);
	for (unsigned a = 0; a < 128; a++)
		for (unsigned b = 0; b < 128; b++)
			l->pair[c->of[a] | (unsigned)c->of[b] << 5] += l->byte[a] * l->byte[b];
}

/* Those of at least so large a share; false: they are too many. */
static bool
find_those(struct gate_likely *l, struct span text, struct shape shape, float least)
{
	uint8_t met[1 << (LIKELY_BITS - 3)] = {};
	l->oftens = 0;
	for (size_t i = 0; i + shape.len <= text.len; i++) {
		unsigned window = likely_hash(text.ptr + i, shape.len);
		if (l->window[window] < least || (met[window / 8] & 1 << window % 8))
			continue;
		if (l->oftens == sizeof l->often / sizeof *l->often)
			return false;
		met[window / 8] |= (uint8_t)(1 << window % 8);
		struct gate_often *o = &l->often[l->oftens++];
		for (size_t k = 0; k < shape.len; k++)
			o->window[1 - shape.before + k] = ascii_lower(text.ptr[i + k]);
		o->share = l->window[window];
	}
	return true;
}

static int
by_share(const void *a, const void *b)
{
	const struct gate_often *x = a, *y = b;
	return (x->share < y->share) - (x->share > y->share);
}

/* Behind the counts: the most frequent, and of those the most frequent first. */
static void
find_often(struct gate_likely *l, struct span text, struct shape shape)
{
	for (float least = 1.0F / 4096; least < 1 && !find_those(l, text, shape, least);)
		least *= 2;
	qsort(l->often, l->oftens, sizeof *l->often, by_share);
}

struct gate_likely *
gate_likely_new(struct span text, enum gate_way way, bool spans)
{
	const struct shape shape = shape_of(way);
	struct gate_likely *l = mem_new(sizeof *l);
	const struct codes c = make_codes();
	for (unsigned i = 0; i < 128; i++)
		l->byte[i] = 0.0002F;
	for (unsigned i = 0; i < PAIRS; i++)
		l->pair[i] = 0.000002F;
	l->bytes = spans ? GATE_SPAN : GATE_GRAM;
	if (text.len < GATE_SPAN)
		guess(l, &c);
	float share = 1 / (float)text.len;
	for (size_t i = 0; i + GATE_SPAN <= text.len; i++) {
		l->byte[text.ptr[i] & 127] += share;
		l->pair[pair_of(c.of, text.ptr[i], text.ptr[i + 1])] += share;
		l->gram[likely_hash(text.ptr + i, l->bytes)] += share;
	}
	for (size_t i = 0; i + shape.len <= text.len; i++)
		l->window[likely_hash(text.ptr + i, shape.len)] += share;
	/* Of others of the same hash each has one or two. */
	enum { CHANCE = 8 };
	for (size_t i = 0; i < sizeof l->gram / sizeof *l->gram; i++)
		l->gram[i] = l->gram[i] < CHANCE * share ? 0 : l->gram[i];
	find_often(l, text, shape);
	return l;
}

/* ---- buckets ---- */

static bool
is_in(const struct gate_tables *t, unsigned bucket, unsigned which, unsigned char byte)
{
	return (t->low[which][byte & 15] & t->high[which][byte >> 4]) >> bucket & 1;
}

/* Both cases of a letter. */
static void
put_in(struct gate_tables *t, unsigned bucket, unsigned which, char byte)
{
	const char both[] = {byte, ascii_upper(byte)};
	for (unsigned i = 0; i < 2; i++) {
		unsigned char c = (unsigned char)both[i];
		t->low[which][c & 15] |= (uint8_t)(1u << bucket);
		t->high[which][c >> 4 & 7] |= (uint8_t)(1u << bucket);
	}
}

/* How likely a byte of a bucket's halves is. */
static float
mass_of(const struct gate_likely *l, const struct gate_tables *t, unsigned bucket, unsigned which)
{
	float sum = 0;
	for (unsigned c = 0; c < 128; c++)
		sum += is_in(t, bucket, which, (unsigned char)c) ? l->byte[c] : 0;
	return sum;
}

/* Of one high half, with the low ones that are there and another. */
static float
row_mass(const struct gate_anchors *a, unsigned bucket, unsigned which, unsigned high, unsigned low)
{
	float sum = 0;
	for (unsigned i = 0; i < 16; i++)
		if (i == low || (a->tables->low[which][i] >> bucket & 1))
			sum += a->likely->byte[high << 4 | i];
	return sum;
}

/* The mass with both cases of one byte more. */
static float
mass_with(const struct gate_anchors *a, unsigned bucket, unsigned which, char byte)
{
	const struct gate_tables *t = a->tables;
	unsigned char c = (unsigned char)byte, upper = (unsigned char)ascii_upper(byte);
	unsigned low = c & 15;
	float mass = a->mass[bucket][which];
	if (is_in(t, bucket, which, c) && is_in(t, bucket, which, upper))
		return mass;
	for (unsigned high = 0; high < 8; high++) {
		bool there = t->high[which][high] >> bucket & 1;
		if (there && !(t->low[which][low] >> bucket & 1))
			mass += a->likely->byte[high << 4 | low];
		else if (!there && (high == c >> 4 || high == upper >> 4))
			mass += row_mass(a, bucket, which, high, low);
	}
	return mass;
}

static float
bucket_cost(const struct gate_anchors *a, const char *at, unsigned bucket)
{
	float before = 1, after = 1;
	bool all = true;
	for (unsigned i = 0; i < GATE_GRAM && all; i++)
		all = is_in(a->tables, bucket, i, (unsigned char)at[i]);
	for (unsigned i = 0; i < GATE_GRAM && !all; i++) {
		before *= a->mass[bucket][i];
		after *= mass_with(a, bucket, i, at[i]);
	}
	return after - before;
}

/* ---- anchors ---- */

/* The share of frequent grams that a bucket takes with one gram more, and not without it. */
static float
often_in_bucket(const struct gate_anchors *a, const char *at, unsigned bucket)
{
	enum { MOST = 64 }; /* it is asked for each bucket */
	const struct gate_tables *t = a->tables;
	float sum = 0;
	for (size_t k = 0; k < a->likely->oftens && k < MOST; k++) {
		const struct gate_often *o = &a->likely->often[k];
		bool with = true, without = true;
		for (unsigned i = 0; i < GATE_GRAM && with; i++) {
			unsigned char c = (unsigned char)o->window[1 + i], n = (unsigned char)at[i];
			bool low = t->low[i][c & 15] >> bucket & 1;
			bool high = c < 0x80 && (t->high[i][c >> 4 & 7] >> bucket & 1);
			without &= low && high;
			with = (low || (c & 15) == (n & 15)) && (high || c >> 4 == n >> 4);
		}
		sum += with && !without ? o->share : 0;
	}
	return sum;
}

/* The pairs of a piece, its gram at some place of it, in the order of gate_pair_table. */
struct pairs {
	unsigned count, of[GATE_SPAN]; /* the first one without what stands before */
	uint32_t before;	       /* codes of those, a bit each */
};

/* Codes of bytes that are no letter and no digit; all. */
static uint32_t
codes_before(const struct gate_tables *t, bool begins)
{
	uint32_t codes = 0;
	for (unsigned i = 0; i < 128; i++)
		if (!begins || (!ascii_is_alnum((char)i) && (i != '-' || !mutant(1869))))
			codes |= UINT32_C(1) << (t->first[i] & (CODES - 1));
	return codes;
}

static struct pairs
pairs_of(const struct gate_anchors *a, const struct gate_piece *p, size_t at)
{
	const struct gate_tables *t = a->tables;
	const char *gram = p->text.ptr + at;
	struct pairs made = {.count = t->spans ? GATE_SPAN : GATE_GRAM};
	for (unsigned i = 1; i < made.count; i++)
		made.of[i] = pair_of(t->first, gram[i - 1], gram[i]);
	made.of[0] = pair_of(t->first, 0, gram[0]);
	made.before =
		at ? UINT32_C(1) << (t->first[gram[-1] & 127] & (CODES - 1)) : a->before[p->begins];
	return made;
}

/* How likely what stands before is, with the first byte. */
static float
before_cost(const struct gate_anchors *a, const struct pairs *p, float known, bool *new)
{
	float cost = 0;
	for (unsigned code = 0; code < CODES; code++)
		if (p->before >> code & 1) {
			bool has = has_pair(a->tables, 0, p->of[0] | code);
			cost += a->likely->pair[p->of[0] | code] / (has ? known : 1);
			*new |= !has;
		}
	return cost;
}

/* Whether the pair, so many bytes behind the byte before a gram, is one of these. */
static bool
is_one_of(const struct pairs *p, unsigned which, unsigned pair)
{
	unsigned table = gate_pair_table[which];
	bool is = !table && pair >> 5 == p->of[0] >> 5 && (p->before >> pair % CODES & 1);
	for (unsigned i = 1; i < p->count && !is; i++)
		is = gate_pair_table[i] == table && pair == p->of[i];
	return is;
}

/* The share of what is frequent and stands in the tables with these pairs more, and not without them. */
static float
often_by_pairs(const struct gate_anchors *a, const struct pairs *p)
{
	float sum = 0;
	for (size_t k = 0; k < a->oftens; k++) {
		unsigned missing = a->often[k].missing;
		bool with = missing;
		for (; missing && with; missing &= missing - 1) {
			unsigned i = (unsigned)__builtin_ctz(missing);
			with = is_one_of(p, i, a->often[k].pair[i]);
		}
		sum += with ? a->likely->often[k].share : 0;
	}
	return sum;
}

/* What is frequent, in pairs, and which of those are in no table yet. */
static void
note_missing(struct gate_anchors *a)
{
	for (size_t k = 0; k < a->oftens; k++)
		for (unsigned i = 0; i < (a->tables->spans ? GATE_SPAN : GATE_GRAM); i++) {
			if (has_pair(a->tables, gate_pair_table[i], a->often[k].pair[i]))
				a->often[k].missing &= (uint8_t) ~(1u << i);
		}
}

static void
take_often(struct gate_anchors *a)
{
	const struct gate_likely *l = a->likely;
	unsigned count = a->tables->spans ? GATE_SPAN : GATE_GRAM;
	a->oftens = l->oftens < GATE_OFTENS ? l->oftens : GATE_OFTENS;
	for (size_t k = 0; k < a->oftens; k++) {
		a->often[k].missing = (uint8_t)((1u << count) - 1);
		for (unsigned i = 0; i < count; i++)
			a->often[k].pair[i] = (uint16_t)pair_of(
				a->tables->first, l->often[k].window[i], l->often[k].window[i + 1]);
	}
}

void
gate_anchors_init(struct gate_anchors *a, enum gate_way way, bool spans, struct gate_tables *tables,
	const struct gate_likely *likely)
{
	*a = (struct gate_anchors){.way = way, .tables = tables, .likely = likely};
	*tables = (struct gate_tables){.spans = spans};
	make_numbers(tables);
	a->before[false] = codes_before(tables, false);
	a->before[true] = codes_before(tables, true);
	if (likely && way == GATE_BY_PAIRS)
		take_often(a);
}

static float
pairs_cost(const struct gate_anchors *a, const struct gate_piece *piece, size_t at)
{
	enum { KNOWN = 4 }; /* a pair that is looked for anyhow costs less by so much */
	const struct pairs p = pairs_of(a, piece, at);
	bool new = false;
	float cost = before_cost(a, &p, KNOWN, &new);
	for (unsigned i = 1; i < p.count; i++) {
		bool has = has_pair(a->tables, gate_pair_table[i], p.of[i]);
		cost *= a->likely->pair[p.of[i]] / (has ? KNOWN : 1);
		new |= !has;
	}
	cost += new ? often_by_pairs(a, &p) : 0;
	return cost;
}

static float
buckets_cost(const struct gate_anchors *a, const char *at, unsigned *bucket)
{
	float cost = 1;
	for (unsigned k = 0; k < GATE_BUCKETS && cost > 0; k++) {
		float one = bucket_cost(a, at, k);
		one += one > 0 && one < cost ? often_in_bucket(a, at, k) : 0;
		*bucket = one < cost ? k : *bucket;
		cost = one < cost ? one : cost;
	}
	return cost;
}

float
gate_anchor_cost(
	const struct gate_anchors *a, const struct gate_piece *p, size_t at, unsigned *bucket)
{
	/*
	 * Where pieces begin with a word they are better looked for there: what stands before a word is told from
	 * what stands in one as long as no other gram mixes the two.
	 */
	const float inside = 1.0F / 512;
	enum { FOUND = 16 }; /* what is there takes so much longer than what a kernel marks */
	const char *gram = p->text.ptr + at;
	*bucket = 0;
	float cost = a->way == GATE_BY_PAIRS ? pairs_cost(a, p, at) : buckets_cost(a, gram, bucket);
	cost += FOUND * a->likely->gram[likely_hash(gram, a->likely->bytes)];
	return cost + (p->begins && at && a->way == GATE_BY_PAIRS ? inside : 0);
}

static void
add_pair(struct gate_tables *t, unsigned which, unsigned pair)
{
	t->pair[which][pair & 127] |= (uint8_t)(1u << (pair >> 7));
}

void
gate_anchor_add(struct gate_anchors *a, const struct gate_piece *p, size_t at, unsigned bucket)
{
	const char *gram = p->text.ptr + at;
	if (a->way == GATE_BY_PAIRS) {
		const struct pairs pairs = pairs_of(a, p, at);
		for (unsigned code = 0; code < CODES; code++)
			if (pairs.before >> code & 1)
				add_pair(a->tables, 0, pairs.of[0] | code);
		for (unsigned i = 1; i < pairs.count; i++)
			add_pair(a->tables, gate_pair_table[i], pairs.of[i]);
		note_missing(a);
		return;
	}
	for (unsigned i = 0; i < GATE_GRAM; i++) {
		bool there = is_in(a->tables, bucket, i, (unsigned char)gram[i]) &&
			     is_in(a->tables, bucket, i, (unsigned char)ascii_upper(gram[i]));
		if (there)
			continue;
		put_in(a->tables, bucket, i, gram[i]);
		a->mass[bucket][i] = mass_of(a->likely, a->tables, bucket, i);
	}
}

static float
share_by_pairs(const struct gate_anchors *a)
{
	float all = 1;
	for (unsigned i = 0; i < (a->tables->spans ? GATE_SPAN : GATE_GRAM); i++) {
		float one = 0;
		for (unsigned pair = 0; pair < PAIRS; pair++)
			one += has_pair(a->tables, gate_pair_table[i], pair) ? a->likely->pair[pair]
									     : 0;
		all *= one;
	}
	return all;
}

float
gate_anchors_share(const struct gate_anchors *a)
{
	float share = 0;
	if (a->way == GATE_BY_PAIRS)
		return share_by_pairs(a);
	for (unsigned k = 0; k < GATE_BUCKETS; k++)
		share += a->mass[k][0] * a->mass[k][1] * a->mass[k][2] * a->mass[k][3];
	return share;
}
