#pragma once
/*
 * One constant of a pattern against one value of an object (STIX 2.1 sections 9.2, 9.6.2 to 9.6.4).
 * Prepared constants live in the arena they were prepared with. Any thread.
 */
#include <yyjson.h>

#include "pattern/syntax.h"

/* How a property holds what it means, by the end of its name: _bin is base64, _hex hexadecimal. */
enum value_form { VALUE_PLAIN, VALUE_BASE64, VALUE_HEX };

enum value_order {
	VALUE_LESS,
	VALUE_EQUAL,
	VALUE_GREATER,
	VALUE_MISMATCH, /* types that do not compare */
	VALUE_BROKEN,	/* a string that should be a timestamp and is none */
};

/* An instant of any precision: microseconds and the digits behind them. */
struct value_instant {
	int64_t us;
	struct span finer; /* without zeros at the end */
};

struct value_const {
	const struct pattern_const *constant;
	struct span octets; /* of a binary constant, and of a string that has them */
	bool has_octets;
	struct value_instant instant;
};

enum value_form value_form_of(struct span key);
/* The constant passed pattern_meaning. */
void value_prepare(const struct pattern_const *c, struct arena *a, struct value_const *out);
/* The value on the left of the operator. `scratch` holds what is decoded on the way. */
enum value_order value_compare(yyjson_val *value, enum value_form form, const struct value_const *c,
	struct arena *scratch);
/*
 * Sorts the constants of a set, which are of one family, for value_in, and drops those that no value
 * of this form can equal; returns how many are left.
 */
size_t value_set(struct value_const *set, size_t count, enum value_form form);
/* VALUE_EQUAL when the value is one of the set; else VALUE_MISMATCH, or VALUE_BROKEN. */
enum value_order value_in(yyjson_val *value, enum value_form form, const struct value_const *set,
	size_t count, struct arena *scratch);
/* Octets of a _bin or _hex property; false when it is no such text. */
bool value_octets(struct span text, enum value_form form, struct arena *a, struct span *out);
