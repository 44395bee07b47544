#pragma once
/* A node whose vault is changed by chance, and what its armed set says of it: what the tests of that set share. */
#include "../test.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The gate's readers are people, the scanner's are formats; what knows both has them apart. */
#define reader log_reader
#include "match/scan.h"
#undef reader

#include "base/own.h"
#include "match/set_file.h"
#include "memo/grant.h"
#include "memo/user.h"
#include "node/armed_file.h"
#include "node/compile.h"
#include "node/init.h"
#include "node/layout.h"
#include "vault/quarantine.h"

enum { COLLECTIONS = 3, OBJECTS = 14, VERSIONS = 6, SHAPES = 12 };

struct fixture {
	char dir[48], path[80];
	struct node n;
	struct vault_batch *batch;
	uint32_t collection[COLLECTIONS];
	unsigned made; /* collections and users */
};

static const char *const identities[] = {"identity--aaaaaaaa-0000-4000-8000-000000000001",
	"identity--bbbbbbbb-0000-4000-8000-000000000002"};

static inline void
add_collection(struct fixture *f, unsigned c)
{
	char alias[20];
	snprintf(alias, sizeof alias, "c%u", f->made++);
	struct vault_collection made = {.id = uuid_v4(rng_system()),
		.alias = span_of(alias),
		.title = SPAN("t"),
		.never_leaves = f->made % 3 == 0};
	assert_rc(vault_collection_add(f->n.vault, &made, NULL), RC_OK);
	f->collection[c] = made.number;
}

static inline void
open_node(struct fixture *f)
{
	struct node_options options = {
		.dir = f->dir, .clock = clock_system(), .rng = rng_system(), .mode = STORE_WRITE};
	assert_rc(node_open(&f->n, &options, NULL), RC_OK);
	f->batch = vault_batch_new(f->n.vault);
}

static inline void
close_node(struct fixture *f)
{
	vault_batch_free(&f->batch);
	node_close(&f->n);
}

static inline int
open_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	snprintf(f->dir, sizeof f->dir, "/tmp/tocsin-armed-set-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	strcat(f->dir, "/n");
	snprintf(f->path, sizeof f->path, "%s/" LAYOUT_ARMED, f->dir);
	struct init_plan plan = {.name = SPAN("N"),
		.kind = SPAN("cert"),
		.country = SPAN("NO"),
		.clock = clock_system(),
		.rng = rng_system()};
	assert_rc(node_init(f->dir, &plan, NULL), RC_OK);
	open_node(f);
	for (unsigned c = 0; c < COLLECTIONS; c++)
		add_collection(f, c);
	*state = f;
	return 0;
}

static inline int
drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static inline int
close_fixture(void **state)
{
	struct fixture *f = *state;
	close_node(f);
	*strrchr(f->dir, '/') = 0;
	nftw(f->dir, drop, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* ---- what is put ---- */

/* Patterns of each kind of what arming has to say; o and v make it unlike any other. */
static inline void
pattern_of(char *out, size_t size, unsigned shape, unsigned o, unsigned v)
{
	switch (shape) {
	case 0: snprintf(out, size, "[domain-name:value = 'o%u-v%u.example']", o, v); return;
	case 1:
		snprintf(out, size,
			"[domain-name:value = 'o%u-v%u.example' OR url:value = "
			"'http://o%u-v%u.example/a' OR email-message:from_ref.value = "
			"'a@o%u-v%u.example']",
			o, v, o, v, o, v);
		return;
	case 2: /* much of the internet */
		snprintf(out, size,
			"[ipv4-addr:value = '%u.0.0.0/%u' OR domain-name:value = "
			"'o%u-v%u.example']",
			(o & 7) * 16, 3 + v % 2, o, v);
		return;
	case 3: /* a registry's suffix, and what lies below */
		snprintf(out, size,
			"[domain-name:value = 'co.uk' OR domain-name:value LIKE '%%.co.uk' OR "
			"domain-name:value = 'o%u-v%u.example']",
			o, v);
		return;
	case 4: snprintf(out, size, "[domain-name:value = 'o%u-v%u.example'", o, v); return;
	case 5: /* needs more than one comparison */
		snprintf(out, size, "[process:pid = %u AND network-traffic:dst_port = %u]", o + 1,
			v + 1);
		return;
	case 6: /* says one thing twice */
		snprintf(out, size,
			"[domain-name:value = 'o%u-v%u.example' OR domain-name:value = "
			"'O%u-V%u.example.']",
			o, v, o, v);
		return;
	case 7:
		snprintf(out, size,
			"[file:hashes.'SHA-256' = '%064x' OR domain-name:value = "
			"'o%u-v%u.example']",
			o * 100 + v, o, v);
		return;
	case 8: /* what no file holds */
		snprintf(out, size, "[file:name = 'o%u-v%u.exe']", o, v);
		return;
	case 10: /* seeing one of them is no hit */
		snprintf(out, size,
			"[domain-name:value = 'o%u-v%u.example'] FOLLOWEDBY [domain-name:value = "
			"'p%u.example']",
			o, v, o);
		return;
	case 9:
		snprintf(out, size,
			"[file:name = 'o%u-v%u.exe' OR domain-name:value = 'o%u-v%u.example']", o,
			v, o, v);
		return;
	default: snprintf(out, size, "rule o%u-v%u", o, v); return; /* of another language */
	}
}

static inline struct vault_result
put(struct fixture *f, unsigned c, unsigned o, unsigned v, unsigned mixed, bool remote)
{
	char pattern[400], text[1200], id[60], version[40];
	unsigned shape = mixed % SHAPES;
	bool revoked = mixed / SHAPES % 7 == 0;
	struct uuid mine[2];
	assert_rc(uuid_parse(span_sub(span_of(identities[0]), 10, SIZE_MAX), &mine[0]), RC_OK);
	assert_rc(uuid_parse(span_sub(span_of(identities[1]), 10, SIZE_MAX), &mine[1]), RC_OK);
	pattern_of(pattern, sizeof pattern, shape, o, v);
	snprintf(id, sizeof id, "indicator--%08x-0000-4000-8000-%012u", o * 2654435761U, o);
	snprintf(version, sizeof version, "2020-01-01T00:00:%02u.000Z", v);
	snprintf(text, sizeof text,
		"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"%s\",\"created\":"
		"\"2020-01-01T00:00:00.000Z\",\"modified\":\"%s\",\"pattern_type\":\"%s\","
		"\"pattern\":\"%s\",\"valid_from\":\"2020-01-01T00:00:00Z\",\"name\":\"n%u of %u\","
		"\"confidence\":%u%s}",
		id, version, shape == SHAPES - 1 ? "yara" : "stix", pattern, v, c, 10 * v,
		revoked ? ",\"revoked\":true" : "");
	struct vault_object object = {.id = span_of(id),
		.version = span_of(version),
		.version_at = (INT64_C(1577836800) + v) * SECOND,
		.created_at = INT64_C(1577836800) * SECOND,
		.creator = span_of(identities[o % 2]),
		.spec = VAULT_SPEC_2_1,
		.revoked = revoked,
		.tlp = (uint8_t)(c + v) % 5,
		.bytes = span_of(text)};
	struct vault_request request = {.collection = f->collection[c],
		.source = {.name = SPAN("local"), .power = VAULT_OPERATOR}};
	if (remote)
		request.source = (struct vault_source){.name = SPAN("sync:p"),
			.power = VAULT_REMOTE,
			.identities = &mine[0],
			.identity_count = 1,
			.bound = mine,
			.bound_count = 2};
	struct vault_result result = {};
	assert_rc(vault_put(f->n.vault, &request, &object, &result, NULL), RC_OK);
	return result;
}

static inline void
take_away(struct fixture *f, unsigned c, unsigned o, const unsigned *version)
{
	char id[60];
	uint64_t removed;
	int64_t at = 0;
	struct vault_filter filter = {};
	snprintf(id, sizeof id, "indicator--%08x-0000-4000-8000-%012u", o * 2654435761U, o);
	if (version) {
		at = (INT64_C(1577836800) + *version) * SECOND;
		filter.at = &at;
		filter.at_count = 1;
	}
	enum rc code =
		vault_delete(f->n.vault, f->collection[c], span_of(id), &filter, &removed, NULL);
	assert_true(code == RC_OK || code == RC_NONE);
}

static inline void
accept_one(struct fixture *f)
{
	own_arena struct arena a = {};
	struct vault_quarantined q;
	struct vault_result result;
	int64_t number = 0;
	enum rc code = vault_quarantine_next(f->n.vault, &number, &a, &q, NULL);
	if (code == RC_NONE)
		return;
	assert_rc(code, RC_OK);
	code = vault_quarantine_accept(f->n.vault, q.number, &result, NULL);
	if (code == RC_CONFLICT)
		code = vault_quarantine_drop(f->n.vault, q.number, NULL);
	assert_true(code == RC_OK || code == RC_NONE);
}

static inline void
change_users(struct fixture *f)
{
	char name[20];
	snprintf(name, sizeof name, "u%u", f->made++);
	struct user u = {.name = span_of(name), .roles = ROLE_READER};
	assert_rc(user_add(f->n.store, clock_system(), &u, NULL), RC_OK);
}

/* ---- what is armed ---- */

static inline int
text_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct found_lines {
	char *at[OBJECTS * VERSIONS * 8 + 400];
	size_t len;
};

static inline void
probe(const struct match_set *set, const struct found *found, struct span text,
	struct found_lines *lines)
{
	own_arena struct arena a = {};
	struct match_answers answers = {};
	match_set_probe(set, text, found, CONTEXT_PLAIN, &a, &answers);
	for (size_t i = 0; i < answers.len; i++) {
		char line[1000];
		struct indicator got = match_set_get(set, answers.at[i].item, &a);
		snprintf(line, sizeof line, "%.*s %d %.*s %.*s %.*s %.*s %d %d %d\n",
			(int)answers.at[i].seen.value.len, answers.at[i].seen.value.ptr,
			answers.at[i].match, (int)got.id.len, got.id.ptr, (int)got.name.len,
			got.name.ptr, (int)got.pattern.len, got.pattern.ptr, (int)got.tlp.len,
			got.tlp.ptr, got.confidence, (int)got.about.kind, got.part);
		assert_true(lines->len < sizeof lines->at / sizeof *lines->at);
		lines->at[lines->len++] = strdup(line);
	}
	free(answers.at);
}

/* Texts, which are compared and not looked up. */
static inline void
probe_texts(const struct match_set *set, struct found_lines *lines)
{
	struct scan scan;
	const struct hit *hit;
	scan_init(&scan, set, clock_system());
	for (unsigned o = 0; o < OBJECTS; o++)
		for (unsigned v = 0; v < VERSIONS; v++) {
			char text[60], line[1000];
			snprintf(text, sizeof text, "opened o%u-v%u.exe", o, v);
			struct field field = {.value = span_of(text)};
			struct record record = {.text = field.value,
				.time = TIME_NONE,
				.field = &field,
				.fields = 1};
			size_t count = scan_record(&scan, &record, SPAN("log"), &hit);
			for (size_t i = 0; i < count; i++) {
				snprintf(line, sizeof line, "%s %.*s %.*s %.*s %d\n", text,
					(int)hit[i].indicator.len, hit[i].indicator.ptr,
					(int)hit[i].name.len, hit[i].name.ptr, (int)hit[i].tlp.len,
					hit[i].tlp.ptr, hit[i].confidence);
				assert_true(lines->len < sizeof lines->at / sizeof *lines->at);
				lines->at[lines->len++] = strdup(line);
			}
		}
	scan_fini(&scan);
}

/* Everything that anything put could have armed, with what is said of it. */
static inline void
describe(const struct match_set *set, struct armed *a, struct buf *out)
{
	struct found_lines lines = {};
	for (unsigned o = 0; o < OBJECTS; o++)
		for (unsigned v = 0; v < VERSIONS; v++) {
			char name[40], text[120], digits[70];
			snprintf(name, sizeof name, "o%u-v%u.example", o, v);
			snprintf(text, sizeof text, "http://%s/a a@%s", name, name);
			struct found host = {.kind = OBS_DOMAIN,
				.value = span_of(name),
				.at = 7,
				.len = strlen(name)};
			probe(set, &host, span_of(text), &lines);
			host.at = 7 + strlen(name) + 5;
			probe(set, &host, span_of(text), &lines);
			snprintf(digits, sizeof digits, "%064x", o * 100 + v);
			probe(set, &(struct found){.kind = OBS_SHA256, .value = span_of(digits)},
				(struct span){}, &lines);
		}
	probe(set, &(struct found){.kind = OBS_DOMAIN, .value = SPAN("co.uk")}, (struct span){},
		&lines);
	for (unsigned i = 0; i < 16; i++)
		probe(set,
			&(struct found){.kind = OBS_IPV4,
				.addr = {.bits = 32, .byte = {(uint8_t)(i * 16), 1, 2, 3}}},
			(struct span){}, &lines);
	probe_texts(set, &lines);
	qsort(lines.at, lines.len, sizeof *lines.at, text_order);
	for (size_t i = 0; i < lines.len; i++) {
		buf_add(out, span_of(lines.at[i]));
		free(lines.at[i]);
	}
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		buf_printf(out, "%zu ", match_set_count_kind(set, k));
	const struct ioc_counts *c = armed_counts(a);
	buf_printf(out, "\narmed %llu repeated %llu unknown %llu revoked %llu older %llu ",
		(unsigned long long)c->armed, (unsigned long long)c->repeated,
		(unsigned long long)c->unknown, (unsigned long long)c->revoked,
		(unsigned long long)c->older);
	buf_printf(out, "compound %llu wanting %llu ", (unsigned long long)c->compound,
		(unsigned long long)c->wanting);
	buf_printf(out, "suffixes %llu foreign %llu partial %llu wide %llu %s\n",
		(unsigned long long)c->suffixes, (unsigned long long)c->foreign,
		(unsigned long long)c->partial, (unsigned long long)c->wide, c->widest);
	for (uint64_t i = 0; i < c->unknown && i < IOC_EXAMPLES; i++)
		buf_printf(out, "%s: %s\n", c->examples[i].where, c->examples[i].what);
	buf_add_byte(out, 0);
}

static inline struct armed_options
options_of(const struct fixture *f, bool anew)
{
	return (struct armed_options){
		.dir = f->dir, .clock = clock_system(), .rng = rng_system(), .anew = anew};
}

static inline struct armed *
open_armed(const struct fixture *f, bool anew)
{
	struct armed *a = NULL;
	struct armed_options options = options_of(f, anew);
	assert_rc(armed_open(&options, &a, NULL), RC_OK);
	return a;
}

static inline void
refresh(struct armed *a, struct match_set *set)
{
	struct diag why = {};
	if (armed_refresh(a, set, &why))
		fail_msg("%s: %s", why.where, why.what);
}

static inline void
describe_fresh(const struct fixture *f, bool anew, struct buf *out)
{
	struct armed *a = open_armed(f, anew);
	own_match_set struct match_set *set = match_set_new(anew ? 7 : 8);
	refresh(a, set);
	describe(set, a, out);
	/* Whatever it stands on goes with the set. */
	if (anew)
		assert_false(match_set_is_over(set));
	match_set_free(&set);
	armed_free(a);
}

static inline struct compile_state
look(struct fixture *f)
{
	struct compile_state state;
	assert_rc(compile_look(&f->n, &state, NULL), RC_OK);
	return state;
}

static inline void
compile(const struct fixture *f, bool anew)
{
	struct armed_options options = options_of(f, anew);
	struct diag why = {};
	enum rc code = compile_set(&options, NULL, &why);
	if (code && code != RC_NONE)
		fail_msg("%s: %s", why.where, why.what);
}

static inline void
compare(const struct buf *want, const struct buf *got, const char *which, unsigned step)
{
	if (!span_eq(buf_span(want), buf_span(got)))
		fail_msg("step %u: %s differs from arming anew\n%s\n---- anew\n%s", step, which,
			got->ptr, want->ptr);
}

static inline void
put_many(struct fixture *f, unsigned first, unsigned count)
{
	struct vault_request request = {.collection = f->collection[0],
		.source = {.name = SPAN("local"), .power = VAULT_OPERATOR}};
	own_arena struct arena a = {};
	vault_batch_reset(f->batch);
	vault_batch_request(f->batch, &request);
	for (unsigned i = first; i < first + count; i++) {
		struct span id = arena_printf(&a, "indicator--00000000-0000-4000-9000-%012u", i);
		struct vault_object o = {.id = id,
			.version = SPAN("2020-01-01T00:00:00.000Z"),
			.version_at = INT64_C(1577836800) * SECOND,
			.created_at = INT64_C(1577836800) * SECOND,
			.spec = VAULT_SPEC_2_1};
		o.bytes = arena_printf(&a,
			"{\"type\":\"indicator\",\"id\":\"%.*s\",\"pattern_type\":\"stix\","
			"\"pattern\":\"[domain-name:value = 'h%u.example']\"}",
			(int)id.len, id.ptr, i);
		assert_rc(vault_batch_add(f->batch, &o), RC_OK);
	}
	assert_rc(vault_batch_commit(f->batch, NULL), RC_OK);
}
