#include "match/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/hash.h"
#include "base/mutant.h"
#include "match/strings.h"
#include "obs/line.h"

void
scan_init(struct scan *s, const struct match_set *set, struct clock clock)
{
	*s = (struct scan){.set = set, .clock = clock, .since = TIME_NONE, .until = TIME_NONE};
}

void
scan_fini(struct scan *s)
{
	arena_fini(&s->arena);
	strings_judge_free(&s->strings);
	free(s->answers.at);
	free(s->hits.at);
	free(s->parts.at);
	streams_free(&s->streams);
	once_fini(&s->seen);
	buf_fini(&s->pattern);
	s->answers.at = NULL;
	s->hits.at = NULL;
	s->parts.at = NULL;
}

/* Whether a word ends behind "mac" at `at`: "src_mac", "srcmac", "macAddress", "MAC", not "machine". */
static bool
is_mac_word(struct span name, size_t at)
{
	struct span behind = span_sub(name, at + 3, SIZE_MAX);
	if (behind.len == 0 || !ascii_is_alpha(behind.ptr[0]))
		return true;
	bool camel = behind.ptr[0] <= 'Z' && name.ptr[at + 2] >= 'a';
	return camel || (behind.len >= 4 && span_eq_fold(span_sub(behind, 0, 4), SPAN("addr")));
}

/*
 * "ja3", "ja3s", "tls.ja3.hash", "client_ja3"; "mac", "src_mac", "macaddr", "ether", and what RADIUS calls
 * "Calling-Station-Id".
 */
static enum match_context
context_of(struct span name)
{
	static const struct span words[] = {SPAN("station"), SPAN("ether"), SPAN("hwaddr"),
		SPAN("hw_addr"), SPAN("lladdr"), SPAN("chaddr")};
	static const bool begins[256] = {['j'] = true,
		['m'] = true,
		['s'] = true,
		['e'] = true,
		['h'] = true,
		['l'] = true,
		['c'] = true};
	for (size_t i = 0; i + 3 <= name.len; i++) {
		if (!begins[(unsigned char)ascii_lower(name.ptr[i])])
			continue;
		struct span rest = span_sub(name, i, SIZE_MAX);
		if (span_eq_fold(span_sub(rest, 0, 3), SPAN("ja3")))
			return CONTEXT_JA3;
		if (span_eq_fold(span_sub(rest, 0, 3), SPAN("mac")) && is_mac_word(name, i))
			return CONTEXT_MAC;
		for (size_t k = 0; k < sizeof words / sizeof *words; k++)
			if (rest.len >= words[k].len &&
				span_eq_fold(span_sub(rest, 0, words[k].len), words[k]))
				return CONTEXT_MAC;
	}
	return CONTEXT_PLAIN;
}

/* How a field is read: as it stands, its defanging undone, its percent signs undone. */
enum view { VIEW_PLAIN, VIEW_DEFANGED, VIEW_PERCENT };

static int
percent_byte(struct span text, size_t at)
{
	if (text.ptr[at] != '%' || at + 2 >= text.len || ascii_hex(text.ptr[at + 1]) < 0 ||
		ascii_hex(text.ptr[at + 2]) < 0)
		return -1;
	return ascii_hex(text.ptr[at + 1]) * 16 + ascii_hex(text.ptr[at + 2]);
}

/* Whether names hide behind percent signs: a dot, or letters beyond ASCII. What stands between words is
 * read without (obs/extract.h). */
static bool
hides_names(struct span text)
{
	for (size_t at = 0; at < text.len;) {
		const char *next = memchr(text.ptr + at, '%', text.len - at);
		if (!next)
			return false;
		at = (size_t)(next - text.ptr);
		int byte = percent_byte(text, at);
		if (byte == '.' || byte >= 0x80)
			return true;
		at++;
	}
	return false;
}

static struct span
unpercent(struct span text, struct arena *a)
{
	char *out = arena_bytes(a, text.len + 1);
	size_t len = 0;
	for (size_t at = 0; at < text.len; at++) {
		int byte = percent_byte(text, at);
		out[len++] = byte >= 0 ? (char)byte : text.ptr[at];
		at += byte >= 0 ? 2 : 0;
	}
	return (struct span){out, len};
}

/* Takes one step through the text; how many bytes of the view that is. */
static size_t
view_step(enum view view, struct span text, size_t *at)
{
	char piece[8];
	if (view == VIEW_DEFANGED)
		return obs_refang_step(text, at, piece);
	*at += percent_byte(text, *at) >= 0 ? 3 : 1;
	return 1;
}

/*
 * Where byte `pos` of the view stands in the text. The mark stays behind what was asked for last, so that
 * many hits in a long field do not each walk it from its start.
 */
static size_t
view_place(struct scan *s, enum view view, struct span text, size_t pos)
{
	if (view == VIEW_PLAIN)
		return pos;
	if (s->mark.done > pos)
		s->mark.done = s->mark.at = 0;
	size_t at = s->mark.at, done = s->mark.done;
	while (at < text.len && done < pos) {
		size_t from = at, got = view_step(view, text, &at);
		if (done + got > pos)
			return from;
		done += got;
		if (done + FIELD_BEHIND <= pos) {
			s->mark.at = at;
			s->mark.done = done;
		}
	}
	return at;
}

/* An indicator answers once for an observable in a record. */
static uint64_t
seen_key(const struct match_answer *a)
{
	return hash64(a->seen.value, (uint64_t)a->item << 8 | a->seen.kind);
}

/* Most records have one answer: nothing is hashed for that. */
static bool
is_first(struct scan *s, const struct match_answer *a)
{
	if (s->has_first == FIRST_NONE) {
		s->first = *a;
		s->has_first = FIRST_ALONE;
		return true;
	}
	if (s->has_first == FIRST_ALONE && !mutant(1849))
		once_first(&s->seen, seen_key(&s->first));
	s->has_first = FIRST_SEEN;
	return once_first(&s->seen, seen_key(a));
}

static void
forget(struct scan *s, const struct match_answer *a)
{
	if (s->has_first == FIRST_ALONE)
		s->has_first = FIRST_NONE;
	else
		once_forget(&s->seen, seen_key(a));
}

static bool
is_wanted(struct scan *s, const struct indicator *i, const struct match_answer *a, int64_t time)
{
	if (i->valid_from != TIME_NONE && time < i->valid_from && !mutant(1611)) {
		s->counts.early += !i->part;
		return false;
	}
	if (i->valid_until != TIME_NONE && time >= i->valid_until && !mutant(1610)) {
		s->counts.late += !i->part;
		return false;
	}
	if (i->confidence >= 0 && i->confidence < s->min_confidence)
		return false;
	/* Of a part the whole is judged. */
	if (!i->part && s->warn &&
		(warn_find(s->warn, a->seen).len || warn_find(s->warn, i->about).len)) {
		s->counts.harmless++;
		return false;
	}
	return true;
}

/* Line ends before a place: few records have any, and hits mostly follow one another. */
static size_t
count_lines(struct scan *s, struct span text, size_t before)
{
	if (s->line.at > before)
		s->line.at = s->line.count = 0;
	while (s->line.at < before) {
		const char *from = text.ptr + s->line.at,
			   *end = memchr(from, '\n', before - s->line.at);
		s->line.at = end ? (size_t)(end - text.ptr) + 1 : before;
		s->line.count += end != NULL;
	}
	return s->line.count;
}

/* Whether the record says that this is the other end of what the pattern names. */
static bool
is_other_end(struct scan *s, const struct record *r, const struct field *f, enum view view,
	const struct match_answer *a, const struct indicator *i)
{
	if (i->part || !i->pattern.len || span_find(i->pattern, SPAN("_ref")) == SIZE_MAX)
		return false;
	uint64_t key = hash64(i->pattern, hash64(i->about.value, (uintptr_t)s)) | 1;
	size_t slot = key >> 32 & (sizeof s->side / sizeof *s->side - 1);
	if (s->side[slot].key != key) {
		s->side[slot].key = key;
		s->side[slot].side = side_of(i->pattern, i->about);
	}
	if (s->side[slot].side == SIDE_ANY)
		return false;
	size_t from = view_place(s, view, f->value, a->at);
	return side_is_other(s->side[slot].side, r, f, field_place(r, f, from, &s->places));
}

/* False: it is no answer after all. */
static bool
keep(struct scan *s, const struct record *r, const struct field *f, enum view view,
	const struct match_answer *a, int64_t time)
{
	struct indicator i = match_set_get(s->set, a->item, &s->arena);
	if (is_other_end(s, r, f, view, a, &i))
		return false;
	if (!is_wanted(s, &i, a, time))
		return true;
	if (s->is_outside) {
		s->counts.outside += !i.part;
		return true;
	}
	size_t from = view_place(s, view, f->value, a->at);
	size_t place = field_place(r, f, from, &s->places), end = place;
	if (f->coding != FIELD_MADE) { /* what is seen may go on far; the next begins near */
		struct field_mark places = s->places;
		struct scan_mark mark = s->mark;
		size_t to = view_place(s, view, f->value, a->at + a->len);
		end = field_place(r, f, to, &places);
		s->mark = mark;
	}
	struct span pattern = i.pattern;
	if (!pattern.len) {
		buf_reset(&s->pattern);
		obs_pattern(i.about, &s->pattern);
		pattern = arena_dup(&s->arena, buf_span(&s->pattern));
	}
	struct hit made = {
		.time = r->time,
		.indicator = i.id,
		.name = i.name,
		.pattern = pattern,
		.about = {i.about.kind, arena_dup(&s->arena, i.about.value)},
		.match = a->match,
		.seen = a->seen,
		.file = s->file,
		.line = r->line + count_lines(s, r->text, place),
		.offset = record_place(r, place),
		.length = r->wide ? 0 : end - place,
		.party = i.party,
		.memo = i.memo,
		.tlp = i.tlp,
		.confidence = i.confidence,
		.item = i.part ? 0 : a->item + 1,
	};
	if (!i.part || mutant(1706)) {
		*vec_add(&s->hits) = made;
		return true;
	}
	bool harmless =
		s->warn && (warn_find(s->warn, a->seen).len || warn_find(s->warn, i.about).len);
	*vec_add(&s->parts) = (struct stream_seen){made, harmless, i.text.property, i.text.form,
		mutant(1833) ? f->value : s->viewed, i.valid_from, i.valid_until};
	return true;
}

/* A field under work, as it is read. */
struct looking {
	const struct record *r;
	const struct field *f;
	enum view view;
	enum match_context context;
	int64_t time;
};

/* Where a field's bytes stand in the record as they are; NULL: nowhere. */
static const char *
field_stands(const struct record *r, const struct field *f)
{
	uintptr_t from = (uintptr_t)r->text.ptr, value = (uintptr_t)f->value.ptr;
	bool inside = value >= from && value - from <= r->text.len &&
		      f->value.len <= r->text.len - (value - from);
	return f->stands ? f->stands : inside ? f->value.ptr : NULL;
}

static void
keep_from(struct scan *s, const struct looking *at, size_t first)
{
	for (size_t i = first; i < s->answers.len; i++)
		/* Where it is no answer after all, what is seen elsewhere in the record may be one. */
		if (is_first(s, &s->answers.at[i]) &&
			!keep(s, at->r, at->f, at->view, &s->answers.at[i], at->time))
			forget(s, &s->answers.at[i]);
}

static void
scan_one(struct scan *s, const struct looking *at, struct span text, const struct found *found)
{
	size_t first = s->answers.len;
	match_set_probe(s->set, text, found, at->context, &s->arena, &s->answers);
	keep_from(s, at, first);
}

/* A name in which the spots from `from` on, before `to`, lie: what the sweep was answered need not be asked again. */
static void
scan_name(
	struct scan *s, const struct looking *at, const struct found *found, size_t from, size_t to)
{
	const struct spots *spots = &at->r->spots;
	size_t first = s->answers.len;
	bool same = (spots->set == s->set || mutant(1859)) &&
		    (spots->version == match_set_version(s->set) || mutant(1857));
	size_t base = (size_t)(field_stands(at->r, at->f) - spots->base);
	struct match_places places = {spots->at + from, to - from, base + found->at};
	if (same && match_set_answer(s->set, at->f->value, found, &places, &s->arena, &s->answers))
		keep_from(s, at, first);
	else
		scan_one(s, at, at->f->value, found);
}

/* All that the extraction finds. */
static void
scan_found(struct scan *s, const struct looking *at, struct extract *it)
{
	struct found found;
	while (extract_next(it, &found))
		scan_one(s, at, it->text, &found);
}

static void
scan_view(
	struct scan *s, const struct record *r, const struct field *f, enum view view, int64_t time)
{
	struct extract it;
	struct looking at = {r, f, view, context_of(f->name), time};
	struct span text = view == VIEW_DEFANGED  ? obs_refang(f->value, &s->arena)
			   : view == VIEW_PERCENT ? unpercent(f->value, &s->arena)
						  : f->value;
	s->mark.at = s->mark.done = 0;
	s->viewed = text;
	extract_init(&it, text, &s->arena);
	scan_found(s, &at, &it);
}

/* The first place that lies at so many bytes from the spots' base or behind. */
static size_t
first_spot(const struct spots *spots, size_t from)
{
	size_t low = 0, high = spots->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (spots->at[middle].at < from)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether all places lie before the field, or behind: most fields are such. */
static inline bool
is_apart(const struct record *r, const struct field *f)
{
	const struct spots *spots = &r->spots;
	const char *stands = field_stands(r, f);
	return stands && (spots->base + spots->at[spots->count - 1].at < stands ||
				 spots->base + spots->at[0].at >= stands + f->value.len);
}

/* What scan_view does, but only around the places that a sweep has named, since nowhere else is anything. */
static void
scan_spots(struct scan *s, const struct record *r, const struct field *f, const char *stands,
	int64_t time)
{
	const struct spots *spots = &r->spots;
	size_t base = (size_t)(stands - spots->base), i = first_spot(spots, base);
	if (i == spots->count || spots->at[i].at - base >= f->value.len)
		return;
	__attribute__((uninitialized)) struct extract it;
	__attribute__((uninitialized)) struct found found;
	struct looking at = {r, f, VIEW_PLAIN, context_of(f->name), time};
	s->mark.at = s->mark.done = 0;
	s->viewed = f->value;
	extract_init(&it, f->value, &s->arena);
	it.end = 0;
	for (; i < spots->count && spots->at[i].at - base < f->value.len; i++) {
		if (spots->at[i].at - base < it.end)
			continue;
		if (extract_name(&it, spots->at[i].at - base, &found)) {
			size_t last = i;
			while (last + 1 < spots->count && spots->at[last + 1].at - base < it.end)
				last++;
			scan_name(s, &at, &found, i, last + 1);
			continue;
		}
		extract_around(&it, spots->at[i].at - base);
		scan_found(s, &at, &it);
	}
}

static void
scan_field(struct scan *s, const struct record *r, const struct field *f, int64_t time)
{
	const char *stands = s->is_spotted ? field_stands(r, f) : NULL;
	if (stands) {
		scan_spots(s, r, f, stands, time);
		return;
	}
	scan_view(s, r, f, s->text == SCAN_DEFANGED ? VIEW_DEFANGED : VIEW_PLAIN, time);
	if (hides_names(f->value))
		scan_view(s, r, f, VIEW_PERCENT, time);
}

/* Texts, in a field as it stands or with its defanging undone. */
static void
scan_strings_view(
	struct scan *s, const struct record *r, const struct field *f, enum view view, int64_t time)
{
	struct span text = f->value;
	if (view != VIEW_PLAIN)
		text = view == VIEW_DEFANGED ? obs_refang(text, &s->arena)
					     : unpercent(text, &s->arena);
	s->mark.at = s->mark.done = 0;
	s->viewed = text;
	size_t first = s->answers.len;
	strings_field(s->strings, f, text, &s->arena, &s->answers);
	for (size_t i = first; i < s->answers.len; i++)
		keep(s, r, f, view, &s->answers.at[i], time);
}

static bool
has_percent(struct span text)
{
	for (size_t at = 0; at < text.len; at++) {
		const char *next = memchr(text.ptr + at, '%', text.len - at);
		if (!next)
			return false;
		at = (size_t)(next - text.ptr);
		if (percent_byte(text, at) >= 0)
			return true;
	}
	return false;
}

static void
scan_strings(struct scan *s, const struct record *r, const struct field *f, int64_t time)
{
	scan_strings_view(s, r, f, s->text == SCAN_DEFANGED ? VIEW_DEFANGED : VIEW_PLAIN, time);
	if (has_percent(f->value) && strings_read_percent(f) && !mutant(1764))
		scan_strings_view(s, r, f, VIEW_PERCENT, time);
}

/* The set's texts may have come since the record before. */
static bool
has_strings(struct scan *s)
{
	struct strings *strings = match_set_strings(s->set);
	if (!strings)
		return false;
	strings_ready(strings);
	if (s->strings && !strings_judge_is_of(s->strings, strings))
		strings_judge_free(&s->strings);
	if (!s->strings)
		s->strings = strings_judge_new(strings, s->cache);
	strings_begin(s->strings);
	return true;
}

/* What a field before it has shown already, where the name adds nothing to that. */
static bool
is_known(const struct field *f)
{
	return f->part && (f->coding == FIELD_MADE || context_of(f->name) == CONTEXT_PLAIN);
}

static int
by_place(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	int order = (int)x->match - (int)y->match;
	order = order ? order : span_cmp(x->indicator, y->indicator);
	return order ? order : span_cmp(x->pattern, y->pattern);
}

struct streams *
scan_streams(struct scan *s)
{
	if (!s->streams)
		s->streams =
			streams_new((uintptr_t)s ^ (uint64_t)clock_monotonic(), s->pace, s->open);
	return s->streams;
}

static void
take_parts(struct scan *s, const struct record *r, int64_t time)
{
	struct stream_record one = {.record = r,
		.file = s->file,
		.time = time,
		.timed = r->time != TIME_NONE,
		.defanged = s->text == SCAN_DEFANGED};
	streams_take(scan_streams(s), &one, s->parts.at, s->parts.len, &s->arena, &s->hits);
}

/* A set that is followed may have others by now. */
static void
watch_open(struct scan *s)
{
	uint64_t version = s->open == STREAM_OPEN_NOW ? match_set_version(s->set) + 1 : s->watched;
	if (s->watched == version)
		return;
	s->watched = version;
	if (match_set_has_open(s->set))
		streams_watch_set(scan_streams(s), s->set, s->min_confidence);
}

size_t
scan_settle(struct scan *s, const struct hit **hits)
{
	s->hits.len = 0;
	arena_reset(&s->arena);
	if (s->streams)
		streams_settle(s->streams, &s->arena, &s->hits);
	s->counts.hits += s->hits.len;
	*hits = s->hits.at;
	return s->hits.len;
}

struct stream_counts
scan_patterns(const struct scan *s)
{
	return s->streams ? streams_counts(s->streams) : (struct stream_counts){};
}

bool
scan_is_lean(const struct scan *s)
{
	return s->text == SCAN_AS_IS && !match_set_strings(s->set) &&
	       (!match_set_has_parts(s->set) || mutant(1855)) &&
	       !(s->streams && streams_want_all(s->streams));
}

size_t
scan_record(struct scan *s, const struct record *r, struct span file, const struct hit **hits)
{
	s->file = file;
	s->places = (struct field_mark){};
	s->line.at = s->line.count = 0;
	s->hits.len = 0;
	s->parts.len = 0;
	s->answers.len = 0;
	s->has_first = FIRST_NONE;
	once_reset(&s->seen);
	arena_reset(&s->arena);
	s->counts.records++;
	int64_t time = r->time != TIME_NONE ? r->time : clock_now(s->clock);
	s->is_outside = (s->since != TIME_NONE && time < s->since) ||
			(s->until != TIME_NONE && time >= s->until);
	s->is_spotted = r->spots.count && s->text == SCAN_AS_IS;
	for (size_t i = 0; i < r->fields && !r->quiet; i++)
		if (r->field[i].value.len && !(s->is_spotted && is_apart(r, &r->field[i])) &&
			!is_known(&r->field[i]))
			scan_field(s, r, &r->field[i], time);
	bool texts = has_strings(s) && !r->quiet;
	for (size_t i = 0; texts && i < r->fields; i++)
		if (r->field[i].value.len)
			scan_strings(s, r, &r->field[i], time);
	watch_open(s);
	if (s->parts.len || (s->streams && !s->is_outside && streams_want_all(s->streams)))
		take_parts(s, r, time);
	if (s->hits.len > 1)
		qsort(s->hits.at, s->hits.len, sizeof *s->hits.at, by_place);
	s->counts.hits += s->hits.len;
	*hits = s->hits.at;
	return s->hits.len;
}
