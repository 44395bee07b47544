/* Names as counted labels: they are written out beside the text and swept there; where one may be known, its line is read. */
#include <stdlib.h>
#include <string.h>

#include "base/mutant.h"
#include "match/counted.h"
#include "match/sweep-internal.h"

/* A name beside the text: where it ends there, and where it stands in the text. */
struct origin {
	uint32_t end, at;
};

struct sweep_beside {
	struct sweep *sweep;
	struct buf text; /* names, one a line, after SWEEP_SLACK bytes */
	vec_of(struct origin) origins;
};

void
sweep_beside_free(struct sweep_beside *b)
{
	if (!b)
		return;
	sweep_free(&b->sweep);
	buf_fini(&b->text);
	free(b->origins.at);
	free(b);
}

static void
slack(struct buf *to)
{
	memset(buf_room(to, SWEEP_SLACK), 0, SWEEP_SLACK);
	to->len += SWEEP_SLACK;
}

/* Names do not go on over a line's end. */
static void
write_names(struct sweep_beside *b, struct span text)
{
	struct counted one;
	buf_reset(&b->text);
	b->origins.len = 0;
	slack(&b->text);
	for (size_t at = 0; at < text.len;) {
		const char *open = memchr(text.ptr + at, '(', text.len - at);
		if (!open)
			break;
		const char *end = memchr(open, '\n', (size_t)(text.ptr + text.len - open));
		size_t from = (size_t)(open - text.ptr),
		       stop = end ? (size_t)(end - text.ptr) : text.len;
		struct span line = {text.ptr + from, stop - from};
		for (size_t next = 0; counted_next(line, &next, &one);) {
			buf_add(&b->text, one.name);
			buf_add_byte(&b->text, '\n');
			*vec_add(&b->origins) = (struct origin){
				(uint32_t)(b->text.len - SWEEP_SLACK), (uint32_t)(from + one.at)};
		}
		at = stop;
	}
	slack(&b->text);
}

void
sweep_text_counted(struct sweep *s, struct span text, struct sweep_result *out)
{
	struct sweep_result found;
	sweep_text(s, text, out);
	if (!s->beside)
		s->beside = mem_new(sizeof *s->beside);
	struct sweep_beside *b = s->beside;
	if (!b->sweep)
		b->sweep = sweep_like(s);
	b->sweep->signs = s->signs;
	write_names(b, text);
	if (!b->origins.len)
		return;
	sweep_text(b->sweep,
		(struct span){b->text.ptr + SWEEP_SLACK, b->text.len - 2 * (size_t)SWEEP_SLACK},
		&found);
	const struct origin *from = b->origins.at;
	for (size_t i = 0; i < found.places && !mutant(1832); i++) {
		while (from->end <= found.place[i].at)
			from++;
		sweep_note_vague(s, s->text + from->at);
	}
	sweep_finish(s, out);
}
