#include <stdlib.h>
#include <string.h>

#include "taxii/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing that was not sealed here opens; what is opened is the text that was sealed. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[CURSOR_KEY] = {1};
	const struct cursor_scope scope = {.reader = SPAN("alice"), .endpoint = 1};
	struct span text = {(const char *)data, size};
	struct diag why = {};
	char sealed[CURSOR_TEXT];
	int64_t position;
	if (cursor_open(key, &scope, text, &position, &why) == RC_OK) {
		cursor_seal(key, &scope, position, sealed);
		if (size != strlen(sealed) || memcmp(sealed, data, size) != 0)
			abort();
	}
	return 0;
}
