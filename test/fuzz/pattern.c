#include <stdlib.h>

#include "base/buf.h"
#include "pattern/atoms.h"
#include "pattern/meaning.h"
#include "pattern/normal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A normal form is a pattern that is its own normal form. */
static void
normalize(const struct pattern *p, struct arena *a)
{
	own_buf struct buf first = {}, second = {};
	struct pattern again = {};
	if (pattern_normal(p, &first, NULL) || first.len > PATTERN_BYTES_MAX)
		return;
	enum rc rc = pattern_parse(buf_span(&first), a, &again, NULL);
	if (rc == RC_LIMIT)
		return;
	if (rc || pattern_normal(&again, &second, NULL) ||
		!span_eq(buf_span(&first), buf_span(&second)))
		abort();
}

/* What parses prints to a text that parses to the same print, with as many comparisons. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_arena struct arena a = {};
	own_buf struct buf first = {}, second = {};
	struct pattern p = {}, again = {};
	struct pattern_atoms atoms;
	struct diag why = {};
	struct span text = {(const char *)data, size};
	if (pattern_parse(text, &a, &p, &why)) {
		if (!p.column || p.column > size + 1)
			abort();
		return 0;
	}
	size_t column;
	if (pattern_meaning(&p, &column, &why) && (!column || column > size))
		abort();
	pattern_atoms(&p, &a, &atoms);
	normalize(&p, &a);
	pattern_print(&first, &p);
	if (first.len > PATTERN_BYTES_MAX)
		return 0;
	if (pattern_parse(buf_span(&first), &a, &again, &why) || again.tests != p.tests)
		abort();
	pattern_print(&second, &again);
	if (!span_eq(buf_span(&first), buf_span(&second)))
		abort();
	return 0;
}
