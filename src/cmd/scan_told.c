/*
 * What an earlier run printed after its last checkpoint, killed before the next: the lines of it that this run
 * finds once more are not printed again. Known where hits are appended to a file, by a line of the checkpoint:
 * "told DEVICE INODE OFFSET". Nothing of that file is taken away but half a line at its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/mutant.h"
#include "base/own.h"
#include "cmd/scan-internal.h"

enum { LINES_MOST = 4000000, BLOCK = 16 << 10 };

struct told_line {
	uint64_t hash;
	uint64_t offset;
	bool used;
};

struct scan_told {
	int fd; /* the same file, for reading */
	uint64_t from, end;
	bool printed; /* this run has appended to it */
	vec_of(struct told_line) lines;
};

/* Where in a file what is printed next will stand; false: it is no file that is appended to. */
static bool
where_it_goes(struct stat *st)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);
	return flags >= 0 && (flags & O_APPEND) && fstat(STDOUT_FILENO, st) == 0 &&
	       S_ISREG(st->st_mode);
}

void
scan_told_mark(const struct scan_job *job, struct buf *out)
{
	struct stat st;
	if (!where_it_goes(&st))
		return;
	/* Or the checkpoint would outlive a power cut that what it says was told does not. */
	fdatasync(STDOUT_FILENO);
	/* While some of it may still be found again, it all stays behind the checkpoint. */
	uint64_t end = job->told ? job->told->from : (uint64_t)st.st_size;
	buf_printf(out, "told %llu %llu %llu\n", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino, (unsigned long long)end);
}

static int
by_hash(const void *a, const void *b)
{
	const struct told_line *one = a, *two = b;
	if (one->hash != two->hash)
		return one->hash < two->hash ? -1 : 1;
	return one->offset < two->offset ? -1 : one->offset > two->offset;
}

/* Where the last whole line ends; false: it cannot be read, or holds too many lines. */
static bool
read_lines(struct scan_told *t, uint64_t from, uint64_t size)
{
	own_buf struct buf line = {};
	char block[BLOCK];
	uint64_t at = from;
	t->from = t->end = from;
	for (ssize_t got; at < size; at += (uint64_t)got) {
		got = pread(t->fd, block, sizeof block, (off_t)at);
		if (got <= 0)
			return false;
		struct span rest = {block, (size_t)got};
		for (size_t end; (end = span_find_byte(rest, '\n')) != SIZE_MAX;) {
			buf_add(&line, span_sub(rest, 0, end + 1));
			rest = span_sub(rest, end + 1, SIZE_MAX);
			if (t->lines.len >= LINES_MOST)
				return false;
			*vec_add(&t->lines) =
				(struct told_line){hash64(buf_span(&line), 0), t->end, false};
			t->end += line.len;
			buf_reset(&line);
		}
		buf_add(&line, rest);
	}
	if (t->lines.len)
		qsort(t->lines.at, t->lines.len, sizeof *t->lines.at, by_hash);
	return true;
}

static void
cannot(const struct scan_job *job, const char *what)
{
	cmd_say(job->env, "%s: what was told after the checkpoint %s, some of it may be told again",
		job->checkpoint, what);
}

bool
scan_told_begin(struct scan_job *job, struct span line)
{
	struct stat st;
	struct span word;
	uint64_t place[3];
	for (size_t i = 0; i < 3; i++)
		if (!span_cut(&line, ' ', &word) || !span_to_u64(word, &place[i]))
			return false;
	if (line.ptr)
		return false;
	if (!where_it_goes(&st) || place[0] != st.st_dev || place[1] != st.st_ino ||
		place[2] >= (uint64_t)st.st_size)
		return true;
	struct scan_told *t = mem_new(sizeof *t);
	job->told = t;
	t->fd = open("/proc/self/fd/1", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (t->fd < 0 || !read_lines(t, place[2], (uint64_t)st.st_size)) {
		cannot(job, t->fd < 0 ? "may not be read" : "is too much");
		scan_told_end(job);
	} else if (t->end < (uint64_t)st.st_size && ftruncate(STDOUT_FILENO, (off_t)t->end) < 0) {
		cannot(job, "ends in half a line");
	}
	return true;
}

/* How much of the text stands at a line of the file, all of it or up to the file's end then. */
static size_t
compare(const struct scan_told *t, const struct told_line *line, struct span text)
{
	char block[4096];
	size_t want = t->end - line->offset < text.len ? (size_t)(t->end - line->offset) : text.len;
	for (size_t at = 0; at < want;) {
		size_t some = want - at < sizeof block ? want - at : sizeof block;
		ssize_t got = pread(t->fd, block, some, (off_t)(line->offset + at));
		if (got <= 0 || memcmp(block, text.ptr + at, (size_t)got) != 0)
			return 0;
		at += (size_t)got;
	}
	return want;
}

/* How much of this text, lines that belong together, was told; no later one is told by the same lines. */
static size_t
told_of(struct scan_told *t, struct span text)
{
	struct span first = span_sub(text, 0, span_find_byte(text, '\n') + 1);
	struct told_line key = {.hash = hash64(first, 0)}, *line = t->lines.at;
	size_t low = 0, high = t->lines.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_hash(&line[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < t->lines.len && line[low].hash == key.hash; low++) {
		if (line[low].used && !mutant(1795))
			continue;
		size_t same = compare(t, &line[low], text);
		/* The rest of lines that were cut off fits nowhere but at the end. */
		if (!same || (same < text.len && (t->printed || mutant(1796))))
			continue;
		line[low].used = true;
		return same;
	}
	return 0;
}

void
scan_told_leave_out(struct scan_job *job, bool together)
{
	struct scan_told *t = job->told;
	own_buf struct buf left = {};
	struct span rest = buf_span(&job->out), one;
	for (; rest.len; rest = span_sub(rest, one.len, SIZE_MAX)) {
		size_t end = span_find_byte(rest, '\n');
		one = together || end == SIZE_MAX ? rest : span_sub(rest, 0, end + 1);
		struct span new = span_sub(one, told_of(t, one), SIZE_MAX);
		t->printed |= new.len > 0;
		buf_add(&left, new);
	}
	buf_reset(&job->out);
	buf_add(&job->out, buf_span(&left));
}

void
scan_told_end(struct scan_job *job)
{
	struct scan_told *t = job->told;
	job->told = NULL;
	if (!t)
		return;
	if (t->fd >= 0)
		close(t->fd);
	free(t->lines.at);
	free(t);
}
