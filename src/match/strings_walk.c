/* Raw bytes of a log: which of its lines are read since a text may be on them, and what it is full of. */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/own.h"
#include "match/escape.h"
#include "match/strings_gate-internal.h"

/* ---- what a log is full of ---- */

static int
by_text(const void *a, const void *b)
{
	return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

/* Under the lock. Pieces that stand there more than once; whether some were not known. */
static bool
note_common(struct strings *s, const struct gate *g, struct span text)
{
	enum { OFTEN = 2, COMMON_MOST = 4096 };
	struct gate_place p = {.mark = GATE_NONE};
	own_mem uint32_t *count = mem_new((g->pieces.len + 1) * sizeof *count);
	size_t known = s->common.len;
	while (gate_next(g, text, &p)) {
		const struct literal_common common = {s->common.at, known};
		struct span piece = g->pieces.at[p.piece].text;
		if (++count[p.piece] == OFTEN && s->common.len < COMMON_MOST &&
			!literal_is_common(&common, piece))
			*vec_add(&s->common) = arena_dup(&s->learned, piece);
	}
	if (s->common.len == known)
		return false;
	qsort(s->common.at, s->common.len, sizeof *s->common.at, by_text);
	return true;
}

const struct gate *
gate_of(const struct strings *s)
{
	return __atomic_load_n(&s->gate, __ATOMIC_ACQUIRE);
}

/*
 * Whether a gate is to be made for what this log holds rather than any: making it takes as long as passing over a
 * text for each dozen of pieces. Later again, for logs change.
 */
static bool
is_worth_sampling(struct strings *s)
{
	enum { PIECES = 8, LEAST = 8, TIMES = 2, LATER = 16 };
	uint64_t due = LEAST + s->gate->pieces.len / PIECES;
	for (unsigned i = 0; i < s->sampled; i++)
		due *= LATER;
	if (s->sampled == TIMES || !s->gate->kernel ||
		__atomic_load_n(&s->looks, __ATOMIC_RELAXED) < due)
		return false;
	s->sampled++;
	return true;
}

void
gate_learn(struct strings *s, struct span text)
{
	enum { GATES_MOST = 32, ROUNDS = 3 }; /* what is taken instead may be common too */
	enum { SAMPLE = 8192, SAMPLE_MOST = 256 << 10, PIECES = 64 };
	/* Where somebody else learns, this text is passed over. */
	if (pthread_mutex_trylock(&s->lock) != 0)
		return;
	if (s->sample.len < SAMPLE_MOST)
		buf_add(&s->sample, span_sub(text, 0, SAMPLE));
	bool sampled = is_worth_sampling(s);
	const struct gate *before = s->gate;
	uint64_t looks = __atomic_load_n(&s->looks, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < ROUNDS && s->old.len < GATES_MOST; i++) {
		s->news |= note_common(s, s->gate, text);
		if (!sampled && (!s->news || (!i && looks < s->due)))
			break;
		s->news = sampled = false;
		/* A log's length bounds how many are made for it. */
		s->due = 4 * looks + s->gate->pieces.len / PIECES;
		*vec_add(&s->old) = s->gate;
		__atomic_store_n(&s->gate, gate_new(s), __ATOMIC_RELEASE);
	}
	__atomic_store_n(&s->quiet, s->gate == before ? s->quiet + 1 : 0, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&s->lock);
}

/* ---- raw bytes ---- */

/* Behind a backslash at `at`: whether it stands for a byte that a piece may hold, or for an odd letter. */
static bool
hides_plain(struct span text, size_t at)
{
	unsigned value;
	/* Most of a log that is all escapes is told by two digits: \u00XX, \u017f and \u212a count. */
	if (text.len - at > 3 && text.ptr[at + 1] == 'u') {
		char first = text.ptr[at + 2], second = text.ptr[at + 3];
		if (!(first == '0' && second <= '1') && !(first == '2' && second == '1'))
			return false;
	}
	if (!escape_value(text, at, &value))
		return false;
	bool plain = value < 0x80 && (literal_is_plain((char)value) || value == '%');
	return plain || value == 0x17f || value == 0x212a;
}

/* The first such at `at` or behind, before `end`; `end` where there is none. */
static size_t
next_hidden(struct span text, size_t at, size_t end)
{
	while (at < end) {
		const char *found = memchr(text.ptr + at, '\\', end - at);
		if (!found)
			return end;
		at = (size_t)(found - text.ptr);
		if (hides_plain(text, at) && !mutant(1683))
			return at;
		at++;
	}
	return end;
}

static size_t
next_bytes(struct span text, size_t at, size_t end, struct span bytes)
{
	while (at < end) {
		const char *found = memchr(text.ptr + at, bytes.ptr[0], end - at);
		if (!found)
			return end;
		at = (size_t)(found - text.ptr);
		if (span_starts(span_sub(text, at, SIZE_MAX), bytes))
			return at;
		at++;
	}
	return end;
}

/* What is equal to a letter of ASCII but for case or form, where that matters. */
static size_t
next_odd_letter(const struct gate *g, struct span text, size_t at, size_t end)
{
	if (!g->folds)
		return end;
	return next_bytes(
		text, at, next_bytes(text, at, end, SPAN("\xc5\xbf")), SPAN("\xe2\x84\xaa"));
}

static size_t
next_odd(const struct gate *g, struct span text, size_t at, size_t end)
{
	size_t odd = gate_next_percent(g, text, at, next_hidden(text, at, end));
	return next_odd_letter(g, text, at, odd);
}

enum { OWNERS_MOST = 32 /* of a piece, looked at in a line; of more, one may fit */ };

/* The line around a place; that of the last one, mostly. */
static struct span
line_around(struct span text, struct strings_walk *w, size_t at)
{
	if (at < w->line || at >= w->line_end) {
		const char *from = memrchr(text.ptr, '\n', at);
		const char *to = memchr(text.ptr + at, '\n', text.len - at);
		w->line = from ? (size_t)(from - text.ptr) + 1 : 0;
		w->line_end = to ? (size_t)(to - text.ptr) : text.len;
		w->unfit = GATE_NONE;
		w->line_percent =
			gate_has_percent((struct span){text.ptr + w->line, w->line_end - w->line});
	}
	return (struct span){text.ptr + w->line, w->line_end - w->line};
}

/* Whether one of those that wait for the piece may be on the line around it. */
static bool
line_fits(
	const struct gate *g, struct span text, struct strings_walk *w, const struct gate_place *p)
{
	size_t first = g->pieces.at[p->piece].owner;
	size_t end = p->piece + 1 < g->pieces.len ? g->pieces.at[p->piece + 1].owner : g->owner.len;
	struct span line = line_around(text, w, p->start);
	if (end - first > OWNERS_MOST || w->line_percent)
		return true;
	if (w->unfit == p->piece)
		return false;
	for (size_t i = first; i < end; i++)
		if (gate_fits(g, g->owner.at[i], line))
			return true;
	w->unfit = p->piece;
	return false;
}

/* A piece or something odd from w->at on, before the stretch's end. */
static bool
next_in_stretch(const struct gate *g, struct span text, struct strings_walk *w)
{
	size_t reach = w->end + LITERAL_LONGEST < text.len ? w->end + LITERAL_LONGEST : text.len;
	struct gate_place p = {.at = (w->at + g->step - 1) / g->step * g->step, .mark = GATE_NONE};
	if (w->odd < w->at)
		w->odd = next_odd(g, text, w->at, w->end);
	w->place = w->odd;
	while (gate_next(g, (struct span){text.ptr, reach}, &p) && p.start < w->odd)
		if (line_fits(g, text, w, &p)) {
			w->place = p.start;
			break;
		}
	return w->place < w->end;
}

/* ---- by a kernel ---- */

/* The stretch from w->at on. */
static void
mark_stretch(const struct gate *g, struct span text, struct strings_walk *w)
{
	char padded[2 * 64 + GATE_AHEAD] = {};
	size_t ahead = text.len - w->at, len = ahead < STRINGS_STRETCH ? ahead : STRINGS_STRETCH;
	size_t words = (len + 63) / 64, whole = ahead < GATE_AHEAD ? 0 : (ahead - GATE_AHEAD) / 64;
	const char *from = text.ptr + w->at;
	bool high = false;
	w->queued = w->next = 0;
	whole = whole < words ? whole : words;
	if (whole)
		w->queued = g->kernel->places(g, from, whole, 0, w->queue, &high);
	if (whole < words && !mutant(1861)) { /* behind the text nothing is */
		memcpy(padded, from + 64 * whole, ahead - 64 * whole);
		w->queued += g->kernel->places(
			g, padded, words - whole, 64 * whole, w->queue + w->queued, &high);
	}
	w->from = w->at;
	w->end = w->at + len;
	for (size_t i = 0; i < w->queued; i++)
		if (!gate_is_sign(text.ptr + w->from + w->queue[i]))
			gate_prefetch(g, text, w->from + w->queue[i]);
	w->odd = high && !mutant(1862) ? next_odd_letter(g, text, w->at, w->end) : w->end;
}

/* Whether an escape at the place hides something, or a piece's gram stands there and the piece on its line. */
static bool
is_place(const struct gate *g, struct span text, struct strings_walk *w, size_t at)
{
	struct gate_place p = {.mark = GATE_NONE};
	w->place = at;
	if (text.ptr[at] == '\\')
		return hides_plain(text, at) && !mutant(1683);
	if (text.ptr[at] == '%')
		return at >= w->percent && gate_hides_percent(g, text, at, &w->percent);
	while (gate_next_at(g, text, at, &p))
		if (line_fits(g, text, w, &p)) {
			w->place = p.start;
			return true;
		}
	return false;
}

/* The next place of the stretch from w->at on. */
static bool
next_marked(const struct gate *g, struct span text, struct strings_walk *w)
{
	if (w->at >= w->end)
		mark_stretch(g, text, w);
	if (w->odd < w->at)
		w->odd = next_odd_letter(g, text, w->at, w->end);
	for (; w->next < w->queued; w->next++) {
		size_t at = w->from + w->queue[w->next];
		if (at >= w->odd)
			break;
		if (at >= w->at && is_place(g, text, w, at))
			return true;
	}
	w->place = w->odd;
	return w->odd < w->end;
}

/* ---- lines ---- */

/* Learns of some texts, of fewer where that tells nothing new, and takes the newest gate. */
static void
begin_walk(struct strings *s, struct span text, struct strings_walk *w)
{
	enum { LOOKS = 8, SELDOM = 64, QUIET = 6, LOOK = 65536 };
	unsigned quiet = __atomic_load_n(&s->quiet, __ATOMIC_RELAXED);
	if (__atomic_fetch_add(&s->looks, 1, __ATOMIC_RELAXED) % (quiet < QUIET ? LOOKS : SELDOM) ==
		0)
		gate_learn(s, span_sub(text, 0, LOOK));
	w->gate = gate_of(s);
}

/* The next place by looking grams up at once. */
static bool
next_stepwise(const struct gate *g, struct span text, struct strings_walk *w)
{
	if (w->at >= w->end) {
		w->end = text.len - w->at < STRINGS_STRETCH ? text.len : w->at + STRINGS_STRETCH;
		w->odd = next_odd(g, text, w->at, w->end);
	}
	return next_in_stretch(g, text, w);
}

bool
strings_next_line(struct strings *s, struct span text, struct strings_walk *w)
{
	if (!w->gate)
		begin_walk(s, text, w);
	const struct gate *g = w->gate;
	if (!g->pieces.len && !g->bare.len)
		return false;
	while (w->at < text.len) {
		if (g->bare.len)
			w->place = w->at;
		else if (!(g->kernel ? next_marked(g, text, w) : next_stepwise(g, text, w))) {
			w->at = w->end;
			continue;
		}
		const char *end = memchr(text.ptr + w->place, '\n', text.len - w->place);
		w->at = end ? (size_t)(end - text.ptr) + 1 : text.len;
		return true;
	}
	return false;
}
