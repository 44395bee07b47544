#pragma once
/*
 * What the parts of a MISP event share while they become STIX objects: the event and the thing under way,
 * and how an object is begun, filled and closed. An object is made by make_begin, one of the four kinds
 * (make_indicator ... make_vulnerability, or make_head for what is none of them), make_finish.
 */
#include "feed/misp.h"
#include "feed/misp_event.h"
#include "feed/seen.h"

enum { ID_TEXT = 80 };

/* What every object of one event shares. */
struct event {
	yyjson_val *root;
	const struct in_plan *plan;
	struct misp_objects *out;
	struct arena scratch;
	char uuid[UUID_TEXT], author[ID_TEXT];
	int64_t date, stamp, sighted; /* us */
	enum tlp tag_level;	      /* of its tlp tags; TLP_NONE: it has none */
	int distribution;
	struct seen organisations; /* written already */
	struct buf refs;	   /* "id","id": what its report refers to */
	struct span info;
};

/* One thing of an event: an attribute, an object, a report. */
struct thing {
	yyjson_val *val;
	const char *kind; /* of the extension: "attribute", "object", ... */
	char uuid[UUID_TEXT];
	char id[ID_TEXT]; /* set by the head */
	int64_t modified;
	enum tlp level;
	struct misp_made *made; /* borrowed until the next one is begun */
	bool revoked;
};

/* An entry of what could not be mapped: it says where and what. */
void make_left_out(struct event *ev, yyjson_val *about, const char *what);

/* From its JSON: uuid (made of its content where it has none), time, level, whether it is deleted. */
void make_begin(struct event *ev, yyjson_val *val, const char *kind, struct thing *t);
/* The members that every object has; sets t->id and t->made. */
void make_head(struct event *ev, const char *type, const char *author, struct thing *t);
void make_text(struct event *ev, const char *key, struct span value);
void make_time(struct event *ev, const char *key, int64_t at);
/* Tags that are no TLP as labels, and the confidence that one of them may name. */
void make_labels(struct event *ev, yyjson_val *val);
void make_indicator(struct event *ev, struct thing *t, struct span name, struct span pattern,
	const char *pattern_type, int64_t until);
/* ids: quoted and joined by commas. */
void make_observed(struct event *ev, struct thing *t, struct span ids);
void make_note(struct event *ev, struct thing *t, struct span abstract, struct span content);
void make_vulnerability(struct event *ev, struct thing *t, struct span name);
/* Closes an object: its marking, and the extension with `members` of its own. */
void make_finish(struct event *ev, struct thing *t, struct span members);

/* Appends ,"misp_KIND":{...}: the thing as it came, without the members named in drop. */
void make_keep(
	struct event *ev, struct buf *members, const struct thing *t, const char *const *drop);
extern const char *const make_attribute_drop[];

/* The strictest of a thing's tlp tags, TLP_NONE where it has none. */
enum tlp make_tags_level(yyjson_val *val);
enum tlp make_level(const struct event *ev, yyjson_val *val, enum tlp inherited);
/* A fixed object of an organisation; id receives "identity--...". False: it has no name or UUID. */
bool make_organisation(struct event *ev, yyjson_val *org, char id[static ID_TEXT]);
struct span make_value(struct event *ev, yyjson_val *attribute);
/* Ids of observables, quoted and joined by commas, each once. */
struct made_ids {
	struct buf text;
	struct seen seen;
};
void made_ids_fini(struct made_ids *ids);
#define own_made_ids __attribute__((cleanup(made_ids_fini)))
/* Emits the SCOs of a value and notes their ids. */
void make_observables(
	struct event *ev, const struct misp_type *type, struct span value, struct made_ids *ids);

/* The proposals (ShadowAttribute) of an event or attribute as notes. */
void make_proposals(struct event *ev, yyjson_val *owner);
/* Sightings and doubts of an attribute as objects about `of`. */
void make_sightings(struct event *ev, yyjson_val *attribute, const struct thing *of);
/* The latest expiration among an attribute's sightings; TIME_NONE. Appends them to `list`. */
int64_t make_expirations(yyjson_val *attribute, struct buf *list, size_t *count);
