/* Lines of text: anything, access logs (common and combined log format), syslog. */
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

static int
clf_sniff(struct span head)
{
	struct span line = head_line(head);
	return line.len && time_clf(line) != TIME_NONE ? 70 : 0;
}

static enum rc
clf_next(struct reading *r, struct record *out, struct diag *why)
{
	enum rc code = record_line(r, out, why);
	if (code)
		return code;
	out->time = time_clf(out->text);
	record_text(r, out);
	return RC_OK;
}

static int
syslog_sniff(struct span head)
{
	struct span line = head_line(head);
	if (line.len == 0 || time_syslog(line, INT64_C(4102444800) * SECOND) == TIME_NONE)
		return 0;
	/* An ISO date at the start is any log's; a month's name or <priority> is syslog's. */
	return ascii_is_digit(line.ptr[0]) ? 10 : 60;
}

static enum rc
syslog_next(struct reading *r, struct record *out, struct diag *why)
{
	enum rc code = record_line(r, out, why);
	if (code)
		return code;
	out->time = time_syslog(out->text, r->reference);
	record_text(r, out);
	return RC_OK;
}

const struct reader reader_lines = {"lines", lines_sniff, lines_reader_next, LINES_KEEP_LIKELY};
const struct reader reader_clf = {"clf", clf_sniff, clf_next, LINES_KEEP_LIKELY};
const struct reader reader_syslog = {"syslog", syslog_sniff, syslog_next, LINES_KEEP_LIKELY};
