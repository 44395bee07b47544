/* Sightings of MISP attributes: seen, doubted, expired. */
#include "feed/misp_event-internal.h"

#include <stdio.h>

#include "codec/json.h"

/* The latest expiration among an attribute's sightings; TIME_NONE. Appends them to `list`. */
int64_t
make_expirations(yyjson_val *attribute, struct buf *list, size_t *count)
{
	int64_t until = TIME_NONE;
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(attribute, "Sighting"));
	yyjson_val *s;
	while ((s = yyjson_arr_iter_next(&it)) != NULL) {
		int64_t at = misp_time(json_get(s, "date_sighting"));
		size_t lost = 0;
		if (misp_number(s, "type", 0) != 2 || at == TIME_NONE)
			continue;
		if (at > until)
			until = at;
		buf_add(list, (*count)++ ? SPAN(",") : SPAN(",\"misp_expirations\":["));
		misp_keep(list, s, NULL, &lost);
	}
	if (*count)
		buf_add_byte(list, ']');
	return until;
}

/* What we once sent there ourselves carries its id: it is the same sighting, not another. */
static void
sighting_uuid(yyjson_val *s, const char *attribute, char out[static UUID_TEXT])
{
	static const char mark[] = "tocsin sighting--";
	struct span source = json_get_span(s, "source");
	struct uuid u;
	char text[160];
	if (span_starts(source, span_of(mark)) &&
		!uuid_parse(span_sub(source, sizeof mark - 1, 36), &u)) {
		uuid_text(&u, out);
		return;
	}
	if (!misp_uuid(s, "uuid", out)) {
		snprintf(text, sizeof text, "sighting %s %lld %lld", attribute,
			(long long)misp_number(s, "date_sighting", 0),
			(long long)misp_number(s, "type", 0));
		misp_uuid_of(span_of(text), out);
	}
}

static void
sighting(struct event *ev, yyjson_val *s, const struct thing *of, const char *attribute)
{
	int64_t at = misp_time(json_get(s, "date_sighting")), type = misp_number(s, "type", 0);
	char org[ID_TEXT];
	if (at == TIME_NONE || type < 0 || type > 2) {
		make_left_out(ev, s, "a sighting without a date, or of an unknown type");
		return;
	}
	if (type == 2)
		return; /* the indicator says it: valid_until */
	struct thing t = {.val = s, .kind = "sighting", .modified = at, .level = of->level};
	own_buf struct buf members = {};
	sighting_uuid(s, attribute, t.uuid);
	buf_printf(&members, ",\"misp_sighted\":\"%s\"", attribute);
	make_keep(ev, &members, &t, NULL);
	if (!make_organisation(ev, json_get(s, "Organisation"), org))
		snprintf(org, sizeof org, "%s", ev->author);
	int64_t date = ev->date;
	ev->date = at; /* of a sighting both are when it was seen */
	make_head(ev, type == 0 ? "sighting" : "opinion", org, &t);
	ev->date = date;
	struct buf *to = &ev->out->text;
	struct span source = json_get_span(s, "source");
	if (type == 0) {
		make_text(ev, "description", source);
		make_time(ev, "first_seen", at);
		make_time(ev, "last_seen", at);
		buf_printf(to,
			",\"count\":1,\"sighting_of_ref\":\"%s\",\"where_sighted_refs\":[\"%s\"]",
			of->id, org);
	} else {
		make_text(ev, "explanation", source.len ? source : SPAN("false positive"));
		buf_printf(
			to, ",\"opinion\":\"strongly-disagree\",\"object_refs\":[\"%s\"]", of->id);
	}
	size_t refs = ev->refs.len;
	make_finish(ev, &t, buf_span(&members));
	ev->refs.len = refs; /* they come and go without the event */
}

void
make_sightings(struct event *ev, yyjson_val *attribute, const struct thing *of)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(attribute, "Sighting"));
	char uuid[UUID_TEXT];
	yyjson_val *s;
	if (!misp_uuid(attribute, "uuid", uuid))
		snprintf(uuid, sizeof uuid, "%s", of->uuid);
	while ((s = yyjson_arr_iter_next(&it)) != NULL)
		sighting(ev, s, of, uuid);
}
