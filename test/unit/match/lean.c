/* Of lines with a hit only fields in which something may be found are read: the hits are those of all fields. */
#include "../seed.h"
#include "../test.h"

#include "base/own.h"
#include "base/rng.h"
#include "match/sweep.h"
#include "world.h"

static const char list[] = "evil.org\nhttp://url.example/a/b\nspam@mail.example\n198.51.100.7\n"
			   "203.0.113.0/28\n2001:db8::7\nb\xc3\xbc"
			   "cher.de\nd41d8cd98f00b204e9800998ecf8427e\n00:1b:44:11:3a:b7\n"
			   "ja3:0123456789abcdef0123456789abcdef\n";

#define WIDE_NAME \
	"b\xc3\xbc" \
	"cher.de"

static const char *const values[] = {"evil.org", "www.EVIL.org.", "quiet.example", "-", "(empty)",
	"", "url.example", "url.example", "/a/b/c", "/a/b?x", "/", "198.51.100.7", "203.0.113.9",
	"2001:db8::7", "spam@mail.example", "http://url.example/a/b", WIDE_NAME, "001b44113ab7",
	"d41d8cd98f00b204e9800998ecf8427e", "0123456789abcdef0123456789abcdef", "a word",
	"evil.org evil.org", "evil.org,198.51.100.7", "1700000000.5", "tcp", "x"};

/* Of JSON: how one may spell them. */
static const char *const escaped[] = {"\\u0065vil.org", "evil\\u002eorg",
	"a\\\"b\\\"c\\\"d evil.org", "\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"evil.org",
	"http:\\/\\/url.example\\/a\\/b", "\\/a\\/b\\/c", "\\tevil.org", "b\\u00fccher.de",
	"\\\\evil.org", "back\\\\slash"};

/* Of Zeek's tables. */
static const char *const coded[] = {"\\x65vil.org", "a\\x09evil.org", "\\x20198.51.100.7",
	"back\\\\slash evil.org", "\\", "evil\\x2eorg"};

static const char *const keys[] = {"query", "host", "uri", "http", "url", "domain", "path",
	"hostname", "src_mac", "ja3", "evil.org", "mac", "dns", "Payload", "ts", "timestamp", "a",
	"destination"};

#define ONE_OF(rng, table) table[chance(rng, sizeof table / sizeof *table)]

static const char *
json_value(struct rng rng, bool plain)
{
	return plain || chance(rng, 3) ? ONE_OF(rng, values) : ONE_OF(rng, escaped);
}

static void
add_object(struct rng rng, unsigned depth, bool plain, struct buf *out)
{
	buf_add_byte(out, '{');
	for (uint32_t n = 1 + chance(rng, 6), i = 0; i < n; i++) {
		buf_printf(out, "%s\"%s\":", i ? "," : "", ONE_OF(rng, keys));
		uint32_t kind = chance(rng, 10);
		if (kind == 0 && depth < 3) {
			add_object(rng, depth + 1, plain, out);
		} else if (kind == 1) {
			buf_printf(out, "[\"%s\",%u,\"%s\"]", json_value(rng, plain), i,
				json_value(rng, plain));
		} else if (kind == 2) {
			buf_printf(out, "%u", chance(rng, 70000));
		} else if (kind == 3) {
			buf_printf(out, "{\"Data\":{\"@Name\":\"%s\",\"#text\":\"%s\"}}",
				ONE_OF(rng, keys), json_value(rng, plain));
		} else if (kind == 4) {
			buf_printf(out, "\"{\\\"EventData\\\":{\\\"x\\\":\\\"%s\\\"}}\"",
				ONE_OF(rng, values));
		} else {
			buf_printf(out, "\"%s\"", json_value(rng, plain));
		}
	}
	buf_add_byte(out, '}');
}

static void
make_json(struct rng rng, unsigned lines, struct buf *out)
{
	for (unsigned i = 0; i < lines; i++) {
		/* Host and path of one request, often. */
		if (chance(rng, 4) == 0)
			buf_printf(out, "{\"uri\":\"%s\",\"n\":%u,\"host\":\"url.example\"}",
				chance(rng, 2) ? "/a/b/c" : json_value(rng, false), i);
		else
			add_object(rng, 0, chance(rng, 2), out);
		buf_add(out, chance(rng, 20) ? SPAN("\n") : SPAN("\r\n"));
	}
}

static void
make_zeek(struct rng rng, unsigned lines, struct buf *out)
{
	enum { COLUMNS = 12 };
	buf_add(out, SPAN("#separator \\x09\n#fields"));
	static const char *const names[COLUMNS] = {"ts", "uid", "id.orig_h", "id.orig_p",
		"id.resp_h", "query", "mac", "host", "ja3", "uri", "answers", "last"};
	for (unsigned i = 0; i < COLUMNS; i++)
		buf_printf(out, "\t%s", names[i]);
	buf_add_byte(out, '\n');
	for (unsigned i = 0; i < lines; i++) {
		/* Some lines have a column too few or too many. */
		unsigned columns = chance(rng, 20) ? COLUMNS : COLUMNS - 1 + 2 * chance(rng, 2);
		bool plain = chance(rng, 3);
		for (unsigned k = 0; k < columns; k++) {
			const char *value =
				plain || chance(rng, 5) ? ONE_OF(rng, values) : ONE_OF(rng, coded);
			buf_printf(out, "%s%s", k ? "\t" : "",
				k == 0				? "1700000000.25"
				: chance(rng, 3) == 0 && k == 7 ? "url.example"
				: chance(rng, 3) == 0 && k == 9 ? "/a/b/c"
								: value);
		}
		buf_add(out, chance(rng, 20) ? SPAN("\n") : SPAN("\r\n"));
	}
}

/* Hits of a log, as words; how many fields were read. */
static size_t
read_hits(const struct match_set *set, struct sweep *s, struct span log, const char *reader,
	struct buf *out)
{
	struct scan scan;
	struct record r;
	const struct hit *hit;
	size_t fields = 0;
	enum rc code;
	scan_init(&scan, set, (struct clock){noon_now, NULL});
	own_stream struct stream *stream = stream_new_span(log, NULL);
	own_reading struct reading reading;
	reading_init(&reading, stream, reader_find(span_of(reader)), LINES_ALL, NOON);
	if (s)
		reading_sweep(&reading, s, 0);
	reading.lean = s && scan_is_lean(&scan);
	buf_reset(out);
	while (!(code = reading_next(&reading, &r, NULL)) || code == RC_AGAIN) {
		size_t hits = code ? 0 : scan_record(&scan, &r, SPAN("log"), &hit);
		fields += hits ? r.fields : 0;
		for (size_t i = 0; i < hits; i++)
			buf_printf(out, "%llu:%llu+%zu %s %s %.*s of %.*s time %lld\n",
				(unsigned long long)hit[i].line, (unsigned long long)hit[i].offset,
				hit[i].length, hit_match_word(hit[i].match),
				obs_word(hit[i].seen.kind), (int)hit[i].seen.value.len,
				hit[i].seen.value.ptr, (int)hit[i].pattern.len, hit[i].pattern.ptr,
				(long long)hit[i].time);
	}
	scan_fini(&scan);
	return fields;
}

static void
compare(struct rng rng, const char *reader, void (*make)(struct rng, unsigned, struct buf *))
{
	static const char *const cpus[] = {"c", "avx2", "avx512", "neon"};
	own_match_set struct match_set *set = set_of(list);
	own_buf struct buf log = {}, want = {}, got = {};
	for (size_t k = 0; k < sizeof cpus / sizeof *cpus; k++) {
		setenv("TOCSIN_CPU", cpus[k], 1);
		own_sweep struct sweep *s = sweep_new(set);
		for (unsigned turn = 0; turn < 30; turn++) {
			buf_reset(&log);
			make(rng, 200, &log);
			size_t all = read_hits(set, NULL, buf_span(&log), reader, &want);
			size_t few = read_hits(set, s, buf_span(&log), reader, &got);
			buf_add_byte(&want, 0);
			buf_add_byte(&got, 0);
			assert_string_equal(got.ptr, want.ptr);
			assert_true(want.len > 1000 && few < all);
		}
	}
	unsetenv("TOCSIN_CPU");
}

static void
json_has_the_same_hits(void **state)
{
	(void)state;
	uint64_t seed = seed_of_run();
	struct rng rng = rng_seeded(&seed);
	compare(rng, "json", make_json);
	compare(rng, "eve", make_json);
	compare(rng, "windows-json", make_json);
}

static void
zeeks_tables_have_the_same_hits(void **state)
{
	(void)state;
	uint64_t seed = seed_of_run();
	compare(rng_seeded(&seed), "zeek", make_zeek);
}

/* ---- names that the fast pass has looked up ---- */

/* Names of each other, by reach, and hosts of URLs and of e-mail addresses. */
static void
add_names(struct match_set *set, struct rng rng, unsigned count)
{
	static const char *const labels[] = {"a", "bb", "evil", "www", "mail"};
	static const enum match_reach reaches[] = {
		REACH_EXACT, REACH_COVERING, REACH_COVERING, REACH_BELOW};
	for (unsigned i = 0; i < count; i++) {
		char name[80] = "example", id[80];
		for (uint32_t n = 1 + chance(rng, 3); n; n--) {
			char longer[80];
			snprintf(longer, sizeof longer, "%s.%s", ONE_OF(rng, labels), name);
			memcpy(name, longer, sizeof name);
		}
		struct span text = span_of(name);
		snprintf(id, sizeof id, "indicator--%08x-0000-4000-8000-%012x", i,
			chance(rng, 1000000));
		struct indicator one = {.id = span_of(id),
			.about = {OBS_DOMAIN, text},
			.reach = ONE_OF(rng, reaches),
			.valid_from = chance(rng, 5) ? TIME_NONE : NOON + 1,
			.valid_until = chance(rng, 5) ? TIME_NONE : NOON,
			.confidence = -1};
		(void)!match_set_add(set, &one);
		char other[120];
		if (chance(rng, 4) == 0) {
			snprintf(other, sizeof other, "http://%s/x\nuser@%s\n", name, name);
			set_add(set, span_of(other));
		}
	}
}

static void
make_names(struct rng rng, unsigned lines, struct buf *out)
{
	static const char *const words[] = {"a", "bb", "evil", "www", "mail", "a.example",
		"bb.example", "evil.example", "EVIL.Example", "mail.example"};
	static const char *const before[] = {"", "", "", "", "http://", "user@", "other@", "%2F",
		"\\n", "-", "x", "1.", "\"", "[", "(", ":"};
	static const char *const behind[] = {"", "", "", "", "/x/y", "/z", ".", "-", "@bb.example",
		":80", "\xc3\xbc", "\"", ".example", "x"};
	for (unsigned i = 0; i < lines; i++) {
		for (uint32_t n = 1 + chance(rng, 4); n; n--) {
			buf_add(out, span_of(ONE_OF(rng, before)));
			for (uint32_t k = chance(rng, 4); k; k--)
				buf_printf(out, "%s.", words[chance(rng, 5)]);
			buf_add(out, span_of(words[5 + chance(rng, 5)]));
			buf_add(out, span_of(ONE_OF(rng, behind)));
			buf_add_byte(out, ' ');
		}
		buf_add_byte(out, '\n');
	}
}

/* Out of a file, with some added besides, and some disarmed. */
static void
what_the_fast_pass_was_answered_is_the_answer(void **state)
{
	(void)state;
	uint64_t seed = seed_of_run();
	struct rng rng = rng_seeded(&seed);
	for (unsigned turn = 0; turn < 60; turn++) {
		own_match_set struct match_set *made = match_set_new(turn);
		own_buf struct buf log = {}, want = {}, got = {};
		add_names(made, rng, 60);
		own_match_set struct match_set *set = mapped_of(made);
		if (turn % 3 == 1)
			add_names(set, rng, 20);
		own_sweep struct sweep *s = sweep_new(set);
		make_names(rng, 300, &log);
		read_hits(set, NULL, buf_span(&log), "lines", &want);
		read_hits(set, s, buf_span(&log), "lines", &got);
		buf_add_byte(&want, 0);
		buf_add_byte(&got, 0);
		assert_true(want.len > 1000);
		assert_string_equal(got.ptr, want.ptr);
	}
}

/* A reading that stands before its second line, whose places are known. */
static void
begin(struct reading *reading, struct stream *stream, struct sweep *s, struct scan *scan,
	size_t hits)
{
	struct record r;
	const struct hit *hit;
	reading_init(reading, stream, reader_find(SPAN("lines")), LINES_ALL, NOON);
	reading_sweep(reading, s, 0);
	reading->lean = true;
	assert_int_equal(reading_next(reading, &r, NULL), RC_OK);
	assert_int_equal(r.spots.count, 1);
	assert_int_equal(scan_record(scan, &r, SPAN("log"), &hit), hits);
	assert_int_equal(reading_next(reading, &r, NULL), RC_OK);
	assert_int_equal(r.spots.count, 1);
}

static void
a_set_that_changed_meanwhile_is_asked_again(void **state)
{
	(void)state;
	own_match_set struct match_set *first = set_of("evil.example\n"),
				       *second = set_of("nice.example\n");
	for (unsigned other = 0; other < 2; other++) {
		own_match_set struct match_set *set = mapped_of(first);
		own_sweep struct sweep *s = sweep_new(set);
		own_stream struct stream *stream =
			stream_new_span(SPAN("evil.example\nevil.example\n"), NULL);
		own_reading struct reading reading;
		struct scan scan;
		const struct hit *hit;
		scan_init(&scan, set, (struct clock){noon_now, NULL});
		begin(&reading, stream, s, &scan, 1);
		if (other) { /* item 0 is another name of that length by now */
			char folder[] = "/tmp/tocsin-set-XXXXXX", path[64];
			struct set_file *file = NULL;
			assert_non_null(mkdtemp(folder));
			snprintf(path, sizeof path, "%s/set", folder);
			assert_int_equal(
				set_file_write(second, path, (struct span){}, NOON, NULL), RC_OK);
			assert_int_equal(set_file_open(path, &file, NULL), RC_OK);
			unlink(path);
			rmdir(folder);
			match_set_rebase(set, &file);
		} else {
			struct indicator more = {.id = SPAN("indicator--1"),
				.about = {OBS_DOMAIN, SPAN("evil.example")},
				.valid_from = TIME_NONE,
				.valid_until = TIME_NONE,
				.confidence = -1};
			assert_int_equal(match_set_add(set, &more), RC_OK);
		}
		struct record r = {.text = SPAN("evil.example"), .time = TIME_NONE};
		struct field f = {.value = r.text};
		struct sweep_place place = {0, 0};
		r.field = &f;
		r.fields = 1;
		r.spots = (struct spots){r.text.ptr, &place, 1, set, 0};
		r.spots.version = match_set_version(set) - 1;
		assert_int_equal(scan_record(&scan, &r, SPAN("log"), &hit), other ? 0 : 2);
		scan_fini(&scan);
	}
}

/* A name that another set's sweep has seen. */
static void
places_of_another_set_are_places_alone(void **state)
{
	(void)state;
	own_match_set struct match_set *first = set_of("evil.example\n"),
				       *second = set_of("nice.example\n");
	own_match_set struct match_set *one = mapped_of(first), *two = mapped_of(second);
	own_sweep struct sweep *s = sweep_new(one);
	own_stream struct stream *stream =
		stream_new_span(SPAN("evil.example\nevil.example\n"), NULL);
	own_reading struct reading reading;
	struct scan scan;
	scan_init(&scan, two, (struct clock){noon_now, NULL});
	begin(&reading, stream, s, &scan, 0);
	scan_fini(&scan);
}

/* What was seen twice in a record is one hit, however many are seen between. */
static void
what_is_seen_again_is_one_hit(void **state)
{
	(void)state;
	own_match_set struct match_set *set = set_of(list);
	own_sweep struct sweep *s = sweep_new(set);
	own_buf struct buf got = {};
	read_hits(set, s, SPAN("evil.org 198.51.100.7 evil.org 198.51.100.7\nevil.org evil.org\n"),
		"lines", &got);
	buf_add_byte(&got, 0);
	size_t hits = 0;
	for (const char *p = got.ptr; *p; p++)
		hits += *p == '\n';
	assert_int_equal(hits, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_has_the_same_hits),
		cmocka_unit_test(zeeks_tables_have_the_same_hits),
		cmocka_unit_test(what_the_fast_pass_was_answered_is_the_answer),
		cmocka_unit_test(a_set_that_changed_meanwhile_is_asked_again),
		cmocka_unit_test(places_of_another_set_are_places_alone),
		cmocka_unit_test(what_is_seen_again_is_one_hit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
