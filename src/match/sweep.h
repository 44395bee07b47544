#pragma once
/*
 * The fast pass over a text: places where it may hold what a set knows. It sees bytes alone, no records and
 * no fields, and may name a place where nothing is. But wherever scan_record finds a hit, in the bytes as
 * they stand or with any reader's escapes undone, one of the places is on that line: who reads only their
 * lines loses nothing. A sweep is one thread's; many may share a set that nobody changes meanwhile.
 */
#include "base/vec.h"
#include "match/set.h"
#include "match/stretch.h"

struct sweep;

#define own_sweep __attribute__((cleanup(sweep_free)))

/* Borrows the set; what is added to it counts from the next text on. */
struct sweep *sweep_new(const struct match_set *set);
/* False where TOCSIN_CPU=plain asks for the plain scanner alone. */
bool sweep_is_wanted(void);
/* From the next text on, places besides for where scan_record with SCAN_DEFANGED may find more than as it is. */
void sweep_defanged(struct sweep *s);
/* For another thread, with the filters of this one, which outlives it; the set must not change. */
struct sweep *sweep_like(const struct sweep *other);
void sweep_free(struct sweep **s); /* NULL accepted */
/* "c", "avx2", "avx512" or "neon": what runs here, or what TOCSIN_CPU asks for where that can be had. */
const char *sweep_cpu(const struct sweep *s);
/* Heap bytes besides the set's. */
size_t sweep_bytes(const struct sweep *s);

/* Whole lines, of less than 1 GiB together; the last may lack its line end. The result is borrowed until the next. */
void sweep_text(struct sweep *s, struct span text, struct sweep_result *out);
/* The same of a log in which names also stand as counted labels (match/counted.h). */
void sweep_text_counted(struct sweep *s, struct span text, struct sweep_result *out);
