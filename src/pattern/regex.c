#define PCRE2_CODE_UNIT_WIDTH 8
#include "pattern/regex.h"

#include <pcre2.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/mutant.h"

/*
 * PCRE2 counts its steps anew for each place where a match may start, so that its limit multiplies
 * with the subject's length, and it does not count how far a repeated character reaches. Short
 * subjects are tried with a limit that shrinks with their length; where that was too small, and for
 * all others, a call-out before each item counts the steps of the whole search and looks at the
 * clock.
 */
enum {
	STEPS = 20000000, /* of one search */
	SHORT_SUBJECT = 4096,
	TICK = 256, /* steps between looks at the clock */
	HEAP_KIB = 16384,
	NESTING = 100,
};

struct regex {
	pcre2_code *code, *counted; /* counted: compiled with call-outs when first needed */
	pcre2_compile_context *compile;
	pcre2_match_context *match;
	pcre2_match_data *data;
	char *text;
	size_t len;
	uint32_t options;
	uint64_t left; /* steps of this search */
	int64_t deadline;
};

static const int64_t longest_search = 2 * SECOND;

static int
count_step(pcre2_callout_block *block, void *ctx)
{
	(void)block;
	struct regex *r = ctx;
	if (!r->left-- || (r->left % TICK == 0 && clock_monotonic() > r->deadline))
		return PCRE2_ERROR_MATCHLIMIT;
	return 0;
}

static enum rc
compile(struct regex *r, uint32_t more, pcre2_code **out, struct diag *why)
{
	int error;
	PCRE2_SIZE at;
	*out = pcre2_compile(
		(PCRE2_SPTR)r->text, r->len, r->options | more, &error, &at, r->compile);
	if (*out)
		return RC_OK;
	PCRE2_UCHAR text[160];
	if (pcre2_get_error_message(error, text, sizeof text) < 0)
		text[0] = 0;
	bool large = error == PCRE2_ERROR_PATTERN_TOO_LARGE ||
		     error == PCRE2_ERROR_PATTERN_STRING_TOO_LONG ||
		     error == PCRE2_ERROR_PATTERN_TOO_COMPLICATED ||
		     error == PCRE2_ERROR_HEAP_FAILED;
	return diag_fail(why, large ? RC_LIMIT : RC_BAD,
		"no regular expression at its byte %zu: %s", (size_t)at + 1, (const char *)text);
}

enum rc
regex_new(struct span text, enum regex_form form, struct regex **out, struct diag *why)
{
	if (text.len > REGEX_BYTES_MAX)
		return diag_fail(why, RC_LIMIT, "a regular expression of more than %d bytes",
			REGEX_BYTES_MAX);
	struct regex *r = mem_new(sizeof *r);
	r->text = mem_dup(text);
	r->len = text.len;
	r->options =
		(mutant(1621) ? 0 : PCRE2_DOTALL) | PCRE2_NEVER_BACKSLASH_C |
		(form == REGEX_TEXT ? PCRE2_UTF | PCRE2_UCP : PCRE2_NEVER_UTF | PCRE2_NEVER_UCP);
	r->compile = pcre2_compile_context_create(NULL);
	r->match = pcre2_match_context_create(NULL);
	must(r->compile && r->match);
	pcre2_set_parens_nest_limit(r->compile, NESTING);
	pcre2_set_heap_limit(r->match, HEAP_KIB);
	enum rc rc = compile(r, 0, &r->code, why);
	if (rc) {
		regex_free(r);
		return rc;
	}
	/* Whether it matches is asked, and where as a whole. */
	r->data = pcre2_match_data_create(1, NULL);
	must(r->data != NULL);
	*out = r;
	return RC_OK;
}

void
regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_match_data_free(r->data);
	pcre2_code_free(r->code);
	pcre2_code_free(r->counted);
	pcre2_compile_context_free(r->compile);
	pcre2_match_context_free(r->match);
	free(r->text);
	free(r);
}

size_t
regex_bytes(const struct regex *r)
{
	size_t bytes = 0;
	must(!pcre2_pattern_info(r->code, PCRE2_INFO_SIZE, &bytes));
	return bytes;
}

enum rc
regex_search(struct regex *r, struct span subject, struct diag *why)
{
	if (subject.len > REGEX_SUBJECT_MAX)
		return diag_fail(why, RC_LIMIT, "MATCHES takes values of at most %d bytes",
			REGEX_SUBJECT_MAX);
	struct span s = subject.ptr ? subject : SPAN("");
	int got = PCRE2_ERROR_MATCHLIMIT;
	if (s.len <= SHORT_SUBJECT) {
		pcre2_set_callout(r->match, NULL, NULL);
		pcre2_set_match_limit(r->match, STEPS / (uint32_t)(s.len + 1));
		got = pcre2_match(r->code, (PCRE2_SPTR)s.ptr, s.len, 0, 0, r->data, r->match);
	}
	if (got == PCRE2_ERROR_MATCHLIMIT) {
		if (!r->counted && compile(r, PCRE2_AUTO_CALLOUT, &r->counted, why))
			return RC_LIMIT;
		r->left = STEPS;
		r->deadline = clock_monotonic() + longest_search;
		pcre2_set_callout(r->match, count_step, r);
		pcre2_set_match_limit(r->match, STEPS);
		got = pcre2_match(r->counted, (PCRE2_SPTR)s.ptr, s.len, 0, 0, r->data, r->match);
	}
	if (got >= 0)
		return RC_OK;
	if (got == PCRE2_ERROR_NOMATCH)
		return RC_NONE;
	return diag_fail(
		why, RC_LIMIT, "the regular expression takes too many steps or too much memory");
}

void
regex_place(const struct regex *r, size_t *at, size_t *len)
{
	const PCRE2_SIZE *found = pcre2_get_ovector_pointer(r->data);
	*at = found[0];
	*len = found[1] > found[0] ? found[1] - found[0] : 0; /* \K may lie behind the end */
}
