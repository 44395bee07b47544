/* Plain lists: indicators a line, defanged or not, with comments (obs/line.h). */
#include <stdlib.h>

#include "base/mem.h"
#include "feed/in-internal.h"
#include "match/table.h"
#include "obs/line.h"

struct list_state {
	struct arena arena; /* of the line */
	struct obs_list all;
	size_t next;	  /* of `all` */
	struct buf lines; /* of a JSON array */
};

static bool
sniff(struct span start)
{
	return span_find_byte(start, '\0') == SIZE_MAX;
}

static enum rc
begin(struct in *in, struct diag *why)
{
	(void)why;
	struct list_state *st = in->state = mem_new(sizeof *st);
	if (table_unwrap(in->text, &st->lines))
		in->text = buf_span(&st->lines);
	return RC_OK;
}

/* The next line that says something. */
static enum rc
next_line(struct in *in, struct list_state *st, struct diag *why)
{
	struct span line;
	while (in_line(in, &line)) {
		arena_reset(&st->arena);
		if (in->line == 1 && table_is_heading(line))
			continue;
		enum rc code = obs_line(line, &st->arena, &st->all, why);
		if (code == RC_NONE)
			continue;
		if (!code)
			return RC_OK;
		st->all.len = 0;
		diag_where(why, "line %llu", (unsigned long long)in->line);
		if (in->line == 1 && (span_find_byte(line, ',') != SIZE_MAX ||
					     span_find_byte(line, ';') != SIZE_MAX ||
					     span_find_byte(line, '\t') != SIZE_MAX))
			diag_todo(
				why, "a table's first line names its columns: \"value,type,name\"");
		return RC_UNKNOWN;
	}
	return RC_NONE;
}

static enum rc
next(struct in *in, struct in_object *out, struct diag *why)
{
	static const struct in_facts facts = {
		.valid_from = TIME_NONE, .valid_until = TIME_NONE, .confidence = -1};
	struct list_state *st = in->state;
	if (st->next == st->all.len) {
		st->all.len = st->next = 0;
		enum rc code = next_line(in, st, why);
		if (code)
			return code;
	}
	in_say(in, st->all.at[st->next++], &facts, in->line, out);
	return RC_OK;
}

static void
end(struct in *in)
{
	struct list_state *st = in->state;
	if (st) {
		arena_fini(&st->arena);
		buf_fini(&st->lines);
	}
	free(st);
}

const struct in_format in_list = {
	"list", "indicators a line, defanged or not", sniff, begin, next, end};
