#pragma once
/* Language tags (RFC 5646). Any thread. */
#include "base/span.h"

/*
 * Valid in the sense of RFC 5646 section 2.2.9: a langtag whose subtags the registry has
 * (data/words/languages.txt says of which day), private use or grandfathered; case ignored. Whether
 * a variant or extended language suits what stands before it is not asked.
 */
bool lang_is_tag(struct span tag);
