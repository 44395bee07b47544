/* What is asked of a line before any text is: pieces that it must hold, and expressions that are compiled. */
#include "strings_world.h"

#include <dirent.h>
#include <fcntl.h>

#include "base/own.h"
#include "match/strings-internal.h" /* chains of marks */
#include "match/vscan_cache.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_compiled_is_asked_of_plain_text_alone),
		cmocka_unit_test(a_gate_asks_for_all_pieces),
		cmocka_unit_test(what_a_log_is_full_of_is_learned),
		cmocka_unit_test(compiled_expressions_are_kept_under_a_key),
		cmocka_unit_test(edges_hide_no_text),
		cmocka_unit_test(texts_alike_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
