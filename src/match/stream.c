#include "match/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mutant.h"
#include "base/own.h"
#include "base/vec.h"
#include "match/objects.h"
#include "obs/addr.h"
#include "pattern/atoms.h"
#include "pattern/bind.h"
#include "pattern/match.h"

enum {
	EAGER = 256,	/* of so few records each new one puts the question */
	SIXTEENTH = 16, /* of more, each so many-th part */
	FAILURES = 3,	/* so often too much work, and a pattern is not tried any more */
	TRIALS = 96,	/* to find records that a hit does not need */
	WORK = 1000000, /* steps of one question, and for each record more */
	WORK_EACH = 256,
};
#define JUDGE_LONGEST (SECOND / 10) /* of one record */

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
	bool has_window, forgetful;
	/* events[first] to events[first + len - 1], by time */
	struct event *events;
	size_t first, len, cap;
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
	struct stream **slot;
	size_t slots, count;
	size_t held, bytes;
	struct objects *objects;
	struct arena scratch;
	vec_of(char *) files;
	int64_t last_untimed;
	bool *fits; /* STREAM_PARTS_MAX */
	struct stream_counts counts;
};

struct streams *
streams_new(uint64_t seed, enum stream_pace pace)
{
	struct streams *s = mem_new(sizeof *s);
	s->seed = seed;
	s->pace = pace;
	s->objects = objects_new();
	s->fits = mem_new(STREAM_PARTS_MAX * sizeof *s->fits);
	s->last_untimed = TIME_NONE;
	return s;
}

static size_t
stream_bytes(const struct stream *st)
{
	return sizeof *st + st->arena.total + (st->matcher ? matcher_bytes(st->matcher) : 0);
}

static void
end_stream(struct streams *s, struct stream *st)
{
	for (size_t i = 0; i < st->len; i++)
		free(st->events[st->first + i].value);
	s->held -= st->len;
	s->bytes -= stream_bytes(st);
	s->count--;
	free(st->events);
	matcher_free(st->matcher);
	arena_fini(&st->arena);
	free(st);
}

void
streams_free(struct streams **s)
{
	if (!*s)
		return;
	for (size_t i = 0; i < (*s)->slots; i++)
		for (struct stream *st = (*s)->slot[i], *next; st; st = next) {
			next = st->next;
			end_stream(*s, st);
		}
	for (size_t i = 0; i < (*s)->files.len; i++)
		free((*s)->files.at[i]);
	free((*s)->files.at);
	free((*s)->slot);
	free((*s)->fits);
	objects_free((*s)->objects);
	arena_fini(&(*s)->scratch);
	free(*s);
	*s = NULL;
}

struct stream_counts
streams_counts(const struct streams *s)
{
	return s->counts;
}

bool
stream_counts_matter(const struct stream_counts *c)
{
	return c->forgotten || c->stopped || c->unheld || c->undecided || c->untimed;
}

size_t
streams_bytes(const struct streams *s)
{
	size_t bytes = sizeof *s + s->bytes + s->scratch.total + s->slots * sizeof(struct stream *);
	for (size_t i = 0; i < s->slots; i++)
		for (const struct stream *st = s->slot[i]; st; st = st->next) {
			bytes += st->cap * sizeof *st->events;
			for (size_t k = 0; k < st->len; k++)
				bytes += st->events[st->first + k].value_len + 32u;
		}
	return bytes;
}

enum rc
stream_check(const struct pattern *p, struct diag *why)
{
	own_matcher struct matcher *m = NULL;
	if (p->text.len > STREAM_TEXT_MAX)
		return diag_fail(why, RC_LIMIT, "longer than %d bytes", STREAM_TEXT_MAX);
	enum rc rc = matcher_new(p, &m, why);
	if (rc)
		return rc;
	if (matcher_parts(m) > STREAM_PARTS_MAX)
		return diag_fail(why, RC_LIMIT, "more than %d parts", STREAM_PARTS_MAX);
	if (matcher_least(m) > STREAM_LEAST_MAX)
		return diag_fail(
			why, RC_LIMIT, "wants more than %d records at once", STREAM_LEAST_MAX);
	return RC_OK;
}

/* ---- patterns ---- */

static uint64_t
key_of(const struct streams *s, const struct hit *h)
{
	return hash64(h->pattern, hash64(h->indicator, s->seed));
}

/* A pattern made ready. It stays known where it cannot be: the next record need not try again. */
static struct stream *
stream_new(struct streams *s, const struct hit *h)
{
	struct stream *st = mem_new(sizeof *st);
	struct arena *a = &st->arena;
	st->key = key_of(s, h);
	st->facts = (struct hit){
		.indicator = arena_dup(a, h->indicator),
		.name = arena_dup(a, h->name),
		.pattern = arena_dup(a, h->pattern),
		.party = arena_dup(a, h->party),
		.memo = arena_dup(a, h->memo),
		.tlp = arena_dup(a, h->tlp),
		.confidence = h->confidence,
		.match = HIT_PATTERN,
	};
	if (!pattern_parse(st->facts.pattern, a, &st->pattern, NULL) &&
		!stream_check(&st->pattern, NULL)) {
		pattern_spell(&st->pattern, a);
		(void)!matcher_new(&st->pattern, &st->matcher, NULL);
	}
	s->counts.stopped += !st->matcher; /* a set's file may say anything */
	if (st->matcher) {
		matcher_allow(st->matcher, JUDGE_LONGEST);
		st->parts = matcher_parts(st->matcher);
		st->window = matcher_window(st->matcher);
		st->has_window = matcher_has_window(st->matcher);
		st->counts = arena_new(a, st->parts * sizeof *st->counts);
	}
	return st;
}

static void
rehash(struct streams *s, size_t slots)
{
	struct stream **old = s->slot;
	size_t count = s->slots;
	s->slots = slots;
	s->slot = mem_new(slots * sizeof(struct stream *));
	for (size_t i = 0; i < count; i++)
		for (struct stream *st = old[i], *next; st; st = next) {
			next = st->next;
			st->next = s->slot[st->key & (slots - 1)];
			s->slot[st->key & (slots - 1)] = st;
		}
	free(old);
}

/* Patterns of which nothing is held can be made ready anew. */
static void
drop_idle(struct streams *s)
{
	for (size_t i = 0; i < s->slots; i++)
		for (struct stream **link = &s->slot[i]; *link;) {
			struct stream *st = *link;
			if (st->len || st->turn == s->turn || st->failures >= FAILURES) {
				link = &st->next;
				continue;
			}
			*link = st->next;
			end_stream(s, st);
		}
}

/* NULL: there is no room for another. */
static struct stream *
find_stream(struct streams *s, const struct hit *h)
{
	uint64_t key = key_of(s, h);
	struct stream *st = s->slots ? s->slot[key & (s->slots - 1)] : NULL;
	while (st && (st->key != key || !span_eq(st->facts.indicator, h->indicator) ||
			     !span_eq(st->facts.pattern, h->pattern)))
		st = st->next;
	if (st)
		return st;
	if (s->bytes > STREAMS_BYTES_MAX)
		drop_idle(s);
	if (s->bytes > STREAMS_BYTES_MAX)
		return NULL;
	if (s->count >= s->slots)
		rehash(s, s->slots ? s->slots * 2 : 64);
	st = stream_new(s, h);
	st->next = s->slot[key & (s->slots - 1)];
	s->slot[key & (s->slots - 1)] = st;
	s->bytes += stream_bytes(st);
	s->count++;
	s->counts.patterns++;
	return st;
}

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

/* The earliest make room. */
static void
forget(struct streams *s, struct stream *st, size_t count)
{
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

/* Behind all that are not later. */
static void
insert(struct streams *s, struct stream *st, const struct event *e)
{
	make_room(st);
	struct event *at = st->events + st->first;
	size_t place = st->len;
	while (place && at[place - 1].time > e->time)
		place--;
	memmove(at + place + 1, at + place, (st->len - place) * sizeof *at);
	at[place] = *e;
	st->len++;
	s->held++;
	count_event(st, e, true);
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
	st->len = kept;
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

/* Asks about what was held back, and all within reach of it. */
static void
ask_pending(struct streams *s, struct stream *st, const struct hit *h, struct arena *a,
	struct hits *out)
{
	bool again = st->pending > 1;
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
is_due(const struct stream *st)
{
	if (st->pending * SIXTEENTH >= st->len || st->len <= EAGER)
		return true;
	if (st->window == INT64_MAX)
		return false;
	size_t near = find_time(st, add_clamped(st->pending_last, st->window)) -
		      find_time(st, add_clamped(st->pending_first, 1 - st->window));
	return near <= EAGER || st->pending * SIXTEENTH >= near;
}

static void
hold(struct streams *s, struct stream *st, const struct event *e, const struct hit *h,
	struct arena *a, struct hits *out)
{
	if (st->len >= STREAM_HELD_MAX) {
		ask_pending(s, st, h, a, out);
		if (st->len >= STREAM_HELD_MAX)
			forget(s, st, STREAM_HELD_MAX / SIXTEENTH);
	}
	if (s->held >= STREAMS_HELD_MAX)
		forget_of_largest(s);
	bool enough = is_enough(st, 0, st->len);
	insert(s, st, e);
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
		ask_pending(s, st, h, a, out);
}

/* ---- one record ---- */

static uint32_t
number_of_file(struct streams *s, struct span file)
{
	if (!s->files.len || !span_eq(span_of(s->files.at[s->files.len - 1]), file))
		*vec_add(&s->files) = mem_dup(file);
	return (uint32_t)(s->files.len - 1);
}

static int64_t
time_of(struct streams *s, const struct stream_record *r)
{
	if (r->timed)
		return r->time;
	/* What is read later is later. */
	if (s->last_untimed != TIME_NONE && r->time <= s->last_untimed)
		return ++s->last_untimed;
	return s->last_untimed = r->time;
}

/* Who writes expressions that take for ever would make every record take a while. */
static void
stop(struct streams *s, struct stream *st)
{
	for (size_t i = 0; i < st->len; i++)
		free(st->events[st->first + i].value);
	s->held -= st->len;
	st->len = st->first = st->pending = 0;
	s->bytes -= stream_bytes(st);
	matcher_free(st->matcher);
	st->matcher = NULL;
	s->bytes += stream_bytes(st);
	s->counts.stopped++;
}

static void
judge(struct streams *s, struct stream *st, const struct observation *o, int64_t time,
	const struct stream_seen *seen, struct arena *a, struct hits *out)
{
	struct event e = {.time = time,
		.line = seen->hit.line,
		.offset = seen->hit.offset,
		.turn = s->turn,
		.harmless = st->harmless,
		.timed = seen->hit.time != TIME_NONE};
	size_t before = stream_bytes(st);
	enum rc rc = matcher_fit(st->matcher, o, s->fits, NULL);
	s->bytes += stream_bytes(st) - before;
	enum rc trouble = matcher_trouble(st->matcher);
	s->counts.undecided += trouble != RC_OK;
	if (trouble == RC_LIMIT && ++st->failures >= FAILURES && !mutant(1710)) {
		stop(s, st);
		return;
	}
	if (rc)
		return;
	for (size_t p = 0; p < st->parts; p++)
		e.fits |= (uint64_t)s->fits[p] << p;
	e.file = number_of_file(s, seen->hit.file);
	struct observable what = seen->hit.seen;
	if (what.value.len <= STREAM_VALUE_MAX) {
		e.kind = (uint8_t)what.kind;
		e.value = mem_dup(what.value);
		e.value_len = (uint16_t)what.value.len;
	}
	hold(s, st, &e, &seen->hit, a, out);
}

/* Of several things seen in a record the one that says most is told: rarely seen without reason, not inside. */
static unsigned
worth(const struct stream_seen *seen)
{
	struct addr addr;
	struct observable o = seen->hit.seen;
	bool address = o.kind == OBS_IPV4 || o.kind == OBS_IPV6;
	if (seen->harmless)
		return 0;
	if (address && addr_parse(o.value, &addr) && addr_is_internal(&addr))
		return 1;
	return address ? 2 : o.kind == OBS_URL || obs_is_hash(o.kind) ? 4 : 3;
}

/* What the set takes it for, it is: "evil.example/a" for "http://evil.example/a". */
static void
tell_seen(struct objects *o, const struct stream_seen *seen)
{
	const struct hit *h = &seen->hit;
	if (h->seen.kind != OBS_TEXT) {
		objects_add(o, h->seen);
		if (h->match == HIT_EXACT && !mutant(1704))
			objects_add(o, h->about);
		return;
	}
	struct span text = seen->form == FORM_EQUAL ? h->about.value : h->seen.value;
	objects_add_text(o, seen->property, text, seen->field);
	/* What an expression asks for around it lies in the field. */
	if (seen->form == FORM_MATCHES)
		objects_add_text(o, seen->property, seen->field, seen->field);
}

void
streams_take(struct streams *s, const struct stream_record *r, const struct stream_seen *seen,
	size_t count, struct arena *a, struct hits *out)
{
	own_mem struct stream **streams = mem_new(count * sizeof(struct stream *));
	s->turn++;
	objects_reset(s->objects);
	for (size_t i = 0; i < count; i++) {
		const struct hit *h = &seen[i].hit;
		struct stream *st = streams[i] = find_stream(s, h);
		if (!st)
			s->counts.unheld++;
		tell_seen(s->objects, &seen[i]);
		if (!st)
			continue;
		bool first = st->turn != s->turn;
		st->harmless = seen[i].harmless && (first || st->harmless);
		if (first || worth(&seen[i]) > worth(&seen[st->seen]))
			st->seen = i;
		st->turn = s->turn;
	}
	const struct observation *o = objects_of(s->objects, r->record, r->defanged);
	int64_t time = time_of(s, r);
	for (size_t i = 0; i < count; i++) {
		struct stream *st = streams[i];
		if (!st || st->seen != i || !st->matcher)
			continue;
		if (!r->timed && st->has_window && s->pace == STREAM_STORED && !mutant(1705))
			s->counts.untimed++;
		else if (o)
			judge(s, st, o, time, &seen[i], a, out);
		else
			s->counts.undecided++;
	}
}

void
streams_settle(struct streams *s, struct arena *a, struct hits *out)
{
	for (size_t i = 0; i < s->slots; i++)
		for (struct stream *st = s->slot[i]; st; st = st->next)
			ask_pending(s, st, NULL, a, out);
}
