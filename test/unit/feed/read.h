#pragma once
/* A text read by one format: its objects, one a line, and what was left out. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "feed/in.h"

struct got {
	struct buf objects, left_out;
	size_t count, left;
	enum rc code; /* what ended it */
};

static inline void
got_fini(struct got *g)
{
	buf_fini(&g->objects);
	buf_fini(&g->left_out);
}

static inline struct got
got_read(const char *format, struct span text)
{
	struct got g = {};
	const struct in_format *f;
	struct in *in;
	struct in_object o;
	struct diag why = {};
	struct in_plan plan = {
		.author = SPAN("identity--11111111-2222-4333-8444-555555555555"),
		.now = INT64_C(1772800000000000),
		.confidence = -1,
	};
	if (in_format_find(span_of(format), text, &f, &why) ||
		(g.code = in_open(&plan, f, text, &in, &why))) {
		buf_printf(&g.left_out, "%s: %s", why.where, why.what);
		return g;
	}
	while ((g.code = in_next(in, &o, &why)) == RC_OK || g.code == RC_UNKNOWN) {
		if (g.code == RC_UNKNOWN) {
			g.left++;
			buf_printf(&g.left_out, "%s: %s\n", why.where, why.what);
			continue;
		}
		g.count++;
		buf_add(&g.objects, o.text);
		buf_add_byte(&g.objects, '\n');
	}
	if (g.code != RC_NONE)
		buf_printf(&g.left_out, "%s: %s\n", why.where, why.what);
	in_close(&in);
	return g;
}

/* The line of `objects` that has both; "" where there is none. */
static inline struct span
got_line(const struct got *g, const char *one, const char *two)
{
	struct span rest = buf_span(&g->objects), line;
	while (rest.ptr && span_cut(&rest, '\n', &line))
		if (span_find(line, span_of(one)) != SIZE_MAX &&
			span_find(line, span_of(two)) != SIZE_MAX)
			return line;
	return (struct span){"", 0};
}

#define assert_has(line, text) \
	do { \
		struct span in_ = (line); \
		if (span_find(in_, span_of(text)) == SIZE_MAX) \
			fail_msg("not found: %s\nin: %.*s", text, (int)in_.len, in_.ptr); \
	} while (0)
#define assert_lacks(line, text) \
	do { \
		struct span in_ = (line); \
		if (span_find(in_, span_of(text)) != SIZE_MAX) \
			fail_msg("found: %s\nin: %.*s", text, (int)in_.len, in_.ptr); \
	} while (0)
