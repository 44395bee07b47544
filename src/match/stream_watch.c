/* Patterns of which some part may be any record: which of them every record is judged for. */
#include "base/hash.h"
#include "base/mutant.h"
#include "match/stream-internal.h"
#include "pattern/parts.h"

bool
stream_is_awake(const struct stream *st)
{
	uint64_t counts[STREAM_PARTS_MAX];
	if (!st->open || !st->matcher || !st->len)
		return false;
	/* What made room for others may have been enough. */
	for (size_t p = 0; p < st->parts; p++)
		counts[p] = st->open >> p & 1 || st->forgetful ? UINT32_MAX : st->counts[p];
	return matcher_enough(st->matcher, counts);
}

void
stream_watch(struct streams *s, struct stream *st)
{
	if (!st->watched)
		*vec_add(&s->watched) = st;
	st->watched = true;
}

bool
streams_want_all(const struct streams *s)
{
	return s->watched.len > 0;
}

enum rc
streams_watch(struct streams *s, const struct indicator *what)
{
	struct hit h = {.indicator = what->id,
		.name = what->name,
		.pattern = what->pattern,
		.party = what->party,
		.memo = what->memo,
		.tlp = what->tlp,
		.confidence = what->confidence};
	struct stream *st = stream_find(s, &h);
	if (!st || !st->matcher)
		return RC_LIMIT;
	st->valid_from = what->valid_from;
	st->valid_until = what->valid_until;
	stream_watch(s, st);
	return RC_OK;
}

/* As match/arm.c sees it. */
static bool
is_open(const struct indicator *part, struct arena *a)
{
	struct pattern pattern;
	struct pattern_atoms atoms;
	struct pattern_strings strings;
	return !pattern_parse(part->pattern, a, &pattern, NULL) &&
	       pattern_parts(&pattern, a, &atoms, &strings) == COVER_SOME;
}

void
streams_watch_set(struct streams *s, const struct match_set *set, int min_confidence)
{
	own_arena struct arena a = {};
	struct set_parts at = {};
	struct indicator part;
	uint64_t last = 0;
	for (; match_set_next_part(set, &at, &a, &part) && !mutant(1834); arena_reset(&a)) {
		/* Neighbours are of one pattern. */
		uint64_t key = hash64(part.pattern, hash64(part.id, s->seed));
		if (key == last || (part.confidence >= 0 && part.confidence < min_confidence))
			continue;
		last = key;
		if (is_open(&part, &a) && streams_watch(s, &part))
			s->counts.unheld++;
	}
}
