/*
 * A whole event against the objects it became: every line of test/golden/feed/event.stix. Where the mapping
 * is changed on purpose, TOCSIN_GOLDEN_WRITE=1 writes the file anew; then read its difference.
 */
#include "../test.h"

#include <stdio.h>

#include "read.h"

static void
slurp(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		fail_msg("%s: not there", path);
	for (size_t got = 1; got;) {
		got = fread(buf_room(out, 65536), 1, 65536, f);
		out->len += got;
	}
	fclose(f);
}

static void
an_event_becomes_these_objects(void **state)
{
	(void)state;
	own_buf struct buf text = {}, golden = {};
	const char *folder = getenv("TOCSIN_GOLDEN");
	char path[512];
	snprintf(path, sizeof path, "%s/feed/event.json", folder);
	slurp(path, &text);
	struct got g = got_read("auto", buf_span(&text));
	snprintf(path, sizeof path, "%s/feed/event.stix", folder);
	if (getenv("TOCSIN_GOLDEN_WRITE")) {
		FILE *f = fopen(path, "wb");
		fwrite(g.objects.ptr, 1, g.objects.len, f);
		fclose(f);
	}
	slurp(path, &golden);
	struct span want = buf_span(&golden), got = buf_span(&g.objects), a, b;
	while (span_cut(&want, '\n', &a) && span_cut(&got, '\n', &b))
		if (!span_eq(a, b))
			fail_msg("wanted %.*s\ngot    %.*s", (int)a.len, a.ptr, (int)b.len, b.ptr);
	assert_int_equal(golden.len, g.objects.len);
	got_fini(&g);
}

int
main(void)
{
	if (!getenv("TOCSIN_GOLDEN")) {
		printf("1..0 # SKIP needs TOCSIN_GOLDEN\n");
		return 0;
	}
	const struct CMUnitTest tests[] = {cmocka_unit_test(an_event_becomes_these_objects)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
