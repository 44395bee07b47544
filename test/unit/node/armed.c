#include "../test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/armed.h"
#include "node/arrival.h"
#include "node/init.h"
#include "node/node.h"

enum { COLLECTIONS = 3, OBJECTS = 12, VERSIONS = 8 };

/* What lies in the vault, as the test put it there: versions of each object in each collection. */
struct model {
	bool there[COLLECTIONS][OBJECTS][VERSIONS];
	bool revoked[OBJECTS][VERSIONS];
};

struct fixture {
	char dir[40];
	struct node n;
	struct vault_batch *batch;
	uint32_t collection[COLLECTIONS];
	struct model model;
};

static void
add_collection(struct fixture *f, unsigned c)
{
	static const char *const alias[] = {"one", "two", "three"};
	struct vault_collection made = {
		.id = uuid_v4(rng_system()), .alias = span_of(alias[c]), .title = SPAN("t")};
	assert_rc(vault_collection_add(f->n.vault, &made, NULL), RC_OK);
	f->collection[c] = made.number;
}

static int
open_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct diag why = {};
	snprintf(f->dir, sizeof f->dir, "/tmp/tocsin-armed-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	strcat(f->dir, "/n");
	struct init_plan plan = {.name = SPAN("N"),
		.kind = SPAN("cert"),
		.country = SPAN("NO"),
		.clock = clock_system(),
		.rng = rng_system()};
	assert_rc(node_init(f->dir, &plan, &why), RC_OK);
	struct node_options options = {
		.dir = f->dir, .clock = clock_system(), .rng = rng_system(), .mode = STORE_WRITE};
	assert_rc(node_open(&f->n, &options, &why), RC_OK);
	f->batch = vault_batch_new(f->n.vault);
	for (unsigned c = 0; c < COLLECTIONS; c++)
		add_collection(f, c);
	*state = f;
	return 0;
}

static int
drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int
close_fixture(void **state)
{
	struct fixture *f = *state;
	vault_batch_free(&f->batch);
	node_close(&f->n);
	*strrchr(f->dir, '/') = 0;
	nftw(f->dir, drop, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static struct armed *
open_armed(struct fixture *f)
{
	struct armed *a = NULL;
	struct armed_options options = {
		.dir = f->dir, .clock = clock_system(), .rng = rng_system()};
	assert_rc(armed_open(&options, &a, NULL), RC_OK);
	return a;
}

/* One version of an object; its pattern names a host of this version alone. */
static void
put(struct fixture *f, unsigned c, unsigned object, unsigned version, bool revoked)
{
	char text[900];
	struct parcel *p = parcel_new();
	snprintf(text, sizeof text,
		"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--00000000-"
		"0000-4000-8000-%012u\",\"created\":\"2020-01-01T00:00:00.000Z\",\"modified\":"
		"\"2020-01-01T00:00:%02u.000Z\",\"pattern_type\":\"stix\",\"pattern\":\"["
		"domain-name:value = 'o%u-v%u.example']\",\"valid_from\":"
		"\"2020-01-01T00:00:00Z\"%s}",
		object, version, object, version, revoked ? ",\"revoked\":true" : "");
	p->collection = f->collection[c];
	p->source = (struct vault_source){.name = SPAN("local"), .power = VAULT_OPERATOR};
	parcel_add(p, span_of(text));
	assert_rc(parcel_store(f->n.vault, f->batch, &p, 1, NULL), RC_OK);
	const struct vault_result *r = vault_batch_result(f->batch, p->items.at[0].result);
	if (r->verdict == VAULT_ADDED) {
		f->model.there[c][object][version] = true;
		f->model.revoked[object][version] = revoked;
	}
	parcel_free(p);
}

static void
take_away(struct fixture *f, unsigned c, unsigned object, const unsigned *version)
{
	char id[60];
	uint64_t removed;
	snprintf(id, sizeof id, "indicator--00000000-0000-4000-8000-%012u", object);
	int64_t at = 0;
	struct vault_filter filter = {};
	if (version) {
		at = INT64_C(1577836800) * SECOND + *version * SECOND;
		filter.at = &at;
		filter.at_count = 1;
	}
	enum rc code =
		vault_delete(f->n.vault, f->collection[c], span_of(id), &filter, &removed, NULL);
	assert_true(code == RC_OK || code == RC_NONE);
	for (unsigned v = 0; v < VERSIONS; v++)
		if (!version || *version == v)
			f->model.there[c][object][v] = false;
}

static bool
knows(const struct match_set *set, unsigned object, unsigned version)
{
	own_arena struct arena a = {};
	struct match_answers answers = {};
	char name[40];
	snprintf(name, sizeof name, "o%u-v%u.example", object, version);
	struct found found = {.kind = OBS_DOMAIN, .value = span_of(name)};
	match_set_probe(set, (struct span){}, &found, CONTEXT_PLAIN, &a, &answers);
	free(answers.at);
	assert_true(answers.len < 2);
	return answers.len;
}

static void
check(struct fixture *f, const struct match_set *set, unsigned step)
{
	size_t armed = 0;
	for (unsigned o = 0; o < OBJECTS; o++) {
		unsigned newest = VERSIONS;
		for (unsigned v = 0; v < VERSIONS; v++)
			for (unsigned c = 0; c < COLLECTIONS; c++)
				if (f->model.there[c][o][v])
					newest = v;
		for (unsigned v = 0; v < VERSIONS; v++) {
			bool want = v == newest && !f->model.revoked[o][v];
			armed += want;
			if (knows(set, o, v) != want)
				fail_msg("step %u: object %u version %u is %s", step, o, v,
					want ? "missing" : "armed");
		}
	}
	assert_int_equal(match_set_count(set), armed);
}

static void
what_is_armed_is_what_lies_there_whatever_happens_to_it(void **state)
{
	struct fixture *f = *state;
	struct armed *live = open_armed(f);
	own_match_set struct match_set *set = match_set_new(1);
	const char *given = getenv("TOCSIN_SEED");
	unsigned seed = given ? (unsigned)atoi(given) : (unsigned)getpid();
	print_message("# seed %u\n", seed);
	srandom(seed);
	for (unsigned step = 0; step < 600; step++) {
		unsigned c = (unsigned)random() % COLLECTIONS, o = (unsigned)random() % OBJECTS,
			 v = (unsigned)random() % VERSIONS;
		switch (random() % 16) {
		case 0: take_away(f, c, o, NULL); break;
		case 1: take_away(f, c, o, &v); break;
		case 2:
			if (random() % 4)
				break;
			assert_rc(
				vault_collection_remove(f->n.vault, f->collection[c], NULL), RC_OK);
			memset(f->model.there[c], 0, sizeof f->model.there[c]);
			add_collection(f, c);
			break;
		default: put(f, c, o, v, random() % 8 == 0);
		}
		if (random() % 3)
			continue;
		assert_rc(armed_refresh(live, set, NULL), RC_OK);
		check(f, set, step);
	}
	/* And a scan that begins now sees the same. */
	struct armed *fresh = open_armed(f);
	own_match_set struct match_set *other = match_set_new(2);
	assert_rc(armed_refresh(live, set, NULL), RC_OK);
	assert_rc(armed_refresh(fresh, other, NULL), RC_OK);
	check(f, set, 600);
	check(f, other, 600);
	armed_free(live);
	armed_free(fresh);
}

static void
many_are_armed_in_the_order_they_came(void **state)
{
	struct fixture *f = *state;
	enum { MANY = 5000 };
	struct parcel *p = parcel_new();
	p->collection = f->collection[0];
	p->source = (struct vault_source){.name = SPAN("local"), .power = VAULT_OPERATOR};
	for (unsigned i = 0; i < MANY; i++) {
		char text[700];
		snprintf(text, sizeof text,
			"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--"
			"00000000-0000-4000-9000-%012u\",\"created\":\"2020-01-01T00:00:00.000Z\","
			"\"modified\":\"2020-01-01T00:00:00.000Z\",\"pattern_type\":\"%s\","
			"\"pattern\":\"[domain-name:value = 'h%u.example' OR url:value = "
			"'http://h%u.example/a']\",\"valid_from\":\"2020-01-01T00:00:00Z\","
			"\"object_marking_refs\":[\"marking-definition--bab4a63c-aed9-4cf5-a766-"
			"dfca5abac2bb\"],\"created_by_ref\":\"identity--f431f809-377b-45e0-aa1c-"
			"6a4751cae5ff\",\"confidence\":40,\"name\":\"n\"}",
			i, i % 10 ? "stix" : "yara", i, i);
		parcel_add_copy(p, span_of(text));
	}
	assert_rc(parcel_store(f->n.vault, f->batch, &p, 1, NULL), RC_OK);
	parcel_free(p);
	struct armed *a = open_armed(f);
	own_match_set struct match_set *set = match_set_new(3);
	own_arena struct arena mem = {};
	assert_rc(armed_refresh(a, set, NULL), RC_OK);
	assert_int_equal(match_set_count(set), MANY / 10 * 9 * 2);
	assert_int_equal(armed_counts(a)->foreign, MANY / 10);
	assert_int_equal(armed_counts(a)->armed, MANY / 10 * 9 * 2);
	/* Of each a name, a URL and a note of its host. */
	for (uint32_t i = 0, number = 0; number < MANY; number++) {
		char id[60];
		if (number % 10 == 0)
			continue;
		snprintf(id, sizeof id, "indicator--00000000-0000-4000-9000-%012u", number);
		struct indicator got = match_set_get(set, i, &mem);
		assert_int_equal(got.id.len, strlen(id));
		assert_memory_equal(got.id.ptr, id, got.id.len);
		assert_span(got.tlp, "green");
		assert_span(got.party, "identity--f431f809-377b-45e0-aa1c-6a4751cae5ff");
		assert_span(got.name, "n");
		assert_int_equal(got.confidence, 40);
		i += 3;
	}
	armed_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_is_armed_is_what_lies_there_whatever_happens_to_it, open_fixture,
			close_fixture),
		cmocka_unit_test_setup_teardown(
			many_are_armed_in_the_order_they_came, open_fixture, close_fixture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
