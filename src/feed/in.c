#include "feed/in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/uuid.h"
#include "codec/json.h"
#include "feed/in-internal.h"
#include "feed/misp.h"
#include "match/table.h"
#include "obs/name.h"
#include "obs/url.h"
#include "stix/id.h"
#include "stix/object.h"

enum { SNIFF = 64 << 10 };

const struct in_format *const in_formats[] = {&in_misp, &in_stix, &in_csv, &in_list, NULL};

/* A byte order mark says nothing. */
static struct span
without_mark(struct span text)
{
	return span_starts(text, SPAN("\xef\xbb\xbf")) ? span_sub(text, 3, SIZE_MAX) : text;
}

enum rc
in_format_find(struct span name, struct span text, const struct in_format **out, struct diag *why)
{
	bool automatic = name.len == 0 || span_eq(name, SPAN("auto"));
	if (span_starts(text, SPAN("\xff\xfe")) || span_starts(text, SPAN("\xfe\xff"))) {
		diag_todo(why, "convert it first: iconv -f UTF-16 -t UTF-8");
		return diag_fail(why, RC_UNKNOWN, "a text in UTF-16");
	}
	struct span start = span_sub(without_mark(text), 0, SNIFF);
	if (automatic && table_is_index(start)) {
		diag_todo(why, "import the feed's folder, whose manifest.json names its events");
		return diag_fail(why, RC_UNKNOWN,
			"a MISP feed's index (hashes.csv): digests of values, not of files, which "
			"say "
			"nothing by themselves");
	}
	for (const struct in_format *const *f = in_formats; *f; f++) {
		if (automatic ? (*f)->sniff(start) : span_eq(name, span_of((*f)->name))) {
			*out = *f;
			return RC_OK;
		}
	}
	if (automatic)
		return diag_fail(why, RC_UNKNOWN, "no format we know; name it with --format");
	return diag_fail(why, RC_UNKNOWN, "there is no format \"%.*s\"",
		(int)(name.len < 40 ? name.len : 40), name.ptr);
}

enum rc
in_open(const struct in_plan *plan, const struct in_format *format, struct span text,
	struct in **out, struct diag *why)
{
	struct in *in = mem_new(sizeof *in);
	in->format = format;
	in->plan = *plan;
	in->text = without_mark(text);
	enum rc code = format->begin ? format->begin(in, why) : RC_OK;
	if (code)
		in_close(&in);
	*out = in;
	return code;
}

enum rc
in_next(struct in *in, struct in_object *out, struct diag *why)
{
	arena_reset(&in->scratch);
	*out = (struct in_object){};
	return in->format->next(in, out, why);
}

uint64_t
in_at(const struct in *in)
{
	return in->at;
}

void
in_close(struct in **in)
{
	if (!*in)
		return;
	if ((*in)->format->end)
		(*in)->format->end(*in);
	arena_fini(&(*in)->scratch);
	buf_fini(&(*in)->made);
	free(*in);
	*in = NULL;
}

bool
in_line(struct in *in, struct span *line)
{
	if (in->at >= in->text.len)
		return false;
	struct span rest = span_sub(in->text, in->at, SIZE_MAX);
	size_t end = span_find_byte(rest, '\n');
	*line = span_sub(rest, 0, end);
	in->at += line->len + (end != SIZE_MAX);
	in->line++;
	if (line->len && line->ptr[line->len - 1] == '\r')
		line->len--;
	return true;
}

void
in_id(const struct in_plan *plan, const char *type, struct span key, char out[static 64])
{
	/* A namespace of our own, so that these never look like ids of observables (section 2.9). */
	static const struct uuid space = {{0x6f, 0x0b, 0x6b, 0x1c, 0x5d, 0x0e, 0x4c, 0x3a, 0x9b,
		0x51, 0x2e, 0x77, 0x0a, 0x4d, 0x91, 0xe3}};
	own_buf struct buf name = {};
	char text[UUID_TEXT];
	buf_add(&name, plan->author);
	buf_printf(&name, "\n%s\n", type);
	buf_add(&name, key);
	struct uuid u = stix_uuid_v5(&space, buf_span(&name));
	uuid_text(&u, text);
	snprintf(out, 64, "%.20s--%s", type, text);
}

static void
add_text(struct buf *to, const char *key, struct span value)
{
	if (value.len == 0)
		return;
	buf_printf(to, ",\"%s\":", key);
	json_write_string(to, value);
}

static void
add_time(struct buf *to, const char *key, int64_t at)
{
	char text[TIME_TEXT];
	if (at == TIME_NONE)
		return;
	time_text_ms(at, text);
	buf_printf(to, ",\"%s\":\"%s\"", key, text);
}

/*
 * A list names domains for what lies at and below them, and STIX equality means the name alone: the pattern
 * says both. A registry's suffix covers nothing, or one slip would alarm on half the internet.
 */
void
in_pattern_of(struct observable o, struct buf *out)
{
	if (o.kind != OBS_DOMAIN || span_find_byte(o.value, '_') != SIZE_MAX ||
		name_is_registry_suffix(o.value)) {
		obs_pattern(o, out);
		return;
	}
	obs_pattern_covering(o.value, out);
}

static void
add_labels(struct buf *to, struct span given)
{
	struct span rest = given.len ? given : (struct span){"", 0}, one;
	size_t count = 0;
	while (given.len && span_cut(&rest, ',', &one)) {
		one = span_trim(one);
		if (one.len == 0)
			continue;
		buf_add(to, count++ ? SPAN(",") : SPAN(",\"labels\":["));
		json_write_string(to, one);
	}
	if (count)
		buf_add_byte(to, ']');
}

void
in_make_pattern(struct in *in, const struct in_pattern *p, const struct in_facts *facts,
	struct in_object *out)
{
	struct buf *to = &in->made;
	char now[TIME_TEXT];
	int64_t from = facts->valid_from != TIME_NONE ? facts->valid_from : in->plan.valid_from;
	int64_t until = facts->valid_until;
	if (until == TIME_NONE && in->plan.valid_for)
		until = in->plan.now + in->plan.valid_for;
	if (until != TIME_NONE && until <= from) /* over before we heard of it: still not valid */
		from = until - SECOND;
	int confidence = facts->confidence >= 0 ? facts->confidence : in->plan.confidence;
	struct span marking = facts->tlp_marking.len ? facts->tlp_marking : in->plan.tlp_marking;
	struct span name = facts->name.len ? facts->name : p->name;
	if (facts->id.len)
		span_copy(facts->id, in->id, sizeof in->id);
	else
		in_id(&in->plan, "indicator", p->key, in->id);
	time_text_ms(in->plan.now, now);
	buf_reset(to);
	buf_printf(to, "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"%s\"", in->id);
	add_text(to, "created_by_ref", in->plan.author);
	size_t created_at = to->len + strlen(",\"created\":\"");
	buf_printf(to, ",\"created\":\"%s\",\"modified\":\"", now);
	size_t modified_at = to->len;
	buf_printf(to, "%s\"", now);
	if (confidence >= 0)
		buf_printf(to, ",\"confidence\":%d", confidence);
	add_labels(to, facts->label.len ? facts->label : in->plan.label);
	add_text(to, "name", name);
	add_text(to, "description", facts->description);
	buf_add(to, SPAN(",\"indicator_types\":[\"malicious-activity\"],\"pattern\":"));
	json_write_string(to, p->pattern);
	add_text(to, "pattern_type", p->type);
	if (span_eq(p->type, SPAN("stix")))
		buf_add(to, SPAN(",\"pattern_version\":\"2.1\""));
	add_time(to, "valid_from", from);
	add_time(to, "valid_until", until);
	if (facts->reference.len) {
		/* What is no URL is words about one. */
		own_arena struct arena a = {};
		struct url url;
		bool is_url = !url_parse(facts->reference, SCHEME_NEEDED, &a, &url, NULL);
		buf_printf(to, ",\"external_references\":[{\"source_name\":\"feed\",\"%s\":",
			is_url ? "url" : "description");
		json_write_string(to, is_url ? url.text : facts->reference);
		buf_add(to, SPAN("}]"));
	}
	if (marking.len) {
		buf_add(to, SPAN(",\"object_marking_refs\":["));
		json_write_string(to, marking);
		buf_add_byte(to, ']');
	}
	buf_add_byte(to, '}');
	*out = (struct in_object){.text = buf_span(to),
		.id = span_of(in->id),
		.made = true,
		.created_at = created_at,
		.modified_at = modified_at};
}

void
in_make(struct in *in, struct observable o, const struct in_facts *facts, struct in_object *out)
{
	own_buf struct buf pattern = {}, key = {};
	in_pattern_of(o, &pattern);
	buf_printf(&key, "%s\n", obs_word(o.kind));
	buf_add(&key, o.value);
	struct in_pattern p = {buf_span(&key), buf_span(&pattern), SPAN("stix"), o.value};
	in_make_pattern(in, &p, facts, out);
}

void
in_say(struct in *in, struct observable o, const struct in_facts *facts, uint64_t line,
	struct in_object *out)
{
	in_make(in, o, facts, out);
	if (obs_is_wide(o))
		out->wide = line;
}

/* The 24 bytes of a time in a made object. */
static struct span
stamp(struct span text, size_t at)
{
	return span_sub(text, at, 24);
}

/* The object with the stored one's creation time; *same: nothing but `modified` differs. */
static struct span
created_then(const struct in_object *o, const struct stix_object *old, struct buf *mem, bool *same)
{
	buf_reset(mem);
	buf_add(mem, o->text);
	if (old->created.text.len == 24)
		memcpy(mem->ptr + o->created_at, old->created.text.ptr, 24);
	struct span text = buf_span(mem), stored = old->text;
	size_t behind = o->modified_at + 24;
	*same = stored.len == text.len &&
		span_eq(span_sub(stored, 0, o->modified_at), span_sub(text, 0, o->modified_at)) &&
		span_eq(span_sub(stored, behind, SIZE_MAX), span_sub(text, behind, SIZE_MAX));
	return text;
}

struct span
in_adopt(const struct in_object *o, struct span stored, struct buf *mem)
{
	own_stix struct stix_object old = {};
	bool same;
	if (o->created_at == 0 || stored.len == 0 || stix_read(stored, &old, NULL))
		return o->text;
	struct span text = created_then(o, &old, mem, &same);
	if (same)
		memcpy(mem->ptr + o->modified_at, old.modified.text.ptr, 24);
	return text;
}

enum rc
in_settle(const struct in_object *o, struct span stored, struct buf *mem, struct span *text,
	struct diag *why)
{
	own_stix struct stix_object old = {};
	*text = o->text;
	if (stored.len == 0)
		return RC_OK;
	if (o->made || o->created_at == 0 || stix_read(stored, &old, NULL))
		return RC_NONE;
	if (!misp_extension(old.root))
		return RC_NONE; /* not MISP's to change */
	int64_t mine;
	if (time_parse(stamp(o->text, o->modified_at), &mine, NULL) || mine <= old.modified.at)
		return RC_NONE;
	bool same;
	*text = created_then(o, &old, mem, &same);
	if (same)
		return RC_NONE;
	if (old.revoked) {
		diag_where(why, "%.*s", (int)o->id.len, o->id.ptr);
		diag_todo(why, "its author must publish it anew under another uuid");
		return diag_fail(why, RC_CONFLICT, "revoked here, which is final: not taken back");
	}
	return RC_OK;
}
