#pragma once
/*
 * Observables in RED company: those that bear no mark and come, in one parcel, named by RED objects and
 * by nothing else. Their values are what the RED objects speak of, so they are kept as RED; producers
 * mark the report and not the address in it. doc/decisions/references.md. Any thread; the parcel is the
 * caller's.
 */
#include "taxii/parcel.h"

/* Sets the TLP of such items; after marks_resolve. */
void company_mark(struct parcel *p);
