#pragma once
/* What the parts of `strings` share. */
#include <pthread.h>

#include "base/arena.h"
#include "base/buf.h"
#include "match/literal.h"
#include "match/set-internal.h"
#include "match/strings.h"

struct string {
	struct indicator facts; /* spans lie in the arena; about.value is the text */
	uint32_t next_id;	/* in its bucket */
	bool dead;
};

/* A piece that several texts may wait for. */
struct gate_piece {
	struct span text;
	uint32_t owner; /* first of gate.owner, up to the next piece's */
	bool begins;	/* of all owners, as struct literals says it */
};

enum {
	GATE_GRAM = 4,
	GATE_SPAN =
		6, /* bytes of a piece from its gram on that are looked for, where there are so many */
	GATE_BLOCK = 512, /* bytes of a value that are marked at a time */
	GATE_AHEAD = 7,	  /* bytes that a kernel reads behind those that it marks */
	GATE_BUCKETS = 8,
	GATE_PAIRS = 4,
	GATE_OFTENS = 128, /* frequent ones that each anchor is held against */
	GATE_ESCAPE =
		6, /* bytes of an escape at most, and so many at a text's start are no letter's neighbours */
};

/*
 * What the grams of all pieces are made of, little enough for a processor's registers, so that most places of a
 * log are told without looking anything up; a kernel goes by one half or the other.
 */
struct gate_tables {
	/* Of each byte of ASCII what it adds to the number of a pair that it is the first or the second of. */
	uint8_t first[128], second[128], bit[128];
	/* Which pairs stand there in some gram, a bit each, by gate_pair_table. */
	uint8_t pair[GATE_PAIRS][128];
	bool spans; /* each piece goes on for GATE_SPAN bytes: pairs up to there are looked at, else those of a gram */
	/* Grams dealt to buckets, a bit each: the halves of bytes that some of its grams have there. */
	uint8_t low[GATE_GRAM][16], high[GATE_GRAM][16];
};

/* By where a pair begins, from the byte before a gram on: tables in turns, so that two looks tell four pairs. */
static const uint8_t gate_pair_table[GATE_SPAN] = {0, 1, 2, 3, 2, 3};

enum gate_way { GATE_BY_PAIRS, GATE_BY_BYTES };

/* One instruction set's. */
struct gate_kernel {
	const char *name; /* as TOCSIN_CPU says it */
	bool (*runs)(void);
	enum gate_way way;
	/*
	 * Where of 64 * words bytes, of one word to those of a stretch, a gram may begin or an escape does
	 * (gate_is_escape), a bit each; GATE_AHEAD bytes behind are read. Whether any byte is beyond ASCII.
	 */
	bool (*mark)(const struct gate_tables *t, const char *text, size_t words, uint64_t *out);
	/*
	 * Of those places the escapes and what a gram may really begin at, `first` added to each; how many. There
	 * is room for all in the queue, and a few; GATE_AHEAD bytes behind are read. *high becomes true as above.
	 */
	size_t (*places)(const struct gate *g, const char *text, size_t words, size_t first,
		uint16_t *queue, bool *high);
};
/* The plain ones, which others are held against; where nothing better runs, grams are better looked up at once. */
extern const struct gate_kernel gate_kernel_pairs, gate_kernel_bytes;
extern const struct gate_kernel gate_kernel_avx2, gate_kernel_avx512;
/* The best that runs here and is sound, or what TOCSIN_CPU asks for; NULL: none. */
const struct gate_kernel *gate_kernel_choose(void);

/* ---- which grams (strings_tables.c) ---- */

/* What a log is likely to hold. */
struct gate_likely {
	float byte[128], pair[1024]; /* pairs by gate_pair() */
	/* Of a part of the log, where there was one, by a hash: grams, and what `often` is of. */
	size_t bytes; /* of a gram and what follows, that count */
	float gram[1 << 18], window[1 << 18];
	/* Those that stand there most often: other grams together must not make them pass. */
	struct gate_often {
		char window[1 + GATE_SPAN]; /* a byte, a gram, and what follows */
		float share;
	} often[GATE_OFTENS];
	size_t oftens;
};
/* Of a part of the log; of any, where it is empty. */
struct gate_likely *gate_likely_new(struct span text, enum gate_way way, bool spans);

/* Tables that are being filled. */
struct gate_anchors {
	enum gate_way way;
	struct gate_tables *tables;
	const struct gate_likely *likely;
	float mass[GATE_BUCKETS][GATE_GRAM]; /* by bytes: how likely what a bucket takes is */
	/* By pairs: the first ones of likely->often, and which of their pairs are in no table. */
	struct {
		uint16_t pair[GATE_SPAN];
		uint8_t missing;
	} often[GATE_OFTENS];
	size_t oftens;
	uint32_t before[2]; /* codes of all bytes; of those that are no letter and no digit */
};
/* spans: as the tables say it. */
void gate_anchors_init(struct gate_anchors *a, enum gate_way way, bool spans,
	struct gate_tables *tables, const struct gate_likely *likely);
/* What looking for the gram at `at` adds to the places of a log that are looked at; *bucket where to put it. */
float gate_anchor_cost(
	const struct gate_anchors *a, const struct gate_piece *p, size_t at, unsigned *bucket);
void gate_anchor_add(
	struct gate_anchors *a, const struct gate_piece *p, size_t at, unsigned bucket);
/* How many of a log's places are likely to be marked, of one. */
float gate_anchors_share(const struct gate_anchors *a);

struct gate_slot {
	uint32_t gram;	/* four bytes, letters small */
	uint32_t first; /* of the marks that nothing tells apart from others */
	uint32_t count; /* of all */
};

/* Marks that another gram before or behind tells apart: many texts may share a gram, few share eight bytes. */
struct gate_wide {
	uint64_t key; /* 0: none */
	uint32_t first;
};

struct gate_mark {
	uint32_t piece, next;
	uint32_t beside; /* another gram of the piece, behind this one or before */
	uint8_t offset;	 /* of the gram in the piece */
	int8_t away;	 /* of the other from it; 0: there is none */
};

/*
 * A piece of L bytes holds, wherever it stands, a whole gram of four bytes at a multiple of `step`, where
 * L >= step + 3; so only those places are looked at.
 */
struct gate {
	/*
	 * Grams, hashed: as few words as keep them sparse, for the first cache is small. With a kernel GATE_SPAN
	 * bytes of each piece that goes on so long.
	 */
	struct gate_bits {
		uint64_t *word;
		unsigned shift;
		bool longs, shorts; /* whether there are such, and others */
	} bits;
	/* NULL: none. With one, of each piece one gram is taken, and all places are looked at. */
	const struct gate_kernel *kernel;
	struct gate_tables tables;
	size_t step, shortest; /* of pieces, the bytes */
	struct gate_slot *slot;
	struct gate_wide *wide;
	size_t slots, wides;
	vec_of(struct gate_mark) marks;
	vec_of(struct gate_piece) pieces;
	vec_of(uint32_t) owner;
	vec_of(uint32_t) bare; /* texts without a piece */
	vec_of(struct span) also;
	uint32_t *first_also; /* of each text, up to the next one's: what stands there besides */
	bool folds; /* some text is in NFC: letters beyond ASCII may be equal to some of ASCII */
	struct arena arena;
};

struct strings {
	uint64_t seed, birth, version, gate_version;
	vec_of(struct string) list;
	struct arena arena;
	size_t armed, expressions;
	uint32_t *bucket, *same; /* by id; by text and id, for repetitions */
	size_t buckets;
	struct gate *gate; /* the newest: read and replaced by any thread that sweeps */
	/* Under the lock: what the log is full of, sorted, and gates that a thread may still read. */
	pthread_mutex_t lock;
	struct arena learned;
	vec_of(struct span) common;
	struct buf sample; /* of it, from many places */
	unsigned sampled;  /* gates made for that alone */
	bool news;	   /* common ones that the gate looks for yet */
	uint64_t due;	   /* looks before the next gate is made for those */
	vec_of(struct gate *) old;
	unsigned looks; /* texts swept, of which some are looked at */
	unsigned quiet; /* looks in a row that told nothing new */
};

struct gate *gate_new(const struct strings *s);
void gate_free(struct gate **g); /* NULL accepted */
/* The newest; it stays until something is added or revoked. */
const struct gate *gate_of(const struct strings *s);
/* Notes what a text is full of, and replaces the gate where it looks for that. */
void gate_learn(struct strings *s, struct span text);
/* The next piece in the text: `start` it begins at. Start with {.mark = GATE_NONE}; false at the end. */
enum { GATE_NONE = UINT32_MAX };
struct gate_place {
	size_t at; /* a multiple of the gate's step */
	bool looked;
	uint32_t mark, piece;
	uint32_t other[2]; /* chains of marks of the same place that are to be walked yet */
	size_t start;
	/* What a kernel said of the block that `at` lies in, but for what was looked at. */
	size_t block; /* where it ends; 0: none */
	uint64_t may[GATE_BLOCK / 64];
};
bool gate_next(const struct gate *g, struct span text, struct gate_place *p);
/* Fetches what will be asked of the gram at `at`. */
void gate_prefetch(const struct gate *g, struct span text, size_t at);
/* The next piece of those whose gram stands at `at`; {.mark = GATE_NONE} before the first. */
bool gate_next_at(const struct gate *g, struct span text, size_t at, struct gate_place *p);
/* Whether all that a text must hold besides its piece stands there, in a line or in a value. */
bool gate_fits(const struct gate *g, uint32_t string, struct span text);
/* Whether letters beyond ASCII stand there that are equal to "k" or "s" but for case or form. */
bool gate_has_odd_letter(struct span text);

/* ---- subjects (strings_subject.c) ---- */

/* How a field is asked, a bit for each property: its value as that, or as text in which it may stand. */
struct string_use {
	uint32_t value, text;
};
struct string_use string_use(const struct field *f);

enum { SUBJECTS = 4 };
struct subject {
	struct span text;
	size_t at; /* in the value; SIZE_MAX: written otherwise there */
};
/* What of a value is compared with a text of this property; their number. */
size_t string_subjects(enum pattern_property property, struct span value, struct arena *a,
	struct subject out[static SUBJECTS]);
/* A key of the registry with its hive's name in full. */
struct span string_full_key(struct span key, struct arena *a);

/* ---- texts in lines (strings_words.c) ---- */

/* Where the text stands in the line as a whole; false where it does not. */
bool string_in_text(
	const struct indicator *what, struct span line, struct arena *a, size_t *at, size_t *len);
/* The expression that says of a line what LIKE says of a value. */
struct span string_like_in_text(const struct indicator *what, struct arena *a);
/* The next word of a line that may be a path: false at the end. */
bool string_next_word(struct span line, size_t *at, struct span *word);

/* ---- expressions by Vectorscan (strings_shard.c) ---- */

struct string_shards;
struct string_shards *string_shards_new(const struct strings *s, const struct vscan_cache *cache);
void string_shards_free(struct string_shards **s); /* NULL accepted */
/* Takes up what was added since; numbers stay. */
void string_shards_catch_up(struct string_shards *all);
/* Compiles all at once and waits; how many expressions are compiled. */
size_t string_shards_compile(struct string_shards *all);
/* False: the expression does not match the text, which lives as long as the field of this number is tried. */
bool string_shards_may_match(
	struct string_shards *all, uint32_t index, struct span text, uint64_t field);

/* ---- percent signs (strings_percent.c) ---- */

/* The next place, before `end`, where a piece stands that percent signs hide; `end` where none does. */
size_t gate_next_percent(const struct gate *g, struct span text, size_t at, size_t end);
/* Whether the percent sign at `at` hides a piece; where it does not, signs before *done hide none either. */
bool gate_hides_percent(const struct gate *g, struct span text, size_t at, size_t *done);
/* Whether percent signs hide a byte that a piece may hold. */
bool gate_has_percent(struct span line);
