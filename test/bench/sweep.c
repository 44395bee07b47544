/*
 * usage: sweep LIST LOG [KERNEL [ROUNDS]]   the fast pass over a log in memory, for each kernel, beside counting line ends by
 * memchr and reading the file; processor time of one thread, the best of five.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include <unistd.h>

#include "base/own.h"
#include "match/ioc.h"
#include "match/sweep.h"

enum { PIECE = 1 << 20 };

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t
sweep_all(struct sweep *s, const char *log, size_t len)
{
	size_t places = 0;
	for (size_t at = 0; at < len;) {
		size_t piece = len - at < PIECE ? len - at : PIECE;
		const char *end = memrchr(log + at, '\n', piece);
		if (end)
			piece = (size_t)(end - (log + at)) + 1;
		struct sweep_result r;
		sweep_text(s, (struct span){log + at, piece}, &r);
		places += r.places;
		at += piece;
	}
	return places;
}

int
main(int argc, char **argv)
{
	if (argc < 3) {
		puts("1..0 # SKIP sweep LIST LOG [KERNEL [ROUNDS]]");
		return 77;
	}
	struct diag why = {};
	own_stream struct stream *list = NULL;
	own_match_set struct match_set *set = match_set_new(42);
	struct ioc_counts counts = {};
	own_fd int fd = open(argv[2], O_RDONLY | O_CLOEXEC),
		   from = open(argv[1], O_RDONLY | O_CLOEXEC);
	struct stat st;
	int rounds = argc > 4 ? atoi(argv[4]) : 5;
	double begin = now();
	if (fd < 0 || from < 0 || fstat(fd, &st) || !(list = stream_new_fd(from, NULL)) ||
		ioc_add_list(set, list, &counts, &why)) {
		fprintf(stderr, "%s %s\n", why.where, why.what);
		return 1;
	}
	size_t len = (size_t)st.st_size;
	char *room =
		mmap(NULL, len + 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *log = room + 4096;
	if (pread(fd, log, len, 0) != (ssize_t)len)
		return 1;
	printf("%llu indicators loaded in %.2f s\n", (unsigned long long)counts.armed,
		now() - begin);
	double best = 1e9;
	for (int i = 0; i < rounds; i++) {
		double at = now();
		size_t lines = 0;
		for (const char *p = log; (p = memchr(p, '\n', (size_t)(log + len - p))); p++)
			lines++;
		double took = now() - at;
		best = took < best ? took : best;
		if (i == 0)
			printf("%zu bytes, %zu lines; ", len, lines);
	}
	double limit = best;
	printf("memchr for line ends %.0f MB/s\n", (double)len / 1e6 / limit);
	static const char *const cpus[] = {"c", "avx2", "avx512", "neon"};
	for (size_t k = 0; k < sizeof cpus / sizeof *cpus; k++) {
		setenv("TOCSIN_CPU", cpus[k], 1);
		begin = now();
		own_sweep struct sweep *s = sweep_new(set);
		double made = now() - begin;
		size_t places = 0;
		if (strcmp(sweep_cpu(s), cpus[k]) != 0 ||
			(argc > 3 && strcmp(argv[3], cpus[k]) != 0))
			continue;
		best = 1e9;
		for (int i = 0; i < rounds; i++) {
			begin = now();
			places = sweep_all(s, log, len);
			double took = now() - begin;
			best = took < best ? took : best;
		}
		printf("%-7s %6.0f MB/s, ratio to memchr %.2f; %zu places; filters %.1f MB made in "
		       "%.2f s\n",
			cpus[k], (double)len / 1e6 / best, limit / best, places,
			(double)sweep_bytes(s) / 1e6, made);
	}
	return 0;
}
