/* Texts in fields and lines: where one stands as a whole, and what is undone before. */
#include "strings_world.h"

#include "base/own.h"

/* The text that one pattern sees in one line: the plain way and the fast way say the same. "" for none. */
static const char *
seen(const char *pattern, const char *line, const char *reader)
{
	static struct buf out, fast;
	own_match_set struct match_set *set = set_of_patterns(&pattern, 1);
	setenv("TOCSIN_CPU", "plain", 1);
	hits_of(set, span_of(line), NULL, reader, &out);
	unsetenv("TOCSIN_CPU");
	hits_of(set, span_of(line), NULL, reader, &fast);
	assert_string_equal(out.ptr, fast.ptr);
	char *text = strstr(out.ptr, " text ");
	if (!text)
		return "";
	text[strlen(text) - 1] = 0;
	return text + 6;
}

static void
a_name_in_a_line_stands_as_a_whole(void **state)
{
	(void)state;
	static const char *const pattern = "[file:name = 'evil.exe']";
	static const char *const there[] = {"evil.exe", "ran evil.exe now", "C:\\x\\evil.exe",
		"/tmp/evil.exe", "\"evil.exe\"", "file=evil.exe;", "evil.exe.", "(evil.exe)",
		"evil.exe, evil", "evil.exe:stream", "notevil.exe evil.exe", "- evil.exe -",
		"\xc2\xa0 evil.exe"};
	static const char *const not_there[] = {"notevil.exe", "evil.exes", "evil.exe2",
		"not-evil.exe", "not.evil.exe", "evil.exe.bak", "evil.exe-old", "evil.exe\\x",
		"evil.exe/x", "Evil.exe", "evil_exe", "_evil.exe",
		("\xc3\xa9"
		 "evil.exe"),
		"evil.exe\xc3\xa9", "evil,exe"};
	for (size_t i = 0; i < sizeof there / sizeof *there; i++)
		if (strcmp(seen(pattern, there[i], "lines"), "evil.exe") != 0)
			fail_msg("not in %s", there[i]);
	for (size_t i = 0; i < sizeof not_there / sizeof *not_there; i++)
		if (*seen(pattern, not_there[i], "lines"))
			fail_msg("in %s", not_there[i]);
}

struct sight_case {
	const char *pattern, *line, *seen;
};

static void
a_known_field_is_compared_as_what_it_is(void **state)
{
	(void)state;
	static const struct sight_case cases[] = {
		{"[file:name = 'evil.exe']", "{\"TargetFilename\":\"C:\\\\a b\\\\evil.exe\"}",
			"evil.exe"},
		{"[file:name = 'evil.exe']", "{\"TargetFilename\":\"C:\\\\evil.exe\\\\x.txt\"}",
			""},
		{"[file:name = 'C:\\\\a\\\\evil.exe']",
			"{\"file\":{\"path\":\"C:\\\\a\\\\evil.exe\"}}", "C:\\a\\evil.exe"},
		{"[file:name LIKE 'ev%.exe']", "{\"Image\":\"C:\\\\evil.exe\"}", "evil.exe"},
		{"[file:name LIKE 'ev%.exe']", "{\"Image\":\"C:\\\\devil.exe\"}", ""},
		{"[file:name MATCHES '^ev.l\\\\.exe$']", "{\"Image\":\"C:\\\\evil.exe\"}",
			"evil.exe"},
		/* What a field is known to be something else is not asked. */
		{"[file:name = 'evil.exe']", "{\"user_agent\":\"evil.exe\"}", ""},
		{"[mutex:name = 'GlobalEvil']", "{\"Image\":\"GlobalEvil\"}", ""},
		{"[mutex:name = 'GlobalEvil']", "{\"mutex\":\"GlobalEvil\"}", "GlobalEvil"},
		{"[mutex:name = 'GlobalEvil']", "{\"unknown\":\"made GlobalEvil here\"}",
			"GlobalEvil"},
		{"[mutex:name = 'ab']", "{\"mutex\":\"ab\"}", "ab"},
		{"[mutex:name = 'ab']", "{\"unknown\":\"ab\"}", ""},
		{"[process:command_line = 'cmd /c evil']", "{\"CommandLine\":\"cmd /c evil\"}",
			"cmd /c evil"},
		{"[process:command_line = 'cmd /c evil']", "{\"CommandLine\":\"cmd /c evil more\"}",
			""},
		{"[file:name = 'evil.exe']", "{\"CommandLine\":\"x C:\\\\evil.exe -q\"}",
			"evil.exe"},
		{"[directory:path = 'C:\\\\Evil']", "{\"TargetFilename\":\"C:\\\\Evil\\\\a\"}",
			"C:\\Evil"},
		{"[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Software\\\\Evil']",
			"{\"TargetObject\":\"HKLM\\\\Software\\\\Evil\\\\Run\"}",
			"HKLM\\Software\\Evil\\Run"},
		{"[windows-registry-key:key = 'HKLM\\\\Software\\\\Evil']",
			"{\"ObjectName\":\"\\\\REGISTRY\\\\MACHINE\\\\Software\\\\Evil\"}",
			"\\REGISTRY\\MACHINE\\Software\\Evil"},
		{"[windows-registry-key:key = 'HKLM\\\\Software\\\\Evil']",
			"{\"TargetObject\":\"HKCU\\\\Software\\\\Evil\"}", ""},
		{"[windows-registry-key:values[*].name = 'EvilRun']",
			"{\"TargetObject\":\"HKLM\\\\Software\\\\EvilRun\"}", "EvilRun"},
		{"[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = "
		 "'Evil Agent']",
			"{\"http\":{\"http_user_agent\":\"Evil Agent\"}}", "Evil Agent"},
		{"[url:value LIKE 'http://%/gate.php']",
			"{\"http\":{\"hostname\":\"a.b.org\",\"url\":\"/gate.php\"}}",
			"//a.b.org/gate.php"},
		{"[domain-name:value MATCHES '^x[0-9]{4}\\\\.evil']",
			"{\"query\":\"X1234.evil.org\"}", "X1234.evil.org"},
		{"[email-addr:value LIKE 'boss%@evil.org']", "{\"from\":\"<boss.x@evil.org>\"}",
			"boss.x@evil.org"},
		{"[ipv4-addr:value LIKE '192.0.2.1%']", "{\"src_ip\":\"192.0.2.17\"}",
			"192.0.2.17"},
		{"[ipv4-addr:value LIKE '192.0.2.1%']", "{\"src_ip\":\"192.0.2.27\"}", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (strcmp(seen(cases[i].pattern, cases[i].line, "json"), cases[i].seen) != 0)
			fail_msg("%s in %s: \"%s\"", cases[i].pattern, cases[i].line,
				seen(cases[i].pattern, cases[i].line, "json"));
}

#define AGENT \
	"[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'Evil " \
	"Bot/1.0']"

/* In URLs, requests and user agents, and where nobody says what it is; once. */
static void
percent_signs_are_undone_once(void **state)
{
	(void)state;
	static const struct {
		const char *reader;
		struct sight_case is;
	} cases[] = {
		{"lines", {"[file:name = 'evil.exe']", "GET /a/evil%2Eexe HTTP/1.1", "evil.exe"}},
		{"lines", {"[file:name = 'evil.exe']", "GET /?f=%2Fa%2Fevil.exe HTTP/1.1",
				  "evil.exe"}},
		{"lines", {"[file:name = 'evil.exe']", "GET /a/evil%252Eexe HTTP/1.1", ""}},
		{"lines", {"[file:name = 'evil.exe']", "GET /a/evil%2Eexe%2Ebak HTTP/1.1", ""}},
		{"lines", {"[file:name = 'evil.exe']", "%65%76%69%6c%2e%65%78%65", "evil.exe"}},
		{"lines", {"[file:name = 'evil.exe']", "evil%2exe", ""}},
		{"clf", {"[file:name = '/etc/passwd']",
				"10.0.0.1 - - [01/Jan/2026:00:00:00 +0000] \"GET "
				"/?f=..%2F..%2Fetc%2Fpasswd HTTP/1.1\" 200 1",
				"/etc/passwd"}},
		{"clf", {"[file:name = 'passwd']",
				"10.0.0.1 - - [01/Jan/2026:00:00:00 +0000] \"GET "
				"/?f=..%2F..%2Fetc%2Fp%61sswd HTTP/1.1\" 200 1",
				"passwd"}},
		{"lines", {"[process:command_line = 'cmd /c whoami']",
				  "GET /sh?q=cmd%20/c%20whoami HTTP/1.1", "cmd /c whoami"}},
		{"lines", {"[process:command_line MATCHES 'cmd +/c who[a-z]+']",
				  "GET /sh?q=cmd%20%2Fc%20who%61mi HTTP/1.1", "cmd /c whoami"}},
		{"json", {"[url:value LIKE 'http://%/x y/gate.php']",
				 "{\"url\":\"http://a.b.org/x%20y/g%61te.php\"}",
				 "http://a.b.org/x y/gate.php"}},
		{"json", {"[url:value LIKE 'http://%/gate%2Ephp']",
				 "{\"url\":\"http://a.b.org/gate%2Ephp\"}",
				 "http://a.b.org/gate%2Ephp"}},
		{"json", {AGENT, "{\"http\":{\"http_user_agent\":\"Evil%20Bot/1%2E0\"}}",
				 "Evil Bot/1.0"}},
		/* Names of files hold percent signs as they are. */
		{"json", {"[file:name = 'evil.exe']", "{\"TargetFilename\":\"C:\\\\evil%2Eexe\"}",
				 ""}},
		{"json", {"[file:name = 'evil%2Eexe']", "{\"TargetFilename\":\"C:\\\\evil%2Eexe\"}",
				 "evil%2Eexe"}},
		{"json", {"[file:name = 'evil.exe']", "{\"unknown\":\"evil\\u00252Eexe\"}",
				 "evil.exe"}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct sight_case *c = &cases[i].is;
		const char *got = seen(c->pattern, c->line, cases[i].reader);
		if (strcmp(got, c->seen) != 0)
			fail_msg("%s in %s: \"%s\"", c->pattern, c->line, got);
		own_match_set struct match_set *set = set_of_patterns(&c->pattern, 1);
		own_buf struct buf swept = {};
		own_buf struct buf line = {};
		buf_printf(&line, "quiet\n%s\n", c->line);
		swept_hits(set, buf_span(&line), NULL, &swept);
		if (!strstr(swept.ptr, " text ") != !*c->seen)
			fail_msg("%s in %s, swept: \"%s\"", c->pattern, c->line, swept.ptr);
	}
}

static void
a_line_is_searched_as_documented(void **state)
{
	(void)state;
	static const struct sight_case cases[] = {
		{"[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Soft\\\\Evil']",
			"reg add HKLM\\Soft\\Evil /v x", "HKLM\\Soft\\Evil"},
		{"[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Soft\\\\Evil']",
			"reg add HKLM\\Soft\\Evils /v x", ""},
		{"[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Soft\\\\Evil']",
			"reg add HKCU\\Soft\\Evil /v x", ""},
		{"[file:name LIKE 'evil%.exe']", "ran evil12.exe now", "evil12.exe"},
		{"[file:name LIKE 'evil%.exe']", "ran devil12.exe now", ""},
		{"[file:name LIKE 'evil%.exe']", "ran evil\t12.exe now", ""},
		{"[file:name LIKE '%evil%']", "ran xevily", "evil"},
		{"[file:name MATCHES '^evil[0-9]+$']", "ran /tmp/evil12 now", "evil12"},
		{"[file:name MATCHES '^evil[0-9]+$']", "ran /tmp/evil12x now", ""},
		{"[process:command_line MATCHES 'evil +-x']", "ran evil   -x", "evil   -x"},
		{"[process:command_line MATCHES '(ev)il\\\\1']", "ran evilev", "evilev"},
		{"[process:command_line MATCHES '(?i)skill']", "ran \xc5\xbf\xe2\x84\xaaILL",
			"ran \xc5\xbf\xe2\x84\xaaILL"},
		{"[process:command_line MATCHES 'caf\xc3\xa9']", "ran cafe\xcc\x81",
			"ran cafe\xcc\x81"},
		{"[process:command_line MATCHES 'evil']", "\xf1 evil", "\xf1 evil"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (strcmp(seen(cases[i].pattern, cases[i].line, "lines"), cases[i].seen) != 0)
			fail_msg("%s in %s: \"%s\"", cases[i].pattern, cases[i].line,
				seen(cases[i].pattern, cases[i].line, "lines"));
}

static void
what_is_revoked_or_reset_is_not_found(void **state)
{
	(void)state;
	own_match_set struct match_set *set = match_set_new(42);
	own_buf struct buf out = {};
	struct indicator what = {.id = SPAN("indicator--1"),
		.about = {OBS_TEXT, SPAN("evil.exe")},
		.text = {PROPERTY_FILE, FORM_EQUAL, true},
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = -1};
	assert_rc(match_set_add_text(set, &what, NULL), RC_OK);
	assert_rc(match_set_add_text(set, &what, NULL), RC_CONFLICT);
	assert_int_equal(match_set_count(set), 1);
	/* Lists do not tell cases apart. */
	assert_string_equal(
		hits_of(set, SPAN("ran EVIL.exe"), NULL, NULL, &out), "1:4 exact text EVIL.exe;");
	assert_int_equal(match_set_revoke(set, SPAN("indicator--1")), 1);
	assert_int_equal(match_set_count(set), 0);
	assert_string_equal(hits_of(set, SPAN("ran EVIL.exe"), NULL, NULL, &out), "");
	assert_rc(match_set_add_text(set, &what, NULL), RC_OK);
	assert_string_equal(
		hits_of(set, SPAN("ran EVIL.exe"), NULL, NULL, &out), "1:4 exact text EVIL.exe;");
	/* A scan that lives on over a reset takes the new ones. */
	struct scan scan;
	const struct hit *hit;
	struct field field = {.value = SPAN("ran evil.exe and bad.exe")};
	struct record r = {
		.text = field.value, .line = 1, .time = NOON, .field = &field, .fields = 1};
	scan_init(&scan, set, (struct clock){noon_now, NULL});
	assert_int_equal(scan_record(&scan, &r, SPAN("log"), &hit), 1);
	match_set_reset(set);
	assert_int_equal(scan_record(&scan, &r, SPAN("log"), &hit), 0);
	what.about.value = SPAN("bad.exe");
	assert_rc(match_set_add_text(set, &what, NULL), RC_OK);
	assert_int_equal(scan_record(&scan, &r, SPAN("log"), &hit), 1);
	assert_span(hit[0].seen.value, "bad.exe");
	scan_fini(&scan);
}

static void
lists_hold_patterns_paths_and_keys(void **state)
{
	(void)state;
	own_match_set struct match_set *set =
		set_of("evil.org\n[file:name = 'evil.exe']\nC:\\Temp\\bad one.dll\n"
		       "hklm\\Software\\Evil\n/tmp/.x/miner\n");
	own_buf struct buf out = {};
	assert_int_equal(match_set_count_kind(set, OBS_TEXT), 4);
	assert_string_equal(hits_of(set, SPAN("c:\\temp\\BAD ONE.DLL"), NULL, "lines", &out),
		"1:0 exact text c:\\temp\\BAD ONE.DLL;");
	assert_string_equal(hits_of(set, SPAN("x HKLM\\SOFTWARE\\evil"), NULL, "lines", &out),
		"1:2 exact text HKLM\\SOFTWARE\\evil;");
	assert_string_equal(hits_of(set, SPAN("exec /tmp/.x/miner -a"), NULL, "lines", &out),
		"1:5 exact text /tmp/.x/miner;");
	assert_string_equal(
		hits_of(set, SPAN("evil.exe"), NULL, "lines", &out), "1:0 exact text evil.exe;");
	assert_string_equal(hits_of(set, SPAN("EVIL.EXE"), NULL, "lines", &out), "");
}

static void
a_list_holds_patterns_in_brackets(void **state)
{
	(void)state;
	own_match_set struct match_set *set =
		set_of("( ([domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value = "
		       "'b.org'])) WITHIN 5 SECONDS\n(evil.org)\n");
	assert_true(match_set_has_parts(set));
	assert_int_equal(match_set_count_kind(set, OBS_DOMAIN), 3);
}

static void
hostile_expressions_are_bounded(void **state)
{
	(void)state;
	static const char *const one[] = {
		"[process:command_line MATCHES '^(([a-z])+.)+[A-Z]([a-z])+$']"};
	own_match_set struct match_set *set = set_of_patterns(one, 1);
	own_buf struct buf log = {};
	struct scan scan;
	struct record r;
	const struct hit *hit;
	for (int i = 0; i < 12; i++)
		buf_printf(&log, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%d!\n", i);
	own_stream struct stream *s = stream_new_span(buf_span(&log), NULL);
	own_reading struct reading reading;
	scan_init(&scan, set, (struct clock){noon_now, NULL});
	reading_init(&reading, s, NULL, LINES_ALL, NOON);
	while (!reading_next(&reading, &r, NULL))
		scan_record(&scan, &r, SPAN("log"), &hit);
	assert_true(strings_trouble(scan.strings).stopped == 1);
	assert_int_equal(strings_counts(match_set_strings(set)).bare, 1);
	scan_fini(&scan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_in_a_line_stands_as_a_whole),
		cmocka_unit_test(a_known_field_is_compared_as_what_it_is),
		cmocka_unit_test(percent_signs_are_undone_once),
		cmocka_unit_test(a_line_is_searched_as_documented),
		cmocka_unit_test(what_is_revoked_or_reset_is_not_found),
		cmocka_unit_test(lists_hold_patterns_paths_and_keys),
		cmocka_unit_test(a_list_holds_patterns_in_brackets),
		cmocka_unit_test(hostile_expressions_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
