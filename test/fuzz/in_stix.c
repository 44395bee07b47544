/* feed/in.h's reader of stix. */
#include "in.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	in_fuzz(SPAN("stix"), (struct span){(const char *)data, size});
	return 0;
}
