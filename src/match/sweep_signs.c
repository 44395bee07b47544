/*
 * Signs of defanging. A value that holds none is the same with its defanging undone, so the other passes see all
 * that can be found in it; a line with one is read. Signs are what obs/line.h says. Their bytes may also be
 * hidden by escapes, of which readers undo \uXXXX and \xHH.
 */
#include <string.h>

#include "base/mutant.h"
#include "match/escape.h"
#include "match/sweep-internal.h"
#include "obs/line.h"

struct signs {
	char byte[256]; /* to look for */
	size_t bytes;
	uint8_t next[256][32]; /* which may follow one, a bit each */
	bool of_sign[256];
};

struct signs *
signs_new(void)
{
	struct signs *g = mem_new(sizeof *g);
	for (int c = 0; c < 256; c++) {
		bool any = false;
		for (int next = 0; next < 256; next++) {
			bool may = obs_refang_may_begin((char)c, (char)next) ||
				   (c == '\\' && (next == 'u' || next == 'x'));
			g->next[c][next / 8] |= (uint8_t)(may << next % 8);
			any |= may;
		}
		if (any)
			g->byte[g->bytes++] = (char)c;
		g->of_sign[c] = obs_refang_has_byte((char)c);
	}
	return g;
}

/* Behind a backslash at `at`. */
static bool
hides_byte(const struct signs *g, struct span text, size_t at)
{
	unsigned value;
	return escape_value(text, at, &value) && value < 0x80 && g->of_sign[value];
}

static void
look_at(struct sweep *s, struct span text, size_t at)
{
	bool hidden = text.ptr[at] == '\\' && hides_byte(s->signs, text, at) && !mutant(1760);
	if (hidden || obs_refang_is_sign(text, at))
		sweep_note_vague(s, s->text + at);
}

void
sweep_signs(struct sweep *s)
{
	const struct signs *g = s->signs;
	struct span text = {(const char *)s->text, (size_t)(s->text_end - s->text)};
	for (size_t from = 0, end; from < text.len; from = end) {
		end = text.len - from > SWEEP_CHUNK ? from + SWEEP_CHUNK : text.len;
		for (size_t i = 0; i < g->bytes; i++) {
			const uint8_t *may = g->next[(unsigned char)g->byte[i]];
			const char *p = text.ptr + from, *stop = text.ptr + end;
			for (; p < stop && (p = memchr(p, g->byte[i], (size_t)(stop - p))); p++) {
				/* Behind the text there is slack. */
				unsigned char next = (unsigned char)p[1];
				if (may[next / 8] >> next % 8 & 1)
					look_at(s, text, (size_t)(p - text.ptr));
			}
		}
	}
}
