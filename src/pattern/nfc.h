#pragma once
/* Unicode normalisation form C, which LIKE and MATCHES want (STIX 2.1 section 9.6.1). Any thread.
 */
#include "base/arena.h"

/* Text is UTF-8. Borrowed as it is when all of it is ASCII, else from the arena. */
struct span text_nfc(struct span text, struct arena *a);
