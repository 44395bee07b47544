/*
 * Patterns of which some part may be any record. Where all that is scanned can be read twice, the first run is as
 * fast as ever and says whether a second one is due, which looks at every record for these patterns alone. Where it
 * cannot - a pipe, files that are followed, or where each file's verdict is printed at its end - every record is
 * looked at at once, from the first on.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "cmd/scan-internal.h"
#include "match/again.h"

static bool
can_be_read_again(const struct scan_paths *paths)
{
	struct stat st;
	for (size_t i = 0; i < paths->len; i++)
		if (strcmp(paths->at[i], "-") == 0 || stat(paths->at[i], &st) != 0 ||
			!S_ISREG(st.st_mode))
			return false;
	return true;
}

void
scan_again_prepare(struct scan_job *job, const struct scan_paths *paths)
{
	if (!match_set_has_open(job->set))
		return;
	if (!job->follow && job->show != SHOW_COUNT && job->show != SHOW_FILES &&
		can_be_read_again(paths)) {
		job->scan.open = STREAM_OPEN_LATER;
		return;
	}
	if (!job->sweep)
		return;
	job->beside = take(&job->sweep);
	cmd_say(job->env, "there are patterns with a part that any record may be: every line is "
			  "read for them, expect it to take longer");
}

static void
read_again(struct scan_job *job, const char *path)
{
	enum { SHOW_EACH = 64 << 10 }; /* bytes: this is slow */
	struct record r;
	struct diag why = {};
	const struct hit *hit;
	struct scan_source s = {.path = (char *)(uintptr_t)path};
	if (!scan_source_open(job, &s, path))
		return;
	scan_show_file(job, path);
	s.reading.numbers = true;
	enum rc code;
	while (!(code = reading_next(&s.reading, &r, &why)) || code == RC_AGAIN) {
		if (code)
			continue;
		size_t hits = scan_record(&job->scan, &r, job->file, &hit);
		for (size_t i = 0; (job->sight || job->kept) && i < hits; i++)
			scan_node_sight(job, &hit[i]);
		scan_show_record(job, &r, hit, hits);
		uint64_t taken = lines_taken(&s.reading.lines);
		if (taken - s.counted > SHOW_EACH) {
			progress_add(&job->progress, taken - s.counted);
			s.counted = taken;
		}
	}
	progress_add(&job->progress, lines_taken(&s.reading.lines) - s.counted);
	/* What was wrong with it was told the first time. */
	size_t late = scan_settle(&job->scan, &hit);
	for (size_t i = 0; (job->sight || job->kept) && i < late; i++)
		scan_node_sight(job, &hit[i]);
	if (late)
		scan_show_late(job, hit, late);
	scan_source_close(&s);
}

void
scan_again(struct scan_job *job, const struct scan_paths *paths)
{
	struct again *again = job->scan.open == STREAM_OPEN_LATER ? again_new(&job->scan) : NULL;
	struct sweep *sweep = job->sweep;
	if (!again)
		return;
	size_t patterns = again_patterns(again);
	cmd_say(job->env,
		"of %zu pattern%s all was seen but a part that any record may be: all is read once "
		"more, line by line",
		patterns, patterns == 1 ? "" : "s");
	struct scan first = job->scan;
	uint64_t total = job->progress.total;
	progress_fini(&job->progress);
	progress_init(&job->progress, job->env, "scan again", "bytes", total);
	job->sweep = NULL;
	again_begin(again, &first, &job->scan);
	job->beside = sweep ? sweep_new(job->scan.set) : NULL;
	if (job->beside && job->scan.text == SCAN_DEFANGED)
		sweep_defanged(job->beside);
	for (size_t i = 0; i < paths->len; i++)
		read_again(job, paths->at[i]);
	first.counts.hits += job->scan.counts.hits;
	struct stream_counts c = scan_patterns(&job->scan);
	scan_fini(&job->scan);
	job->scan = first;
	streams_count_in(scan_streams(&job->scan), &c);
	job->sweep = sweep;
	sweep_free(&job->beside);
	again_free(&again);
}
