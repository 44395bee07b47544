#include "taxii/ask.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/mutant.h"
#include "base/rng.h"
#include "codec/json.h"
#include "taxii/media.h"

enum { DAY = 86400, BACKOFF_LATE = 32 }; /* doublings beyond any pause */

const struct span ask_accepts[ASK_ACCEPTS] = {
	SPAN(TAXII_MEDIA),
	SPAN("application/taxii+json; version=2.1"),
	SPAN("application/taxii+json"),
	SPAN("application/taxii+json;version=2.1, application/stix+json;version=2.1, */*;q=0.1"),
};

int64_t
backoff_next(struct backoff *b, uint64_t retry_after, const struct rng *chance)
{
	int64_t pause = b->first ? b->first : SECOND, most = b->most ? b->most : 300 * SECOND;
	for (unsigned i = 0; i < b->failures && pause < most; i++)
		pause *= 2;
	if (pause > most)
		pause = most;
	if (b->failures < BACKOFF_LATE)
		b->failures++;
	pause /= 2;
	pause += (int64_t)rng_below(*chance, (uint64_t)pause + 1);
	int64_t asked = (int64_t)(retry_after < DAY ? retry_after : DAY) * SECOND;
	return pause > asked ? pause : asked + (int64_t)rng_below(*chance, SECOND);
}

void
backoff_reset(struct backoff *b)
{
	b->failures = 0;
}

void
backoff_late(struct backoff *b)
{
	b->failures = BACKOFF_LATE;
}

bool
reply_is_passing(const struct reply *r)
{
	if (r->code)
		return r->code == RC_AGAIN;
	return r->status >= 500 || r->status == 408 || r->status == 425 || r->status == 429;
}

void
reply_describe(const struct reply *r, struct diag *why)
{
	own_json yyjson_doc *doc = NULL;
	char title[120] = "";
	if (r->code) {
		if (!why->what[0]) /* whoever sent it knows better */
			diag_what(why, "the request failed: %s", rc_word(r->code));
		return;
	}
	if (r->status / 100 == 3 && r->location.len) {
		diag_what(why, "the server answered %u: it moved to %.*s", r->status,
			(int)(r->location.len < 120 ? r->location.len : 120), r->location.ptr);
		diag_todo(why, "credentials go to no other address by themselves: where you trust "
			       "that one, add the peer with it");
		return;
	}
	static const struct json_limits limits = {
		.bytes = 64 * 1024, .any_keys = true, .any_ints = true};
	if (!json_read(r->body, &limits, &doc, NULL)) {
		span_copy(json_get_span(yyjson_doc_get_root(doc), "title"), title, sizeof title);
		for (char *p = title; *p; p++)
			if ((unsigned char)*p < 0x20 || *p == 0x7f)
				*p = ' ';
	}
	diag_what(why, "the server answered %u%s%s", r->status, title[0] ? ": " : "", title);
}

static struct span
take_word(struct span *rest)
{
	size_t at = 0;
	while (at < rest->len && (rest->ptr[at] == ' ' || rest->ptr[at] == ','))
		at++;
	*rest = span_sub(*rest, at, SIZE_MAX);
	size_t len = 0;
	while (len < rest->len && rest->ptr[len] != ' ' && rest->ptr[len] != ',')
		len++;
	struct span word = span_sub(*rest, 0, len);
	*rest = span_sub(*rest, len, SIZE_MAX);
	return word;
}

static unsigned
month_of(struct span word)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (unsigned i = 0; word.len == 3 && i < 12; i++)
		if (memcmp(word.ptr, names + 3 * i, 3) == 0)
			return i + 1;
	return 0;
}

/* "+0200", "+02:00" or "-05:30" in microseconds. */
static bool
offset_parse(struct span s, int64_t *out)
{
	char digits[5] = "";
	size_t count = 0;
	for (size_t i = 1; i < s.len; i++) {
		if (s.ptr[i] == ':' && i == 3)
			continue;
		if (!ascii_is_digit(s.ptr[i]) || count == 4)
			return false;
		digits[count++] = s.ptr[i];
	}
	if (count != 4 || (s.ptr[0] != '+' && s.ptr[0] != '-'))
		return false;
	int64_t minutes = (digits[0] - '0') * 600 + (digits[1] - '0') * 60 +
			  (digits[2] - '0') * 10 + digits[3] - '0';
	*out = (s.ptr[0] == '-' ? -minutes : minutes) * 60 * SECOND;
	return true;
}

/* "Tue Jan 02 2024 10:00:00 GMT+0000 (...)" and "Tue, 02 Jan 2024 10:00:00 GMT". */
static bool
words_parse(struct span text, int64_t *out)
{
	struct span rest = text, a, b, year, time, zone;
	take_word(&rest);
	a = take_word(&rest);
	b = take_word(&rest);
	year = take_word(&rest);
	time = take_word(&rest);
	zone = take_word(&rest);
	unsigned month = month_of(a) ? month_of(a) : month_of(b);
	struct span day = month_of(a) ? b : a;
	char form[64];
	int64_t offset = 0;
	if (!month || day.len != 2 || year.len != 4 || time.len != 8 ||
		!span_starts(zone, SPAN("GMT")))
		return false;
	if (zone.len > 3 && !offset_parse(span_sub(zone, 3, SIZE_MAX), &offset))
		return false;
	snprintf(form, sizeof form, "%.4s-%02u-%.2sT%.8sZ", year.ptr, month, day.ptr, time.ptr);
	if (time_parse(span_of(form), out, NULL))
		return false;
	*out -= offset;
	return true;
}

enum rc
stamp_read(struct span text, char out[static STAMP_TEXT])
{
	char form[64];
	int64_t at, offset = 0;
	text = span_trim(text);
	if (mutant(222) && text.len && text.len < STAMP_TEXT) {
		span_copy(text, out, STAMP_TEXT);
		return RC_OK;
	}
	if (text.len && text.len < STAMP_TEXT && time_parse(text, &at, NULL) == RC_OK) {
		span_copy(text, out, STAMP_TEXT);
		return RC_OK;
	}
	if (mutant(190))
		return RC_BAD;
	if (words_parse(text, &at)) {
		time_text(at, out);
		return RC_OK;
	}
	if (text.len < 20 || text.len >= STAMP_TEXT)
		return RC_BAD;
	span_copy(text, form, sizeof form);
	form[10] = 'T';
	size_t len = text.len;
	if (form[len - 1] == 'z' || form[len - 1] == 'Z') {
		form[len - 1] = 'Z';
	} else {
		size_t sign = len;
		while (sign > 19 && form[sign] != '+' && form[sign] != '-')
			sign--;
		if (!offset_parse(span_sub(text, sign, SIZE_MAX), &offset))
			return RC_BAD;
		form[sign] = 'Z';
		form[sign + 1] = 0;
	}
	if ((text.ptr[10] != 'T' && text.ptr[10] != 't' && text.ptr[10] != ' ') ||
		time_parse(span_of(form), &at, NULL))
		return RC_BAD;
	if (offset == 0)
		span_copy(span_of(form), out, STAMP_TEXT); /* digits beyond microseconds stay */
	else
		time_text(at - offset, out);
	return RC_OK;
}

int
stamp_cmp(const char *a, const char *b)
{
	int64_t x = INT64_MIN, y = INT64_MIN;
	if (a[0] && time_parse(span_of(a), &x, NULL))
		x = INT64_MIN;
	if (b[0] && time_parse(span_of(b), &y, NULL))
		y = INT64_MIN;
	if (x != y)
		return x < y ? -1 : 1;
	/* Equal to the microsecond: compare the digits behind it; a missing one is a zero. */
	const char *p = strchr(a, '.'), *q = strchr(b, '.');
	p = p ? p + 1 : "";
	q = q ? q + 1 : "";
	for (;;) {
		char c = ascii_is_digit(*p) ? *p++ : '0', d = ascii_is_digit(*q) ? *q++ : '0';
		if (c != d)
			return c < d ? -1 : 1;
		if (!ascii_is_digit(*p) && !ascii_is_digit(*q))
			return 0;
	}
}
