/* Statuses, quarantine, search, plans of queries, upgrades, full disks. */
#include "common.h"

#include <sys/stat.h>

#include "vault/erase.h"
#include "vault/quarantine.h"
#include "vault/search.h"
#include "vault/sql.h"
#include "vault/status.h"

static struct uuid
a_status(unsigned number)
{
	struct uuid u = {};
	u.byte[6] = 0x40;
	u.byte[8] = 0x80;
	u.byte[15] = (uint8_t)number;
	return u;
}

static struct vault_request
a_request(struct world *w, const struct uuid *status)
{
	return (struct vault_request){.collection = w->collection,
		.source = {.name = SPAN("user:carol"), .power = VAULT_REMOTE},
		.status = status,
		.owner = SPAN("carol")};
}

static void
a_status_is_written_with_its_objects_and_survives_a_restart(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	own_vault_batch struct vault_batch *b = vault_batch_new(w->vault);
	struct uuid one = a_status(1), two = a_status(2);
	struct vault_request r = a_request(w, &one), s = a_request(w, &two);
	struct vault_object o = an_object(&a, 1, 1, "v"), bad = an_object(&a, 1, 1, "other"),
			    sco = an_object(&a, 2, -1, "sco");
	vault_batch_request(b, &r);
	assert_rc(vault_batch_add(b, &o), RC_OK);
	assert_rc(vault_batch_add(b, &o), RC_OK);
	assert_rc(vault_batch_add(b, &bad), RC_OK);
	assert_rc(vault_batch_refuse(b, SPAN("x--y"), SPAN("soon"), "created is no timestamp"),
		RC_OK);
	vault_batch_request(b, &s);
	assert_rc(vault_batch_add(b, &sco), RC_OK);
	assert_rc(vault_batch_commit(b, NULL), RC_OK);
	world_reopen(w);
	struct vault_status got;
	assert_rc(vault_status_get(w->vault, &one, SPAN("dave"), &a, &got, NULL), RC_NONE);
	assert_rc(vault_status_get(w->vault, &one, SPAN("carol"), &a, &got, NULL), RC_OK);
	assert_true(got.complete && got.total == 4 && got.successes == 2 && got.failures == 2);
	assert_true(got.pendings == 0 && got.requested == w->now);
	struct span rest = got.details;
	struct vault_status_detail d;
	assert_rc(vault_status_next(&rest, &d), RC_OK);
	assert_true(span_eq(d.id, o.id) && span_eq(d.version, o.version) && d.message.len == 0);
	assert_rc(vault_status_next(&rest, &d), RC_OK);
	assert_int_equal(d.verdict, VAULT_DUPLICATE);
	assert_rc(vault_status_next(&rest, &d), RC_OK);
	assert_int_equal(d.verdict, VAULT_QUARANTINED);
	assert_true(d.message.len > 0);
	assert_rc(vault_status_next(&rest, &d), RC_OK);
	assert_span(d.id, "x--y");
	assert_span(d.version, "soon");
	assert_span(d.message, "created is no timestamp");
	assert_rc(vault_status_next(&rest, &d), RC_NONE);
	assert_rc(vault_status_get(w->vault, &two, SPAN("carol"), &a, &got, NULL), RC_OK);
	rest = got.details;
	assert_rc(vault_status_next(&rest, &d), RC_OK);
	assert_span(d.version, VAULT_UNVERSIONED);
}

static void
a_pending_status_completes_once_and_never_goes_back(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct uuid one = a_status(1), lost = a_status(2);
	struct vault_request r = a_request(w, &one), l = a_request(w, &lost);
	struct vault_status got;
	assert_rc(vault_status_pend(w->vault, &r, 1, NULL), RC_OK);
	assert_rc(vault_status_pend(w->vault, &r, 1, NULL), RC_CONFLICT);
	assert_rc(vault_status_pend(w->vault, &l, 7, NULL), RC_OK);
	assert_rc(vault_status_get(w->vault, &one, SPAN("carol"), &a, &got, NULL), RC_OK);
	assert_true(!got.complete && got.pendings == 1);
	struct vault_object o = an_object(&a, 1, 1, "v");
	struct vault_result result;
	assert_rc(vault_put(w->vault, &r, &o, &result, NULL), RC_OK);
	assert_rc(vault_status_get(w->vault, &one, SPAN("carol"), &a, &got, NULL), RC_OK);
	assert_true(got.complete && got.successes == 1 && got.pendings == 0);
	w->now += SECOND;
	assert_rc(vault_status_tidy(w->vault, w->now, NULL), RC_OK);
	assert_rc(vault_status_get(w->vault, &one, SPAN("carol"), &a, &got, NULL), RC_OK);
	assert_int_equal(got.successes, 1);
	assert_rc(vault_status_get(w->vault, &lost, SPAN("carol"), &a, &got, NULL), RC_OK);
	assert_true(got.complete && got.failures == 7);
	struct span rest = got.details;
	struct vault_status_detail d;
	assert_rc(vault_status_next(&rest, &d), RC_OK);
	assert_true(d.message.len > 0);
	/* A day and an hour later they go, and not before a day has passed. */
	w->now += INT64_C(24) * 3600 * SECOND;
	assert_rc(vault_status_tidy(w->vault, 0, NULL), RC_OK);
	assert_rc(vault_status_get(w->vault, &one, SPAN("carol"), &a, &got, NULL), RC_OK);
	w->now += INT64_C(2) * 3600 * SECOND;
	assert_rc(vault_status_tidy(w->vault, 0, NULL), RC_OK);
	assert_rc(vault_status_get(w->vault, &one, SPAN("carol"), &a, &got, NULL), RC_NONE);
}

static void
statuses_are_kept_as_long_as_the_configuration_says(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct uuid one = a_status(1);
	struct vault_request r = a_request(w, &one);
	struct vault_status got;
	assert_rc(vault_status_pend(w->vault, &r, 1, NULL), RC_OK);
	vault_status_keep(w->vault, INT64_C(7) * 24 * 3600 * SECOND);
	w->now += INT64_C(6) * 24 * 3600 * SECOND;
	assert_rc(vault_status_tidy(w->vault, w->now, NULL), RC_OK);
	assert_rc(vault_status_get(w->vault, &one, SPAN("carol"), &a, &got, NULL), RC_OK);
	w->now += INT64_C(25) * 3600 * SECOND;
	assert_rc(vault_status_tidy(w->vault, w->now, NULL), RC_OK);
	assert_rc(vault_status_get(w->vault, &one, SPAN("carol"), &a, &got, NULL), RC_NONE);
}

static size_t
found(struct world *w, const char *text)
{
	own_vault_hits struct vault_hits *h = NULL;
	struct vault_item item;
	size_t count = 0;
	assert_rc(vault_search_open(w->vault, span_of(text), &h, NULL), RC_OK);
	while (vault_search_next(h, &item, NULL) == RC_OK)
		count++;
	return count;
}

static void
search_finds_words_phrases_and_scripts_without_blanks(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	static const char *const names[] = {"Campaign against evil.example.com",
		"Żółw phish \\u00e9tude", "東京電力を狙う攻撃", "هجوم على البنك",
		"198.51.100.7 scanner"};
	struct vault_object o;
	for (unsigned i = 0; i < 5; i++) {
		o = an_object(&a, i, 1, names[i]);
		put(w, NULL, &o);
	}
	assert_int_equal(found(w, "campaign"), 0);
	uint64_t behind;
	int64_t since;
	assert_rc(vault_search_lag(w->vault, &behind, &since, NULL), RC_OK);
	assert_int_equal(behind, 5);
	assert_true(since > 0);
	assert_rc(vault_search_fill(w->vault, 3, NULL), RC_OK);
	assert_rc(vault_search_lag(w->vault, &behind, &since, NULL), RC_OK);
	assert_int_equal(behind, 2);
	assert_rc(vault_search_fill(w->vault, 100, NULL), RC_OK);
	assert_rc(vault_search_fill(w->vault, 100, NULL), RC_NONE);
	assert_int_equal(found(w, "campaign AGAINST"), 1);
	assert_int_equal(found(w, "example.com"), 1);
	assert_int_equal(found(w, "\"against evil\""), 1);
	assert_int_equal(found(w, "\"evil against\""), 0);
	assert_int_equal(found(w, "ETUDE"), 1);
	assert_int_equal(found(w, "電力"), 1);
	assert_int_equal(found(w, "力電"), 0);
	assert_int_equal(found(w, "البنك"), 1);
	assert_int_equal(found(w, "198.51.100.7"), 1);
	assert_int_equal(found(w, "name NEAR * OR -x"), 0);
	own_vault_hits struct vault_hits *h = NULL;
	assert_rc(vault_search_open(w->vault, SPAN(" \"\" "), &h, NULL), RC_BAD);
	assert_rc(vault_search_open(w->vault, SPAN("\xff"), &h, NULL), RC_BAD);
}

static void
search_shows_last_versions_and_forgets_what_is_deleted(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_object one = an_object(&a, 1, 1, "first wording"),
			    two = an_object(&a, 1, 2, "second wording");
	put(w, NULL, &one);
	put(w, NULL, &two);
	assert_rc(vault_search_fill(w->vault, 100, NULL), RC_OK);
	assert_int_equal(found(w, "wording"), 1);
	assert_int_equal(found(w, "first"), 0);
	uint64_t removed;
	struct vault_filter f = {.at = &two.version_at, .at_count = 1};
	assert_rc(vault_delete(w->vault, w->collection, one.id, &f, &removed, NULL), RC_OK);
	assert_int_equal(removed, 1);
	assert_int_equal(found(w, "first"), 1);
	assert_int_equal(found(w, "second"), 0);
	assert_rc(vault_delete(w->vault, w->collection, one.id, NULL, &removed, NULL), RC_OK);
	assert_int_equal(found(w, "wording"), 0);
}

static void
quarantine_is_listed_with_reason_and_source(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_object o = an_object(&a, 1, 1, "v"), bad = an_object(&a, 1, 1, "other");
	struct vault_source carol = {.name = SPAN("user:carol"), .power = VAULT_REMOTE};
	bad.tlp = 3;
	bad.class = 2;
	put(w, &carol, &o);
	put(w, &carol, &bad);
	struct vault_quarantined q;
	int64_t number = 0;
	assert_rc(vault_quarantine_next(w->vault, &number, &a, &q, NULL), RC_OK);
	assert_span(q.source, "user:carol");
	assert_true(span_eq(q.id, bad.id) && span_eq(q.version, bad.version));
	assert_true(span_eq(q.object.bytes, bad.bytes) && span_eq(q.object.creator, bad.creator));
	assert_true(q.object.tlp == 3 && q.object.class == 2 && q.at == w->now);
	assert_true(q.object.version_at == bad.version_at && q.object.created_at == bad.created_at);
	assert_true(q.reason.len > 0 && q.collection == w->collection);
	assert_rc(vault_quarantine_next(w->vault, &number, &a, &q, NULL), RC_NONE);
	assert_rc(vault_quarantine_drop(w->vault, number, NULL), RC_OK);
	uint64_t count = 9;
	assert_rc(vault_quarantine_count(w->vault, &count, NULL), RC_OK);
	assert_int_equal(count, 0);
}

/* What each query must run on; the others are bounded by a key they name or read what is small. */
static const struct {
	enum vault_query query;
	const char *plan, *never;
} plans[] = {
	{SQL_GROUP,
		"SEARCH entry USING PRIMARY KEY (key=?)\nSEARCH object USING INTEGER PRIMARY KEY",
		"TEMP"},
	{SQL_KEY, "SEARCH entry USING PRIMARY KEY (key=?)", "SCAN"},
	{SQL_SET_LAST, "SEARCH object USING INTEGER PRIMARY KEY", "SCAN"},
	{SQL_ENTRY_DELETE, "SEARCH entry USING PRIMARY KEY (key=? AND added=?)", "SCAN"},
	{SQL_OBJECT_DELETE, "SEARCH object USING INTEGER PRIMARY KEY", "SCAN"},
	{SQL_BYTES, "SEARCH object USING INTEGER PRIMARY KEY", "SCAN"},
	{SQL_NEVER_LEAVES, "SEARCH collection USING INTEGER PRIMARY KEY", "SCAN"},
	{SQL_ONE_FACTS, "SEARCH object USING INTEGER PRIMARY KEY", "SCAN"},
	{SQL_ONE_BYTES, "SEARCH object USING INTEGER PRIMARY KEY", "SCAN"},
	{SQL_PAGE_FACTS,
		"SEARCH object USING INDEX object_page (collection=? AND last=? AND added>?)",
		"TEMP"},
	{SQL_PAGE_BYTES,
		"SEARCH object USING INDEX object_page (collection=? AND last=? AND added>?)",
		"TEMP"},
	{SQL_PAGE_SEND,
		"SEARCH object USING INDEX object_page (collection=? AND last=? AND added>?)",
		"TEMP"},
	{SQL_SCAN_SEND, "SEARCH object USING INTEGER PRIMARY KEY (rowid>?)", "TEMP"},
	{SQL_KIND_FACTS,
		"SEARCH object USING INDEX object_kind (collection=? AND kind=? AND last=? AND "
		"added>?)",
		"TEMP"},
	{SQL_KIND_BYTES,
		"SEARCH object USING INDEX object_kind (collection=? AND kind=? AND last=? AND "
		"added>?)",
		"TEMP"},
	{SQL_PRINT,
		"SEARCH object USING COVERING INDEX object_kind (collection=? AND kind=? AND "
		"last=?)",
		"SCAN"},
	{SQL_STAMPS,
		"SEARCH object USING COVERING INDEX object_kind (collection=? AND kind=? AND "
		"last=? AND added>?)",
		"TEMP"},
	{SQL_COUNT, "SEARCH object USING COVERING INDEX object_page (collection=?)", "SCAN"},
	{SQL_OF_COLLECTION, "SEARCH object USING INDEX object_page (collection=?)", "SCAN"},
	{SQL_FROM, "SEARCH object USING INTEGER PRIMARY KEY (rowid>?)", "TEMP"},
	{SQL_EVERYTHING, "SCAN object", "TEMP"},
	{SQL_STATUS_ALL, "SCAN status", "TEMP"},
	{SQL_STATUS_DELETE, "SEARCH status USING PRIMARY KEY (id=?)", "SCAN"},
	{SQL_FIRST, "SEARCH object USING INTEGER PRIMARY KEY (rowid>?)", "TEMP"},
	{SQL_BEHIND,
		"SEARCH object USING COVERING INDEX object_page (collection=? AND last=? AND "
		"added>?)",
		"TEMP"},
	{SQL_SEARCH, "VIRTUAL TABLE INDEX", "TEMP"},
	{SQL_STATUS_GET, "SEARCH status USING PRIMARY KEY (id=?)", "SCAN"},
	{SQL_STATUS_OLD, "SEARCH status USING", "SCAN"},
	{SQL_STATUS_PENDING, "SEARCH status USING", "SCAN"},
	{SQL_QUARANTINE_SAME, "SEARCH quarantine USING INDEX quarantine_digest (digest=?)", "SCAN"},
	{SQL_QUARANTINE_GET, "SEARCH quarantine USING INTEGER PRIMARY KEY", "SCAN"},
	{SQL_QUARANTINE_NEXT, "SEARCH quarantine USING INTEGER PRIMARY KEY (rowid>?)", "TEMP"},
	{SQL_QUARANTINE_DELETE, "SEARCH quarantine USING INTEGER PRIMARY KEY", "SCAN"},
};
/* No choice to make: plain inserts; and removal of a whole collection, which may read the table. */
static const enum vault_query planless[] = {SQL_INSERT, SQL_INSERT_MANY, SQL_ENTRY, SQL_ENTRY_MANY,
	SQL_SEARCH_ADD, SQL_SEARCH_DELETE, SQL_STATUS_PUT, SQL_QUARANTINE_PUT,
	SQL_STATUS_DELETE_COLLECTION, SQL_QUARANTINE_DELETE_COLLECTION};

static void
every_query_takes_the_index_meant_for_it(void **state)
{
	struct world *w = *state;
	bool seen[SQL_QUERIES] = {};
	for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
		own_buf struct buf plan = {};
		assert_rc(store_plan(w->store, vault_sql[plans[i].query], &plan, NULL), RC_OK);
		buf_add_byte(&plan, 0);
		print_message("# %s", plan.ptr);
		if (!strstr(plan.ptr, plans[i].plan) || strstr(plan.ptr, plans[i].never))
			fail_msg("%s\nplans %s", vault_sql[plans[i].query], plan.ptr);
		seen[plans[i].query] = true;
	}
	for (size_t i = 0; i < sizeof planless / sizeof planless[0]; i++)
		seen[planless[i]] = true;
	for (size_t i = 0; i < SQL_QUERIES; i++)
		if (!seen[i])
			fail_msg("no plan is asked for: %s", vault_sql[i]);
}

static void
readers_see_whole_batches_and_learn_of_commits(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	own_store struct store *s = world_store(w, STORE_READ);
	own_vault struct vault *reader = NULL;
	assert_rc(vault_open(s, (struct clock){world_now, &w->now}, &reader, NULL), RC_OK);
	struct vault_filter f = {};
	struct vault_item item;
	struct vault_object o[3];
	for (unsigned i = 0; i < 3; i++)
		o[i] = an_object(&a, i, 1, "v");
	put(w, NULL, &o[0]);
	put(w, NULL, &o[1]);
	vault_changed(reader);
	assert_false(vault_changed(reader));
	{
		own_vault_page struct vault_page *p = NULL;
		assert_rc(vault_page_open(reader, w->collection, &f, VAULT_BYTES, &p, NULL), RC_OK);
		assert_rc(vault_page_next(p, &item, NULL), RC_OK);
		uint64_t removed;
		assert_rc(vault_delete(w->vault, w->collection, o[1].id, NULL, &removed, NULL),
			RC_OK);
		put(w, NULL, &o[2]);
		/* The page's snapshot stays as it was. */
		assert_rc(vault_page_next(p, &item, NULL), RC_OK);
		assert_true(span_eq(item.object.bytes, o[1].bytes));
		f.after = item.added;
		assert_rc(vault_page_next(p, &item, NULL), RC_NONE);
	}
	assert_true(vault_changed(reader));
	own_vault_page struct vault_page *p = NULL;
	assert_rc(vault_page_open(reader, w->collection, &f, VAULT_BYTES, &p, NULL), RC_OK);
	assert_rc(vault_page_next(p, &item, NULL), RC_OK);
	assert_true(span_eq(item.object.bytes, o[2].bytes));
	assert_rc(vault_page_next(p, &item, NULL), RC_NONE);
}

static void
names_are_read_anew_after_a_restore_under_a_running_handle(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	struct vault_object one = an_object(&a, 1, 1, "v"), two = an_object(&a, 2, 1, "v"),
			    three = an_object(&a, 3, 1, "v");
	two.id = SPAN("x-two--22222222-2222-4222-8222-222222222222");
	three.id = SPAN("x-three--33333333-3333-4333-8333-333333333333");
	char backup[160];
	put(w, NULL, &one);
	snprintf(backup, sizeof backup, "%s/backup", w->folder);
	assert_rc(store_backup(w->store, backup, NULL), RC_OK);
	put(w, NULL, &two);
	own_store struct store *s = world_store(w, STORE_WRITE);
	own_vault struct vault *other = NULL;
	assert_rc(vault_open(s, (struct clock){world_now, &w->now}, &other, NULL), RC_OK);
	struct vault_item item;
	assert_rc(vault_get(other, two.id, &a, &item, NULL), RC_OK);
	assert_rc(store_restore(w->path, backup, schemas, NULL), RC_OK);
	/* The number that was x-two's is now x-three's; a stale cache would mix them up. */
	put(w, NULL, &three);
	assert_rc(vault_get(other, two.id, &a, &item, NULL), RC_NONE);
	assert_rc(vault_get(other, three.id, &a, &item, NULL), RC_OK);
	assert_true(span_eq(item.object.id, three.id));
}

static void
a_full_disk_is_said_and_nothing_is_half_there(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	own_store struct store *s = NULL;
	own_vault struct vault *v = NULL;
	struct store_options options = {
		.path = w->path, .mode = STORE_WRITE, .schemas = schemas, .max_pages = 60};
	assert_rc(store_open(&options, &s, NULL), RC_OK);
	assert_rc(vault_open(s, (struct clock){world_now, &w->now}, &v, NULL), RC_OK);
	own_vault_batch struct vault_batch *b = vault_batch_new(v);
	struct uuid status = a_status(1);
	struct vault_request r = a_request(w, &status);
	vault_batch_request(b, &r);
	for (unsigned i = 0; i < 3000; i++) {
		struct vault_object o =
			an_object(&a, i, 1, "a name that needs some room on its page");
		assert_rc(vault_batch_add(b, &o), RC_OK);
	}
	struct diag why = {};
	assert_rc(vault_batch_commit(b, &why), RC_FULL);
	assert_non_null(strstr(why.what, "space"));
	assert_true(strlen(why.todo) > 0);
	int64_t stamp;
	struct vault_filter f = {.which = VAULT_ALL};
	struct vault_status got;
	assert_int_equal(page_stamps(w, &f, &stamp, 1), 0);
	assert_rc(vault_status_get(v, &status, SPAN("carol"), &a, &got, NULL), RC_NONE);
	/* With room again the same batch goes through. */
	vault_close(&v);
	store_close(&s);
	own_vault_batch struct vault_batch *again = vault_batch_new(w->vault);
	vault_batch_request(again, &r);
	for (unsigned i = 0; i < 3000; i++) {
		struct vault_object o =
			an_object(&a, i, 1, "a name that needs some room on its page");
		assert_rc(vault_batch_add(again, &o), RC_OK);
	}
	assert_rc(vault_batch_commit(again, NULL), RC_OK);
	assert_int_equal(vault_batch_counts(again).added, 3000);
}

static uint64_t
held(struct world *w, struct span value)
{
	uint64_t count = 0;
	assert_rc(store_files_hold(w->store, value, &count, NULL), RC_OK);
	return count;
}

static void
erasure_leaves_the_value_in_no_table_index_or_file(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	static const char *const texts[] = {"mail of Vera.Muster@example.org",
		"vera.muster@EXAMPLE.org too", "\\u0076era.muster@example.org escaped",
		"somebody else"};
	for (unsigned i = 0; i < 400; i++) {
		struct vault_object o =
			an_object(&a, i, 1, i < 4 ? texts[i] : "filler about nothing much");
		put(w, NULL, &o);
	}
	struct vault_object older = an_object(&a, 0, 0, "older version"),
			    aside = an_object(&a, 3, 1, "other: vera.muster@example.org");
	struct vault_source vera = {
		.name = SPAN("user:vera.muster@example.org"), .power = VAULT_REMOTE};
	put(w, NULL, &older);
	put(w, &vera, &aside);
	struct uuid status = a_status(1);
	struct vault_request r = a_request(w, &status);
	own_vault_batch struct vault_batch *b = vault_batch_new(w->vault);
	vault_batch_request(b, &r);
	assert_rc(vault_batch_refuse(b, SPAN("x"), SPAN(""), "not of vera.muster@example.org"),
		RC_OK);
	assert_rc(vault_batch_commit(b, NULL), RC_OK);
	while (vault_search_fill(w->vault, 50, NULL) == RC_OK)
		;
	assert_int_equal(found(w, "vera.muster@example.org"), 3);
	assert_true(held(w, SPAN("vera.muster@example.org")) > 0);
	struct vault_erased e;
	assert_rc(vault_erase(w->vault, SPAN("ver"), &e, NULL), RC_BAD);
	struct diag why = {};
	if (vault_erase(w->vault, SPAN("vera.muster@example.org"), &e, &why) != RC_OK)
		fail_msg("%s", why.what);
	assert_int_equal(e.versions, 3);
	assert_int_equal(e.quarantined, 1);
	assert_int_equal(e.statuses, 1);
	assert_int_equal(e.remains, 0);
	assert_int_equal(held(w, SPAN("vera.muster@example.org")), 0);
	assert_int_equal(held(w, SPAN("\\u0076era.muster")), 0);
	assert_int_equal(found(w, "muster"), 0);
	assert_int_equal(found(w, "older version"), 1);
	assert_int_equal(found(w, "somebody"), 1);
	struct vault_item item;
	assert_rc(vault_get(w->vault, older.id, &a, &item, NULL), RC_OK);
	assert_true(item.last && span_eq(item.object.bytes, older.bytes));
	assert_rc(store_verify(w->store, NULL), RC_OK);
}

/* Version 1 of the tables, as they were: never edit it. */
static const char version_1[] =
	"create table store_schema(name text primary key, version integer not null) without rowid;"
	"insert into store_schema values('vault', 1);"
	"create table vault_state(one integer primary key check(one = 1), last integer not null,"
	"  epoch blob not null, seed integer not null, quarantined integer not null);"
	"insert into vault_state values(1, 1790000000000005, x'000102030405060708090a0b0c0d0e0f', "
	"77, 0);"
	"create table vault_name(number integer primary key, name text not null unique);"
	"insert into vault_name values(1, 'local'), (2, 'indicator');"
	"create table collection(number integer primary key autoincrement, id blob not null unique,"
	"  alias text not null unique, title text not null, description text not null,"
	"  never_leaves integer not null, made integer not null);"
	"insert into collection values(1, x'11111111111141118111111111111111', 'old', 'Old', '', "
	"0, 5);"
	"create table object(added integer primary key, collection integer not null,"
	"  last integer not null, kind integer not null, facts blob not null, bytes blob not null);"
	"create index object_page on object(collection, last, added);"
	"create index object_kind on object(collection, kind, last, added);"
	"insert into object values(1790000000000005, 1, 1, 2,"
	/* version and created 2026-01-01T00:00:00.000Z, uuid, creator, source 1, spec 21, class 3,
	 * tlp 2, privacy 1, revoked and creator, no texts */
	"  x'00402046484706000040204648470600"
	"22222222222242228222222222222222aaaaaaaa000040008000000000000001"
	"01000000150302010500000000000000',"
	"  cast('{\"name\":\"from the old days\"}' as blob));"
	"create table entry(key integer not null, added integer not null, primary key(key, added))"
	"  without rowid;"
	"create table status(id blob primary key, collection integer not null, owner text not null,"
	"  requested integer not null, complete integer not null, total integer not null,"
	"  successes integer not null, failures integer not null, details blob not null) without "
	"rowid;"
	"create index status_requested on status(requested);"
	"create table quarantine(number integer primary key autoincrement, at integer not null,"
	"  collection integer not null, source integer not null, reason text not null,"
	"  digest integer not null, id text not null, version text not null,"
	"  version_at integer not null, created integer, creator text not null, facts integer not "
	"null,"
	"  bytes blob not null);"
	"create index quarantine_digest on quarantine(digest);";

static void
the_first_version_of_the_tables_is_upgraded_with_all_that_is_in_it(void **state)
{
	struct world *w = *state;
	own_arena struct arena a = {};
	vault_close(&w->vault);
	store_close(&w->store);
	snprintf(w->path, sizeof w->path, "%s/old.db", w->folder);
	struct store_options o = {.path = w->path, .mode = STORE_CREATE};
	assert_rc(store_open(&o, &w->store, NULL), RC_OK);
	struct diag why = {};
	if (store_run(w->store, version_1, &why) != RC_OK)
		fail_msg("%s", why.what);
	store_close(&w->store);
	o.schemas = schemas;
	o.mode = STORE_WRITE;
	assert_rc(store_open(&o, &w->store, &why), RC_CONFLICT);
	char backup[160];
	snprintf(backup, sizeof backup, "%s/backup", w->folder);
	assert_rc(store_upgrade(w->path, backup, schemas, &why), RC_OK);
	struct stat st;
	assert_int_equal(stat(backup, &st), 0);
	world_reopen(w);
	struct vault_collection c;
	assert_rc(vault_collection_find(w->vault, SPAN("old"), &c, NULL), RC_OK);
	w->collection = c.number;
	struct vault_filter f = {};
	struct vault_item item;
	own_vault_page struct vault_page *p = NULL;
	assert_rc(vault_page_open(w->vault, c.number, &f, VAULT_BYTES, &p, NULL), RC_OK);
	assert_rc(vault_page_next(p, &item, NULL), RC_OK);
	assert_span(item.object.id, "indicator--22222222-2222-4222-8222-222222222222");
	assert_span(item.object.version, "2026-01-01T00:00:00.000Z");
	assert_span(item.object.creator, IDENTITY_A);
	assert_span(item.object.bytes, "{\"name\":\"from the old days\"}");
	assert_true(item.object.revoked && !item.unversioned && item.object.spec == VAULT_SPEC_2_1);
	assert_true(item.object.class == 3 && item.object.tlp == 2 && item.object.privacy == 1);
	vault_page_close(&p);
	assert_rc(vault_search_fill(w->vault, 10, NULL), RC_OK);
	assert_int_equal(found(w, "old days"), 1);
	struct vault_object fresh = an_object(&a, 5, 1, "v");
	assert_true(put(w, NULL, &fresh).added == INT64_C(1790000000000005) + 1);
}

int
main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, world_new, world_free)
	const struct CMUnitTest tests[] = {
		ONE(a_status_is_written_with_its_objects_and_survives_a_restart),
		ONE(a_pending_status_completes_once_and_never_goes_back),
		ONE(statuses_are_kept_as_long_as_the_configuration_says),
		ONE(search_finds_words_phrases_and_scripts_without_blanks),
		ONE(search_shows_last_versions_and_forgets_what_is_deleted),
		ONE(quarantine_is_listed_with_reason_and_source),
		ONE(every_query_takes_the_index_meant_for_it),
		ONE(readers_see_whole_batches_and_learn_of_commits),
		ONE(names_are_read_anew_after_a_restore_under_a_running_handle),
		ONE(a_full_disk_is_said_and_nothing_is_half_there),
		ONE(erasure_leaves_the_value_in_no_table_index_or_file),
		ONE(the_first_version_of_the_tables_is_upgraded_with_all_that_is_in_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
