/* pattern: checks STIX patterns line by line, and evaluates one over observed-data. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/vec.h"
#include "cmd/cmd.h"
#include "cmd/row.h"
#include "codec/json.h"
#include "pattern/match.h"
#include "pattern/meaning.h"
#include "pattern/normal.h"

enum { LIST_MAX = 1 << 30, BUNDLE_MAX = 1 << 28 };

struct verdict {
	size_t line;
	enum rc rc;
	size_t column;
	struct diag why;   /* of an error */
	struct diag never; /* what has a meaning that is never evaluated */
};

static void
verdict_print(const struct cmd_env *env, const struct verdict *v)
{
	if (env->json) {
		struct row row;
		row_begin(&row);
		row_number(&row, "line", (int64_t)v->line);
		row_flag(&row, "ok", !v->rc);
		if (v->rc) {
			row_number(&row, "column", (int64_t)v->column);
			row_text(&row, "error", span_of(v->why.what));
		} else if (*v->never.what) {
			row_number(&row, "column", (int64_t)v->column);
			row_text(&row, "warning", span_of(v->never.what));
		}
		row_end(&row);
		return;
	}
	if (v->rc) {
		printf("error %zu: ", v->column);
		row_plain(stdout, span_of(v->why.what));
		putchar('\n');
		return;
	}
	puts("ok");
	if (*v->never.what)
		cmd_say(env, "line %zu, column %zu: %s; parsed, but never evaluated", v->line,
			v->column, v->never.what);
}

static enum cmd_exit
check_run(struct cmd_env *env)
{
	own_buf struct buf text = {};
	own_arena struct arena a = {};
	struct diag why = {};
	if (cmd_read(env->words ? env->word[0] : "-", LIST_MAX, &text, &why))
		return cmd_fail(&why);
	enum cmd_exit code = CMD_YES;
	struct span rest = text.len ? buf_span(&text) : SPAN(""), line;
	/* A mark of byte order is no part of the first pattern; a line end at the very end begins no
	 * line. */
	if (span_starts(rest, SPAN("\xef\xbb\xbf")))
		rest = span_sub(rest, 3, SIZE_MAX);
	if (rest.len && rest.ptr[rest.len - 1] == '\n')
		rest.len--;
	else if (!rest.len)
		return CMD_YES;
	for (size_t number = 1; span_cut(&rest, '\n', &line); number++) {
		struct verdict v = {.line = number};
		struct pattern p = {};
		if (span_ends(line, SPAN("\r")))
			line.len--;
		v.rc = pattern_parse(line, &a, &p, &v.why);
		v.column = p.column;
		if (v.rc)
			code = CMD_NO;
		else if (!env->quiet)
			(void)!pattern_meaning(&p, &v.column, &v.never);
		verdict_print(env, &v);
		arena_reset(&a);
	}
	return code;
}

/* Reads a file's observations; the document must outlive them. */
static enum rc
observe_file(const char *path, struct observations *to, yyjson_doc **doc, struct diag *why)
{
	own_buf struct buf text = {};
	enum rc rc = cmd_read(path, BUNDLE_MAX, &text, why);
	if (rc)
		return rc;
	struct diag at = {};
	rc = json_read(buf_span(&text), &(struct json_limits){.bytes = BUNDLE_MAX}, doc, &at);
	if (!rc)
		rc = observations_add(to, yyjson_doc_get_root(*doc), &at);
	if (rc) {
		diag_where(why, "%s%s%s", path, *at.where ? ": " : "", at.where);
		diag_what(why, "%s", at.what);
	}
	return rc;
}

static enum cmd_exit
match_print(const struct cmd_env *env, bool match)
{
	if (env->json) {
		struct row row;
		row_begin(&row);
		row_flag(&row, "match", match);
		row_end(&row);
	} else if (!env->quiet) {
		puts(match ? "match" : "none");
	}
	return match ? CMD_YES : CMD_NO;
}

static enum cmd_exit
match_run(struct cmd_env *env)
{
	own_arena struct arena a = {};
	struct pattern p = {};
	own_matcher struct matcher *m = NULL;
	own_observations struct observations *o = observations_new();
	vec_of(yyjson_doc *) docs = {};
	struct diag why = {};
	enum rc rc = pattern_parse(span_of(env->word[0]), &a, &p, &why);
	if (!rc)
		rc = matcher_new(&p, &m, &why);
	for (size_t i = 1; i < env->words && !rc; i++) {
		*vec_add(&docs) = NULL;
		rc = observe_file(env->word[i], o, &docs.at[docs.len - 1], &why);
	}
	bool read = !rc;
	if (read) {
		observations_link(o);
		rc = matcher_run(m, o, &why);
	}
	for (size_t i = 0; i < docs.len; i++)
		json_free(&docs.at[i]);
	free(docs.at);
	if (!read || (rc && rc != RC_NONE))
		return cmd_fail(&why);
	return match_print(env, !rc);
}

static enum cmd_exit
same_run(struct cmd_env *env)
{
	own_arena struct arena a = {};
	struct buf form[2] = {};
	struct diag why = {};
	enum rc rc = RC_OK;
	for (size_t i = 0; i < 2 && !rc; i++) {
		const char *which = i ? "second pattern" : "first pattern";
		struct pattern p = {};
		rc = pattern_parse(span_of(env->word[i]), &a, &p, &why);
		if (rc) {
			diag_where(&why, "%s, column %zu", which, p.column);
			break;
		}
		rc = pattern_normal(&p, &form[i], &why);
		diag_where(&why, "%s", which);
	}
	bool same = !rc && span_eq(buf_span(&form[0]), buf_span(&form[1]));
	buf_fini(&form[0]);
	buf_fini(&form[1]);
	if (rc)
		return cmd_fail(&why);
	if (env->json) {
		struct row row;
		row_begin(&row);
		row_flag(&row, "same", same);
		row_end(&row);
	} else if (!env->quiet) {
		puts(same ? "same" : "different");
	}
	return same ? CMD_YES : CMD_NO;
}

static const struct command verbs[] = {
	{
		.name = "check",
		.args = "[FILE]",
		.summary =
			"say of each line whether it is a pattern: \"ok\" or \"error COLUMN: why\"",
		.run = check_run,
	},
	{
		.name = "match",
		.args = "PATTERN FILE...",
		.summary = "evaluate a pattern over bundles of observed-data",
		.run = match_run,
	},
	{
		.name = "same",
		.args = "PATTERN PATTERN",
		.summary = "say whether two patterns mean the same",
		.run = same_run,
	},
	{},
};

const struct command command_pattern = {
	.name = "pattern",
	.summary = "check STIX patterns, match them with observations, compare them",
	.verbs = verbs,
	.more = "A pattern is checked as the OASIS validator does: grammar, repeated qualifiers, "
		"lengths of hashes. COLUMN counts characters from 1; an empty line is no pattern. "
		"What the standard forbids beyond that (WITHIN 0 SECONDS, sets of several types) "
		"is "
		"warned of and never evaluated. Exit 0: all lines are patterns, 1: some are "
		"not.\n\n"
		"Matching reads all files as one set of observations: bundles, envelopes of TAXII, "
		"observed-data objects, or arrays of them; references lead from file to file. Exit "
		"0: match, 1: none, 3: the pattern or a file cannot be used, the values cannot be "
		"compared, or it is too much work.\n\n"
		"Two patterns are the same where they differ in order, repetition, parentheses, "
		"distribution of AND and FOLLOWEDBY over OR, or in how numbers, octets, times, "
		"addresses and registry keys are written. What means the same for other reasons "
		"counts as different. Exit 0: same, 1: different, 3: one is no pattern, or has too "
		"many alternatives.",
};
