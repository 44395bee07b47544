#pragma once
/* The formats of feed/in.h and what they share: making indicator objects out of observables. */
#include "feed/in.h"
#include "obs/obs.h"

struct in {
	const struct in_format *format;
	struct in_plan plan;
	struct span text;
	uint64_t at, line;
	struct arena scratch; /* reset at each next */
	struct buf made;
	char id[64];
	void *state;
};

extern const struct in_format in_stix, in_misp, in_csv, in_list;

/* What is known of one indicator beyond its observable. Empty and -1 and TIME_NONE: not known. */
struct in_facts {
	struct span name, description, label, reference;
	struct span id; /* empty: made from author, kind and value */
	int64_t valid_from, valid_until;
	int confidence;
	struct span tlp_marking;
};

/* Makes in->made an indicator about `o` and fills out. */
void in_make(
	struct in *in, struct observable o, const struct in_facts *facts, struct in_object *out);
/* The same of a list's or table's line, which is named where the observable is very wide. */
void in_say(struct in *in, struct observable o, const struct in_facts *facts, uint64_t line,
	struct in_object *out);
/* The same about a pattern that no observable says whole; `key` stands for it in its id. */
struct in_pattern {
	struct span key, pattern, type, name;
};
void in_make_pattern(struct in *in, const struct in_pattern *p, const struct in_facts *facts,
	struct in_object *out);
/*
 * Appends the pattern of something that a list names: a domain with what lies below it, except where it
 * is a registry's suffix.
 */
void in_pattern_of(struct observable o, struct buf *out);
/* Next line of the text without its end; false at the end. Counts in->line and in->at. */
bool in_line(struct in *in, struct span *line);
/* "N uuid"-form id "indicator--..." of an author's statement about a value, stable for ever. */
void in_id(const struct in_plan *plan, const char *type, struct span key, char out[static 64]);
