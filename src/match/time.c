#include "match/time-internal.h"

#include <string.h>

#include "base/ascii.h"

/* `digits` decimal digits at *at, which moves behind them. */
bool
time_number(struct span t, size_t *at, unsigned digits, unsigned *out)
{
	*out = 0;
	for (unsigned i = 0; i < digits; i++, ++*at) {
		if (*at >= t.len || !ascii_is_digit(t.ptr[*at]))
			return false;
		*out = *out * 10 + (unsigned)(t.ptr[*at] - '0');
	}
	return true;
}

bool
time_byte(struct span t, size_t *at, const char *any)
{
	while (*at < t.len && *any && *any != t.ptr[*at])
		any++;
	if (*at >= t.len || !*any)
		return false;
	++*at;
	return true;
}

int64_t
time_instant(unsigned year, unsigned month, unsigned day, unsigned second_of_day)
{
	int64_t days;
	if (year < 1970 || year > 9999 || !time_days(year, month, day, &days))
		return TIME_NONE;
	return (days * 86400 + second_of_day) * SECOND;
}

/* "10:05:03"; 60 is the next second. */
bool
time_clock(struct span t, size_t *at, unsigned *out)
{
	unsigned h, m, s;
	if (!time_number(t, at, 2, &h) || !time_byte(t, at, ":") || !time_number(t, at, 2, &m) ||
		!time_byte(t, at, ":") || !time_number(t, at, 2, &s) || h > 23 || m > 59 || s > 60)
		return false;
	*out = h * 3600 + m * 60 + s;
	return true;
}

int64_t
time_fraction(struct span t, size_t *at)
{
	static const int64_t unit[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
	enum { DIGITS = sizeof unit / sizeof *unit - 1 }; /* of microseconds */
	int64_t value = 0;
	size_t from = *at;
	if (!time_byte(t, at, ".,"))
		return 0;
	size_t end = *at;
	while (end < t.len && ascii_is_digit(t.ptr[end]))
		end++;
	/* "10:00:00,0011,x" is three fields. */
	bool field = t.ptr[from] == ',' && end < t.len && t.ptr[end] == ',';
	if (end == *at || field) {
		*at = from;
		return 0;
	}
	size_t digits = end - *at < DIGITS ? end - *at : DIGITS;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (t.ptr[*at + i] - '0');
	*at = end;
	return value * unit[digits];
}

/* Offset to UTC in microseconds; nothing there is UTC. */
int64_t
time_zone(struct span t, size_t *at)
{
	unsigned h, m = 0;
	size_t from = *at;
	if (time_byte(t, at, "Zz"))
		return 0;
	if (!time_byte(t, at, "+-"))
		return 0;
	bool west = t.ptr[*at - 1] == '-';
	if (!time_number(t, at, 2, &h) || h > 23) {
		*at = from;
		return 0;
	}
	size_t minutes = *at;
	time_byte(t, at, ":");
	if (!time_number(t, at, 2, &m) || m > 59) {
		*at = minutes;
		m = 0;
	}
	int64_t offset = (int64_t)(h * 3600 + m * 60) * SECOND;
	return west ? -offset : offset;
}

int64_t
time_iso_prefix(struct span t, size_t *len)
{
	size_t at = 0;
	unsigned year, month, day, seconds;
	if (!time_number(t, &at, 4, &year) || !time_byte(t, &at, "-/") ||
		!time_number(t, &at, 2, &month) || !time_byte(t, &at, "-/") ||
		!time_number(t, &at, 2, &day) || !time_byte(t, &at, "Tt ") ||
		!time_clock(t, &at, &seconds))
		return TIME_NONE;
	int64_t result = time_instant(year, month, day, seconds);
	if (result == TIME_NONE)
		return TIME_NONE;
	result += time_fraction(t, &at);
	size_t blank = at;
	if (time_byte(t, &at, " ") && !(at < t.len && (t.ptr[at] == '+' || t.ptr[at] == '-') &&
					      at + 1 < t.len && ascii_is_digit(t.ptr[at + 1])))
		at = blank;
	result -= time_zone(t, &at);
	*len = at;
	return result;
}

int64_t
time_iso(struct span text)
{
	size_t len;
	int64_t result = time_iso_prefix(text, &len);
	return result != TIME_NONE && len == text.len ? result : TIME_NONE;
}

int64_t
time_epoch(struct span text)
{
	size_t at = 0;
	uint64_t whole = 0; /* 19 digits are more than the other holds */
	for (; at < text.len && at < 19 && ascii_is_digit(text.ptr[at]); at++)
		whole = whole * 10 + (uint64_t)(text.ptr[at] - '0');
	size_t digits = at;
	int64_t part = time_fraction(text, &at);
	if (at != text.len || digits < 8)
		return TIME_NONE;
	if (digits == 13)
		return (int64_t)whole * 1000;
	if (digits == 16)
		return (int64_t)whole;
	if (digits == 19)
		return (int64_t)(whole / 1000);
	return digits <= 11 ? (int64_t)whole * SECOND + part : TIME_NONE;
}

int64_t
time_any(struct span text)
{
	int64_t result = time_iso(text);
	return result != TIME_NONE ? result : time_epoch(text);
}

bool
time_month(struct span t, size_t *at, unsigned *out)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	if (t.len < *at + 3)
		return false;
	for (unsigned i = 0; i < 12; i++)
		if (names[i * 3] == ascii_lower(t.ptr[*at]) &&
			span_eq_fold(span_sub(t, *at, 3), (struct span){names + i * 3, 3})) {
			*at += 3;
			*out = i + 1;
			return true;
		}
	return false;
}

int64_t
time_clf(struct span text)
{
	size_t at = span_find_byte(text, '[');
	unsigned day, month, year, seconds;
	if (at == SIZE_MAX)
		return TIME_NONE;
	at++;
	if (!time_number(text, &at, 2, &day) || !time_byte(text, &at, "/") ||
		!time_month(text, &at, &month) || !time_byte(text, &at, "/") ||
		!time_number(text, &at, 4, &year) || !time_byte(text, &at, ":") ||
		!time_clock(text, &at, &seconds))
		return TIME_NONE;
	int64_t result = time_instant(year, month, day, seconds);
	if (result == TIME_NONE)
		return TIME_NONE;
	result += time_fraction(text, &at);
	time_byte(text, &at, " ");
	return result - time_zone(text, &at);
}

unsigned
time_year(int64_t at)
{
	char text[TIME_TEXT];
	uint64_t year = 1970;
	time_text(at, text);
	return span_to_u64((struct span){text, 4}, &year) ? (unsigned)year : 1970;
}

int64_t
time_latest(unsigned month, unsigned day, unsigned second_of_day, int64_t reference)
{
	unsigned year = time_year(reference) + 1;
	for (unsigned tries = 0; tries < 10; tries++, year--) {
		int64_t result = time_instant(year, month, day, second_of_day);
		if (result != TIME_NONE && result <= reference + 86400 * SECOND)
			return result;
	}
	return TIME_NONE;
}

static int64_t
time_3164(struct span text, int64_t reference)
{
	size_t at = 0;
	unsigned month, day, seconds;
	if (!time_month(text, &at, &month) || !time_byte(text, &at, " "))
		return TIME_NONE;
	bool short_day = time_byte(text, &at, " ");
	if (!time_number(text, &at, 1, &day))
		return TIME_NONE;
	if (!short_day && at < text.len && ascii_is_digit(text.ptr[at]))
		day = day * 10 + (unsigned)(text.ptr[at++] - '0');
	if (!time_byte(text, &at, " "))
		return TIME_NONE;
	/* Some daemons write the year before the time. */
	unsigned year;
	size_t behind = at;
	bool stated = time_number(text, &behind, 4, &year) && time_byte(text, &behind, " ");
	if (stated)
		at = behind;
	if (!time_clock(text, &at, &seconds))
		return TIME_NONE;
	int64_t part = time_fraction(text, &at);
	if (stated) {
		int64_t result = time_instant(year, month, day, seconds);
		return result == TIME_NONE ? result : result + part;
	}
	int64_t result = time_latest(month, day, seconds, reference);
	return result == TIME_NONE ? result : result + part;
}

int64_t
time_syslog(struct span text, int64_t reference)
{
	size_t len;
	if (text.len && text.ptr[0] == '<') {
		size_t close = span_find_byte(span_sub(text, 0, 6), '>');
		if (close != SIZE_MAX)
			text = span_sub(text, close + 1, SIZE_MAX);
		if (span_starts(text, SPAN("1 ")))
			text = span_sub(text, 2, SIZE_MAX);
	}
	int64_t result = time_iso_prefix(text, &len);
	return result != TIME_NONE ? result : time_3164(text, reference);
}
