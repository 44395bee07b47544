#include <stdlib.h>

#include "base/clock.h"
#include "codec/json.h"
#include "pattern/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A pattern, a zero byte or line end, and a bundle. Whatever they are, the verdict is stable. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_arena struct arena a = {};
	own_json yyjson_doc *doc = NULL;
	own_matcher struct matcher *m = NULL;
	own_observations struct observations *o = observations_new();
	struct span rest = {(const char *)data, size}, text;
	struct pattern p = {};
	struct diag why = {};
	if (!data || !span_cut(&rest, '\n', &text) || !rest.ptr)
		return 0;
	if (pattern_parse(text, &a, &p, &why) || matcher_new(&p, &m, &why))
		return 0;
	if (json_read(rest, &(struct json_limits){}, &doc, &why) ||
		observations_add(o, yyjson_doc_get_root(doc), &why) || observations_link(o, &why))
		return 0;
	matcher_allow(m, SECOND);
	enum rc first = matcher_run(m, o, &why), second = matcher_run(m, o, &why);
	if (first != second && first != RC_LIMIT && second != RC_LIMIT)
		abort();
	return 0;
}
