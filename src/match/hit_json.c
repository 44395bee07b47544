#include "match/hit_json.h"

#include "codec/json.h"

static void
member(struct buf *out, const char *name, struct span value)
{
	if (value.len == 0)
		return;
	buf_printf(out, "%s\"%s\":", out->ptr[out->len - 1] == '{' ? "" : ",", name);
	json_write_string(out, value);
}

void
hit_json(const struct hit *h, struct buf *out)
{
	buf_add_byte(out, '{');
	if (h->time != TIME_NONE) {
		char text[TIME_TEXT];
		time_text(h->time, text);
		member(out, "time", span_of(text));
	}
	member(out, "indicator", h->indicator);
	member(out, "name", h->name);
	member(out, "pattern", h->pattern);
	member(out, "match", span_of(hit_match_word(h->match)));
	buf_printf(out, ",\"observable\":{\"kind\":\"%s\",\"value\":", obs_word(h->seen.kind));
	json_write_string(out, h->seen.value);
	buf_add_byte(out, '}');
	member(out, "file", h->file);
	buf_printf(out, ",\"line\":%llu,\"offset\":%llu", (unsigned long long)h->line,
		(unsigned long long)h->offset);
	member(out, "party", h->party);
	member(out, "memo", h->memo);
	member(out, "tlp", h->tlp);
	if (h->confidence >= 0)
		buf_printf(out, ",\"confidence\":%d", h->confidence);
	buf_add(out, SPAN("}\n"));
}
