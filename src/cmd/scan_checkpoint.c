/*
 * How far followed logs were read, kept in a file, so that following can go on where it ended. A log is known by
 * its inode and by its first bytes, or, copied away from under its writer, by its first bytes alone. One line a
 * log: device, inode, size then, offset, how many first bytes, their digest.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "cmd/scan-internal.h"
#include "keys/digest.h"

enum { KNOWN_BYTES = 256, KNOWN_LEAST = 16, MARKS_MOST = 100000 };

static const char heading[] = "tocsin scan checkpoint 1";

/* Digest of the first bytes, so many as there are and no more than `most`; how many. */
static size_t
head_digest(int fd, size_t most, char out[static HEX_SHA256])
{
	char head[KNOWN_BYTES];
	uint8_t digest[SHA256_SIZE];
	ssize_t got = pread(fd, head, most < sizeof head ? most : sizeof head, 0);
	size_t len = got > 0 ? (size_t)got : 0;
	sha256_of((struct span){head, len}, digest);
	hex_text(digest, sizeof digest, out);
	return len;
}

static bool
is_head(int fd, const struct scan_read *mark)
{
	char digest[HEX_SHA256];
	return head_digest(fd, mark->head, digest) == mark->head &&
	       strcmp(digest, mark->digest) == 0;
}

/* False: no such line. */
static bool
read_mark(struct span line, struct scan_read *out)
{
	struct span word;
	uint64_t *const numbers[] = {
		&out->device, &out->inode, &out->size, &out->offset, &out->head};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (!span_cut(&line, ' ', &word) || !span_to_u64(word, numbers[i]))
			return false;
	if (line.len != HEX_SHA256 - 1 || out->head > KNOWN_BYTES)
		return false;
	span_copy(line, out->digest, sizeof out->digest);
	return true;
}

bool
scan_checkpoint_read(struct scan_job *job)
{
	struct diag why = {};
	char line[256];
	FILE *file = fopen(job->checkpoint, "re");
	diag_where(&why, "%s", job->checkpoint);
	if (!file && errno == ENOENT)
		return true; /* the first time */
	bool fine = file && fgets(line, sizeof line, file) &&
		    span_eq(span_trim(span_of(line)), span_of(heading));
	while (fine && fgets(line, sizeof line, file)) {
		struct scan_read mark = {};
		fine = job->marks.len < MARKS_MOST && read_mark(span_trim(span_of(line)), &mark);
		if (fine)
			*vec_add(&job->marks) = mark;
	}
	if (!file)
		diag_what(&why, "%m");
	else
		diag_what(&why, "no checkpoint of scan --follow");
	diag_todo(&why, "name another file, or remove it and all logs are read from their start");
	if (!fine)
		cmd_warn(&why);
	if (file)
		fclose(file);
	return fine;
}

uint64_t
scan_checkpoint_find(const struct scan_job *job, int fd, const struct stat *st)
{
	uint64_t copied = 0;
	for (size_t i = job->marks.len; i-- > 0;) {
		const struct scan_read *mark = &job->marks.at[i];
		bool same = mark->device == st->st_dev && mark->inode == st->st_ino;
		if ((uint64_t)st->st_size < mark->size) /* cut, or no copy of it yet */
			continue;
		if (!S_ISREG(st->st_mode) || (!same && mark->head < KNOWN_LEAST) ||
			!is_head(fd, mark))
			continue;
		if (same)
			return mark->offset;
		copied = copied > mark->offset ? copied : mark->offset;
	}
	return copied;
}

char *
scan_checkpoint_rotated(const struct scan_job *job, const char *path)
{
	struct stat st;
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	own_mem char *folder = mem_dup(
		slash ? span_sub(span_of(path), 0, (size_t)(slash - path) + 1) : SPAN("./"));
	DIR *dir = opendir(folder);
	char *found = NULL;
	/* "x.log" became "x.log.1" or "x.log-20260101", and what it held last was not read. */
	for (struct dirent *e; dir && !found && (e = readdir(dir));) {
		own_mem char *full = NULL;
		if (strncmp(e->d_name, name, strlen(name)) != 0 || strcmp(e->d_name, name) == 0 ||
			asprintf(&full, "%s%s", slash ? folder : "", e->d_name) < 0)
			continue;
		own_fd int fd =
			open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
		if (fd < 0 || fstat(fd, &st) != 0)
			continue;
		for (size_t i = 0; i < job->marks.len && !found; i++)
			if (job->marks.at[i].inode == st.st_ino &&
				job->marks.at[i].device == st.st_dev &&
				job->marks.at[i].offset < (uint64_t)st.st_size &&
				is_head(fd, &job->marks.at[i]))
				found = take(&full);
	}
	if (dir)
		closedir(dir);
	return found;
}

static void
add_mark(struct buf *out, struct scan_source *s)
{
	struct stat st;
	char digest[HEX_SHA256];
	if (s->fd <= STDIN_FILENO || fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	size_t head = head_digest(s->fd, KNOWN_BYTES, digest);
	uint64_t offset = reading_unread(&s->reading);
	s->marked = offset;
	buf_printf(out, "%llu %llu %llu %llu %zu %s\n", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino, (unsigned long long)st.st_size,
		(unsigned long long)(offset > s->resume ? offset : s->resume), head, digest);
}

bool
scan_checkpoint_write(struct scan_job *job, struct scan_source *const *all, size_t count)
{
	struct diag why = {};
	own_buf struct buf text = {};
	own_mem char *fresh = NULL;
	buf_printf(&text, "%s\n", heading);
	for (size_t i = 0; i < count; i++) {
		if (all[i]->fd >= 0)
			add_mark(&text, all[i]);
		else if (all[i]->closed_mark.len)
			buf_add(&text, buf_span(&all[i]->closed_mark));
	}
	if (asprintf(&fresh, "%s.new", job->checkpoint) < 0)
		return false;
	own_fd int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool fine = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len &&
		    fsync(fd) == 0 && rename(fresh, job->checkpoint) == 0;
	if (fine)
		return true;
	diag_where(&why, "%s", job->checkpoint);
	diag_what(&why, "%m");
	diag_todo(&why, "how far the logs were read is not kept");
	cmd_warn(&why);
	job->failed = true;
	return false;
}

void
scan_checkpoint_close(struct scan_source *s)
{
	buf_reset(&s->closed_mark);
	add_mark(&s->closed_mark, s);
}
