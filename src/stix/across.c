/* The index of stix/across.h: ids, versions, UUIDs. What single types ask is in across_rules.c. */
#include "stix/across.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/hash.h"
#include "base/own.h"
#include "codec/json.h"
#include "stix/across-internal.h"
#include "stix/id.h"
#include "stix/version.h"

enum { UUID_LEN = UUID_TEXT - 1 };

/* Numbers of entries by a hash; 0: free, else number + 1. */
struct slots {
	uint32_t *at;
	size_t len, used;
};

struct stix_across {
	const char *list;
	struct arena ids;
	vec_of(struct across_entry) all;
	struct slots by_id, by_uuid;
	uint64_t total, reread; /* bytes of all texts; of those read again */
};

/* How often all of a file may be read again: a million references to one large object are harm. */
enum { REREAD_TIMES = 32, REREAD_LEAST = 64 << 20 };

struct stix_across *
stix_across_new(const char *list)
{
	struct stix_across *a = mem_new(sizeof *a);
	a->list = list;
	return a;
}

void
stix_across_free(struct stix_across **a)
{
	if (!*a)
		return;
	arena_fini(&(*a)->ids);
	free((*a)->all.at);
	free((*a)->by_id.at);
	free((*a)->by_uuid.at);
	free(*a);
	*a = NULL;
}

const struct across_entry *
across_at(struct stix_across *a, uint32_t number)
{
	return &a->all.at[number];
}

yyjson_val *
across_open(struct stix_across *a, const struct across_entry *e, yyjson_doc **doc)
{
	if (!e->text.ptr)
		return e->value;
	a->reread += e->text.len;
	if (a->reread > a->total * REREAD_TIMES + REREAD_LEAST)
		return NULL;
	return json_read(e->text, NULL, doc, NULL) ? NULL : yyjson_doc_get_root(*doc);
}

static struct span
uuid_of(const struct across_entry *e)
{
	return span_sub(e->id, e->id.len - UUID_LEN, UUID_LEN);
}

static uint64_t
hash_id(const struct across_entry *e)
{
	return hash64(e->id, 0);
}

/* A UUID may be written in capitals too. */
static uint64_t
hash_uuid(const struct across_entry *e)
{
	char low[UUID_LEN];
	struct span uuid = uuid_of(e);
	for (size_t i = 0; i < UUID_LEN; i++)
		low[i] = ascii_lower(uuid.ptr[i]);
	return hash64((struct span){low, UUID_LEN}, e->maker);
}

static bool
same_id(const struct across_entry *x, const struct across_entry *y)
{
	return span_eq(x->id, y->id);
}

static bool
same_uuid(const struct across_entry *x, const struct across_entry *y)
{
	return x->maker == y->maker && span_eq_fold(uuid_of(x), uuid_of(y));
}

/* The slot of `e`, or the free one where it belongs. */
static uint32_t *
slot_of(struct stix_across *a, const struct slots *s, const struct across_entry *e, uint64_t hash,
	bool (*same)(const struct across_entry *, const struct across_entry *))
{
	size_t at = hash & (s->len - 1);
	while (s->at[at] && !same(&a->all.at[s->at[at] - 1], e))
		at = (at + 1) & (s->len - 1);
	return &s->at[at];
}

static void
grow(struct stix_across *a, struct slots *s, uint64_t (*hash)(const struct across_entry *))
{
	if ((s->used + 1) * 2 <= s->len)
		return;
	own_mem uint32_t *old = s->at;
	size_t before = s->len;
	s->len = before ? before * 2 : 64;
	s->at = mem_new(s->len * sizeof *s->at);
	for (size_t i = 0; i < before; i++) {
		if (!old[i])
			continue;
		size_t at = hash(&a->all.at[old[i] - 1]) & (s->len - 1);
		while (s->at[at])
			at = (at + 1) & (s->len - 1);
		s->at[at] = old[i];
	}
}

/* The versions of an id stand in the file's order. */
static void
link_id(struct stix_across *a, uint32_t number)
{
	struct across_entry *e = &a->all.at[number];
	grow(a, &a->by_id, hash_id);
	uint32_t *slot = slot_of(a, &a->by_id, e, hash_id(e), same_id);
	if (!*slot) {
		*slot = number + 1;
		a->by_id.used++;
		return;
	}
	struct across_entry *first = &a->all.at[*slot - 1];
	a->all.at[first->last].next = number;
	first->last = number;
	if (e->modified > a->all.at[first->latest].modified)
		first->latest = number;
}

static void
link_uuid(struct stix_across *a, uint32_t number)
{
	struct across_entry *e = &a->all.at[number];
	grow(a, &a->by_uuid, hash_uuid);
	uint32_t *slot = slot_of(a, &a->by_uuid, e, hash_uuid(e), same_uuid);
	e->twin = *slot ? *slot - 1 : (uint32_t)NOBODY;
	if (!*slot) {
		*slot = number + 1;
		a->by_uuid.used++;
	}
}

static unsigned
rules_of(struct span type, yyjson_val *object)
{
	unsigned rules = json_get(object, "extensions") ? ACROSS_EXTENDED : 0;
	if (span_eq(type, SPAN("language-content")))
		rules |= ACROSS_TRANSLATES;
	else if (span_eq(type, SPAN("marking-definition")))
		rules |= ACROSS_MARKING;
	else if (span_eq(type, SPAN("malware")) && json_get(object, "sample_refs"))
		rules |= ACROSS_SAMPLES;
	else if (span_eq(type, SPAN("relationship")) || span_eq(type, SPAN("sighting")) ||
		 span_eq(type, SPAN("observed-data")) || span_eq(type, SPAN("malware-analysis")))
		rules |= ACROSS_LINK;
	return rules;
}

static void
note(struct stix_across *a, size_t index, struct span text, yyjson_val *object)
{
	struct span type, id = json_get_span(object, "id"),
			  maker = json_get_span(object, "created_by_ref");
	if (stix_id_parse(id, &type, NULL) || span_eq(type, SPAN("bundle")) ||
		a->all.len >= NOBODY - 1)
		return;
	struct stix_time modified = {.at = TIME_NONE};
	(void)!stix_time_read(json_get_span(object, "modified"), &modified);
	a->total += text.len;
	uint32_t number = (uint32_t)a->all.len;
	*vec_add(&a->all) = (struct across_entry){.text = text,
		.value = text.ptr ? NULL : object,
		.id = arena_dup(&a->ids, id),
		.maker = maker.len ? hash64(maker, 0) | 1 : 0,
		.index = index,
		.next = NOBODY,
		.last = number,
		.latest = number,
		.modified = modified.at,
		.twin = NOBODY,
		.rules = rules_of(type, object)};
	link_id(a, number);
	if (maker.len)
		link_uuid(a, number);
}

void
stix_across_add(struct stix_across *a, size_t index, struct span text)
{
	own_json yyjson_doc *doc = NULL;
	if (json_read(text, NULL, &doc, NULL) == RC_OK)
		note(a, index, text, yyjson_doc_get_root(doc));
}

void
stix_across_add_value(struct stix_across *a, size_t index, yyjson_val *object)
{
	note(a, index, (struct span){}, object);
}

uint32_t
across_find(struct stix_across *a, struct span id)
{
	struct across_entry key = {.id = id};
	if (!a->by_id.len)
		return NOBODY;
	uint32_t slot = *slot_of(a, &a->by_id, &key, hash_id(&key), same_id);
	return slot ? slot - 1 : (uint32_t)NOBODY;
}

uint32_t
across_latest(struct stix_across *a, struct span id)
{
	uint32_t first = across_find(a, id);
	return first == NOBODY ? first : a->all.at[first].latest;
}

static void
at_property(struct check *c, const char *name, const char *code, const char *what)
{
	struct frame step = {.up = c->at, .key = span_of(name)};
	c->at = &step;
	check_must(c, code, "%s", what);
	c->at = step.up;
}

/* A version as it stands in the order of time. */
struct version {
	const struct across_entry *entry;
	struct stix_time modified;
	bool revoked;
};

static int
by_time(const void *x, const void *y)
{
	const struct version *a = x, *b = y;
	int order = stix_time_cmp(&a->modified, &b->modified);
	return order ? order : a->entry->index < b->entry->index ? -1 : 1;
}

static bool
read_entry(const struct across_entry *e, struct stix_object *o, struct buf *text)
{
	buf_reset(text);
	if (!e->text.ptr)
		json_write(text, e->value);
	return stix_read(e->text.ptr ? e->text : buf_span(text), o, NULL) == RC_OK;
}

/* One version beside the one before it in time: together they show every change. */
static void
judge_change(struct check *c, const struct stix_object *before, const struct stix_object *one)
{
	bool versioned = before->modified.at != TIME_NONE && one->modified.at != TIME_NONE;
	bool same_time = versioned && stix_time_cmp(&before->modified, &one->modified) == 0;
	bool same = stix_same_content(before, one);
	if (stix_time_cmp(&before->created, &one->created) != 0)
		at_property(c, "created", "version",
			"versions of one object have one time of creation; another "
			"in this file has an other one");
	if (!span_eq(before->created_by, one->created_by))
		at_property(c, "created_by_ref", "version",
			"only its creator makes versions of an object; another in "
			"this file names another creator");
	if (same_time && !same)
		at_property(c, "modified", "version",
			"a change needs a later time; another of this id and time "
			"in this file differs");
	if (same_time && same)
		check_should(
			c, CHECK_DUPLICATE_IDS, "this id and version stand in the file before");
	if (!versioned && !same)
		at_property(c, "id", "version",
			"this type has no versions; another of this id in this "
			"file differs");
}

static void
judge_in_order(struct check *c, struct frame *item, const struct version *all, size_t len)
{
	struct buf texts[2] = {}; /* of values; an object borrows its own */
	own_stix struct stix_object before = {};
	const struct version *end = NULL;
	unsigned free_text = 0;
	for (size_t i = 0; i < len && !c->stop; i++) {
		struct stix_object one = {};
		item->index = all[i].entry->index;
		c->id = all[i].entry->id;
		if (end && stix_time_cmp(&all[i].modified, &end->modified) > 0)
			at_property(c, "modified", "revoked",
				"a revocation is the last version; the file has an "
				"earlier one that revokes");
		if (all[i].revoked && !end)
			end = &all[i];
		if (!read_entry(all[i].entry, &one, &texts[free_text]))
			continue;
		free_text ^= 1;
		if (before.doc)
			judge_change(c, &before, &one);
		stix_fini(&before);
		before = one;
	}
	buf_fini(&texts[0]);
	buf_fini(&texts[1]);
}

/* Cyber-observables are not versioned: section 3.6. */
static void
judge_versions(struct check *c, struct stix_across *a, struct frame *item, uint32_t first)
{
	own_arena struct arena times = {};
	vec_of(struct version) all = {};
	for (uint32_t i = first; i != NOBODY; i = a->all.at[i].next) {
		own_json yyjson_doc *doc = NULL;
		yyjson_val *value = across_open(a, &a->all.at[i], &doc);
		struct version v = {.entry = &a->all.at[i],
			.modified.at = TIME_NONE,
			.revoked = yyjson_is_true(json_get(value, "revoked"))};
		struct span text = json_get_span(value, "modified");
		if (text.len && text.len < 64)
			(void)!stix_time_read(arena_dup(&times, text), &v.modified);
		*vec_add(&all) = v;
	}
	qsort(all.at, all.len, sizeof *all.at, by_time);
	judge_in_order(c, item, all.at, all.len);
	free(all.at);
}

/* Section 2.9: a producer uses a UUID for objects of one type; observables' ids say nothing of it.
 */
static void
judge_uuid(struct check *c, struct stix_across *a, const struct across_entry *e)
{
	enum stix_kind kind;
	enum stix_class class;
	struct span type, other;
	if (e->twin == NOBODY || stix_id_parse(e->id, &type, NULL) ||
		stix_id_parse(a->all.at[e->twin].id, &other, NULL) || span_eq(type, other))
		return;
	if ((stix_type_known(type, &kind, &class) && kind == STIX_SCO) ||
		(stix_type_known(other, &kind, &class) && kind == STIX_SCO))
		return;
	at_property(c, "id", "uuid-reuse",
		"a producer uses a UUID for one type of object; this one stands in "
		"the "
		"file on another type");
}

enum rc
stix_across_judge(
	struct stix_across *a, const struct stix_options *options, struct stix_verdicts *out)
{
	struct check c = {.options = options, .out = out, .should = check_active(options)};
	struct frame list = {.key = span_of(a->list)}, item = {.up = *a->list ? &list : NULL};
	size_t musts = out->musts, shoulds = out->shoulds;
	for (uint32_t i = 0; i < a->all.len && !c.stop; i++) {
		const struct across_entry *e = &a->all.at[i];
		enum stix_kind kind;
		enum stix_class class;
		struct span type;
		c.at = &item;
		item.index = e->index;
		c.id = e->id;
		judge_uuid(&c, a, e);
		if (e->rules & ~ACROSS_MARKING && !c.stop)
			across_rules(&c, a, e);
		bool observable = !stix_id_parse(e->id, &type, NULL) &&
				  stix_type_known(type, &kind, &class) && kind == STIX_SCO;
		if (e->next != NOBODY && across_find(a, e->id) == i && !observable && !c.stop)
			judge_versions(&c, a, &item, i);
	}
	c.at = &item;
	if (!c.stop)
		across_circles(&c, a, &item, a->all.len);
	if (a->reread > a->total * REREAD_TIMES + REREAD_LEAST) {
		c.at = NULL;
		c.id = (struct span){};
		check_must(&c, "limit",
			"references lead too often to large objects: not all was judged together; "
			"split the file");
	}
	return check_result(options, out, musts, shoulds);
}
