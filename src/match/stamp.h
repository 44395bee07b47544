#pragma once
/*
 * The time a record says of itself, wherever its format puts it: what the logs of the field's daemons,
 * appliances and libraries write at their usual places. TIME_NONE where nothing is recognized; times
 * without a zone are UTC, dates without a year the latest not later than `reference` and a day. Dates
 * with slashes are month first, as those write them that use slashes, unless that is impossible. Pure
 * functions.
 */
#include "base/clock.h"

/*
 * Of a line of text: at its start, within its first 96 bytes behind a blank, bracket, quote or comma,
 * between the brackets of an access log, or behind a key (time=, ts=, rt=, eventtime=, date=..time=).
 */
int64_t stamp_of_line(struct span text, int64_t reference);
/* Of a cell or JSON string that is a time and nothing else; digits count as seconds or finer. */
int64_t stamp_of_value(struct span text, int64_t reference);
