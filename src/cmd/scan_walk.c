/* Files, folders and stdin for the scan command; files that grow. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/own.h"
#include "cmd/scan-internal.h"

enum { DEPTH_MAX = 64, POLL_MS = 200 };
#define STORE_EVERY (60 * SECOND)

static const struct stream_limits limits = {.ratio = 5000};

/* An open log. */
struct source {
	char *path;
	int fd;
	struct stream *stream;
	struct reading reading;
	uint64_t counted; /* bytes told to the progress line */
	dev_t device;
	ino_t inode;
	bool dead; /* its fault was told; another file of the name is waited for */
};

static void
warn_errno(struct scan_job *job, const char *path)
{
	struct diag why = {};
	diag_where(&why, "%s", path);
	diag_what(&why, "%s", strerror(errno));
	cmd_warn(&why);
	job->failed = true;
}

static void
source_close(struct source *s)
{
	reading_fini(&s->reading);
	stream_free(&s->stream);
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	s->fd = -1;
}

static bool
source_open(struct scan_job *job, struct source *s, const char *path)
{
	struct stat st;
	bool standard = strcmp(path, "-") == 0;
	s->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (s->fd < 0 || fstat(s->fd, &st) != 0) {
		warn_errno(job, path);
		return false;
	}
	s->device = st.st_dev;
	s->inode = st.st_ino;
	s->counted = 0;
	int64_t now = clock_now(job->env->clock), written = (int64_t)st.st_mtim.tv_sec * SECOND;
	s->stream = stream_new_fd(s->fd, &limits);
	reading_init(&s->reading, s->stream, job->reader,
		job->follow && S_ISREG(st.st_mode) ? LINES_WHOLE : LINES_ALL,
		S_ISREG(st.st_mode) && written < now ? written : now);
	return true;
}

/* Everything that is there now; false after a fault. */
static bool
source_drain(struct scan_job *job, struct source *s)
{
	struct record r;
	struct diag why = {};
	const struct hit *hit;
	enum rc code;
	while (!(code = reading_next(&s->reading, &r, &why))) {
		size_t hits = scan_record(&job->scan, &r, job->file, &hit);
		for (size_t i = 0; (job->sight || job->kept) && i < hits; i++)
			scan_node_sight(job, &hit[i]);
		scan_show_record(job, &r, hit, hits);
		/* Nothing but the name is asked for. */
		if (hits && job->show == SHOW_FILES && !job->sight && !job->kept) {
			code = RC_NONE;
			break;
		}
		uint64_t taken = stream_taken(s->stream);
		if (taken - s->counted > 1 << 20) {
			progress_add(&job->progress, taken - s->counted);
			s->counted = taken;
		}
	}
	uint64_t taken = stream_taken(s->stream);
	progress_add(&job->progress, taken - s->counted);
	s->counted = taken;
	if (code == RC_NONE)
		return true;
	diag_where(&why, "%s", s->path ? s->path : "-");
	cmd_warn(&why);
	job->failed = true;
	return false;
}

static void
scan_file(struct scan_job *job, const char *path)
{
	struct source s = {.path = (char *)(uintptr_t)path};
	if (!source_open(job, &s, path))
		return;
	job->files++;
	scan_show_file(job, path);
	source_drain(job, &s);
	scan_show_file_end(job);
	source_close(&s);
}

struct paths {
	char **at;
	size_t len, cap;
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_path(struct scan_job *job, struct paths *out, const char *path, unsigned depth);

static void
add_folder(struct scan_job *job, struct paths *out, const char *path, unsigned depth)
{
	struct paths inside = {};
	DIR *dir = depth < DEPTH_MAX ? opendir(path) : NULL;
	if (!dir) {
		if (depth >= DEPTH_MAX)
			errno = ELOOP;
		warn_errno(job, path);
		return;
	}
	for (struct dirent *e; (e = readdir(dir));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		char *full;
		if (asprintf(&full, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/",
			    e->d_name) < 0)
			abort();
		*vec_add(&inside) = full;
	}
	closedir(dir);
	if (inside.len)
		qsort(inside.at, inside.len, sizeof *inside.at, by_name);
	for (size_t i = 0; i < inside.len; i++) {
		add_path(job, out, inside.at[i], depth + 1);
		free(inside.at[i]);
	}
	free(inside.at);
}

/* Folders become what lies below them: regular files, no symbolic links, in the order of their
 * names. */
static void
add_path(struct scan_job *job, struct paths *out, const char *path, unsigned depth)
{
	struct stat st = {};
	if (strcmp(path, "-") != 0) {
		int there = depth ? lstat(path, &st) : stat(path, &st);
		if (there != 0 && job->follow && errno == ENOENT && depth == 0) {
			cmd_say(job->env, "%s: not there yet, waited for", path);
			*vec_add(out) = mem_dup(span_of(path));
			return;
		}
		if (there != 0) {
			warn_errno(job, path);
			return;
		}
		if (S_ISDIR(st.st_mode)) {
			add_folder(job, out, path, depth);
			return;
		}
		if (depth && !S_ISREG(st.st_mode))
			return;
		job->names |= depth > 0;
	}
	job->progress.total += (uint64_t)st.st_size;
	*vec_add(out) = mem_dup(span_of(path));
}

/* ---- files that grow ---- */

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

/* A file that was not there, or whose fault was told: perhaps another one is by now. */
static void
wait_for(struct scan_job *job, struct source *s)
{
	struct stat now;
	if (stat(s->path, &now) != 0 || access(s->path, R_OK) != 0)
		return;
	if (s->dead && now.st_dev == s->device && now.st_ino == s->inode)
		return;
	s->dead = !source_open(job, s, s->path);
	job->files += !s->dead;
}

/* Rotated or cut: what is left of the old file, then the new one from its start. */
static void
follow_one(struct scan_job *job, struct source *s)
{
	struct stat now, open_one;
	job->file = span_of(s->path);
	if (s->fd < 0) {
		wait_for(job, s);
		return;
	}
	if (!source_drain(job, s)) {
		source_close(s);
		s->dead = true;
		return;
	}
	if (stat(s->path, &now) != 0 || fstat(s->fd, &open_one) != 0)
		return;
	bool rotated = now.st_dev != s->device || now.st_ino != s->inode;
	bool cut = !rotated && (uint64_t)open_one.st_size < stream_taken(s->stream);
	if (!rotated && !cut)
		return;
	if (rotated) {
		s->reading.lines.whole = false; /* nobody will finish its last line */
		source_drain(job, s);
	}
	cmd_say(job->env, "%s: %s, on from its start", s->path, rotated ? "replaced" : "cut");
	source_close(s);
	if (!source_open(job, s, s->path))
		s->dead = true;
}

/* Sightings of a minute, so that neither a crash nor a long watch keeps them from others. */
static void
store_sometimes(struct scan_job *job, int64_t *stored)
{
	int64_t now = clock_monotonic();
	if (!job->kept || now - *stored < STORE_EVERY)
		return;
	*stored = now;
	if (sight_counts(job->kept).hits && !scan_node_store(job))
		job->failed = true;
}

/* Whether there is anything left to wait for: stdin ends, files do not. */
static bool
follow_all(struct scan_job *job, struct source *s, size_t count)
{
	bool any = false;
	for (size_t i = 0; i < count && !stopping; i++) {
		if (strcmp(s[i].path, "-") != 0) {
			follow_one(job, &s[i]);
			any = true;
		} else if (s[i].fd >= 0) {
			job->file = span_of(s[i].path);
			source_drain(job, &s[i]);
			source_close(&s[i]);
		}
	}
	return any;
}

static void
follow(struct scan_job *job, const struct paths *paths)
{
	struct source *s = mem_new((paths->len + 1) * sizeof *s);
	int64_t stored = clock_monotonic();
	catch_stop();
	for (size_t i = 0; i < paths->len; i++) {
		s[i].path = paths->at[i];
		s[i].fd = -1;
		bool there = strcmp(s[i].path, "-") == 0 || access(s[i].path, F_OK) == 0;
		if (there && source_open(job, &s[i], paths->at[i]))
			job->files++;
		else
			s[i].dead = there;
	}
	while (follow_all(job, s, paths->len) && !stopping) {
		fflush(stdout);
		store_sometimes(job, &stored);
		nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
		scan_node_refresh(job, job->set);
	}
	for (size_t i = 0; i < paths->len; i++)
		if (s[i].fd >= 0)
			source_close(&s[i]);
	free(s);
}

void
scan_walk(struct scan_job *job)
{
	struct paths paths = {};
	progress_init(&job->progress, job->env, "scan", "bytes", 0);
	for (size_t i = 0; i < job->env->words; i++)
		add_path(job, &paths, job->env->word[i], 0);
	job->names |= paths.len > 1;
	if (job->follow) {
		follow(job, &paths);
	} else {
		for (size_t i = 0; i < paths.len; i++)
			scan_file(job, paths.at[i]);
	}
	progress_fini(&job->progress);
	for (size_t i = 0; i < paths.len; i++)
		free(paths.at[i]);
	free(paths.at);
}
