#include "codec/csv.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/vec.h"

void
csv_init(struct csv *it, struct span text, char separator)
{
	*it = (struct csv){.text = text, .separator = separator, .next_line = 1};
}

static char
byte_at(const struct csv *it, size_t at)
{
	return at < it->text.len ? it->text.ptr[at] : '\n';
}

/* A quoted field whose opening quote is at `at`; *end behind the closing one. */
static enum rc
read_quoted(struct csv *it, size_t at, struct arena *a, struct span *value, size_t *end)
{
	size_t start = ++at, doubled = 0;
	for (;; at++) {
		if (at >= it->text.len)
			return RC_BAD;
		if (it->text.ptr[at] == '\n')
			it->next_line++;
		if (it->text.ptr[at] != '"')
			continue;
		if (at + 1 >= it->text.len || it->text.ptr[at + 1] != '"')
			break;
		doubled++;
		at++;
	}
	*end = at + 1;
	*value = span_sub(it->text, start, at - start);
	if (!doubled)
		return RC_OK;
	char *plain = arena_bytes(a, value->len);
	size_t len = 0;
	for (size_t i = 0; i < value->len; i++) {
		plain[len++] = value->ptr[i];
		i += value->ptr[i] == '"';
	}
	*value = (struct span){plain, len};
	return RC_OK;
}

/* Where a field's opening quote stands: some write a blank between the separator and it. */
static size_t
quote_at(const struct csv *it, size_t at)
{
	size_t i = at;
	while (i < it->text.len && (it->text.ptr[i] == ' ' || it->text.ptr[i] == '\t') &&
		it->text.ptr[i] != it->separator)
		i++;
	return i < it->text.len && it->text.ptr[i] == '"' ? i : SIZE_MAX;
}

static bool
is_line_end(const struct csv *it, size_t at)
{
	return byte_at(it, at) == '\n' || (byte_at(it, at) == '\r' && byte_at(it, at + 1) == '\n');
}

static enum rc
fail(struct csv *it, struct diag *why, enum rc code, const char *what)
{
	/* On with the line after the one where the record began: what is in between is not lost. */
	size_t from = it->at;
	while (from < it->text.len && it->text.ptr[from] != '\n')
		from++;
	it->at = from < it->text.len ? from + 1 : from;
	it->next_line = it->line + 1;
	diag_where(why, "line %llu", (unsigned long long)it->line);
	return diag_fail(why, code, "%s", what);
}

enum rc
csv_next(struct csv *it, struct arena *a, struct csv_record *out, struct diag *why)
{
	while (it->at < it->text.len && is_line_end(it, it->at)) {
		it->at += byte_at(it, it->at) == '\r' ? 2 : 1;
		it->next_line++;
	}
	if (it->at >= it->text.len)
		return RC_NONE;
	it->line = it->next_line;
	size_t at = it->at, count = 0, cap = 16;
	struct csv_field *field = arena_new(a, cap * sizeof *field);
	for (;;) {
		size_t start = at;
		struct span value;
		if (count == CSV_FIELDS_MAX)
			return fail(it, why, RC_LIMIT, "too many fields in a record");
		size_t quote = quote_at(it, at);
		if (quote != SIZE_MAX) {
			if (read_quoted(it, quote, a, &value, &at))
				return fail(it, why, RC_BAD, "a quote that is never closed");
			if (byte_at(it, at) != it->separator && !is_line_end(it, at))
				return fail(it, why, RC_BAD, "text behind a closing quote");
		} else {
			while (at < it->text.len && byte_at(it, at) != it->separator &&
				!is_line_end(it, at))
				at++;
			value = span_sub(it->text, start, at - start);
		}
		if (count == cap) {
			struct csv_field *more = arena_new(a, 2 * cap * sizeof *more);
			memcpy(more, field, cap * sizeof *field);
			field = more;
			cap *= 2;
		}
		field[count++] = (struct csv_field){value, start, at - start};
		if (at < it->text.len && it->text.ptr[at] == it->separator) {
			at++;
			continue;
		}
		break;
	}
	*out = (struct csv_record){field, count, it->at, at - it->at};
	if (at < it->text.len) {
		at += byte_at(it, at) == '\r' ? 2 : 1;
		it->next_line++;
	}
	it->at = at;
	return RC_OK;
}

char
csv_guess(struct span text)
{
	static const char candidates[] = ",;\t|";
	size_t seen[4] = {}, best = 0;
	bool quoted = false;
	for (size_t i = 0; i < text.len && (quoted || text.ptr[i] != '\n'); i++) {
		quoted ^= text.ptr[i] == '"';
		const char *which = quoted || !text.ptr[i] ? NULL : strchr(candidates, text.ptr[i]);
		if (which)
			seen[which - candidates]++;
	}
	for (size_t i = 1; i < 4; i++)
		if (seen[i] > seen[best])
			best = i;
	return candidates[best];
}

void
csv_write(struct buf *out, struct span value, char separator)
{
	bool quote = value.len &&
		     (ascii_is_blank(value.ptr[0]) || ascii_is_blank(value.ptr[value.len - 1]));
	for (size_t i = 0; i < value.len && !quote; i++)
		quote = value.ptr[i] == separator || value.ptr[i] == '"' || value.ptr[i] == '\n' ||
			value.ptr[i] == '\r';
	if (!quote) {
		buf_add(out, value);
		return;
	}
	buf_add_byte(out, '"');
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '"')
			buf_add_byte(out, '"');
		buf_add_byte(out, value.ptr[i]);
	}
	buf_add_byte(out, '"');
}
