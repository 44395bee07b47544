#include "match/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/hash.h"
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
	free(s->answers.at);
	free(s->hits.at);
	free(s->seen);
	s->seen = NULL;
	s->answers.at = NULL;
	s->hits.at = NULL;
}

/* "ja3", "ja3s", "tls.ja3.hash", "client_ja3" */
static enum match_context
context_of(struct span name)
{
	for (size_t i = 0; i + 3 <= name.len; i++)
		if (ascii_lower(name.ptr[i]) == 'j' && ascii_lower(name.ptr[i + 1]) == 'a' &&
			name.ptr[i + 2] == '3')
			return CONTEXT_JA3;
	return CONTEXT_PLAIN;
}

/* Where byte `pos` of the refanged text stood before. */
static size_t
defanged_place(struct span text, size_t pos)
{
	size_t at = 0, done = 0;
	char piece[8];
	while (at < text.len && done < pos) {
		size_t from = at, got = obs_refang_step(text, &at, piece);
		done += got;
		if (done > pos)
			return from;
	}
	return at;
}

/* Whether this indicator has already answered for this observable in the record; remembers it. */
static bool
is_repeated(struct scan *s, const struct match_answer *a)
{
	if ((s->seen_count + 1) * 2 > s->seen_slots) {
		size_t count = s->seen_slots;
		uint64_t *old = s->seen;
		s->seen_slots = count ? count * 2 : 64;
		s->seen = mem_new(s->seen_slots * sizeof *s->seen);
		for (size_t i = 0; i < count; i++)
			for (size_t at = old[i] & (s->seen_slots - 1); old[i];
				at = (at + 1) & (s->seen_slots - 1))
				if (!s->seen[at]) {
					s->seen[at] = old[i];
					break;
				}
		free(old);
	}
	uint64_t key = hash64(a->seen.value, (uint64_t)a->item << 8 | a->seen.kind) | 1;
	size_t at = key & (s->seen_slots - 1);
	for (; s->seen[at]; at = (at + 1) & (s->seen_slots - 1))
		if (s->seen[at] == key)
			return true;
	s->seen[at] = key;
	s->seen_count++;
	return false;
}

static void
forget_seen(struct scan *s)
{
	if (s->seen_count)
		memset(s->seen, 0, s->seen_slots * sizeof *s->seen);
	s->seen_count = 0;
}

static bool
is_wanted(struct scan *s, const struct indicator *i, const struct match_answer *a, int64_t time)
{
	if (i->valid_from != TIME_NONE && time < i->valid_from) {
		s->counts.early++;
		return false;
	}
	if (i->valid_until != TIME_NONE && time >= i->valid_until) {
		s->counts.late++;
		return false;
	}
	if (i->confidence >= 0 && i->confidence < s->min_confidence)
		return false;
	if (s->warn && (warn_find(s->warn, a->seen).len || warn_find(s->warn, i->about).len)) {
		s->counts.harmless++;
		return false;
	}
	return true;
}

static size_t
count_lines(struct span text, size_t before)
{
	size_t count = 0;
	for (size_t i = 0; i < before && i < text.len; i++)
		count += text.ptr[i] == '\n';
	return count;
}

static void
keep(struct scan *s, const struct record *r, const struct field *f, struct span file,
	const struct match_answer *a, int64_t time)
{
	struct indicator i = match_set_get(s->set, a->item, &s->arena);
	if (!is_wanted(s, &i, a, time))
		return;
	size_t from = a->at, to = a->at + a->len;
	if (s->text == SCAN_DEFANGED) {
		from = defanged_place(f->value, from);
		to = defanged_place(f->value, to);
	}
	size_t place = field_place(r, f, from);
	size_t end = f->coding == FIELD_MADE ? place : field_place(r, f, to);
	struct span pattern = i.pattern;
	if (!pattern.len) {
		own_buf struct buf b = {};
		obs_pattern(i.about, &b);
		pattern = arena_dup(&s->arena, buf_span(&b));
	}
	*vec_add(&s->hits) = (struct hit){
		.time = r->time,
		.indicator = i.id,
		.name = i.name,
		.pattern = pattern,
		.about = {i.about.kind, arena_dup(&s->arena, i.about.value)},
		.match = a->match,
		.seen = a->seen,
		.file = file,
		.line = r->line + count_lines(r->text, place),
		.offset = record_place(r, place),
		.length = r->wide ? 0 : end - place,
		.party = i.party,
		.memo = i.memo,
		.tlp = i.tlp,
		.confidence = i.confidence,
	};
}

static void
scan_field(struct scan *s, const struct record *r, const struct field *f, struct span file,
	int64_t time)
{
	struct extract it;
	struct found found;
	enum match_context context = context_of(f->name);
	struct span text = s->text == SCAN_DEFANGED ? obs_refang(f->value, &s->arena) : f->value;
	extract_init(&it, text, &s->arena);
	while (extract_next(&it, &found)) {
		size_t first = s->answers.len;
		match_set_probe(s->set, text, &found, context, &s->arena, &s->answers);
		for (size_t i = first; i < s->answers.len; i++)
			if (!is_repeated(s, &s->answers.at[i]))
				keep(s, r, f, file, &s->answers.at[i], time);
	}
}

static int
by_place(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	int order = (int)x->match - (int)y->match;
	return order ? order : span_cmp(x->indicator, y->indicator);
}

size_t
scan_record(struct scan *s, const struct record *r, struct span file, const struct hit **hits)
{
	s->hits.len = 0;
	s->answers.len = 0;
	forget_seen(s);
	arena_reset(&s->arena);
	s->counts.records++;
	int64_t time = r->time != TIME_NONE ? r->time : clock_now(s->clock);
	if ((s->since != TIME_NONE && time < s->since) ||
		(s->until != TIME_NONE && time >= s->until)) {
		s->counts.outside++;
		return 0;
	}
	for (size_t i = 0; i < r->fields; i++)
		if (r->field[i].value.len)
			scan_field(s, r, &r->field[i], file, time);
	if (s->hits.len > 1)
		qsort(s->hits.at, s->hits.len, sizeof *s->hits.at, by_place);
	s->counts.hits += s->hits.len;
	*hits = s->hits.at;
	return s->hits.len;
}
