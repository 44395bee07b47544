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

static void
add_time(int64_t time, struct buf *out)
{
	char text[TIME_TEXT];
	if (time == TIME_NONE)
		return;
	time_text(time, text);
	member(out, "time", span_of(text));
}

/* The records of a pattern: how many, and the first of them and the last. */
static void
add_parts(const struct hit *h, struct buf *out)
{
	buf_printf(out, ",\"records\":%llu,\"parts\":[", (unsigned long long)h->records);
	for (size_t i = 0; i < h->parts; i++) {
		const struct hit_part *p = &h->part[i];
		buf_add(out, i ? SPAN(",{") : SPAN("{"));
		add_time(p->time, out);
		member(out, "file", p->file);
		buf_printf(out, "%s\"line\":%llu,\"offset\":%llu",
			out->ptr[out->len - 1] == '{' ? "" : ",", (unsigned long long)p->line,
			(unsigned long long)p->offset);
		if (p->seen.kind != OBS_NONE) {
			buf_printf(out, ",\"observable\":{\"kind\":\"%s\",\"value\":",
				obs_word(p->seen.kind));
			json_write_string(out, p->seen.value);
			buf_add_byte(out, '}');
		}
		buf_add_byte(out, '}');
	}
	buf_add_byte(out, ']');
}

void
hit_json(const struct hit *h, struct buf *out)
{
	buf_add_byte(out, '{');
	add_time(h->time, out);
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
	if (h->match == HIT_PATTERN)
		add_parts(h, out);
	buf_add(out, SPAN("}\n"));
}
