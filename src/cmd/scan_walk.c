/* Files, folders and stdin for the scan command. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mutant.h"
#include "base/own.h"
#include "cmd/scan-internal.h"

enum { DEPTH_MAX = 64 };

const struct stream_limits scan_limits = {.ratio = 5000};

static void
warn_errno(struct scan_job *job, const char *path)
{
	struct diag why = {};
	diag_where(&why, "%s", path);
	diag_what(&why, "%s", strerror(errno));
	cmd_warn(&why);
	job->failed = true;
}

void
scan_source_close(struct scan_source *s)
{
	reading_fini(&s->reading);
	stream_free(&s->stream);
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	s->fd = -1;
}

void
scan_source_begin(struct scan_job *job, struct scan_source *s, const struct stat *st)
{
	int64_t now = clock_now(job->env->clock), written = (int64_t)st->st_mtim.tv_sec * SECOND;
	s->counted = s->passed = 0;
	reading_init(&s->reading, s->stream, job->reader,
		job->follow && S_ISREG(st->st_mode) ? LINES_WHOLE : LINES_ALL,
		S_ISREG(st->st_mode) && written < now ? written : now);
}

bool
scan_source_open(struct scan_job *job, struct scan_source *s, const char *path)
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
	s->resume = job->checkpoint ? scan_checkpoint_find(job, s->fd, &st) : 0;
	s->stream = stream_new_fd(s->fd, &scan_limits);
	scan_source_begin(job, s, &st);
	if (job->sweep)
		reading_sweep(
			&s->reading, job->sweep, job->follow ? 0 : (unsigned)job->threads - 1);
	else if (job->beside)
		reading_sweep_all(&s->reading, job->beside);
	return true;
}

/* Hits of patterns that were held back: their last record is not at hand any more. */
static void
settle(struct scan_job *job)
{
	const struct hit *hit;
	size_t hits = scan_settle(&job->scan, &hit);
	for (size_t i = 0; (job->sight || job->kept) && i < hits; i++)
		scan_node_sight(job, &hit[i]);
	if (hits)
		scan_show_late(job, hit, hits);
}

bool
scan_source_drain(struct scan_job *job, struct scan_source *s)
{
	struct record r;
	struct diag why = {};
	const struct hit *hit;
	enum rc code;
	s->reading.numbers = match_set_has_parts(job->set);
	s->reading.lean = (job->show != SHOW_ASSETS || mutant(1853)) && scan_is_lean(&job->scan);
	while (!(code = reading_next(&s->reading, &r, &why)) || code == RC_AGAIN) {
		if (!code && r.offset < s->resume)
			continue;
		size_t hits = code ? 0 : scan_record(&job->scan, &r, job->file, &hit);
		for (size_t i = 0; (job->sight || job->kept) && i < hits; i++)
			scan_node_sight(job, &hit[i]);
		if (!code)
			scan_show_record(job, &r, hit, hits);
		else
			scan_show_now(job);
		/* Nothing but the name is asked for, and of no other file. */
		if (hits && job->show == SHOW_FILES && !job->sight && !job->kept &&
			!match_set_has_parts(job->set)) {
			code = RC_NONE;
			break;
		}
		uint64_t taken = lines_taken(&s->reading.lines);
		if (taken - s->counted > 1 << 20) {
			progress_add(&job->progress, taken - s->counted);
			s->counted = taken;
		}
	}
	settle(job);
	uint64_t taken = lines_taken(&s->reading.lines);
	progress_add(&job->progress, taken - s->counted);
	s->counted = taken;
	job->scan.counts.records += reading_passed(&s->reading) - s->passed;
	s->passed = reading_passed(&s->reading);
	if (code == RC_NONE)
		return true;
	diag_where(&why, "%s", s->path ? s->path : "-");
	cmd_warn(&why);
	job->failed = true;
	return false;
}

void
scan_source_all(struct scan_job *job, struct scan_source *s)
{
	job->files++;
	scan_show_file(job, s->path);
	scan_source_drain(job, s);
	scan_show_file_end(job);
	scan_source_close(s);
}

void
scan_file(struct scan_job *job, const char *path)
{
	struct scan_source s = {.path = (char *)(uintptr_t)path};
	if (scan_source_open(job, &s, path))
		scan_source_all(job, &s);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
add_folder(struct scan_job *job, struct scan_paths *out, const char *path, unsigned depth)
{
	struct scan_paths inside = {};
	DIR *dir = depth < DEPTH_MAX ? opendir(path) : NULL;
	if (!dir) {
		if (depth >= DEPTH_MAX)
			errno = ELOOP;
		if (!job->listing)
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
		scan_add_path(job, out, inside.at[i], depth + 1);
		free(inside.at[i]);
	}
	free(inside.at);
}

/* A pattern that no shell expanded, because it stood in quotes or came from a service's unit. */
static bool
add_matches(struct scan_job *job, struct scan_paths *out, const char *pattern)
{
	glob_t all;
	if (!strpbrk(pattern, "*?[") || glob(pattern, 0, NULL, &all) != 0)
		return false;
	for (size_t i = 0; i < all.gl_pathc; i++)
		scan_add_path(job, out, all.gl_pathv[i], 0);
	job->names |= all.gl_pathc > 1;
	globfree(&all);
	return true;
}

void
scan_add_path(struct scan_job *job, struct scan_paths *out, const char *path, unsigned depth)
{
	struct stat st = {};
	if (strcmp(path, "-") != 0) {
		int there = depth ? lstat(path, &st) : stat(path, &st);
		if (there != 0 && depth == 0 && errno == ENOENT && add_matches(job, out, path))
			return;
		if (there != 0) {
			if (!job->listing)
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
	if (!job->listing)
		job->progress.total += (uint64_t)st.st_size;
	*vec_add(out) = mem_dup(span_of(path));
	*vec_add(&out->prompt) = S_ISREG(st.st_mode) && st.st_size > 0;
}

void
scan_paths_fini(struct scan_paths *p)
{
	for (size_t i = 0; i < p->len; i++)
		free(p->at[i]);
	free(p->at);
	free(p->prompt.at);
	*p = (struct scan_paths){};
}

/* On a terminal: how much was read, how fast, and in how much memory. */
static void
say_rate(struct scan_job *job)
{
	struct rusage used;
	char line[128];
	progress_fini(&job->progress);
	if (getrusage(RUSAGE_SELF, &used) == 0 &&
		progress_came_to(&job->progress, clock_monotonic() - job->progress.started,
			(uint64_t)used.ru_maxrss << 10, line, sizeof line))
		cmd_say(job->env, "%s", line);
}

void
scan_walk(struct scan_job *job)
{
	struct scan_paths paths = {};
	progress_init(&job->progress, job->env, "scan", "bytes", 0);
	if (job->follow) {
		scan_again_prepare(job, &paths);
		scan_follow(job);
	} else {
		for (size_t i = 0; i < job->env->words; i++)
			scan_add_path(job, &paths, job->env->word[i], 0);
		job->names |= paths.len > 1;
		scan_again_prepare(job, &paths);
		bool alone = job->threads == 1 || !sweep_is_wanted();
		if (!alone)
			scan_ahead(job, &paths);
		for (size_t i = 0; alone && i < paths.len; i++)
			scan_file(job, paths.at[i]);
		say_rate(job);
		scan_again(job, &paths);
	}
	progress_fini(&job->progress);
	scan_paths_fini(&paths);
}
