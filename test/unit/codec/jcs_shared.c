/* Vectors that are not in this repository; skipped where TOCSIN_SHARED has none. */
#include "../test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "codec/jcs.h"
#include "codec/json.h"

static struct span
slurp(const char *folder, const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/data/records/%s/%s", getenv("TOCSIN_SHARED"), folder, name);
	FILE *file = fopen(path, "rb");
	if (!file)
		return (struct span){};
	char *text = mem_new(1 << 16);
	size_t len = fread(text, 1, 1 << 16, file);
	fclose(file);
	return (struct span){text, len};
}

/* The files of the RFC's author and the worked memoranda. */
static void
shared_vectors_are_met(void **state)
{
	(void)state;
	static const char *const names[] = {
		"arrays", "french", "structures", "unicode", "values", "weird"};
	for (size_t i = 0; i < 8; i++) {
		char file[64];
		if (i < 6)
			snprintf(file, sizeof file, "%s.json", names[i]);
		else
			snprintf(file, sizeof file, "memorandum-%zu.json", i - 5);
		struct span in = slurp(i < 6 ? "jcs/input" : ".", file);
		if (i >= 6)
			snprintf(file, sizeof file, "memorandum-%zu.jcs", i - 5);
		struct span want = slurp(i < 6 ? "jcs/output" : ".", file);
		assert_non_null(in.ptr);
		assert_non_null(want.ptr);
		own_buf struct buf out = {};
		own_json yyjson_doc *doc = NULL;
		assert_rc(json_read(in, NULL, &doc, NULL), RC_OK);
		assert_rc(jcs_write(&out, yyjson_doc_get_root(doc), NULL), RC_OK);
		assert_int_equal(out.len, want.len);
		assert_memory_equal(out.ptr, want.ptr, want.len);
		free((char *)(uintptr_t)in.ptr);
		free((char *)(uintptr_t)want.ptr);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shared_vectors_are_met),
	};
	struct span probe =
		getenv("TOCSIN_SHARED") ? slurp("jcs/input", "arrays.json") : (struct span){};
	if (!probe.ptr) {
		printf("1..0 # SKIP no vectors in TOCSIN_SHARED\n");
		return 0;
	}
	free((char *)(uintptr_t)probe.ptr);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
