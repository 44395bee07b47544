/*
 * syslog: RFC 3164 section 4.1 ("<PRI>Mmm dd hh:mm:ss HOSTNAME TAG[PID]: ..."), RFC 5424 section 6
 * ("<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID [SD-ID PARAM=\"VALUE\"] MSG"), and what daemons write to files:
 * either without the priority, and with RFC 3339 times. The line is read as a whole; its parts have names besides.
 */
#include "base/ascii.h"
#include "match/reader-internal.h"
#include "match/time.h"

enum { NAME_LONGEST = 64, PARAMS_MOST = 256 };

/* Behind "<PRI>", where one is. */
static struct span
behind_priority(struct span text)
{
	uint64_t priority;
	size_t close = span_find_byte(span_sub(text, 0, 6), '>');
	if (!span_starts(text, SPAN("<")) || close == SIZE_MAX ||
		!span_to_u64(span_sub(text, 1, close - 1), &priority))
		return text;
	return span_sub(text, close + 1, SIZE_MAX);
}

/* RFC 5424 section 6.3.3: '"', '\' and ']' stand behind a '\', anything else behind one is itself. */
static struct span
unescape(struct reading *r, struct span raw)
{
	char *to = arena_bytes(&r->arena, raw.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < raw.len; i++) {
		char next = i + 1 < raw.len ? raw.ptr[i + 1] : 0;
		if (raw.ptr[i] == '\\' && (next == '"' || next == '\\' || next == ']'))
			i++;
		to[len++] = raw.ptr[i];
	}
	return (struct span){to, len};
}

/* One PARAM-NAME="PARAM-VALUE" at *at; false where there is none. */
static bool
take_param(struct reading *r, const struct record *out, struct span text, size_t *at,
	struct span element)
{
	size_t equal = span_find_byte(span_sub(text, *at, NAME_LONGEST), '=');
	if (equal == SIZE_MAX || *at + equal + 1 >= text.len || text.ptr[*at + equal + 1] != '"')
		return false;
	struct span name = span_sub(text, *at, equal);
	size_t from = *at + equal + 2, end = from;
	bool escaped = false;
	for (; end < text.len && text.ptr[end] != '"'; end++)
		if (text.ptr[end] == '\\') {
			escaped = true;
			end++;
		}
	if (end >= text.len)
		return false;
	struct field f = {.value = span_sub(text, from, end - from),
		.at = (size_t)(text.ptr + from - out->text.ptr),
		.part = true};
	f.name = arena_printf(
		&r->arena, "%.*s.%.*s", (int)element.len, element.ptr, (int)name.len, name.ptr);
	if (escaped) {
		f.value = unescape(r, f.value);
		f.coding = FIELD_MADE;
	}
	record_field(r, f);
	*at = end + 1;
	return true;
}

/* RFC 5424 section 6.3; returns what follows, all of it where it is malformed. */
static struct span
take_structured(struct reading *r, const struct record *out, struct span text)
{
	size_t at = 0;
	unsigned params = 0;
	while (at < text.len && text.ptr[at] == '[') {
		size_t end = at + 1;
		while (end < text.len && end - at <= NAME_LONGEST && text.ptr[end] != ' ' &&
			text.ptr[end] != ']')
			end++;
		struct span element = span_sub(text, at + 1, end - at - 1);
		while (end < text.len && text.ptr[end] == ' ') {
			end++;
			if (params++ == PARAMS_MOST || !take_param(r, out, text, &end, element))
				return span_sub(text, at, SIZE_MAX);
		}
		if (end >= text.len || text.ptr[end] != ']')
			return span_sub(text, at, SIZE_MAX);
		at = end + 1;
	}
	return span_sub(text, at, SIZE_MAX);
}

static void
header_5424(struct reading *r, const struct record *out, struct span rest)
{
	next_word(&rest); /* time */
	struct span host = next_word(&rest), app = next_word(&rest), process = next_word(&rest),
		    id = next_word(&rest);
	record_part(r, out, SPAN("hostname"), host);
	record_part(r, out, SPAN("appname"), app);
	record_part(r, out, SPAN("procid"), process);
	record_part(r, out, SPAN("msgid"), id);
	rest = span_sub(rest, 1, SIZE_MAX);
	if (span_starts(rest, SPAN("-")))
		rest = span_sub(rest, 1, SIZE_MAX);
	else
		rest = take_structured(r, out, rest);
	rest = span_without_mark(span_trim(rest));
	record_part(r, out, SPAN("message"), rest);
	dissect(r, out, app, rest);
}

/* Behind the time; false where the line has none. */
static bool
skip_time(struct span *rest)
{
	size_t len;
	uint64_t year;
	if (time_iso_prefix(*rest, &len) != TIME_NONE) {
		*rest = span_sub(*rest, len, SIZE_MAX);
		return true;
	}
	if (time_syslog(*rest, INT64_C(4102444800) * SECOND) == TIME_NONE)
		return false;
	next_word(rest);
	next_word(rest);
	struct span clock = next_word(rest);
	if (clock.len == 4 && span_to_u64(clock, &year))
		next_word(rest);
	return true;
}

static void
header_3164(struct reading *r, const struct record *out, struct span rest)
{
	if (!skip_time(&rest))
		return;
	struct span ahead = rest, host = next_word(&ahead);
	/* Who writes a file of his own leaves his host out. */
	bool tag_first = span_ends(host, SPAN(":")) || span_find_byte(host, '[') != SIZE_MAX;
	if (!tag_first) {
		record_part(r, out, SPAN("hostname"), host);
		rest = ahead;
	}
	ahead = rest;
	struct span tag = next_word(&ahead), app;
	size_t open = span_find_byte(tag, '['), colon = span_find_byte(tag, ':');
	if (open != SIZE_MAX) {
		app = span_sub(tag, 0, open);
		struct span process = span_sub(tag, open + 1, SIZE_MAX);
		record_part(
			r, out, SPAN("procid"), span_sub(process, 0, span_find_byte(process, ']')));
	} else if (colon != SIZE_MAX) {
		app = span_sub(tag, 0, colon);
	} else { /* no tag */
		record_part(r, out, SPAN("message"), span_trim(rest));
		return;
	}
	record_part(r, out, SPAN("appname"), app);
	record_part(r, out, SPAN("message"), span_trim(ahead));
	dissect(r, out, app, ahead);
}

static int
syslog_sniff(struct span head)
{
	struct span line = head_line(head), behind = behind_priority(line);
	/* RFC 5424 permits that there is no time. */
	if (behind.len < line.len && span_starts(behind, SPAN("1 - ")))
		return 60;
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
	if (!record_text(r, out))
		return RC_OK;
	struct span rest = behind_priority(out->text);
	if (rest.len < out->text.len && span_starts(rest, SPAN("1 ")))
		header_5424(r, out, span_sub(rest, 2, SIZE_MAX));
	else
		header_3164(r, out, rest);
	record_finish(r, out);
	return RC_OK;
}

const struct reader reader_syslog = {"syslog", syslog_sniff, syslog_next, LINES_KEEP_LIKELY};
