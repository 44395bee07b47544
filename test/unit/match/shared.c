#include "../test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/own.h"
#include "world.h"

/* The real lists: nearly every line is understood, and warninglists of real size load. */

static const char *shared;

static struct stream *
open_shared(const char *name, int *fd)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/data/indicators/%s", shared, name);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? NULL : stream_new_fd(*fd, NULL);
}

static void
nearly_all_real_indicators_are_armed(void **state)
{
	(void)state;
	own_fd int fd = -1;
	own_stream struct stream *s = open_shared("indicators-real.txt.zst", &fd);
	own_match_set struct match_set *set = match_set_new(1);
	struct ioc_counts c = {};
	assert_non_null(s);
	assert_rc(ioc_add_list(set, s, &c, NULL), RC_OK);
	assert_int_equal(c.armed + c.repeated + c.unknown, 1860877);
	assert_true(c.unknown < 400);
	assert_int_equal(match_set_count(set), c.armed);
}

static void
real_warninglists_load_whole(void **state)
{
	(void)state;
	static const char *const names[] = {
		"cisco_top20k", "cloudflare-top100k", "ti-falsepositives", "tranco10k"};
	own_warn struct warn *w = warn_new();
	for (size_t i = 0; i < 4; i++) {
		char name[100];
		own_fd int fd = -1;
		snprintf(name, sizeof name, "warninglists/%s.json.zst", names[i]);
		own_stream struct stream *s = open_shared(name, &fd);
		own_buf struct buf text = {};
		size_t got, skipped, before = warn_count(w);
		assert_non_null(s);
		while (!stream_read(s, buf_room(&text, 1 << 20), 1 << 20, &got, NULL))
			text.len += got;
		assert_rc(warn_add(w, buf_span(&text), &skipped, NULL), RC_OK);
		print_message("# %s: %zu entries, %zu not understood\n", names[i],
			warn_count(w) - before, skipped);
		assert_true(skipped * 50 < warn_count(w) - before);
	}
	assert_true(
		warn_find(w, (struct observable){OBS_DOMAIN, SPAN("apis.zendesk.com")}).len > 0 ||
		warn_find(w, (struct observable){OBS_DOMAIN, SPAN("zynga.com")}).len > 0);
}

int
main(void)
{
	shared = getenv("TOCSIN_SHARED");
	char path[4096];
	snprintf(path, sizeof path, "%s/data/indicators", shared ? shared : "");
	if (access(path, R_OK) != 0) {
		printf("1..0 # SKIP no %s\n", path);
		return 0;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nearly_all_real_indicators_are_armed),
		cmocka_unit_test(real_warninglists_load_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
