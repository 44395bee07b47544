#include "feed/arm.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "codec/json.h"
#include "stix/marking.h"

struct members {
	yyjson_val *pattern, *pattern_type, *name, *valid_from, *valid_until, *confidence;
};

/* One walk; the first of a name counts. */
static void
find_members(const yyjson_val *root, struct members *m)
{
	static const struct {
		struct span name;
		size_t at;
	} table[] = {
		{SPAN("name"), offsetof(struct members, name)},
		{SPAN("pattern"), offsetof(struct members, pattern)},
		{SPAN("confidence"), offsetof(struct members, confidence)},
		{SPAN("valid_from"), offsetof(struct members, valid_from)},
		{SPAN("valid_until"), offsetof(struct members, valid_until)},
		{SPAN("pattern_type"), offsetof(struct members, pattern_type)},
	};
	yyjson_obj_iter it = yyjson_obj_iter_with((yyjson_val *)(uintptr_t)root);
	*m = (struct members){};
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		struct span name = json_span(key);
		for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
			if (!span_eq(name, table[i].name))
				continue;
			yyjson_val **field = (yyjson_val **)((char *)m + table[i].at);
			*field = *field ? *field : yyjson_obj_iter_get_val(key);
		}
	}
}

static int64_t
instant(const yyjson_val *val)
{
	int64_t at;
	struct span text = json_span(val);
	return text.len && !time_parse(text, &at, NULL) ? at : TIME_NONE;
}

void
arm_members(const yyjson_val *root, const struct arm_known *known, struct arm_batch *to)
{
	struct members m;
	find_members(root, &m);
	struct span type = json_span(m.pattern_type);
	/* STIX 2.0 has no pattern_type: its patterns are STIX patterns. */
	if (type.len && !span_eq(type, SPAN("stix"))) {
		to->counts.foreign++;
		return;
	}
	struct indicator facts = {
		.id = known->id,
		.name = json_span(m.name),
		.pattern = json_span(m.pattern),
		.party = known->party,
		.memo = known->memo,
		.valid_from = instant(m.valid_from),
		.valid_until = instant(m.valid_until),
		.confidence = -1,
		.revoked = known->revoked,
	};
	if (known->tlp != TLP_NONE)
		facts.tlp = span_of(tlp_word(known->tlp));
	if (yyjson_is_uint(m.confidence) && yyjson_get_uint(m.confidence) <= 100)
		facts.confidence = (int)yyjson_get_uint(m.confidence);
	arm_pattern(&facts, to);
}

void
arm_latest_fini(struct arm_latest *l)
{
	free(l->slot);
	*l = (struct arm_latest){};
}

static struct arm_version *
find_version(const struct arm_latest *l, uint64_t id)
{
	size_t at = id & (l->slots - 1);
	while (l->slot[at].id && l->slot[at].id != id)
		at = (at + 1) & (l->slots - 1);
	return &l->slot[at];
}

static void
grow(struct arm_latest *l)
{
	struct arm_latest old = *l;
	l->slots = old.slots ? old.slots * 2 : 256;
	l->slot = mem_new(l->slots * sizeof *l->slot);
	for (size_t i = 0; i < old.slots; i++)
		if (old.slot[i].id)
			*find_version(l, old.slot[i].id) = old.slot[i];
	free(old.slot);
}

enum seen { SEEN_FIRST, SEEN_NEWER, SEEN_OLDER };

/* Of two that say the same time the first counts, unless the other is revoked. */
static enum seen
see(struct arm_latest *l, const struct stix_object *o)
{
	if ((l->count + 1) * 2 > l->slots)
		grow(l);
	struct arm_version *v = find_version(l, hash64(o->id, l->seed) | 1);
	int64_t modified = o->modified.text.len ? o->modified.at : INT64_MIN;
	bool first = v->id == 0;
	if (!first && (modified < v->modified || (modified == v->modified && !o->revoked)))
		return SEEN_OLDER;
	l->count += first;
	*v = (struct arm_version){hash64(o->id, l->seed) | 1, modified};
	return first ? SEEN_FIRST : SEEN_NEWER;
}

/* Where texts go. */
struct arming {
	struct match_set *set;
	struct arm_latest *latest;
	struct ioc_counts *counts;
	struct arm_batch batch;
};

static enum rc
arm_object(struct arming *a, const struct stix_object *o, struct diag *why)
{
	struct arm_known known = {
		.id = o->id,
		.party = o->created_by,
		.tlp = stix_tlp(o, NULL).level,
		.revoked = o->revoked,
	};
	if (!span_eq(o->type, SPAN("indicator")))
		return RC_OK;
	enum rc code = RC_OK;
	uint64_t gone; /* armed by this list or one before it */
	switch (see(a->latest, o)) {
	case SEEN_OLDER: a->counts->older++; return RC_OK;
	case SEEN_NEWER:
		code = arm_commit(a->set, &a->batch, a->counts, why);
		gone = match_set_revoke(a->set, o->id);
		a->counts->armed -= gone < a->counts->armed ? gone : a->counts->armed;
		a->counts->older++;
		break;
	case SEEN_FIRST:
		/* What a compiled set holds of it was there before: this is what came since. */
		if (match_set_is_over(a->set) && !mutant(1674) && match_set_revoke(a->set, o->id))
			a->counts->older++;
		break;
	}
	if (!code)
		arm_members(o->root, &known, &a->batch);
	return code;
}

static enum rc
arm_one(struct arming *a, struct span text, struct diag *why)
{
	own_stix struct stix_object o = {};
	struct diag fault = {};
	/* Most of a bundle is something else and need not be read. */
	if (span_find(text, SPAN("\"indicator\"")) == SIZE_MAX)
		return RC_OK;
	if (!stix_read(text, &o, &fault))
		return arm_object(a, &o, why);
	ioc_unknown(&a->batch.counts, &fault, text);
	return RC_OK;
}

enum rc
arm_text(struct match_set *set, struct span text, struct arm_latest *latest,
	struct ioc_counts *counts, struct diag *why)
{
	enum { BATCH = 1024 };
	struct arming a = {set, latest, counts, {}};
	struct json_slice it;
	struct span element = text = span_trim(text);
	json_slice_init(&it, text);
	enum rc code = text.len && text.ptr[0] == '['
			       ? json_slice_array(&it, why)
			       : json_slice_member(&it, SPAN("objects"), why);
	if (code == RC_NONE) {
		code = arm_one(&a, text, why);
	} else {
		while (!code && !(code = json_slice_next(&it, &element, why))) {
			code = arm_one(&a, element, why);
			if (!code && a.batch.all.len >= BATCH)
				code = arm_commit(set, &a.batch, counts, why);
		}
		if (code == RC_NONE)
			code = json_slice_end(&it, (struct span){}, why);
	}
	enum rc last = arm_commit(set, &a.batch, counts, code ? NULL : why);
	arm_batch_fini(&a.batch);
	return code ? code : last;
}
