#pragma once
/*
 * The export of MISP events: what is gathered first (out_misp.c), and how the event under way is written
 * (out_misp_write.c). Texts of the event under way lie in its buffers and arena until the next one.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/uuid.h"
#include "base/vec.h"
#include "codec/json.h"
#include "feed/out_misp.h"
#include "stix/object.h"

enum row_kind { ROW_HEAD, ROW_PART, ROW_SIGHT };

/* One object that belongs to one event. */
struct row {
	struct uuid event, own, target; /* target: of a sighting, what it is about */
	enum row_kind kind;
	bool native;		/* born as STIX */
	uint32_t id_at, id_len; /* in ids */
	uint32_t order;
};

struct claim {
	struct uuid ref, report; /* a native report speaks of an object */
};

/* A sighting rendered for the event under way. */
struct sight {
	char attribute[UUID_TEXT];
	size_t at, len; /* in sights_text */
};

struct out_misp {
	struct out_misp_options how;
	struct out_misp_counts counts;
	int64_t reached;
	struct buf ids;
	vec_of(struct row) rows;
	vec_of(struct claim) claims;
	size_t next; /* of rows */
	/* of the event under way */
	struct arena scratch;
	struct buf text, attributes, objects, reports, proposals, head, sights_text;
	vec_of(struct sight) sights;
	vec_of(struct span) wanted;
	int64_t newest;
	enum tlp level;
	bool native;
	size_t count;
};

/* Whether the gate lets an object go where this export goes. */
bool event_permits(const struct out_misp *o, const struct vault_item *item);

/* Appends "key":"value", after a comma where one is needed. */
void event_string(struct buf *to, const char *key, struct span value);
/* An object of the collection that the gate lets go there; else as if it were not. */
enum rc event_get_if_permits(
	struct out_misp *o, struct span id, struct vault_item *item, struct diag *why);

/* Members of a kept dictionary, without the braces; `but` is left out. */
void event_members(struct buf *to, yyjson_val *dictionary, const char *but);
/* The next element of a list that is written: its bracket or comma is there. */
struct buf *event_list(struct buf *list);

/* What came from MISP, as it came. */
void event_attribute(struct out_misp *o, const struct stix_object *s, yyjson_val *extension);
void event_object(struct out_misp *o, const struct stix_object *s, yyjson_val *extension);
/* One attribute an observable, or the pattern as it is where no list of observables says it. */
void event_indicator(struct out_misp *o, const struct stix_object *s, struct facts facts);
/* The head of an event that was born as STIX. */
void event_head(struct out_misp *o, const struct stix_object *s, struct span info);
/* The name of an identity, as far as the gate lets it out; else its UUID. In the scratch arena. */
struct span event_org_name(struct out_misp *o, struct span identity);

/* A sighting as an element of "Sighting" (to sights_text), or as the body of sightings/add (to text). */
void event_sighting(struct out_misp *o, const struct stix_object *s, bool body);
/* The attribute that a native sighting's target is in MISP; false: there is none. */
bool event_target(struct out_misp *o, const struct stix_object *s, char out[static UUID_TEXT]);
