/* Texts and expressions in logs of chance: the fast way has the plain way's hits. */
#include "../seed.h"
#include "strings_world.h"

#include "base/own.h"

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

/* In JSON or not, each stands for something that no piece holds. */
static const char *const escapes[] = {"\\\\", "\\n", "\\t", "\\u005c", "\\u002F", "\\u00e9", "%5C",
	"%2f", "%20", "%C3%A9", "\\\\u005c", "\\/", "&quot;", "\\\\x5c"};

static const char *const names[] = {"TargetFilename", "CommandLine", "TargetObject", "mutex", "msg",
	"user_agent", "url", "query", "Image", "from", "src_ip", "User", "nested\":{\"a"};

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
		if (chance(rng, 4) == 0)
			buf_add(out, span_of(ONE_OF(rng, escapes)));
		else
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fast_way_has_the_plain_ways_hits),
		cmocka_unit_test(what_is_compiled_changes_no_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
