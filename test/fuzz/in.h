#pragma once
/* What the targets of feed/in.h's readers share: whatever the bytes are, what a reader makes must be JSON. */
#include "base/must.h"
#include "codec/json.h"
#include "feed/in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
in_fuzz(struct span name, struct span text)
{
	const struct in_format *format;
	struct in *in;
	struct in_object o;
	struct diag why = {};
	struct in_plan plan = {.author = SPAN("identity--11111111-2222-4333-8444-555555555555"),
		.now = INT64_C(1772800000000000),
		.confidence = -1};
	enum rc code = in_format_find(name, text, &format, &why);
	if (code || in_open(&plan, format, text, &in, &why))
		return;
	while ((code = in_next(in, &o, &why)) == RC_OK || code == RC_UNKNOWN) {
		own_json yyjson_doc *doc = NULL;
		if (code == RC_OK && o.id.len)
			must(json_read(o.text, &(struct json_limits){.any_keys = true}, &doc,
				     NULL) == RC_OK);
	}
	in_close(&in);
}
