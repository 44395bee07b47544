/*
 * usage: literals LIST LOG   the rival by Hyperscan or Vectorscan: every line of a list as a literal; processor
 * time of compiling, and the best of three each of scanning the log in memory, where it tells each literal once,
 * and of what a program around it does: reading the log in blocks of whole lines and writing each line with a
 * literal in it, with its number. Prints "COMPILE MEMORY FILE LINES".
 */
#include <fcntl.h>
#include <hs/hs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
count(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	(void)id, (void)from, (void)to, (void)flags;
	++*(size_t *)ctx;
	return 0;
}

static char *
load(const char *path, size_t *len)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		exit(3);
	char *text = malloc((size_t)st.st_size + 1);
	for (*len = 0; *len < (size_t)st.st_size;) {
		ssize_t got = read(fd, text + *len, (size_t)st.st_size - *len);
		if (got <= 0)
			exit(3);
		*len += (size_t)got;
	}
	text[*len] = 0;
	close(fd);
	return text;
}

/* The lines of one block that were told; a block is whole lines. */
struct telling {
	const char *block, *seen; /* lines before this were counted */
	const char *told;	  /* the end of the last line that was told */
	const char *end;
	uint64_t line;
	size_t lines;
	FILE *out;
};

static int
tell(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	struct telling *t = ctx;
	const char *at = t->block + to - 1;
	(void)id, (void)from, (void)flags;
	if (at < t->told)
		return 0;
	for (const char *n; (n = memchr(t->seen, '\n', (size_t)(at - t->seen)));) {
		t->line++;
		t->seen = n + 1;
	}
	const char *end = memchr(at, '\n', (size_t)(t->end - at));
	t->told = end ? end + 1 : t->end;
	fprintf(t->out, "%llu:", (unsigned long long)t->line + 1);
	fwrite(t->seen, 1, (size_t)(t->told - t->seen), t->out);
	t->lines++;
	return 0;
}

/* 128 KiB are read at a time, as ripgrep and the product do; lines of the corpus are short. */
static size_t
scan_file(const char *path, const hs_database_t *db, hs_scratch_t *scratch)
{
	static char block[256 << 10];
	struct telling t = {.out = fopen("/dev/null", "w")};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t left = 0;
	for (ssize_t got; (got = read(fd, block + left, 128 << 10)) > 0;) {
		size_t len = left + (size_t)got;
		const char *last = memrchr(block, '\n', len);
		size_t whole = last ? (size_t)(last + 1 - block) : len;
		t.block = t.seen = t.told = block;
		t.end = block + whole;
		hs_scan(db, block, (unsigned)whole, 0, scratch, tell, &t);
		for (const char *n; (n = memchr(t.seen, '\n', (size_t)(t.end - t.seen)));) {
			t.line++;
			t.seen = n + 1;
		}
		left = len - whole < sizeof block / 2 ? len - whole : 0;
		memmove(block, block + whole, left);
	}
	close(fd);
	fclose(t.out);
	return t.lines;
}

struct literals {
	const char **text;
	size_t *lens, n;
	unsigned *flags, *ids;
};

static struct literals
read_list(char *list, size_t size)
{
	size_t lines = 0;
	for (size_t i = 0; i < size; i++)
		lines += list[i] == '\n';
	struct literals l = {calloc(lines + 1, sizeof *l.text), calloc(lines + 1, sizeof *l.lens),
		0, calloc(lines + 1, sizeof *l.flags), calloc(lines + 1, sizeof *l.ids)};
	for (char *at = list, *end; (end = strchr(at, '\n')); at = end + 1) {
		*end = 0;
		if (end == at)
			continue;
		l.text[l.n] = at;
		l.lens[l.n] = (size_t)(end - at);
		l.ids[l.n] = (unsigned)l.n;
		l.n++;
	}
	return l;
}

/* once: each literal is told once, which spares the library most of its calls. */
static hs_database_t *
compile(struct literals *l, bool once)
{
	hs_database_t *db;
	hs_compile_error_t *why;
	for (size_t i = 0; i < l->n; i++)
		l->flags[i] = HS_FLAG_CASELESS | (once ? HS_FLAG_SINGLEMATCH : 0);
	if (hs_compile_lit_multi(l->text, l->flags, l->ids, l->lens, (unsigned)l->n, HS_MODE_BLOCK,
		    NULL, &db, &why))
		exit(3);
	return db;
}

static double
in_memory(const hs_database_t *db, hs_scratch_t *scratch, const char *log, size_t size)
{
	double best = 1e9;
	for (int i = 0; i < 3; i++) {
		size_t matches = 0;
		double begin = now();
		for (size_t at = 0; at < size; at += 1 << 30)
			hs_scan(db, log + at, (unsigned)(size - at < 1 << 30 ? size - at : 1 << 30),
				0, scratch, count, &matches);
		double took = now() - begin;
		best = took < best ? took : best;
	}
	return best;
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		puts("1..0 # SKIP literals LIST LOG");
		return 77;
	}
	size_t size, list_size, lines = 0;
	char *list = load(argv[1], &list_size), *log = load(argv[2], &size);
	struct literals literals = read_list(list, list_size);
	hs_scratch_t *scratch = NULL;
	double begin = now();
	hs_database_t *once = compile(&literals, true);
	double compiled = now() - begin, best = 1e9;
	hs_database_t *every = compile(&literals, false);
	if (hs_alloc_scratch(once, &scratch) || hs_alloc_scratch(every, &scratch))
		return 3;
	double memory = in_memory(once, scratch, log, size);
	free(log);
	for (int i = 0; i < 3; i++) {
		begin = now();
		lines = scan_file(argv[2], every, scratch);
		double took = now() - begin;
		best = took < best ? took : best;
	}
	printf("%.3f %.3f %.3f %zu\n", compiled, memory, best, lines);
	return 0;
}
