#pragma once
/* What the readers share among themselves. */
#include "match/reader.h"

extern const struct reader reader_zeek, reader_zeek_json, reader_eve, reader_json, reader_documents,
	reader_csv, reader_clf, reader_syslog, reader_lines;

/* Adds a field to the record under work; record_line clears them. */
void record_field(struct reading *r, struct field f);
/* Hands the fields over. */
void record_finish(struct reading *r, struct record *out);
/* A line that the format at hand does not explain: JSON where it is some, else the whole as one
 * field. */
void record_text(struct reading *r, struct record *out);
/* The next line, without UTF-8's byte order mark at the start of all. */
enum rc reading_line(struct reading *r, struct line *out, struct diag *why);
/* Takes the next line as a record without fields. */
enum rc record_line(struct reading *r, struct record *out, struct diag *why);
/* The first line that is neither blank nor a comment; empty where there is none. */
struct span head_line(struct span head);
/* Whether a column or key of this name holds the time of the event; larger is better, 0: no. */
int time_name_rank(struct span name);
/* Adds "http://HOST/URI" as a field "url" where a record has both. */
void record_url(struct reading *r, const struct field *host, const struct field *uri);
/* Where its first byte not given out stands; `next`: where the next line does. */
uint64_t documents_unread(const struct documents *d, uint64_t next);
void documents_free(struct documents **d); /* NULL accepted */
/* JSON readers: the value of `text` as fields; false where it is no JSON object or array. */
bool json_fields(struct reading *r, struct record *out);
