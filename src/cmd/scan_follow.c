/*
 * Files that grow, and folders in which they come and go. A word that names a file is followed by its
 * name; what lies in a folder by its inode, so that a renamed log is neither lost nor read twice. Polled:
 * notifications say nothing of files that other machines write.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"
#include "cmd/scan-internal.h"
#include "node/compile.h"

enum { POLL_MS = 200, RECORDS_MOST = 16384, HEAD_LEAST = 16 };
#define STORE_EVERY (60 * SECOND)
#define GONE_AFTER (60 * SECOND)  /* of a file that left the folder */
#define PACKED_AFTER (2 * SECOND) /* since a packed file was last written */

struct follower {
	struct scan_job *job;
	vec_of(struct scan_source *) all;
	int64_t list_at, stored, mark_at;
	size_t folders; /* words that were folders */
};

static volatile sig_atomic_t stopping;
static int nothing = -1; /* /dev/null */

/* A read of stdin that waits ends too. */
static void
on_stop(int signal_number)
{
	(void)signal_number;
	stopping = 1;
	if (nothing >= 0)
		dup2(nothing, STDIN_FILENO);
}

/* The first signal ends following in order, a second one at once. */
static void
catch_stop(void)
{
	struct sigaction action = {.sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND};
	nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* A folder may hold more logs than a process may open by default. */
static void
allow_many_files(void)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

static struct scan_source *
source_add(struct follower *f, const char *path, bool inside)
{
	struct scan_source *s = mem_new(sizeof *s);
	s->path = mem_dup(span_of(path));
	s->fd = -1;
	s->inside = inside;
	s->seen = true;
	s->quiet = clock_monotonic();
	*vec_add(&f->all) = s;
	return s;
}

static void
source_free(struct scan_source *s)
{
	if (s->fd >= 0)
		scan_source_close(s);
	buf_fini(&s->head);
	buf_fini(&s->head_before);
	buf_fini(&s->closed_mark);
	free(s->path);
	free(s);
}

static bool
source_begin(struct scan_job *job, struct scan_source *s)
{
	buf_reset(&s->head);
	s->dead = !scan_source_open(job, s, s->path);
	job->files += !s->dead;
	return !s->dead;
}

/* ---- what was read already under another name ---- */

static void
remember_head(struct scan_source *s)
{
	if (s->head.len >= SCAN_HEAD || stream_kind(s->stream) != STREAM_PLAIN)
		return;
	size_t want = SCAN_HEAD - s->head.len;
	ssize_t got = pread(s->fd, buf_room(&s->head, want), want, (off_t)s->head.len);
	s->head.len += got > 0 ? (size_t)got : 0;
}

/* Whether another text stands where the old one stood, in the same file. */
static bool
is_rewritten(const struct scan_source *s)
{
	char now[256];
	size_t len = s->head.len < sizeof now ? s->head.len : sizeof now;
	ssize_t got = len ? pread(s->fd, now, len, 0) : 0;
	return got > 0 && memcmp(now, s->head.ptr, (size_t)got) != 0;
}

static void
read_head(const char *path, struct buf *out)
{
	static const struct stream_limits limits = {.bytes = 1 << 20};
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return;
	own_stream struct stream *stream = stream_new_fd(fd, &limits);
	size_t got;
	while (out->len < SCAN_HEAD &&
		!stream_read(stream, buf_room(out, SCAN_HEAD), SCAN_HEAD - out->len, &got, NULL))
		out->len += got;
}

static const char *
name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

enum copy { COPY_NONE, COPY_PERHAPS, COPY_SURE };

static enum copy
compare_heads(struct span old, struct span new)
{
	size_t len = old.len < new.len ? old.len : new.len;
	if (old.len < HEAD_LEAST || (len && memcmp(old.ptr, new.ptr, len) != 0))
		return COPY_NONE;
	return new.len < old.len ? COPY_PERHAPS : COPY_SURE;
}

/*
 * "x.log.1" and "x.log.1.gz" may be copies of "x.log", which was read: they begin alike. What is shorter
 * may be a copy under way, or a file of its own of which no more than a heading is there: wait.
 */
static enum copy
judge_copy(const struct follower *f, const char *path)
{
	own_buf struct buf head = {};
	enum copy best = COPY_NONE;
	const char *name = name_of(path);
	for (size_t i = 0; i < f->all.len; i++) {
		const struct scan_source *s = f->all.at[i];
		const char *old = name_of(s->path);
		size_t len = strlen(old);
		if (!s->inside || (!s->head.len && !s->head_before.len) || strlen(name) <= len ||
			strncmp(name, old, len) != 0)
			continue;
		if (!head.ptr)
			read_head(path, &head);
		enum copy one = compare_heads(buf_span(&s->head), buf_span(&head));
		enum copy two = compare_heads(buf_span(&s->head_before), buf_span(&head));
		one = one > two ? one : two;
		best = one > best ? one : best;
	}
	return best;
}

static bool
is_packed_name(const char *path)
{
	static const struct span ends[] = {SPAN(".gz"), SPAN(".zst"), SPAN(".xz"), SPAN(".tgz")};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (span_ends(span_of(path), ends[i]))
			return true;
	return false;
}

/* ---- one file ---- */

/* All of it, its last line too, which nobody will finish. */
static void
source_finish(struct scan_job *job, struct scan_source *s)
{
	job->file = span_of(s->path);
	s->reading.lines.whole = false;
	scan_source_drain(job, s);
	scan_checkpoint_close(s);
	scan_source_close(s);
}

/* What came; false: its fault was told and it is closed. */
static bool
source_read(struct scan_job *job, struct scan_source *s)
{
	struct stat st = {};
	job->file = span_of(s->path);
	bool regular = fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode);
	uint64_t size = regular ? (uint64_t)st.st_size : 0;
	bool grown = regular && size != s->size;
	bool plain = stream_kind(s->stream) == STREAM_PLAIN;
	if (regular && plain && (size < stream_taken(s->stream) || (grown && is_rewritten(s)))) {
		buf_fini(&s->head_before);
		s->head_before = s->head;
		s->head = (struct buf){};
		cmd_say(job->env, "%s: cut, on from its start", s->path);
		scan_source_close(s);
		if (!source_begin(job, s))
			return false;
		job->files--;
	}
	if (!scan_source_drain(job, s)) {
		s->written = (int64_t)st.st_mtim.tv_sec * SECOND + st.st_mtim.tv_nsec / 1000;
		scan_source_close(s);
		s->dead = true;
		return false;
	}
	if (grown) {
		s->size = size;
		s->quiet = clock_monotonic();
	}
	if (regular)
		remember_head(s);
	return true;
}

/* A file that was not there, or whose fault was told: perhaps another one is by now. */
static void
wait_for(struct scan_job *job, struct scan_source *s)
{
	struct stat now;
	if (stat(s->path, &now) != 0 || !S_ISREG(now.st_mode) || access(s->path, R_OK) != 0)
		return;
	if (s->dead && now.st_dev == s->device && now.st_ino == s->inode)
		return;
	source_begin(job, s);
}

/* By its name. Rotated: what is left of the old file, then the new one from its start. */
static void
follow_named(struct scan_job *job, struct scan_source *s)
{
	struct stat now;
	if (s->fd < 0)
		wait_for(job, s);
	if (s->fd < 0 || !source_read(job, s))
		return;
	if (stat(s->path, &now) != 0 || (now.st_dev == s->device && now.st_ino == s->inode))
		return;
	source_finish(job, s);
	cmd_say(job->env, "%s: replaced, on from its start", s->path);
	if (source_begin(job, s))
		job->files--;
}

/* By its inode. Packed files do not grow, deleted ones no more. */
static void
follow_inside(struct scan_job *job, struct scan_source *s)
{
	struct stat st;
	if (s->fd < 0 || !source_read(job, s) || fstat(s->fd, &st) != 0)
		return;
	bool gone = st.st_nlink == 0 || (!s->seen && clock_monotonic() - s->quiet > GONE_AFTER);
	if (!gone && stream_kind(s->stream) == STREAM_PLAIN)
		return;
	s->written = (int64_t)st.st_mtim.tv_sec * SECOND + st.st_mtim.tv_nsec / 1000;
	source_finish(job, s);
	if (gone)
		s->inode = 0; /* another file may have it by now */
}

/* ---- folders ---- */

static bool
is_folder(const char *path)
{
	struct stat st;
	return strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The source that reads or has read this file. */
static struct scan_source *
find_inode(const struct follower *f, const struct stat *st)
{
	for (size_t i = 0; i < f->all.len; i++) {
		struct scan_source *s = f->all.at[i];
		if (!s->inside || s->inode != st->st_ino || s->device != st->st_dev)
			continue;
		/* Of a closed one the inode may be another file's by now. */
		int64_t written = (int64_t)st->st_mtim.tv_sec * SECOND + st->st_mtim.tv_nsec / 1000;
		if (s->fd >= 0 || s->written == written)
			return s;
		s->inode = 0;
	}
	return NULL;
}

static void
consider_new(struct follower *f, const char *path, const struct stat *st, bool first)
{
	struct scan_job *job = f->job;
	int64_t written = (int64_t)st->st_mtim.tv_sec * SECOND + st->st_mtim.tv_nsec / 1000;
	if (!first && is_packed_name(path) && clock_now(clock_system()) - written < PACKED_AFTER)
		return;
	enum copy copy = first ? COPY_NONE : judge_copy(f, path);
	if (copy == COPY_PERHAPS)
		return;
	struct scan_source *s = source_add(f, path, true);
	if (copy == COPY_SURE) {
		read_head(path, &s->head);
		cmd_say(job->env, "%s: a copy of what was read already", path);
	} else if (source_begin(job, s)) {
		return;
	}
	s->device = st->st_dev;
	s->inode = st->st_ino;
	s->written = written;
}

/* What left the folder is forgotten, but for the beginnings of the last many: copies may still come. */
static void
forget_gone(struct follower *f)
{
	size_t kept = 0, closed = 0;
	for (size_t i = 0; i < f->all.len; i++)
		closed += f->all.at[i]->fd < 0;
	for (size_t i = 0; i < f->all.len; i++) {
		struct scan_source *s = f->all.at[i];
		if (s->inside && s->fd < 0 && !s->seen && (closed > RECORDS_MOST || !s->head.len)) {
			source_free(s);
			closed--;
			continue;
		}
		f->all.at[kept++] = s;
	}
	f->all.len = kept;
}

/* New names of known files first, so that a name's new file is told from its old one. */
static void
list_folders(struct follower *f, bool first)
{
	struct scan_job *job = f->job;
	struct scan_paths paths = {};
	struct stat *st;
	size_t folders = 0;
	job->listing = !first;
	for (size_t i = 0; i < job->env->words; i++)
		if (is_folder(job->env->word[i])) {
			folders++;
			job->names = true;
			scan_add_path(job, &paths, job->env->word[i], 0);
		}
	job->listing = true;
	if (folders < f->folders) { /* a disk that went away comes back, and nothing of it left */
		scan_paths_fini(&paths);
		return;
	}
	f->folders = folders;
	for (size_t i = 0; i < f->all.len; i++)
		f->all.at[i]->seen = !f->all.at[i]->inside;
	st = mem_new((paths.len + 1) * sizeof *st);
	for (size_t i = 0; i < paths.len; i++) {
		struct scan_source *s =
			lstat(paths.at[i], &st[i]) == 0 ? find_inode(f, &st[i]) : NULL;
		if (!s)
			continue;
		s->seen = true;
		if (strcmp(s->path, paths.at[i]) != 0) {
			free(s->path);
			s->path = take(&paths.at[i]);
		}
		st[i].st_ino = 0;
	}
	for (size_t i = 0; i < paths.len && !stopping; i++)
		if (st[i].st_ino && S_ISREG(st[i].st_mode))
			consider_new(f, paths.at[i], &st[i], first);
	free(st);
	scan_paths_fini(&paths);
	forget_gone(f);
}

/* Often, and at most a fiftieth of the time. */
static void
list_sometimes(struct follower *f)
{
	int64_t began = clock_monotonic();
	if (began < f->list_at)
		return;
	list_folders(f, false);
	f->list_at = clock_monotonic() + 50 * (clock_monotonic() - began);
}

/* ---- all of them ---- */

/* Sightings of a minute, so that neither a crash nor a long watch keeps them from others. */
static void
store_sometimes(struct follower *f)
{
	struct scan_job *job = f->job;
	int64_t now = clock_monotonic();
	if (!job->kept || now - f->stored < STORE_EVERY)
		return;
	f->stored = now;
	if (sight_counts(job->kept).hits &&
		!(job->checkpoint ? scan_checkpoint_write(job, f->all.at, f->all.len)
				  : scan_node_store(job, sight_objects(job->kept, job->env->rng))))
		job->failed = true;
}

/*
 * What was printed and stored is behind the checkpoint: killed between the two, the next run reads some of it once
 * more. Where hits are appended to a file, what stands there is not told again (scan_told.c).
 */
static void
mark_sometimes(struct follower *f)
{
	struct scan_job *job = f->job;
	bool news = false;
	int64_t began = clock_monotonic();
	if (!job->checkpoint || began < f->mark_at || (job->kept && sight_counts(job->kept).hits))
		return;
	for (size_t i = 0; i < f->all.len; i++)
		news |= f->all.at[i]->fd >= 0 &&
			reading_unread(&f->all.at[i]->reading) != f->all.at[i]->marked;
	if (!news)
		return;
	scan_checkpoint_write(job, f->all.at, f->all.len);
	/* What patterns hold may be large: at most a tenth of the time. */
	f->mark_at = clock_monotonic() + 9 * (clock_monotonic() - began);
}

/* The node learnt a pattern of which some part may be any record. */
static void
see_all(struct follower *f)
{
	if (!f->job->sweep || !match_set_has_open(f->job->set))
		return;
	for (size_t i = 0; i < f->all.len; i++)
		if (f->all.at[i]->fd >= 0)
			reading_sweep(&f->all.at[i]->reading, NULL, 0);
	scan_again_prepare(f->job, NULL);
}

/* Whether there is anything left to wait for: stdin ends, files do not. */
static bool
follow_all(struct follower *f)
{
	bool any = f->folders > 0;
	for (size_t i = 0; i < f->all.len && !stopping; i++) {
		struct scan_source *s = f->all.at[i];
		if (s->inside) {
			follow_inside(f->job, s);
		} else if (strcmp(s->path, "-") != 0) {
			follow_named(f->job, s);
			any = true;
		} else if (s->fd >= 0) {
			f->job->file = span_of(s->path);
			scan_source_drain(f->job, s);
			scan_source_close(s);
		}
	}
	return any;
}

/* The words of the command line: what is no folder is followed by its name. */
static void
begin(struct follower *f)
{
	struct scan_job *job = f->job;
	struct stat st;
	job->names |= job->env->words > 1;
	for (size_t i = 0; i < job->env->words; i++) {
		const char *path = job->env->word[i];
		if (is_folder(path))
			continue;
		own_mem char *rotated = scan_checkpoint_rotated(job, path);
		struct scan_source *old = rotated ? source_add(f, rotated, false) : NULL;
		if (old && source_begin(job, old)) {
			cmd_say(job->env, "%s: on in what %s was", rotated, path);
			source_finish(job, old);
		}
		if (old)
			old->inside = true; /* nobody waits for it any more */
		struct scan_source *s = source_add(f, path, false);
		if (strcmp(path, "-") == 0 || stat(path, &st) == 0)
			source_begin(job, s);
		else
			cmd_say(job->env, "%s: not there yet, waited for", path);
	}
	list_folders(f, true);
}

void
scan_follow(struct scan_job *job)
{
	struct follower f = {.job = job, .stored = clock_monotonic()};
	catch_stop();
	allow_many_files();
	/* The first one says what is not of this command. */
	if (job->checkpoint && !job->resumed)
		scan_checkpoint_write(job, NULL, 0);
	begin(&f);
	scan_node_keep(job);
	while (follow_all(&f) && !stopping) {
		fflush(stdout);
		scan_told_end(job);
		store_sometimes(&f);
		mark_sometimes(&f);
		nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
		scan_node_refresh(job, job->set);
		see_all(&f);
		list_sometimes(&f);
	}
	/* An unfinished last line is read when somebody goes on, or now. */
	for (size_t i = 0; i < f.all.len && !job->checkpoint; i++)
		if (f.all.at[i]->fd > STDIN_FILENO && f.all.at[i]->size)
			source_finish(job, f.all.at[i]);
	fflush(stdout);
	if (job->checkpoint)
		scan_checkpoint_write(job, f.all.at, f.all.len);
	scan_told_end(job);
	for (size_t i = 0; i < f.all.len; i++)
		source_free(f.all.at[i]);
	free(f.all.at);
	compiler_free(job->compiler);
	job->compiler = NULL;
}
