#include "match/again.h"

#include <stdlib.h>

#include "base/mutant.h"
#include "match/arm.h"
#include "match/stream-internal.h"

struct again {
	struct match_set *set;
	struct arena arena;
	vec_of(struct indicator) patterns;
};

/* All of a match lies in one window, and something that was seen in the first run is in it. */
static void
narrow(const struct stream *st, struct indicator *watched)
{
	int64_t first = st->events[st->first].time, last = first, from, until;
	for (size_t i = 1; i < st->len; i++) {
		int64_t time = st->events[st->first + i].time;
		first = time < first ? time : first;
		last = time > last ? time : last;
	}
	if (st->window == INT64_MAX || st->forgetful ||
		__builtin_sub_overflow(first, st->window, &from) ||
		__builtin_add_overflow(last, st->window, &until))
		return;
	watched->valid_from = time_later(watched->valid_from, from);
	watched->valid_until = time_earlier(watched->valid_until, until);
}

static void
take_up(struct again *again, const struct match_set *from, const struct stream *st)
{
	own_arm_batch struct arm_batch batch = {};
	struct ioc_counts counts = {};
	struct indicator found;
	/* Who follows a set that changes may have it no more. */
	if (!stream_facts(from, st->facts.indicator, st->facts.pattern, &batch, &found))
		return;
	struct span *const texts[] = {
		&found.id, &found.name, &found.pattern, &found.party, &found.memo, &found.tlp};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = arena_dup(&again->arena, *texts[i]);
	found.about = (struct observable){};
	found.part = found.revoked = false;
	arm_batch_reset(&batch);
	arm_pattern(&found, &batch);
	if (arm_commit(again->set, &batch, &counts, NULL))
		return;
	narrow(st, &found);
	*vec_add(&again->patterns) = found;
}

struct again *
again_new(const struct scan *first)
{
	struct again *again = NULL;
	const struct streams *s = first->streams;
	for (size_t i = 0; s && i < s->slots; i++)
		for (const struct stream *st = s->slot[i]; st; st = st->next) {
			if (!stream_is_awake(st) || mutant(1814))
				continue;
			if (!again) {
				again = mem_new(sizeof *again);
				again->set = match_set_new(s->seed);
			}
			take_up(again, first->set, st);
		}
	return again;
}

void
again_free(struct again **p)
{
	struct again *again = *p;
	*p = NULL;
	if (!again)
		return;
	match_set_free(&again->set);
	arena_fini(&again->arena);
	free(again->patterns.at);
	free(again);
}

size_t
again_patterns(const struct again *again)
{
	return again->patterns.len;
}

void
again_begin(const struct again *again, const struct scan *first, struct scan *out)
{
	scan_init(out, again->set, first->clock);
	out->warn = first->warn;
	out->since = first->since;
	out->until = first->until;
	out->min_confidence = first->min_confidence;
	out->text = first->text;
	out->pace = first->pace;
	out->cache = first->cache;
	out->open = STREAM_OPEN_GIVEN;
	for (size_t i = 0; i < again->patterns.len; i++)
		(void)!streams_watch(scan_streams(out), &again->patterns.at[i]);
}
