/* Versions, creators, revocation, conflicts: each rule of STIX 2.1 section 3.6 by name. */
#include "common.h"

#include "vault/quarantine.h"
#include "vault/status.h"

static struct uuid id_a, id_b;

static struct vault_source
remote(const char *name, const struct uuid *identity, size_t count)
{
	static struct uuid bound[2];
	assert_rc(uuid_parse(SPAN("aaaaaaaa-0000-4000-8000-000000000001"), &id_a), RC_OK);
	assert_rc(uuid_parse(SPAN("bbbbbbbb-0000-4000-8000-000000000002"), &id_b), RC_OK);
	bound[0] = id_a;
	bound[1] = id_b;
	return (struct vault_source){span_of(name), VAULT_REMOTE, identity, count, bound,
		sizeof bound / sizeof bound[0]};
}

static struct vault_source
unbound(const char *name)
{
	return (struct vault_source){.name = span_of(name), .power = VAULT_REMOTE};
}

static size_t
shown(struct world *w, unsigned which)
{
	int64_t stamps[100];
	struct vault_filter f = {.which = which};
	return page_stamps(w, &f, stamps, 100);
}

static void
exact_duplicates_are_successes_also_when_the_json_was_written_anew(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_object o = an_object(&a, 1, 5, "same");
	struct vault_result first = put(w, NULL, &o);
	assert_int_equal(first.verdict, VAULT_ADDED);
	struct vault_result again = put(w, NULL, &o);
	assert_int_equal(again.verdict, VAULT_DUPLICATE);
	assert_true(again.added == first.added);
	o.bytes = arena_printf(&a, " { \"x\" : 5, \"name\":\"s\\u0061me\",\n\"id\":\"%.*s\"}",
		(int)o.id.len, o.id.ptr);
	assert_int_equal(put(w, NULL, &o).verdict, VAULT_DUPLICATE);
	assert_int_equal(shown(w, VAULT_ALL), 1);
}

static void
other_content_under_the_same_version_is_a_conflict_and_never_overwrites(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_object o = an_object(&a, 1, 5, "first"), p = an_object(&a, 1, 5, "second");
	put(w, NULL, &o);
	struct vault_result got = put(w, NULL, &p);
	assert_int_equal(got.verdict, VAULT_QUARANTINED);
	assert_non_null(strstr(got.reason, "same version"));
	put(w, NULL, &p);
	uint64_t count;
	assert_rc(vault_quarantine_count(w->vault, &count, NULL), RC_OK);
	assert_int_equal(count, 1);
	struct vault_item item;
	assert_rc(vault_get(w->vault, o.id, &a, &item, NULL), RC_OK);
	assert_true(span_eq(item.object.bytes, o.bytes));
	struct vault_result result;
	struct diag why = {};
	assert_rc(vault_quarantine_accept(w->vault, 1, &result, &why), RC_CONFLICT);
	assert_rc(vault_quarantine_count(w->vault, &count, NULL), RC_OK);
	assert_int_equal(count, 1);
	uint64_t removed;
	assert_rc(vault_delete(w->vault, w->collection, o.id, NULL, &removed, NULL), RC_OK);
	assert_rc(vault_quarantine_accept(w->vault, 1, &result, &why), RC_OK);
	assert_int_equal(result.verdict, VAULT_ADDED);
	assert_rc(vault_get(w->vault, o.id, &a, &item, NULL), RC_OK);
	assert_true(span_eq(item.object.bytes, p.bytes));
	assert_rc(vault_quarantine_drop(w->vault, 1, NULL), RC_NONE);
}

static void
objects_without_versions_keep_one_constant_version(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_object o = an_object(&a, 9, -1, "address"),
			    p = an_object(&a, 9, -1, "variant");
	put(w, NULL, &o);
	w->now += 3600 * SECOND;
	assert_int_equal(put(w, NULL, &o).verdict, VAULT_DUPLICATE);
	assert_int_equal(put(w, NULL, &p).verdict, VAULT_QUARANTINED);
	struct vault_item item;
	assert_rc(vault_get(w->vault, o.id, &a, &item, NULL), RC_OK);
	assert_true(item.unversioned);
	assert_span(item.object.version, VAULT_UNVERSIONED);
	int64_t zero = 0, stamp;
	struct vault_filter f = {.at = &zero, .at_count = 1};
	assert_int_equal(page_stamps(w, &f, &stamp, 1), 1);
}

static void
only_the_bound_creator_versions_and_revokes(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_source alice = remote("user:alice", &id_a, 1),
			    bob = remote("user:bob", &id_b, 1);
	struct vault_object v1 = an_object(&a, 1, 1, "one"), v2 = an_object(&a, 1, 2, "two");
	struct vault_object end = an_object(&a, 1, 3, "gone");
	end.revoked = true;
	assert_int_equal(put(w, &alice, &v1).verdict, VAULT_ADDED);
	assert_int_equal(put(w, &bob, &v2).verdict, VAULT_QUARANTINED);
	assert_int_equal(put(w, &bob, &end).verdict, VAULT_QUARANTINED);
	assert_int_equal(
		put(w, NULL, &v2).verdict, VAULT_ADDED); /* the operator: bound list not given */
	struct vault_source operator= remote("local", NULL, 0);
	operator.power = VAULT_OPERATOR;
	assert_int_equal(put(w, &operator, & end).verdict, VAULT_QUARANTINED);
	assert_int_equal(put(w, &bob, &v1).verdict, VAULT_DUPLICATE);
	assert_int_equal(put(w, &alice, &end).verdict, VAULT_ADDED);
	assert_int_equal(shown(w, VAULT_ALL), 3);
	struct vault_item item;
	assert_rc(vault_get(w->vault, v1.id, &a, &item, NULL), RC_OK);
	assert_true(item.object.revoked);
}

static void
a_new_object_in_the_name_of_a_known_creator_is_not_taken_from_others(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_source bob = remote("user:bob", &id_b, 1);
	struct vault_object o = an_object(&a, 1, 1, "forged");
	assert_int_equal(put(w, &bob, &o).verdict, VAULT_QUARANTINED);
	assert_int_equal(shown(w, VAULT_ALL), 0);
	o.creator = SPAN(IDENTITY_B);
	assert_int_equal(put(w, &bob, &o).verdict, VAULT_ADDED);
}

static void
an_identity_object_is_its_bound_partys_alone(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_source alice = remote("user:alice", &id_a, 1),
			    bob = remote("user:bob", &id_b, 1);
	struct vault_object o = an_object(&a, 1, 1, "A"), p = an_object(&a, 1, 2, "not A");
	o.id = p.id = SPAN(IDENTITY_A);
	o.creator = p.creator = SPAN("");
	/* Neither brought first, nor versioned, nor taken by naming oneself its creator. */
	assert_int_equal(put(w, &bob, &o).verdict, VAULT_QUARANTINED);
	assert_int_equal(put(w, &alice, &o).verdict, VAULT_ADDED);
	assert_int_equal(put(w, &bob, &p).verdict, VAULT_QUARANTINED);
	assert_int_equal(put(w, &bob, &o).verdict, VAULT_DUPLICATE);
	p.creator = SPAN(IDENTITY_B);
	assert_int_equal(put(w, &bob, &p).verdict, VAULT_QUARANTINED);
	p.creator = SPAN("");
	assert_int_equal(put(w, &alice, &p).verdict, VAULT_ADDED);
	assert_int_equal(shown(w, VAULT_ALL), 2);
	/* One that nobody is bound to is nobody's, as before. */
	o.id = SPAN("identity--cccccccc-0000-4000-8000-000000000003");
	assert_int_equal(put(w, &bob, &o).verdict, VAULT_ADDED);
}

static void
an_observable_elsewhere_is_neither_in_the_way_nor_told(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_source one = unbound("sync:one"), two = unbound("user:two");
	struct vault_object o = an_object(&a, 1, -1, "one"), p = an_object(&a, 1, -1, "two");
	uint32_t main = w->collection;
	assert_int_equal(put(w, &one, &o).verdict, VAULT_ADDED);
	w->collection = world_collection(w, "second");
	/* Whether it lies in another collection, the answer is the same. */
	assert_int_equal(put(w, &two, &p).verdict, VAULT_ADDED);
	assert_int_equal(put(w, &two, &p).verdict, VAULT_DUPLICATE);
	assert_int_equal(put(w, &two, &o).verdict, VAULT_QUARANTINED);
	w->collection = main;
	assert_int_equal(put(w, &one, &o).verdict, VAULT_DUPLICATE);
	assert_int_equal(shown(w, VAULT_ALL), 1);
}

static void
older_versions_tell_what_is_kept_beside_the_newest(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_object v1 = an_object(&a, 1, 1, "v"), v2 = an_object(&a, 1, 2, "v");
	v1.tlp = 1, v1.privacy = 2;
	v2.tlp = 5, v2.privacy = 0;
	put(w, NULL, &v1);
	put(w, NULL, &v2);
	const struct vault_filter filters[] = {
		{.which = VAULT_ALL}, {.which = VAULT_ALL, .ids = &v1.id, .id_count = 1}};
	static const enum vault_want wants[] = {VAULT_FACTS, VAULT_BYTES, VAULT_SEND};
	static const struct vault_filter newest = {};
	for (size_t i = 0; i < 3; i++) {
		own_vault_page struct vault_page *p = NULL;
		struct vault_item item;
		assert_rc(vault_page_open(w->vault, w->collection, &newest, wants[i], &p, NULL),
			RC_OK);
		assert_rc(vault_page_next(p, &item, NULL), RC_OK);
		assert_true(item.object.tlp == 5 && item.newest_tlp == 5);
	}
	for (size_t i = 0; i < 2; i++) {
		own_vault_page struct vault_page *p = NULL;
		struct vault_item item;
		assert_rc(vault_page_open(
				  w->vault, w->collection, &filters[i], VAULT_BYTES, &p, NULL),
			RC_OK);
		for (int k = 0; k < 2; k++) {
			assert_rc(vault_page_next(p, &item, NULL), RC_OK);
			assert_int_equal(item.object.tlp, k == 0 ? 1 : 5);
			assert_int_equal(item.newest_tlp, 5);
			assert_int_equal(item.newest_privacy, 0);
		}
	}
}

static void
a_standing_gathers_the_newest_versions_copies(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_object v1 = an_object(&a, 1, 1, "v"), v2 = an_object(&a, 1, 2, "v");
	struct vault_standing s;
	struct vault_collection home = {
		.alias = SPAN("home"), .title = SPAN("Home"), .never_leaves = true};
	assert_rc(vault_collection_add(w->vault, &home, NULL), RC_OK);
	uint32_t main = w->collection;
	v1.tlp = 2, v1.class = 3;
	assert_rc(vault_standing(w->vault, v1.id, &s, NULL), RC_NONE);
	put(w, NULL, &v1);
	assert_rc(vault_standing(w->vault, v1.id, &s, NULL), RC_OK);
	assert_true(s.leaves && s.tlps == 1 << 2 && s.privacies == 1 && s.class == 3);
	v2.tlp = 4, v2.class = 3;
	w->collection = home.number;
	put(w, NULL, &v2);
	assert_rc(vault_standing(w->vault, v1.id, &s, NULL), RC_OK);
	assert_true(s.leaves && s.tlps == 1 << 4); /* an older version is in main still */
	w->collection = main;
	v2.tlp = 1; /* the same bytes, judged otherwise when they came there */
	put(w, NULL, &v2);
	assert_rc(vault_standing(w->vault, v1.id, &s, NULL), RC_OK);
	assert_true(s.tlps == (1 << 4 | 1 << 1));
	uint64_t removed;
	assert_rc(vault_delete(w->vault, main, v1.id, NULL, &removed, NULL), RC_OK);
	assert_rc(vault_standing(w->vault, v1.id, &s, NULL), RC_OK);
	assert_true(!s.leaves && s.tlps == 1 << 4);
}

static void
a_copy_from_outside_is_as_strict_as_those_that_lie_here(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_source one = unbound("sync:one"), eve = unbound("user:eve");
	struct vault_object strict = an_object(&a, 1, 1, "v"), weak = an_object(&a, 1, 1, "v");
	struct vault_standing s;
	uint64_t removed;
	strict.tlp = 5;
	put(w, &one, &strict);
	uint32_t main = w->collection;
	w->collection = world_collection(w, "second");
	assert_int_equal(put(w, &eve, &weak).verdict, VAULT_ADDED);
	assert_rc(vault_delete(w->vault, main, strict.id, NULL, &removed, NULL), RC_OK);
	assert_rc(vault_standing(w->vault, weak.id, &s, NULL), RC_OK);
	assert_true(s.tlps == 1 << 5);
	/* This node's operator knows better, if he says so. */
	w->collection = world_collection(w, "third");
	assert_int_equal(put(w, NULL, &weak).verdict, VAULT_ADDED);
	assert_rc(vault_standing(w->vault, weak.id, &s, NULL), RC_OK);
	assert_true(s.tlps == (1 << 5 | 1));
	/* Observables have no author: what lies elsewhere is not told by them. */
	struct vault_object here = an_object(&a, 2, -1, "v"), there = here;
	here.tlp = 5;
	put(w, &one, &here);
	w->collection = main;
	put(w, &eve, &there);
	assert_rc(vault_standing(w->vault, here.id, &s, NULL), RC_OK);
	assert_true(s.tlps == (1 << 5 | 1));
}

static void
versions_of_what_is_nobodys_come_from_who_brought_it(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_source one = unbound("sync:one"), two = unbound("sync:two");
	struct vault_object v[4];
	for (int i = 0; i < 4; i++)
		v[i] = an_object(&a, 1, i, "v");
	assert_int_equal(put(w, &one, &v[0]).verdict, VAULT_ADDED);
	assert_int_equal(put(w, &two, &v[0]).verdict, VAULT_DUPLICATE);
	assert_int_equal(put(w, &two, &v[1]).verdict, VAULT_QUARANTINED);
	/* Bringing unchanged bytes into another collection gives no right to version. */
	uint32_t main = w->collection;
	w->collection = world_collection(w, "second");
	assert_int_equal(put(w, &two, &v[0]).verdict, VAULT_ADDED);
	assert_int_equal(put(w, &two, &v[1]).verdict, VAULT_QUARANTINED);
	w->collection = main;
	assert_int_equal(put(w, &one, &v[2]).verdict, VAULT_ADDED);
	assert_int_equal(put(w, NULL, &v[3]).verdict, VAULT_ADDED);
}

static void
another_creator_or_creation_date_is_no_version(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_object v1 = an_object(&a, 1, 1, "v"), v2 = an_object(&a, 1, 2, "v");
	put(w, NULL, &v1);
	v2.creator = SPAN(IDENTITY_B);
	assert_int_equal(put(w, NULL, &v2).verdict, VAULT_QUARANTINED);
	v2.creator = SPAN("");
	assert_int_equal(put(w, NULL, &v2).verdict, VAULT_QUARANTINED);
	v2.creator = v1.creator;
	v2.created_at += 1;
	assert_int_equal(put(w, NULL, &v2).verdict, VAULT_QUARANTINED);
	v2.created_at = v1.created_at;
	assert_int_equal(put(w, NULL, &v2).verdict, VAULT_ADDED);
}

static void
revocation_is_final_but_earlier_versions_may_still_arrive(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_object v[6];
	for (int i = 0; i < 6; i++)
		v[i] = an_object(&a, 1, i, "v");
	v[3].revoked = v[1].revoked = true;
	put(w, NULL, &v[2]);
	assert_int_equal(put(w, NULL, &v[3]).verdict, VAULT_ADDED);
	struct vault_result late = put(w, NULL, &v[4]);
	assert_int_equal(late.verdict, VAULT_QUARANTINED);
	assert_non_null(strstr(late.reason, "revocation"));
	assert_int_equal(put(w, NULL, &v[0]).verdict, VAULT_ADDED);
	assert_int_equal(put(w, NULL, &v[1]).verdict, VAULT_QUARANTINED);
	struct vault_filter last = {};
	int64_t stamp;
	own_vault_page struct vault_page *p = NULL;
	struct vault_item item;
	assert_int_equal(page_stamps(w, &last, &stamp, 1), 1);
	assert_rc(vault_page_open(w->vault, w->collection, &last, VAULT_FACTS, &p, NULL), RC_OK);
	assert_rc(vault_page_next(p, &item, NULL), RC_OK);
	assert_true(item.object.revoked);
	assert_int_equal(item.object.bytes.len, 0);
}

static void
a_batch_is_judged_in_the_order_it_came(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	own_vault_batch struct vault_batch *b = vault_batch_new(w->vault);
	struct vault_request r = {.collection = w->collection,
		.source = {.name = SPAN("local"), .power = VAULT_OPERATOR}};
	vault_batch_request(b, &r);
	struct vault_object o[5];
	for (int i = 0; i < 5; i++)
		o[i] = an_object(&a, 1, i, "v");
	o[2].revoked = true;
	const int order[] = {1, 2, 2, 3, 0};
	const enum vault_verdict expected[] = {
		VAULT_ADDED, VAULT_ADDED, VAULT_DUPLICATE, VAULT_QUARANTINED, VAULT_ADDED};
	for (int i = 0; i < 5; i++)
		assert_rc(vault_batch_add(b, &o[order[i]]), RC_OK);
	assert_rc(vault_batch_refuse(b, SPAN("bad"), SPAN(""), "malformed"), RC_OK);
	assert_rc(vault_batch_commit(b, NULL), RC_OK);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(vault_batch_result(b, i)->verdict, expected[i]);
	assert_true(vault_batch_result(b, 2)->added == vault_batch_result(b, 1)->added);
	assert_true(vault_batch_result(b, 4)->added == vault_batch_result(b, 1)->added + 1);
	assert_string_equal(vault_batch_result(b, 5)->reason, "malformed");
	struct vault_counts c = vault_batch_counts(b);
	assert_true(c.added == 3 && c.duplicate == 1 && c.quarantined == 1 && c.refused == 1);
}

static void
stamps_rise_when_the_clock_is_set_back_and_after_deletion(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_object o = an_object(&a, 1, 1, "v"), p = an_object(&a, 2, 1, "v");
	int64_t one = put(w, NULL, &o).added;
	assert_true(one == w->now);
	w->now -= 86400 * SECOND;
	uint64_t removed;
	assert_rc(vault_delete(w->vault, w->collection, o.id, NULL, &removed, NULL), RC_OK);
	assert_int_equal(removed, 1);
	world_reopen(w);
	assert_true(put(w, NULL, &p).added == one + 1);
	int64_t last;
	assert_rc(vault_last(w->vault, &last, NULL), RC_OK);
	assert_true(last == one + 1);
}

static void
unusual_texts_of_ids_and_versions_come_back_byte_for_byte(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_object o = an_object(&a, 1, 1, "v");
	o.id = SPAN("x-Odd_type--ABCDEF01-1111-4111-8111-00000000000A");
	o.version = SPAN("2026-01-01T00:00:00.00100000Z");
	put(w, NULL, &o);
	struct vault_item item;
	assert_rc(vault_get(w->vault, SPAN("x-Odd_type--abcdef01-1111-4111-8111-00000000000a"), &a,
			  &item, NULL),
		RC_OK);
	assert_true(span_eq(item.object.id, o.id));
	assert_true(span_eq(item.object.version, o.version));
	assert_true(span_eq(item.object.bytes, o.bytes));
	assert_span(item.type, "x-Odd_type");
	/* The same instant with other digits is the same version. */
	o.version = SPAN("2026-01-01T00:00:00.001Z");
	assert_int_equal(put(w, NULL, &o).verdict, VAULT_DUPLICATE);
}

static void
malformed_ids_are_refused_alone(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	static const char *const bad[] = {"", "indicator", "--11111111-1111-4111-8111-111111111111",
		"indicator-11111111-1111-4111-8111-111111111111",
		"ind cator--11111111-1111-4111-8111-111111111111",
		"indicator--11111111-1111-4111-8111-11111111111"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct vault_object o = an_object(&a, 1, 1, "v");
		o.id = span_of(bad[i]);
		struct vault_result got = put(w, NULL, &o);
		assert_int_equal(got.verdict, VAULT_REFUSED);
		assert_non_null(got.reason);
	}
	assert_int_equal(shown(w, VAULT_ALL), 0);
}

static void
one_object_cannot_have_versions_without_end(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	own_vault_batch struct vault_batch *b = vault_batch_new(w->vault);
	struct vault_request r = {.collection = w->collection,
		.source = {.name = SPAN("local"), .power = VAULT_OPERATOR}};
	vault_batch_request(b, &r);
	for (int i = 0; i < 4100; i++) {
		struct vault_object o = an_object(&a, 1, i, "v");
		assert_rc(vault_batch_add(b, &o), RC_OK);
	}
	assert_rc(vault_batch_commit(b, NULL), RC_OK);
	struct vault_counts c = vault_batch_counts(b);
	assert_int_equal(c.added, 4096);
	assert_int_equal(c.refused, 4);
	assert_int_equal(shown(w, VAULT_LAST), 1);
}

static void
collections_have_unique_ids_and_aliases(void **state)
{
	struct world *w = *state;
	struct vault_collection c = {.alias = SPAN("main"), .title = SPAN("Again")}, found;
	assert_rc(vault_collection_add(w->vault, &c, NULL), RC_CONFLICT);
	c.alias = SPAN("Bad Alias");
	assert_rc(vault_collection_add(w->vault, &c, NULL), RC_BAD);
	c.alias = SPAN("11111111-1111-4111-8111-111111111111");
	assert_rc(vault_collection_add(w->vault, &c, NULL), RC_BAD);
	c.alias = SPAN("other");
	c.id = w->collection_id;
	assert_rc(vault_collection_add(w->vault, &c, NULL), RC_CONFLICT);
	assert_rc(vault_collection_find(w->vault, SPAN("main"), &found, NULL), RC_OK);
	char text[UUID_TEXT];
	uuid_text(&found.id, text);
	assert_rc(vault_collection_find(w->vault, span_of(text), &found, NULL), RC_OK);
	assert_span(found.alias, "main");
	assert_span(found.title, "Test");
	assert_rc(vault_collection_find(w->vault, SPAN("nope"), &found, NULL), RC_NONE);
	uint32_t number = 0;
	world_collection(w, "second");
	assert_rc(vault_collection_next(w->vault, &number, &found, NULL), RC_OK);
	assert_rc(vault_collection_next(w->vault, &number, &found, NULL), RC_OK);
	assert_span(found.alias, "second");
	assert_rc(vault_collection_next(w->vault, &number, &found, NULL), RC_NONE);
}

static void
removing_a_collection_takes_what_is_in_it_and_leaves_the_rest(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	uint32_t main = w->collection;
	for (unsigned i = 0; i < 3000; i += 1) {
		struct vault_object o = an_object(&a, i, 1, "v");
		if (i % 1000 == 0)
			put(w, NULL, &o);
	}
	w->collection = world_collection(w, "second");
	struct vault_object o = an_object(&a, 0, 1, "v"), bad = an_object(&a, 0, 1, "other");
	put(w, NULL, &o);
	put(w, NULL, &bad);
	assert_rc(vault_collection_remove(w->vault, w->collection, NULL), RC_OK);
	assert_rc(vault_collection_remove(w->vault, w->collection, NULL), RC_NONE);
	uint64_t versions, objects, count;
	assert_rc(vault_quarantine_count(w->vault, &count, NULL), RC_OK);
	assert_int_equal(count, 0);
	assert_rc(vault_collection_count(w->vault, main, &versions, &objects, NULL), RC_OK);
	assert_int_equal(versions, 3);
	assert_int_equal(objects, 3);
	assert_rc(
		vault_collection_count(w->vault, w->collection, &versions, &objects, NULL), RC_OK);
	assert_int_equal(versions, 0);
	struct vault_request r = {.collection = w->collection, .source = {.name = SPAN("local")}};
	struct vault_result result;
	assert_rc(vault_put(w->vault, &r, &o, &result, NULL), RC_NONE);
}

int
main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, world_new, world_free)
	const struct CMUnitTest tests[] = {
		ONE(exact_duplicates_are_successes_also_when_the_json_was_written_anew),
		ONE(other_content_under_the_same_version_is_a_conflict_and_never_overwrites),
		ONE(objects_without_versions_keep_one_constant_version),
		ONE(only_the_bound_creator_versions_and_revokes),
		ONE(a_new_object_in_the_name_of_a_known_creator_is_not_taken_from_others),
		ONE(an_identity_object_is_its_bound_partys_alone),
		ONE(an_observable_elsewhere_is_neither_in_the_way_nor_told),
		ONE(older_versions_tell_what_is_kept_beside_the_newest),
		ONE(a_standing_gathers_the_newest_versions_copies),
		ONE(a_copy_from_outside_is_as_strict_as_those_that_lie_here),
		ONE(versions_of_what_is_nobodys_come_from_who_brought_it),
		ONE(another_creator_or_creation_date_is_no_version),
		ONE(revocation_is_final_but_earlier_versions_may_still_arrive),
		ONE(a_batch_is_judged_in_the_order_it_came),
		ONE(stamps_rise_when_the_clock_is_set_back_and_after_deletion),
		ONE(unusual_texts_of_ids_and_versions_come_back_byte_for_byte),
		ONE(malformed_ids_are_refused_alone),
		ONE(one_object_cannot_have_versions_without_end),
		ONE(collections_have_unique_ids_and_aliases),
		ONE(removing_a_collection_takes_what_is_in_it_and_leaves_the_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
