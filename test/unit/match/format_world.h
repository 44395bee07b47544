#pragma once
/* What a log's records tell, as short words. */
#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "world.h"

static struct buf out;

/* A value of its record's bytes is where it says. */
static inline void
check_place(const struct record *rec, const struct field *f)
{
	size_t at = field_place(rec, f, 0, NULL);
	if (f->value.len == 0 || f->coding == FIELD_MADE)
		return;
	assert_true(at < rec->text.len);
	if (f->coding == FIELD_RAW)
		assert_memory_equal(rec->text.ptr + at, f->value.ptr, f->value.len);
}

/*
 * "READER|TIME name=value;...|" for each record, unnamed fields left out. Whatever is a part lies in a field
 * that is none.
 */
static inline const char *
told(const char *log, const char *forced)
{
	struct span text = span_of(log);
	own_stream struct stream *s = stream_new_span(text, NULL);
	own_reading struct reading r;
	struct record rec;
	buf_reset(&out);
	reading_init(&r, s, forced ? reader_find(span_of(forced)) : NULL, LINES_ALL, NOON);
	while (!reading_next(&r, &rec, NULL)) {
		char time[TIME_TEXT] = "-";
		if (rec.time != TIME_NONE)
			time_text(rec.time, time);
		if (!out.len)
			buf_printf(&out, "%s|", r.reader->name);
		buf_printf(&out, "%s", time);
		assert_memory_equal(rec.text.ptr, text.ptr + rec.offset, rec.text.len);
		for (size_t i = 0; i < rec.fields; i++) {
			const struct field *f = &rec.field[i];
			check_place(&rec, f);
			assert_true(!f->part || (i > 0 && !rec.field[0].part));
			if (f->name.len)
				buf_printf(&out, " %.*s=%.*s;", (int)f->name.len, f->name.ptr,
					(int)f->value.len, f->value.ptr);
		}
		buf_add_byte(&out, '|');
	}
	buf_add_byte(&out, 0);
	return out.ptr;
}

struct sample {
	const char *log, *want;
};

#define assert_samples(samples, forced) \
	for (size_t i_ = 0; i_ < sizeof(samples) / sizeof *(samples); i_++) \
	assert_string_equal(told((samples)[i_].log, forced), (samples)[i_].want)
