#pragma once
/* What atoms of both kinds share: observables (atoms.c) and texts (strings.c). Pure functions. */
#include "base/arena.h"
#include "pattern/atoms.h"
#include "pattern/strings.h"

struct atom_item {
	struct atom_item *next;
	bool merged; /* another atom says it too */
	struct pattern_atom atom;
};

/* The atoms of one part of the pattern. */
struct atom_list {
	struct atom_item *first, *last;
	size_t len;
	bool covers;
};

/* What kind the values at a path are of. */
enum atom_field {
	FIELD_NONE,
	FIELD_ADDRESS, /* IPv4 or IPv6 */
	FIELD_HOST,    /* an address, also of hardware, or a name */
	FIELD_DOMAIN,
	FIELD_URL,
	FIELD_EMAIL,
	FIELD_HASH, /* by the algorithm's name, or by length */
	FIELD_JA3,
	FIELD_JA4,
	FIELD_MAC,
	FIELD_CVE,
};

/* Compared step by step with the printed form, without printing; an index is written like a star. */
bool atoms_is_path(const struct pattern_path *path, struct span text);
/* Whether atoms of observables, each of which decides, say all that the comparison says. */
bool atoms_say(const struct pattern_test *t, struct arena *a);
/* What the values at a path are; *last receives its last step. */
enum atom_field atoms_field_of(const struct pattern_path *path, const struct pattern_step **last);
/* The observable a constant stands for at this field; false when it is none. */
bool atoms_observable_of(enum atom_field field, const struct pattern_step *last, struct span value,
	struct arena *a, struct observable *out);
/* The name that LIKE '%.name' means everything below; empty where it means something else. */
struct span atoms_name_above(const struct pattern_test *t);
struct atom_list atoms_of_expr(const struct pattern_expr *e, struct arena *a);
/* Either part: all atoms of both. */
void atoms_join(struct atom_list *sum, const struct atom_list *more);
/* Strings for one comparison, whole: all that it says. */
void strings_of_test(const struct pattern_test *t, struct arena *a, struct pattern_strings *out);
