#pragma once
/*
 * What is known to be harmless and must not alarm: warninglists in MISP's format, of the types string,
 * hostname, cidr, substring and regex, and plain lists. A list speaks about the kinds that its matching_attributes
 * name; without any, about all. Built alone, then read by any number of threads.
 */
#include "obs/obs.h"

struct warn;

#define own_warn __attribute__((cleanup(warn_free)))

struct warn *warn_new(void);
void warn_free(struct warn **w); /* NULL accepted */
/*
 * Adds one list (JSON text). RC_BAD: no warninglist; RC_UNKNOWN: a type we do not know; RC_LIMIT: a
 * regular expression too large. Entries that are malformed are passed over and counted in *skipped.
 */
enum rc warn_add(struct warn *w, struct span json, size_t *skipped, struct diag *why);
/*
 * The same for what a site keeps of its own: values as people write lists of indicators (obs/line.h). Names
 * stand for what lies under them too, URLs for what they begin. Lines that say nothing we know are
 * passed over and counted. RC_LIMIT: one is too long.
 */
enum rc warn_add_list(
	struct warn *w, struct span text, struct span name, size_t *skipped, struct diag *why);
size_t warn_count(const struct warn *w); /* entries */
/* The name of a list that holds `o` (a domain: itself; under it, for hostname lists); empty: none
 * does. */
struct span warn_find(const struct warn *w, struct observable o);
