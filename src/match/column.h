#pragma once
/*
 * What the columns of an indicator table are called by those who publish them. Pure functions; any
 * thread.
 */
#include "base/clock.h"
#include "obs/obs.h"

enum column {
	COLUMN_NONE,
	COLUMN_VALUE,
	COLUMN_JA3, /* a value that looks like an MD5 */
	COLUMN_MAC, /* twelve digits will do */
	COLUMN_CVE, /* only where no other column holds values: beside them it is context */
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

/* By the header's word, case, blanks around it and a leading "#" ignored, blanks within as "_". */
enum column column_of(struct span name);
/* Of indicators: COLUMN_VALUE, COLUMN_JA3, COLUMN_MAC and COLUMN_CVE. */
bool column_is_value(enum column column);
/* A value's cell without the apostrophe that keeps a spreadsheet from taking it for a formula. */
struct span column_unguarded(struct span cell);
/* A cell's instant: what match/time.h reads, or a date alone. TIME_NONE where it is none. */
int64_t column_time(struct span cell);
