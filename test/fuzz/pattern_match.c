#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "codec/json.h"
#include "pattern/match.h"
#include "pattern/normal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum rc
verdict(const struct pattern *p, const struct observations *o)
{
	own_matcher struct matcher *m = NULL;
	struct diag why = {};
	if (matcher_new(p, &m, &why))
		return RC_LIMIT;
	matcher_allow(m, SECOND);
	return matcher_run(m, o, &why);
}

static bool
is_known(enum rc rc)
{
	return rc == RC_OK || rc == RC_NONE;
}

/* Texts that "=" compares by their letters count by value in a normal form. */
static bool
is_rewritten(struct span text)
{
	return span_find(text, SPAN("-addr")) != SIZE_MAX ||
	       span_find(text, SPAN("windows-registry-key")) != SIZE_MAX;
}

/*
 * A pattern, a line end, and observations. Whatever they are, the verdict is stable, and it is that of
 * the pattern as it is printed and of its normal form.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_arena struct arena a = {};
	own_json yyjson_doc *doc = NULL;
	own_observations struct observations *o = observations_new();
	own_buf struct buf printed = {}, normal = {};
	struct span rest = {(const char *)data, size}, text;
	struct pattern p = {}, again = {};
	struct diag why = {};
	if (!data || !span_cut(&rest, '\n', &text) || !rest.ptr ||
		pattern_parse(text, &a, &p, &why))
		return 0;
	if (json_read(rest, &(struct json_limits){}, &doc, &why) ||
		observations_add(o, yyjson_doc_get_root(doc), &why))
		return 0;
	observations_link(o);
	enum rc first = verdict(&p, o), second = verdict(&p, o);
	if (first != second && first != RC_LIMIT && second != RC_LIMIT)
		abort();
	pattern_print(&printed, &p);
	if (!pattern_parse(buf_span(&printed), &a, &again, &why)) {
		second = verdict(&again, o);
		if (first != second && first != RC_LIMIT && second != RC_LIMIT)
			abort();
	}
	if (is_rewritten(text) || pattern_normal(&p, &normal, &why) ||
		pattern_parse(buf_span(&normal), &a, &again, &why))
		return 0;
	second = verdict(&again, o);
	if (is_known(first) && is_known(second) && first != second)
		abort();
	return 0;
}
