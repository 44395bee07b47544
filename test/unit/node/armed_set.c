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

/*
 * A node's set and what came since must be what arming anew gives, whatever happened in between: histories of
 * chance, in which three sets are compared after each step - one that has lived all along, one that begins
 * now on the file that is there, and one that begins now without.
 */

enum { COLLECTIONS = 3, OBJECTS = 14, VERSIONS = 6, SHAPES = 12, MANY = 3000 };

struct fixture {
	char dir[48], path[80];
	struct node n;
	struct vault_batch *batch;
	uint32_t collection[COLLECTIONS];
	unsigned made; /* collections and users */
};

static const char *const identities[] = {"identity--aaaaaaaa-0000-4000-8000-000000000001",
	"identity--bbbbbbbb-0000-4000-8000-000000000002"};

static void
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

static void
open_node(struct fixture *f)
{
	struct node_options options = {
		.dir = f->dir, .clock = clock_system(), .rng = rng_system(), .mode = STORE_WRITE};
	assert_rc(node_open(&f->n, &options, NULL), RC_OK);
	f->batch = vault_batch_new(f->n.vault);
}

static void
close_node(struct fixture *f)
{
	vault_batch_free(&f->batch);
	node_close(&f->n);
}

static int
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
	close_node(f);
	*strrchr(f->dir, '/') = 0;
	nftw(f->dir, drop, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* ---- what is put ---- */

/* Patterns of each kind of what arming has to say; o and v make it unlike any other. */
static void
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

static struct vault_result
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

static void
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

static void
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

static void
change_users(struct fixture *f)
{
	char name[20];
	snprintf(name, sizeof name, "u%u", f->made++);
	struct user u = {.name = span_of(name), .roles = ROLE_READER};
	assert_rc(user_add(f->n.store, clock_system(), &u, NULL), RC_OK);
}

/* ---- what is armed ---- */

static int
text_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct found_lines {
	char *at[OBJECTS * VERSIONS * 8 + 400];
	size_t len;
};

static void
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
static void
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
static void
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

static struct armed_options
options_of(const struct fixture *f, bool anew)
{
	return (struct armed_options){
		.dir = f->dir, .clock = clock_system(), .rng = rng_system(), .anew = anew};
}

static struct armed *
open_armed(const struct fixture *f, bool anew)
{
	struct armed *a = NULL;
	struct armed_options options = options_of(f, anew);
	assert_rc(armed_open(&options, &a, NULL), RC_OK);
	return a;
}

static void
refresh(struct armed *a, struct match_set *set)
{
	struct diag why = {};
	if (armed_refresh(a, set, &why))
		fail_msg("%s: %s", why.where, why.what);
}

static void
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

static struct compile_state
look(struct fixture *f)
{
	struct compile_state state;
	assert_rc(compile_look(&f->n, &state, NULL), RC_OK);
	return state;
}

static void
compile(const struct fixture *f, bool anew)
{
	struct armed_options options = options_of(f, anew);
	struct diag why = {};
	enum rc code = compile_set(&options, NULL, &why);
	if (code && code != RC_NONE)
		fail_msg("%s: %s", why.where, why.what);
}

static void
compare(const struct buf *want, const struct buf *got, const char *which, unsigned step)
{
	if (!span_eq(buf_span(want), buf_span(got)))
		fail_msg("step %u: %s differs from arming anew\n%s\n---- anew\n%s", step, which,
			got->ptr, want->ptr);
}

/* ---- the tests ---- */

static void
change(struct fixture *f)
{
	unsigned c = (unsigned)random() % COLLECTIONS, o = (unsigned)random() % OBJECTS,
		 v = (unsigned)random() % VERSIONS;
	switch (random() % 24) {
	case 0: take_away(f, c, o, NULL); break;
	case 1:
	case 2: take_away(f, c, o, &v); break;
	case 3:
		if (random() % 4)
			break;
		assert_rc(vault_collection_remove(f->n.vault, f->collection[c], NULL), RC_OK);
		add_collection(f, c);
		break;
	case 4:
		if (random() % 4 == 0)
			change_users(f);
		break;
	case 5: accept_one(f); break;
	case 6: put(f, c, o, v, (unsigned)random(), true); break;
	default: put(f, c, o, v, (unsigned)random(), false);
	}
}

static void
a_file_and_what_came_since_are_what_arming_anew_gives(void **state)
{
	struct fixture *f = *state;
	struct armed *live = open_armed(f, false);
	own_match_set struct match_set *set = match_set_new(1);
	const char *given = getenv("TOCSIN_SEED");
	unsigned seed = given ? (unsigned)atoi(given) : (unsigned)getpid(), used = 0, lived = 0;
	print_message("# seed %u\n", seed);
	srandom(seed);
	for (unsigned step = 0; step < 500; step++) {
		for (long changes = random() % 5; changes >= 0; changes--)
			change(f);
		if (random() % 9 == 0)
			compile(f, random() % 4 == 0);
		own_buf struct buf want = {}, now = {}, all_along = {};
		describe_fresh(f, true, &want);
		describe_fresh(f, false, &now);
		compare(&want, &now, "what begins now", step);
		if (random() % 3 == 0) {
			refresh(live, set);
			describe(set, live, &all_along);
			compare(&want, &all_along, "what lived all along", step);
			lived += match_set_is_over(set);
		}
		used += look(f).usable == RC_OK;
	}
	assert_true(used > 100 && lived > 20);
	match_set_free(&set);
	armed_free(live);
}

static void
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

/* Whether a set knows a host, begun now. */
static bool
finds(const struct fixture *f, const char *name, bool *over)
{
	own_arena struct arena mem = {};
	struct match_answers answers = {};
	struct armed *a = open_armed(f, false);
	own_match_set struct match_set *set = match_set_new(3);
	struct found found = {.kind = OBS_DOMAIN, .value = span_of(name)};
	refresh(a, set);
	*over = match_set_is_over(set);
	match_set_probe(set, (struct span){}, &found, CONTEXT_PLAIN, &mem, &answers);
	free(answers.at);
	match_set_free(&set);
	armed_free(a);
	return answers.len == 1;
}

static void
change_byte(const struct fixture *f, off_t at, uint8_t with)
{
	uint8_t byte;
	own_fd int fd = open(f->path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= with;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

static off_t
annex_place(const struct fixture *f)
{
	own_set_file struct set_file *file = NULL;
	assert_rc(set_file_open(f->path, &file, NULL), RC_OK);
	return set_file_annex(file).ptr - set_file_bytes_mapped(file).ptr;
}

static void
what_is_out_of_date_is_not_used(void **state)
{
	struct fixture *f = *state;
	bool over;
	put_many(f, 0, 50);
	compile(f, false);
	assert_true(finds(f, "h7.example", &over) && over);
	off_t annex = annex_place(f);
	static const struct {
		size_t at;
		uint8_t with;
		const char *why;
	} table[] = {
		{offsetof(struct armed_head, recipe), 1, "another build"},
		{offsetof(struct armed_head, vault), 1, "another database"},
		{offsetof(struct armed_head, epoch), 1, "users or grants"},
		{offsetof(struct armed_head, stamp) + 7, 0x10, "older"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		off_t at = annex + (off_t)table[i].at;
		change_byte(f, at, table[i].with);
		struct compile_state state_now = look(f);
		assert_rc(state_now.usable, RC_CONFLICT);
		assert_non_null(strstr(state_now.fault.what, table[i].why));
		assert_non_null(strstr(state_now.fault.todo, "set build"));
		assert_true(finds(f, "h7.example", &over) && !over);
		change_byte(f, at, table[i].with);
	}
	assert_true(finds(f, "h7.example", &over) && over);
	/* Users changed; then a file of now again. */
	change_users(f);
	assert_rc(look(f).usable, RC_CONFLICT);
	assert_true(finds(f, "h7.example", &over) && !over);
	compile(f, false);
	assert_true(finds(f, "h7.example", &over) && over);
}

static void
after_a_restore_the_file_is_of_another_time(void **state)
{
	struct fixture *f = *state;
	bool over;
	char backup[100];
	own_arena struct arena a = {};
	struct armed *live = open_armed(f, false);
	own_match_set struct match_set *set = match_set_new(1);
	snprintf(backup, sizeof backup, "%s-backup", f->dir);
	put_many(f, 0, 50);
	assert_rc(store_backup(f->n.store, backup, NULL), RC_OK);
	put_many(f, 50, 50);
	compile(f, false);
	refresh(live, set);
	assert_true(match_set_is_over(set) && match_set_count(set) == 100);
	close_node(f);
	assert_rc(store_restore(layout_path(&a, f->dir, LAYOUT_STORE), backup, node_schemas, NULL),
		RC_OK);
	open_node(f);
	assert_rc(look(f).usable, RC_CONFLICT);
	assert_true(!finds(f, "h70.example", &over) && !over);
	assert_true(finds(f, "h7.example", &over));
	refresh(live, set);
	assert_int_equal(match_set_count(set), 50);
	assert_false(match_set_is_over(set));
	unlink(backup);
	match_set_free(&set);
	armed_free(live);
}

static bool
is_told(const struct fixture *f, const char *what)
{
	struct diag why = {};
	struct armed *a = open_armed(f, false);
	own_match_set struct match_set *set = match_set_new(3);
	refresh(a, set);
	bool told = armed_ignored(a, &why);
	if (told && (!strstr(why.what, what) || !strstr(why.where, LAYOUT_ARMED) ||
			    !strstr(why.todo, "set build")))
		fail_msg("%s: %s (%s)", why.where, why.what, why.todo);
	assert_false(armed_ignored(a, &why));
	assert_int_equal(match_set_count(set), 50);
	refresh(a, set);
	assert_false(armed_ignored(a, &why));
	match_set_free(&set);
	armed_free(a);
	return told;
}

static void
what_is_damaged_or_anothers_is_told_and_not_used(void **state)
{
	struct fixture *f = *state;
	char folder[80];
	bool over;
	put_many(f, 0, 50);
	assert_false(is_told(f, ""));
	compile(f, false);
	assert_false(is_told(f, ""));
	off_t annex = annex_place(f);
	change_byte(f, 300, 1);
	assert_true(is_told(f, "damaged"));
	assert_rc(look(f).usable, RC_BAD);
	change_byte(f, 300, 1);
	change_byte(f, annex, 1);
	assert_true(is_told(f, "does not say what the node held"));
	change_byte(f, annex, 1);
	/* How many objects there are, in the packed versions' head. */
	change_byte(f, annex + (off_t)sizeof(struct armed_head) + 8, 1);
	assert_true(is_told(f, "another length"));
	change_byte(f, annex + (off_t)sizeof(struct armed_head) + 8, 1);
	/* Whoever may write there could cut it while it is mapped. */
	assert_int_equal(chmod(f->path, 0660), 0);
	assert_true(is_told(f, "others than its owner"));
	assert_int_equal(chmod(f->path, 0600), 0);
	snprintf(folder, sizeof folder, "%s/" LAYOUT_SET, f->dir);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_true(is_told(f, "others than its owner"));
	assert_int_equal(chmod(folder, 0700), 0);
	assert_false(is_told(f, ""));
	assert_true(finds(f, "h7.example", &over) && over);
	/* A link, to a good file even. */
	char other[100];
	snprintf(other, sizeof other, "%s-other", f->dir);
	assert_int_equal(rename(f->path, other), 0);
	assert_int_equal(symlink(other, f->path), 0);
	assert_true(is_told(f, "no regular file"));
	unlink(f->path);
	unlink(other);
	assert_false(is_told(f, ""));
}

static void
whatever_the_versions_hold_harms_nobody_and_verify_tells(void **state)
{
	struct fixture *f = *state;
	struct diag why = {};
	own_buf struct buf good = {};
	for (unsigned i = 0; i < 60; i++)
		put(f, i % COLLECTIONS, i % OBJECTS, i % VERSIONS, i * 7, false);
	compile(f, false);
	own_set_file struct set_file *file = NULL;
	assert_rc(set_file_open(f->path, &file, NULL), RC_OK);
	assert_rc(armed_file_verify(f->dir, file, &why), RC_OK);
	size_t annex = (size_t)annex_place(f);
	buf_add(&good, set_file_bytes_mapped(file));
	srandom(5);
	for (unsigned round = 0; round < 150; round++) {
		own_buf struct buf bad = {}, described = {};
		buf_add(&bad, buf_span(&good));
		size_t from = annex + sizeof(struct armed_head);
		for (unsigned i = 0; i <= round % 9; i++)
			bad.ptr[from + (size_t)random() % (bad.len - from)] = (char)random();
		/* In its place by rename, as nobody but the owner could. */
		unlink(f->path);
		own_fd int fd = open(f->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_int_equal(write(fd, bad.ptr, bad.len), (ssize_t)bad.len);
		struct armed *a = open_armed(f, false);
		own_match_set struct match_set *set = match_set_new(3);
		put(f, round % COLLECTIONS, round % OBJECTS, (round + 1) % VERSIONS, round, false);
		take_away(f, round % COLLECTIONS, (round + 3) % OBJECTS, NULL);
		refresh(a, set);
		describe(set, a, &described);
		match_set_free(&set);
		armed_free(a);
	}
	/* And what is compiled from a damaged one is not damaged. */
	compile(f, false);
	own_buf struct buf want = {}, got = {};
	describe_fresh(f, true, &want);
	describe_fresh(f, false, &got);
	compare(&want, &got, "what was compiled", 0);
}

static void
a_damaged_body_does_not_live_on_in_what_is_compiled_from_it(void **state)
{
	struct fixture *f = *state;
	bool over;
	put_many(f, 0, 400);
	compile(f, false);
	/* In texts: names that nobody put. */
	for (off_t at = 4096; at < 4096 + 2000; at += 40)
		change_byte(f, at, 1);
	unsigned found = 0;
	for (unsigned i = 0; i < 100; i++) {
		char name[30];
		snprintf(name, sizeof name, "h%u.example", i);
		found += finds(f, name, &over) && over;
	}
	assert_true(found < 100);
	put_many(f, 400, 1);
	compile(f, false);
	for (unsigned i = 0; i < 100; i++) {
		char name[30];
		snprintf(name, sizeof name, "h%u.example", i);
		assert_true(finds(f, name, &over) && over);
	}
}

static void
compiling_is_due_by_share_and_one_process_does_it(void **state)
{
	struct fixture *f = *state;
	struct armed_options options = options_of(f, false);
	struct diag why = {};
	assert_false(look(f).there || look(f).due);
	assert_rc(compile_set(&options, NULL, &why), RC_NONE);
	put_many(f, 0, COMPILE_LEAST - 1);
	assert_false(look(f).due);
	put_many(f, COMPILE_LEAST - 1, 1);
	assert_true(look(f).due);
	own_fd int lock = -1;
	assert_rc(layout_lock(f->dir, "set", &lock, NULL), RC_OK);
	assert_rc(compile_set(&options, NULL, &why), RC_AGAIN);
	/* Who waits does so for as long as he says, and no longer than needed. */
	int64_t began = clock_monotonic();
	assert_rc(compile_wait(f->dir, SECOND / 2, &why), RC_AGAIN);
	assert_true(clock_monotonic() - began >= SECOND / 2);
	assert_string_equal(why.what, "another process compiles this node's set");
	assert_non_null(strstr(why.what, "another process"));
	close(own_fd_take(&lock));
	compile(f, false);
	struct compile_state s = look(f);
	assert_true(s.there && !s.due && s.usable == RC_OK && s.indicators == COMPILE_LEAST &&
		    s.came == 0 && s.went == 0 && s.held == COMPILE_LEAST);
	put_many(f, 5000, COMPILE_LEAST);
	assert_true(look(f).due && look(f).came == COMPILE_LEAST);
	compile(f, false);
	put_many(f, 10000, 40000);
	compile(f, false);
	put_many(f, 60000, 2000);
	s = look(f);
	assert_true(s.came == 2000 && s.went == 0 && !s.due);
	put_many(f, 62000, 1000);
	assert_true(look(f).due);
	take_away(f, 0, 1, NULL);
	uint64_t removed;
	assert_rc(vault_delete(f->n.vault, f->collection[0],
			  SPAN("indicator--00000000-0000-4000-9000-000000000005"),
			  &(struct vault_filter){}, &removed, NULL),
		RC_OK);
	assert_int_equal(look(f).went, 1);
	/* Nobody is driven out of memory by what he did not ask for. */
	assert_true(compile_fits(1000000, UINT64_C(2) << 30));
	assert_false(compile_fits(1000000, UINT64_C(1) << 30));
	assert_false(compile_fits(10000000, UINT64_C(8) << 30));
	/* What a killed writer left goes with the next one. */
	char left[100];
	snprintf(left, sizeof left, "%s.new-Abc123", f->path);
	close(open(left, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	compile(f, false);
	assert_int_equal(access(left, F_OK), -1);
	assert_rc(compile_remove(f->dir, NULL), RC_OK);
	assert_false(look(f).there);
}

static void
a_compiler_does_it_in_the_background_and_who_runs_takes_it_up(void **state)
{
	struct fixture *f = *state;
	struct armed_options options = options_of(f, false);
	struct compiler *c = NULL;
	struct armed *live = open_armed(f, false);
	own_match_set struct match_set *set = match_set_new(1);
	put_many(f, 0, MANY);
	refresh(live, set);
	assert_false(match_set_is_over(set));
	assert_rc(compiler_new(&options, &c, NULL), RC_OK);
	for (unsigned i = 0; i < 200 && !match_set_is_over(set); i++) {
		usleep(100000);
		refresh(live, set);
	}
	assert_true(match_set_is_over(set));
	enum rc news = compiler_news(c, NULL); /* told behind the rename */
	for (unsigned i = 0; i < 200 && news == RC_NONE; i++) {
		usleep(100000);
		news = compiler_news(c, NULL);
	}
	assert_rc(news, RC_OK);
	assert_rc(compiler_news(c, NULL), RC_NONE);
	/* Armed at once meanwhile, on top of it. */
	put_many(f, MANY, 5);
	refresh(live, set);
	assert_true(match_set_is_over(set) && match_set_count(set) == MANY + 5);
	compiler_free(c);
	match_set_free(&set);
	armed_free(live);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)
		TEST(a_file_and_what_came_since_are_what_arming_anew_gives),
		TEST(what_is_out_of_date_is_not_used),
		TEST(after_a_restore_the_file_is_of_another_time),
		TEST(what_is_damaged_or_anothers_is_told_and_not_used),
		TEST(whatever_the_versions_hold_harms_nobody_and_verify_tells),
		TEST(a_damaged_body_does_not_live_on_in_what_is_compiled_from_it),
		TEST(compiling_is_due_by_share_and_one_process_does_it),
		TEST(a_compiler_does_it_in_the_background_and_who_runs_takes_it_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
