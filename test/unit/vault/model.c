/* Random operations on the vault and on a naive list in memory, compared after each. */
#include "common.h"

enum { COLLECTIONS = 2, IDS = 12, VERSIONS = 5, OPERATIONS = 1500, ENTRIES = 20000 };

struct entry {
	int64_t added, version;
	uint32_t collection;
	unsigned id, spec, content;
	bool unversioned;
};

struct model {
	struct entry at[ENTRIES];
	size_t len;
	int64_t newest;
};

static const struct vault_source local = {.name = {"local", 5}, .power = VAULT_OPERATOR};
static const unsigned both_specs[] = {VAULT_SPEC_2_0, VAULT_SPEC_2_1};

/* The lower half of the ids are indicators, of the upper half some are unversioned addresses. */
static struct vault_object
random_object(struct arena *a, struct rng r, struct entry *e)
{
	e->id = (unsigned)rng_below(r, IDS);
	e->unversioned = e->id >= IDS - 3;
	e->content = rng_below(r, 10) == 0;
	e->spec = !e->unversioned && rng_below(r, 5) == 0 ? VAULT_SPEC_2_0 : VAULT_SPEC_2_1;
	int version = e->unversioned ? -1 : (int)rng_below(r, VERSIONS) * 7;
	struct vault_object o = an_object(a, e->id, version, e->content ? "other" : "usual");
	o.spec = e->spec;
	o.bytes = arena_printf(
		a, "{\"spec\":%u,\"inner\":%.*s}", e->spec, (int)o.bytes.len, o.bytes.ptr);
	e->version = e->unversioned ? 0 : o.version_at;
	return o;
}

static const struct entry *
same_version(const struct model *m, const struct entry *e, uint32_t collection)
{
	for (size_t i = 0; i < m->len; i++)
		if (m->at[i].id == e->id && m->at[i].version == e->version &&
			m->at[i].spec == e->spec &&
			(!collection || m->at[i].collection == collection))
			return &m->at[i];
	return NULL;
}

static void
put_some(struct world *w, struct model *m, struct rng r)
{
	own_arena struct arena a = {};
	own_vault_batch struct vault_batch *b = vault_batch_new(w->vault);
	struct entry entries[40];
	size_t count = 1 + rng_below(r, rng_below(r, 4) ? 3 : 40);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || rng_below(r, 8) == 0) {
			struct vault_request request = {
				.collection = 1 + (uint32_t)rng_below(r, COLLECTIONS),
				.source = local};
			vault_batch_request(b, &request);
			entries[i].collection = request.collection;
		} else {
			entries[i].collection = entries[i - 1].collection;
		}
		uint32_t collection = entries[i].collection;
		struct vault_object o = random_object(&a, r, &entries[i]);
		entries[i].collection = collection;
		assert_rc(vault_batch_add(b, &o), RC_OK);
	}
	/* The clock stands still, runs, or was set back. */
	w->now += rng_below(r, 3) ? (int64_t)rng_below(r, 3)
				  : (int64_t)rng_below(r, 2000000) - 1000000;
	assert_rc(vault_batch_commit(b, NULL), RC_OK);
	for (size_t i = 0; i < count; i++) {
		const struct vault_result *got = vault_batch_result(b, i);
		const struct entry *anywhere = same_version(m, &entries[i], 0);
		const struct entry *here = same_version(m, &entries[i], entries[i].collection);
		/* Without versions, what other collections have is no conflict. */
		if (entries[i].unversioned)
			anywhere = here;
		if (anywhere && anywhere->content != entries[i].content) {
			assert_int_equal(got->verdict, VAULT_QUARANTINED);
		} else if (here) {
			assert_int_equal(got->verdict, VAULT_DUPLICATE);
			assert_true(got->added == here->added);
		} else {
			assert_int_equal(got->verdict, VAULT_ADDED);
			assert_true(got->added > m->newest);
			assert_true(got->added >= w->now);
			m->newest = entries[i].added = got->added;
			assert_true(m->len < ENTRIES);
			m->at[m->len++] = entries[i];
		}
	}
}

static bool
spec_wanted(const struct vault_filter *f, unsigned spec)
{
	for (size_t i = 0; i < f->spec_count; i++)
		if (f->specs[i] == spec)
			return true;
	return false;
}

static bool
id_and_type_wanted(
	const struct entry *e, const struct vault_filter *f, const struct vault_object *o)
{
	bool id = f->id_count == 0, type = f->type_count == 0;
	for (size_t i = 0; i < f->id_count; i++)
		id |= span_eq(f->ids[i], o->id);
	for (size_t i = 0; i < f->type_count; i++)
		type |= span_eq(
			f->types[i], e->unversioned ? SPAN("ipv4-addr") : SPAN("indicator"));
	return id && type;
}

/* The words of TAXII 2.1 section 3.4.1, slowly. */
static bool
shown(const struct model *m, const struct entry *e, const struct vault_filter *f,
	unsigned by_default)
{
	unsigned newest = 0, which = f->which || f->at_count ? f->which : by_default;
	int64_t first = INT64_MAX, last = INT64_MIN;
	bool exact = false;
	for (size_t i = 0; i < m->len; i++)
		if (m->at[i].id == e->id && m->at[i].collection == e->collection &&
			m->at[i].spec > newest)
			newest = m->at[i].spec;
	if (f->spec_count ? !spec_wanted(f, e->spec) : e->spec != newest)
		return false;
	for (size_t i = 0; i < m->len; i++) {
		const struct entry *o = &m->at[i];
		if (o->id != e->id || o->collection != e->collection)
			continue;
		if (f->spec_count ? !spec_wanted(f, o->spec) : o->spec != newest)
			continue;
		first = o->version < first ? o->version : first;
		last = o->version > last ? o->version : last;
	}
	for (size_t i = 0; i < f->at_count; i++)
		exact |= f->at[i] == e->version;
	return exact || (which & VAULT_ALL) || ((which & VAULT_FIRST) && e->version == first) ||
	       ((which & VAULT_LAST) && e->version == last);
}

struct question {
	struct vault_filter f;
	struct span ids[4], types[3];
	unsigned specs[2];
	int64_t at[3];
};

static void
random_question(struct arena *a, struct rng r, const struct model *m, struct question *q)
{
	static const struct span types[] = {{"indicator", 9}, {"ipv4-addr", 9}, {"no-such", 7}};
	*q = (struct question){};
	if (rng_below(r, 3) == 0)
		q->f.which = (unsigned)rng_below(r, 4);
	if (rng_below(r, 6) == 0)
		q->f.which = VAULT_ALL;
	if (rng_below(r, 3) == 0) {
		q->f.id_count = 1 + rng_below(r, 4);
		for (size_t i = 0; i < q->f.id_count; i++) {
			unsigned id = (unsigned)rng_below(r, IDS);
			q->ids[i] = an_object(a, id, id >= IDS - 3 ? -1 : 0, "").id;
		}
	}
	if (rng_below(r, 3) == 0) {
		q->f.type_count = 1 + rng_below(r, 3);
		for (size_t i = 0; i < q->f.type_count; i++)
			q->types[i] = types[rng_below(r, 3)];
	}
	if (rng_below(r, 3) == 0) {
		q->f.spec_count = 1 + rng_below(r, 2);
		for (size_t i = 0; i < q->f.spec_count; i++)
			q->specs[i] = both_specs[rng_below(r, 2)];
	}
	if (rng_below(r, 4) == 0 && m->len && !(q->f.which & VAULT_ALL)) {
		q->f.at_count = 1 + rng_below(r, 3);
		for (size_t i = 0; i < q->f.at_count; i++)
			q->at[i] = m->at[rng_below(r, m->len)].version;
	}
	if (rng_below(r, 3) == 0 && m->len)
		q->f.after = m->at[rng_below(r, m->len)].added - (int64_t)rng_below(r, 2);
	q->f.ids = q->ids;
	q->f.types = q->types;
	q->f.specs = q->specs;
	q->f.at = q->at;
}

static void
compare_pages(struct world *w, const struct model *m, struct rng r)
{
	own_arena struct arena a = {};
	struct question q;
	random_question(&a, r, m, &q);
	struct vault_filter f = q.f;
	uint32_t collection = 1 + (uint32_t)rng_below(r, COLLECTIONS);
	size_t limit = 1 + rng_below(r, 20), taken = 0;
	own_vault_page struct vault_page *p = NULL;
	struct vault_item item;
	enum vault_want want = rng_below(r, 2) ? VAULT_SEND : VAULT_BYTES;
	bool texts = want != VAULT_SEND;
	assert_rc(vault_page_open(w->vault, collection, &f, want, &p, NULL), RC_OK);
	for (size_t i = 0; i < m->len; i++) {
		const struct entry *e = &m->at[i];
		struct vault_object o = an_object(
			&a, e->id, e->unversioned ? -1 : 0, e->content ? "other" : "usual");
		if (e->collection != collection || e->added <= q.f.after ||
			!id_and_type_wanted(e, &q.f, &o) || !shown(m, e, &q.f, VAULT_LAST))
			continue;
		if (taken == limit) {
			/* The next page, from where this one ended. */
			vault_page_close(&p);
			assert_rc(vault_page_open(w->vault, collection, &f, VAULT_FACTS, &p, NULL),
				RC_OK);
			taken = 0;
			limit = 1000;
			texts = true;
		}
		assert_rc(vault_page_next(p, &item, NULL), RC_OK);
		assert_true(item.added == e->added);
		assert_true(span_eq(item.object.id, o.id) || (!texts && !item.object.id.len));
		assert_true(item.object.version_at == e->version);
		assert_int_equal(item.object.spec, e->spec);
		assert_int_equal(item.unversioned, e->unversioned);
		static const struct vault_filter usual = {};
		assert_int_equal(item.last, shown(m, e, &usual, VAULT_LAST));
		if (limit <= 20)
			assert_true(
				span_find(item.object.bytes,
					e->content ? SPAN("other") : SPAN("usual")) != SIZE_MAX);
		f.after = item.added;
		taken++;
	}
	assert_rc(vault_page_next(p, &item, NULL), RC_NONE);
	assert_rc(vault_page_next(p, &item, NULL), RC_NONE);
}

static void
delete_one(struct world *w, struct model *m, struct rng r)
{
	own_arena struct arena a = {};
	struct question q;
	random_question(&a, r, m, &q);
	if (rng_below(r, 2))
		q.f = (struct vault_filter){};
	q.f.id_count = q.f.type_count = 0;
	uint32_t collection = 1 + (uint32_t)rng_below(r, COLLECTIONS);
	unsigned id = (unsigned)rng_below(r, IDS);
	struct vault_object o = an_object(&a, id, id >= IDS - 3 ? -1 : 0, "");
	struct vault_filter f = q.f;
	if (f.spec_count == 0) {
		f.specs = both_specs;
		f.spec_count = 2;
	}
	bool there = false;
	bool gone[ENTRIES] = {};
	uint64_t removed = 0, expected = 0;
	for (size_t i = 0; i < m->len; i++) {
		const struct entry *e = &m->at[i];
		if (e->id != id || e->collection != collection)
			continue;
		there = true;
		gone[i] = shown(m, e, &f, VAULT_ALL);
		expected += gone[i];
	}
	assert_rc(vault_delete(w->vault, collection, o.id, &q.f, &removed, NULL),
		there ? RC_OK : RC_NONE);
	assert_int_equal(removed, expected);
	size_t kept = 0;
	for (size_t i = 0; i < m->len; i++)
		if (!gone[i])
			m->at[kept++] = m->at[i];
	m->len = kept;
	bool has = false, still = false;
	for (size_t i = 0; i < m->len; i++)
		still |= m->at[i].id == id && m->at[i].collection == collection;
	assert_rc(vault_has(w->vault, collection, o.id, &has, NULL), RC_OK);
	assert_int_equal(has, still);
}

static void
pages_filters_versions_and_deletions_are_as_a_naive_model_says(void **state)
{
	struct world *w = *state;
	const char *given = getenv("TOCSIN_SEED");
	uint64_t seed = 0;
	rng_fill(rng_system(), &seed, sizeof seed);
	if (given && !span_to_u64(span_of(given), &seed))
		fail_msg("TOCSIN_SEED is a decimal number");
	print_message("# TOCSIN_SEED=%llu\n", (unsigned long long)seed);
	struct rng r = rng_seeded(&seed);
	struct model *m = calloc(1, sizeof *m);
	assert_int_equal(world_collection(w, "second"), 2);
	for (int i = 0; i < OPERATIONS; i++) {
		uint64_t dice = rng_below(r, 20);
		if (dice < 5)
			put_some(w, m, r);
		else if (dice < 7)
			delete_one(w, m, r);
		else if (dice == 7 && i % 10 == 0)
			world_reopen(w);
		else
			compare_pages(w, m, r);
	}
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			pages_filters_versions_and_deletions_are_as_a_naive_model_says, world_new,
			world_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
