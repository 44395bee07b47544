#pragma once
/* Hits as JSON lines: the contract that users and tests rely on. Pure functions. */
#include "obs/hit.h"

/*
 * Appends {"time","indicator","name","pattern","match","observable":{"kind","value"},"file","line",
 * "offset","party","memo","tlp","confidence"} and a line end; what does not apply is left out.
 * Foreign bytes that are no UTF-8 become U+FFFD.
 */
void hit_json(const struct hit *h, struct buf *out);
