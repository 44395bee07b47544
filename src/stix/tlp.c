#include "stix/tlp.h"

#include "base/mutant.h"

#define ONE(uuid, word, upper) \
	"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"marking-definition-" \
	"-" uuid "\",\"created\":\"2017-01-20T00:00:00.000Z\",\"definition_type\":\"tlp\"," \
	"\"name\":\"TLP:" upper "\",\"definition\":{\"tlp\":\"" word "\"}}"
#define TWO(uuid, word, upper) \
	"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"marking-definition-" \
	"-" uuid "\",\"created\":\"2022-10-01T00:00:00.000Z\",\"name\":\"TLP:" upper \
	"\",\"extensions\":{\"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d\":" \
	"{\"extension_type\":\"property-extension\",\"tlp_2_0\":\"" word "\"}}}"
#define TEXT(literal) \
	{ \
		"" literal, sizeof(literal) - 1 \
	}
#define MARKING(level, version, form, uuid, word, upper) \
	{ \
		TEXT("marking-definition--" uuid), level, version, TEXT("TLP:" upper), \
			TEXT(form(uuid, word, upper)) \
	}

const struct tlp_marking tlp_markings[TLP_MARKINGS] = {
	MARKING(TLP_CLEAR, 2, TWO, "94868c89-83c2-464b-929b-a1a8aa3c8487", "clear", "CLEAR"),
	MARKING(TLP_GREEN, 2, TWO, "bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "green", "GREEN"),
	MARKING(TLP_AMBER, 2, TWO, "55d920b0-5e8b-4f79-9ee9-91f868d9b421", "amber", "AMBER"),
	MARKING(TLP_AMBER_STRICT, 2, TWO, "939a9414-2ddd-4d32-a0cd-375ea402b003", "amber+strict",
		"AMBER+STRICT"),
	MARKING(TLP_RED, 2, TWO, "e828b379-4e03-4974-9ac4-e53a884c97c1", "red", "RED"),
	MARKING(TLP_CLEAR, 1, ONE, "613f2e26-407d-48c7-9eca-b8e91df99dc9", "white", "WHITE"),
	MARKING(TLP_GREEN, 1, ONE, "34098fce-860f-48ae-8e50-ebd3cc5e41da", "green", "GREEN"),
	MARKING(TLP_AMBER_STRICT, 1, ONE, "f88d31f6-486f-44da-b317-01333bde0b82", "amber", "AMBER"),
	MARKING(TLP_RED, 1, ONE, "5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "red", "RED"),
};

const struct tlp_marking *
tlp_marking_find(struct span id)
{
	enum {
		HEAD = sizeof "marking-definition--" - 1
	}; /* all have it: what tells them apart goes first */
	for (size_t i = 0; i < TLP_MARKINGS && id.len == HEAD + 36; i++)
		if (span_eq_fold(span_sub(id, HEAD, 36), span_sub(tlp_markings[i].id, HEAD, 36)) &&
			span_eq_fold(
				span_sub(id, 0, HEAD), span_sub(tlp_markings[i].id, 0, HEAD)) &&
			!(mutant(1561) && tlp_markings[i].version == 2))
			return &tlp_markings[i];
	return NULL;
}

const struct tlp_marking *
tlp_marking_of(enum tlp level)
{
	return level == TLP_NONE ? NULL : &tlp_markings[level - TLP_CLEAR];
}

const char *
tlp_word(enum tlp level)
{
	static const char *const words[] = {
		[TLP_NONE] = "none",
		[TLP_CLEAR] = "clear",
		[TLP_GREEN] = "green",
		[TLP_AMBER] = "amber",
		[TLP_AMBER_STRICT] = "amber+strict",
		[TLP_RED] = "red",
	};
	return words[level];
}

enum rc
tlp_parse(struct span label, enum tlp *out, struct diag *why)
{
	struct span word = label;
	if (word.len > 4 && span_eq_fold(span_sub(word, 0, 4), SPAN("tlp:")))
		word = span_sub(word, 4, SIZE_MAX);
	if (span_eq_fold(word, SPAN("white"))) {
		*out = TLP_CLEAR;
		return RC_OK;
	}
	for (enum tlp level = TLP_CLEAR; level <= TLP_RED; level++) {
		if (span_eq_fold(word, span_of(tlp_word(level)))) {
			*out = level;
			return RC_OK;
		}
	}
	diag_todo(why, "say clear, green, amber, amber+strict or red");
	return diag_fail(why, RC_BAD, "\"%.*s\" is no TLP label",
		(int)(label.len < 40 ? label.len : 40), label.ptr);
}
