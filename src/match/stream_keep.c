#include "match/stream_keep.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mutant.h"
#include "base/own.h"
#include "match/arm.h"
#include "match/set-internal.h"
#include "match/stream-internal.h"
#include "match/strings.h"

enum {
	FLAG_TIMED = 1,
	FLAG_HARMLESS = 2,
	LOOKED = 4096, /* items of one value, to find a pattern's among them */
	NAME_MAX_BYTES = 65536,
};

#define TIME_BOUND (INT64_MAX / 4) /* so that differences are no overflow */

/* ---- writing ---- */

static void
put_text(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c <= ' ' || c == '%' || c == 0x7f)
			buf_printf(out, "%%%02X", c);
		else
			buf_add_byte(out, (char)c);
	}
}

static void
put_event(struct buf *out, const struct event *e, uint32_t file, bool valued)
{
	buf_printf(out,
		"seen %" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %u %u %u ",
		e->time, e->fits, e->line, e->offset, e->turn, file, e->kind,
		(e->timed ? FLAG_TIMED : 0u) | (e->harmless ? FLAG_HARMLESS : 0u));
	buf_add_byte(out, e->value && valued ? '=' : '-');
	if (e->value && valued)
		put_text(out, (struct span){e->value, e->value_len});
	buf_add_byte(out, '\n');
}

/* The names of files that something held is of; number[i]: of the i-th, as it is read back. */
static void
put_files(struct buf *out, const struct streams *s, uint32_t *number)
{
	uint32_t next = 0;
	for (size_t i = 0; i < s->slots; i++)
		for (const struct stream *st = s->slot[i]; st; st = st->next)
			for (size_t k = 0; k < st->len; k++)
				number[st->events[st->first + k].file] = 1;
	for (size_t i = 0; i < s->files.len; i++) {
		if (!number[i])
			continue;
		number[i] = next++;
		buf_add(out, SPAN("file "));
		put_text(out, span_sub(span_of(s->files.at[i]), 0, NAME_MAX_BYTES));
		buf_add_byte(out, '\n');
	}
}

uint64_t
streams_keep(const struct streams *s, struct buf *out)
{
	uint64_t left_out = 0;
	size_t start = out->len;
	own_mem uint32_t *number = mem_new((s->files.len + 1) * sizeof *number);
	buf_printf(out, "stream %" PRIu64 " ", s->turn);
	if (s->last_untimed == TIME_NONE)
		buf_add(out, SPAN("-\n"));
	else
		buf_printf(out, "%" PRId64 "\n", s->last_untimed);
	put_files(out, s, number);
	for (size_t i = 0; i < s->slots; i++)
		for (struct stream *st = s->slot[i]; st; st = st->next) {
			if (!st->len)
				continue;
			stream_order(st);
			if (out->len - start + st->facts.pattern.len > STREAMS_KEPT_MAX) {
				left_out += st->len;
				continue;
			}
			buf_printf(out, "pattern %zu %zu %zu %" PRId64 " %" PRId64 " ", st->parts,
				st->rest, st->pending, st->pending_first, st->pending_last);
			put_text(out, st->facts.indicator);
			buf_add_byte(out, ' ');
			put_text(out, st->facts.pattern);
			buf_add_byte(out, '\n');
			for (size_t k = 0; k < st->len; k++) {
				const struct event *e = &st->events[st->first + k];
				put_event(out, e, number[e->file],
					out->len - start < STREAMS_KEPT_VALUES);
			}
		}
	return left_out;
}

/* ---- what the set says of a pattern now ---- */

static bool
is_of(const struct indicator *known, const struct indicator *part)
{
	return known->part && !known->revoked && span_eq(known->id, part->id) &&
	       span_eq(known->pattern, part->pattern);
}

/* Whether the set holds this part of a pattern; `as`: what it says of it. */
static bool
find_part(const struct match_set *set, const struct indicator *part, struct arena *a,
	struct indicator *as)
{
	struct set_walk walk;
	struct item item;
	uint32_t at;
	if (part->about.kind == OBS_TEXT) {
		const struct strings *texts = match_set_strings(set);
		return texts && strings_find(texts, part->id, part->pattern, as) && is_of(as, part);
	}
	if (!set_walk_value(set, &part->about, &walk))
		return false;
	for (unsigned i = 0; i < LOOKED && (at = set_next(&walk, &item)) != NONE; i++) {
		if (item.dead || item.role != ROLE_INDICATOR)
			continue;
		*as = match_set_get(set, at, a);
		if (is_of(as, part))
			return true;
	}
	return false;
}

/* ---- reading ---- */

struct resume {
	struct streams *s;
	const struct match_set *set;
	struct streams_kept *counts;
	struct arena arena; /* of one line */
	struct arm_batch batch;
	struct stream *at; /* records that follow are its; NULL: of nothing that is held */
	size_t files;
};

static bool
take_u64(struct span *line, uint64_t most, uint64_t *out)
{
	struct span word;
	return span_cut(line, ' ', &word) && span_to_u64(word, out) && *out <= most;
}

static bool
take_time(struct span *line, int64_t *out)
{
	struct span word;
	return span_cut(line, ' ', &word) && span_to_i64(word, out) && *out >= -TIME_BOUND &&
	       *out <= TIME_BOUND;
}

/* As put_text wrote it. */
static bool
read_text(struct span word, struct arena *a, struct span *out)
{
	char *to = arena_bytes(a, word.len + 1);
	*out = (struct span){to, 0};
	for (size_t i = 0; i < word.len; i++) {
		char c = word.ptr[i];
		if (c == '%') {
			int high = i + 2 < word.len ? ascii_hex(word.ptr[i + 1]) : -1;
			int low = i + 2 < word.len ? ascii_hex(word.ptr[i + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		to[out->len++] = c;
	}
	return true;
}

static bool
take_text(struct span *line, struct arena *a, struct span *out)
{
	struct span word;
	return span_cut(line, ' ', &word) && read_text(word, a, out);
}

static bool
read_head(struct resume *r, struct span line)
{
	uint64_t turn;
	if (!take_u64(&line, UINT64_MAX / 4, &turn))
		return false;
	r->s->turn = turn;
	if (span_eq(line, SPAN("-")))
		return true;
	return take_time(&line, &r->s->last_untimed) && !line.ptr;
}

static bool
read_file(struct resume *r, struct span line)
{
	struct span name;
	if (!take_text(&line, &r->arena, &name) || line.ptr || name.len > NAME_MAX_BYTES ||
		r->files >= STREAMS_HELD_MAX || memchr(name.ptr, 0, name.len))
		return false;
	*vec_add(&r->s->files) = mem_dup(name);
	r->files++;
	return true;
}

bool
stream_facts(const struct match_set *set, struct span id, struct span pattern,
	struct arm_batch *batch, struct indicator *out)
{
	struct indicator facts = {.id = id,
		.pattern = pattern,
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = -1};
	bool found = false;
	arm_batch_reset(batch);
	arm_pattern(&facts, batch);
	for (size_t i = 0; !found && i < batch->all.len; i++)
		found = batch->all.at[i].part &&
			find_part(set, &batch->all.at[i], &batch->arena, out);
	return found;
}

/* The stream of a pattern that the set still holds; false: this cannot be what was written. */
static bool
find_stream(struct resume *r, struct span id, struct span pattern, uint64_t parts)
{
	struct indicator found;
	bool is_there = stream_facts(r->set, id, pattern, &r->batch, &found);
	r->at = NULL;
	if (is_there || mutant(1811)) {
		struct hit h = {.indicator = id,
			.pattern = pattern,
			.name = is_there ? found.name : (struct span){},
			.party = is_there ? found.party : (struct span){},
			.memo = is_there ? found.memo : (struct span){},
			.tlp = is_there ? found.tlp : (struct span){},
			.confidence = is_there ? found.confidence : -1};
		r->at = stream_find(r->s, &h);
	}
	if (!r->at || !r->at->matcher) {
		r->at = NULL;
		r->counts->gone++;
		return true;
	}
	r->at->valid_from = is_there ? found.valid_from : TIME_NONE;
	r->at->valid_until = is_there ? found.valid_until : TIME_NONE;
	if (r->at->open && r->s->open == STREAM_OPEN_NOW)
		stream_watch(r->s, r->at);
	r->counts->patterns++;
	return r->at->parts == parts && !r->at->len;
}

static bool
read_pattern(struct resume *r, struct span line)
{
	uint64_t parts, rest, pending;
	int64_t first, last;
	struct span id, pattern;
	if (!take_u64(&line, STREAM_PARTS_MAX, &parts) ||
		!take_u64(&line, STREAM_HELD_MAX, &rest) ||
		!take_u64(&line, STREAM_HELD_MAX, &pending) || !take_time(&line, &first) ||
		!take_time(&line, &last) || !take_text(&line, &r->arena, &id) ||
		!take_text(&line, &r->arena, &pattern) || line.ptr ||
		pattern.len > STREAM_TEXT_MAX || !find_stream(r, id, pattern, parts))
		return false;
	if (!r->at)
		return true;
	r->at->rest = (size_t)rest;
	r->at->pending = (size_t)pending;
	r->at->pending_first = first;
	r->at->pending_last = last;
	return true;
}

/* What stands behind the numbers; e->value is the caller's. */
static bool
read_value(struct resume *r, struct span line, struct event *e)
{
	struct span value;
	if (span_eq(line, SPAN("-")))
		return true;
	if (!span_starts(line, SPAN("=")) || span_find_byte(line, ' ') != SIZE_MAX ||
		!read_text(span_sub(line, 1, SIZE_MAX), &r->arena, &value) ||
		value.len > STREAM_VALUE_MAX)
		return false;
	e->value = mem_dup(value);
	e->value_len = (uint16_t)value.len;
	return true;
}

static bool
read_seen(struct resume *r, struct span line)
{
	struct event e = {};
	uint64_t file, kind, flags;
	struct stream *st = r->at;
	if (!take_time(&line, &e.time) || !take_u64(&line, UINT64_MAX, &e.fits) ||
		!take_u64(&line, UINT64_MAX, &e.line) || !take_u64(&line, UINT64_MAX, &e.offset) ||
		!take_u64(&line, r->s->turn, &e.turn) || !take_u64(&line, UINT32_MAX, &file) ||
		!take_u64(&line, OBS_KINDS - 1, &kind) ||
		!take_u64(&line, FLAG_TIMED | FLAG_HARMLESS, &flags) || !line.ptr)
		return false;
	if (!st) /* of a pattern that is gone */
		return true;
	bool fits = e.fits && (st->parts == STREAM_PARTS_MAX || e.fits >> st->parts == 0);
	bool ordered = !st->len || st->events[st->first + st->len - 1].time <= e.time;
	if (!fits || !ordered || file >= r->files || st->len >= STREAM_HELD_MAX ||
		r->s->held >= STREAMS_HELD_MAX || !read_value(r, line, &e))
		return false;
	e.file = (uint32_t)file;
	e.kind = (uint8_t)kind;
	e.timed = flags & FLAG_TIMED;
	e.harmless = flags & FLAG_HARMLESS;
	stream_put(r->s, st, &e);
	r->counts->records++;
	return true;
}

/* What was written of a pattern must be of one piece. */
static bool
is_whole(const struct stream *st)
{
	return !st || (st->len && st->pending <= st->len && st->pending_first <= st->pending_last);
}

static bool
read_line(struct resume *r, struct span line, size_t number)
{
	struct span word;
	span_cut(&line, ' ', &word);
	if (!line.ptr || (number == 1) != span_eq(word, SPAN("stream")))
		return false;
	if (number == 1)
		return read_head(r, line);
	if (span_eq(word, SPAN("seen")))
		return read_seen(r, line);
	if (!is_whole(r->at))
		return false;
	return span_eq(word, SPAN("file"))	? read_file(r, line)
	       : span_eq(word, SPAN("pattern")) ? read_pattern(r, line)
						: false;
}

enum rc
streams_resume(struct streams *s, const struct match_set *set, struct span kept,
	struct streams_kept *out, struct diag *why)
{
	struct resume r = {.s = s, .set = set, .counts = out};
	size_t number = 0;
	bool fine = true;
	*out = (struct streams_kept){};
	while (fine && kept.len) {
		size_t end = span_find_byte(kept, '\n');
		arena_reset(&r.arena);
		number++;
		fine = end != SIZE_MAX && read_line(&r, span_sub(kept, 0, end), number);
		kept = span_sub(kept, end == SIZE_MAX ? kept.len : end + 1, SIZE_MAX);
	}
	fine = fine && number && is_whole(r.at);
	arena_fini(&r.arena);
	arm_batch_fini(&r.batch);
	if (fine)
		return RC_OK;
	diag_where(why, "line %zu of what patterns hold", number);
	return diag_fail(why, RC_BAD, "nothing that was written there");
}
