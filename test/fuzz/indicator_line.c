/* A line of a list: whatever it is, a value in normal form is its own normal form. */
#include <stdlib.h>

#include "base/must.h"
#include "obs/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_arena struct arena a = {};
	struct observable twice;
	struct obs_list all;
	struct span line = {(const char *)data, size};
	struct span plain = obs_refang(line, &a);
	must(plain.len <= line.len);
	if (obs_line(line, &a, &all, NULL) == RC_OK) {
		must(all.len > 0);
		for (size_t i = 0; i < all.len; i++) {
			const struct observable *once = &all.at[i];
			must(obs_normalize(once->kind, once->value, &a, &twice, NULL) == RC_OK);
			must(once->kind == twice.kind && span_eq(once->value, twice.value));
		}
	}
	return 0;
}
