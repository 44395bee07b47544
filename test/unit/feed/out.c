/* Every writer with friendly and hostile values: nothing breaks out of a format. */
#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "../memo/fixture.h"
#include "base/buf.h"
#include "base/own.h"
#include "feed/out.h"

/* What an attacker would call an indicator. */
#define HOSTILE "a\"; drop\n\r\tb\\ ' |x| ; sid:1;)\x1b[2J\x7f */ =cmd \xc3\xa9"

static struct pass *pass;

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
	return memo_release(f->s, &ask, &pass, NULL) ? -1 : 0;
}

static int
teardown(void **state)
{
	pass_free(&pass);
	return close_fixture(state);
}

static struct out_entry
entry(enum obs_kind kind, const char *value, const char *name)
{
	return (struct out_entry){
		.about = {kind, span_of(value)},
		.facts = facts_kept(STIX_CLASS_INDICATOR, TLP_GREEN, PRIVACY_TECHNICAL),
		.id = SPAN("indicator--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001"),
		.name = span_of(name),
		.creator = SPAN("identity--11111111-2222-4333-8444-555555555555"),
		.tlp = SPAN("green"),
		.valid_from = 0,
		.valid_until = TIME_NONE,
		.confidence = 70,
	};
}

static void
write_all(const char *format, const struct out_entry *entries, size_t count, struct buf *to)
{
	struct out o;
	struct out_meta meta = {.title = SPAN("CERT\n$INCLUDE /etc/passwd"), .now = 0};
	out_begin(&o, out_format_find(span_of(format)), pass, &meta, to);
	for (size_t i = 0; i < count; i++)
		out_add(&o, &entries[i], to);
	out_fini(&o);
	buf_add_byte(to, 0);
}

/* The head's lines, then `line` alone. */
static void
assert_ends(const struct buf *to, const char *line)
{
	size_t len = strlen(line);
	if (to->len < len + 1 || memcmp(to->ptr + to->len - 1 - len, line, len) != 0)
		fail_msg("wanted at the end:\n%s\ngot:\n%s", line, to->ptr);
}

static void
each_format_says_a_domain_in_its_words(void **state)
{
	(void)state;
	static const struct {
		const char *format, *text;
	} table[] = {
		{"list", "evil.example\n"},
		{"csv", "\"evil.example\",domain,\"indicator--6f0a1d52-3c7e-4c55-9a0e-"
			"0b6d1b6a1001\","
			"\"Kestrel\",1970-01-01T00:00:00.000Z,,70,green\r\n"},
		{"rpz", "evil.example CNAME .\n*.evil.example CNAME .\n"},
		{"zeek", "evil.example\tIntel::DOMAIN\tidentity--11111111-2222-4333-8444-"
			 "555555555555\tKestrel\n"},
		{"yara", "rule tocsin_c8036c5a6ae7b9d5 {\n\tmeta:\n\t\tindicator = "
			 "\"indicator--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001\"\n"
			 "\t\tname = \"Kestrel\"\n\tstrings:\n\t\t$a = \"evil.example\" ascii wide "
			 "nocase fullword\n"
			 "\tcondition:\n\t\t$a\n}\n"},
	};
	struct out_entry e = entry(OBS_DOMAIN, "evil.example", "Kestrel");
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		own_buf struct buf to = {};
		write_all(table[i].format, &e, 1, &to);
		assert_ends(&to, table[i].text);
	}
}

static void
addresses_are_written_as_each_tool_reads_them(void **state)
{
	(void)state;
	struct out_entry e[] = {entry(OBS_IPV4, "192.0.2.1", ""),
		entry(OBS_CIDR4, "192.0.2.0/24", ""), entry(OBS_IPV6, "2001:db8::1", ""),
		entry(OBS_MAC, "00:1b:44:11:3a:b7", "")};
	own_buf struct buf to = {};
	write_all("nft", e, 4, &to);
	assert_ends(&to, "add element inet tocsin bad4 { 192.0.2.1 }\nadd element inet tocsin bad4 "
			 "{ 192.0.2.0/24 }\n"
			 "add element inet tocsin bad6 { 2001:db8::1 }\n"
			 "add element inet tocsin badmac { 00:1b:44:11:3a:b7 }\n");
	buf_reset(&to);
	write_all("list", e, 4, &to);
	assert_ends(&to, "2001:db8::1\n00:1b:44:11:3a:b7\n");
	buf_reset(&to);
	write_all("csv", &e[3], 1, &to);
	assert_ends(&to, "\"00:1b:44:11:3a:b7\",mac,\"indicator--6f0a1d52-3c7e-4c55-9a0e-"
			 "0b6d1b6a1001\",\"\",1970-01-01T00:00:00.000Z,,70,green\r\n");
	buf_reset(&to);
	/* No zone has a word for hardware. */
	write_all("rpz", e, 4, &to);
	assert_ends(&to, "32.1.2.0.192.rpz-ip CNAME .\n24.0.2.0.192.rpz-ip CNAME "
			 ".\n128.1.zz.db8.2001.rpz-ip CNAME .\n");
}

static void
a_vulnerability_is_left_out_where_there_is_no_word_for_it(void **state)
{
	(void)state;
	static const char *const none[] = {"rpz", "suricata", "yara", "zeek", "nft"};
	struct out_entry e = entry(OBS_CVE, "CVE-2024-1234", "");
	own_buf struct buf to = {};
	write_all("list", &e, 1, &to);
	assert_ends(&to, "CVE-2024-1234\n");
	buf_reset(&to);
	write_all("csv", &e, 1, &to);
	assert_true(span_find(buf_span(&to), SPAN("\"CVE-2024-1234\",cve,")) != SIZE_MAX);
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		buf_reset(&to);
		write_all(none[i], &e, 1, &to);
		assert_true(span_find(buf_span(&to), SPAN("2024-1234")) == SIZE_MAX);
	}
}

/* Lines of a text, and how many bytes of it are controls other than its own line ends and tabs. */
static size_t
lines_of(const struct buf *to, size_t *controls)
{
	size_t lines = 0;
	*controls = 0;
	for (size_t i = 0; i + 1 < to->len; i++) {
		unsigned char c = (unsigned char)to->ptr[i];
		lines += c == '\n';
		*controls += (c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
	}
	return lines;
}

static void
a_hostile_name_adds_no_line_and_no_control_byte(void **state)
{
	(void)state;
	static const char *const formats[] = {
		"list", "rpz", "suricata", "yara", "zeek", "nft", "csv"};
	static const enum obs_kind kinds[] = {
		OBS_DOMAIN, OBS_IPV4, OBS_URL, OBS_MD5, OBS_JA3, OBS_EMAIL};
	static const char *const values[] = {"evil.example", "192.0.2.1",
		"http://evil.example/x?y=z", "d41d8cd98f00b204e9800998ecf8427e",
		"e7d705a3286e19ea42f587b344ee6865", "x@evil.example"};
	for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
			own_buf struct buf plain = {}, hostile = {};
			struct out_entry calm = entry(kinds[k], values[k], "calm"),
					 wild = entry(kinds[k], values[k], HOSTILE);
			wild.id = wild.creator = span_of(HOSTILE);
			write_all(formats[f], &calm, 1, &plain);
			write_all(formats[f], &wild, 1, &hostile);
			size_t none, some;
			assert_int_equal(lines_of(&plain, &none), lines_of(&hostile, &some));
			if (none || some)
				fail_msg("%s: control bytes\n%s", formats[f], hostile.ptr);
		}
	}
}

static void
a_hostile_title_stays_a_comment(void **state)
{
	(void)state;
	static const char *const formats[] = {"rpz", "yara", "nft"};
	for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
		own_buf struct buf to = {};
		write_all(formats[f], NULL, 0, &to);
		assert_null(strstr(to.ptr, "\n$INCLUDE"));
	}
}

static void
suricata_s_strings_hold_no_quote_semicolon_or_backslash(void **state)
{
	(void)state;
	own_buf struct buf to = {};
	struct out_entry e = entry(OBS_URL, "http://evil.example/a;b\"c|d", HOSTILE);
	write_all("suricata", &e, 1, &to);
	const char *msg = strstr(to.ptr, "msg:\"");
	assert_non_null(msg);
	const char *end = strchr(msg + 5, '"');
	for (const char *c = msg + 5; c < end; c++)
		assert_true(*c != ';' && *c != '\\');
	assert_non_null(strstr(to.ptr, "/a|3B|b|22|c|7C|d"));
	/* The name's own "sid:1;)" is no option of the rule. */
	assert_null(strstr(msg, "sid:1;"));
}

static int
number_order(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;
	return (*a > *b) - (*a < *b);
}

/* Of so many, several share a hash: a rule numbered twice makes the sensor refuse them all. */
static void
no_two_rules_of_a_file_bear_one_number(void **state)
{
	(void)state;
	enum { COUNT = 200000 };
	uint64_t *number = calloc(COUNT, sizeof *number);
	own_buf struct buf to = {};
	struct out o;
	struct out_meta meta = {};
	out_begin(&o, out_format_find(SPAN("suricata")), pass, &meta, &to);
	for (unsigned i = 0; i < COUNT; i++) {
		char value[40];
		snprintf(value, sizeof value, "%u.%u.%u.1", 1 + (i >> 16), i >> 8 & 255, i & 255);
		struct out_entry e = entry(OBS_IPV4, value, "x");
		buf_reset(&to);
		out_add(&o, &e, &to);
		size_t at = span_find(buf_span(&to), SPAN("sid:"));
		struct span rest = span_sub(buf_span(&to), at + 4, SIZE_MAX);
		assert_true(span_to_u64(span_sub(rest, 0, span_find_byte(rest, ';')), &number[i]));
		assert_in_range(number[i], 1000000000, UINT32_MAX - 1);
	}
	assert_int_equal(o.written, COUNT);
	out_fini(&o);
	qsort(number, COUNT, sizeof *number, number_order);
	for (size_t i = 1; i < COUNT; i++)
		assert_true(number[i] != number[i - 1]);
	free(number);
}

static void
a_formula_in_a_cell_is_text(void **state)
{
	(void)state;
	static const char *const names[] = {"=1+1", "+1", "-1", "@x", "\t=1", "\r=1"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		own_buf struct buf to = {};
		struct out_entry e = entry(OBS_DOMAIN, "evil.example", names[i]);
		write_all("csv", &e, 1, &to);
		assert_null(strstr(to.ptr, ",\"="));
		assert_null(strstr(to.ptr, ",\"+"));
		assert_null(strstr(to.ptr, ",\"-"));
		assert_null(strstr(to.ptr, ",\"@"));
		assert_null(strstr(to.ptr, ",\" ="));
	}
}

static void
what_the_pass_denies_is_withheld_by_every_format(void **state)
{
	(void)state;
	for (const struct out_format *const *f = out_formats; *f; f++) {
		own_buf struct buf to = {};
		struct out o;
		struct out_meta meta = {.title = SPAN("x")};
		struct out_entry e = entry(OBS_IPV4, "192.0.2.1", "x");
		e.facts = facts_kept(STIX_CLASS_INDICATOR, TLP_RED, PRIVACY_TECHNICAL);
		out_begin(&o, *f, pass, &meta, &to);
		out_add(&o, &e, &to);
		assert_int_equal(o.withheld, 1);
		assert_int_equal(o.written, 0);
		out_fini(&o);
		buf_add_byte(&to, 0);
		assert_null(strstr(to.ptr, "192.0.2.1"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format_says_a_domain_in_its_words),
		cmocka_unit_test(addresses_are_written_as_each_tool_reads_them),
		cmocka_unit_test(a_vulnerability_is_left_out_where_there_is_no_word_for_it),
		cmocka_unit_test(a_hostile_name_adds_no_line_and_no_control_byte),
		cmocka_unit_test(a_hostile_title_stays_a_comment),
		cmocka_unit_test(suricata_s_strings_hold_no_quote_semicolon_or_backslash),
		cmocka_unit_test(no_two_rules_of_a_file_bear_one_number),
		cmocka_unit_test(a_formula_in_a_cell_is_text),
		cmocka_unit_test(what_the_pass_denies_is_withheld_by_every_format),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
