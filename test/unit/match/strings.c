/* Texts in fields and lines: where one stands as a whole, and that the fast way has the plain way's hits. */
#include "../seed.h"
#include "../test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/own.h"
#include "base/rng.h"
#include "match/arm.h"
#include "match/strings-internal.h" /* chains of marks */
#include "match/sweep.h"
#include "match/vscan_cache.h"
#include "world.h"

static struct match_set *
set_of_patterns(const char *const *patterns, size_t count)
{
	struct match_set *set = match_set_new(42);
	own_arm_batch struct arm_batch batch = {};
	struct ioc_counts counts = {};
	for (size_t i = 0; i < count; i++) {
		struct indicator facts = {.pattern = span_of(patterns[i]),
			.valid_from = TIME_NONE,
			.valid_until = TIME_NONE,
			.confidence = -1};
		arm_pattern(&facts, &batch);
	}
	if (arm_commit(set, &batch, &counts, NULL) || counts.partial || counts.unknown)
		fail_msg("%llu partial, %llu unknown", (unsigned long long)counts.partial,
			(unsigned long long)counts.unknown);
	return set;
}

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

/* Hits of a log that is swept. */
static const char *
swept_hits(const struct match_set *set, struct span log, size_t *compiled, struct buf *out)
{
	struct scan scan;
	struct record r;
	const struct hit *hit;
	enum rc code;
	own_sweep struct sweep *sweep = sweep_new(set);
	own_stream struct stream *s = stream_new_span(log, NULL);
	own_reading struct reading reading;
	scan_init(&scan, set, (struct clock){noon_now, NULL});
	reading_init(&reading, s, reader_find(SPAN("lines")), LINES_ALL, NOON);
	if (!compiled)
		reading.reader = NULL;
	reading_sweep(&reading, sweep, 1);
	if (compiled) {
		r = (struct record){.time = NOON};
		scan_record(&scan, &r, SPAN("log"), &hit);
		*compiled = strings_judge_compile(scan.strings);
	}
	buf_reset(out);
	while (!(code = reading_next(&reading, &r, NULL)) || code == RC_AGAIN) {
		size_t hits = code ? 0 : scan_record(&scan, &r, SPAN("log"), &hit);
		for (size_t i = 0; i < hits; i++)
			buf_printf(out, "%llu:%llu %s %s %.*s;", (unsigned long long)hit[i].line,
				(unsigned long long)hit[i].offset, hit_match_word(hit[i].match),
				obs_word(hit[i].seen.kind), (int)hit[i].seen.value.len,
				hit[i].seen.value.ptr);
	}
	scan_fini(&scan);
	buf_add_byte(out, 0);
	return out->ptr;
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

/* ---- both ways over random logs ---- */

static const char *const patterns[] = {"[file:name = 'evil.exe']", "[file:name = 'malware.dll']",
	"[file:name = 'a.js']", "[mutex:name = 'Global-Evil-Mutex']", "[mutex:name = 'abc']",
	"[file:name LIKE 'evil%.exe']", "[file:name LIKE '%.scr']", "[file:name MATCHES '^e.il']",
	"[process:command_line MATCHES '(?i)skill +-enc']",
	"[process:command_line MATCHES '(alpha|bravo-charlie)[0-9]+']",
	"[process:command_line MATCHES '(ab)+c\\\\1']", "[process:command_line MATCHES 'x{3}yz']",
	"[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Software\\\\Evil']",
	"[windows-registry-key:key MATCHES 'HKEY_LOCAL_MACHINE.Software.Ev']",
	"[windows-registry-key:values[*].name = 'Runner']", "[directory:path = 'C:\\\\Evil']",
	("[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'Evil "
	 "Agent']"),
	"[url:value MATCHES '^https?://[a-z.]+/gate[0-9]']", "[url:value LIKE 'http://evil.org/%']",
	"[domain-name:value LIKE '%evil-corp%']",
	"[domain-name:value MATCHES '^ns[0-9]+\\\\.evil']", "[email-addr:value LIKE '%@evil.org']",
	"[ipv4-addr:value LIKE '192.0.2.%']", "[user-account:account_login = 'eviladmin']",
	"[file:name = 'caf\xc3\xa9-evil.doc']"};

static const char *const pieces[] = {"evil.exe", "notevil.exe", "EVIL.EXE", "evil12.exe",
	"malware.dll", "a.js", "Global-Evil-Mutex", "abc", "skill -enc", "\xc5\xbfkill  -enc",
	"\xc5\xbf\xe2\x84\xaaill -enc", "SKILL -enc", "alpha7", "bravo-charlie42", "bravo-charlie",
	"ababcab", "xxxyz", "xxyz", "HKLM\\Software\\Evil", "HKEY_LOCAL_MACHINE\\Software\\Evil\\x",
	"\\REGISTRY\\MACHINE\\Software\\Evil", "HKLM\\\\Software\\\\Evil\\\\Runner", "Runner",
	"C:\\Evil\\a.txt", "C:\\\\Evil\\\\evil.exe", "Evil Agent", "Evil+Agent",
	"http://a.org/gate7", "https:\\/\\/a.org\\/gate7", "http://evil.org/x", "ns12.evil.net",
	"my.evil-corp.org", "EVIL-CORP.org", "boss@evil.org", "192.0.2.7", "eviladmin",
	"\\u0065vil.exe", "ev\\u0069l.exe", "evi\\x6c.exe", "evil\\u002eexe", "\\u017fkill -enc",
	"e\\u0301vil.exe", "caf\xc3\xa9-evil.doc", "caf\\u00e9-evil.doc", "cafe\xcc\x81-evil.doc",
	"evil&#46;exe", "%65vil.exe", "x.scr", "\xff\xfe", "Nov 27 10:00:00 host app: ",
	"padding padding padding padding padding padding padding padding padding"};

static const char *const between[] = {" ", " ", "\t", ",", "\"", "=", "/", "\\", ".", "-", "", "\n",
	"\n", "\r\n", "x", ":", "\xc3\xa9", "|"};

static const char *const names[] = {"TargetFilename", "CommandLine", "TargetObject", "mutex", "msg",
	"user_agent", "url", "query", "Image", "from", "src_ip", "User", "nested\":{\"a"};

static uint32_t
chance(struct rng rng, uint32_t below)
{
	uint32_t v;
	rng_fill(rng, &v, sizeof v);
	return v % below;
}

#define ONE_OF(rng, table) (table)[chance(rng, sizeof(table) / sizeof *(table))]

/* Some with percent signs for any of their bytes. */
static void
add_piece(struct rng rng, struct buf *out, const char *piece)
{
	bool written = chance(rng, 5) == 0;
	for (; *piece; piece++)
		if (written && chance(rng, 3) == 0)
			buf_printf(
				out, chance(rng, 2) ? "%%%02X" : "%%%02x", (unsigned char)*piece);
		else
			buf_add_byte(out, *piece);
}

static void
add_words(struct rng rng, struct buf *out, bool json)
{
	for (uint32_t n = 1 + chance(rng, 5); n; n--) {
		const char *piece = ONE_OF(rng, pieces), *gap = ONE_OF(rng, between);
		/* In JSON strings only what may stand there. */
		if (!json || !strpbrk(piece, "\"\n") || strchr(piece, '\\'))
			add_piece(rng, out, piece);
		buf_add(out, json && strpbrk(gap, "\"\\\n\r\t") ? SPAN(" ") : span_of(gap));
	}
}

static void
make_log(struct rng rng, struct buf *out)
{
	bool json = chance(rng, 2);
	uint32_t len = chance(rng, 4) ? chance(rng, 3000) : 8000 + chance(rng, 20000);
	buf_reset(out);
	while (out->len < len) {
		if (!json) {
			add_words(rng, out, false);
			continue;
		}
		const char *name = ONE_OF(rng, names);
		buf_printf(out, "{\"%s\":\"", name);
		add_words(rng, out, true);
		buf_printf(out, "\"}%s\n", strchr(name, '{') ? "}" : "");
	}
}

static void
the_fast_way_has_the_plain_ways_hits(void **state)
{
	(void)state;
	enum { TURNS = 400, ALL = sizeof patterns / sizeof *patterns };
	uint64_t seed = seed_of_run();
	struct rng rng = rng_seeded(&seed);
	own_buf struct buf log = {}, plain = {}, fast = {};
	size_t some = 0;
	for (unsigned turn = 0; turn < TURNS; turn++) {
		const char *some_of[ALL];
		size_t count = 0;
		for (size_t i = 0; i < ALL; i++)
			if (chance(rng, 2))
				some_of[count++] = patterns[i];
		own_match_set struct match_set *set = set_of_patterns(some_of, count);
		make_log(rng, &log);
		setenv("TOCSIN_CPU", "plain", 1);
		hits_of(set, buf_span(&log), NULL, NULL, &plain);
		/* Each of them makes the gate that suits it. */
		static const char *const cpus[] = {"c", "avx512", "avx2", ""};
		setenv("TOCSIN_CPU", cpus[turn % 4], 1);
		own_match_set struct match_set *again = set_of_patterns(some_of, count);
		hits_of(again, buf_span(&log), NULL, NULL, &fast);
		if (strcmp(plain.ptr, fast.ptr) != 0 ||
			strcmp(plain.ptr, swept_hits(again, buf_span(&log), NULL, &fast)) != 0)
			fail_msg("turn %u has other hits by \"%s\"", turn, cpus[turn % 4]);
		unsetenv("TOCSIN_CPU");
		some += plain.len > 1;
	}
	assert_true(some > TURNS / 2);
}

/* An expression of parts, and a text of what some of them match. */
static void
make_pair(struct rng rng, struct buf *expression, struct buf *text)
{
	static const char *const parts[][2] = {{"abcd", "abcd"}, {"e?", ""}, {"e?", "e"},
		{"(fghi|jklm)", "fghi"}, {"(fghi|jklm)", "JKLM"}, {"(?:nopq)*", "nopqnopq"},
		{"[a-f]{2,4}", "abc"}, {"\\d+", "42"}, {".", "z"}, {"\\.", "."}, {"x{0,2}", ""},
		{"x{3}", "xxx"}, {"x{1,}", "xx"}, {"(?i:ABCD)", "aBcD"}, {"(?i)", ""}, {"\\b", ""},
		{"(?=[a-z])", ""}, {"(?!qqqq)", ""}, {"(?<=d)", ""}, {"(ab)\\1", "abab"}, {"^", ""},
		{"$", ""}, {"\\x41", "A"}, {"(?<n>wxyz)", "wxyz"}, {"-+", "--"}, {"\\w+", "w0_"},
		{"\\s", " "}, {"\\s*", "\t"}, {"(?>mnop)", "mnop"}, {"a++b", "aab"}, {"[^q]", "r"},
		{"[[:punct:]]", "$"}, {"[[:alpha:]]{3}", "kKs"}, {"\\h", " "}, {"\\Qa.b\\E", "a.b"},
		{"\\pL", "k"}, {"(?x) a b # c\n", "ab"}, {"(a|b)*?c", "abac"}, {"\\A", ""},
		{"\\z", ""}, {"a{,2}", "aa"}, {"\\R", " "}, {"\\N", "y"}, {"(?s).", " "}};
	enum { PARTS = sizeof parts / sizeof *parts };
	buf_reset(expression);
	for (uint32_t n = 1 + chance(rng, 5); n; n--) {
		size_t i = chance(rng, PARTS);
		buf_add(expression, span_of(parts[i][0]));
		if (chance(rng, 8))
			buf_add(text, span_of(parts[i][1]));
		if (chance(rng, 8) == 0)
			buf_add(text, SPAN("\xc3\xa9k\x01"));
	}
	buf_add(text, chance(rng, 2) ? SPAN("\n") : SPAN(" "));
}

static void
add_expression(struct match_set *set, struct span expression)
{
	struct indicator what = {.about = {OBS_TEXT, expression},
		.text = {PROPERTY_COMMAND, FORM_MATCHES, false},
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = -1};
	(void)!match_set_add_text(set, &what, NULL);
}

static void
what_is_compiled_changes_no_answer(void **state)
{
	(void)state;
	enum { TURNS = 1, EXPRESSIONS = 560 };
	uint64_t seed = seed_of_run();
	struct rng rng = rng_seeded(&seed);
	own_buf struct buf expression = {}, text = {}, plain = {}, fast = {};
	size_t most = 0;
	for (unsigned turn = 0; turn < TURNS; turn++) {
		own_match_set struct match_set *set = match_set_new(42);
		size_t compiled = 0;
		buf_reset(&text);
		for (unsigned i = 0; i < EXPRESSIONS; i++) {
			make_pair(rng, &expression, &text);
			add_expression(set, buf_span(&expression));
		}
		setenv("TOCSIN_CPU", "plain", 1);
		hits_of(set, buf_span(&text), NULL, "lines", &plain);
		unsetenv("TOCSIN_CPU");
		if (strcmp(plain.ptr, swept_hits(set, buf_span(&text), &compiled, &fast)) != 0)
			fail_msg("turn %u has other hits", turn);
		most = compiled > most ? compiled : most;
	}
	print_message("# said: %zu of %d expressions compiled at most\n", most, EXPRESSIONS);
}

static void
what_is_compiled_is_asked_of_plain_text_alone(void **state)
{
	(void)state;
	static const char *const one[] = {"[process:command_line MATCHES '(?i)skill']",
		"[process:command_line MATCHES '(ab)c\\\\1']",
		"[process:command_line MATCHES '^x(?=y)']"};
	own_match_set struct match_set *set = set_of_patterns(one, 3);
	own_buf struct buf out = {};
	size_t compiled = 0;
	assert_string_equal(
		swept_hits(set, SPAN("\xc5\xbfKILL\nskil\nabcab\nabca\nxy\nxz\n"), &compiled, &out),
		"1:0 regex text \xc5\xbfKILL;3:12 regex text abcab;5:23 regex text x;");
}

static void
a_gate_asks_for_all_pieces(void **state)
{
	(void)state;
	static const char *const one[] = {"[process:command_line MATCHES 'evil-one.*other']"};
	static const struct {
		struct span text;
		bool may;
	} cases[] = {
		{SPAN("an evil-one and OTHER\n"), true},
		{SPAN("an evil-one alone\nother\n"), false},
		{SPAN("other\n"), false},
		{SPAN("an evil\\u002done and other\n"), true},
	};
	own_match_set struct match_set *set = set_of_patterns(one, 1);
	struct strings *strings = match_set_strings(set);
	strings_ready(strings);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct strings_walk walk = {};
		assert_int_equal(strings_next_line(strings, cases[i].text, &walk), cases[i].may);
	}
}

/* What a log is full of is learned from it, and changes no answer. */
static void
what_a_log_is_full_of_is_learned(void **state)
{
	(void)state;
	static const char *const one[] = {"[process:command_line MATCHES 'password for.*evil1']",
		"[process:command_line MATCHES 'accepted']"};
	own_match_set struct match_set *set = set_of_patterns(one, 2);
	own_buf struct buf log = {}, out = {};
	for (int i = 0; i < 3000; i++)
		buf_add(&log, SPAN("Failed password for root from somewhere\n"));
	buf_add(&log, SPAN("Failed password for evil1\naccepted\n"));
	assert_string_equal(swept_hits(set, buf_span(&log), NULL, &out),
		"3001:120007 regex text password for evil1;3002:120026 regex text accepted;");
	struct strings_walk walk = {};
	assert_false(strings_next_line(match_set_strings(set), SPAN("password for root\n"), &walk));
}

/* The file that is alone in a folder; "" where it is empty. */
static const char *
only_file(const char *folder)
{
	static char path[400];
	DIR *dir = opendir(folder);
	path[0] = 0;
	for (struct dirent *e; dir && (e = readdir(dir));)
		if (e->d_name[0] != '.')
			snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
	closedir(dir);
	return path;
}

static void
compiled_expressions_are_kept_under_a_key(void **state)
{
	(void)state;
	static const struct span texts[] = {SPAN("ev[il]+1"), SPAN("bad.*2")},
				 others[] = {SPAN("ev[il]+1"), SPAN("bad.*3")};
	char folder[] = "/tmp/tocsin-cache-XXXXXX";
	struct vscan *v = NULL;
	struct vscan_making *making = NULL;
	struct vscan_shard *made = NULL, *back = NULL;
	if (vscan_open(&v, NULL)) {
		print_message("# said: no Vectorscan here\n");
		return;
	}
	assert_non_null(mkdtemp(folder));
	struct vscan_cache cache = {folder, {{1}}}, other = {folder, {{2}}};
	assert_rc(vscan_cache_load(&cache, v, texts, 2, &back), RC_NONE);
	assert_rc(vscan_begin(v, texts, 2, &making, NULL), RC_OK);
	assert_rc(vscan_end(making, VSCAN_WAIT, &made), RC_OK);
	assert_rc(vscan_cache_save(&cache, v, texts, 2, making), RC_OK);
	vscan_making_free(&making);
	vscan_shard_free(&made);
	assert_rc(vscan_cache_load(&cache, v, texts, 2, &back), RC_OK);
	uint64_t may[VSCAN_WORDS];
	assert_int_equal(vscan_count(back), 2);
	assert_rc(vscan_scan(back, SPAN("a bad 2"), may), RC_OK);
	assert_true(may[0] == 2);
	vscan_shard_free(&back);
	/* Other expressions, another key, a byte that changed: compiled anew. */
	assert_rc(vscan_cache_load(&cache, v, others, 2, &back), RC_NONE);
	assert_rc(vscan_cache_load(&other, v, texts, 2, &back), RC_NONE);
	const char *path = only_file(folder);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char byte = 0;
	assert_true(fd >= 0 && pread(fd, &byte, 1, 200) == 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 200), 1);
	assert_rc(vscan_cache_load(&cache, v, texts, 2, &back), RC_NONE);
	assert_int_equal(ftruncate(fd, 20), 0);
	assert_rc(vscan_cache_load(&cache, v, texts, 2, &back), RC_NONE);
	close(fd);
	unlink(path);
	rmdir(folder);
	vscan_close(&v);
}

/* A text across every edge of what is looked at in one go. */
static void
edges_hide_no_text(void **state)
{
	(void)state;
	static const char *const one[] = {"[mutex:name = 'Evil-Mutex-Name']",
		"[mutex:name = 'quux']", "[mutex:name MATCHES '(?i)k\xc3\xa9y']"};
	own_match_set struct match_set *set = set_of_patterns(one, 3);
	own_buf struct buf log = {}, fast = {};
	static const char *const texts[] = {"Evil-Mutex-Name", "quux",
		"\\u0051 Evil-Mutex\\u002dName", "\xe2\x84\xaa\xc3\xa9y", "Evil-Mutex%2dName",
		"%45%76%69%6C-Mutex-Nam%65", "%e2%84%aa\xc3%a9y", "q\\u002575ux"};
	for (size_t kind = 0; kind < sizeof texts / sizeof *texts; kind++)
		for (size_t before = 8192 - 40; before < 8192 + 8; before++) {
			buf_reset(&log);
			buf_add(&log, SPAN("{\"a\":\"x\"}\n{\"b\":\""));
			while (log.len < before)
				buf_add_byte(&log, ' ');
			buf_printf(&log, "%s\"}\n", texts[kind]);
			swept_hits(set, buf_span(&log), NULL, &fast);
			if (!strstr(fast.ptr, " text "))
				fail_msg("%s behind %zu bytes", texts[kind], before);
		}
}

/* Texts that differ in some digits alone: a place of the log is held against few of them. */
static void
texts_alike_are_told_apart(void **state)
{
	(void)state;
	enum { TEXTS = 20000, CHAIN_MOST = 200, AWAY_MOST = 300 };
	own_match_set struct match_set *set = match_set_new(42);
	for (unsigned i = 0; i < TEXTS; i++) {
		char name[40];
		int len = snprintf(name, sizeof name, "invoice_2024_%06u.pdf", i * 7);
		struct indicator what = {.about = {OBS_TEXT, {name, (size_t)len}},
			.text = {PROPERTY_FILE, FORM_EQUAL, false},
			.valid_from = TIME_NONE,
			.valid_until = TIME_NONE,
			.confidence = -1};
		assert_int_equal(match_set_add_text(set, &what, NULL), RC_OK);
	}
	strings_ready(match_set_strings(set));
	const struct gate *g = gate_of(match_set_strings(set));
	assert_int_equal(g->pieces.len, TEXTS);
	size_t away = 0; /* marks side by side: what a look-up of another passes over */
	for (size_t i = 0; i < g->wides; i++) {
		unsigned chain = 0;
		uint32_t mark = g->wide[i].key ? g->wide[i].first : GATE_NONE;
		for (; mark != GATE_NONE; mark = g->marks.at[mark].next)
			chain++;
		assert_in_range(chain, 0, CHAIN_MOST);
		away = g->wide[i].key ? away + 1 : 0;
		assert_in_range(away, 0, AWAY_MOST);
	}
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
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_in_a_line_stands_as_a_whole),
		cmocka_unit_test(a_known_field_is_compared_as_what_it_is),
		cmocka_unit_test(a_line_is_searched_as_documented),
		cmocka_unit_test(percent_signs_are_undone_once),
		cmocka_unit_test(the_fast_way_has_the_plain_ways_hits),
		cmocka_unit_test(what_is_compiled_changes_no_answer),
		cmocka_unit_test(what_is_compiled_is_asked_of_plain_text_alone),
		cmocka_unit_test(compiled_expressions_are_kept_under_a_key),
		cmocka_unit_test(a_gate_asks_for_all_pieces),
		cmocka_unit_test(what_a_log_is_full_of_is_learned),
		cmocka_unit_test(edges_hide_no_text),
		cmocka_unit_test(texts_alike_are_told_apart),
		cmocka_unit_test(what_is_revoked_or_reset_is_not_found),
		cmocka_unit_test(lists_hold_patterns_paths_and_keys),
		cmocka_unit_test(hostile_expressions_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
