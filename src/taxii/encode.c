#include "taxii/encode.h"

#include <string.h>

#include "base/mutant.h"
#include "codec/json.h"
#include "taxii/ends.h"
#include "taxii/media.h"

static void
add_text(struct buf *out, const char *text)
{
	buf_add(out, span_of(text));
}

/* ,"name":"value" unless the value is empty. */
static void
add_member(struct buf *out, const char *name, struct span value)
{
	if (value.len == 0)
		return;
	add_text(out, ",\"");
	add_text(out, name);
	add_text(out, "\":");
	json_write_string(out, value);
}

static void
add_count(struct buf *out, const char *name, uint64_t count)
{
	add_text(out, ",\"");
	add_text(out, name);
	add_text(out, "\":");
	buf_add_u64(out, count);
}

static void
add_stamp(struct buf *out, int64_t at)
{
	char text[TIME_TEXT];
	if (mutant(191))
		time_text_ms(at, text);
	else
		time_text(at, text);
	buf_add_byte(out, '"');
	add_text(out, text);
	buf_add_byte(out, '"');
}

void
encode_error(struct buf *out, unsigned status, struct span title, struct span description)
{
	add_text(out, "{\"title\":");
	json_write_string(out, mutant(131) ? SPAN("") : title);
	add_member(out, "description", description);
	if (mutant(130))
		buf_printf(out, ",\"http_status\":%u}", status);
	else
		buf_printf(out, ",\"http_status\":\"%u\"}", status);
}

void
encode_discovery(struct buf *out, const struct encode_server *s)
{
	struct span root = s->root;
	add_text(out, "{\"title\":");
	json_write_string(out, s->title);
	add_member(out, "description", s->description);
	add_member(out, "contact", s->contact);
	/* A path with one "/" in front is a legal root (section 4.1.1), and right behind any proxy.
	 */
	add_member(out, "default", mutant(141) ? span_sub(root, 0, root.len - 1) : root);
	add_text(out, ",\"api_roots\":[");
	json_write_string(out, mutant(140) ? span_sub(root, 1, SIZE_MAX) : root);
	add_text(out, "]}");
}

void
encode_root(struct buf *out, const struct encode_server *s)
{
	add_text(out, "{\"title\":");
	json_write_string(out, s->title);
	add_member(out, "description", s->description);
	add_text(out,
		mutant(150) ? ",\"versions\":[\"2.1\"]" : ",\"versions\":[\"" TAXII_MEDIA "\"]");
	add_count(out, "max_content_length", s->max_content);
	buf_add_byte(out, '}');
}

void
encode_collection(struct buf *out, const struct vault_collection *c, unsigned rights)
{
	char id[UUID_TEXT];
	uuid_text(&c->id, id);
	add_text(out, "{\"id\":\"");
	add_text(out, id);
	add_text(out, "\",\"title\":");
	json_write_string(out, c->title.len ? c->title : c->alias);
	add_member(out, "description", c->description);
	if (!mutant(180))
		add_member(out, "alias", c->alias);
	add_text(out, rights & ENCODE_READ ? ",\"can_read\":true" : ",\"can_read\":false");
	add_text(out, rights & ENCODE_WRITE ? ",\"can_write\":true" : ",\"can_write\":false");
	if (mutant(450))
		add_text(out, ",\"media_types\":[\"application/stix+json;version=2.0\"]}");
	else
		add_text(out, ",\"media_types\":[\"" STIX_MEDIA
			      "\",\"application/stix+json;version=2.0\"]}");
}

void
encode_list_begin(struct encode_list *l, struct buf *out, const char *name)
{
	*l = (struct encode_list){.out = out, .start = out->len, .name = name};
	buf_add_byte(out, '{');
	if (mutant(170))
		buf_printf(out, "\"%s\":[", name);
}

void
encode_list_next(struct encode_list *l)
{
	if (l->count++) {
		buf_add_byte(l->out, ',');
	} else if (!mutant(170)) {
		buf_add_byte(l->out, '"');
		add_text(l->out, l->name);
		add_text(l->out, "\":[");
	}
}

void
encode_list_end(struct encode_list *l, bool more, struct span next)
{
	if (l->count || mutant(170))
		buf_add_byte(l->out, ']');
	if (more)
		add_text(l->out, l->count || mutant(170) ? ",\"more\":true" : "\"more\":true");
	if (more && next.len)
		add_member(l->out, "next", next);
	buf_add_byte(l->out, '}');
}

bool
encode_object(struct encode_list *l, const struct pass *pass, const struct vault_item *item,
	const struct facts_source *ends)
{
	if (!item_permitted(pass, item, ends))
		return false;
	encode_list_next(l);
	buf_add(l->out, item->object.bytes);
	return true;
}

bool
encode_manifest(struct encode_list *l, const struct pass *pass, const struct vault_item *item,
	const struct facts_source *ends)
{
	if (!item_permitted(pass, item, ends))
		return false;
	encode_list_next(l);
	add_text(l->out, "{\"id\":");
	json_write_string(l->out, item->object.id);
	add_text(l->out, ",\"date_added\":");
	add_stamp(l->out, item->added);
	add_text(l->out, ",\"version\":");
	if (mutant(380) && item->unversioned)
		add_stamp(l->out, item->added);
	else
		json_write_string(l->out, item->object.version);
	bool old = item->object.spec == VAULT_SPEC_2_0;
	add_text(l->out, old ? ",\"media_type\":\"application/stix+json;version=2.0\"}"
			     : ",\"media_type\":\"" STIX_MEDIA "\"}");
	return true;
}

bool
encode_version(struct encode_list *l, const struct pass *pass, const struct vault_item *item,
	const struct facts_source *ends)
{
	if (!item_permitted(pass, item, ends))
		return false;
	encode_list_next(l);
	json_write_string(l->out, item->object.version);
	return true;
}

/* One of the three lists of status details: 0 successes, 1 failures, 2 pendings. */
static enum rc
add_details(struct buf *out, const struct vault_status *s, int which, const char *name)
{
	struct vault_status_detail d;
	struct span rest = s->details;
	size_t count = 0;
	enum rc code;
	while ((code = vault_status_next(&rest, &d)) == RC_OK) {
		bool good =
			d.verdict == VAULT_ADDED || (d.verdict == VAULT_DUPLICATE && !mutant(423));
		if (which != (d.pending ? 2 : good ? 0 : 1))
			continue;
		if (count++)
			buf_add_byte(out, ',');
		else
			buf_printf(out, ",\"%s\":[", name);
		add_text(out, "{\"id\":");
		json_write_string(out,
			d.id.len ? d.id : SPAN("unknown--00000000-0000-4000-8000-000000000000"));
		if (!mutant(421))
			add_member(out, "version",
				d.version.len ? d.version : SPAN(VAULT_UNVERSIONED));
		add_member(out, "message", d.message);
		buf_add_byte(out, '}');
	}
	if (count)
		buf_add_byte(out, ']');
	return code == RC_NONE ? RC_OK : code;
}

enum rc
encode_status(struct buf *out, const struct vault_status *s)
{
	char id[UUID_TEXT];
	uuid_text(&s->id, id);
	buf_printf(out, "{\"id\":\"%s\",\"status\":\"%s\",\"request_timestamp\":", id,
		s->complete ? "complete" : "pending");
	add_stamp(out, s->requested);
	add_count(out, "total_count", s->total);
	add_count(out, "success_count", s->successes);
	enum rc code = add_details(out, s, 0, "successes");
	add_count(out, "failure_count", mutant(422) ? 0 : s->failures);
	if (!code)
		code = add_details(out, s, 1, "failures");
	add_count(out, "pending_count", s->pendings);
	if (!code)
		code = add_details(out, s, 2, "pendings");
	buf_add_byte(out, '}');
	return code;
}
