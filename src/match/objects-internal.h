#pragma once
/* What a record tells, under work: single objects (objects.c), and what its fields tell together (objects_tell.c). */
#include "base/buf.h"
#include "base/vec.h"
#include "match/objects.h"
#include "match/sense.h"

enum { PAIRED = 4, EITHER = 256, ENDS = 16, TEXTS = 16, NOBODY = UINT32_MAX };

/* Numbers of objects. */
struct refs {
	uint32_t at[EITHER];
	size_t len;
};

struct text {
	enum pattern_property property;
	struct span value, field;
	bool told; /* by fields */
};

struct objects {
	struct arena arena;
	struct buf text; /* members of "objects" */
	uint32_t count;
	struct known {
		uint64_t key; /* type and value, hashed; 0: free */
		uint32_t number;
	} * slot;
	size_t slots, used;
	yyjson_doc *doc;
	struct observations *made;
	/* of the record */
	struct refs source, destination, host, query, answer, sender, recipient, any;
	struct span text_of[TOLDS]; /* the first of each */
	struct span protocol[TEXTS];
	size_t protocols;
	struct span host_name, uri, agent, referrer, file, user;
	struct span hash[OBS_KINDS];	/* digests of a file, JA3, JA4: the first of each */
	vec_of(struct observable) more; /* said to be seen */
	vec_of(struct text) texts;	/* the same */
	vec_of(struct name {
		uint32_t number;
		struct span value;
	}) names;
	uint64_t seed;
	struct senses *senses;
};

/* Begins an object; its number. NOBODY: there are too many. Then its properties, then its end. */
uint32_t object_begin(struct objects *o, const char *type);
void object_head(struct objects *o, uint32_t number, const char *type); /* of a number given out */
void object_text(struct objects *o, const char *name, struct span value); /* empty: nothing */
void object_number(struct objects *o, const char *name, struct span value);
void object_ref(struct objects *o, const char *name, uint32_t number);
void object_refs(struct objects *o, const char *name, const struct refs *refs);
void object_end(struct objects *o);
/* An object of a type and one text, once; its number. */
uint32_t objects_put(struct objects *o, const char *type, const char *name, struct span value);
void objects_refs_add(struct refs *r, uint32_t number);
/* Whether a text was told as this property, or (empty name) as any. */
bool objects_noted(struct objects *o, const char *name, struct span value);
/* What fields tell together; then, last, what is only said to be seen, and names. */
void objects_tell(struct objects *o);
void objects_finish(struct objects *o);
