#pragma once
/*
 * Indicators from plain lists and CSV into a set. Lists mean what they name and what lies under it
 * (REACH_COVERING); a registry's suffix ("co.uk") is armed for itself alone, or one slip would
 * alarm on half the internet. What is not understood is counted and the first such lines kept, never
 * silently dropped.
 */
#include "codec/stream.h"
#include "match/set.h"

enum { IOC_EXAMPLES = 5 };

struct ioc_counts {
	uint64_t armed;
	uint64_t repeated; /* there already */
	uint64_t unknown;  /* lines and patterns that nothing here understands */
	uint64_t revoked;
	uint64_t older;	   /* versions that another one superseded */
	uint64_t suffixes; /* of registries, armed for themselves alone */
	uint64_t foreign;  /* sigma, yara, snort ...: stored elsewhere perhaps, never armed */
	uint64_t
		compound; /* patterns of which the parts were armed, to be evaluated when one is seen */
	uint64_t open;	     /* of these, patterns with a part that any record may be */
	uint64_t partial;    /* patterns that can be made of such parts alone: not armed */
	char unselected[96]; /* the first of these: its id, or what it says */
	uint64_t wanting;    /* patterns of more parts or records than are held: not armed */
	uint64_t wide;	     /* armed, ranges that cover much of the internet */
	char widest[56];     /* the first of them */
	struct diag examples[IOC_EXAMPLES]; /* of `unknown`, the first: where, why and the text */
};

/* Adds what `more` counted; its examples behind those that are there. */
void ioc_counts_join(struct ioc_counts *counts, const struct ioc_counts *more);
/* One indicator, a line; obs/line.h says what a line may hold, and it may be a STIX pattern, a path from its root or a
 * key of the registry from its hive, for which ASCII case does not count. Codes as stream_read and
 * match_set_add. */
enum rc ioc_add_list(
	struct match_set *set, struct stream *from, struct ioc_counts *counts, struct diag *why);
/* A table that match/table.h knows, of any header. */
enum rc ioc_add_csv(
	struct match_set *set, struct span text, struct ioc_counts *counts, struct diag *why);
/* Adds one and counts what became of it; RC_LIMIT only. */
enum rc ioc_add(struct match_set *set, struct indicator *what, struct ioc_counts *counts);
/* Notes something that was not understood; text (empty: none) is quoted, made harmless. */
void ioc_unknown(struct ioc_counts *counts, const struct diag *why, struct span text);
