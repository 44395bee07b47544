#include <stdlib.h>
#include <string.h>

#include "taxii/media.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Media type, Accept list, Content-Type and Prefer. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct media m;
	struct diag why = {};
	uint64_t seconds = 0;
	if (media_parse(text, &m, &why) == RC_OK) {
		if (m.quality > 1000 || m.type.len == 0 || m.subtype.len == 0)
			abort();
		if (strlen(m.version) >= MEDIA_VALUE || strlen(m.charset) >= MEDIA_VALUE)
			abort();
	}
	(void)media_accepts(text);
	if (media_body(text, &why) == RC_OK && media_parse(text, &m, &why))
		abort();
	if (prefer_wait(text, &seconds) == RC_OK && seconds == 0)
		abort();
	return 0;
}
