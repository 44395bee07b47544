#pragma once
/*
 * Event times as logs write them. Each returns TIME_NONE where there is none; years beyond 1970 to
 * 9999 are none. Times without a zone are UTC. Pure functions.
 */
#include "base/clock.h"

/* "2026-11-22T07:37:10.5Z", with " " for "T", "," for ".", "+0100", "+01:00" or nothing for "Z". */
int64_t time_iso(struct span text);
/* Same, at the start of a longer text; *len receives how much was read. */
int64_t time_iso_prefix(struct span text, size_t *len);
/* Seconds since 1970 with a fraction ("1521911720.600843"); 13 digits are milliseconds, 16
 * microseconds, 19 nanoseconds. */
int64_t time_epoch(struct span text);
/* Any of the two. */
int64_t time_any(struct span text);
/* "17/May/2015:10:05:03 +0000" between the first brackets of an access log's line. */
int64_t time_clf(struct span text);
/*
 * RFC 5424 ("<34>1 2003-10-11T22:14:15.003Z ..."), RFC 3339 or ISO at the start, or RFC 3164
 * ("<34>Oct 11 22:14:15", "Oct  1 22:14:15"), whose year is that of the latest such instant not
 * later than `reference` and a day.
 */
int64_t time_syslog(struct span text, int64_t reference);
