#pragma once
/* What the readers share among themselves. */
#include "match/reader.h"

extern const struct reader reader_zeek, reader_zeek_json, reader_eve, reader_json, reader_documents,
	reader_csv, reader_w3c, reader_ecs, reader_windows_json, reader_windows_xml, reader_dns,
	reader_windows_dns, reader_clf, reader_squid, reader_syslog, reader_lines;

/* Adds a field to the record under work; record_line clears them. */
void record_field(struct reading *r, struct field f);
void record_grow(struct reading *r);
/* The same, to be filled in: it is valid until the next. */
static inline struct field *
record_add(struct reading *r)
{
	if (r->fields == r->fields_cap)
		record_grow(r);
	struct field *f = &r->field[r->fields++];
	*f = (struct field){};
	return f;
}
/* The places of a record that is read leanly, as they come: struct spot_walk w = {&out->spots}; */
struct spot_walk {
	const struct spots *spots;
	size_t next;
};

/* Whether one lies in these bytes of the record's text, where what was asked for before lies before. */
static inline bool
spot_lies_in(struct spot_walk *w, const char *from, size_t len)
{
	const struct spots *s = w->spots;
	while (w->next < s->count && s->base + s->at[w->next].at < from)
		w->next++;
	return w->next < s->count && s->base + s->at[w->next].at < from + len;
}

/* Hands the fields over. */
void record_finish(struct reading *r, struct record *out);
/* A line that the format at hand does not explain: JSON where it is some, else the whole as one
 * field. */
bool record_text(struct reading *r, struct record *out); /* whether it is that field */
/*
 * Names a stretch of the record's text, which its first field holds already. What is empty or "-" is left out.
 */
void record_part(struct reading *r, const struct record *out, struct span name, struct span value);
/* The next word of *rest, which moves behind it; empty at the end. */
struct span next_word(struct span *rest);
/*
 * Names what mail servers and DNS servers write into a line of their log: `message` lies in the record's text,
 * `program` is who wrote it, as syslog says it.
 */
void dissect(struct reading *r, const struct record *out, struct span program, struct span message);
/* Takes the names of a header's columns, and which of them hold time, date, host and path. */
void record_columns(struct reading *r, const struct span *name, size_t count);
/* "\N" columns of date and time in one, where a record has two. */
int64_t columns_time(struct reading *r, size_t fields);
/* The next line, without UTF-8's byte order mark at the start of all. */
enum rc reading_line(struct reading *r, struct line *out, struct diag *why);
/* Takes the next line as a record without fields. */
enum rc record_line(struct reading *r, struct record *out, struct diag *why);
/* The first line that is neither blank nor a comment; empty where there is none. */
struct span head_line(struct span head);
/* Whether a column or key of this name holds the time of the event; larger is better, 0: no, or not above that. */
int time_name_rank(struct span name, int above);
/* Adds "http://HOST/URI" as a field "url" where a record has both. */
void record_url(struct reading *r, const struct field *host, const struct field *uri);
/* Where its first byte not given out stands; `next`: where the next line does. */
uint64_t documents_unread(const struct documents *d, uint64_t next);
void documents_free(struct documents **d); /* NULL accepted */
void events_free(struct events **e);	   /* NULL accepted */
/*
 * What text[at] of XML stands for, a character's reference or itself: its bytes, their number returned; *raw
 * receives how many bytes stand there. Never more than those.
 */
size_t xml_step(struct span text, size_t at, char out[static 4], size_t *raw);
/* JSON readers: the value of `text` as fields; false where it is no JSON object or array. */
bool json_fields(struct reading *r, struct record *out);
/*
 * Bytes up to the end of the next record that is an object, by the rules of reader_documents.c; 0 where none is
 * whole there, or something else stands before it. before: the last byte that is no blank, of what was read; depth: of
 * the array whose elements are records, 0: of none, then one is no record that may hold others.
 */
size_t json_element(struct span text, char before, unsigned depth, struct lines_record *about);
