#pragma once
/* What editing an object shares: setting `modified` of a mutable copy, and its text. */
#include <yyjson.h>

#include "base/buf.h"

/* modified = max(now, old + 1 ms), cut to milliseconds; nothing where `old` has none. */
void stix_mut_set_modified(
	yyjson_mut_doc *doc, yyjson_mut_val *root, const yyjson_val *old, int64_t now);
/* Appends compact JSON. */
void stix_mut_write(struct buf *out, const yyjson_mut_val *root);
