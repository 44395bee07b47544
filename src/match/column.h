#pragma once
/*
 * What the columns of an indicator table are called by those who publish them. Pure functions; any
 * thread.
 */
#include "base/clock.h"

enum column {
	COLUMN_NONE,
	COLUMN_VALUE,
	COLUMN_TYPE,
	COLUMN_ID,
	COLUMN_NAME,
	COLUMN_DESCRIPTION,
	COLUMN_FROM,
	COLUMN_UNTIL,
	COLUMN_CONFIDENCE,
	COLUMN_TLP,
	COLUMN_PARTY,
	COLUMN_REFERENCE,
	COLUMN_LABEL,
	COLUMN_TO_IDS, /* MISP's: whether the row is meant for detection */
	COLUMNS,
};

/* By the header's word, case, blanks and a leading "#" ignored. */
enum column column_of(struct span name);
/* A cell's instant: what match/time.h reads, or a date alone. TIME_NONE where it is none. */
int64_t column_time(struct span cell);
