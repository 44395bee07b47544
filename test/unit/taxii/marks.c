#include "../test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memo/facts.h"
#include "taxii/marks.h"
#include "taxii/parcel.h"

#define STATEMENT "marking-definition--00000000-0000-4000-8000-000000000001"
#define OTHER "marking-definition--00000000-0000-4000-8000-000000000002"
#define MARKING(id, kind) \
	"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"" id \
	"\",\"created\":\"2020-01-01T00:00:00.000Z\",\"definition_type\":\"" kind \
	"\",\"definition\":{\"" kind "\":\"x\"}}"
#define MALWARE(number, refs) \
	"{\"type\":\"malware\",\"spec_version\":\"2.1\",\"id\":\"malware--00000000-0000-4000-" \
	"8000-" \
	"00000000000" number "\",\"created\":\"2020-01-01T00:00:00.000Z\"," \
	"\"modified\":\"2020-01-01T00:00:00.000Z\",\"name\":\"x\",\"is_family\":true," \
	"\"object_marking_refs\":[\"" refs "\"]}"
#define GREEN "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"

struct fixture {
	char folder[32], path[64];
	struct store *s;
	struct vault *v;
	struct vault_batch *b;
	uint32_t collection;
	struct arena a;
};

static int
open_fixture(void **state)
{
	static const struct store_schema *const schemas[] = {&vault_schema, NULL};
	struct fixture *f = calloc(1, sizeof *f);
	snprintf(f->folder, sizeof f->folder, "/tmp/tocsin-node-XXXXXX");
	if (!mkdtemp(f->folder))
		return -1;
	snprintf(f->path, sizeof f->path, "%s/db", f->folder);
	struct store_options options = {.path = f->path, .mode = STORE_CREATE, .schemas = schemas};
	struct vault_collection c = {
		.id = uuid_v4(rng_system()), .alias = SPAN("c"), .title = SPAN("c")};
	assert_rc(store_open(&options, &f->s, NULL), RC_OK);
	assert_rc(vault_open(f->s, clock_system(), &f->v, NULL), RC_OK);
	assert_rc(vault_collection_add(f->v, &c, NULL), RC_OK);
	f->collection = c.number;
	f->b = vault_batch_new(f->v);
	*state = f;
	return 0;
}

static int
close_fixture(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	struct fixture *f = *state;
	char path[80];
	vault_batch_free(&f->b);
	vault_close(&f->v);
	store_close(&f->s);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
		unlink(path);
	}
	rmdir(f->folder);
	arena_fini(&f->a);
	free(f);
	return 0;
}

static void
arrive(struct fixture *f, const char *source, const char *const *texts)
{
	struct parcel *p = parcel_new();
	struct diag why = {};
	p->collection = f->collection;
	p->source = (struct vault_source){.name = span_of(source)};
	for (; *texts; texts++)
		parcel_add(p, span_of(*texts));
	assert_rc(parcel_store(f->v, f->b, &p, 1, &why), RC_OK);
	for (size_t i = 0; i < p->items.len; i++) {
		const struct vault_result *r = vault_batch_result(f->b, p->items.at[i].result);
		assert_true(r->verdict == VAULT_ADDED || r->verdict == VAULT_DUPLICATE);
	}
	parcel_free(p);
}

static struct vault_item
stored(struct fixture *f, const char *id)
{
	struct vault_item item;
	assert_rc(vault_get(f->v, span_of(id), &f->a, &item, NULL), RC_OK);
	return item;
}

static enum tlp
level(struct fixture *f, char number)
{
	char id[] = "malware--00000000-0000-4000-8000-00000000000N";
	id[sizeof id - 2] = number;
	return (enum tlp)stored(f, id).object.tlp;
}

static void
a_statement_that_comes_with_an_object_leaves_it_unmarked(void **state)
{
	struct fixture *f = *state;
	arrive(f, "user:mitre",
		(const char *const[]){MALWARE("1", STATEMENT),
			MALWARE("2", STATEMENT "\",\"" GREEN), MARKING(STATEMENT, "statement"),
			MALWARE("3", OTHER), MALWARE("4", GREEN), NULL});
	assert_int_equal(level(f, '1'), TLP_NONE);
	assert_int_equal(level(f, '2'), TLP_GREEN);
	assert_int_equal(level(f, '3'), TLP_RED);
	assert_int_equal(level(f, '4'), TLP_GREEN);
	/* Whoever reads page by page meets the marking first. */
	assert_true(stored(f, STATEMENT).added <
		    stored(f, "malware--00000000-0000-4000-8000-000000000001").added);
}

static void
a_marking_of_a_kind_we_do_not_understand_stays_red(void **state)
{
	struct fixture *f = *state;
	arrive(f, "user:mitre",
		(const char *const[]){MARKING(OTHER, "iep"), MALWARE("1", OTHER), NULL});
	assert_int_equal(level(f, '1'), TLP_RED);
}

/* Else anybody could lift a restriction by bringing a statement under its id. */
static void
a_statement_counts_only_from_who_brings_the_object_or_from_here(void **state)
{
	struct fixture *f = *state;
	arrive(f, "user:eve", (const char *const[]){MARKING(STATEMENT, "statement"), NULL});
	arrive(f, "user:mitre", (const char *const[]){MALWARE("1", STATEMENT), NULL});
	arrive(f, "user:eve", (const char *const[]){MALWARE("2", STATEMENT), NULL});
	assert_int_equal(level(f, '1'), TLP_RED);
	assert_int_equal(level(f, '2'), TLP_NONE);
	arrive(f, "local", (const char *const[]){MARKING(OTHER, "statement"), NULL});
	arrive(f, "user:mitre", (const char *const[]){MALWARE("3", OTHER), NULL});
	assert_int_equal(level(f, '3'), TLP_NONE);
}

static void
what_is_kept_beside_an_object_are_the_gates_facts(void **state)
{
	struct fixture *f = *state;
	static const char text[] =
		"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":"
		"\"indicator--00000000-0000-4000-8000-000000000001\","
		"\"created\":\"2020-01-01T00:00:00.000Z\",\"modified\":\"2020-01-01T00:00:00."
		"000Z\","
		"\"valid_from\":\"2020-01-01T00:00:00.000Z\",\"pattern_type\":\"stix\","
		"\"pattern\":\"[email-addr:value = 'a@b.example']\"}";
	arrive(f, "local", (const char *const[]){text, NULL});
	struct vault_object o = stored(f, "indicator--00000000-0000-4000-8000-000000000001").object;
	assert_int_equal(o.class, STIX_CLASS_INDICATOR);
	assert_int_equal(o.tlp, TLP_NONE);
	assert_int_equal(o.privacy, PRIVACY_PERSON);
}

#define RED "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
#define DATES \
	"\"spec_version\":\"2.1\",\"created\":\"2020-01-01T00:00:00.000Z\",\"modified\":" \
	"\"2020-01-01T00:00:00.000Z\","
#define SCO(type, number, rest) \
	"{\"type\":\"" type "\",\"spec_version\":\"2.1\",\"id\":\"" type \
	"--00000000-0000-4000-8000-00000000000" number "\"," rest "}"
#define ADDRESS(number) SCO("ipv4-addr", number, "\"value\":\"198.51.100." number "\"")
#define REF(type, number) "\"" type "--00000000-0000-4000-8000-00000000000" number "\""
#define OBSERVED(number, mark, refs) \
	"{\"type\":\"observed-data\",\"id\":\"observed-data--00000000-0000-4000-8000-" \
	"00000000000" number "\"," DATES \
	"\"first_observed\":\"2020-01-01T00:00:00Z\",\"last_observed\":" \
	"\"2020-01-01T00:00:00Z\",\"number_observed\":1,\"object_marking_refs\":[\"" mark \
	"\"],\"object_refs\":[" refs "]}"

static enum tlp
level_of(struct fixture *f, const char *type, const char *number)
{
	char id[80];
	snprintf(id, sizeof id, "%s--00000000-0000-4000-8000-00000000000%s", type, number);
	return (enum tlp)stored(f, id).object.tlp;
}

/* The address is what the RED report is about, though only the report is marked. */
static void
observables_in_red_company_alone_are_kept_as_red(void **state)
{
	struct fixture *f = *state;
	arrive(f, "user:mitre",
		(const char *const[]){ADDRESS("1"), ADDRESS("2"), ADDRESS("3"), ADDRESS("4"),
			ADDRESS("5"), ADDRESS("6"),
			SCO("domain-name", "1",
				"\"value\":\"a.example\",\"resolves_to_refs\":[" REF(
					"ipv4-addr", "4") "]"),
			SCO("domain-name", "2",
				"\"value\":\"b.example\",\"resolves_to_refs\":[" REF(
					"ipv4-addr", "5") "]"),
			OBSERVED("1", RED,
				REF("ipv4-addr", "1") "," REF("ipv4-addr", "2") "," REF(
					"domain-name", "1") "," REF("ipv4-addr", "5")),
			OBSERVED("2", GREEN, REF("ipv4-addr", "2") "," REF("domain-name", "2")),
			NULL});
	assert_int_equal(level_of(f, "ipv4-addr", "1"), TLP_RED);
	assert_int_equal(level_of(f, "domain-name", "1"), TLP_RED);
	assert_int_equal(level_of(f, "ipv4-addr", "4"), TLP_RED);  /* named by what is RED so */
	assert_int_equal(level_of(f, "ipv4-addr", "2"), TLP_NONE); /* GREEN names it as well */
	assert_int_equal(level_of(f, "ipv4-addr", "5"), TLP_NONE); /* through the domain */
	assert_int_equal(level_of(f, "ipv4-addr", "3"), TLP_NONE); /* named by nothing */
	assert_int_equal(level_of(f, "domain-name", "2"), TLP_NONE);
	/* One that comes three times over is one. */
	arrive(f, "user:mitre",
		(const char *const[]){ADDRESS("8"), ADDRESS("8"), ADDRESS("8"),
			OBSERVED("4", RED, REF("ipv4-addr", "8")), NULL});
	assert_int_equal(level_of(f, "ipv4-addr", "8"), TLP_RED);
	/* Without RED in its company nothing is. */
	arrive(f, "user:mitre",
		(const char *const[]){
			ADDRESS("7"), OBSERVED("3", GREEN, REF("ipv4-addr", "7")), NULL});
	assert_int_equal(level_of(f, "ipv4-addr", "7"), TLP_NONE);
}

/* What a later marking-definition would change is not changed: the object was judged when it came. */
static void
marks_of_a_stored_item_are_those_stored_before_it(void **state)
{
	struct fixture *f = *state;
	arrive(f, "user:mitre", (const char *const[]){MARKING(STATEMENT, "statement"), NULL});
	arrive(f, "user:mitre",
		(const char *const[]){MALWARE("1", STATEMENT), MALWARE("2", OTHER), NULL});
	arrive(f, "user:mitre", (const char *const[]){MARKING(OTHER, "statement"), NULL});
	arrive(f, "user:eve", (const char *const[]){MALWARE("3", STATEMENT), NULL});
	static const struct {
		const char *object, *mark;
		bool known;
	} cases[] = {{"malware--00000000-0000-4000-8000-000000000001", STATEMENT, true},
		{"malware--00000000-0000-4000-8000-000000000002", OTHER, false},
		{"malware--00000000-0000-4000-8000-000000000003", STATEMENT, false}};
	for (size_t i = 0; i < 3; i++) {
		struct vault_item item = stored(f, cases[i].object);
		struct marks *m = marks_of(f->v, &item);
		struct stix_resolver r = marks_resolver(m);
		assert_int_equal(
			stix_tlp_of_mark(span_of(cases[i].mark), &r).unknown, !cases[i].known);
		marks_free(m);
	}
}

int
main(void)
{
#define with(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)
	const struct CMUnitTest tests[] = {
		with(a_statement_that_comes_with_an_object_leaves_it_unmarked),
		with(a_marking_of_a_kind_we_do_not_understand_stays_red),
		with(a_statement_counts_only_from_who_brings_the_object_or_from_here),
		with(observables_in_red_company_alone_are_kept_as_red),
		with(marks_of_a_stored_item_are_those_stored_before_it),
		with(what_is_kept_beside_an_object_are_the_gates_facts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
