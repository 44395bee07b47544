/* What is looked up ahead of the append lock is only a note: verdicts are those of a commit that looks itself. */
#include "common.h"

static const struct vault_source local = {.name = {"local", 5}, .power = VAULT_OPERATOR};

/* A world and a reading handle of its database. */
struct looker {
	struct world *w;
	struct store *store;
	struct vault *vault;
	struct arena text;
};

static struct looker
looker_open(struct world *w)
{
	struct looker l = {.w = w, .store = world_store(w, STORE_READ)};
	assert_rc(vault_open(l.store, (struct clock){world_now, &w->now}, &l.vault, NULL), RC_OK);
	return l;
}

static void
looker_close(struct looker *l)
{
	vault_close(&l->vault);
	store_close(&l->store);
	arena_fini(&l->text);
}
#define own_looker __attribute__((cleanup(looker_close)))

static struct vault_batch *
batch_of(struct looker *l, unsigned id, const char *content)
{
	struct vault_batch *b = vault_batch_new(l->w->vault);
	struct vault_request request = {.collection = l->w->collection, .source = local};
	struct vault_object o = an_object(&l->text, id, 0, content);
	vault_batch_request(b, &request);
	assert_rc(vault_batch_add(b, &o), RC_OK);
	return b;
}

static enum vault_verdict
commit(struct vault_batch *b)
{
	assert_rc(vault_batch_commit(b, NULL), RC_OK);
	return vault_batch_result(b, vault_batch_count(b) - 1)->verdict;
}

static void
what_another_handle_adds_after_the_look_is_found(void **state)
{
	own_looker struct looker l = looker_open(*state);
	own_vault_batch struct vault_batch *b = batch_of(&l, 1, "usual");
	vault_batch_look(b, l.vault, NULL);
	struct store *store = world_store(l.w, STORE_WRITE);
	struct vault *other = NULL;
	assert_rc(vault_open(store, (struct clock){world_now, &l.w->now}, &other, NULL), RC_OK);
	struct vault_request request = {.collection = l.w->collection, .source = local};
	struct vault_object o = an_object(&l.text, 1, 0, "usual");
	struct vault_result result;
	assert_rc(vault_put(other, &request, &o, &result, NULL), RC_OK);
	assert_int_equal(result.verdict, VAULT_ADDED);
	assert_int_equal(commit(b), VAULT_DUPLICATE);
	vault_close(&other);
	store_close(&store);
}

static void
what_the_same_handle_adds_between_is_found(void **state)
{
	own_looker struct looker l = looker_open(*state);
	own_vault_batch struct vault_batch *b = batch_of(&l, 1, "usual");
	own_vault_batch struct vault_batch *between = batch_of(&l, 1, "usual");
	vault_batch_look(b, l.vault, NULL);
	assert_int_equal(commit(between), VAULT_ADDED);
	assert_int_equal(commit(b), VAULT_DUPLICATE);
}

static void
what_the_batch_before_brings_is_found(void **state)
{
	own_looker struct looker l = looker_open(*state);
	own_vault_batch struct vault_batch *first = batch_of(&l, 1, "usual");
	own_vault_batch struct vault_batch *second = batch_of(&l, 1, "usual");
	own_vault_batch struct vault_batch *third = batch_of(&l, 1, "other");
	vault_batch_look(first, l.vault, NULL);
	vault_batch_look(second, l.vault, first);
	assert_int_equal(commit(first), VAULT_ADDED);
	vault_batch_look(third, l.vault, second);
	assert_int_equal(commit(second), VAULT_DUPLICATE);
	assert_int_equal(commit(third), VAULT_QUARANTINED);
}

static void
what_is_deleted_after_the_look_is_absent(void **state)
{
	own_looker struct looker l = looker_open(*state);
	own_vault_batch struct vault_batch *first = batch_of(&l, 1, "usual");
	own_vault_batch struct vault_batch *again = batch_of(&l, 1, "usual");
	struct vault_object o = an_object(&l.text, 1, 0, "usual");
	struct vault_filter all = {.which = VAULT_ALL};
	uint64_t removed;
	assert_int_equal(commit(first), VAULT_ADDED);
	vault_batch_look(again, l.vault, NULL);
	assert_rc(vault_delete(l.w->vault, l.w->collection, o.id, &all, &removed, NULL), RC_OK);
	assert_int_equal(removed, 1);
	assert_int_equal(commit(again), VAULT_ADDED);
}

static void
what_is_added_to_a_batch_after_its_look_is_looked_up(void **state)
{
	own_looker struct looker l = looker_open(*state);
	own_vault_batch struct vault_batch *first = batch_of(&l, 1, "usual");
	own_vault_batch struct vault_batch *b = batch_of(&l, 2, "usual");
	struct vault_object o = an_object(&l.text, 1, 0, "usual");
	assert_int_equal(commit(first), VAULT_ADDED);
	vault_batch_look(b, l.vault, NULL);
	assert_rc(vault_batch_add(b, &o), RC_OK);
	assert_int_equal(commit(b), VAULT_DUPLICATE);
}

static void
a_batch_that_was_rolled_back_can_be_committed_again(void **state)
{
	own_looker struct looker l = looker_open(*state);
	own_vault_batch struct vault_batch *b = batch_of(&l, 1, "usual");
	struct store *other = world_store(l.w, STORE_WRITE);
	struct store *impatient = NULL;
	struct store_options o = {
		.path = l.w->path, .mode = STORE_WRITE, .schemas = schemas, .busy_ms = 1};
	vault_batch_free(&b);
	vault_close(&l.w->vault);
	store_close(&l.w->store);
	assert_rc(store_open(&o, &impatient, NULL), RC_OK);
	l.w->store = impatient;
	assert_rc(vault_open(impatient, (struct clock){world_now, &l.w->now}, &l.w->vault, NULL),
		RC_OK);
	b = batch_of(&l, 1, "usual");
	vault_batch_look(b, l.vault, NULL);
	assert_rc(store_begin(other, NULL), RC_OK);
	assert_rc(vault_batch_commit(b, NULL), RC_AGAIN);
	store_rollback(other);
	store_close(&other);
	assert_int_equal(commit(b), VAULT_ADDED);
}

/* Two worlds get the same batches, one with looks, one without; in both others add and delete meanwhile. */
enum { ROUNDS = 400, IDS = 400, BATCH = 25 };

struct side {
	struct looker l;
	struct vault_batch *batch, *before;
	bool looks;
};

static void
fill(struct side *s, struct rng r)
{
	struct vault_request request = {.collection = s->l.w->collection, .source = local};
	vault_batch_reset(s->batch);
	vault_batch_request(s->batch, &request);
	size_t count = 1 + rng_below(r, BATCH);
	for (size_t i = 0; i < count; i++) {
		struct vault_object o = an_object(&s->l.text, (unsigned)rng_below(r, IDS),
			(int)rng_below(r, 3), rng_below(r, 9) ? "usual" : "other");
		assert_rc(vault_batch_add(s->batch, &o), RC_OK);
	}
}

static void
disturb(struct side *s, struct rng r)
{
	struct vault_request request = {.collection = s->l.w->collection, .source = local};
	struct vault_object o = an_object(&s->l.text, (unsigned)rng_below(r, IDS), 1, "usual");
	struct vault_filter all = {.which = VAULT_ALL};
	struct vault_result result;
	uint64_t removed;
	unsigned what = (unsigned)rng_below(r, 3);
	enum rc code = RC_OK;
	if (what == 0)
		code = vault_put(s->l.w->vault, &request, &o, &result, NULL);
	else if (what == 1)
		code = vault_delete(s->l.w->vault, request.collection, o.id, &all, &removed, NULL);
	assert_true(code == RC_OK || code == RC_NONE);
}

/* One round: looked up while the batch before is unstored or stored, then others may come between. */
static void
round_of(struct side *s, struct rng r)
{
	struct vault_batch *swap = s->before;
	bool early = rng_below(r, 2), told = rng_below(r, 2);
	fill(s, r);
	if (s->looks && early)
		vault_batch_look(s->batch, s->l.vault, s->before);
	assert_rc(vault_batch_commit(s->before, NULL), RC_OK);
	if (s->looks && !early)
		vault_batch_look(s->batch, s->l.vault, told ? s->before : NULL);
	disturb(s, r);
	s->before = s->batch;
	s->batch = swap;
}

static struct side
side_open(void **world, bool looks)
{
	struct side s = {.looks = looks, .l = looker_open(*world)};
	s.batch = vault_batch_new(s.l.w->vault);
	s.before = vault_batch_new(s.l.w->vault);
	return s;
}

static void
side_close(struct side *s)
{
	vault_batch_free(&s->batch);
	vault_batch_free(&s->before);
	looker_close(&s->l);
}

static void
verdicts_are_those_of_a_commit_that_looks_itself(void **state)
{
	void *other = NULL;
	assert_int_equal(world_new(&other), 0);
	struct side one = side_open(state, true), two = side_open(&other, false);
	uint64_t seeds[2] = {20260101, 20260101};
	unsigned seen[VAULT_REFUSED + 1] = {};
	for (unsigned n = 0; n < ROUNDS; n++) {
		round_of(&one, rng_seeded(&seeds[0]));
		round_of(&two, rng_seeded(&seeds[1]));
		size_t count = vault_batch_count(one.batch);
		assert_int_equal(count, vault_batch_count(two.batch));
		for (size_t i = 0; i < count; i++) {
			const struct vault_result *x = vault_batch_result(one.batch, i);
			const struct vault_result *y = vault_batch_result(two.batch, i);
			assert_int_equal(x->verdict, y->verdict);
			assert_true(x->added == y->added);
			seen[x->verdict]++;
		}
	}
	print_message("# %u added, %u duplicate, %u quarantined\n", seen[0], seen[1], seen[2]);
	assert_true(seen[VAULT_ADDED] > 1000 && seen[VAULT_DUPLICATE] > 1000);
	assert_true(seen[VAULT_QUARANTINED] > 100);
	side_close(&one);
	side_close(&two);
	world_free(&other);
}

#define ONE(name) cmocka_unit_test_setup_teardown(name, world_new, world_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(what_another_handle_adds_after_the_look_is_found),
		ONE(what_the_same_handle_adds_between_is_found),
		ONE(what_the_batch_before_brings_is_found),
		ONE(what_is_deleted_after_the_look_is_absent),
		ONE(what_is_added_to_a_batch_after_its_look_is_looked_up),
		ONE(a_batch_that_was_rolled_back_can_be_committed_again),
		ONE(verdicts_are_those_of_a_commit_that_looks_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
