#pragma once
/* Patterns over a stream: what is known of each and held (stream.c), and whether it makes the whole (stream_ask.c). */
#include "base/arena.h"
#include "base/vec.h"
#include "match/objects.h"
#include "match/sense.h"
#include "match/stream.h"
#include "pattern/match.h"

/* What is held of a record. */
struct event {
	int64_t time;
	uint64_t fits; /* a bit a part */
	uint64_t line, offset, turn;
	char *value;
	uint32_t file;
	uint16_t value_len;
	uint8_t kind;
	bool harmless, timed;
};

struct stream {
	struct stream *next; /* of the slot */
	struct arena arena;
	struct pattern pattern;
	struct hit facts; /* what the indicator says of itself */
	uint64_t key;
	struct matcher *matcher; /* NULL: it cannot be evaluated */
	size_t parts;
	int64_t window;
	bool has_window, forgetful, watched;
	bool shown;	 /* a record of a part that is not open was held */
	uint64_t unsaid; /* records that made room before anything came that could go with them */
	uint64_t open;	 /* a bit for each part that may be any record */
	struct glimpse_test *glimpses; /* those parts' comparisons, in order */
	int64_t valid_from, valid_until;
	/* events[first] to events[first + len - 1]; of them the first `ordered` by time, the others as they came */
	struct event *events;
	size_t first, len, cap, ordered;
	uint64_t *counts; /* of those that fit each part */
	size_t pending;	  /* not asked about yet */
	int64_t pending_first, pending_last;
	unsigned failures;
	size_t rest; /* after a question that was too much work, so many are not asked */
	/* of the record at hand */
	uint64_t turn;
	size_t seen;
	bool harmless;
};

struct streams {
	uint64_t seed, turn;
	enum stream_pace pace;
	enum stream_open open;
	vec_of(struct stream *) watched;
	struct stream **slot;
	size_t slots, count;
	size_t held, bytes;
	struct objects *objects;
	struct senses senses;
	struct arena scratch;
	vec_of(char *) files;
	int64_t last_untimed;
	bool *fits; /* STREAM_PARTS_MAX */
	struct stream_counts counts;
};

/* The pattern of this hit, made ready. NULL: there is no room for another. */
struct stream *stream_find(struct streams *s, const struct hit *h);
/* Every record is judged for it from now on. */
void stream_watch(struct streams *s, struct stream *st);
struct arm_batch;
/* What the set says of a pattern, of which it holds a part; spans lie in it or in the batch, which is used for this. */
bool stream_facts(const struct match_set *set, struct span id, struct span pattern,
	struct arm_batch *batch, struct indicator *out);
/* What can be known of a record that shows nothing before it is told what it is: by its fields' names. */
struct glimpse {
	uint64_t tells;		    /* a bit for each told and each role */
	struct span text_of[TOLDS]; /* the first of each */
};
/* What a comparison asks of it, once for each stream. */
void stream_prepare_glimpses(struct stream *st);
void stream_glimpse(struct streams *s, const struct record *r, struct glimpse *out);
/* Whether such a record may fit a part that any record may be; the others it does not fit. */
bool stream_may_be(const struct stream *st, const struct glimpse *g);
/* Whether any records could be what is missing. */
bool stream_is_awake(const struct stream *st);
/* One more; it is not asked about. */
void stream_put(struct streams *s, struct stream *st, const struct event *e);
/* Brings all of them in the order of their times, and of those alike as they came. */
void stream_order(struct stream *st);
/*
 * Holds what a record told, and asks what it makes, if that is worth its cost yet. h: what the record's hit would
 * be; hits are appended.
 */
void stream_hold(struct streams *s, struct stream *st, const struct event *e, const struct hit *h,
	struct arena *a, struct hits *out);
/* Asks about what was held back. h NULL: its record is not at hand any more. */
void stream_ask(struct streams *s, struct stream *st, const struct hit *h, struct arena *a,
	struct hits *out);
