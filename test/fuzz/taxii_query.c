#include <stdlib.h>

#include "taxii/query.h"
#include "taxii/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted keeps its own bounds, and its digest does not depend on being read twice. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena mem = {};
	struct query q, again;
	struct diag why = {};
	struct span text = {(const char *)data, size};
	uint8_t one[QUERY_DIGEST], two[QUERY_DIGEST];
	if (query_parse(text, 127, &mem, &q, &why) == RC_OK) {
		if (query_parse(text, 127, &mem, &again, &why))
			abort();
		query_digest(&q, one);
		query_digest(&again, two);
		for (size_t i = 0; i < QUERY_DIGEST; i++)
			if (one[i] != two[i])
				abort();
		if (q.ids.count > QUERY_VALUES || q.version_count > QUERY_VALUES ||
			q.limit > INT64_MAX)
			abort();
	}
	(void)route_parse(text, SPAN("/api/"), &mem);
	arena_fini(&mem);
	return 0;
}
