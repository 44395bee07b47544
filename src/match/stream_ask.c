/* What is held of a stream's records, and the question whether it makes a pattern. */
#include <stdlib.h>
#include <string.h>

#include "base/mutant.h"
#include "base/own.h"
#include "match/stream-internal.h"
#include "pattern/bind.h"

enum {
	EAGER = 256,	/* of so few records each new one puts the question */
	SIXTEENTH = 16, /* of more, each so many-th part */
	TRIALS = 96,	/* to find records that a hit does not need */
	WORK = 1000000, /* steps of one question, and for each record more */
	WORK_EACH = 256,
};

/* ---- records held ---- */

static void
count_event(struct stream *st, const struct event *e, bool more)
{
	for (uint64_t left = e->fits; left; left &= left - 1)
		st->counts[__builtin_ctzll(left)] += more ? 1 : UINT64_MAX;
}

static bool
is_beyond(const struct stream *st, const struct event *e)
{
	int64_t newest = st->events[st->first + st->len - 1].time;
	return st->window != INT64_MAX && newest - e->time >= st->window;
}

/* What made room is told once something is held, or was, that could have gone with it. */
static void
say_forgotten(struct streams *s, struct stream *st)
{
	if (!st->unsaid || (!st->shown && !mutant(1835)))
		return;
	s->counts.forgotten += st->unsaid;
	s->counts.forgetful += !st->forgetful;
	st->forgetful = true;
	st->unsaid = 0;
}

/*
 * The earliest of those that stand for parts which any record may be: of such there are always more, of the others
 * not. How many went.
 */
static size_t
forget_open(struct streams *s, struct stream *st, size_t count)
{
	struct event *at = st->events + st->first;
	size_t kept = 0, gone = 0;
	for (size_t i = 0; i < st->len; i++) {
		if (gone == count || at[i].fits & ~st->open) {
			at[kept++] = at[i];
			continue;
		}
		st->unsaid += !is_beyond(st, &at[i]);
		count_event(st, &at[i], false);
		free(at[i].value);
		gone++;
	}
	st->len = st->ordered = kept;
	s->held -= gone;
	say_forgotten(s, st);
	return gone;
}

/* The earliest make room. */
static void
forget(struct streams *s, struct stream *st, size_t count)
{
	stream_order(st);
	if (st->open)
		count -= forget_open(s, st, count);
	for (size_t i = 0; i < count; i++) {
		struct event *e = &st->events[st->first];
		if (!is_beyond(st, e) && !mutant(1702)) {
			s->counts.forgotten++;
			s->counts.forgetful += !st->forgetful;
			st->forgetful = true;
		}
		count_event(st, e, false);
		free(e->value);
		st->first++;
		st->len--;
		st->ordered--;
		s->held--;
	}
}

static void
forget_of_largest(struct streams *s)
{
	struct stream *largest = NULL;
	for (size_t i = 0; i < s->slots; i++)
		for (struct stream *st = s->slot[i]; st; st = st->next)
			if (!largest || st->len > largest->len)
				largest = st;
	if (largest)
		forget(s, largest, largest->len / 2 + 1);
}

/* Room for one more behind the last. */
static void
make_room(struct stream *st)
{
	if (st->first + st->len < st->cap)
		return;
	if (st->first >= st->cap / 2 && st->first) {
		memmove(st->events, st->events + st->first, st->len * sizeof *st->events);
		st->first = 0;
		return;
	}
	st->cap = st->cap ? st->cap * 2 : 4;
	st->events = mem_grow(st->events, st->cap, sizeof *st->events);
}

void
stream_put(struct streams *s, struct stream *st, const struct event *e)
{
	make_room(st);
	struct event *at = st->events + st->first;
	at[st->len] = *e;
	if (st->ordered == st->len && (!st->len || at[st->len - 1].time <= e->time))
		st->ordered++;
	st->len++;
	st->shown |= (e->fits & ~st->open) != 0;
	s->held++;
	count_event(st, e, true);
}

/* Where one of this time would stand: behind all that are not later. */
static size_t
place_of(const struct event *at, size_t len, int64_t time)
{
	size_t low = 0, high = len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (at[middle].time <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Merges halves that are in order, as often as it takes; `room` is as long. */
static void
sort_events(struct event *at, size_t len, struct event *room)
{
	size_t half = len / 2, left = 0, right = half;
	if (len < 2)
		return;
	sort_events(at, half, room);
	sort_events(at + half, len - half, room);
	memcpy(room, at, half * sizeof *at);
	for (size_t to = 0; left < half; to++)
		at[to] = right == len || room[left].time <= at[right].time ? room[left++]
									   : at[right++];
}

void
stream_order(struct stream *st)
{
	enum { FEW = 4 };
	struct event *at = st->events + st->first;
	size_t fresh = st->len - st->ordered;
	if (fresh > FEW) {
		own_mem struct event *room = mem_grow(NULL, st->len, sizeof *room);
		sort_events(at + st->ordered, fresh, room);
		memcpy(room, at + st->ordered, fresh * sizeof *room);
		/* From behind, so that nothing is overwritten that is still to be moved. */
		for (size_t to = st->len, left = st->ordered; fresh;)
			at[--to] =
				left && (at[left - 1].time > room[fresh - 1].time) != mutant(1831)
					? at[--left]
					: room[--fresh];
		st->ordered = st->len;
	}
	for (; st->ordered < st->len; st->ordered++) {
		struct event e = at[st->ordered];
		size_t place = place_of(at, st->ordered, e.time);
		memmove(at + place + 1, at + place, (st->ordered - place) * sizeof *at);
		at[place] = e;
	}
}

static void
insert(struct streams *s, struct stream *st, const struct event *e)
{
	stream_put(s, st, e);
	if (!st->pending || e->time < st->pending_first)
		st->pending_first = e->time;
	if (!st->pending || e->time > st->pending_last)
		st->pending_last = e->time;
	st->pending++;
}

/* First event at `time` or later. */
static size_t
find_time(const struct stream *st, int64_t time)
{
	const struct event *at = st->events + st->first;
	size_t low = 0, high = st->len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (at[middle].time < time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int64_t
add_clamped(int64_t a, int64_t b)
{
	int64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? (b < 0 ? INT64_MIN : INT64_MAX) : sum;
}

/* ---- the question ---- */

/* Events by their number from the first; an array of them is a choice. */
struct choice {
	uint32_t *at;
	size_t len;
};

/* Whether these make the whole. */
static enum rc
solve(struct streams *s, struct stream *st, const struct choice *c)
{
	struct arena *a = &s->scratch;
	arena_reset(a);
	struct bind_observation *all = arena_new(a, c->len * sizeof *all);
	const bool **rows = arena_new(a, st->parts * sizeof *rows);
	for (size_t p = 0; p < st->parts; p++) {
		bool *row = arena_new(a, c->len);
		for (size_t i = 0; i < c->len; i++)
			row[i] = st->events[st->first + c->at[i]].fits >> p & 1;
		rows[p] = row;
	}
	for (size_t i = 0; i < c->len; i++) {
		int64_t time = st->events[st->first + c->at[i]].time;
		all[i] = (struct bind_observation){time, time, 1};
	}
	return matcher_bind(st->matcher, all, c->len, rows,
		WORK + c->len * (st->parts + 1) * (uint64_t)WORK_EACH);
}

static bool
is_enough(const struct stream *st, size_t low, size_t high)
{
	uint64_t counts[STREAM_PARTS_MAX] = {};
	if (low == 0 && high == st->len)
		return matcher_enough(st->matcher, st->counts);
	for (size_t i = low; i < high; i++)
		for (uint64_t left = st->events[st->first + i].fits; left; left &= left - 1)
			counts[__builtin_ctzll(left)]++;
	return matcher_enough(st->matcher, counts);
}

/* The newest comer among low to high, then the others, the nearest to it first. */
static struct choice
by_nearness(const struct stream *st, size_t low, size_t high)
{
	const struct event *at = st->events + st->first;
	size_t newest = low;
	for (size_t i = low; i < high; i++)
		if (at[i].turn >= at[newest].turn)
			newest = i;
	struct choice c = {mem_grow(NULL, high - low, sizeof *c.at), 0};
	size_t left = newest, right = newest + 1;
	c.at[c.len++] = (uint32_t)newest;
	while (left > low || right < high) {
		bool back =
			right == high || (left > low && at[newest].time - at[left - 1].time <=
								at[right].time - at[newest].time);
		c.at[c.len++] = (uint32_t)(back ? --left : right++);
	}
	return c;
}

/* Leaves out what is not needed, within some trials. */
static void
reduce(struct streams *s, struct stream *st, struct choice *c)
{
	/* The shortest beginning that makes the whole. */
	size_t low = 1, high = c->len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (solve(s, st, &(struct choice){c->at, middle}) == RC_OK)
			high = middle;
		else
			low = middle + 1;
	}
	c->len = high;
	own_mem uint32_t *rest = mem_grow(NULL, c->len, sizeof *rest);
	unsigned trials = TRIALS;
	for (size_t piece = (c->len + 1) / 2; piece && c->len > 1; piece /= 2)
		for (size_t from = 0; from < c->len && trials;) {
			size_t cut = c->len - from < piece ? c->len - from : piece;
			struct choice without = {rest, c->len - cut};
			memcpy(rest, c->at, from * sizeof *rest);
			memcpy(rest + from, c->at + from + cut,
				(c->len - from - cut) * sizeof *rest);
			trials--;
			if (!without.len || solve(s, st, &without) != RC_OK) {
				from += cut;
				continue;
			}
			memcpy(c->at, rest, without.len * sizeof *rest);
			c->len = without.len;
		}
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* The hit that a choice, by time now, is. h: what of and where. */
static void
tell(struct streams *s, const struct stream *st, const struct choice *c, const struct hit *h,
	struct arena *a, struct hits *out)
{
	size_t told = c->len < HIT_PARTS_MAX ? c->len : HIT_PARTS_MAX;
	struct hit_part *parts = arena_new(a, told * sizeof *parts);
	const struct event *last = NULL;
	for (size_t i = 0; i < c->len; i++) {
		const struct event *e = &st->events[st->first + c->at[i]];
		last = !last || e->turn > last->turn ? e : last;
		if (i >= told && i + 1 < c->len)
			continue;
		parts[i < told ? i : told - 1] = (struct hit_part){
			.time = e->timed ? e->time : TIME_NONE,
			.seen = {(enum obs_kind)e->kind,
				arena_dup(
					a, (struct span){e->value ? e->value : "", e->value_len})},
			.file = span_of(s->files.at[e->file]),
			.line = e->line,
			.offset = e->offset,
		};
	}
	struct hit made = h ? *h : st->facts;
	if (!h) { /* nobody reads its record any more */
		made.time = last->timed ? last->time : TIME_NONE;
		made.file = span_of(s->files.at[last->file]);
		made.line = last->line;
		made.offset = last->offset;
		made.seen = (struct observable){(enum obs_kind)last->kind,
			arena_dup(
				a, (struct span){last->value ? last->value : "", last->value_len})};
		made.about = made.seen;
	}
	/* Of a record that shows nothing, what the others showed is told. */
	for (size_t i = c->len; i-- > 0 && made.seen.kind == OBS_NONE;) {
		const struct event *e = &st->events[st->first + c->at[i]];
		if (e->value)
			made.about = made.seen = (struct observable){(enum obs_kind)e->kind,
				arena_dup(a, (struct span){e->value, e->value_len})};
	}
	made.match = HIT_PATTERN;
	made.part = parts;
	made.parts = told;
	made.records = c->len;
	*vec_add(out) = made;
}

/* Those of a hit go. */
static void
consume(struct streams *s, struct stream *st, const struct choice *c)
{
	struct event *at = st->events + st->first;
	size_t kept = c->at[0], next = 0;
	for (size_t i = kept; i < st->len; i++) {
		if (next < c->len && c->at[next] == i) {
			count_event(st, &at[i], false);
			free(at[i].value);
			next++;
		} else {
			at[kept++] = at[i];
		}
	}
	s->held -= c->len;
	st->len = st->ordered = kept;
}

/* Asks about events low to high; true: there was a hit. */
static bool
ask(struct streams *s, struct stream *st, size_t low, size_t high, const struct hit *h,
	struct arena *a, struct hits *out)
{
	if (high - low == 0 || !is_enough(st, low, high))
		return false;
	struct choice c = by_nearness(st, low, high);
	own_mem uint32_t *owned = c.at;
	(void)owned; /* freed on every way out */
	enum rc rc = solve(s, st, &c);
	if (rc == RC_LIMIT) {
		s->counts.undecided++;
		st->rest = st->len / 4 + SIXTEENTH;
	}
	if (rc)
		return false;
	if (c.len > 1)
		reduce(s, st, &c);
	qsort(c.at, c.len, sizeof *c.at, by_number);
	bool harmless = true;
	for (size_t i = 0; i < c.len; i++)
		harmless &= st->events[st->first + c.at[i]].harmless;
	if (harmless)
		s->counts.harmless++;
	else
		tell(s, st, &c, h, a, out);
	consume(s, st, &c);
	return true;
}

void
stream_ask(struct streams *s, struct stream *st, const struct hit *h, struct arena *a,
	struct hits *out)
{
	bool again = st->pending > 1;
	if (st->pending)
		stream_order(st);
	while (st->pending) {
		size_t low = 0, high = st->len;
		if (st->window != INT64_MAX) {
			int64_t reach = mutant(1707) ? 0 : 1 - st->window;
			low = find_time(st, add_clamped(st->pending_first, reach));
			high = find_time(st, add_clamped(st->pending_last, st->window));
		}
		bool hit = ask(s, st, low, high, h, a, out);
		if (!hit || !again || !st->len)
			st->pending = 0;
	}
}

/* Whether the question is worth its cost yet. */
static bool
is_due(struct stream *st)
{
	if (st->pending * SIXTEENTH >= st->len || st->len <= EAGER)
		return true;
	if (st->window == INT64_MAX)
		return false;
	stream_order(st);
	size_t near = find_time(st, add_clamped(st->pending_last, st->window)) -
		      find_time(st, add_clamped(st->pending_first, 1 - st->window));
	return near <= EAGER || st->pending * SIXTEENTH >= near;
}

void
stream_hold(struct streams *s, struct stream *st, const struct event *e, const struct hit *h,
	struct arena *a, struct hits *out)
{
	if (st->len >= STREAM_HELD_MAX) {
		stream_ask(s, st, h, a, out);
		if (st->len >= STREAM_HELD_MAX)
			forget(s, st, STREAM_HELD_MAX / SIXTEENTH);
	}
	if (s->held >= STREAMS_HELD_MAX)
		forget_of_largest(s);
	bool enough = is_enough(st, 0, st->len);
	insert(s, st, e);
	say_forgotten(s, st);
	if (st->open && s->open == STREAM_OPEN_LATER) {
		st->pending = 0;
		return;
	}
	/* Where there was too little before, whatever comes true does so with this one. */
	if (!is_enough(st, 0, st->len)) {
		st->pending = 0;
		return;
	}
	if (st->rest) {
		st->rest--;
		return;
	}
	if ((!enough || is_due(st)) && !mutant(1703))
		stream_ask(s, st, h, a, out);
}
