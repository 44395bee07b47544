/* feed/in.h's reader of misp. */
#include "in.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	in_fuzz(SPAN("misp"), (struct span){(const char *)data, size});
	return 0;
}
