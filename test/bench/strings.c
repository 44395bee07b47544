/*
 * usage: strings LIST LOG [EXPRESSIONS [COMMON [ROUNDS]]]   a log in memory against a list, then against the list and so many
 * expressions besides, of which COMMON in a hundred (5) begin with a word of the log; and Vectorscan alone, all
 * expressions in one database (ten of 500 take eleven times as long), over the lines that the gate lets through, and
 * over those with one piece, which a prefilter by one literal would let through. Processor time of one
 * thread, the best of the rounds, in turns. The aim is 0.8 of 1/(1/a + 1/b), a the list alone, b Vectorscan alone.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef BENCH_VECTORSCAN
#include <hs/hs.h>
#endif

#include "base/own.h"
#include "base/rng.h"
#include "match/ioc.h"
#include "match/scan.h"
#include "match/strings-internal.h" /* pieces by themselves */
#include "match/sweep.h"

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int64_t
no_time(const void *ctx)
{
	(void)ctx;
	return 0;
}

struct bench {
	struct span log;
	struct rng rng;
	int rounds;
	unsigned common; /* in a hundred */
	size_t hits;
};

static void
add_word(struct bench *b, struct buf *out, unsigned syllables)
{
	static const char *const parts[] = {"ba", "ke", "lor", "min", "tru", "vex", "zin", "qua",
		"pol", "dra", "fen", "gis", "hul", "jot", "mar", "nok", "rav", "sep", "tol", "wyr"};
	while (syllables--)
		buf_add(out, span_of(parts[rng_below(b->rng, sizeof parts / sizeof *parts)]));
}

/* A word of the log, so that the gate has something to let through. */
static struct span
word_of_log(struct bench *b)
{
	for (;;) {
		size_t at = rng_below(b->rng, b->log.len - 64), len = 0;
		while (at + len < b->log.len && len < 24 &&
			strchr("abcdefghijklmnopqrstuvwxyz0123456789", b->log.ptr[at + len]))
			len++;
		if (len >= 6)
			return span_sub(b->log, at, len);
	}
}

/* Names of files, paths of URLs, command lines, and some with a word that the log holds. */
static void
make_expression(struct bench *b, struct buf *out)
{
	buf_reset(out);
	unsigned kind = rng_below(b->rng, 100) < b->common ? 9 : (unsigned)rng_below(b->rng, 9);
	if (kind < 4) {
		buf_add(out, SPAN("[a-z]{1,8}-"));
		add_word(b, out, 3);
		buf_add(out, SPAN("[0-9]*\\.(exe|dll|scr)$"));
	} else if (kind < 7) {
		buf_add(out, SPAN("/"));
		add_word(b, out, 2);
		buf_add(out, SPAN("[0-9]{2,4}/gate\\.php\\?"));
		add_word(b, out, 1);
		buf_add(out, SPAN("=[0-9a-f]{8,}"));
	} else if (kind < 9) {
		buf_add(out, SPAN("(?i)"));
		add_word(b, out, 3);
		buf_add(out, SPAN(" +-[a-z]+ .*"));
		add_word(b, out, 2);
	} else {
		struct span word = word_of_log(b);
		buf_printf(out, "%.*s[0-9a-z]*-", (int)word.len, word.ptr);
		add_word(b, out, 2);
	}
}

static void
add_expressions(struct bench *b, struct match_set *set, size_t count)
{
	own_buf struct buf text = {};
	while (match_set_count_kind(set, OBS_TEXT) < count) {
		make_expression(b, &text);
		struct indicator what = {.about = {OBS_TEXT, buf_span(&text)},
			.text = {PROPERTY_COMMAND, FORM_MATCHES, false},
			.valid_from = TIME_NONE,
			.valid_until = TIME_NONE,
			.confidence = -1};
		(void)!match_set_add_text(set, &what, NULL);
	}
}

static double
scan_once(struct bench *b, struct sweep *sweep, struct scan *scan)
{
	struct record r;
	const struct hit *hit;
	enum rc code;
	own_stream struct stream *s = stream_new_span(b->log, NULL);
	own_reading struct reading reading;
	double begin = now();
	b->hits = 0;
	reading_init(&reading, s, reader_find(SPAN("lines")), LINES_ALL, 0);
	reading_sweep(&reading, sweep, 0);
	while (!(code = reading_next(&reading, &r, NULL)) || code == RC_AGAIN)
		b->hits += code ? 0 : scan_record(scan, &r, SPAN("log"), &hit);
	return now() - begin;
}

/* A set and what scans with it. */
struct pass {
	struct match_set *set;
	struct sweep *sweep;
	struct scan scan;
	double best;
	size_t hits;
};

static void
pass_init(struct pass *s, struct match_set *set)
{
	*s = (struct pass){.set = set, .sweep = sweep_new(set), .best = 1e9};
	scan_init(&s->scan, set, (struct clock){no_time, NULL});
}

static void
pass_fini(struct pass *s)
{
	scan_fini(&s->scan);
	sweep_free(&s->sweep);
}

/* What else runs here hits both alike. */
static void
scan_in_turns(struct bench *b, struct pass pass[static 2])
{
	for (int i = 0; i < 2 * b->rounds; i++) {
		struct pass *s = &pass[i % 2];
		double took = scan_once(b, s->sweep, &s->scan);
		s->best = took < s->best ? took : s->best;
		s->hits = b->hits;
	}
}

/* Lines with a piece of some expression: what a look for one literal each lets through. */
static void
lines_with_piece(const struct bench *b, const struct strings *strings, struct buf *lines)
{
	struct span rest = b->log, line;
	while (span_cut(&rest, '\n', &line)) {
		struct gate_place p = {.mark = GATE_NONE};
		if (gate_next(gate_of(strings), line, &p)) {
			buf_add(lines, line);
			buf_add_byte(lines, '\n');
		}
	}
}

/* Lines that the gate lets through, and what looking for them costs. */
static double
select_lines(const struct bench *b, struct strings *strings, struct buf *lines)
{
	enum { PIECE = 256 << 10 };
	double best = 1e9;
	for (int i = 0; i < b->rounds; i++) {
		double begin = now();
		buf_reset(lines);
		for (size_t at = 0; at < b->log.len;) {
			struct span piece = span_sub(b->log, at, PIECE);
			const char *end = memrchr(piece.ptr, '\n', piece.len);
			if (end)
				piece.len = (size_t)(end - piece.ptr) + 1;
			struct strings_walk walk = {};
			while (strings_next_line(strings, piece, &walk)) {
				const char *from = memrchr(piece.ptr, '\n', walk.place);
				size_t first = from ? (size_t)(from - piece.ptr) + 1 : 0;
				buf_add(lines, span_sub(piece, first, walk.at - first));
			}
			at += piece.len;
		}
		double took = now() - begin;
		best = took < best ? took : best;
	}
	return best;
}

/* Vectorscan alone: all expressions in one database, as who has nothing but it would. */
struct rival {
#ifdef BENCH_VECTORSCAN
	hs_database_t *db;
	hs_scratch_t *scratch;
#endif
	double compile; /* by the clock */
};

#ifdef BENCH_VECTORSCAN

static bool
rival_init(struct rival *r, const struct strings *strings, size_t count)
{
	enum { FLAGS = HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY };
	struct timespec t0, t1;
	hs_compile_error_t *error = NULL;
	char **text = mem_new(count * sizeof *text);
	unsigned *flags = mem_new(count * sizeof *flags), *ids = mem_new(count * sizeof *ids);
	for (size_t i = 0; i < count; i++) {
		text[i] = mem_dup(strings_get(strings, (uint32_t)i).about.value);
		flags[i] = FLAGS;
		ids[i] = (unsigned)i;
	}
	clock_gettime(CLOCK_MONOTONIC, &t0);
	bool fine = hs_compile_multi((const char *const *)text, flags, ids, (unsigned)count,
			    HS_MODE_BLOCK, NULL, &r->db, &error) == HS_SUCCESS &&
		    hs_alloc_scratch(r->db, &r->scratch) == HS_SUCCESS;
	clock_gettime(CLOCK_MONOTONIC, &t1);
	r->compile = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
	hs_free_compile_error(error);
	for (size_t i = 0; i < count; i++)
		free(text[i]);
	free(text);
	free(flags);
	free(ids);
	return fine;
}

static int
count_one(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	uint64_t *count = ctx;
	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	++*count;
	return 0;
}

static double
rival_scan(const struct rival *r, struct span lines, int rounds)
{
	double best = 1e9;
	uint64_t count = 0;
	for (int i = 0; i < rounds; i++) {
		double begin = now();
		struct span rest = lines, line;
		while (span_cut(&rest, '\n', &line))
			if (line.len)
				(void)!hs_scan(r->db, line.ptr, (unsigned)line.len, 0, r->scratch,
					count_one, &count);
		double took = now() - begin;
		best = took < best ? took : best;
	}
	return best;
}

static void
rival_fini(struct rival *r)
{
	hs_free_database(r->db);
	hs_free_scratch(r->scratch);
}

#else

static bool
rival_init(struct rival *r, const struct strings *strings, size_t count)
{
	(void)r;
	(void)strings;
	(void)count;
	return false;
}

static double
rival_scan(const struct rival *r, struct span lines, int rounds)
{
	(void)r;
	(void)lines;
	return rounds;
}

static void
rival_fini(struct rival *r)
{
	(void)r;
}

#endif

static bool
load(const char *path, struct buf *out)
{
	struct stat st;
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return false;
	size_t len = (size_t)st.st_size;
	if (pread(fd, buf_room(out, len), len, 0) != (ssize_t)len)
		return false;
	out->len = len;
	return true;
}

static bool
read_list(struct match_set *set, const struct buf *list, struct ioc_counts *counts)
{
	own_stream struct stream *from = stream_new_span(buf_span(list), NULL);
	*counts = (struct ioc_counts){};
	return ioc_add_list(set, from, counts, NULL) == RC_OK;
}

int
main(int argc, char **argv)
{
	if (argc < 3) {
		puts("1..0 # SKIP strings LIST LOG [EXPRESSIONS [COMMON [ROUNDS]]]");
		return 77;
	}
	uint64_t seed = 42;
	own_buf struct buf log = {}, list = {}, lines = {};
	struct ioc_counts counts = {};
	own_match_set struct match_set *set = match_set_new(42), *more = match_set_new(42);
	size_t count = argc > 3 ? strtoull(argv[3], NULL, 10) : 5000;
	if (!load(argv[1], &list) || !load(argv[2], &log) || log.len < 4096)
		return 1;
	struct bench b = {.log = buf_span(&log),
		.rng = rng_seeded(&seed),
		.common = argc > 4 ? (unsigned)atoi(argv[4]) : 5,
		.rounds = argc > 5 ? atoi(argv[5]) : 5};
	double mb = (double)log.len / 1e6, made = now();
	if (!read_list(set, &list, &counts) || !read_list(more, &list, &counts))
		return 1;
	add_expressions(&b, more, count);
	strings_ready(match_set_strings(more));
	made = now() - made;
	struct pass pass[2];
	pass_init(&pass[0], set);
	pass_init(&pass[1], more);
	scan_in_turns(&b, pass);
	double alone = pass[0].best, both = pass[1].best;
	double gate = select_lines(&b, match_set_strings(more), &lines);
	printf("%zu expressions besides %llu indicators, %.0f MB in memory; %u in 100 with a word "
	       "of the "
	       "log\n",
		count, (unsigned long long)counts.armed, mb, b.common);
	printf("  the list alone             %8.0f MB/s, %zu hits\n", mb / alone, pass[0].hits);
	printf("  with the expressions       %8.0f MB/s, %zu hits; read and made ready in %.2f s\n",
		mb / both, pass[1].hits, made);
	printf("  their gate alone           %8.0f MB/s, lets %.2f %% through\n", mb / gate,
		100.0 * (double)lines.len / (double)log.len);
	struct rival rival = {};
	if (!rival_init(&rival, match_set_strings(more), count)) {
		puts("  Vectorscan                 left out: not here");
		pass_fini(&pass[0]);
		pass_fini(&pass[1]);
		return 0;
	}
	printf("  Vectorscan: all in one database, compiled in %.1f s\n", rival.compile);
	double exact = rival_scan(&rival, buf_span(&lines), b.rounds);
	printf("    on that                  %8.0f MB/s of the log; ratio to 1/(1/a + 1/b) %.2f "
	       "(target 0.8)\n",
		mb / exact, (alone + exact) / both);
	buf_reset(&lines);
	lines_with_piece(&b, match_set_strings(more), &lines);
	double rough = rival_scan(&rival, buf_span(&lines), b.rounds);
	printf("    on lines with one piece  %8.0f MB/s of the log, %.2f %% of it; ratio %.2f\n",
		mb / rough, 100.0 * (double)lines.len / (double)log.len, (alone + rough) / both);
	rival_fini(&rival);
	pass_fini(&pass[0]);
	pass_fini(&pass[1]);
	return 0;
}
