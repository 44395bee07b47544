#pragma once
/* Language tags (RFC 5646 section 2.1). Any thread. */
#include "base/span.h"

/*
 * Well-formed: langtag, private use or grandfathered; case ignored. Not checked against the
 * registry of subtags, which changes.
 */
bool lang_is_tag(struct span tag);
