/* The published calls of stix/marking-cases.jsonl, each with its result. */
#include "../test.h"

#include <string.h>

#include "base/arena.h"
#include "codec/json.h"
#include "shared.h"
#include "stix/marking.h"

#define CASES "stix/marking-cases.jsonl"

static struct span cases;

/* A mark is given as an id, as a marking-definition, or as the text of one. */
static struct span
mark_of(struct arena *a, yyjson_val *val)
{
	struct span text = json_span(val);
	own_json yyjson_doc *doc = NULL;
	if (yyjson_is_obj(val))
		return json_get_span(val, "id");
	if (text.len && text.ptr[0] == '{' && json_read(text, NULL, &doc, NULL) == RC_OK)
		return arena_dup(a, json_get_span(yyjson_doc_get_root(doc), "id"));
	return text;
}

/* null, one, or a list. */
static struct stix_spans
spans_of(struct arena *a, yyjson_val *val)
{
	if (!val || yyjson_is_null(val))
		return (struct stix_spans){};
	size_t len = yyjson_is_arr(val) ? yyjson_arr_size(val) : 1;
	struct span *at = arena_new(a, sizeof *at * (len + 1));
	for (size_t i = 0; i < len; i++)
		at[i] = mark_of(a, yyjson_is_arr(val) ? yyjson_arr_get(val, i) : val);
	return (struct stix_spans){at, len};
}

struct call {
	const char *fn;
	yyjson_val *object, *args, *kwargs, *result;
	struct stix_marks what;
};

static yyjson_val *
argument(const struct call *c, size_t place, const char *name)
{
	yyjson_val *named = json_get(c->kwargs, name);
	return named ? named : yyjson_arr_get(c->args, place);
}

static void
read_call(struct arena *a, yyjson_val *root, struct call *c)
{
	*c = (struct call){.fn = yyjson_get_str(json_get(root, "fn")),
		.object = json_get(root, "object"),
		.args = json_get(root, "args"),
		.kwargs = json_get(root, "kwargs"),
		.result = json_get(root, "result")};
	/* get and clear name no mark. */
	bool marks = strcmp(c->fn, "get_markings") != 0 && strcmp(c->fn, "clear_markings") != 0;
	if (marks)
		c->what.marks = spans_of(a, argument(c, 0, "marking"));
	c->what.selectors = spans_of(a, argument(c, marks, "selectors"));
	if (yyjson_is_true(argument(c, marks + 1u, "inherited")))
		c->what.flags |= STIX_MARKS_INHERITED;
	if (yyjson_is_true(argument(c, marks + 2u, "descendants")))
		c->what.flags |= STIX_MARKS_DESCENDANTS;
	if (yyjson_is_false(json_get(c->kwargs, "marking_ref")))
		c->what.flags |= STIX_MARKS_NO_REFS;
	if (yyjson_is_false(json_get(c->kwargs, "lang")))
		c->what.flags |= STIX_MARKS_NO_LANGS;
}

static enum rc
expected_error(const struct call *c)
{
	struct span result = json_span(c->result);
	if (!span_starts(result, SPAN("error:")))
		return RC_OK;
	return span_eq(result, SPAN("error:MarkingNotFoundError")) ? RC_NONE : RC_BAD;
}

static bool
array_has(yyjson_val *array, struct span text)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(array);
	for (yyjson_val *one; (one = yyjson_arr_iter_next(&it));)
		if (span_eq(json_span(one), text))
			return true;
	return false;
}

static bool
same_set(yyjson_val *a, yyjson_val *b)
{
	if (yyjson_arr_size(a) != yyjson_arr_size(b))
		return false;
	yyjson_arr_iter it = yyjson_arr_iter_with(a);
	for (yyjson_val *one; (one = yyjson_arr_iter_next(&it));)
		if (!array_has(b, json_span(one)))
			return false;
	return true;
}

static bool
same_entry(yyjson_val *x, yyjson_val *y)
{
	return span_eq(json_get_span(x, "marking_ref"), json_get_span(y, "marking_ref")) &&
	       span_eq(json_get_span(x, "lang"), json_get_span(y, "lang")) &&
	       same_set(json_get(x, "selectors"), json_get(y, "selectors"));
}

/* Section 7.2.3 gives the order of granular markings no meaning. */
static bool
same_granular(yyjson_val *a, yyjson_val *b)
{
	if (yyjson_arr_size(a) != yyjson_arr_size(b))
		return false;
	for (size_t i = 0; i < yyjson_arr_size(a); i++) {
		bool found = false;
		for (size_t j = 0; j < yyjson_arr_size(b); j++)
			found = found || same_entry(yyjson_arr_get(a, i), yyjson_arr_get(b, j));
		if (!found)
			return false;
	}
	return true;
}

static bool
run_get(const struct call *c)
{
	struct stix_mark_list list = {};
	enum rc code = stix_marks_get(c->object, &c->what, &list, NULL);
	bool good = code == expected_error(c);
	if (good && !code) {
		good = list.all.len == yyjson_arr_size(c->result);
		for (size_t i = 0; i < list.all.len; i++)
			good = good && array_has(c->result, list.all.at[i]);
	}
	free(list.all.at);
	return good;
}

static bool
run_has(const struct call *c)
{
	bool has = false;
	enum rc code = stix_marks_has(c->object, &c->what, &has, NULL);
	return code == expected_error(c) && (code || has == yyjson_is_true(c->result));
}

static bool
run_change(const struct call *c, enum stix_marks_edit edit)
{
	own_buf struct buf out = {};
	enum rc code = stix_marks_change(c->object, edit, &c->what, 0, &out, NULL);
	if (code || expected_error(c))
		return code == expected_error(c) && out.len == 0;
	own_json yyjson_doc *doc = NULL;
	assert_rc(json_read(buf_span(&out), NULL, &doc, NULL), RC_OK);
	yyjson_val *made = yyjson_doc_get_root(doc);
	return yyjson_obj_size(made) == yyjson_obj_size(c->result) &&
	       same_set(json_get(made, "object_marking_refs"),
		       json_get(c->result, "object_marking_refs")) &&
	       same_granular(json_get(made, "granular_markings"),
		       json_get(c->result, "granular_markings"));
}

static bool
run_call(const struct call *c)
{
	static const struct {
		const char *fn;
		enum stix_marks_edit edit;
	} edits[] = {{"add_markings", STIX_MARKS_ADD}, {"remove_markings", STIX_MARKS_REMOVE},
		{"set_markings", STIX_MARKS_SET}, {"clear_markings", STIX_MARKS_CLEAR}};
	if (strcmp(c->fn, "get_markings") == 0)
		return run_get(c);
	if (strcmp(c->fn, "is_marked") == 0)
		return run_has(c);
	for (size_t i = 0; i < 4; i++)
		if (strcmp(c->fn, edits[i].fn) == 0)
			return run_change(c, edits[i].edit);
	return false;
}

static void
every_published_call_has_its_result(void **state)
{
	(void)state;
	struct span rest = cases, line;
	size_t count = 0, wrong = 0;
	while (span_cut(&rest, '\n', &line)) {
		if (!line.len)
			continue;
		own_arena struct arena a = {};
		own_json yyjson_doc *doc = NULL;
		struct call c;
		assert_rc(json_read(line, NULL, &doc, NULL), RC_OK);
		read_call(&a, yyjson_doc_get_root(doc), &c);
		count++;
		if (!run_call(&c)) {
			wrong++;
			print_error("%.*s\n", (int)line.len, line.ptr);
		}
	}
	assert_int_equal(wrong, 0);
	assert_true(count >= 199);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_published_call_has_its_result),
	};
	cases = shared_read(CASES);
	if (!cases.ptr)
		return shared_missing(CASES);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free((char *)(uintptr_t)cases.ptr);
	return failed;
}
