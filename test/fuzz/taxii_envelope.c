#include <stdlib.h>

#include "taxii/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken for an envelope yields as many objects as were counted, and is JSON as a whole. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span body = {(const char *)data, size}, object, id, version;
	struct arena mem = {};
	struct diag why = {};
	size_t count = 0, seen = 0;
	if (envelope_check(body, &count, &why) == RC_OK) {
		struct json_slice it;
		if (envelope_open(body, &it, &why))
			abort();
		while (json_slice_next(&it, &object, &why) == RC_OK) {
			envelope_names(object, &mem, &id, &version);
			seen++;
		}
		if (seen != count)
			abort();
		static const struct json_limits limits = {
			.any_keys = true, .any_ints = true, .depth = 600};
		own_json yyjson_doc *doc = NULL;
		if (json_read(body, &limits, &doc, &why))
			abort();
		if (yyjson_arr_size(json_get(yyjson_doc_get_root(doc), "objects")) != count)
			abort();
	}
	envelope_names(body, &mem, &id, &version);
	arena_fini(&mem);
	return 0;
}
