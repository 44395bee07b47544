#include "match/stamp.h"

#include <string.h>

#include "base/ascii.h"
#include "match/time-internal.h"

enum { FIRST_WORDS = 96, KEYS_WITHIN = 1024 };

/* "17/May/2015:10:05:03 +0000", "17-May-2015 10:05:03.5", "17 May 2015 10:05:03 +0200" */
static int64_t
day_first(struct span t, size_t *at)
{
	unsigned day, month, year, seconds;
	size_t start = *at;
	if (!time_number(t, at, 2, &day)) {
		*at = start;
		if (!time_number(t, at, 1, &day))
			return TIME_NONE;
	}
	if (!time_byte(t, at, "/- ") || !time_month(t, at, &month) || !time_byte(t, at, "/- ") ||
		!time_number(t, at, 4, &year) || !time_byte(t, at, ": T") ||
		!time_clock(t, at, &seconds))
		return TIME_NONE;
	int64_t result = time_instant(year, month, day, seconds);
	if (result == TIME_NONE)
		return result;
	result += time_fraction(t, at);
	size_t zone = *at + (*at < t.len && t.ptr[*at] == ' ');
	if (zone + 1 < t.len && strchr("+-", t.ptr[zone]) && ascii_is_digit(t.ptr[zone + 1]))
		*at = zone;
	return result - time_zone(t, at);
}

/* " AM" or " PM" behind a clock of twelve hours. */
static bool
half_of_day(struct span t, size_t *at, unsigned *seconds)
{
	size_t from = *at + (*at < t.len && t.ptr[*at] == ' ');
	struct span word = span_sub(t, from, 2);
	bool pm = span_eq_fold(word, SPAN("PM"));
	if (!pm && !span_eq_fold(word, SPAN("AM")))
		return true;
	if (*seconds / 3600 > 12 || *seconds / 3600 == 0)
		return false;
	*at = from + 2;
	*seconds = *seconds % 43200 + (pm ? 43200 : 0);
	return true;
}

static bool
short_number(struct span t, size_t *at, unsigned *out)
{
	size_t start = *at;
	if (time_number(t, at, 2, out))
		return true;
	*at = start;
	return time_number(t, at, 1, out);
}

/* "9:05:03" too */
static bool
short_clock(struct span t, size_t *at, unsigned *out)
{
	size_t start = *at;
	unsigned hour, minute, second;
	if (time_clock(t, at, out))
		return true;
	*at = start;
	if (!time_number(t, at, 1, &hour) || !time_byte(t, at, ":") ||
		!time_number(t, at, 2, &minute) || !time_byte(t, at, ":") ||
		!time_number(t, at, 2, &second) || minute > 59 || second > 60)
		return false;
	*out = hour * 3600 + minute * 60 + second;
	return true;
}

/* "06/15/2020 10:00:00 AM", "06/15/2020-10:00:00.1", "06/15-10:00:00.1", "15.06.2020 10:00:00" */
static int64_t
numbers(struct span t, size_t *at, int64_t reference)
{
	unsigned month, day, year = 0, seconds;
	if (!short_number(t, at, &month) || !time_byte(t, at, "/."))
		return TIME_NONE;
	bool dots = t.ptr[*at - 1] == '.';
	if (!short_number(t, at, &day))
		return TIME_NONE;
	size_t behind = *at;
	if (!dots && time_byte(t, at, "-")) {
		*at = behind;
	} else if (!time_byte(t, at, dots ? "." : "/") || !time_number(t, at, 4, &year)) {
		return TIME_NONE;
	}
	size_t comma = *at;
	if (!time_byte(t, &comma, ","))
		comma = *at;
	*at = comma;
	if (!time_byte(t, at, " -T") || !short_clock(t, at, &seconds))
		return TIME_NONE;
	int64_t part = time_fraction(t, at);
	if (!half_of_day(t, at, &seconds))
		return TIME_NONE;
	if (dots || month > 12) {
		unsigned swap = month;
		month = day;
		day = swap;
	}
	int64_t result = year ? time_instant(year, month, day, seconds)
			      : time_latest(month, day, seconds, reference);
	return result == TIME_NONE ? result : result + part;
}

/* "20200615T100000Z" */
static int64_t
compact(struct span t, size_t *at)
{
	unsigned year, month, day, hour, minute, second;
	if (!time_number(t, at, 4, &year) || !time_number(t, at, 2, &month) ||
		!time_number(t, at, 2, &day) || !time_byte(t, at, "T") ||
		!time_number(t, at, 2, &hour) || !time_number(t, at, 2, &minute) ||
		!time_number(t, at, 2, &second) || hour > 23 || minute > 59 || second > 60)
		return TIME_NONE;
	int64_t result = time_instant(year, month, day, hour * 3600 + minute * 60 + second);
	if (result == TIME_NONE)
		return result;
	result += time_fraction(t, at);
	return result - time_zone(t, at);
}

static int64_t
iso(struct span t, size_t *at)
{
	size_t len;
	int64_t result = time_iso_prefix(span_sub(t, *at, SIZE_MAX), &len);
	if (result != TIME_NONE)
		*at += len;
	return result;
}

/* "Mon Jun 15 10:00:00[.1] [UTC] 2020", "Jun 15 [2020] 10:00:00[.1]", "Mon, 15 Jun 2020 10:00:00 GMT" */
static int64_t
with_words(struct span t, size_t *at, int64_t reference)
{
	static const struct span days[] = {SPAN("mon"), SPAN("tue"), SPAN("wed"), SPAN("thu"),
		SPAN("fri"), SPAN("sat"), SPAN("sun")};
	bool weekday = false;
	for (size_t i = 0; i < 7 && !weekday; i++)
		weekday = days[i].ptr[0] == ascii_lower(t.ptr[*at]) &&
			  span_eq_fold(span_sub(t, *at, 3), days[i]);
	if (weekday) {
		*at += 3;
		time_byte(t, at, ",");
		if (!time_byte(t, at, " "))
			return TIME_NONE;
		if (*at < t.len && ascii_is_digit(t.ptr[*at]))
			return day_first(t, at);
	}
	unsigned month, day, year, seconds;
	if (!time_month(t, at, &month) || !time_byte(t, at, " "))
		return TIME_NONE;
	time_byte(t, at, " ");
	if (!short_number(t, at, &day) || !time_byte(t, at, " "))
		return TIME_NONE;
	size_t clock = *at;
	bool stated = time_number(t, at, 4, &year) && time_byte(t, at, " ");
	if (!stated)
		*at = clock;
	if (!time_clock(t, at, &seconds))
		return TIME_NONE;
	int64_t part = time_fraction(t, at);
	if (weekday && !stated) {
		size_t behind = *at;
		time_byte(t, &behind, " ");
		while (behind < t.len && behind < *at + 6 && ascii_is_alpha(t.ptr[behind]))
			behind++;
		if (behind > *at + 1)
			time_byte(t, &behind, " ");
		stated = time_number(t, &behind, 4, &year) &&
			 (behind == t.len || !ascii_is_alnum(t.ptr[behind]));
		*at = stated ? behind : *at;
	}
	int64_t result = stated ? time_instant(year, month, day, seconds)
				: time_latest(month, day, seconds, reference);
	return result == TIME_NONE ? result : result + part;
}

#define AFTER(c) (UINT32_C(1) << ((c) - 'a'))

/* Whether a weekday or a month may begin with these two letters: most words are none, and cost nothing then. */
static bool
may_be_day_or_month(char first, char second)
{
	static const uint32_t after[26] = {
		['a' - 'a'] = AFTER('p') | AFTER('u'),
		['d' - 'a'] = AFTER('e'),
		['f' - 'a'] = AFTER('e') | AFTER('r'),
		['j' - 'a'] = AFTER('a') | AFTER('u'),
		['m' - 'a'] = AFTER('a') | AFTER('o'),
		['n' - 'a'] = AFTER('o'),
		['o' - 'a'] = AFTER('c'),
		['s' - 'a'] = AFTER('a') | AFTER('e') | AFTER('u'),
		['t' - 'a'] = AFTER('h') | AFTER('u'),
		['w' - 'a'] = AFTER('e'),
	};
	return ascii_is_alpha(second) &&
	       after[ascii_lower(first) - 'a'] & AFTER(ascii_lower(second));
}

/* A time that starts at *at. */
static int64_t
read_at(struct span t, size_t *at, int64_t reference)
{
	size_t from = *at;
	int64_t result;
	if (*at >= t.len)
		return TIME_NONE;
	if (ascii_is_alpha(t.ptr[*at]))
		return *at + 1 < t.len && may_be_day_or_month(t.ptr[*at], t.ptr[*at + 1])
			       ? with_words(t, at, reference)
			       : TIME_NONE;
	if (!ascii_is_digit(t.ptr[*at]))
		return TIME_NONE;
	size_t digits = 1;
	while (digits <= 8 && from + digits < t.len && ascii_is_digit(t.ptr[from + digits]))
		digits++;
	switch (digits) {
	case 1:
	case 2:
		result = day_first(t, at);
		if (result != TIME_NONE)
			return result;
		*at = from;
		return numbers(t, at, reference);
	case 4: return iso(t, at);
	case 8: return compact(t, at);
	default: return TIME_NONE;
	}
}

static int64_t
epoch_at(struct span t, size_t at)
{
	size_t end = at;
	while (end < t.len && end < at + 28 && (ascii_is_digit(t.ptr[end]) || t.ptr[end] == '.'))
		end++;
	if (end - at < 10 || (end < t.len && !strchr(" \t\"',;|]})", t.ptr[end])))
		return TIME_NONE;
	return time_epoch(span_sub(t, at, end - at));
}

/* time="...", ts=1592215200.5, rt=Jun 15 2020 10:00:00, date=2020-06-15 time=10:00:00 */
static int64_t
behind_key(struct span t, int64_t reference)
{
	static const struct span keys[] = {SPAN("eventtime="), SPAN("timestamp="), SPAN("devTime="),
		SPAN("time="), SPAN("date="), SPAN("ts="), SPAN("rt="), SPAN("start="),
		SPAN("SystemTime=")};
	t = span_sub(t, 0, KEYS_WITHIN);
	if (!t.len || !memchr(t.ptr, '=', t.len))
		return TIME_NONE;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		size_t at = span_find(t, keys[i]);
		if (at == SIZE_MAX || (at > 0 && !strchr(" \t|,;\"'>", t.ptr[at - 1])))
			continue;
		at += keys[i].len;
		at += at < t.len && strchr("\"'", t.ptr[at]) && t.ptr[at];
		size_t from = at, clock = at + 10;
		int64_t result = read_at(t, &at, reference);
		if (result == TIME_NONE)
			result = epoch_at(t, from);
		/* Fortinet's date and time are two keys. */
		if (result == TIME_NONE && span_starts(span_sub(t, clock, 6), SPAN(" time="))) {
			char both[20];
			struct span date = span_sub(t, from, 10), time = span_sub(t, clock + 6, 8);
			if (date.len + time.len == 18) {
				memcpy(both, date.ptr, 10);
				both[10] = ' ';
				memcpy(both + 11, time.ptr, 8);
				result = time_iso((struct span){both, 19});
			}
		}
		if (result != TIME_NONE)
			return result;
	}
	return TIME_NONE;
}

/* Between the first words, where a time may begin behind a blank, a bracket, a quote, a comma. */
static int64_t
among_words(struct span t, int64_t reference)
{
	static const bool parts[256] = {
		[0] = true,
		[' '] = true,
		['\t'] = true,
		['['] = true,
		['('] = true,
		['"'] = true,
		['\''] = true,
		[','] = true,
		['|'] = true,
		['*'] = true,
		['>'] = true,
	};
	t = span_sub(t, 0, FIRST_WORDS + 40);
	for (size_t at = 0; at < t.len && at < FIRST_WORDS; at++) {
		unsigned char before = at ? (unsigned char)t.ptr[at - 1] : ' ';
		if (!parts[before] || !ascii_is_alnum(t.ptr[at]))
			continue;
		size_t end = at;
		int64_t result = read_at(t, &end, reference);
		if (result != TIME_NONE && !(end < t.len && ascii_is_digit(t.ptr[end])))
			return result;
	}
	return TIME_NONE;
}

/* "type=X msg=audit(1592215200.123:45):" of Linux, "I0615 10:00:00.123456" of Google's libraries. */
static int64_t
of_its_own_kind(struct span t, int64_t reference)
{
	size_t at = span_find(span_sub(t, 0, KEYS_WITHIN), SPAN("audit(")), end;
	if (at != SIZE_MAX) {
		end = span_find_byte(span_sub(t, at += 6, 32), ':');
		return end == SIZE_MAX ? TIME_NONE : time_epoch(span_sub(t, at, end));
	}
	unsigned month, day, seconds;
	at = 1;
	if (t.len < 14 || !strchr("IWEF", t.ptr[0]) || !time_number(t, &at, 2, &month) ||
		!time_number(t, &at, 2, &day) || !time_byte(t, &at, " ") ||
		!time_clock(t, &at, &seconds))
		return TIME_NONE;
	int64_t part = time_fraction(t, &at), result = time_latest(month, day, seconds, reference);
	return result == TIME_NONE ? result : result + part;
}

int64_t
stamp_of_line(struct span text, int64_t reference)
{
	int64_t at = time_syslog(text, reference);
	if (at == TIME_NONE)
		at = epoch_at(text, 0);
	if (at == TIME_NONE)
		at = among_words(text, reference);
	if (at == TIME_NONE)
		at = time_clf(span_sub(text, 0, KEYS_WITHIN));
	if (at == TIME_NONE)
		at = of_its_own_kind(text, reference);
	return at == TIME_NONE ? behind_key(text, reference) : at;
}

int64_t
stamp_of_value(struct span text, int64_t reference)
{
	int64_t result = time_any(text);
	size_t at = 0;
	if (result != TIME_NONE || !text.len)
		return result;
	text = span_trim(text);
	if (text.len && text.ptr[0] == '[')
		text = span_sub(text, 1, text.len - 2);
	result = read_at(text, &at, reference);
	return at == text.len ? result : TIME_NONE;
}
