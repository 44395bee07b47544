#pragma once
/* What the parts of the fast pass share: its filters, its queues, its kernels. */
#include <assert.h>

#include "match/set-internal.h"
#include "match/sweep.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

enum {
	CHUNK_WORDS = SWEEP_CHUNK / 64,
	HISTORY = 8,	       /* words of the chunk before, in front of the bitmaps */
	LAST_LABELS = 1 << 13, /* slots of the table of last labels */
	WINDOW = 57,	       /* bits of a window that are always there */
	CHAINS = 5,
	QUEUE = SWEEP_CHUNK / 2 + 128, /* whole vectors are written */
};

/* A Bloom filter whose bits for one key lie in one word. */
struct word_filter {
	uint64_t *word;
	uint64_t words;
};

/* A split-block Bloom filter: eight words of 32 bits, one bit in each. */
struct block {
	uint32_t lane[8];
};

struct block_filter {
	struct block *block;
	uint64_t blocks;
};

/* Of the last two labels of a name with the dot between, so many bytes count, the last. */
enum { PAIR = 32 };

/* Keys of their hash, one a word; the last bytes' word first. */
struct pair_key {
	uint64_t word[PAIR / 8];
};

/*
 * What can be seen of a set from afar. Every filter passes all that is in it, and little else. What a
 * compiled set keeps of these is struct file_gates (match/set_file-internal.h): who adds one adds it there.
 */
struct gates {
	uint64_t seed;
	struct pair_key pair;		 /* made of the seed */
	uint8_t last_label[LAST_LABELS]; /* of names, by its last eight bytes */
	struct word_filter two_labels;	 /* the last two labels of names */
	struct block_filter names;
	struct word_filter fours; /* IPv4 addresses */
	struct block_filter digits;
	const uint8_t *routes; /* of the set: /16s that a range of IPv4 touches */
	uint32_t *low, *high;  /* ranges of IPv4, apart and ascending */
	/* IPv6 addresses, and the first 32 bits of ranges of at least so many; of others the first 16. */
	struct word_filter sixes;
	uint8_t wide_sixes[1 << 13];
	void *room; /* of all filters that do not lie in the set's file, so many bytes */
	size_t bytes;
	size_t ranges;
	/* What they were made of. */
	struct gate_keys {
		uint64_t names, fours, sixes, digits, ranges;
	} keys;
	bool has_names, has_fours, has_sixes, has_digits, has_ja4, has_macs, has_cves;
	bool has_wide_tail;    /* some name's last label is internationalized */
	uint8_t wide_tail[32]; /* the last letters of those */
	bool any_tail;	       /* some name ends in no letter */
};

enum { SWEEP_LABEL_KEY = 1, SWEEP_DIGITS_KEY = 2, SWEEP_MAC_KEY = 3, SWEEP_PAIR_KEY = 16 };

/* ---- hashing, the same in the gates and in every kernel ---- */

static inline uint64_t
sweep_fold(uint64_t a, uint64_t b)
{
	__uint128_t p = (__uint128_t)a * b;
	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/* The eight bytes before `end`, the last in the top byte, ASCII letters small. */
static inline uint64_t
sweep_tail(const unsigned char *end)
{
	uint64_t v;
	__builtin_memcpy(&v, end - 8, 8);
	return v | UINT64_C(0x2020202020202020);
}

/* Joins the `len` bytes before `end` to a hash; reads up to 7 bytes before them. */
static inline uint64_t
sweep_join(uint64_t h, const unsigned char *end, size_t len)
{
	h ^= len * UINT64_C(0xff51afd7ed558ccd);
	for (; len > 8; len -= 8, end -= 8)
		h = sweep_fold(h ^ sweep_tail(end), UINT64_C(0x9e3779b97f4a7c15));
	uint64_t rest = len ? sweep_tail(end) >> (64 - 8 * len) : 0;
	return sweep_fold(h ^ rest, UINT64_C(0xd6e8feb86659fd93));
}

static inline uint64_t
sweep_pair_end(uint64_t sum)
{
	return sweep_fold(sum ^ UINT64_C(0xff51afd7ed558ccd), UINT64_C(0x9e3779b97f4a7c15));
}

/* The `len` bytes before `end`, PAIR at most, letters small: halves of words multiplied, NH of UMAC. Reads PAIR. */
static inline uint64_t
sweep_pair(const struct pair_key *key, const unsigned char *end, size_t len)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < PAIR / 8; i++, end -= 8) {
		size_t here = len < 8 ? len : 8;
		uint64_t v = here ? sweep_tail(end) >> (64 - 8 * here) << (64 - 8 * here) : 0;
		len -= here;
		uint64_t low = (v + key->word[i]) & UINT32_MAX;
		uint64_t high = ((v >> 32) + (key->word[i] >> 32)) & UINT32_MAX;
		sum += low * high;
	}
	return sweep_pair_end(sum);
}

/* What the labels of a name are joined to, from the last on; of a set's seed. */
static inline uint64_t
sweep_name_seed(uint64_t seed)
{
	return seed * UINT64_C(0x9e3779b97f4a7c15) + SWEEP_LABEL_KEY;
}

static inline uint32_t
sweep_last_label(const unsigned char *end, size_t len)
{
	uint64_t v = sweep_tail(end);
	v = len < 8 ? v >> (64 - 8 * len) : v;
	return (uint32_t)((v * UINT64_C(0x9e3779b97f4a7c15)) >> 51);
}

static inline uint64_t
sweep_four(const struct gates *g, uint32_t address)
{
	uint64_t h = (address ^ g->seed) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

/* Of an IPv6 address, or, with 4 bytes, of the start of a range. */
static inline uint64_t
sweep_six(const struct gates *g, const uint8_t *bytes, size_t len)
{
	uint64_t v[2] = {};
	__builtin_memcpy(v, bytes, len);
	return sweep_fold(sweep_fold(v[0] ^ g->seed, UINT64_C(0x9e3779b97f4a7c15) + len) ^ v[1],
		UINT64_C(0xd6e8feb86659fd93));
}

static inline uint64_t
word_place(const struct word_filter *f, uint64_t hash)
{
	return (uint64_t)(((__uint128_t)(hash >> 32) * f->words) >> 32);
}

static inline uint64_t
word_bits(uint64_t h)
{
	return UINT64_C(1) << (h & 63) | UINT64_C(1) << (h >> 6 & 63) |
	       UINT64_C(1) << (h >> 12 & 63) | UINT64_C(1) << (h >> 18 & 63);
}

static inline bool
word_has(const struct word_filter *f, uint64_t hash)
{
	uint64_t bits = word_bits(hash);
	return (f->word[word_place(f, hash)] & bits) == bits;
}

static inline uint64_t
block_place(const struct block_filter *f, uint64_t hash)
{
	return (uint64_t)(((__uint128_t)(hash >> 32) * f->blocks) >> 32);
}

static inline void
block_bits(uint32_t h, struct block *out)
{
	static const uint32_t salt[8] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7,
		0x2df1424b, 0x9efc4947, 0x5c6bfb31};
	for (int i = 0; i < 8; i++)
		out->lane[i] = UINT32_C(1) << (h * salt[i] >> 27);
}

static inline bool
block_has(const struct block_filter *f, uint64_t hash)
{
	struct block want;
	const struct block *have = &f->block[block_place(f, hash)];
	uint32_t missing = 0;
	block_bits((uint32_t)hash, &want);
	for (int i = 0; i < 8; i++)
		missing |= want.lane[i] & ~have->lane[i];
	return !missing;
}

void gates_make(struct gates *g, const struct match_set *set);
/* With room for some more keys of each kind, for a file. */
void gates_make_spare(struct gates *g, const struct match_set *set);
void gates_fini(struct gates *g);
size_t gates_bytes(const struct gates *g);

/* ---- a sweep ---- */

/* A row of bits, one a byte of the chunk: HISTORY words of the chunk before come first, zeros last. */
enum { GROUP = 8, ROW = HISTORY + CHUNK_WORDS + GROUP };

struct bitmaps {
	/* What bytes are. */
	uint64_t word[ROW];  /* letters, digits, "-", "_", "." */
	uint64_t point[ROW]; /* "." */
	uint64_t alpha[ROW];
	uint64_t hex[ROW];
	uint64_t colon[ROW];
	uint64_t escape[CHUNK_WORDS + GROUP]; /* "%" and backslash */
	uint64_t high[CHUNK_WORDS + GROUP];   /* beyond ASCII */
	/* Made of these. Words end at two dots: the second is no part of one. */
	uint64_t token[ROW];
	uint64_t edge[ROW];	     /* no token, or a dot */
	uint64_t dot[ROW];	     /* in tokens */
	uint64_t near[ROW];	     /* dots with another two to four bytes before */
	uint64_t quad[ROW];	     /* dots with a near one there */
	uint64_t run[ROW];	     /* the last of 32 hexadecimal digits */
	uint64_t chain[CHAINS][ROW]; /* colons with so many others, and one, near */
	uint64_t mac[ROW];	     /* the last of separators as a MAC address has */
	uint64_t cve[ROW];	     /* behind three letters and a year */
	uint64_t four[ROW];	     /* the last of four hexadecimal digits */
	uint64_t twelve[ROW];	     /* and of 12 */
	uint64_t ja4[ROW];	     /* the second of two signs, 12 digits between */
	/* What is looked at: bytes behind the ends of tokens, but for colons. */
	uint64_t name_end[CHUNK_WORDS + GROUP]; /* with a dot, behind what may end a name */
	uint64_t four_end[CHUNK_WORDS + GROUP]; /* of digits and dots, with four numbers or more */
	uint64_t odd_end[CHUNK_WORDS +
			 GROUP]; /* the same with anything else in it, but a letter at its end */
	uint64_t run_end[CHUNK_WORDS + GROUP]; /* 32 hexadecimal digits or more */
	uint64_t colons[CHUNK_WORDS +
			GROUP]; /* the second of two, and those with CHAINS others near */
};

/* How many ends are in the queues, and which of the other rows that are looked at hold anything. */
struct marks {
	size_t names, fours;
	bool odds, runs, colons, escape, high;
};

/* Carries from chunk to chunk: of additions, and, of a kernel of whole vectors, the words before. */
struct carries {
	uint64_t dot, quad, other;
	uint64_t near, run[5], chain[CHAINS - 1];
};

/* A name or a digest that may be in the set. */
struct probe {
	uint64_t hash;
	const unsigned char *start, *end;
};

/* What the filters let through: the set is asked for all of it together (sweep_ask.c). */
struct asked {
	size_t len, used; /* keys, bytes of the room */
	struct set_key key[SET_KEYS];
	const unsigned char *place[SET_KEYS]; /* to be noted where the set knows the key */
	char room[SET_KEYS * 32];
};

/* Why the plain extraction looks: for all; for addresses; for what holds colons, since all else is found. */
enum look { LOOK_ALL, LOOK_FOURS, LOOK_COLONS, LOOKS };

struct sweep {
	const struct match_set *set;
	struct gates own;
	const struct gates *gates; /* its own, or those of the sweep that it is like */
	uint64_t version;	   /* of the set, when the gates were made */
	const struct sweep_kernel *kernel;
	struct signs *own_signs;
	const struct signs *signs; /* of defanging; NULL: not looked for */
	/* of the text under work */
	const unsigned char *text, *text_end;
	const unsigned char *escaped; /* the end of the \uXXXX that were looked at last */
	/* What the plain extraction looked at last. */
	const unsigned char *looked[LOOKS], *looked_end[LOOKS];
	vec_of(struct sweep_place) places, vague;
	struct sweep_place *sorted; /* room for sorting them */
	size_t sorted_cap;
	vec_of(uint16_t) line_ends;
	struct bitmaps bits;
	struct carries carries;
	/* One chunk's, filter by filter: where tokens end, from the chunk's start. */
	uint16_t name_at[QUEUE], four_at[QUEUE];
	uint8_t label[QUEUE];			/* length of the last label */
	uint64_t hash[QUEUE], four_hash[QUEUE]; /* of the last two labels; of addresses */
	uint8_t second[QUEUE];			/* length of the label before the last */
	uint32_t address[QUEUE];
	vec_of(struct probe) probes;
	struct asked asked;
	struct arena arena; /* for the plain extraction */
	struct match_answers answers;
	struct sweep_beside *beside; /* for names as counted labels; NULL: none yet */
};

void sweep_beside_free(struct sweep_beside *b); /* NULL accepted */
/* The result of what was noted, in order. */
void sweep_finish(struct sweep *s, struct sweep_result *out);

/* Of 64 bytes, a bit each. */
struct classes {
	uint64_t token, dot, alpha, hex, colon, line, escape, high;
};

/* The same of a byte, for kernels that look it up. */
enum {
	BYTE_TOKEN = 1,
	BYTE_DOT = 2,
	BYTE_ALPHA = 4,
	BYTE_HEX = 8,
	BYTE_COLON = 16,
	BYTE_LINE = 32,
	BYTE_ESCAPE = 64,
	BYTE_HIGH = 128
};
extern const uint8_t sweep_classes[256];

/* One instruction set's. */
struct sweep_kernel {
	const char *name;
	bool (*runs)(void);
	void (*chunk)(struct sweep *s, const unsigned char *at, size_t len);
};

extern const struct sweep_kernel sweep_kernel_c, sweep_kernel_avx2, sweep_kernel_avx512,
	sweep_kernel_neon;

/* ---- rare cases, exact and slow (sweep_rare.c) ---- */

/* Letters, digits, "-" and "_". */
extern const bool sweep_label[256];
/* What may end an escape, or stand in one. */
extern const bool sweep_odd_before[256];
void sweep_note(struct sweep *s, const unsigned char *at);
/* The same where a name begins that the set's file has, and nothing else: its first item. */
void sweep_note_item(struct sweep *s, const unsigned char *at, uint32_t item);
/* Notes the place where the set knows the key, letters made small; not before sweep_answers. */
void sweep_ask(struct sweep *s, enum key key, const unsigned char *bytes, size_t len,
	const unsigned char *place);
void sweep_answers(struct sweep *s);
/* The same where what is found may begin elsewhere on the line, or be read otherwise than it stands. */
void sweep_note_vague(struct sweep *s, const unsigned char *at);
/* A name that all filters let through: noted where the set knows it. */
void sweep_name(struct sweep *s, const unsigned char *start, const unsigned char *end);
/*
 * Whether what begins at `start` may begin later, since its first bytes belong to an escape or to a
 * terminal's sequence, or are hyphens.
 */
bool sweep_is_odd(const struct sweep *s, const unsigned char *start);
/* A name that begins so: noted where the set knows what is left behind any of its first bytes. */
void sweep_name_odd(struct sweep *s, const unsigned char *start, const unsigned char *end);
/* What ends before `end` and is four numbers at first sight only: a range, one with a port, an escape's rest. */
void sweep_four_odd(struct sweep *s, const unsigned char *end);
/* An IPv4 address that the filters let through. */
void sweep_four_likely(struct sweep *s, const unsigned char *end, uint32_t address);
/* `len` hexadecimal digits before `end`, 32 or more: what may be a digest becomes a probe. */
void sweep_digits(struct sweep *s, const unsigned char *end, size_t len);
/* A digest that the filters let through. */
void sweep_digits_likely(struct sweep *s, const unsigned char *start, const unsigned char *end);
/* "%" or a backslash: noted where it hides a part of a name. */
void sweep_escape(struct sweep *s, const unsigned char *at);
/* The run of letters, digits, dots, colons and bytes beyond ASCII around `at`, by the plain extraction. */
void sweep_run(struct sweep *s, const unsigned char *at);
/* Of the same run only what holds colons. */
void sweep_colons(struct sweep *s, const unsigned char *at);
/* The same for one with bytes beyond ASCII, which holds a name only with a dot of some kind. */
void sweep_run_high(struct sweep *s, const unsigned char *at);
/* A JA4 fingerprint by its second "_". */
void sweep_ja4(struct sweep *s, const unsigned char *second);
/* A MAC address by its last separator: ":", "-" or ".". */
void sweep_mac(struct sweep *s, const unsigned char *separator);
/* A CVE by its second hyphen. */
void sweep_cve(struct sweep *s, const unsigned char *hyphen);
/* A MAC address by the end of its twelve digits. */
void sweep_mac_bare(struct sweep *s, const unsigned char *end);

/* ---- letters beyond ASCII (sweep_wide.c) ---- */

/*
 * Whether the letters, dots and \uXXXX from *at on, or some of them, may be a name of the set that holds such
 * letters; *at becomes their end. `dotted`: a dot may stand before.
 */
bool sweep_may_be_wide(
	const struct sweep *s, const unsigned char **at, const unsigned char *end, bool dotted);
/* Of a last letter, in gates.wide_tail. */
uint8_t sweep_tail_slot(uint32_t code);

/* ---- defanging (sweep_signs.c) ---- */

struct signs *signs_new(void);
/* Notes the places where something may be defanged, not in their order. */
void sweep_signs(struct sweep *s);
