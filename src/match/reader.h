#pragma once
/*
 * Log readers: each knows one format and turns a stream into records - the text of a line, its
 * place, the time of the event, and fields with names where the format has them. A reader is a
 * const struct in one table; sniffing picks one by the first bytes. Records borrow from the reading
 * and die at the next call. One thread at a time. Readers open nothing and hold no keys.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "match/lines.h"

/* How a field's value relates to the record's bytes, so that places in it can be found there. */
enum field_coding {
	FIELD_RAW,  /* bytes as they stand at `at` */
	FIELD_JSON, /* value of the JSON string number `at` of the record (keys count), escapes
		       undone */
	FIELD_ZEEK, /* \xHH and \\ undone, at `at` */
	FIELD_CSV,  /* doubled quotes undone, at `at`, the byte behind the opening quote */
	FIELD_XML,  /* references (&amp; &#46;) undone, at `at` */
	FIELD_MADE, /* put together from others; `at` as for FIELD_JSON when by_string, else as
		       FIELD_RAW */
};

struct field {
	struct span name; /* column or path ("dns.rrname"); empty where there is none */
	struct span value;
	size_t at;
	enum field_coding coding;
	bool by_string; /* FIELD_MADE */
	bool part;	/* a field before it holds these bytes too: for those who ask by name */
	const char
		*stands; /* of FIELD_JSON, the same bytes in the record's text; NULL: they differ */
};

struct record {
	struct span text; /* as it stands, without its line end */
	uint64_t line;	  /* of its first byte, from 1 */
	uint64_t offset;  /* of its first byte in the unpacked stream */
	int64_t time;	  /* TIME_NONE where it has none */
	bool wide;	  /* was UTF-16: bytes of text are not bytes of the file */
	struct field *field;
	size_t fields;
	struct spots spots; /* of its text */
	bool quiet;	    /* a sweep says that nothing is to be found in it */
};

struct reading;
struct yyjson_doc;
struct documents;
struct events;

struct reader {
	const char *name; /* as --format takes it */
	/* How sure the reader is of the first bytes: 0 no, 100 certain. */
	int (*sniff)(struct span head);
	enum rc (*next)(struct reading *r, struct record *out, struct diag *why);
	enum lines_keep keep; /* what it must see of a stream that is swept */
	/* See struct lines; NULL where no record spans lines. */
	size_t (*record)(const struct reading *r, struct span text, struct lines_record *out);
};

/* In the order of preference among equals; ends with NULL. The last one takes anything. */
extern const struct reader *const readers[];

/* What the beginning of a log says of it. */
struct judgement {
	enum rc code; /* RC_NONE: it is empty; other faults as reading_next tells them */
	struct diag why;
	const struct reader *reader;
	bool counted; /* names stand as counted labels in it: (4)evil(3)org(0) */
};

/* `head` must be what lines_peek gives of READING_HEAD bytes. Any thread. */
enum { READING_HEAD = 64 << 10 };
void reading_judge(struct span head, const struct reader *forced, struct judgement *out);
/* What a sweep may leave out of such a log once its columns are known. */
enum lines_keep judgement_keep(const struct judgement *j);
/* Whether that holds from its first line on, whatever the lines say. */
bool judgement_is_thin(const struct judgement *j);

struct reading {
	const struct reader *reader; /* NULL until sniffed */
	struct lines lines;
	struct arena arena;  /* of one record */
	struct arena kept;   /* headers */
	int64_t reference;   /* the newest instant that a date without a year can mean */
	struct span *column; /* of the last header, in kept */
	size_t columns;
	size_t time_column, date_column, host_column, uri_column, query_column; /* SIZE_MAX: none */
	int64_t day;		  /* that a heading says */
	struct span unset, empty; /* Zeek's "-" and "(empty)" */
	char separator;		  /* of CSV */
	char parting[16];	  /* Zeek's separator, which may be several bytes; empty: a tab */
	size_t parting_len;
	bool header_seen;
	bool numbers; /* ports and such of JSON become fields: patterns ask for them */
	bool lean;    /* of a record with spots, fields in which none lies may be left out */
	bool counted; /* names stand as counted labels in it: (4)evil(3)org(0) */
	struct yyjson_doc *doc; /* of the record, where it is JSON */
	struct documents *documents;
	struct events *events;
	struct field *field;
	size_t fields, fields_cap;
	bool begun;
};

#define own_reading __attribute__((cleanup(reading_fini)))

/* NULL where no reader has this name. */
const struct reader *reader_find(struct span name);
/*
 * Starts reading; `forced` NULL: sniffs, at the first record that is asked for. The stream is
 * borrowed. reference: when the file was last written, or now.
 */
void reading_init(struct reading *r, struct stream *stream, const struct reader *forced,
	enum lines_last last, int64_t reference);
void reading_fini(struct reading *r);
/*
 * From now on only records are read in which a hit is likely, of formats that permit it: to be called before
 * the first. Borrows the sweep, which several readings of one thread may share. `threads` besides the
 * caller's sweep large streams; the set must not change while there are any.
 */
void reading_sweep(struct reading *r, struct sweep *sweep, unsigned threads);
/*
 * Instead: every record is read, and of those in which nothing is to be found, as far as that is known, it is said. By
 * this thread alone.
 */
void reading_sweep_all(struct reading *r, struct sweep *sweep);
/* Instead: the stream is read ahead from its first byte. Takes the latter over. */
void reading_ahead(struct reading *r, struct sweep *sweep, struct crew *crew, struct ahead *ahead);
/* Records that were passed over so far. */
uint64_t reading_passed(const struct reading *r);
/*
 * RC_AGAIN: much was passed over, call again. RC_NONE at the end; faults of the stream as they are; RC_UNKNOWN: an archive, or packed in a way that is
 * not undone here, whoever names it says so. No line makes it fail: what a format does not understand
 * comes as plain text.
 */
enum rc reading_next(struct reading *r, struct record *out, struct diag *why);
/* Where what was not given out yet begins, in the unpacked stream. */
uint64_t reading_unread(const struct reading *r);
/* Where byte `at` of the record's text stands in the file, unpacked. */
uint64_t record_place(const struct record *r, size_t at);
/*
 * Where byte `pos` of the field's value stands, from the record's first byte. mark: {} for a record, then
 * for all its places, so that many in one record do not each walk it from its start; NULL: for one.
 */
enum { FIELD_BEHIND = 512 }; /* what comes next may begin so far before what came last */
struct field_mark {
	size_t string, string_at; /* number of a JSON string; where one searches on for it */
	size_t field, done, at;	  /* of an encoded value: its start, and a place in it */
};
size_t field_place(
	const struct record *r, const struct field *f, size_t pos, struct field_mark *mark);
