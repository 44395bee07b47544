#pragma once
/*
 * One MISP event into STIX objects, all of them at once, in an order in which what is referred to comes
 * first. The same text makes the same bytes, whoever reads it and whenever. One thread.
 */
#include <yyjson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "feed/in.h"

struct misp_made {
	size_t at, len;			/* of the object in text */
	size_t id_at, id_len;		/* in text */
	size_t created_at, modified_at; /* in text, 24 bytes each; 0: it has none */
	bool fixed;    /* says the same for ever: whoever has it needs it no more */
	bool left_out; /* no object: the text says what was left out, and where */
};

struct misp_objects {
	struct buf text;
	vec_of(struct misp_made) all;
};

/*
 * Appends what an event says (the object with "uuid" and "info"). Whatever cannot be mapped becomes an
 * entry that says so. RC_BAD: no event.
 */
enum rc misp_event_read(
	yyjson_val *event, const struct in_plan *plan, struct misp_objects *out, struct diag *why);
void misp_objects_reset(struct misp_objects *m);
void misp_objects_fini(struct misp_objects *m);

/* The extension-definition that names our extension, and its author: constants, for every import. */
void misp_constants(struct misp_objects *out);
