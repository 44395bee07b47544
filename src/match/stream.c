#include "match/stream-internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mutant.h"
#include "base/own.h"
#include "match/objects.h"
#include "obs/addr.h"
#include "pattern/atoms.h"
#include "pattern/match.h"
#include "pattern/parts.h"

enum {
	FAILURES = 3,	    /* so often too much work, and a pattern is not tried any more */
	FILES_LOOKED = 256, /* of the last: logs that are followed take turns */
};
#define JUDGE_LONGEST (SECOND / 10) /* of one record */

struct streams *
streams_new(uint64_t seed, enum stream_pace pace, enum stream_open open)
{
	struct streams *s = mem_new(sizeof *s);
	s->seed = seed;
	s->pace = pace;
	s->open = open;
	s->senses.seed = seed;
	s->objects = objects_new(&s->senses);
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
	free((*s)->watched.at);
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

void
streams_count_in(struct streams *s, const struct stream_counts *more)
{
	s->counts.told += more->told;
	s->counts.forgotten += more->forgotten;
	s->counts.forgetful += more->forgetful;
	s->counts.stopped += more->stopped;
	s->counts.unheld += more->unheld;
	s->counts.undecided += more->undecided;
	s->counts.untimed += more->untimed;
	s->counts.harmless += more->harmless;
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
		for (size_t p = 0; p < st->parts; p++)
			objects_want(s->objects, matcher_part(st->matcher, p));
		for (size_t p = 0; p < st->parts; p++)
			st->open |=
				(uint64_t)!pattern_part_is_covered(matcher_part(st->matcher, p), a)
				<< p;
		stream_prepare_glimpses(st);
	}
	st->valid_from = st->valid_until = TIME_NONE;
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
			if (st->len || st->watched || st->turn == s->turn ||
				st->failures >= FAILURES) {
				link = &st->next;
				continue;
			}
			*link = st->next;
			end_stream(s, st);
		}
}

struct stream *
stream_find(struct streams *s, const struct hit *h)
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

/* ---- one record ---- */

static uint32_t
number_of_file(struct streams *s, struct span file)
{
	size_t first = s->files.len > FILES_LOOKED ? s->files.len - FILES_LOOKED : 0;
	for (size_t i = s->files.len; i-- > first;)
		if (span_eq(span_of(s->files.at[i]), file))
			return (uint32_t)i;
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
	st->len = st->ordered = st->first = st->pending = 0;
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
	struct event e = {
		.time = time,
		.line = seen->hit.line,
		.offset = seen->hit.offset,
		.turn = s->turn,
		.harmless = st->harmless,
		.timed = seen->hit.time != TIME_NONE,
	};
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
	if (what.kind != OBS_NONE && what.value.len <= STREAM_VALUE_MAX) {
		e.kind = (uint8_t)what.kind;
		e.value = mem_dup(what.value);
		e.value_len = (uint16_t)what.value.len;
	}
	stream_hold(s, st, &e, &seen->hit, a, out);
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

/* What an event tells and what is told of it must not hang on the order in which a set answers. */
static int
seen_order(const void *a, const void *b)
{
	const struct stream_seen *x = *(const struct stream_seen *const *)a,
				 *y = *(const struct stream_seen *const *)b;
	if (x->hit.offset != y->hit.offset)
		return x->hit.offset < y->hit.offset ? -1 : 1;
	int order = (int)x->hit.seen.kind - (int)y->hit.seen.kind;
	order = order ? order : (int)x->property - (int)y->property;
	order = order ? order : (int)x->form - (int)y->form;
	order = order ? order : span_cmp(x->hit.seen.value, y->hit.seen.value);
	order = order ? order : span_cmp(x->hit.about.value, y->hit.about.value);
	order = order ? order : span_cmp(x->hit.indicator, y->hit.indicator);
	return order ? order : span_cmp(x->hit.pattern, y->hit.pattern);
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

/* ---- open patterns ---- */

/* glimpse NULL: the record may be anything. */
static bool
is_wanted(const struct stream *st, const struct stream_record *r, const struct glimpse *glimpse)
{
	return st->matcher && (st->valid_from == TIME_NONE || r->time >= st->valid_from) &&
	       (st->valid_until == TIME_NONE || r->time < st->valid_until) &&
	       (!glimpse || stream_may_be(st, glimpse));
}

/* Whether anybody watches for such a record: telling what it is takes longer than all else. */
static bool
is_watched_for(
	const struct streams *s, const struct stream_record *r, const struct glimpse *glimpse)
{
	bool any = false;
	for (size_t i = 0; i < s->watched.len && !any; i++)
		any = is_wanted(s->watched.at[i], r, glimpse);
	return any;
}

/* Those watched for of which the record showed nothing. */
static void
judge_watched(struct streams *s, const struct stream_record *r, const struct glimpse *glimpse,
	const struct observation *o, int64_t time, struct arena *a, struct hits *out)
{
	for (size_t i = 0; i < s->watched.len; i++) {
		struct stream *st = s->watched.at[i];
		if (st->turn == s->turn || !is_wanted(st, r, glimpse))
			continue;
		if (!r->timed && st->has_window && s->pace == STREAM_STORED) {
			s->counts.untimed++;
			continue;
		}
		struct stream_seen nothing = {.hit = st->facts};
		nothing.hit.time = r->record->time;
		nothing.hit.file = r->file;
		nothing.hit.line = r->record->line;
		nothing.hit.offset = record_place(r->record, 0);
		st->harmless = true; /* it says neither that nor the contrary */
		judge(s, st, o, time, &nothing, a, out);
	}
}

void
streams_take(struct streams *s, const struct stream_record *r, const struct stream_seen *seen,
	size_t count, struct arena *a, struct hits *out)
{
	struct glimpse glimpse = {}, *shows = NULL;
	/* Texts that are seen, and defanged ones, tell more than fields' names. */
	if (!count && !r->defanged && s->watched.len && !mutant(1829)) {
		shows = &glimpse;
		stream_glimpse(s, r->record, &glimpse);
	}
	if (!count && !is_watched_for(s, r, shows))
		return;
	own_mem struct stream **streams = mem_new(count * sizeof(struct stream *));
	own_mem const struct stream_seen **list = mem_new(count * sizeof(struct stream_seen *));
	s->turn++;
	objects_reset(s->objects);
	for (size_t i = 0; i < count; i++)
		list[i] = &seen[i];
	qsort(list, count, sizeof(struct stream_seen *), seen_order);
	for (size_t i = 0; i < count; i++) {
		struct stream *st = streams[i] = stream_find(s, &list[i]->hit);
		if (!st)
			s->counts.unheld++;
		tell_seen(s->objects, list[i]);
		if (!st)
			continue;
		bool first = st->turn != s->turn;
		st->harmless = list[i]->harmless && (first || st->harmless);
		if (first || worth(list[i]) > worth(list[st->seen]))
			st->seen = i;
		st->turn = s->turn;
		if (!st->watched) { /* else who watches said when it matters */
			st->valid_from = list[i]->valid_from;
			st->valid_until = list[i]->valid_until;
		}
	}
	s->counts.told++;
	const struct observation *o = objects_of(s->objects, r->record, r->defanged);
	int64_t time = time_of(s, r);
	for (size_t i = 0; i < count; i++) {
		struct stream *st = streams[i];
		if (!st || st->seen != i || !st->matcher)
			continue;
		if (!r->timed && st->has_window && s->pace == STREAM_STORED && !mutant(1705))
			s->counts.untimed++;
		else
			judge(s, st, o, time, list[i], a, out);
		if (st->open && st->len && s->open == STREAM_OPEN_NOW)
			stream_watch(s, st);
	}
	judge_watched(s, r, shows, o, time, a, out);
}

void
streams_settle(struct streams *s, struct arena *a, struct hits *out)
{
	for (size_t i = 0; i < s->slots; i++)
		for (struct stream *st = s->slot[i]; st; st = st->next)
			stream_ask(s, st, NULL, a, out);
}
