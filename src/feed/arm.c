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

enum rc
arm_object(struct match_set *set, const struct stix_object *o, const struct arm_origin *origin,
	struct ioc_counts *counts, struct diag *why)
{
	if (!span_eq(o->type, SPAN("indicator")))
		return RC_NONE;
	struct span type = json_get_span(o->root, "pattern_type");
	/* STIX 2.0 has no pattern_type: its patterns are STIX patterns. */
	if (type.len && !span_eq(type, SPAN("stix"))) {
		counts->foreign++;
		return RC_OK;
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
	return arm_pattern(set, &facts, counts, why);
}

static enum rc
arm_one(struct match_set *set, struct span text, const struct arm_origin *origin,
	struct ioc_counts *counts, struct diag *why)
{
	own_stix struct stix_object o = {};
	struct diag fault = {};
	/* Most of a bundle is something else and need not be read. */
	if (span_find(text, SPAN("\"indicator\"")) == SIZE_MAX)
		return RC_OK;
	if (stix_read(text, &o, &fault)) {
		ioc_unknown(counts, &fault);
		return RC_OK;
	}
	enum rc code = arm_object(set, &o, origin, counts, why);
	return code == RC_NONE ? RC_OK : code;
}

enum rc
arm_text(struct match_set *set, struct span text, const struct arm_origin *origin,
	struct ioc_counts *counts, struct diag *why)
{
	struct json_slice it;
	struct span element;
	text = span_trim(text);
	json_slice_init(&it, text);
	enum rc code = text.len && text.ptr[0] == '['
			       ? json_slice_array(&it, why)
			       : json_slice_member(&it, SPAN("objects"), why);
	if (code == RC_NONE)
		return arm_one(set, text, origin, counts, why);
	while (!code) {
		code = json_slice_next(&it, &element, why);
		if (!code)
			code = arm_one(set, element, origin, counts, why);
	}
	return code == RC_NONE ? json_slice_end(&it, (struct span){}, why) : code;
}
