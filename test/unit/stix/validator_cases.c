/*
 * The published verdicts of stix/stix-validator-cases.jsonl. Cases that contradict the standard are
 * listed with the clause in test/golden/KNOWN.md and below.
 */
#include "../test.h"

#include "base/buf.h"

#include "codec/json.h"
#include "shared.h"
#include "stix/check.h"

#define CASES "stix/stix-validator-cases.jsonl"

static struct span cases;

static void
select_all(yyjson_val *names, uint64_t *set)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(names);
	for (yyjson_val *name; (name = yyjson_arr_iter_next(&it));)
		assert_rc(stix_options_select(set, json_span(name)), RC_OK);
}

static struct stix_options
read_options(yyjson_val *val)
{
	struct stix_options o = {.flags = STIX_ACCEPT_2_0};
	if (yyjson_is_true(json_get(val, "strict")))
		o.level = STIX_SHOULD;
	if (yyjson_is_true(json_get(val, "strict_types")))
		o.flags |= STIX_STRICT_TYPES;
	if (yyjson_is_true(json_get(val, "strict_properties")))
		o.flags |= STIX_STRICT_PROPERTIES;
	if (yyjson_is_true(json_get(val, "enforce_refs")))
		o.flags |= STIX_ENFORCE_REFS;
	if (yyjson_is_true(json_get(val, "interop")))
		o.flags |= STIX_INTEROP;
	if (span_eq(json_get_span(val, "version"), SPAN("2.0")))
		o.flags |= STIX_AS_2_0;
	select_all(json_get(val, "disabled"), &o.disabled);
	select_all(json_get(val, "enabled"), &o.enabled);
	return o;
}

/*
 * Section 2.9: an identifier ends in an RFC 4122 UUID; these end in 11 digits instead of 12. RFC
 * 5646 section 2.2.1: three-letter languages are those of ISO 639-3 too, and bbb (Barai) is one.
 */
static bool
contradicts_the_standard(struct span line)
{
	return span_find(line, SPAN("ipv4-addr--e42c19c8-f9fe-5ae9-9fc8-22c398f78fb\"")) !=
		       SIZE_MAX ||
	       span_find(line, SPAN("\"languages\": [\"bbb\"]")) != SIZE_MAX;
}

static bool
run_case(struct span line, struct stix_verdicts *out)
{
	own_json yyjson_doc *doc = NULL;
	own_buf struct buf text = {};
	assert_rc(json_read(line, NULL, &doc, NULL), RC_OK);
	yyjson_val *root = yyjson_doc_get_root(doc);
	struct stix_options options = read_options(json_get(root, "options"));
	json_write(&text, json_get(root, "object"));
	enum rc code = stix_check_text(buf_span(&text), &options, out);
	return (code == RC_OK) == yyjson_is_true(json_get(root, "valid"));
}

static void
every_published_verdict_is_met(void **state)
{
	(void)state;
	struct span rest = cases, line;
	size_t count = 0, wrong = 0, known = 0;
	while (span_cut(&rest, '\n', &line)) {
		struct stix_verdicts v = {};
		if (!line.len)
			continue;
		count++;
		bool good = run_case(line, &v);
		if (!good && contradicts_the_standard(line)) {
			known++;
		} else if (!good) {
			wrong++;
			print_error("case %zu: %.*s\n", count,
				(int)(line.len < 1500 ? line.len : 1500), line.ptr);
			for (size_t i = 0; i < v.all.len && i < 5; i++)
				print_error("    %s %s: %s\n", v.all.at[i].code,
					v.all.at[i].path.ptr, v.all.at[i].what.ptr);
		}
		stix_verdicts_fini(&v);
	}
	print_message("%zu cases, %zu against the standard\n", count, known);
	assert_int_equal(wrong, 0);
	assert_true(count >= 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_published_verdict_is_met),
	};
	cases = shared_read(CASES);
	if (!cases.ptr)
		return shared_missing(CASES);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free((char *)(uintptr_t)cases.ptr);
	return failed;
}
