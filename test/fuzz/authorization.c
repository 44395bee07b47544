#include <stdlib.h>
#include <string.h>

#include "memo/login.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read holds no control byte and no colon in its name. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_arena struct arena a = {};
	struct credential c = {};
	if (credential_parse((struct span){(const char *)data, size}, &a, &c) != RC_OK)
		return 0;
	if (span_find_byte(c.name, ':') != SIZE_MAX)
		abort();
	for (size_t i = 0; i < c.secret.len; i++)
		if ((unsigned char)c.secret.ptr[i] < 0x20)
			abort();
	if ((c.kind == CREDENTIAL_NONE) != (c.secret.ptr == NULL))
		abort();
	return 0;
}
