/* How a page finds its rows; what it shows is model.c's. */
#include "common.h"

/* Stamps and bytes of a sweep in pages of `limit`. */
static void
sweep(struct world *w, enum vault_want want, size_t limit, struct buf *out)
{
	struct vault_filter f = {};
	for (size_t count = limit; count == limit;) {
		own_vault_page struct vault_page *p = NULL;
		struct vault_item item;
		count = 0;
		assert_rc(vault_page_open(w->vault, w->collection, &f, want, &p, NULL), RC_OK);
		while (count < limit && vault_page_next(p, &item, NULL) == RC_OK) {
			f.after = item.added;
			buf_printf(out, "%lld ", (long long)item.added);
			buf_add(out, item.object.bytes);
			count++;
		}
	}
}

static void
pages_for_sending_hold_the_same_wherever_the_scan_gives_way_to_the_index(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	uint32_t main = w->collection, other = world_collection(w, "other");
	static const struct {
		unsigned ours, theirs, old;
	} stretches[] = {{100, 0, 0}, {10, 16, 0}, {10, 17, 0}, {1, 300, 0}, {40, 10, 10},
		{5, 1, 40}, {64, 16, 0}, {63, 17, 1}, {0, 50, 0}};
	unsigned id = 0;
	for (size_t i = 0; i < sizeof stretches / sizeof stretches[0]; i++) {
		unsigned n = stretches[i].ours;
		for (unsigned k = 0; k < n + stretches[i].theirs + stretches[i].old; k++) {
			struct vault_object o = an_object(&a, id++, 1, "v");
			w->collection = k < n || k >= n + stretches[i].theirs ? main : other;
			put(w, NULL, &o);
			if (k < n + stretches[i].theirs)
				continue;
			o = an_object(&a, id - 1, 2, "newer");
			put(w, NULL, &o);
		}
	}
	w->collection = main;
	own_buf struct buf expected = {};
	sweep(w, VAULT_BYTES, 1000, &expected);
	for (size_t limit = 1; limit < 130; limit += 13) {
		own_buf struct buf got = {};
		sweep(w, VAULT_SEND, limit, &got);
		assert_true(span_eq(buf_span(&got), buf_span(&expected)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			pages_for_sending_hold_the_same_wherever_the_scan_gives_way_to_the_index,
			world_new, world_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
