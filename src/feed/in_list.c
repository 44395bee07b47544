/* Plain lists: one indicator a line, defanged or not, with comments. */
#include "feed/in-internal.h"
#include "obs/line.h"

static bool
sniff(struct span start)
{
	return span_find_byte(start, '\0') == SIZE_MAX;
}

static enum rc
next(struct in *in, struct in_object *out, struct diag *why)
{
	struct span line;
	while (in_line(in, &line)) {
		struct observable o;
		arena_reset(&in->scratch);
		enum rc code = obs_value(line, &in->scratch, &o, why);
		if (code == RC_NONE)
			continue;
		if (code) {
			diag_where(why, "line %llu", (unsigned long long)in->line);
			if (in->line == 1 && (span_find_byte(line, ',') != SIZE_MAX ||
						     span_find_byte(line, ';') != SIZE_MAX ||
						     span_find_byte(line, '\t') != SIZE_MAX))
				diag_todo(why, "a table's first line names its columns: "
					       "\"value,type,name\"");
			return RC_UNKNOWN;
		}
		struct in_facts facts = {
			.valid_from = TIME_NONE, .valid_until = TIME_NONE, .confidence = -1};
		in_make(in, o, &facts, out);
		return RC_OK;
	}
	return RC_NONE;
}

const struct in_format in_list = {
	"list", "one indicator a line, defanged or not", sniff, NULL, next, NULL};
