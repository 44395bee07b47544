#pragma once
/*
 * The shape of STIX objects as constant tables: what tools/stix_tables.py makes of data/stix/ and
 * data/words/, and how the checker reads it. Any thread.
 */
#include <endian.h>
#include <string.h>

#include <yyjson.h>

#include "stix/object.h"
#include "stix/should-internal.h"

struct check;

enum stix_value {
	VALUE_ANY,
	VALUE_STRING,
	VALUE_BOOLEAN,
	VALUE_BOOLEAN_OR_STRING,
	VALUE_INTEGER, /* arg: struct stix_range or NULL */
	VALUE_FLOAT,
	VALUE_TIME,
	VALUE_TIME_MS, /* three digits or more */
	VALUE_TIME_S,  /* no fraction */
	VALUE_HEX,
	VALUE_BINARY,
	VALUE_HASHES,
	VALUE_HASHES_LISTED, /* by names of the vocabulary alone */
	VALUE_OPEN,	     /* arg: struct stix_words */
	VALUE_ENUM,
	VALUE_OBJECT, /* arg: struct stix_table */
	VALUE_ID,     /* arg: struct stix_refs, NULL: every type */
	VALUE_DICTIONARY_ANY,
	VALUE_DICTIONARY_STRING,
	VALUE_DICTIONARY_STRING_OR_INTEGER,
	VALUE_DICTIONARY_INTEGER,
	VALUE_DICTIONARY_STRINGS,
	VALUE_NEVER,
	VALUE_SELF_TYPE,
	VALUE_SELF_ID,
	VALUE_SPEC_VERSION,
	VALUE_LANG,
	VALUE_SOFTWARE_LANG, /* or a code of ISO 639-2, as STIX 2.0 had it */
	VALUE_URL,
	VALUE_MARKING_REF,
	VALUE_EXTENSIONS,
	VALUE_SELECTOR,
	VALUE_KILL_CHAIN_WORD,
	VALUE_COUNTRY,
	VALUE_PRODUCT,
	VALUE_OBSERVABLES,
	VALUE_RELATIONSHIP_TYPE,
	VALUE_MIME,
	VALUE_CHARSET,
	VALUE_DOMAIN,
	VALUE_EMAIL,
	VALUE_IPV4,
	VALUE_IPV6,
	VALUE_MAC,
	VALUE_PROTOCOL,
	VALUE_PRIORITY,
	VALUE_CPE,
	VALUE_REGISTRY_KEY,
	VALUE_TRANSLATIONS,
	VALUE_PROPERTY_NAME,
	VALUE_OBJECTS, /* of a bundle: each is judged for itself */
	VALUES,
};

/*
 * Words sorted by bytes, word n from byte ends[n] to ends[n + 1] of text; check: which SHOULD
 * judges them, STIX_CHECKS for a closed list.
 */
struct stix_words {
	struct span name;
	const char *text;
	const uint32_t *ends;
	size_t len;
	enum stix_should check;
};

struct stix_range {
	double min, max;
};

struct stix_refs {
	const struct span *types;
	size_t len;
	unsigned kinds; /* bits 1 << enum stix_kind; a type we do not know is always taken */
};

struct stix_property {
	struct span name;
	const void *arg;
	enum stix_value value;
	bool list;
};

enum stix_rule_kind { RULE_ORDER, RULE_SOME, RULE_ONE, RULE_WITH, RULE_OWN, RULE_CODE };

/* A perfect hash of at most 255 names: at each value the number of its name, or 255. */
struct stix_slots {
	uint64_t seed;
	uint8_t at[256];
};

/* The only number that name can have, 255: it has none. The caller compares. */
static inline unsigned
stix_slot(const struct stix_slots *slots, struct span name)
{
	uint64_t first = 0, last = 0;
	if (name.len >= 8) {
		memcpy(&first, name.ptr, 8);
		memcpy(&last, name.ptr + name.len - 8, 8);
	} else if (name.len >= 4) {
		memcpy(&first, name.ptr, 4);
		memcpy(&last, name.ptr + name.len - 4, 4);
	} else if (name.len) {
		memcpy(&first, name.ptr, 1);
		memcpy(&last, name.ptr + name.len - 1, 1);
	}
	first = le64toh(first);
	last = le64toh(last);
	return slots->at[((first ^ (last << 29 | last >> 35)) + name.len) * slots->seed >> 56];
}

/* a and b are sets of properties: bit n is own property n, bit 48 + n common property n. */
struct stix_rule {
	enum stix_rule_kind kind;
	bool strict; /* order: "<", else "<=" */
	uint64_t a, b;
	const char *text;
	struct span first, second;
	void (*code)(struct check *c, yyjson_val *object);
};

struct stix_table {
	struct span name, of; /* of: the type that an extension extends */
	const char *section;  /* of the standard */
	const struct stix_property *own;
	const struct stix_rule *rules;
	const struct stix_table *common; /* properties it shares, NULL: none */
	uint64_t required;
	unsigned own_count, rule_count;
	enum stix_kind kind;
	enum stix_class class;
	const struct stix_slots *slots; /* of own and common properties, by their bits */
};

enum { STIX_COMMON_BIT = 48 };

struct stix_link {
	struct span source, name, target; /* target may be "@sco" */
};

extern const struct stix_table *const stix_objects[], *const stix_extensions[];
extern const size_t stix_objects_count, stix_extensions_count;
extern const struct stix_slots *const stix_object_slots;
/* For types the standard does not have: common properties only. */
extern const struct stix_table *const stix_unknown_sdo, *const stix_unknown_sco;
extern const struct stix_link stix_links[];
extern const size_t stix_links_count;
extern const struct stix_words stix_words_hash_algorithm_ov, stix_words_extension_type_enum,
	stix_words_reserved_properties, stix_words_startup_info,
	stix_words_pdf_document_information, stix_words_http_request_fields,
	stix_words_socket_options, stix_words_countries, stix_words_protocols, stix_words_ipfix,
	stix_words_charsets, stix_words_language_subtags, stix_words_language_extlangs,
	stix_words_language_scripts, stix_words_language_regions, stix_words_language_variants,
	stix_words_language_iso639_2;

bool stix_words_have(const struct stix_words *words, struct span word);
/* By type name; NULL: not of the standard. */
const struct stix_table *stix_table_find(struct span type);
