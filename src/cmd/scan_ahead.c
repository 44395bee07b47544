/* Files for the scan command, read ahead by several threads and scanned by this one, in their order. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "cmd/scan-internal.h"
#include "match/ahead.h"

/* Each is opened by one thread, then the main thread's. */
struct ahead_files {
	const struct scan_paths *paths;
	struct opened {
		int fd;
		struct stream *stream;
		struct stat st;
	} * at; /* CREW_FILES of them, in turns */
};

/* What may keep one waiting, cannot be opened or became another since is opened at its turn, and told then. */
static struct stream *
open_ahead(void *ctx, size_t file)
{
	struct ahead_files *f = ctx;
	struct opened *o = &f->at[file % CREW_FILES];
	if (!f->paths->prompt.at[file])
		return NULL;
	own_fd int fd = open(f->paths->at[file], O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &o->st) != 0 || !S_ISREG(o->st.st_mode) || o->st.st_size == 0)
		return NULL;
	o->stream = stream_new_fd(fd, &scan_limits);
	o->fd = own_fd_take(&fd);
	return o->stream;
}

/* So many open files that there is room for whatever else a process opens. */
static size_t
files_most(void)
{
	struct rlimit r;
	size_t most = getrlimit(RLIMIT_NOFILE, &r) == 0 ? (size_t)(r.rlim_cur / 8) : 1;
	return most < 1 ? 1 : most;
}

void
scan_ahead(struct scan_job *job, const struct scan_paths *paths)
{
	struct ahead_files files = {.paths = paths};
	files.at = mem_new(CREW_FILES * sizeof *files.at);
	struct crew_files theirs = {paths->len, open_ahead, &files, job->reader, files_most()};
	own_crew struct crew *crew = crew_new(job->sweep, (unsigned)job->threads - 1);
	crew_add_files(crew, &theirs);
	for (size_t i = 0; i < paths->len; i++) {
		struct ahead *ahead = crew_take(crew);
		if (!ahead) {
			scan_file(job, paths->at[i]);
			continue;
		}
		const struct opened *o = &files.at[i % CREW_FILES];
		struct scan_source s = {.path = paths->at[i], .fd = o->fd, .stream = o->stream};
		scan_source_begin(job, &s, &o->st);
		reading_ahead(&s.reading, job->sweep, crew, ahead);
		scan_source_all(job, &s);
	}
	free(files.at);
}
