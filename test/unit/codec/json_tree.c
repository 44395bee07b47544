/* Values that are put together are those that are read from their text. */
#include "../seed.h"

#include "base/buf.h"
#include "codec/json_tree.h"

/* The same value twice: in the tree, and as text. */
static void
make(struct rng rng, struct json_tree *t, struct buf *text, unsigned depth)
{
	static const struct span words[] = {SPAN(""), SPAN("a"), SPAN("b\"\\\n"), SPAN("\xc3\xa9"),
		SPAN("a longer one than all the others")};
	uint32_t what = chance(rng, depth ? 4 : 2), count = chance(rng, 5);
	if (what == 0) {
		uint64_t number = chance(rng, 2) ? chance(rng, 100) : UINT64_MAX - chance(rng, 9);
		json_tree_number(t, number);
		buf_printf(text, "%llu", (unsigned long long)number);
		return;
	}
	if (what == 1) {
		struct span word = words[chance(rng, 5)];
		json_tree_text(t, word);
		json_write_string(text, word);
		return;
	}
	json_tree_begin(t, what == 2 ? JSON_OBJECT : JSON_ARRAY);
	buf_add_byte(text, what == 2 ? '{' : '[');
	for (uint32_t i = 0; i < count; i++) {
		static const struct span keys[] = {
			SPAN("k0"), SPAN("key1"), SPAN("2"), SPAN("k"), SPAN("\xc3\xbc")};
		buf_add(text, i ? SPAN(",") : SPAN(""));
		if (what == 2) {
			json_tree_text(t, keys[i]);
			json_write_string(text, keys[i]);
			buf_add_byte(text, ':');
		}
		make(rng, t, text, depth - 1);
	}
	json_tree_end(t);
	buf_add_byte(text, what == 2 ? '}' : ']');
}

static void
what_is_put_together_is_what_is_read(void **state)
{
	(void)state;
	static const struct json_limits limits = {.any_ints = true};
	uint64_t seed = seed_of_run();
	struct rng rng = rng_seeded(&seed);
	struct json_tree t = {};
	for (unsigned turn = 0; turn < 2000; turn++) {
		own_buf struct buf text = {}, read = {}, made = {};
		own_json yyjson_doc *doc = NULL;
		json_tree_reset(&t);
		/* One before it, so that it does not stand first. */
		json_tree_number(&t, 7);
		size_t at = t.values.len;
		make(rng, &t, &text, 4);
		json_tree_begin(&t, JSON_ARRAY);
		json_tree_end(&t);
		assert_rc(json_read(buf_span(&text), &limits, &doc, NULL), RC_OK);
		assert_true(yyjson_equals(yyjson_doc_get_root(doc), json_tree_at(&t, at)));
		json_write(&read, yyjson_doc_get_root(doc));
		json_write(&made, json_tree_at(&t, at));
		assert_true(span_eq(buf_span(&read), buf_span(&made)));
	}
	json_tree_fini(&t);
}

static void
members_and_elements_are_found(void **state)
{
	(void)state;
	struct json_tree t = {};
	size_t at = json_tree_begin(&t, JSON_OBJECT);
	json_tree_text(&t, SPAN("list"));
	json_tree_begin(&t, JSON_ARRAY);
	json_tree_text(&t, SPAN("one"));
	json_tree_begin(&t, JSON_OBJECT);
	json_tree_end(&t);
	json_tree_number(&t, 3);
	json_tree_end(&t);
	json_tree_text(&t, SPAN("behind"));
	json_tree_text(&t, SPAN("it"));
	json_tree_end(&t);
	yyjson_val *made = json_tree_at(&t, at), *list = json_get(made, "list");
	assert_int_equal(yyjson_obj_size(made), 2);
	assert_int_equal(yyjson_arr_size(list), 3);
	assert_int_equal(yyjson_get_uint(yyjson_arr_get(list, 2)), 3);
	assert_span(json_get_span(made, "behind"), "it");
	json_tree_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_together_is_what_is_read),
		cmocka_unit_test(members_and_elements_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
