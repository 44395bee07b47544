/* Lists and CSV of indicators: nothing is lost uncounted. */
#include "match/ioc.h"
#include "base/must.h"
#include "match/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_match_set struct match_set *set = match_set_new(1);
	struct ioc_counts counts = {};
	struct span text = {(const char *)data, size};
	own_buf struct buf made = {};
	if (table_is_json(text) && table_of_json(text, &made)) {
		must(table_is(buf_span(&made)) || made.len > 64 << 10);
		text = buf_span(&made);
	}
	if (table_is(text)) {
		must(ioc_add_csv(set, text, &counts, NULL) == RC_OK);
	} else {
		own_stream struct stream *s =
			stream_new_span(text, &(struct stream_limits){.bytes = 1 << 20});
		enum rc code = ioc_add_list(set, s, &counts, NULL);
		must(code == RC_OK || code == RC_BAD || code == RC_LIMIT);
	}
	must(match_set_count(set) == counts.armed);
	return 0;
}
