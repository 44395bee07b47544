#pragma once
/*
 * The body of a POST: an envelope (TAXII 2.1 section 3.7) whose elements are judged alone, later,
 * by whoever stores them. Here it is only told what is an envelope and where its objects lie.
 * Results borrow from the body. Any thread.
 */
#include "base/arena.h"
#include "codec/json.h"

enum { ENVELOPE_OBJECTS = 50000 };

/*
 * RC_BAD: not JSON, no object, a bundle or another STIX object, no list of objects, an empty list,
 * an element that is no object; RC_LIMIT: nested too deep, or more than ENVELOPE_OBJECTS. *count is
 * set on RC_OK.
 */
enum rc envelope_check(struct span body, size_t *count, struct diag *why);
/* Positions at the first object of a body that envelope_check took; go on with json_slice_next. */
enum rc envelope_open(struct span body, struct json_slice *it, struct diag *why);
/*
 * Id and version of an object that may be wrong in any other way, for the status that reports it;
 * both empty where they cannot be told. Text lives in mem.
 */
void envelope_names(struct span object, struct arena *mem, struct span *id, struct span *version);
