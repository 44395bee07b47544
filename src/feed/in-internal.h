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

extern const struct in_format in_stix, in_list;

/* What is known of one indicator beyond its observable. Empty and -1 and TIME_NONE: not known. */
struct in_facts {
	struct span name, description, label, reference;
	int64_t valid_from, valid_until;
	int confidence;
	struct span tlp_marking;
};

/* Makes in->made an indicator about `o` and fills out. */
void in_make(
	struct in *in, struct observable o, const struct in_facts *facts, struct in_object *out);
/* Next line of the text without its end; false at the end. Counts in->line and in->at. */
bool in_line(struct in *in, struct span *line);
/* "N uuid"-form id "indicator--..." of an author's statement about a value, stable for ever. */
void in_id(const struct in_plan *plan, const char *type, struct observable o, char out[static 64]);
