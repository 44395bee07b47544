/* Proposals of others to change an event: nothing that anybody decided, so notes, never armed. */
#include <stdio.h>

#include "codec/json.h"
#include "feed/misp_event-internal.h"

/* What is proposed, in words. */
static struct span
describe(struct event *ev, yyjson_val *val)
{
	static const struct span rest[] = {SPAN("first_seen"), SPAN("last_seen"), SPAN("comment")};
	struct span type = json_get_span(val, "type"), category = json_get_span(val, "category"),
		    who = json_get_span(json_get(val, "Org"), "name"), value = make_value(ev, val);
	own_buf struct buf text = {};
	bool delete = misp_flag(val, "proposal_to_delete");
	buf_printf(&text, "%s: %.*s", delete ? "to be deleted" : "proposed", (int)type.len,
		type.ptr ? type.ptr : "");
	if (category.len)
		buf_printf(&text, " (%.*s)", (int)category.len, category.ptr);
	buf_add(&text, SPAN(" "));
	buf_add(&text, value);
	buf_printf(&text, "%s", misp_flag(val, "to_ids") ? ", for detection" : "");
	for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
		struct span more = json_get_span(val, rest[i].ptr);
		if (more.len)
			buf_printf(&text, "\n%s: %.*s", rest[i].ptr, (int)more.len, more.ptr);
	}
	if (who.len)
		buf_printf(&text, "\nby %.*s", (int)who.len, who.ptr);
	return arena_dup(&ev->scratch, buf_span(&text));
}

static void
proposal(struct event *ev, yyjson_val *val)
{
	static const char *const drop[] = {"email", "Event", "old_id", "warnings", NULL};
	struct thing t;
	own_buf struct buf members = {}, name = {};
	struct span value = make_value(ev, val), type = json_get_span(val, "type");
	if (value.len == 0 || type.len == 0) {
		make_left_out(ev, val, "a proposal without type or value");
		return;
	}
	make_begin(ev, val, "proposal", &t);
	/* One that changes an attribute bears that one's UUID. */
	buf_printf(&name, "proposal %s %s %.*s ", ev->uuid, t.uuid, (int)type.len, type.ptr);
	buf_add(&name, value);
	buf_printf(&name, " %d", misp_flag(val, "proposal_to_delete"));
	misp_uuid_of(buf_span(&name), t.uuid);
	make_keep(ev, &members, &t, drop);
	struct span abstract = arena_printf(
		&ev->scratch, "proposal: %.*s", (int)(type.len < 60 ? type.len : 60), type.ptr);
	make_note(ev, &t, abstract, describe(ev, val));
	make_finish(ev, &t, buf_span(&members));
}

void
make_proposals(struct event *ev, yyjson_val *owner)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(owner, "ShadowAttribute"));
	yyjson_val *val;
	while ((val = yyjson_arr_iter_next(&it)) != NULL)
		if (yyjson_is_obj(val))
			proposal(ev, val);
}
