#pragma once
/* What a record tells, under work: single objects (objects.c), and what its fields tell together (objects_tell.c). */
#include "base/vec.h"
#include "codec/json_tree.h"
#include "match/objects.h"
#include "match/sense.h"

enum { PAIRED = 4, EITHER = 256, ENDS = 16, TEXTS = 16, NOBODY = UINT32_MAX };

/* Those of the standard that are told. */
enum object_type {
	OBJECT_IPV4,
	OBJECT_IPV6,
	OBJECT_DOMAIN,
	OBJECT_URL,
	OBJECT_EMAIL,
	OBJECT_MAC,
	OBJECT_TRAFFIC,
	OBJECT_FILE,
	OBJECT_DIRECTORY,
	OBJECT_PROCESS,
	OBJECT_KEY,
	OBJECT_MUTEX,
	OBJECT_SOFTWARE,
	OBJECT_MESSAGE,
	OBJECT_ACCOUNT,
	OBJECT_CERTIFICATE,
	OBJECT_TYPES,
};

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

/* What the record's fields and values were found to be, before objects are made of them together. */
struct gathered {
	struct refs source, destination, host, query, answer, sender, recipient, any;
	struct span text_of[TOLDS]; /* the first of each */
	struct span protocol[TEXTS];
	size_t protocols;
	struct span host_name, uri, agent, referrer, file, user;
	struct span hash[OBS_KINDS]; /* digests of a file, JA3, JA4: the first of each */
};

/* An object that was made: its number, and where it stands in the tree. */
struct made {
	uint32_t number;
	enum object_type type;
	size_t at;
};

struct objects {
	struct arena arena;
	struct json_tree tree;
	vec_of(struct made) made;
	uint32_t count;
	uint32_t wants; /* a bit a type; 0: all */
	bool mute;	/* the object at hand is of a type that nobody asks for */
	struct known {
		uint64_t key;	       /* type and value, hashed */
		uint32_t number, turn; /* of another turn: free */
	} * slot;
	size_t slots, used;
	uint32_t turn;
	struct observation whole;
	struct gathered of;		/* the record */
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
uint32_t object_begin(struct objects *o, enum object_type type);
void object_head(
	struct objects *o, uint32_t number, enum object_type type); /* of a number given out */
void object_text(struct objects *o, const char *name, struct span value); /* empty: nothing */
void object_member(
	struct objects *o, const char *name, struct span value); /* empty, too; not noted */
void object_number(struct objects *o, const char *name, struct span value);
void object_ref(struct objects *o, const char *name, uint32_t number);
void object_refs(struct objects *o, const char *name, const struct refs *refs);
/* A property that holds others, or (name NULL) an element that does; until its close. */
void object_open(struct objects *o, const char *name, enum json_container kind);
void object_close(struct objects *o);
/* An element of a list. */
void object_element(struct objects *o, struct span value);
void object_end(struct objects *o);
/* An object of a type and one text, once; its number. */
uint32_t objects_put(struct objects *o, enum object_type type, const char *name, struct span value);
void objects_refs_add(struct refs *r, uint32_t number);
/* Whether a text was told as this property, or (empty name) as any. */
bool objects_noted(struct objects *o, const char *name, struct span value);
/* What fields tell together; then, last, what is only said to be seen, and names. */
void objects_tell(struct objects *o);
void objects_finish(struct objects *o);
