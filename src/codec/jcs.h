#pragma once
/*
 * The JSON Canonicalization Scheme (RFC 8785): the one text of a JSON value that is hashed and
 * signed. Names sorted by UTF-16 code units, numbers as ECMAScript writes them, no blanks. Any
 * thread.
 */
#include <yyjson.h>

#include "base/buf.h"
#include "base/rc.h"

/*
 * Appends the canonical text. Every number is an IEEE double, as the RFC says, integers too.
 * RC_BAD: a number no double holds, or a name that stands twice (only values read with any_keys can
 * have one); RC_LIMIT: nested deeper than 512. On failure out is as it was.
 */
enum rc jcs_write(struct buf *out, const yyjson_val *val, struct diag *why);

/* The pieces, for values that are not yet a document. A number must be finite. */
void jcs_write_number(struct buf *out, double number);
void jcs_write_string(struct buf *out, struct span utf8);
/* Order of names: negative, zero or positive, by UTF-16 code units of well-formed UTF-8. */
int jcs_name_cmp(struct span a, struct span b);
