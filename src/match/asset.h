#pragma once
/*
 * Whose machine on this side a hit is about: what an analyst goes and looks at. Of a record that tells source and
 * destination the one of them whose address or name is inside, the source first; else the machine that the record
 * says it is about; else any inside address in it. Loopback is no machine. Pure function.
 */
#include "match/reader.h"
#include "obs/hit.h"

/* Borrows from the record; empty where it does not tell. */
struct span asset_of(const struct record *r, const struct hit *h);
