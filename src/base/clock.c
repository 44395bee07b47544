#include "base/clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/own.h"

static int64_t
read_clock(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

static int64_t
now_system(const void *ctx)
{
	(void)ctx;
	return read_clock(CLOCK_REALTIME);
}

static int64_t
now_bent(const void *ctx)
{
	char text[32];
	int64_t offset = 0;
	own_fd int fd = open(ctx, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text);
	if (got > 0 && !span_to_i64(span_trim((struct span){text, (size_t)got}), &offset))
		offset = 0;
	return read_clock(CLOCK_REALTIME) + offset;
}

struct clock
clock_system(void)
{
	const char *file = getenv("TOCSIN_FAKE_CLOCK");
	if (file && *file)
		return (struct clock){now_bent, file};
	return (struct clock){now_system, NULL};
}

int64_t
clock_now(struct clock c)
{
	return c.now(c.ctx);
}

int64_t
clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* Two decimal digits at p, -1 when they are not. */
static int
two(const char *p)
{
	return ascii_is_digit(p[0]) && ascii_is_digit(p[1]) ? (p[0] - '0') * 10 + p[1] - '0' : -1;
}

bool
time_days(int64_t year, unsigned month, unsigned day, int64_t *days)
{
	static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (month < 1 || month > 12 || day < 1)
		return false;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (day > lengths[month - 1] + (unsigned)(month == 2 && leap))
		return false;
	/* Counting from March makes the leap day the last of its year. */
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	*days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
	return true;
}

enum rc
time_parse(struct span text, int64_t *out, unsigned *digits)
{
	const char *p = text.ptr;
	if (text.len < 20 || p[4] != '-' || p[7] != '-' || p[10] != 'T' || p[13] != ':' ||
		p[16] != ':')
		return RC_BAD;
	int high = two(p), low = two(p + 2), month = two(p + 5), day = two(p + 8);
	int hour = two(p + 11), minute = two(p + 14), second = two(p + 17);
	if (high < 0 || low < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0)
		return RC_BAD;
	if (high * 100 + low < 1 || hour > 23 || minute > 59 || second > 60)
		return RC_BAD;
	int64_t days;
	if (!time_days(high * 100 + low, (unsigned)month, (unsigned)day, &days))
		return RC_BAD;
	size_t i = 19;
	int64_t micro = 0;
	unsigned count = 0;
	if (p[i] == '.') {
		int64_t unit = 100000;
		for (i++; i < text.len && ascii_is_digit(p[i]); i++, count++) {
			micro += (p[i] - '0') * unit;
			unit /= 10;
		}
		if (count == 0)
			return RC_BAD;
	}
	if (i + 1 != text.len || p[i] != 'Z')
		return RC_BAD;
	*out = ((days * 24 + hour) * 60 + minute) * 60 * SECOND + second * SECOND + micro;
	if (digits)
		*digits = count;
	return RC_OK;
}

/* The civil date of a count of days, the inverse of time_days. */
static void
civil(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t of_era = days - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;
	*day = (unsigned)(of_year - (153 * m + 2) / 5 + 1);
	*month = (unsigned)(m < 10 ? m + 3 : m - 9);
	*year = y + era * 400 + (*month <= 2);
}

/* printf's way to the same digits takes most of the time of a page of stamps. */
static void
put_digits(char *out, unsigned value, int width)
{
	for (int i = width; i-- > 0; value /= 10)
		out[i] = (char)('0' + value % 10);
}

static void
text_of(int64_t at, int width, char *out)
{
	int64_t micro = at % SECOND, seconds = at / SECOND;
	if (micro < 0) {
		micro += SECOND;
		seconds--;
	}
	int64_t days = seconds / 86400, of_day = seconds % 86400;
	if (of_day < 0) {
		of_day += 86400;
		days--;
	}
	int64_t year;
	unsigned month, day;
	civil(days, &year, &month, &day);
	if (year < 1 || year > 9999)
		year = year < 1 ? 1 : 9999;
	static const char form[] = "0000-00-00T00:00:00.";
	memcpy(out, form, sizeof form);
	put_digits(out, (unsigned)year, 4);
	put_digits(out + 5, month, 2);
	put_digits(out + 8, day, 2);
	put_digits(out + 11, (unsigned)(of_day / 3600), 2);
	put_digits(out + 14, (unsigned)(of_day / 60 % 60), 2);
	put_digits(out + 17, (unsigned)(of_day % 60), 2);
	put_digits(out + 20, (unsigned)(width == 3 ? micro / 1000 : micro), width);
	out[20 + width] = 'Z';
	out[21 + width] = 0;
}

void
time_text(int64_t at, char out[static TIME_TEXT])
{
	text_of(at, 6, out);
}

void
time_text_ms(int64_t at, char out[static TIME_TEXT])
{
	text_of(at, 3, out);
}

static bool
unit_seconds(struct span unit, bool iso_time, int64_t *seconds)
{
	static const struct {
		struct span word;
		int64_t seconds;
	} units[] = {
		{{"s", 1}, 1},
		{{"m", 1}, 60},
		{{"h", 1}, 3600},
		{{"d", 1}, 86400},
		{{"w", 1}, 7 * 86400},
		{{"mo", 2}, 30 * 86400},
		{{"y", 1}, 365 * 86400},
	};
	if (span_eq(unit, SPAN("M"))) {
		*seconds = iso_time ? 60 : 30 * 86400;
		return true;
	}
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (span_eq_fold(unit, units[i].word)) {
			*seconds = units[i].seconds;
			return true;
		}
	}
	return false;
}

enum rc
time_span_parse(struct span text, int64_t *out)
{
	bool iso = text.len && text.ptr[0] == 'P', iso_time = false;
	size_t i = iso;
	int64_t total = 0;
	if (i == text.len)
		return RC_BAD;
	while (i < text.len) {
		if (iso && text.ptr[i] == 'T' && !iso_time) {
			iso_time = true;
			i++;
		}
		size_t digits = i;
		while (i < text.len && ascii_is_digit(text.ptr[i]))
			i++;
		size_t unit = i;
		while (i < text.len && ascii_is_alpha(text.ptr[i]) && !(iso && i > unit))
			i++;
		int64_t count, seconds;
		if (!span_to_i64(span_sub(text, digits, unit - digits), &count) ||
			!unit_seconds(span_sub(text, unit, i - unit), iso_time, &seconds) ||
			__builtin_mul_overflow(count, seconds * SECOND, &count) ||
			__builtin_add_overflow(total, count, &total))
			return RC_BAD;
	}
	*out = total;
	return RC_OK;
}

int64_t
time_later(int64_t a, int64_t b)
{
	return a == TIME_NONE || (b != TIME_NONE && b > a) ? b : a;
}

int64_t
time_earlier(int64_t a, int64_t b)
{
	return a == TIME_NONE || (b != TIME_NONE && b < a) ? b : a;
}
