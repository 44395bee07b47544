#include "pattern/value.h"

#include <assert.h>
#include <float.h>
#include <stdlib.h>

#include "base/clock.h"
#include "codec/json.h"
#include "pattern/octets.h"

/* Every 64-bit integer and every double is one of these, so that 2^53 + 1 is not 2^53. */
static_assert(LDBL_MANT_DIG >= 64);

enum value_form
value_form_of(struct span key)
{
	if (span_ends(key, SPAN("_bin")))
		return VALUE_BASE64;
	return span_ends(key, SPAN("_hex")) ? VALUE_HEX : VALUE_PLAIN;
}

static bool
read_instant(struct span text, struct value_instant *out)
{
	unsigned digits;
	if (time_parse(text, &out->us, &digits))
		return false;
	out->finer = (struct span){"", 0};
	if (digits <= 6)
		return true;
	size_t from = text.len - 1 - digits + 6, end = text.len - 1;
	while (end > from && text.ptr[end - 1] == '0')
		end--;
	out->finer = span_sub(text, from, end - from);
	return true;
}

void
value_prepare(const struct pattern_const *c, struct arena *a, struct value_const *out)
{
	*out = (struct value_const){.constant = c};
	if (c->type == PATTERN_BINARY) {
		out->octets = c->text;
		out->has_octets = true;
	} else if (c->type == PATTERN_STRING) {
		out->has_octets = octets_from_text(c->text, a, &out->octets);
	} else if (c->type == PATTERN_TIMESTAMP) {
		(void)read_instant(c->text, &out->instant);
	}
}

bool
value_octets(struct span text, enum value_form form, struct arena *a, struct span *out)
{
	return form == VALUE_HEX ? octets_from_hex(text, a, out) : octets_from_base64(text, a, out);
}

static enum value_order
order_of(int sign)
{
	return sign < 0 ? VALUE_LESS : sign > 0 ? VALUE_GREATER : VALUE_EQUAL;
}

static long double
number_of(const struct pattern_const *c)
{
	return c->type == PATTERN_INTEGER ? (long double)c->integer : (long double)c->real;
}

static enum value_order
compare_numbers(yyjson_val *value, const struct pattern_const *c)
{
	long double left, right = number_of(c);
	if (yyjson_is_real(value))
		left = (long double)yyjson_get_real(value);
	else if (yyjson_is_uint(value))
		left = (long double)yyjson_get_uint(value);
	else
		left = (long double)yyjson_get_sint(value);
	return order_of((left > right) - (left < right));
}

/* Strings by code point: in UTF-8 that is by byte (section 9.6.2). */
static enum value_order
compare_text(
	struct span text, enum value_form form, const struct value_const *c, struct arena *scratch)
{
	struct span octets;
	if (form != VALUE_PLAIN) {
		if (!c->has_octets || !value_octets(text, form, scratch, &octets))
			return VALUE_MISMATCH;
		return order_of(span_cmp(octets, c->octets));
	}
	if (c->constant->type == PATTERN_STRING)
		return order_of(span_cmp(text, c->constant->text));
	if (!octets_from_text(text, scratch, &octets))
		return VALUE_MISMATCH;
	return order_of(span_cmp(octets, c->octets));
}

static enum value_order
compare_instants(struct span text, const struct value_instant *right)
{
	struct value_instant left;
	if (!read_instant(text, &left))
		return VALUE_BROKEN;
	if (left.us != right->us)
		return left.us < right->us ? VALUE_LESS : VALUE_GREATER;
	return order_of(span_cmp(left.finer, right->finer));
}

enum value_order
value_compare(
	yyjson_val *value, enum value_form form, const struct value_const *c, struct arena *scratch)
{
	switch (c->constant->type) {
	case PATTERN_INTEGER:
	case PATTERN_FLOAT:
		return yyjson_is_num(value) ? compare_numbers(value, c->constant) : VALUE_MISMATCH;
	case PATTERN_BOOLEAN:
		if (!yyjson_is_bool(value))
			return VALUE_MISMATCH;
		return order_of((int)yyjson_get_bool(value) - (int)c->constant->integer);
	case PATTERN_STRING:
	case PATTERN_BINARY:
		return yyjson_is_str(value) ? compare_text(json_span(value), form, c, scratch)
					    : VALUE_MISMATCH;
	case PATTERN_TIMESTAMP:
		if (!yyjson_is_str(value) || form != VALUE_PLAIN)
			return VALUE_MISMATCH;
		return compare_instants(json_span(value), &c->instant);
	}
	return VALUE_MISMATCH;
}

static int
octets_cmp(const void *left, const void *right)
{
	const struct value_const *a = left, *b = right;
	return span_cmp(a->octets, b->octets);
}

static int
const_cmp(const void *left, const void *right)
{
	const struct value_const *a = left, *b = right;
	const struct pattern_const *x = a->constant, *y = b->constant;
	switch (x->type) {
	case PATTERN_INTEGER:
	case PATTERN_FLOAT: {
		long double one = number_of(x), two = number_of(y);
		return (one > two) - (one < two);
	}
	case PATTERN_BOOLEAN: return (x->integer > y->integer) - (x->integer < y->integer);
	case PATTERN_STRING: return span_cmp(x->text, y->text);
	case PATTERN_BINARY: return octets_cmp(left, right);
	case PATTERN_TIMESTAMP:
		if (a->instant.us != b->instant.us)
			return a->instant.us < b->instant.us ? -1 : 1;
		return span_cmp(a->instant.finer, b->instant.finer);
	}
	return 0;
}

size_t
value_set(struct value_const *set, size_t count, enum value_form form)
{
	size_t kept = 0;
	bool octets = form != VALUE_PLAIN;
	for (size_t i = 0; i < count; i++) {
		enum pattern_type type = set[i].constant->type;
		bool bytes = type == PATTERN_STRING || type == PATTERN_BINARY;
		if (!octets || (bytes && set[i].has_octets))
			set[kept++] = set[i];
	}
	if (kept)
		qsort(set, kept, sizeof *set, octets ? octets_cmp : const_cmp);
	return kept;
}

enum value_order
value_in(yyjson_val *value, enum value_form form, const struct value_const *set, size_t count,
	struct arena *scratch)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		enum value_order order = value_compare(value, form, &set[middle], scratch);
		if (order == VALUE_LESS)
			high = middle;
		else if (order == VALUE_GREATER)
			low = middle + 1;
		else
			return order;
	}
	return VALUE_MISMATCH;
}
