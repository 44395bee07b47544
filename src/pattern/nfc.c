#include "pattern/nfc.h"

#include <stdlib.h>
#include <uninorm.h>

#include "base/must.h"
#include "base/mutant.h"

struct span
text_nfc(struct span text, struct arena *a)
{
	size_t i = 0, len;
	while (i < text.len && (unsigned char)text.ptr[i] < 0x80)
		i++;
	if (i == text.len || mutant(1620))
		return text;
	uint8_t *normal =
		u8_normalize(UNINORM_NFC, (const uint8_t *)text.ptr, text.len, NULL, &len);
	must(normal != NULL); /* fails only on malformed text or without memory */
	struct span out = arena_dup(a, (struct span){(const char *)normal, len});
	free(normal);
	return out;
}
