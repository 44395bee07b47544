#pragma once
/*
 * What commands print. A row is one JSON object on one line of stdout, put together member by
 * member: struct row row;  row_begin(&row);  row_text(&row, "name", name);  row_end(&row); row_end
 * prints it and frees it. Text for terminals goes through row_plain, which lets no control byte or
 * bidirectional override of foreign origin reach the terminal.
 */
#include <stdio.h>

#include "base/buf.h"

struct row {
	struct buf text;
	bool first;
};

void row_begin(struct row *row);
/* Members; a text without bytes at NULL is left out, malformed UTF-8 becomes U+FFFD. */
void row_text(struct row *row, const char *name, struct span value);
void row_number(struct row *row, const char *name, int64_t value);
void row_flag(struct row *row, const char *name, bool value);
/* An instant as RFC 3339 with six digits; TIME_NONE is left out. */
void row_time(struct row *row, const char *name, int64_t at);
/* Value that is JSON text already; line ends in it become blanks. */
void row_raw(struct row *row, const char *name, struct span json);
/* A nested object: members go into it until row_close. */
void row_open(struct row *row, const char *name);
void row_close(struct row *row);
/* A nested list: row_text, row_raw and so on with name NULL until row_list_close. */
void row_list_open(struct row *row, const char *name);
void row_list_close(struct row *row);
void row_end(struct row *row);

/* "s" where there is not exactly one. */
const char *row_plural(uint64_t count);
/* The wider of a column and what is to stand in it, for a first pass over what a list shows. */
int row_wider(int width, struct span text);

/* Foreign text for people: control bytes, bidi controls and malformed UTF-8 appear as \xNN. */
void row_plain(FILE *to, struct span text);
