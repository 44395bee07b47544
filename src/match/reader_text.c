/*
 * Lines of text: anything; access logs of web servers ("Common Log Format" and "Combined Log Format" of Apache's
 * mod_log_config, with or without a virtual host before); Squid's native access.log ("logformat squid" of Squid's
 * configuration manual). A line is read as a whole; its parts have names besides.
 */
#include "base/ascii.h"
#include "match/reader-internal.h"
#include "match/time.h"

static int
lines_sniff(struct span head)
{
	(void)head;
	return 0;
}

static enum rc
lines_reader_next(struct reading *r, struct record *out, struct diag *why)
{
	enum rc code = record_line(r, out, why);
	if (!code)
		record_text(r, out);
	return code;
}

/* ---- access logs ---- */

static int
clf_sniff(struct span head)
{
	struct span line = head_line(head);
	return line.len && time_clf(line) != TIME_NONE ? 70 : 0;
}

/* What stands in the next pair of quotes; a quote behind a backslash ends none. */
static struct span
next_quoted(struct span *rest)
{
	size_t from = span_find_byte(*rest, '"');
	if (from == SIZE_MAX) {
		*rest = (struct span){};
		return *rest;
	}
	size_t end = ++from;
	while (end < rest->len && rest->ptr[end] != '"')
		end += rest->ptr[end] == '\\' ? 2 : 1;
	struct span quoted = span_sub(*rest, from, end - from);
	*rest = span_sub(*rest, end + 1, SIZE_MAX);
	return quoted;
}

/* "[VHOST] CLIENT IDENT USER [TIME] "METHOD URL PROTOCOL" STATUS BYTES ["REFERRER" "AGENT"]" */
static void
clf_parts(struct reading *r, const struct record *out)
{
	size_t open = span_find_byte(out->text, '[');
	if (open == SIZE_MAX)
		return;
	struct span word[4], rest = span_sub(out->text, 0, open);
	size_t words = 0;
	while (words < 4 && (word[words] = next_word(&rest)).len)
		words++;
	if (words == 4)
		record_part(r, out, SPAN("cs-host"), word[0]);
	if (words >= 3) {
		record_part(r, out, SPAN("client"), word[words - 3]);
		record_part(r, out, SPAN("user"), word[words - 1]);
	}
	rest = span_sub(out->text, open, SIZE_MAX);
	struct span request = next_quoted(&rest);
	record_part(r, out, SPAN("method"), next_word(&request));
	record_part(r, out, SPAN("url"), next_word(&request));
	record_part(r, out, SPAN("status"), next_word(&rest));
	record_part(r, out, SPAN("bytes"), next_word(&rest));
	record_part(r, out, SPAN("referrer"), next_quoted(&rest));
	record_part(r, out, SPAN("user_agent"), next_quoted(&rest));
}

static enum rc
clf_next(struct reading *r, struct record *out, struct diag *why)
{
	enum rc code = record_line(r, out, why);
	if (code)
		return code;
	out->time = time_clf(out->text);
	bool access = out->time != TIME_NONE;
	if (record_text(r, out) && access) {
		clf_parts(r, out);
		record_finish(r, out);
	}
	return RC_OK;
}

/* ---- Squid ---- */

enum { SQUID_WORDS = 10 };

/* "TIME.mmm ELAPSED CLIENT CODE/STATUS BYTES METHOD URL USER PEERSTATUS/PEERHOST TYPE" */
static bool
squid_words(struct span line, struct span word[static SQUID_WORDS])
{
	uint64_t number;
	for (size_t i = 0; i < SQUID_WORDS; i++)
		word[i] = next_word(&line);
	size_t dot = span_find_byte(word[0], '.');
	struct span elapsed = word[1];
	if (span_starts(elapsed, SPAN("-"))) /* a clock that was set back */
		elapsed = span_sub(elapsed, 1, SIZE_MAX);
	return dot != SIZE_MAX && dot + 4 == word[0].len && time_epoch(word[0]) != TIME_NONE &&
	       span_to_u64(elapsed, &number) && span_find_byte(word[3], '/') != SIZE_MAX &&
	       span_to_u64(word[4], &number) && span_find_byte(word[8], '/') != SIZE_MAX &&
	       word[9].len;
}

static int
squid_sniff(struct span head)
{
	struct span word[SQUID_WORDS];
	return squid_words(head_line(head), word) ? 85 : 0;
}

static void
add_halves(struct reading *r, const struct record *out, struct span both, struct span first,
	struct span second)
{
	size_t slash = span_find_byte(both, '/');
	record_part(r, out, first, span_sub(both, 0, slash));
	record_part(r, out, second, span_sub(both, slash + 1, SIZE_MAX));
}

static enum rc
squid_next(struct reading *r, struct record *out, struct diag *why)
{
	struct span word[SQUID_WORDS];
	enum rc code = record_line(r, out, why);
	if (code)
		return code;
	bool native = squid_words(out->text, word);
	if (native)
		out->time = time_epoch(word[0]);
	if (!record_text(r, out) || !native)
		return RC_OK;
	record_part(r, out, SPAN("client"), word[2]);
	add_halves(r, out, word[3], SPAN("code"), SPAN("status"));
	record_part(r, out, SPAN("bytes"), word[4]);
	record_part(r, out, SPAN("method"), word[5]);
	record_part(r, out, SPAN("url"), word[6]);
	record_part(r, out, SPAN("user"), word[7]);
	add_halves(r, out, word[8], SPAN("peerstatus"), SPAN("peerhost"));
	record_part(r, out, SPAN("type"), word[9]);
	record_finish(r, out);
	return RC_OK;
}

const struct reader reader_lines = {"lines", lines_sniff, lines_reader_next, LINES_KEEP_LIKELY};
const struct reader reader_clf = {"clf", clf_sniff, clf_next, LINES_KEEP_LIKELY};
const struct reader reader_squid = {"squid", squid_sniff, squid_next, LINES_KEEP_LIKELY};
