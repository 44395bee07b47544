/* CSV: records lie in the text, and what is written is read back. */
#include "codec/csv.h"
#include "base/buf.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_arena struct arena a = {};
	struct span text = {(const char *)data, size};
	struct csv it, back;
	struct csv_record r, again;
	enum rc code;
	csv_init(&it, text, csv_guess(text));
	while ((code = csv_next(&it, &a, &r, NULL)) != RC_NONE) {
		if (code)
			continue;
		own_buf struct buf b = {};
		must(r.at <= size && r.len <= size - r.at && r.count > 0);
		for (size_t i = 0; i < r.count; i++) {
			must(r.field[i].at + r.field[i].len <= r.at + r.len);
			if (i)
				buf_add_byte(&b, it.separator);
			csv_write(&b, r.field[i].value, it.separator);
		}
		/* A record of one empty field is a blank line. */
		if (r.count == 1 && r.field[0].value.len == 0)
			continue;
		csv_init(&back, buf_span(&b), it.separator);
		must(csv_next(&back, &a, &again, NULL) == RC_OK && again.count == r.count);
		for (size_t i = 0; i < r.count; i++)
			must(span_eq(again.field[i].value, r.field[i].value));
	}
	return 0;
}
