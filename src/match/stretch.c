#include "match/stretch.h"

#include <string.h>

#include "base/mutant.h"

static uint64_t
count_ends(const char *from, const char *to)
{
	return span_count((struct span){from, (size_t)(to - from)}, '\n');
}

/* Ends between the start of a place's chunk and the place, by whichever side of it is shorter. */
static uint64_t
ends_before(const struct stretch *s, size_t at)
{
	size_t chunk = at / SWEEP_CHUNK, from = chunk * SWEEP_CHUNK, to = from + SWEEP_CHUNK;
	to = to < s->text.len ? to : s->text.len;
	if (at - from <= to - at || chunk >= s->found.chunks)
		return count_ends(s->text.ptr + from, s->text.ptr + at);
	return s->found.line_ends[chunk] - count_ends(s->text.ptr + at, s->text.ptr + to);
}

uint64_t
stretch_lines(const struct stretch *s, size_t from, size_t to)
{
	size_t first = from / SWEEP_CHUNK, last = to / SWEEP_CHUNK;
	if (first == last || to - from < SWEEP_CHUNK / 2)
		return count_ends(s->text.ptr + from, s->text.ptr + to);
	uint64_t count = ends_before(s, to);
	for (size_t i = first; i < last; i++)
		count += s->found.line_ends[i];
	return count - ends_before(s, from);
}

/* Where a line begins with "#" at `from` or behind, before `to`; `to` where none does. */
static size_t
find_heading(const struct stretch *s, size_t from, size_t to)
{
	const char *text = s->text.ptr;
	for (size_t at = from; at < to; at++) {
		const char *sign = memchr(text + at, '#', to - at);
		if (!sign)
			break;
		at = (size_t)(sign - text);
		if (at == from || sign[-1] == '\n')
			return at;
	}
	return to;
}

bool
stretch_is_by_record(struct span text, enum lines_keep keep)
{
	return keep == LINES_KEEP_RECORDS ||
	       (keep == LINES_KEEP_UNQUOTED && text.len && memchr(text.ptr, '"', text.len));
}

bool
stretch_has(struct stretch *s, size_t from, size_t to)
{
	while (s->next < s->found.places && s->found.place[s->next].at < from)
		s->next++;
	return s->next < s->found.places && s->found.place[s->next].at < to;
}

size_t
stretch_pass(struct stretch *s, enum lines_keep keep, size_t from)
{
	const char *text = s->text.ptr;
	size_t to = s->text.len;
	if (stretch_has(s, from, to)) {
		const char *end = memrchr(text + from, '\n', s->found.place[s->next].at - from);
		to = end ? (size_t)(end - text) + 1 : from;
	}
	return keep == LINES_KEEP_HEADINGS ? find_heading(s, from, to) : to;
}

struct spots
stretch_spots(struct stretch *s, size_t from, size_t to)
{
	const struct sweep_result *f = &s->found;
	struct spots spots = {.base = s->text.ptr, .set = f->set, .version = f->version};
	while (s->next_vague < f->vagues && f->vague[s->next_vague].at < from)
		s->next_vague++;
	if (s->next_vague < f->vagues && f->vague[s->next_vague].at < to && !mutant(1841))
		return spots;
	if (!stretch_has(s, from, to))
		return spots;
	spots.at = f->place + s->next;
	while (s->next + spots.count < f->places && spots.at[spots.count].at < to)
		spots.count++;
	return spots;
}
