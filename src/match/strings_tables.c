/*
 * Tables that a kernel of the gate keeps in registers: which pairs of bytes a gram is made of, or which bytes, in
 * buckets. Of each piece that gram is taken which makes the fewest places of a log be looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "match/strings_gate-internal.h"

enum {
	CODES = 32,	  /* of bytes in pairs; 0: stands in no piece */
	LIKELY_BITS = 16, /* of grams */
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

/* Of codes: what gate_likely counts by. */
static unsigned
pair_in(const struct codes *c, const char *at)
{
	return c->of[at[0] & 127] | (unsigned)c->of[at[1] & 127] << 5;
}

/* The same number: its low seven bits are the place, the others tell the bit. */
static unsigned
pair_of(const struct gate_tables *t, const char *gram, unsigned which)
{
	unsigned a = gram[which % (GATE_GRAM - 1)] & 127;
	unsigned b = gram[which < GATE_GRAM - 1 ? which + 1 : which] & 127;
	unsigned place = (t->first[a] | t->second[b]) & 127;
	return place | (unsigned)__builtin_ctz(t->bit[b]) << 7;
}

static bool
has_pair(const struct gate_tables *t, unsigned which, unsigned pair)
{
	return t->pair[which][pair & 127] >> (pair >> 7) & 1;
}

/* ---- what is likely ---- */

static unsigned
likely_gram(const char *at)
{
	return gate_hash(gate_gram(at)) >> (32 - LIKELY_BITS);
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
find_those(struct gate_likely *l, struct span text, float least)
{
	uint8_t met[1 << (LIKELY_BITS - 3)] = {};
	l->oftens = 0;
	for (size_t i = 0; i + GATE_GRAM <= text.len; i++) {
		unsigned gram = likely_gram(text.ptr + i);
		if (l->gram[gram] < least || (met[gram / 8] & 1 << gram % 8))
			continue;
		if (l->oftens == sizeof l->often / sizeof *l->often)
			return false;
		met[gram / 8] |= (uint8_t)(1 << gram % 8);
		struct gate_often *o = &l->often[l->oftens++];
		for (size_t k = 0; k < GATE_GRAM; k++)
			o->gram[k] = ascii_lower(text.ptr[i + k]);
		o->share = l->gram[gram];
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
find_often(struct gate_likely *l, struct span text)
{
	for (float least = 1.0F / 8192; least < 1 && !find_those(l, text, least);)
		least *= 1.5F;
	qsort(l->often, l->oftens, sizeof *l->often, by_share);
}

struct gate_likely *
gate_likely_new(struct span text)
{
	struct gate_likely *l = mem_new(sizeof *l);
	const struct codes c = make_codes();
	for (unsigned i = 0; i < 128; i++)
		l->byte[i] = 0.0002F;
	for (unsigned i = 0; i < PAIRS; i++)
		l->pair[i] = 0.000002F;
	if (text.len < GATE_GRAM)
		guess(l, &c);
	float share = 1 / (float)text.len;
	for (size_t i = 0; i + GATE_GRAM <= text.len; i++) {
		l->byte[text.ptr[i] & 127] += share;
		l->pair[pair_in(&c, text.ptr + i)] += share;
		l->gram[likely_gram(text.ptr + i)] += share;
	}
	find_often(l, text);
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
			unsigned char c = (unsigned char)o->gram[i], n = (unsigned char)at[i];
			bool low = t->low[i][c & 15] >> bucket & 1;
			bool high = c < 0x80 && (t->high[i][c >> 4 & 7] >> bucket & 1);
			without &= low && high;
			with = (low || (c & 15) == (n & 15)) && (high || c >> 4 == n >> 4);
		}
		sum += with && !without ? o->share : 0;
	}
	return sum;
}

/* The same of pairs: those of a gram with one gram's pairs more. */
static float
often_by_pairs(const struct gate_anchors *a, const unsigned pair[static GATE_GRAM])
{
	float sum = 0;
	for (size_t k = 0; k < a->likely->oftens; k++) {
		const struct gate_often *o = &a->likely->often[k];
		bool with = true, without = true;
		for (unsigned i = 0; i < GATE_GRAM && with; i++) {
			unsigned its = pair_of(a->tables, o->gram, i);
			bool has = has_pair(a->tables, i, its);
			without &= has;
			with = has || its == pair[i];
		}
		sum += with && !without ? o->share : 0;
	}
	return sum;
}

void
gate_anchors_init(struct gate_anchors *a, enum gate_way way, struct gate_tables *tables,
	const struct gate_likely *likely)
{
	*a = (struct gate_anchors){.way = way, .tables = tables, .likely = likely};
	*tables = (struct gate_tables){};
	make_numbers(tables);
}

float
gate_anchor_cost(const struct gate_anchors *a, const char *at, unsigned *bucket)
{
	enum { KNOWN = 4 }; /* a pair that is looked for anyhow costs less by so much */
	float cost = 1;
	*bucket = 0;
	if (a->way == GATE_BY_PAIRS) {
		unsigned pair[GATE_GRAM];
		bool new = false;
		for (unsigned i = 0; i < GATE_GRAM; i++) {
			pair[i] = pair_of(a->tables, at, i);
			bool has = has_pair(a->tables, i, pair[i]);
			cost *= i < GATE_GRAM - 1 ? a->likely->pair[pair[i]] : 1;
			cost /= has ? KNOWN : 1;
			new |= !has;
		}
		cost += new ? often_by_pairs(a, pair) : 0;
	} else {
		for (unsigned k = 0; k < GATE_BUCKETS && cost > 0; k++) {
			float one = bucket_cost(a, at, k);
			one += one > 0 && one < cost ? often_in_bucket(a, at, k) : 0;
			*bucket = one < cost ? k : *bucket;
			cost = one < cost ? one : cost;
		}
	}
	return cost + a->likely->gram[likely_gram(at)];
}

void
gate_anchor_add(struct gate_anchors *a, const char *at, unsigned bucket)
{
	if (a->way == GATE_BY_PAIRS) {
		for (unsigned i = 0; i < GATE_GRAM; i++) {
			unsigned pair = pair_of(a->tables, at, i);
			a->tables->pair[i][pair & 127] |= (uint8_t)(1u << (pair >> 7));
		}
		return;
	}
	for (unsigned i = 0; i < GATE_GRAM; i++) {
		bool there = is_in(a->tables, bucket, i, (unsigned char)at[i]) &&
			     is_in(a->tables, bucket, i, (unsigned char)ascii_upper(at[i]));
		if (there)
			continue;
		put_in(a->tables, bucket, i, at[i]);
		a->mass[bucket][i] = mass_of(a->likely, a->tables, bucket, i);
	}
}

float
gate_anchors_share(const struct gate_anchors *a)
{
	float share = 0, all = 1;
	for (unsigned k = 0; k < GATE_BUCKETS && a->way == GATE_BY_BYTES; k++)
		share += a->mass[k][0] * a->mass[k][1] * a->mass[k][2] * a->mass[k][3];
	for (unsigned i = 0; i < GATE_GRAM - 1 && a->way == GATE_BY_PAIRS; i++) {
		float one = 0;
		for (unsigned pair = 0; pair < PAIRS; pair++)
			one += has_pair(a->tables, i, pair) ? a->likely->pair[pair] : 0;
		all *= one;
	}
	return a->way == GATE_BY_PAIRS ? all : share;
}
