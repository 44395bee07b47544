/* Personal data in one object: doc/gate.md gives the table that is here in code. */
#include "base/ascii.h"
#include "codec/json.h"
#include "memo/facts.h"

static const struct {
	struct span type;
	enum privacy level;
} types[] = {
	{{"artifact", 8}, PRIVACY_TECHNICAL},
	{{"autonomous-system", 17}, PRIVACY_NONE},
	{{"directory", 9}, PRIVACY_TECHNICAL},
	{{"domain-name", 11}, PRIVACY_TECHNICAL},
	{{"email-addr", 10}, PRIVACY_PERSON},
	{{"email-message", 13}, PRIVACY_PERSON},
	{{"file", 4}, PRIVACY_TECHNICAL},
	{{"ipv4-addr", 9}, PRIVACY_TECHNICAL},
	{{"ipv6-addr", 9}, PRIVACY_TECHNICAL},
	{{"mac-addr", 8}, PRIVACY_TECHNICAL},
	{{"mutex", 5}, PRIVACY_NONE},
	{{"network-traffic", 15}, PRIVACY_TECHNICAL},
	{{"process", 7}, PRIVACY_TECHNICAL},
	{{"software", 8}, PRIVACY_NONE},
	{{"url", 3}, PRIVACY_TECHNICAL},
	{{"user-account", 12}, PRIVACY_PERSON},
	{{"windows-registry-key", 20}, PRIVACY_TECHNICAL},
	{{"x509-certificate", 16}, PRIVACY_TECHNICAL},
	{{"incident", 8}, PRIVACY_VICTIM},
};

const char *
privacy_word(enum privacy p)
{
	static const char *const words[] = {"none", "technical", "person", "victim"};
	return words[p];
}

static enum privacy
stricter(enum privacy a, enum privacy b)
{
	return a > b ? a : b;
}

/* Of a type by name; what the standard does not have may hold anything about a person. */
static enum privacy
of_type(struct span type)
{
	enum stix_kind kind;
	enum stix_class class;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (span_eq(type, types[i].type))
			return types[i].level;
	return stix_type_known(type, &kind, &class) ? PRIVACY_NONE : PRIVACY_PERSON;
}

static bool
is_word(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

/*
 * Object types that a STIX pattern names: words before ':' outside of its strings. Never less than
 * what the pattern tests, whatever its syntax: a word too many makes it stricter.
 */
static enum privacy
of_pattern(struct span pattern)
{
	enum privacy level = PRIVACY_NONE;
	for (size_t i = 0; i < pattern.len;) {
		char c = pattern.ptr[i];
		size_t start = i;
		if (c == '\'') {
			for (i++; i < pattern.len && pattern.ptr[i] != '\''; i++)
				if (pattern.ptr[i] == '\\')
					i++;
			i++;
		} else if (is_word(c)) {
			while (i < pattern.len && is_word(pattern.ptr[i]))
				i++;
			if (i < pattern.len && pattern.ptr[i] == ':')
				level = stricter(
					level, of_type(span_sub(pattern, start, i - start)));
		} else {
			i++;
		}
	}
	return level;
}

static enum privacy
of_indicator(const struct stix_object *o)
{
	struct span kind = json_get_span(o->root, "pattern_type");
	struct span pattern = json_get_span(o->root, "pattern");
	if (kind.len && !span_eq(kind, SPAN("stix")))
		return span_find_byte(pattern, '@') == SIZE_MAX ? PRIVACY_TECHNICAL
								: PRIVACY_PERSON;
	return of_pattern(pattern);
}

/* Types of what observed-data holds: object_refs, or the older `objects` dictionary. */
static enum privacy
of_observed(const struct stix_object *o)
{
	enum privacy level = PRIVACY_NONE;
	yyjson_val *one, *key;
	yyjson_arr_iter refs = yyjson_arr_iter_with(json_get(o->root, "object_refs"));
	while ((one = yyjson_arr_iter_next(&refs))) {
		struct span id = json_span(one);
		level = stricter(level, of_type(span_sub(id, 0, span_find(id, SPAN("--")))));
	}
	yyjson_obj_iter objects = yyjson_obj_iter_with(json_get(o->root, "objects"));
	while ((key = yyjson_obj_iter_next(&objects)))
		level = stricter(
			level, of_type(json_get_span(yyjson_obj_iter_get_val(key), "type")));
	return level;
}

/* People, and organisations whose contact is a person's address. */
static enum privacy
of_identity(const struct stix_object *o)
{
	struct span class = json_get_span(o->root, "identity_class");
	struct span contact = json_get_span(o->root, "contact_information");
	bool nobody = span_eq(class, SPAN("organization")) || span_eq(class, SPAN("system")) ||
		      span_eq(class, SPAN("class")) || span_eq(class, SPAN("group"));
	return nobody && span_find_byte(contact, '@') == SIZE_MAX ? PRIVACY_NONE : PRIVACY_PERSON;
}

enum privacy
privacy_of(const struct stix_object *o)
{
	enum privacy level = of_type(o->type);
	if (span_eq(o->type, SPAN("indicator")))
		level = of_indicator(o);
	else if (span_eq(o->type, SPAN("observed-data")))
		level = of_observed(o);
	else if (span_eq(o->type, SPAN("identity")))
		level = of_identity(o);
	if (json_get(o->root, "authors")) /* note, opinion: names */
		level = stricter(level, PRIVACY_PERSON);
	return level;
}
