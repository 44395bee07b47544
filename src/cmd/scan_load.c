/* Indicators and warninglists for the scan command. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "cmd/scan-internal.h"
#include "feed/arm.h"
#include "feed/in.h"
#include "match/strings.h"
#include "match/table.h"
#include "node/armed.h"

#define IOC_BYTES_MAX (UINT64_C(4) << 30)

static const struct stream_limits limits = {.bytes = IOC_BYTES_MAX, .ratio = 2000};

static enum rc
read_all(const char *path, struct buf *out, struct diag *why)
{
	bool standard = strcmp(path, "-") == 0;
	own_fd int fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return diag_fail(why, RC_IO, "%s", strerror(errno));
	own_stream struct stream *s = stream_new_fd(fd, &limits);
	enum rc code;
	size_t got;
	enum { PIECE = 1 << 20 };
	while (!(code = stream_read(s, buf_room(out, PIECE), PIECE, &got, why)))
		out->len += got;
	enum utf16 order = utf16_by_start(buf_span(out));
	if (code == RC_NONE && order != UTF16_NONE) {
		own_buf struct buf wide = *out;
		*out = (struct buf){};
		utf16_read(order, buf_span(&wide), out);
	}
	return code == RC_NONE ? RC_OK : code;
}

/* One JSON value a line: the first line is whole and another follows. */
static bool
is_json_lines(struct span text)
{
	size_t end = span_find_byte(text, '\n');
	if (end == SIZE_MAX)
		return false;
	struct span first = span_trim(span_sub(text, 0, end));
	struct span rest = span_trim(span_sub(text, end, SIZE_MAX));
	return first.len > 1 && first.ptr[first.len - 1] == '}' && rest.len && rest.ptr[0] == '{';
}

static enum rc
load_json_lines(struct match_set *set, struct span text, struct arm_latest *latest,
	struct ioc_counts *counts, struct diag *why)
{
	struct span line;
	enum rc code = RC_OK;
	while (!code && span_cut(&text, '\n', &line)) {
		struct diag fault = {};
		line = span_trim(line);
		if (!line.len)
			continue;
		code = arm_text(set, line, latest, counts, &fault);
		if (code == RC_BAD) {
			ioc_unknown(counts, &fault, line);
			code = RC_OK;
		} else if (code && why) {
			*why = fault;
		}
	}
	return code;
}

/* MISP's events, read as import reads them. */
static enum rc
load_misp(struct match_set *set, struct span text, const struct in_format *misp,
	struct arm_latest *latest, struct ioc_counts *counts, struct diag *why)
{
	static const struct in_plan plan = {
		.author = SPAN("identity--00000000-0000-4000-8000-000000000000"), .confidence = -1};
	struct in_object object;
	struct in *in;
	struct diag fault = {};
	enum rc code = in_open(&plan, misp, text, &in, why);
	while (!code && ((code = in_next(in, &object, &fault)) == RC_OK || code == RC_UNKNOWN)) {
		if (code == RC_UNKNOWN)
			ioc_unknown(counts, &fault, (struct span){});
		code = code ? RC_OK : arm_text(set, object.text, latest, counts, &fault);
	}
	if (code && code != RC_NONE && why)
		*why = fault;
	in_close(&in);
	return code == RC_NONE ? RC_OK : code;
}

static enum rc
load_text(struct match_set *set, struct span text, struct arm_latest *latest,
	struct ioc_counts *counts, struct diag *why)
{
	struct span start = text;
	own_buf struct buf made = {};
	if (span_starts(start, SPAN("\xef\xbb\xbf")))
		start = span_sub(start, 3, SIZE_MAX);
	start = span_trim(start);
	const struct in_format *format;
	if (start.len && (start.ptr[0] == '{' || start.ptr[0] == '[') &&
		!in_format_find((struct span){}, start, &format, NULL) &&
		strcmp(format->name, "misp") == 0)
		return load_misp(set, start, format, latest, counts, why);
	if (table_is_json(span_sub(start, 0, 64 << 10)) && table_of_json(start, &made))
		return ioc_add_csv(set, buf_span(&made), counts, why);
	if (start.len && start.ptr[0] == '{' && is_json_lines(start))
		return load_json_lines(set, start, latest, counts, why);
	if (start.len &&
		(start.ptr[0] == '{' || (start.ptr[0] == '[' && start.len > 1 &&
						span_find_byte(start, '{') != SIZE_MAX &&
						span_trim(span_sub(start, 1, 4096)).ptr[0] == '{')))
		return arm_text(set, start, latest, counts, why);
	if (table_is_index(span_sub(text, 0, 64 << 10))) {
		diag_todo(why, "give the feed's events, which its manifest.json names");
		return diag_fail(why, RC_UNKNOWN,
			"a MISP feed's index (hashes.csv): digests of values, not of files");
	}
	if (table_is(span_sub(text, 0, 64 << 10)))
		return ioc_add_csv(set, text, counts, why);
	own_buf struct buf lines = {};
	if (table_unwrap(text, &lines))
		text = buf_span(&lines);
	own_stream struct stream *s = stream_new_span(text, NULL);
	return ioc_add_list(set, s, counts, why);
}

/* What was not armed is told, once a kind, with examples of what was not understood. */
void
scan_say_counts(const struct cmd_env *env, const char *path, const struct ioc_counts *c)
{
	if (c->unknown)
		cmd_say(env, "%s: %llu not understood%s", path, (unsigned long long)c->unknown,
			c->unknown > IOC_EXAMPLES ? "; the first of them:" : ":");
	for (uint64_t i = 0; i < c->unknown && i < IOC_EXAMPLES; i++)
		cmd_say(env, "  %s%s%s", c->examples[i].where, c->examples[i].where[0] ? ": " : "",
			c->examples[i].what);
	if (c->foreign)
		cmd_say(env, "%s: %llu in other languages (sigma, snort, yara ...): not armed",
			path, (unsigned long long)c->foreign);
	if (c->partial)
		cmd_say(env,
			"%s: %llu patterns can be made of records that no value selects (negations "
			"alone, ports ...): not armed%s%s",
			path, (unsigned long long)c->partial,
			c->unselected[0] ? "; the first: " : "", c->unselected);
	if (c->open)
		cmd_say(env,
			"%s: %llu patterns have a part that any record may be (negations alone, "
			"ports ...): where the rest of one is seen, every line is read for it",
			path, (unsigned long long)c->open);
	if (c->wanting)
		cmd_say(env, "%s: %llu patterns want more than %d records or %d parts: not armed",
			path, (unsigned long long)c->wanting, STREAM_LEAST_MAX, STREAM_PARTS_MAX);
	if (c->suffixes)
		cmd_say(env,
			"%s: %llu names are registries' suffixes: armed without what lies under "
			"them",
			path, (unsigned long long)c->suffixes);
	if (c->older)
		cmd_say(env, "%s: %llu versions that newer ones supersede: not armed", path,
			(unsigned long long)c->older);
	if (c->wide)
		cmd_say(env,
			"%s: %llu range%s of much of the internet (%s): armed, expect many hits",
			path, (unsigned long long)c->wide, c->wide == 1 ? "" : "s", c->widest);
	if (c->revoked)
		cmd_say(env, "%s: %llu revoked: not armed", path, (unsigned long long)c->revoked);
}

/*
 * What costs, told before it does: texts without a piece of four bytes that could be looked for, so that every
 * line is read for them.
 */
static void
say_bare(const struct scan_job *job, const struct match_set *set)
{
	struct strings *strings = match_set_strings(set);
	if (!strings)
		return;
	strings_ready(strings);
	size_t bare = strings_counts(strings).bare;
	if (bare)
		cmd_say(job->env,
			"%zu text%s or expression%s without four letters or digits in a row: every "
			"line is read for %s, expect it to take longer",
			bare, bare == 1 ? "" : "s", bare == 1 ? "" : "s",
			bare == 1 ? "it" : "them");
}

/* Indicators were there and understood, though none is armed. */
static bool
are_read(const struct ioc_counts *c)
{
	return c->armed + c->repeated + c->revoked + c->foreign + c->partial + c->wanting > 0;
}

/* A list that arms nothing is no failure by itself where others do, but nobody wants one. */
static void
warn_empty(const char *path, const struct ioc_counts *counts)
{
	struct diag why = {};
	diag_where(&why, "%s", path);
	bool read = are_read(counts);
	diag_what(&why, "%s",
		read ? "its indicators are revoked or of kinds that are not armed: nothing to look "
		       "for"
		     : "no indicator in it");
	if (!read)
		diag_todo(&why,
			"give names, addresses, URLs, e-mail addresses, hashes or MAC "
			"addresses, one a line, a table whose header names its columns, or STIX");
	cmd_warn(&why);
}

static bool
load_ioc(struct scan_job *job, struct match_set *set, const char *path, struct arm_latest *latest,
	struct ioc_counts *all)
{
	own_buf struct buf text = {};
	struct ioc_counts counts = {};
	struct diag why = {};
	enum rc code = read_all(path, &text, &why);
	if (!code)
		code = text.len ? load_text(set, buf_span(&text), latest, &counts, &why) : RC_OK;
	if (code) {
		if (!why.where[0])
			diag_where(&why, "%s", path);
		cmd_warn(&why);
		return false;
	}
	scan_say_counts(job->env, path, &counts);
	if (!counts.armed && !counts.repeated)
		warn_empty(path, &counts);
	ioc_counts_join(all, &counts);
	return true;
}

/*
 * No indicator at all: whatever was scanned would look clean, and a nightly job would believe it. That is
 * a failure, except where indicators were read that are never armed (withdrawn, rules for other tools),
 * which is an answer, and where a node is followed, which may learn some.
 */
static bool
judge_empty(const struct scan_job *job, const struct ioc_counts *all)
{
	struct diag why = {};
	if (!job->node)
		return are_read(all);
	bool go_on = job->follow || are_read(armed_counts(job->node));
	diag_where(&why, "%s", job->env->node);
	diag_what(&why, "no indicator is armed, nothing can be found%s",
		job->follow ? " until one comes" : "");
	if (!go_on)
		diag_todo(&why,
			"fetch some with \"tocsin sync\", put some in with \"tocsin import\", or "
			"name a list with --ioc FILE");
	cmd_warn(&why);
	return go_on;
}

static bool
load_warninglist(struct scan_job *job, struct warn *warn, const char *path)
{
	own_buf struct buf text = {};
	struct diag why = {};
	size_t skipped = 0;
	enum rc code = read_all(path, &text, &why);
	struct span read = span_trim(span_without_mark(buf_span(&text)));
	if (!code && read.len && (read.ptr[0] == '{' || read.ptr[0] == '['))
		code = warn_add(warn, read, &skipped, &why);
	else if (!code)
		code = warn_add_list(warn, read, span_of(path), &skipped, &why);
	if (code) {
		diag_where(&why, "%s", path);
		cmd_warn(&why);
		return false;
	}
	if (skipped)
		cmd_say(job->env, "%s: %zu entr%s not understood", path, skipped,
			skipped == 1 ? "y" : "ies");
	return true;
}

bool
scan_load_indicators(struct scan_job *job, struct match_set *set)
{
	const char *path;
	struct ioc_counts all = {};
	own_arm_latest struct arm_latest latest = {};
	bool any = cmd_option(job->env, "ioc") != NULL;
	rng_fill(job->env->rng, &latest.seed, sizeof latest.seed);
	if (!any && !match_set_is_over(set) && !scan_node_load(job, set))
		return false;
	for (size_t at = 0; (path = cmd_next(job->env, "ioc", &at));)
		if (!load_ioc(job, set, path, &latest, &all))
			return false;
	say_bare(job, set);
	return match_set_count(set) || judge_empty(job, &all);
}

bool
scan_load(struct scan_job *job, struct match_set *set, struct warn *warn)
{
	const char *path;
	for (size_t at = 0; (path = cmd_next(job->env, "warninglist", &at));)
		if (!load_warninglist(job, warn, path))
			return false;
	bool go_on = scan_load_indicators(job, set);
	if (!go_on || !job->node)
		return go_on;
	for (const char *const *own = armed_conf(job->node)->warninglists; *own; own++)
		if (!load_warninglist(job, warn, *own))
			return false;
	return true;
}
