#include "feed/arm.h"

#include "codec/json.h"
#include "stix/marking.h"

static int64_t
time_member(const struct stix_object *o, const char *name)
{
	int64_t at;
	struct span text = json_get_span(o->root, name);
	return text.len && !time_parse(text, &at, NULL) ? at : TIME_NONE;
}

void
arm_object(const struct stix_object *o, const struct arm_origin *origin, struct arm_batch *to)
{
	if (!span_eq(o->type, SPAN("indicator")))
		return;
	struct span type = json_get_span(o->root, "pattern_type");
	/* STIX 2.0 has no pattern_type: its patterns are STIX patterns. */
	if (type.len && !span_eq(type, SPAN("stix"))) {
		to->counts.foreign++;
		return;
	}
	struct stix_tlp tlp = stix_tlp(o, NULL);
	struct indicator facts = {
		.id = o->id,
		.name = json_get_span(o->root, "name"),
		.pattern = json_get_span(o->root, "pattern"),
		.party = origin && origin->party.len ? origin->party : o->created_by,
		.memo = origin ? origin->memo : (struct span){},
		.valid_from = time_member(o, "valid_from"),
		.valid_until = time_member(o, "valid_until"),
		.confidence = -1,
		.revoked = o->revoked,
	};
	if (tlp.level != TLP_NONE)
		facts.tlp = span_of(tlp_word(tlp.level));
	yyjson_val *confidence = json_get(o->root, "confidence");
	if (yyjson_is_uint(confidence) && yyjson_get_uint(confidence) <= 100)
		facts.confidence = (int)yyjson_get_uint(confidence);
	arm_pattern(&facts, to);
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
