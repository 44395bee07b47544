/*
 * usage: literals LIST LOG   the rival by Hyperscan or Vectorscan: every line of a list as a literal, over a
 * log in memory; processor time of compiling, and of the best of three scans. Prints "COMPILE SCAN MATCHES".
 */
#include <fcntl.h>
#include <hs/hs.h>
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

int
main(int argc, char **argv)
{
	if (argc != 3) {
		puts("1..0 # SKIP literals LIST LOG");
		return 77;
	}
	size_t size, list_size, lines = 0, matches = 0;
	char *list = load(argv[1], &list_size), *log = load(argv[2], &size);
	for (size_t i = 0; i < list_size; i++)
		lines += list[i] == '\n';
	const char **text = calloc(lines + 1, sizeof *text);
	size_t *lens = calloc(lines + 1, sizeof *lens), n = 0;
	unsigned *flags = calloc(lines + 1, sizeof *flags), *ids = calloc(lines + 1, sizeof *ids);
	for (char *at = list, *end; (end = strchr(at, '\n')); at = end + 1) {
		*end = 0;
		if (end == at)
			continue;
		text[n] = at;
		lens[n] = (size_t)(end - at);
		flags[n] = HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH;
		ids[n] = (unsigned)n;
		n++;
	}
	hs_database_t *db;
	hs_compile_error_t *why;
	hs_scratch_t *scratch = NULL;
	double begin = now();
	if (hs_compile_lit_multi(
		    text, flags, ids, lens, (unsigned)n, HS_MODE_BLOCK, NULL, &db, &why) ||
		hs_alloc_scratch(db, &scratch))
		return 3;
	double compiled = now() - begin, best = 1e9;
	for (int i = 0; i < 3; i++) {
		begin = now();
		for (size_t at = 0; at < size; at += 1 << 30)
			hs_scan(db, log + at, (unsigned)(size - at < 1 << 30 ? size - at : 1 << 30),
				0, scratch, count, &matches);
		double took = now() - begin;
		best = took < best ? took : best;
	}
	printf("%.3f %.3f %zu\n", compiled, best, matches);
	return 0;
}
