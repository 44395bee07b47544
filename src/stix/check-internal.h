#pragma once
/*
 * One check under way: what the walk, the value checks and the rules share. All of it lives on the
 * stack of stix_check; verdicts go to the caller's list.
 */
#include "stix/check.h"
#include "stix/table-internal.h"

/* A step of the path to what is being looked at; text is made of it only where something is wrong.
 */
struct frame {
	const struct frame *up;
	struct span key; /* ptr NULL: a list's item */
	size_t index;
};

struct check {
	const struct stix_options *options;
	struct stix_verdicts *out;
	uint64_t should; /* checks that run */
	const struct frame *at;
	const struct frame *base; /* where `object` stands */
	yyjson_val *object;	  /* the one under check */
	const char *clause;	  /* section of what is being looked at */
	struct span id, type;
	const struct stix_table *table; /* NULL: a type the standard does not have */
	enum stix_kind kind;
	bool in_bundle;
	bool old;		 /* STIX 2.0: only what it has is judged, not what it lacks */
	unsigned extended;	 /* what its extensions make its own: EXTENDS_* */
	yyjson_val *observables; /* inside a deprecated container: references are its keys */
	bool stop;
};

enum { EXTENDS_TYPE = 1 << 0, EXTENDS_TOP = 1 << 1 };

static inline bool
check_wants(const struct check *c, enum stix_should which)
{
	return c->should >> which & 1;
}

/* The checks of SHOULDs that options ask for, and what a call adds up to. */
uint64_t check_active(const struct stix_options *options);
enum rc check_result(const struct stix_options *options, const struct stix_verdicts *out,
	size_t musts, size_t shoulds);
/* A MUST that is violated at the place of c->at. code: one of the stable names. */
void check_must(struct check *c, const char *code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A SHOULD, where it is wanted; its code is the check's name. */
void check_should(struct check *c, enum stix_should which, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* For "%.*s": at most 120 bytes of s. */
int check_width(struct span s);

/* An object by its table: properties, what is required, rules. where: "" or the name of an
 * extension. */
void check_table(struct check *c, const struct stix_table *table, yyjson_val *object);
/* One value of a property, a list's items one by one. */
void check_property(struct check *c, const struct stix_property *property, yyjson_val *val);
/*
 * What any value must be: not null, not empty. What lies deeper in it is of its creator's own
 * types, of which the standard says nothing (public bundles have empty lists there).
 */
void check_any(struct check *c, yyjson_val *val);
/* Members of any value whose names are those of properties. */
void check_foreign_members(struct check *c, yyjson_val *object);
/* A property the standard does not have: its name, its value, and how it should be made. */
void check_custom(struct check *c, struct span name, yyjson_val *val);
/* How something custom should be named (hyphen: '_' or '-') or made: SHOULDs 101, 102 and 401. */
void check_way(struct check *c, const char *what, struct span name, char hyphen);
void check_extensions(struct check *c, yyjson_val *extensions);
/* Which extensions the object claims: of a new type, of properties at its top. */
unsigned check_extended(yyjson_val *object);
/* The deprecated container of observed-data (section 2.13). */
void check_observables(struct check *c, yyjson_val *container);
/* A name of section 3.1: a letter, then letters, digits and low lines, 3 to 250; or "id". */
bool check_property_name(struct span name);
/* A STIX pattern as the value at c->at. */
void check_pattern(struct check *c, struct span text);
