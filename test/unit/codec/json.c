#include "../test.h"

#include "base/buf.h"
#include "codec/json.h"

static enum rc
read_and_free(struct span text)
{
	own_json yyjson_doc *doc = NULL;
	return json_read(text, NULL, &doc, NULL);
}

static void
hostile_texts_are_refused(void **state)
{
	(void)state;
	assert_rc(read_and_free(SPAN("{\"a\":1,\"a\":2}")), RC_BAD);
	assert_rc(read_and_free(SPAN("{\"a\":1,\"\\u0061\":2}")), RC_BAD);
	assert_rc(read_and_free(SPAN("\"\\ud800\"")), RC_BAD);
	assert_rc(read_and_free(SPAN("\"\xff\"")), RC_BAD);
	assert_rc(read_and_free(SPAN("9007199254740992")), RC_BAD);
	assert_rc(read_and_free(SPAN("-9007199254740992")), RC_BAD);
	assert_rc(read_and_free(SPAN("{} {}")), RC_BAD);
	assert_rc(read_and_free(SPAN("")), RC_BAD);
	assert_rc(read_and_free(SPAN("9007199254740991")), RC_OK);
}

static void
depth_is_limited(void **state)
{
	(void)state;
	own_buf struct buf b = {};
	for (int i = 0; i < 64; i++)
		buf_add_byte(&b, '[');
	for (int i = 0; i < 64; i++)
		buf_add_byte(&b, ']');
	assert_rc(read_and_free(buf_span(&b)), RC_OK);
	own_buf struct buf deep = {};
	buf_add_byte(&deep, '[');
	buf_add(&deep, buf_span(&b));
	buf_add_byte(&deep, ']');
	assert_rc(read_and_free(buf_span(&deep)), RC_LIMIT);
}

/* Where keys and numbers may be any, values are not walked for them. */
static void
depth_is_limited_whatever_else_is_not(void **state)
{
	(void)state;
	static const struct json_limits any = {.any_keys = true, .any_ints = true};
	for (unsigned before = 0; before < 300; before += 50)
		for (unsigned depth = 30; depth < 70; depth++) {
			own_buf struct buf b = {};
			own_json yyjson_doc *doc = NULL;
			/* Brackets in a string are none. */
			buf_add(&b, SPAN("[\""));
			for (unsigned i = 0; i < before; i++)
				buf_add_byte(&b, "{[ab"[i % 4]);
			buf_add(&b, SPAN("\""));
			for (unsigned i = 1; i < depth; i++)
				buf_add(&b, i % 2 ? SPAN(",[1") : SPAN(",{\"a\":2,\"b\":[3"));
			for (unsigned i = depth - 1; i > 0; i--)
				buf_add(&b, i % 2 ? SPAN("]") : SPAN("]}"));
			buf_add_byte(&b, ']');
			/* Each second is two. */
			unsigned nested = 1 + depth / 2 + (depth - 1) / 2 * 2;
			assert_rc(json_read(buf_span(&b), &any, &doc, NULL),
				nested > 64 ? RC_LIMIT : RC_OK);
		}
	for (unsigned depth = 60; depth < 70; depth++) {
		own_buf struct buf b = {};
		own_json yyjson_doc *doc = NULL;
		for (unsigned i = 0; i < depth; i++)
			buf_add(&b, SPAN("{\"a\":"));
		buf_add_byte(&b, '1');
		for (unsigned i = 0; i < depth; i++)
			buf_add_byte(&b, '}');
		assert_rc(json_read(buf_span(&b), &any, &doc, NULL), depth > 64 ? RC_LIMIT : RC_OK);
	}
}

static void
many_keys_are_checked_for_duplicates(void **state)
{
	(void)state;
	own_buf struct buf b = {};
	buf_add_byte(&b, '{');
	for (int i = 0; i < 5000; i++)
		buf_printf(&b, "\"k%d\":%d,", i, i);
	size_t len = b.len;
	buf_add(&b, SPAN("\"z\":0}"));
	assert_rc(read_and_free(buf_span(&b)), RC_OK);
	b.len = len;
	buf_add(&b, SPAN("\"k77\":0}"));
	assert_rc(read_and_free(buf_span(&b)), RC_BAD);
}

static void
slices_are_the_exact_bytes(void **state)
{
	(void)state;
	struct json_slice it;
	struct span element;
	struct span text = SPAN(" {\"x\":{\"objects\":[9]},\"s\":\"]}\\\"\",\"objects\" : [ {\"a\" "
				": 1.50 } , \"b]\\\\\",3 ],\"more\":false} ");
	json_slice_init(&it, text);
	assert_rc(json_slice_member(&it, SPAN("objects"), NULL), RC_OK);
	assert_rc(json_slice_next(&it, &element, NULL), RC_OK);
	assert_span(element, "{\"a\" : 1.50 }");
	assert_rc(json_slice_next(&it, &element, NULL), RC_OK);
	assert_span(element, "\"b]\\\\\"");
	assert_rc(json_slice_next(&it, &element, NULL), RC_OK);
	assert_span(element, "3");
	assert_rc(json_slice_next(&it, &element, NULL), RC_NONE);
	assert_rc(json_slice_end(&it, SPAN("objects"), NULL), RC_OK);
}

static enum rc
slice_all(struct span text)
{
	struct json_slice it;
	struct span element;
	json_slice_init(&it, text);
	enum rc code = json_slice_member(&it, SPAN("objects"), NULL);
	while (!code)
		code = json_slice_next(&it, &element, NULL);
	return code == RC_NONE && it.done ? json_slice_end(&it, SPAN("objects"), NULL) : code;
}

static void
malformed_frames_are_refused(void **state)
{
	(void)state;
	assert_rc(slice_all(SPAN("{\"objects\":[1,]}")), RC_BAD);
	assert_rc(slice_all(SPAN("{\"objects\":[1 2]}")), RC_BAD);
	assert_rc(slice_all(SPAN("{\"objects\":[{]}]}")), RC_BAD);
	assert_rc(slice_all(SPAN("{\"objects\":[1]")), RC_BAD);
	assert_rc(slice_all(SPAN("{\"objects\":[1],\"objects\":[2]}")), RC_BAD);
	assert_rc(slice_all(SPAN("{\"objects\":[1]} x")), RC_BAD);
	assert_rc(slice_all(SPAN("{\"objects\":{}}")), RC_UNKNOWN);
	assert_rc(slice_all(SPAN("{}")), RC_NONE);
	assert_rc(slice_all(SPAN("[]")), RC_BAD);
	assert_rc(slice_all(SPAN("{\"objects\":[]}")), RC_OK);
}

static void
strings_are_escaped_for_output(void **state)
{
	(void)state;
	own_buf struct buf b = {};
	json_write_string(&b, SPAN("a\"\\\n\xff\xc3\xbc"));
	assert_span(buf_span(&b), "\"a\\\"\\\\\\u000a\xef\xbf\xbd\xc3\xbc\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_texts_are_refused),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(depth_is_limited_whatever_else_is_not),
		cmocka_unit_test(many_keys_are_checked_for_duplicates),
		cmocka_unit_test(slices_are_the_exact_bytes),
		cmocka_unit_test(malformed_frames_are_refused),
		cmocka_unit_test(strings_are_escaped_for_output),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
