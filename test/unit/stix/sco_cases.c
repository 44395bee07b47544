/* The deterministic ids of stix/sco-uuid5-cases.jsonl. */
#include "../test.h"

#include "codec/json.h"
#include "shared.h"
#include "stix/id.h"

#define CASES "stix/sco-uuid5-cases.jsonl"

static struct span cases;

static void
every_observable_has_the_computed_id(void **state)
{
	(void)state;
	struct span rest = cases, line;
	size_t count = 0;
	while (span_cut(&rest, '\n', &line)) {
		if (!line.len)
			continue;
		own_json yyjson_doc *doc = NULL;
		char id[STIX_ID_TEXT];
		assert_rc(json_read(line, NULL, &doc, NULL), RC_OK);
		yyjson_val *root = yyjson_doc_get_root(doc);
		assert_rc(stix_id_of_sco(json_get(root, "object"), id, NULL), RC_OK);
		assert_string_equal(id, yyjson_get_str(json_get(root, "id")));
		count++;
	}
	assert_true(count >= 31);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_observable_has_the_computed_id),
	};
	cases = shared_read(CASES);
	if (!cases.ptr)
		return shared_missing(CASES);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free((char *)(uintptr_t)cases.ptr);
	return failed;
}
