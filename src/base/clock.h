#pragma once
/*
 * Time arrives as a struct clock, so that exercises, deadlines and tests can bend it. Instants are
 * microseconds since 1970-01-01T00:00:00Z in an int64_t. Any thread may read a clock.
 */
#include "base/rc.h"

#define SECOND INT64_C(1000000)
#define TIME_NONE INT64_MIN /* no instant */

struct clock {
	int64_t (*now)(const void *ctx); /* wall clock, us */
	const void *ctx;
};

/*
 * The system's clock. TOCSIN_FAKE_CLOCK=FILE (tests) names a file whose text is an offset in
 * microseconds, read at each call, added to the system's time.
 */
struct clock clock_system(void);
int64_t clock_now(struct clock c);
/* Monotonic microseconds, for time-outs; never bent. */
int64_t clock_monotonic(void);

/*
 * RFC 3339 with "T" and "Z" in upper case (STIX 2.1 section 3.2, TAXII 2.1 section 2): years 0001
 * to 9999, real calendar dates, seconds to 59 (60 is read as the next second), 0 or more fractional
 * digits after a ".", of which microseconds count, the rest is cut. "." without digits is refused.
 * digits, where not NULL, receives the number of fractional digits.
 */
enum rc time_parse(struct span text, int64_t *out, unsigned *digits);

/* The later and the earlier of two instants; TIME_NONE is as if it was not there. */
int64_t time_later(int64_t a, int64_t b);
int64_t time_earlier(int64_t a, int64_t b);

enum { TIME_TEXT = 28 };
/* "2026-11-22T07:37:10.000000Z": exactly six digits, TIME_TEXT bytes with the NUL. */
void time_text(int64_t at, char out[static TIME_TEXT]);
/* Three digits, as STIX likes created and modified; at is cut to milliseconds. */
void time_text_ms(int64_t at, char out[static TIME_TEXT]);
/* Days since 1970-01-01 of a proleptic Gregorian date; false when it does not exist. */
bool time_days(int64_t year, unsigned month, unsigned day, int64_t *days);
/* "90s", "15m", "36h", "9mo", "2y", "7d", "P30D", "PT1H" -> microseconds; month = 30 days. */
enum rc time_span_parse(struct span text, int64_t *out);
