#include "feed/arm.h"

#include <stddef.h>

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
arm_object(const struct stix_object *o, const struct arm_origin *origin, struct arm_batch *to)
{
	struct arm_known known = {
		.id = o->id,
		.party = origin && origin->party.len ? origin->party : o->created_by,
		.memo = origin ? origin->memo : (struct span){},
		.tlp = stix_tlp(o, NULL).level,
		.revoked = o->revoked,
	};
	if (span_eq(o->type, SPAN("indicator")))
		arm_members(o->root, &known, to);
}

static void
arm_one(struct span text, const struct arm_origin *origin, struct arm_batch *to)
{
	own_stix struct stix_object o = {};
	struct diag fault = {};
	/* Most of a bundle is something else and need not be read. */
	if (span_find(text, SPAN("\"indicator\"")) == SIZE_MAX)
		return;
	if (stix_read(text, &o, &fault))
		ioc_unknown(&to->counts, &fault, text);
	else
		arm_object(&o, origin, to);
}

enum rc
arm_text(struct match_set *set, struct span text, const struct arm_origin *origin,
	struct ioc_counts *counts, struct diag *why)
{
	enum { BATCH = 1024 };
	own_arm_batch struct arm_batch batch = {};
	struct json_slice it;
	struct span element = text = span_trim(text);
	json_slice_init(&it, text);
	enum rc code = text.len && text.ptr[0] == '['
			       ? json_slice_array(&it, why)
			       : json_slice_member(&it, SPAN("objects"), why);
	if (code == RC_NONE) {
		arm_one(text, origin, &batch);
		return arm_commit(set, &batch, counts, why);
	}
	while (!code && !(code = json_slice_next(&it, &element, why))) {
		arm_one(element, origin, &batch);
		if (batch.all.len >= BATCH)
			code = arm_commit(set, &batch, counts, why);
	}
	if (code == RC_NONE)
		code = json_slice_end(&it, (struct span){}, why);
	enum rc last = arm_commit(set, &batch, counts, code ? NULL : why);
	return code ? code : last;
}
