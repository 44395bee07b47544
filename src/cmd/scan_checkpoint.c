/*
 * How far followed logs were read and what patterns hold of them, kept in one file, so that following can go on
 * where it ended. A log is known by its inode and by its first bytes, or, copied away from under its writer, by its
 * first bytes alone. A heading; where what was printed ended (scan_told.c) and the last sighting that was stored
 * with it, each where there is one; one line a log: device, inode, size then, offset, how many first bytes, their
 * digest; what match/stream_keep.h writes; "end" and the digest of all that. Version 2 did not say what was told,
 * version 1 had lines of logs alone.
 *
 * Sightings are stored between writing the next checkpoint beside this one and giving it its name: of a run that
 * was killed meanwhile the node says which of the two holds.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "base/own.h"
#include "cmd/scan-internal.h"
#include "keys/digest.h"
#include "match/stream_keep.h"
#include "node/armed.h"

enum { KNOWN_BYTES = 256, KNOWN_LEAST = 16, MARKS_MOST = 100000 };

#define FILE_MOST ((size_t)STREAMS_KEPT_MAX + MARKS_MOST * 256 + (1 << 20))

static const char heading[] = "tocsin scan checkpoint 3",
		  heading_untold[] = "tocsin scan checkpoint 2",
		  heading_without[] = "tocsin scan checkpoint 1";

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

/* The line before the next, without its end; false: there is none. */
static bool
next_line(struct span *rest, struct span *line)
{
	size_t end = span_find_byte(*rest, '\n');
	if (end == SIZE_MAX)
		return false;
	*line = span_sub(*rest, 0, end);
	*rest = span_sub(*rest, end + 1, SIZE_MAX);
	return true;
}

/* The lines of logs, up to another one, which stays. */
static bool
read_marks(struct scan_job *job, struct span *rest)
{
	struct span line, before = *rest;
	while (next_line(rest, &line) && !span_starts(line, SPAN("stream "))) {
		struct scan_read mark = {};
		if (job->marks.len >= MARKS_MOST || !read_mark(line, &mark))
			return false;
		*vec_add(&job->marks) = mark;
		before = *rest;
	}
	*rest = before;
	return true;
}

/* Cuts the last line, "end DIGEST", off; false where it does not belong to what stands before it. */
static bool
cut_end(struct span *text)
{
	enum { LENGTH = 4 + HEX_SHA256 }; /* with the line's end */
	char hex[HEX_SHA256];
	uint8_t digest[SHA256_SIZE];
	if (text->len < LENGTH)
		return false;
	struct span end = span_sub(*text, text->len - LENGTH, LENGTH);
	*text = span_sub(*text, 0, text->len - LENGTH);
	sha256_of(*text, digest);
	hex_text(digest, sizeof digest, hex);
	return (span_eq(span_sub(end, 4, HEX_SHA256 - 1), span_of(hex)) || mutant(1812)) &&
	       span_starts(end, SPAN("end ")) && span_ends(end, SPAN("\n"));
}

/* The line that begins with this word, without it; empty: there is none. */
static struct span
take_line(struct span *rest, struct span word)
{
	struct span line = {};
	if (span_starts(*rest, word) && next_line(rest, &line))
		line = span_sub(line, word.len, SIZE_MAX);
	return line;
}

/* What a checkpoint holds before its digest, after its heading. */
static enum rc
read_body(struct scan_job *job, struct span text, struct diag *why)
{
	struct streams_kept kept = {};
	struct span told = take_line(&text, SPAN("told "));
	take_line(&text, SPAN("sighting "));
	if ((told.len && !scan_told_begin(job, told)) || !read_marks(job, &text))
		return diag_fail(
			why, RC_BAD, "how far logs were read is not what is written there");
	enum rc code = streams_resume(scan_streams(&job->scan), job->set, text, &kept, why);
	if (!code && kept.gone)
		cmd_say(job->env,
			"%llu pattern%s of which records were held %s gone or changed: dropped",
			(unsigned long long)kept.gone, kept.gone == 1 ? "" : "s",
			kept.gone == 1 ? "is" : "are");
	if (!code && kept.records)
		cmd_say(job->env, "on with %llu record%s that %llu pattern%s waited with",
			(unsigned long long)kept.records, kept.records == 1 ? "" : "s",
			(unsigned long long)kept.patterns, kept.patterns == 1 ? "" : "s");
	return code;
}

static enum rc
read_all(struct scan_job *job, struct span text, struct diag *why)
{
	struct span line, whole = text;
	if (!next_line(&text, &line))
		return diag_fail(why, RC_BAD, "no checkpoint of scan --follow");
	if (span_eq(line, span_of(heading_without)))
		return read_marks(job, &text) && !text.len
			       ? RC_OK
			       : diag_fail(why, RC_BAD, "no checkpoint of scan --follow");
	if (!span_eq(line, span_of(heading)) && !span_eq(line, span_of(heading_untold)))
		return diag_fail(why, RC_BAD, "no checkpoint of scan --follow, or a later one");
	if (!cut_end(&whole))
		return diag_fail(why, RC_BAD, "the checkpoint is damaged or cut short");
	return read_body(job, span_sub(whole, line.len + 1, SIZE_MAX), why);
}

/* ---- the one beside it ---- */

static char *
path_beside(const struct scan_job *job)
{
	char *path;
	return asprintf(&path, "%s.next", job->checkpoint) < 0 ? NULL : path;
}

/* Whether the node holds the sightings that belong to the checkpoint of that text. */
static bool
is_stored(const struct scan_job *job, struct span text)
{
	struct span line;
	if (!cut_end(&text) || !next_line(&text, &line) || !span_eq(line, span_of(heading)))
		return false;
	take_line(&text, SPAN("told "));
	struct span id = take_line(&text, SPAN("sighting "));
	return id.len && job->node && (armed_holds(job->node, id) || mutant(1797));
}

/* What an earlier run left half done: it takes the checkpoint's place, or goes away. */
static void
settle_next(const struct scan_job *job)
{
	own_mem char *next = path_beside(job);
	own_buf struct buf text = {};
	if (!next || cmd_read(next, FILE_MOST, &text, NULL))
		return;
	if (!is_stored(job, buf_span(&text)) || rename(next, job->checkpoint) < 0)
		unlink(next);
}

bool
scan_checkpoint_read(struct scan_job *job)
{
	struct diag why = {};
	own_buf struct buf text = {};
	settle_next(job);
	enum rc code = cmd_read(job->checkpoint, FILE_MOST, &text, &why);
	if (code == RC_NONE)
		return true; /* the first time */
	if (!code) {
		struct diag inside = {};
		code = read_all(job, buf_span(&text), &inside);
		diag_where(
			&why, "%s%s%s", job->checkpoint, inside.where[0] ? ", " : "", inside.where);
		diag_what(&why, "%s", inside.what);
	}
	job->resumed = !code;
	if (!code)
		return true;
	diag_todo(&why, "name another file, or remove it and all logs are read from their start");
	cmd_warn(&why);
	return false;
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

static bool
write_beside(const char *path, struct span text)
{
	own_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd >= 0 && fd_write(fd, text) && fsync(fd) == 0;
}

/* sighting: the id of the last one that is stored with it; empty: none is. */
static void
compose(struct scan_job *job, struct scan_source *const *all, size_t count, struct span sighting,
	struct buf *text)
{
	uint8_t digest[SHA256_SIZE];
	char hex[HEX_SHA256];
	buf_printf(text, "%s\n", heading);
	scan_show_now(job);
	scan_told_mark(job, text);
	if (sighting.len)
		buf_printf(text, "sighting %.*s\n", (int)sighting.len, sighting.ptr);
	for (size_t i = 0; i < count; i++) {
		if (all[i]->fd >= 0)
			add_mark(text, all[i]);
		else if (all[i]->closed_mark.len)
			buf_add(text, buf_span(&all[i]->closed_mark));
	}
	uint64_t left_out = streams_keep(scan_streams(&job->scan), text);
	if (left_out > job->unkept)
		cmd_say(job->env,
			"%s: %llu records that patterns wait with take too much room and are not "
			"in it",
			job->checkpoint, (unsigned long long)left_out);
	job->unkept = left_out;
	sha256_of(buf_span(text), digest);
	hex_text(digest, sizeof digest, hex);
	buf_printf(text, "end %s\n", hex);
}

static bool
not_kept(struct scan_job *job)
{
	struct diag why = {};
	diag_where(&why, "%s", job->checkpoint);
	diag_what(&why, "%m");
	diag_todo(&why, "how far the logs were read is not kept");
	cmd_warn(&why);
	job->failed = true;
	return false;
}

bool
scan_checkpoint_write(struct scan_job *job, struct scan_source *const *all, size_t count)
{
	own_mem char *next = path_beside(job);
	own_buf struct buf text = {};
	struct sight_objects seen = {};
	bool sightings = job->kept && sight_counts(job->kept).hits;
	if (sightings)
		seen = sight_objects(job->kept, job->env->rng);
	compose(job, all, count, seen.last, &text);
	if (!next || !write_beside(next, buf_span(&text)))
		return not_kept(job);
	if (sightings && !scan_node_store(job, seen))
		return false;
	return rename(next, job->checkpoint) == 0 || not_kept(job);
}

void
scan_checkpoint_close(struct scan_source *s)
{
	buf_reset(&s->closed_mark);
	add_mark(&s->closed_mark, s);
}
