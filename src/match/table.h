#pragma once
/*
 * Tables of indicators from strangers: CSV whose header names a value column, whatever its separator and
 * order - abuse.ch, OTX, MISP's own export, Zeek's intel files, ours. Comments may stand before the header
 * and among the rows. Whoever arms a set and whoever makes objects reads them through this. The text is
 * borrowed; what a row says lives until the next call. One thread.
 *
 *     table_open(&t, text, &why);
 *     while ((code = table_next(&t, &value, &why)) == RC_OK || code == RC_UNKNOWN) ...
 *     table_close(&t);
 */
#include "base/buf.h"
#include "codec/csv.h"
#include "match/column.h"
#include "obs/line.h"

struct table {
	/* of the row under work */
	struct span cell[COLUMNS]; /* trimmed; the first of each kind that is not empty */
	uint64_t line;		   /* of the text, from 1 */
	bool to_ids;		   /* the table is MISP's: rows say whether they are meant */
	/* own */
	bool ours, intel; /* of out_plain.c: values in normal form; Zeek's: "-" is nothing */
	bool more;	  /* the record has cells not looked at */
	struct csv csv;
	uint64_t before; /* lines before csv.text */
	enum column *of;
	size_t columns, next;
	struct csv_record record;
	struct arena arena;
};

struct table_value {
	enum column column;
	struct span text; /* as it stands, trimmed */
};

/* Whether a text starts with a header that names a value column and something more. */
bool table_is(struct span head);
/* RC_BAD: no header. table_close in any case. */
enum rc table_open(struct table *t, struct span text, struct diag *why);
void table_close(struct table *t);
/*
 * The next value: a row may hold several (md5, sha1, sha256). RC_UNKNOWN: a row that cannot be read or
 * has none (why says where and why), go on calling; RC_NONE: the end.
 */
enum rc table_next(struct table *t, struct table_value *out, struct diag *why);
/*
 * What the value says as its row's type has it ("ip-dst|port": both sides, of which a port is none), in
 * the table's arena. RC_UNKNOWN, RC_BAD, RC_LIMIT: left out, why has the line; RC_NONE never.
 */
enum rc table_observe(
	struct table *t, const struct table_value *value, struct obs_list *out, struct diag *why);
/* Not in MISP's tables, or flagged for detection. */
bool table_is_meant(const struct table *t);
/* Bytes of the text read so far. */
size_t table_at(const struct table *t, struct span text);
/* A list's first line that only names what it holds: "ip", "domain". */
bool table_is_heading(struct span line);
/* A JSON array of strings as a list, a string a line; false where the text is none. */
bool table_unwrap(struct span text, struct buf *out);
/*
 * Flat JSON objects that name values as columns do: an array of them, one a line, or under "data". As a
 * table with a header; the line of a row is one more than its number. False where the text is none.
 */
bool table_is_json(struct span head);
bool table_of_json(struct span text, struct buf *out);
/*
 * A MISP feed's hashes.csv: digests of attributes' values, each with its event's UUID. They look like
 * digests of files and are none.
 */
bool table_is_index(struct span head);
