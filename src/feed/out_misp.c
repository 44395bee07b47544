#include "feed/out_misp.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "feed/misp.h"
#include "feed/out_misp-internal.h"
#include "stix/id.h"
#include "taxii/ends.h"

static int
uuid_cmp(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->byte, b->byte, sizeof a->byte);
}

static int
row_cmp(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = uuid_cmp(&a->event, &b->event);
	if (order)
		return order;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static int
claim_cmp(const void *left, const void *right)
{
	const struct claim *a = left, *b = right;
	int order = uuid_cmp(&a->ref, &b->ref);
	return order ? order : uuid_cmp(&a->report, &b->report);
}

/* By attribute, then as they came. */
static int
sight_cmp(const void *left, const void *right)
{
	const struct sight *a = left, *b = right;
	int order = strcmp(a->attribute, b->attribute);
	return order ? order : (a->at > b->at) - (a->at < b->at);
}

static int
own_cmp(const void *left, const void *right)
{
	const struct row *const *a = left, *const *b = right;
	return uuid_cmp(&(*a)->own, &(*b)->own);
}

/* ---- first: what belongs to which event ---- */

static struct row *
row_add(struct out_misp *o, const struct stix_object *s, enum row_kind kind)
{
	struct row *r = vec_add(&o->rows);
	*r = (struct row){.own = s->uuid,
		.kind = kind,
		.id_at = (uint32_t)o->ids.len,
		.id_len = (uint32_t)s->id.len,
		.order = (uint32_t)o->rows.len};
	buf_add(&o->ids, s->id);
	return r;
}

/* The event that gathers, on every node alike, a creator's indicators of a day under a level. */
static void
gathering(const struct out_misp *o, const struct stix_object *s, enum tlp level, struct uuid *out)
{
	char text[UUID_TEXT];
	own_buf struct buf name = {};
	struct span creator = s->created_by.len ? s->created_by : o->how.me;
	buf_printf(&name, "gathered %.*s %.*s %s", (int)creator.len, creator.ptr,
		(int)(s->created.text.len < 10 ? s->created.text.len : 10), s->created.text.ptr,
		tlp_word(level));
	misp_uuid_of(buf_span(&name), text);
	if (uuid_parse(span_of(text), out))
		*out = (struct uuid){};
}

static void
add_came(struct out_misp *o, const struct stix_object *s, yyjson_val *extension)
{
	struct span kind = json_get_span(extension, "misp_kind");
	struct uuid event;
	if (uuid_parse(json_get_span(extension, "misp_event_uuid"), &event))
		return;
	enum row_kind what = span_eq(kind, SPAN("event"))      ? ROW_HEAD
			     : span_eq(kind, SPAN("sighting")) ? ROW_SIGHT
							       : ROW_PART;
	row_add(o, s, what)->event = event;
}

static void
add_native(struct out_misp *o, const struct stix_object *s, enum tlp level)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(s->root, "object_refs"));
	yyjson_val *ref;
	struct uuid target;
	if (span_eq(s->type, SPAN("indicator"))) {
		struct row *r = row_add(o, s, ROW_PART);
		r->native = true;
		gathering(o, s, level, &r->event);
	} else if (span_eq(s->type, SPAN("report")) && !o->how.changes) {
		while ((ref = yyjson_arr_iter_next(&it)) != NULL)
			if (span_starts(json_span(ref), SPAN("indicator--")) &&
				!stix_id_parse(json_span(ref), NULL, &target))
				*vec_add(&o->claims) = (struct claim){target, s->uuid};
		struct row *r = row_add(o, s, ROW_HEAD);
		r->native = true;
		r->event = s->uuid;
	} else if (span_eq(s->type, SPAN("sighting")) || span_eq(s->type, SPAN("opinion"))) {
		struct span about = json_get_span(s->root, "sighting_of_ref");
		if (!about.ptr)
			about = json_span(yyjson_arr_get_first(json_get(s->root, "object_refs")));
		if (stix_id_parse(about, NULL, &target) || s->revoked) {
			o->counts.unsaid++;
			return;
		}
		struct row *r = row_add(o, s, ROW_SIGHT);
		r->native = true;
		r->target = target;
	} else {
		o->counts.unsaid++;
	}
}

/* Objects that only support others are no entries of their own in MISP. */
static bool
is_support(const struct stix_object *s)
{
	return s->kind == STIX_SCO || s->kind == STIX_META || s->class == STIX_CLASS_SUPPORT;
}

static void
sort_in(struct out_misp *o, const struct vault_item *item)
{
	own_stix struct stix_object s = {};
	if (!event_permits(o, item)) {
		o->counts.withheld++;
		return;
	}
	if (stix_read(item->object.bytes, &s, NULL) || is_support(&s))
		return;
	yyjson_val *extension = misp_extension(s.root);
	if (extension)
		add_came(o, &s, extension);
	else
		add_native(o, &s, (enum tlp)item->object.tlp);
}

/* Reports claim their indicators; sightings go where what they are about goes. */
static void
settle_rows(struct out_misp *o)
{
	struct row **by_own = mem_grow(NULL, o->rows.len + 1, sizeof *by_own);
	size_t len = 0;
	if (o->claims.len)
		qsort(o->claims.at, o->claims.len, sizeof *o->claims.at, claim_cmp);
	for (size_t i = 0; i < o->rows.len; i++) {
		struct row *r = &o->rows.at[i];
		size_t low = 0, high = o->claims.len;
		while (low < high) {
			size_t middle = (low + high) / 2;
			if (uuid_cmp(&o->claims.at[middle].ref, &r->own) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		if (r->native && r->kind == ROW_PART && low < o->claims.len &&
			uuid_cmp(&o->claims.at[low].ref, &r->own) == 0)
			r->event = o->claims.at[low].report;
		if (r->kind == ROW_PART)
			by_own[len++] = r;
	}
	if (len)
		qsort(by_own, len, sizeof *by_own, own_cmp);
	for (size_t i = 0; i < o->rows.len; i++) {
		struct row *r = &o->rows.at[i], key = {.own = r->target}, *wanted = &key;
		if (r->kind != ROW_SIGHT || !r->native)
			continue;
		struct row **found =
			len ? bsearch(&wanted, by_own, len, sizeof *by_own, own_cmp) : NULL;
		if (found)
			r->event = (*found)->event;
	}
	free(by_own);
	if (o->rows.len)
		qsort(o->rows.at, o->rows.len, sizeof *o->rows.at, row_cmp);
}

enum rc
out_misp_open(const struct out_misp_options *options, struct out_misp **out, struct diag *why)
{
	struct out_misp *o = mem_new(sizeof *o);
	struct vault_filter filter = {.which = VAULT_LAST, .after = options->after};
	own_vault_page struct vault_page *page = NULL;
	struct vault_item item;
	size_t seen = 0;
	o->how = *options;
	o->reached = options->after;
	enum rc code = vault_page_open(
		options->vault, options->collection, &filter, VAULT_BYTES, &page, why);
	while (!code && !(code = vault_page_next(page, &item, why))) {
		o->reached = item.added;
		if (!options->not_from.len || !span_eq(item.source, options->not_from))
			sort_in(o, &item);
		if (options->most && ++seen == options->most)
			break;
	}
	if (code && code != RC_NONE) {
		out_misp_close(&o);
		return code;
	}
	settle_rows(o);
	*out = o;
	return RC_OK;
}

void
out_misp_close(struct out_misp **out)
{
	struct out_misp *o = *out;
	if (!o)
		return;
	buf_fini(&o->ids);
	free(o->rows.at);
	free(o->claims.at);
	arena_fini(&o->scratch);
	buf_fini(&o->text);
	buf_fini(&o->attributes);
	buf_fini(&o->objects);
	buf_fini(&o->reports);
	buf_fini(&o->proposals);
	buf_fini(&o->head);
	buf_fini(&o->sights_text);
	free(o->sights.at);
	free(o->wanted.at);
	free(o);
	*out = NULL;
}

struct out_misp_counts
out_misp_counts(const struct out_misp *out)
{
	return out->counts;
}

int64_t
out_misp_reached(const struct out_misp *out)
{
	return out->reached;
}

/* ---- then: one event after another ---- */

static bool
fetch_sight(struct out_misp *o, const struct vault_item *item)
{
	own_stix struct stix_object s = {};
	struct sight one = {.at = o->sights_text.len};
	if (!event_permits(o, item) || stix_read(item->object.bytes, &s, NULL))
		return false;
	yyjson_val *extension = misp_extension(s.root);
	if (extension) {
		span_copy(json_get_span(extension, "misp_sighted"), one.attribute,
			sizeof one.attribute);
		buf_add_byte(&o->sights_text, '{');
		event_members(&o->sights_text, json_get(extension, "misp_sighting"), NULL);
		buf_add_byte(&o->sights_text, '}');
	} else {
		if (!event_target(o, &s, one.attribute)) {
			o->counts.unsaid++;
			return false;
		}
		event_sighting(o, &s, false);
	}
	one.len = o->sights_text.len - one.at;
	*vec_add(&o->sights) = one;
	return true;
}

/* One more element of a list: a kept dictionary as it came. */
static void
event_kept(struct buf *list, yyjson_val *kept)
{
	struct buf *to = event_list(list);
	buf_add_byte(to, '{');
	event_members(to, kept, NULL);
	buf_add_byte(to, '}');
}

static void
fetch_part(struct out_misp *o, const struct vault_item *item)
{
	own_stix struct stix_object s = {};
	if (!event_permits(o, item) || stix_read(item->object.bytes, &s, NULL))
		return;
	yyjson_val *extension = misp_extension(s.root);
	struct span kind = json_get_span(extension, "misp_kind");
	if (s.modified.at > o->newest)
		o->newest = s.modified.at;
	o->counts.written++;
	o->count++;
	if (span_eq(kind, SPAN("attribute"))) {
		event_attribute(o, &s, extension);
	} else if (span_eq(kind, SPAN("object"))) {
		event_object(o, &s, extension);
	} else if (span_eq(kind, SPAN("report"))) {
		event_kept(&o->reports, json_get(extension, "misp_report"));
	} else if (span_eq(kind, SPAN("proposal"))) {
		if (!s.revoked)
			event_kept(&o->proposals, json_get(extension, "misp_proposal"));
	} else if (!extension && span_eq(s.type, SPAN("indicator"))) {
		struct facts facts = item_facts(item);
		if (o->native && o->head.len == 0) {
			own_buf struct buf info = {};
			o->level = (enum tlp)facts.tlp;
			struct span name = event_org_name(o, s.created_by);
			buf_printf(&info, "Indicators of %.*s, %.10s",
				(int)(name.len < 100 ? name.len : 100), name.ptr,
				s.created.text.ptr);
			event_head(o, &s, buf_span(&info));
		}
		event_indicator(o, &s, facts);
	}
}

/* The event's own properties: kept from MISP, or those of a report. Wants what it refers to. */
static void
fetch_head(struct out_misp *o, const struct vault_item *item)
{
	struct stix_object *s = arena_new(&o->scratch, sizeof *s);
	struct span bytes = arena_dup(&o->scratch, item->object.bytes);
	if (!event_permits(o, item) || stix_read(bytes, s, NULL))
		return;
	yyjson_val *extension = misp_extension(s->root), *ref;
	o->level = (enum tlp)item->object.tlp;
	if (s->modified.at > o->newest)
		o->newest = s->modified.at;
	buf_reset(&o->head);
	if (extension) {
		o->native = false;
		buf_add_byte(&o->head, '{');
		event_members(&o->head, json_get(extension, "misp_event"), "uuid");
		if (!json_get(json_get(extension, "misp_event"), "info")) /* nobody takes it so */
			event_string(&o->head, "info", json_get_span(s->root, "name"));
	} else {
		event_head(o, s, json_get_span(s->root, "name"));
	}
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(s->root, "object_refs"));
	while ((ref = yyjson_arr_iter_next(&it)) != NULL)
		if (extension)
			*vec_add(&o->wanted) = arena_dup(&o->scratch, json_span(ref));
	stix_fini(s);
}

static int
span_order(const void *left, const void *right)
{
	return span_cmp(*(const struct span *)left, *(const struct span *)right);
}

enum pick { PICK_HEAD, PICK_PARTS, PICK_SIGHTS };

/* Reads objects of the collection by id, in the order they arrived. */
static enum rc
fetch_ids(
	struct out_misp *o, const struct span *ids, size_t count, enum pick pick, struct diag *why)
{
	enum rc code = RC_OK;
	for (size_t at = 0; !code && at < count; at += VAULT_FILTER_IDS) {
		size_t len = count - at < VAULT_FILTER_IDS ? count - at : VAULT_FILTER_IDS;
		struct vault_filter filter = {
			.ids = ids + at, .id_count = len, .which = VAULT_LAST};
		own_vault_page struct vault_page *page = NULL;
		struct vault_item item;
		code = vault_page_open(
			o->how.vault, o->how.collection, &filter, VAULT_BYTES, &page, why);
		while (!code && !(code = vault_page_next(page, &item, why))) {
			if (pick == PICK_HEAD)
				fetch_head(o, &item);
			else if (pick == PICK_PARTS)
				fetch_part(o, &item);
			else
				fetch_sight(o, &item);
		}
		code = code == RC_NONE ? RC_OK : code;
	}
	return code;
}

static void
event_reset(struct out_misp *o)
{
	arena_reset(&o->scratch);
	buf_reset(&o->text);
	buf_reset(&o->attributes);
	buf_reset(&o->objects);
	buf_reset(&o->reports);
	buf_reset(&o->proposals);
	buf_reset(&o->head);
	buf_reset(&o->sights_text);
	o->sights.len = o->wanted.len = 0;
	o->newest = 0;
	o->level = TLP_NONE;
	o->native = false;
	o->count = 0;
}

static struct span
row_id(const struct out_misp *o, const struct row *r)
{
	return (struct span){o->ids.ptr + r->id_at, r->id_len};
}

static void
event_close(struct out_misp *o, struct out_misp_item *item)
{
	struct buf *to = &o->text;
	buf_add(to, SPAN("{\"Event\":"));
	if (o->head.len) {
		buf_add(to, buf_span(&o->head));
	} else {
		/* Its report may not leave, or never came: its parts may. */
		char date[TIME_TEXT];
		time_text_ms(o->newest, date);
		buf_printf(to,
			"{\"info\":\"Event %s\",\"date\":\"%.10s\",\"threat_level_id\":\"4\","
			"\"analysis\":\"0\",\"published\":false,\"distribution\":\"0\"",
			item->uuid, date);
	}
	event_string(to, "uuid", span_of(item->uuid));
	/* An edit that adds to a gathering states no time: the server's own is newer than any before. */
	if (o->native && !o->how.changes)
		buf_printf(to, ",\"timestamp\":\"%lld\"", (long long)(o->newest / SECOND));
	buf_add(to, SPAN(",\"Attribute\":"));
	buf_add(to, o->attributes.len ? buf_span(&o->attributes) : SPAN("["));
	buf_add(to, SPAN("],\"Object\":"));
	buf_add(to, o->objects.len ? buf_span(&o->objects) : SPAN("["));
	if (o->reports.len) {
		buf_add(to, SPAN("],\"EventReport\":"));
		buf_add(to, buf_span(&o->reports));
	}
	if (o->proposals.len) {
		buf_add(to, SPAN("],\"ShadowAttribute\":"));
		buf_add(to, buf_span(&o->proposals));
	}
	buf_add(to, SPAN("]}}"));
	item->kind = OUT_MISP_EVENT;
	item->text = buf_span(to);
	item->gathered = o->native;
	item->objects = o->count;
}

/* Rows [from, to) are one event's. */
static enum rc
event_write(
	struct out_misp *o, size_t from, size_t to, struct out_misp_item *item, struct diag *why)
{
	struct span id;
	uuid_text(&o->rows.at[from].event, item->uuid);
	o->native = o->rows.at[from].native;
	id = arena_printf(&o->scratch, "report--%s", item->uuid);
	/* What it refers to, and what names it: each once. */
	enum rc code = fetch_ids(o, &id, 1, PICK_HEAD, why);
	vec_of(struct span) sights = {};
	for (size_t i = from; i < to; i++) {
		if (o->rows.at[i].kind == ROW_SIGHT)
			*vec_add(&sights) = row_id(o, &o->rows.at[i]);
		else if (o->rows.at[i].kind == ROW_PART)
			*vec_add(&o->wanted) = row_id(o, &o->rows.at[i]);
	}
	if (!code && sights.len && !o->how.changes)
		code = fetch_ids(o, sights.at, sights.len, PICK_SIGHTS, why);
	free(sights.at);
	if (o->sights.len)
		qsort(o->sights.at, o->sights.len, sizeof *o->sights.at, sight_cmp);
	size_t kept = 0;
	if (o->wanted.len)
		qsort(o->wanted.at, o->wanted.len, sizeof *o->wanted.at, span_order);
	for (size_t i = 0; i < o->wanted.len; i++)
		if (i == 0 || !span_eq(o->wanted.at[i], o->wanted.at[i - 1]))
			o->wanted.at[kept++] = o->wanted.at[i];
	o->wanted.len = kept;
	if (!code)
		code = fetch_ids(o, o->wanted.at, o->wanted.len, PICK_PARTS, why);
	if (!code)
		event_close(o, item);
	return code;
}

/* For pushing: one sighting by itself. RC_NONE: it says nothing that MISP could take. */
static enum rc
sight_write(struct out_misp *o, const struct row *r, struct out_misp_item *item, struct diag *why)
{
	struct vault_item found;
	own_stix struct stix_object s = {};
	enum rc code = event_get_if_permits(o, row_id(o, r), &found, why);
	if (code)
		return code;
	if (stix_read(found.object.bytes, &s, NULL))
		return RC_NONE;
	yyjson_val *extension = misp_extension(s.root);
	if (extension) {
		span_copy(json_get_span(extension, "misp_sighted"), item->uuid, sizeof item->uuid);
	} else if (!event_target(o, &s, item->uuid)) {
		o->counts.unsaid++;
		return RC_NONE;
	}
	event_sighting(o, &s, true);
	item->kind = OUT_MISP_SIGHTING;
	item->text = buf_span(&o->text);
	item->objects = 1;
	o->counts.written++;
	return RC_OK;
}

enum rc
out_misp_next(struct out_misp *o, struct out_misp_item *item, struct diag *why)
{
	while (o->next < o->rows.len) {
		size_t from = o->next, to = from;
		*item = (struct out_misp_item){};
		event_reset(o);
		const struct row *r = &o->rows.at[from];
		while (to < o->rows.len && uuid_cmp(&o->rows.at[to].event, &r->event) == 0)
			to++;
		bool lone = uuid_cmp(&r->event, &(struct uuid){}) == 0;
		if (r->kind == ROW_SIGHT && (o->how.changes || lone)) {
			o->next++;
			enum rc code = o->how.changes ? sight_write(o, r, item, why) : RC_NONE;
			o->counts.unsaid += !o->how.changes;
			if (code != RC_NONE)
				return code;
			continue;
		}
		/* Sightings sort last within their event: for pushing they come one by one. */
		while (o->how.changes && to > from && o->rows.at[to - 1].kind == ROW_SIGHT)
			to--;
		o->next = to;
		return event_write(o, from, to, item, why);
	}
	return RC_NONE;
}
