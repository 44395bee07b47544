#pragma once
/*
 * A second run over what was scanned, for open patterns (match/stream.h): those of which the first run, with
 * STREAM_OPEN_LATER, saw all that some value selects. Only these are in its set, and every record is judged for
 * them, so that the answer is that of the whole pattern over all records. Most scans need none.
 */
#include "match/scan.h"

struct again;

/* NULL: nothing is to be read again. Borrows nothing from the scan but its set. */
struct again *again_new(const struct scan *first);
void again_free(struct again **again); /* NULL accepted */
size_t again_patterns(const struct again *again);
/* Begins a scan with the options of the first, to be given every record; it borrows `again`. */
void again_begin(const struct again *again, const struct scan *first, struct scan *out);
