#pragma once
/* Pieces of dates and times: each reads at *at and moves it behind what it read. */
#include "match/time.h"

/* Exactly so many decimal digits. */
bool time_number(struct span t, size_t *at, unsigned digits, unsigned *out);
/* One of these bytes. */
bool time_byte(struct span t, size_t *at, const char *any);
/* "jan" to "dec" in either case. */
bool time_month(struct span t, size_t *at, unsigned *out);
/* "10:05:03" as seconds of the day; 60 is the next second. */
bool time_clock(struct span t, size_t *at, unsigned *out);
/* ".5" or ",5" in microseconds; 0 where there is none. */
int64_t time_fraction(struct span t, size_t *at);
/* Offset to UTC in microseconds; nothing there is UTC. */
int64_t time_zone(struct span t, size_t *at);
/* TIME_NONE for a day that is none, or a year before 1970. */
int64_t time_instant(unsigned year, unsigned month, unsigned day, unsigned second_of_day);
unsigned time_year(int64_t at);
/* The latest such day not later than `reference` and a day; February 29 is up to eight years back. */
int64_t time_latest(unsigned month, unsigned day, unsigned second_of_day, int64_t reference);
