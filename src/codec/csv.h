#pragma once
/*
 * CSV (RFC 4180) from strangers: quoted fields with doubled quotes and line ends inside, CRLF or
 * LF, any one-byte separator, blanks before an opening quote. Fields borrow from the text, or from the arena where quotes had to be
 * undone. One thread at a time.
 */
#include "base/arena.h"
#include "base/rc.h"

enum { CSV_FIELDS_MAX = 4096 };

struct csv_field {
	struct span value; /* quotes undone */
	size_t at, len;	   /* where it stands in the text, quotes included */
};

struct csv {
	struct span text;
	size_t at;     /* next record */
	uint64_t line; /* of the record just read, from 1 */
	uint64_t next_line;
	char separator;
};

struct csv_record {
	struct csv_field *field;
	size_t count;
	size_t at, len; /* the record in the text, without its line end */
};

void csv_init(struct csv *it, struct span text, char separator);
/*
 * The next record, blank lines passed over. RC_NONE at the end; RC_BAD: a quote that is never
 * closed, or text behind a closing one (why->where "line N"); RC_LIMIT: more than CSV_FIELDS_MAX
 * fields. After a fault the next call goes on with the next line.
 */
enum rc csv_next(struct csv *it, struct arena *a, struct csv_record *out, struct diag *why);
/* The likeliest of , ; TAB | by the first line: the one outside quotes most often; ',' where none
 * is. */
char csv_guess(struct span text);
/* Appends a field, quoted where needed. */
struct buf;
void csv_write(struct buf *out, struct span value, char separator);
