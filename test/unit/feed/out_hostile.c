/*
 * Hostile values, names and ids in every format: whatever bytes they hold, each format keeps its grammar,
 * and there are as many records as were written. What a tool would split at is the test's to know.
 */
#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "../memo/fixture.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/own.h"
#include "codec/csv.h"
#include "feed/out.h"
#include "obs/line.h"

enum { ROUNDS = 4000 };

static struct pass *pass;
static uint64_t seed = 20260301;
static struct rng chance;

static int
setup(void **state)
{
	if (open_fixture(state))
		return -1;
	struct fixture *f = *state;
	struct release_ask ask = {.to = {READER_SELF, {}},
		.from = {SPAN(COLLECTION), SPAN("alpha"), false},
		.action = GATE_EXPORT,
		.now = noon};
	chance = rng_seeded(&seed);
	return memo_release(f->s, &ask, &pass, NULL) ? -1 : 0;
}

static int
teardown(void **state)
{
	pass_free(&pass);
	return close_fixture(state);
}

/* Pieces that mean something to one of the tools. */
static struct span
nasty(struct arena *a, size_t most)
{
	static const char *const pieces[] = {"\"", "'", "\\", ";", ":", "|", "\n", "\r", "\t", "#",
		"=", "+", "-", "@", ",", " ", "(", ")", "{", "}", "[", "]", "/", "//", "*/", "$",
		"`", "%", "%0a", "%22", "\x01", "\x7f", "\xc3\xa9", "\xff", ".", "..", "*", "?",
		"&", "a", "evil.example", "sid:1;", "\")\nalert ", "rule x { condition: true }",
		"$INCLUDE ", "\\x22", "CNAME", "<", ">", "^", "~", "!", "0", "\xe2\x80\xa8"};
	struct buf out = {};
	for (uint64_t n = rng_below(chance, most + 1); n > 0; n--)
		buf_add(&out, span_of(pieces[rng_below(chance, sizeof pieces / sizeof *pieces)]));
	struct span text = arena_dup(a, buf_span(&out));
	buf_fini(&out);
	return text;
}

/* Something that passes for an observable, made of nasty pieces where its kind lets them in. */
static bool
some_observable(struct arena *a, struct observable *out)
{
	static const char *const plain[] = {"192.0.2.1", "192.0.2.0/24", "2001:db8::1",
		"2001:db8::/32", "evil.example", "_x.evil.example",
		"d41d8cd98f00b204e9800998ecf8427e"};
	struct span piece = nasty(a, 8), text;
	switch (rng_below(chance, 5)) {
	case 0:
		return !obs_detect(span_of(plain[rng_below(chance, sizeof plain / sizeof *plain)]),
			a, out, NULL);
	case 1:
		text = arena_printf(a, "http://evil.example/%.*s", (int)piece.len, piece.ptr);
		return !obs_normalize(OBS_URL, text, a, out, NULL);
	case 2:
		text = arena_printf(a, "%.*s@evil.example", (int)piece.len, piece.ptr);
		return !obs_normalize(OBS_EMAIL, text, a, out, NULL);
	case 3:
		text = arena_printf(a, "%.*s.example", (int)piece.len, piece.ptr);
		return !obs_normalize(OBS_DOMAIN, text, a, out, NULL);
	default:
		text = arena_printf(a, "%.*s://%.*s", 4, rng_below(chance, 2) ? "http" : "ftpx",
			(int)piece.len, piece.ptr);
		return !obs_normalize(OBS_URL, text, a, out, NULL);
	}
}

static void
write_some(const char *format, struct arena *a, struct buf *to, uint64_t *written)
{
	struct out o;
	struct out_meta meta = {.title = nasty(a, 6)};
	out_begin(&o, out_format_find(span_of(format)), pass, &meta, to);
	for (size_t i = 0; i < ROUNDS; i++) {
		struct out_entry e = {
			.facts = facts_kept(STIX_CLASS_INDICATOR, TLP_GREEN, PRIVACY_TECHNICAL),
			.id = nasty(a, 4),
			.name = nasty(a, 12),
			.creator = nasty(a, 4),
			.tlp = SPAN("green"),
			.valid_until = TIME_NONE,
			.confidence = 7,
			.exact = rng_below(chance, 2) == 0,
		};
		if (some_observable(a, &e.about))
			out_add(&o, &e, to);
	}
	*written = o.written;
	assert_true(o.written > 2);
	out_fini(&o);
}

/* The lines of `to` behind its first `head`, each given to `check`; returns how many. */
static uint64_t
each_line(const struct buf *to, size_t head, void (*check)(struct span line))
{
	struct span rest = buf_span(to), line;
	uint64_t count = 0;
	assert_int_equal(to->ptr[to->len - 1], '\n');
	rest.len--;
	while (rest.ptr && span_cut(&rest, '\n', &line))
		if (head)
			head--;
		else if (++count)
			check(line);
	return count;
}

static bool
is_of(struct span text, const char *bytes)
{
	for (size_t i = 0; i < text.len; i++)
		if (!text.ptr[i] || !strchr(bytes, text.ptr[i]))
			return false;
	return text.len > 0;
}

#define NAME "abcdefghijklmnopqrstuvwxyz0123456789_.*-"
#define BAD(line) fail_msg("not of this format: %.*s", (int)(line).len, (line).ptr)

static void
list_line(struct span line)
{
	own_arena struct arena a = {};
	struct observable o;
	if (obs_value(line, &a, &o, NULL))
		BAD(line);
}

static void
a_line_of_a_list_is_one_value(void **state)
{
	(void)state;
	own_arena struct arena a = {};
	own_buf struct buf to = {};
	uint64_t written;
	write_some("list", &a, &to, &written);
	assert_int_equal(each_line(&to, 0, list_line), written);
}

static void
a_row_of_a_table_is_one_line_of_eight_cells(void **state)
{
	(void)state;
	own_arena struct arena a = {}, cells = {};
	own_buf struct buf to = {};
	struct csv it;
	struct csv_record r;
	uint64_t written, rows = 0, lines = 0;
	write_some("csv", &a, &to, &written);
	csv_init(&it, buf_span(&to), ',');
	while (csv_next(&it, &cells, &r, NULL) == RC_OK) {
		rows++;
		assert_int_equal(r.count, 8);
		for (size_t i = 0; i < r.count; i++)
			for (size_t j = 0; j < r.field[i].value.len; j++)
				assert_true((unsigned char)r.field[i].value.ptr[j] >= 0x20);
	}
	for (size_t i = 0; i < to.len; i++)
		lines += to.ptr[i] == '\n';
	assert_int_equal(rows, written + 1);
	assert_int_equal(lines, written + 1);
}

static void
zone_line(struct span line)
{
	struct span end = SPAN(" CNAME .");
	if (!span_ends(line, end) || !is_of(span_sub(line, 0, line.len - end.len), NAME))
		BAD(line);
}

static void
a_line_of_a_zone_is_one_owner_name(void **state)
{
	(void)state;
	own_arena struct arena a = {};
	own_buf struct buf to = {};
	uint64_t written;
	write_some("rpz", &a, &to, &written);
	assert_true(each_line(&to, 5, zone_line) >= written);
}

static bool
is_keyword(struct span word)
{
	static const char *const words[] = {"msg", "dns.query", "tls.sni", "http.host", "http.uri",
		"http.uri.raw", "dotprefix", "content", "startswith", "endswith", "nocase",
		"distance", "within", "isdataat", "metadata", "classtype", "sid", "rev", "ja3.hash",
		"ja4.hash"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (span_eq(word, span_of(words[i])))
			return true;
	return false;
}

/* Suricata ends an option at the next semicolon, quotes or none. */
static void
rule_line(struct span line)
{
	size_t open = span_find(line, SPAN(" ("));
	if (open == SIZE_MAX || !span_ends(line, SPAN(";)")) ||
		!is_of(span_sub(line, 0, open), "abcdefghijklmnopqrstuvwxyz0123456789.:/<->[] "))
		BAD(line);
	struct span rest = span_sub(line, open + 2, line.len - open - 4), option;
	while (rest.ptr && span_cut(&rest, ';', &option)) {
		size_t quotes = 0, bars = 0;
		option = span_trim(option);
		struct span word = span_sub(option, 0, span_find_byte(option, ':'));
		for (size_t i = 0; i < option.len; i++) {
			quotes += option.ptr[i] == '"';
			bars += option.ptr[i] == '|';
			assert_true(option.ptr[i] >= 0x20 && option.ptr[i] < 0x7f);
			assert_true(option.ptr[i] != '\\');
		}
		bool content = span_eq(word, SPAN("content"));
		bool text = content || span_eq(word, SPAN("msg"));
		if (!is_keyword(word) || quotes != (text ? 2 : 0) || (content && bars % 2))
			BAD(line);
	}
}

static void
a_line_of_rules_is_one_rule_of_known_options(void **state)
{
	(void)state;
	own_arena struct arena a = {};
	own_buf struct buf to = {};
	uint64_t written;
	write_some("suricata", &a, &to, &written);
	assert_true(each_line(&to, 0, rule_line) >= written);
}

/* Outside its strings a YARA file holds nothing that came from elsewhere. */
static void
yara_s_strings_hold_what_is_foreign(void **state)
{
	(void)state;
	own_arena struct arena a = {};
	own_buf struct buf to = {}, bare = {};
	uint64_t written, rules = 0;
	write_some("yara", &a, &to, &written);
	struct span text = buf_span(&to);
	text = span_sub(text, span_find_byte(text, '\n'), SIZE_MAX); /* a comment */
	bool string = false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (string && c == '\\') {
			assert_true(strchr("\"\\x", text.ptr[++i]));
			continue;
		}
		if (c == '"')
			string = !string;
		else if (!string)
			buf_add_byte(&bare, c);
		else
			assert_true(c >= 0x20 && c < 0x7f);
	}
	assert_false(string);
	struct span rest = buf_span(&bare), line;
	while (rest.ptr && span_cut(&rest, '\n', &line)) {
		static const char *const known[] = {"", "import ", "\tmeta:", "\t\tindicator = ",
			"\t\tname = ", "\tstrings:", "\tcondition:", "\t\t$a",
			"\t\t$a =  ascii wide nocase fullword", "\t\t$a =  ascii wide nocase",
			"\t\thash.md5(0, filesize) == ", "}", NULL};
		size_t i = 0;
		while (known[i] && !span_eq(line, span_of(known[i])))
			i++;
		if (span_starts(line, SPAN("rule tocsin_")) && span_ends(line, SPAN(" {")))
			rules++;
		else if (!known[i])
			BAD(line);
	}
	assert_int_equal(rules, written);
}

static void
intel_line(struct span line)
{
	size_t tabs = 0;
	for (size_t i = 0; i < line.len; i++) {
		tabs += line.ptr[i] == '\t';
		if ((unsigned char)line.ptr[i] < 0x20 && line.ptr[i] != '\t')
			BAD(line);
	}
	if (tabs != 3 || line.ptr[0] == '#' || line.ptr[0] == '\t')
		BAD(line);
}

static void
a_line_of_zeek_s_is_four_fields(void **state)
{
	(void)state;
	own_arena struct arena a = {};
	own_buf struct buf to = {};
	uint64_t written;
	write_some("zeek", &a, &to, &written);
	assert_int_equal(each_line(&to, 1, intel_line), written);
}

static void
element_line(struct span line)
{
	struct span head = SPAN("add element inet tocsin bad"), end = SPAN(" }");
	struct span rest = span_sub(line, head.len, SIZE_MAX);
	if (!span_starts(line, head) || !span_ends(line, end) || rest.len < 7 ||
		!is_of(span_sub(rest, 4, rest.len - 4 - end.len), "0123456789abcdef.:/"))
		BAD(line);
}

static void
a_line_of_nftables_is_one_element(void **state)
{
	(void)state;
	own_arena struct arena a = {};
	own_buf struct buf to = {};
	uint64_t written;
	write_some("nft", &a, &to, &written);
	assert_int_equal(each_line(&to, 9, element_line), written);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_a_list_is_one_value),
		cmocka_unit_test(a_row_of_a_table_is_one_line_of_eight_cells),
		cmocka_unit_test(a_line_of_a_zone_is_one_owner_name),
		cmocka_unit_test(a_line_of_rules_is_one_rule_of_known_options),
		cmocka_unit_test(yara_s_strings_hold_what_is_foreign),
		cmocka_unit_test(a_line_of_zeek_s_is_four_fields),
		cmocka_unit_test(a_line_of_nftables_is_one_element),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
