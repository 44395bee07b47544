/* A line of a list: whatever it is, a value in normal form is its own normal form. */
#include <stdlib.h>

#include "base/must.h"
#include "obs/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_arena struct arena a = {};
	struct observable once, twice;
	struct span line = {(const char *)data, size};
	struct span plain = obs_refang(line, &a);
	must(plain.len <= line.len);
	if (obs_line(line, &a, &once, NULL) == RC_OK) {
		must(obs_normalize(once.kind, once.value, &a, &twice, NULL) == RC_OK);
		must(once.kind == twice.kind && span_eq(once.value, twice.value));
	}
	return 0;
}
