#pragma once
/* Listings read to their end. */
#include "world.h"

/* Reads a listing to its end by `next`; numbers seen in their order. */
struct walk {
	unsigned seen[200];
	size_t count, pages;
};

static inline void
take_page(struct walk *walk)
{
	size_t at, max;
	yyjson_val *one;
	yyjson_arr_foreach(json_get(json(), "objects"), at, max, one)
	{
		assert_true(walk->count < 200);
		walk->seen[walk->count++] = number_of(one);
	}
	walk->pages++;
}

static inline void
walk_by_next(struct walk *walk, const char *base, const char *limit)
{
	char target[400], next[100] = "";
	for (;;) {
		snprintf(target, sizeof target, "%s%s%s%s", base, limit, next[0] ? "&next=" : "",
			next);
		assert_int_equal(get(target), 200);
		take_page(walk);
		if (!says_more())
			return;
		struct span token = json_get_span(json(), "next");
		assert_true(token.len > 0 && token.len < sizeof next);
		span_copy(token, next, sizeof next);
	}
}

static inline void
walk_by_stamp(struct walk *walk, const char *base)
{
	char target[400], last[40] = "2000-01-01T00:00:00Z";
	for (;;) {
		snprintf(target, sizeof target, "%slimit=3&added_after=%s", base, last);
		assert_int_equal(get(target), 200);
		if (yyjson_arr_size(json_get(json(), "objects")) == 0)
			return;
		take_page(walk);
		snprintf(last, sizeof last, "%s", header("X-TAXII-Date-Added-Last"));
		if (!says_more())
			return;
	}
}

static inline void
in_order(const struct walk *walk, unsigned first, unsigned count)
{
	assert_int_equal(walk->count, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(walk->seen[i], first + i);
}
