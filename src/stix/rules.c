/* Rules of single types that tables cannot say. */
#include "base/mutant.h"
#include "stix/rules-internal.h"

#include "base/ascii.h"
#include "codec/json.h"
#include "stix/check-internal.h"
#include "stix/id.h"
#include "stix/tlp.h"

/* Runs `call` with the path one step further. */
#define AT(c, name, call) \
	do { \
		struct frame step_ = {.up = (c)->at, .key = SPAN(name)}; \
		(c)->at = &step_; \
		call; \
		(c)->at = step_.up; \
	} while (0)

static bool
all_digits(struct span s, size_t least)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_digit(s.ptr[i]))
			return false;
	return s.len >= least;
}

/* CVE-YYYY-NNNN or more digits without a leading zero. */
static bool
is_cve(struct span s)
{
	struct span number = span_sub(s, 9, SIZE_MAX);
	return s.len >= 13 && span_starts(s, SPAN("CVE-")) && all_digits(span_sub(s, 4, 4), 4) &&
	       s.ptr[8] == '-' && all_digits(number, 4) &&
	       (number.len == 4 || number.ptr[0] != '0');
}

static bool
is_capec(struct span s)
{
	return span_starts(s, SPAN("CAPEC-")) && all_digits(span_sub(s, 6, SIZE_MAX), 1);
}

/* Sections 4.1.1 and 4.19.1; which object refers does not matter. */
void
rule_external_reference(struct check *c, yyjson_val *object)
{
	struct span source = json_get_span(object, "source_name"),
		    id = json_get_span(object, "external_id");
	if (span_eq(source, SPAN("cve")) != is_cve(id))
		AT(c, "external_id",
			check_must(c, "external-id",
				"\"cve\" goes with CVE-YYYY-NNNN, and only with it"));
	if (span_eq(source, SPAN("capec")) != is_capec(id))
		AT(c, "external_id",
			check_must(
				c, "external-id", "\"capec\" goes with CAPEC-N, and only with it"));
	if (check_wants(c, CHECK_EXTREF_HASHES) && json_get(object, "url") &&
		!json_get(object, "hashes"))
		check_should(c, CHECK_EXTREF_HASHES, "a url should come with hashes");
}

void
rule_indicator(struct check *c, yyjson_val *object)
{
	struct span pattern = json_get_span(object, "pattern");
	if (pattern.ptr && span_eq(json_get_span(object, "pattern_type"), SPAN("stix")))
		AT(c, "pattern", check_pattern(c, pattern));
	if (check_wants(c, CHECK_INDICATOR_PROPERTIES) &&
		(!json_get(object, "name") || !json_get(object, "description")))
		check_should(c, CHECK_INDICATOR_PROPERTIES, "should have a name and a description");
}

void
rule_malware(struct check *c, yyjson_val *object)
{
	if (yyjson_is_true(json_get(object, "is_family")) && !json_get(object, "name"))
		AT(c, "name", check_must(c, "required", "a malware family must have a name"));
}

/* An encoded-word of RFC 2047 section 2: "=?" charset "?" Q or B "?" text "?=". */
static bool
has_encoded_word(struct span s)
{
	for (size_t at; (at = span_find(s, SPAN("=?"))) != SIZE_MAX;) {
		struct span rest = span_sub(s, at + 2, SIZE_MAX), part[4];
		size_t parts = 0;
		s = rest;
		while (parts < 4 && rest.ptr && span_cut(&rest, '?', &part[parts]))
			parts++;
		if (parts == 4 && part[0].len && part[1].len == 1 &&
			(ascii_lower(part[1].ptr[0]) == 'q' ||
				ascii_lower(part[1].ptr[0]) == 'b') &&
			span_find_byte(part[2], ' ') == SIZE_MAX && part[3].len &&
			part[3].ptr[0] == '=')
			return true;
	}
	return false;
}

static void
check_decoded(struct check *c, struct span value)
{
	if (value.len && has_encoded_word(value))
		check_must(c, "encoded-word", "words of RFC 2047 must be decoded");
}

/* Section 6.6: header fields stand decoded. */
static void
check_headers(struct check *c, yyjson_val *object)
{
	struct frame fields = {.up = c->at, .key = SPAN("additional_header_fields")};
	AT(c, "subject", check_decoded(c, json_get_span(object, "subject")));
	AT(c, "content_type", check_decoded(c, json_get_span(object, "content_type")));
	yyjson_obj_iter it = yyjson_obj_iter_with(json_get(object, "additional_header_fields"));
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		struct frame step = {.up = &fields, .key = json_span(key)}, item = {.up = &step};
		yyjson_arr_iter list = yyjson_arr_iter_with(yyjson_obj_iter_get_val(key));
		c->at = &item;
		for (yyjson_val *one; (one = yyjson_arr_iter_next(&list)); item.index++)
			check_decoded(c, json_span(one));
		c->at = fields.up;
	}
}

void
rule_email_message(struct check *c, yyjson_val *object)
{
	check_headers(c, object);
	yyjson_val *multipart = json_get(object, "is_multipart");
	if (yyjson_is_true(multipart) && json_get(object, "body"))
		AT(c, "body", check_must(c, "not-allowed", "not where is_multipart is true"));
	if (yyjson_is_false(multipart) && json_get(object, "body_multipart"))
		AT(c, "body_multipart",
			check_must(c, "not-allowed", "not where is_multipart is false"));
}

static void
check_keys(struct check *c, yyjson_val *dictionary, const struct stix_words *words)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(dictionary);
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		struct frame step = {.up = c->at, .key = json_span(key)};
		c->at = &step;
		if (!stix_words_have(words, step.key))
			check_should(c, words->check, "no known name of its kind");
		c->at = step.up;
	}
}

void
rule_network_traffic(struct check *c, yyjson_val *object)
{
	if (yyjson_is_true(json_get(object, "is_active")) && json_get(object, "end"))
		AT(c, "end", check_must(c, "not-allowed", "not where is_active is true"));
	if (check_wants(c, CHECK_NETWORK_TRAFFIC_PORTS) &&
		(!json_get(object, "src_port") || !json_get(object, "dst_port")))
		check_should(c, CHECK_NETWORK_TRAFFIC_PORTS, "should have src_port and dst_port");
	AT(c, "ipfix", check_keys(c, json_get(object, "ipfix"), &stix_words_ipfix));
}

void
rule_http_request(struct check *c, yyjson_val *object)
{
	AT(c, "request_header",
		check_keys(c, json_get(object, "request_header"), &stix_words_http_request_fields));
}

void
rule_socket(struct check *c, yyjson_val *object)
{
	AT(c, "options", check_keys(c, json_get(object, "options"), &stix_words_socket_options));
}

void
rule_pdf(struct check *c, yyjson_val *object)
{
	AT(c, "document_info_dict",
		check_keys(c, json_get(object, "document_info_dict"),
			&stix_words_pdf_document_information));
}

/* Section 6.7.5: keys are EXIF tag names, case preserved; each of those begins with a capital. */
void
rule_raster_image(struct check *c, yyjson_val *object)
{
	struct frame tags = {.up = c->at, .key = SPAN("exif_tags")};
	yyjson_obj_iter it = yyjson_obj_iter_with(json_get(object, "exif_tags"));
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		struct frame step = {.up = &tags, .key = json_span(key)};
		c->at = &step;
		if (step.key.len && !(step.key.ptr[0] >= 'A' && step.key.ptr[0] <= 'Z'))
			check_must(c, "dictionary-key",
				"EXIF tags begin with a capital letter, which stays (section "
				"6.7.5)");
		c->at = tags.up;
	}
}

/* Section 6.13.2: keys are the structure's own names, case preserved. */
void
rule_windows_process(struct check *c, yyjson_val *object)
{
	struct frame info = {.up = c->at, .key = SPAN("startup_info")};
	yyjson_obj_iter it = yyjson_obj_iter_with(json_get(object, "startup_info"));
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		struct frame step = {.up = &info, .key = json_span(key)};
		c->at = &step;
		if (!stix_words_have(&stix_words_startup_info, step.key))
			check_must(c, "dictionary-key", "STARTUPINFO has no such name");
		c->at = info.up;
	}
}

/* Section 4.14.1: at least one of object_refs is an observable. */
void
rule_observed_data(struct check *c, yyjson_val *object)
{
	yyjson_val *refs = json_get(object, "object_refs");
	yyjson_arr_iter it = yyjson_arr_iter_with(refs);
	for (yyjson_val *ref; (ref = yyjson_arr_iter_next(&it));) {
		struct span type;
		enum stix_kind kind;
		enum stix_class class;
		if (stix_id_parse(json_span(ref), &type, NULL) ||
			!stix_type_known(type, &kind, &class) || kind == STIX_SCO)
			return;
	}
	if (yyjson_arr_size(refs))
		AT(c, "object_refs",
			check_must(c, "observable", "at least one must be a cyber-observable"));
}

static bool
link_fits(const struct stix_link *link, struct span source, struct span name, struct span target)
{
	enum stix_kind kind;
	enum stix_class class;
	if (!span_eq(link->source, source) || !span_eq(link->name, name))
		return false;
	return span_eq(link->target, target) ||
	       (span_eq(link->target, SPAN("@sco")) && stix_type_known(target, &kind, &class) &&
		       kind == STIX_SCO);
}

/* Section 5.1.2: the tables of section 4 and 6, and the three of section 3.7. */
void
rule_relationship(struct check *c, yyjson_val *object)
{
	struct span source, target, name = json_get_span(object, "relationship_type");
	bool name_has = false;
	if (!check_wants(c, CHECK_RELATIONSHIP_TYPES) || !name.ptr ||
		stix_id_parse(json_get_span(object, "source_ref"), &source, NULL) ||
		stix_id_parse(json_get_span(object, "target_ref"), &target, NULL) ||
		!stix_table_find(source) || !stix_table_find(target))
		return;
	if (span_eq(name, SPAN("related-to")) ||
		((span_eq(name, SPAN("derived-from")) || span_eq(name, SPAN("duplicate-of"))) &&
			span_eq(source, target)))
		return;
	for (size_t i = 0; i < stix_links_count; i++) {
		if (link_fits(&stix_links[i], source, name, target))
			return;
		name_has = name_has || (span_eq(stix_links[i].source, source) &&
					       span_eq(stix_links[i].name, name));
	}
	if (name_has)
		AT(c, "target_ref",
			check_should(c, CHECK_RELATIONSHIP_TYPES,
				"%.*s of %.*s does not lead to %.*s", check_width(name), name.ptr,
				check_width(source), source.ptr, check_width(target), target.ptr));
	else
		AT(c, "relationship_type",
			check_should(c, CHECK_RELATIONSHIP_TYPES, "not among those of %.*s",
				check_width(source), source.ptr));
}

/* Section 7.3: an extension does not redefine what the standard has; section 3.8: nor what it keeps
 * back. */
static void
check_new_names(struct check *c, yyjson_val *names)
{
	struct frame list = {.up = c->at, .key = SPAN("extension_properties")};
	struct frame item = {.up = &list};
	const struct stix_table *common = stix_unknown_sdo->common;
	yyjson_arr_iter it = yyjson_arr_iter_with(names);
	c->at = &item;
	for (yyjson_val *one; (one = yyjson_arr_iter_next(&it)); item.index++) {
		struct span name = json_span(one);
		bool taken = stix_words_have(&stix_words_reserved_properties, name);
		for (unsigned i = 0; i < common->own_count; i++)
			taken = taken || span_eq(common->own[i].name, name);
		if (name.len && taken)
			check_must(c, "reserved", "a name that the standard has or keeps back");
	}
	c->at = list.up;
}

void
rule_extension_definition(struct check *c, yyjson_val *object)
{
	check_new_names(c, json_get(object, "extension_properties"));
	bool top = false;
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(object, "extension_types"));
	for (yyjson_val *type; (type = yyjson_arr_iter_next(&it));)
		top = top || span_eq(json_span(type), SPAN("toplevel-property-extension"));
	yyjson_val *properties = json_get(object, "extension_properties");
	if (properties && !top)
		AT(c, "extension_properties",
			check_must(c, "depends",
				"only where extension_types has toplevel-property-extension"));
	if (top && !properties)
		check_should(c, CHECK_EXTENSION_PROPERTIES,
			"should name its properties in extension_properties");
	if (!json_get(object, "description"))
		check_should(c, CHECK_EXTENSION_DESCRIPTION, "should have a description");
}

/* Whether `object` is the fixed instance: what it has is the same, what it lacks is at most the
 * name. */
static bool
is_fixed_instance(const struct check *c, yyjson_val *object, struct span fixed_text)
{
	own_json yyjson_doc *fixed = NULL;
	if (json_read(fixed_text, NULL, &fixed, NULL))
		return false;
	size_t same = 0;
	yyjson_obj_iter it = yyjson_obj_iter_with(yyjson_doc_get_root(fixed));
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		struct span name = json_span(key);
		yyjson_val *got = yyjson_obj_getn(object, name.ptr, name.len);
		bool may_lack = span_eq(name, SPAN("name")) ||
				(c->old && span_eq(name, SPAN("spec_version")));
		if (!got && may_lack)
			continue;
		if (!got || !yyjson_equals(got, yyjson_obj_iter_get_val(key)))
			return false;
		same++;
	}
	return same == yyjson_obj_size(object);
}

static void
check_statement(struct check *c, yyjson_val *definition)
{
	if (!yyjson_is_str(json_get(definition, "statement")))
		AT(c, "definition",
			check_must(c, "marking", "a statement marking has a string \"statement\""));
}

/* Section 7.2.1. TLP instances are fixed: whoever claims an id or the kind must be one of them,
 * whole. */
void
rule_marking_definition(struct check *c, yyjson_val *object)
{
	yyjson_val *extensions = json_get(object, "extensions"),
		   *definition = json_get(object, "definition");
	yyjson_val *kind_val = json_get(object, "definition_type");
	struct span kind = json_span(kind_val);
	const struct tlp_marking *fixed = tlp_marking_find(c->id);
	bool claims =
		span_eq(kind, SPAN("tlp")) ||
		json_get(extensions, "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d");
	if (fixed ? !is_fixed_instance(c, object, fixed->json) && !mutant(1550)
		  : claims && !mutant(1551))
		check_must(c, "tlp", "not one of the fixed TLP instances");
	if (!extensions && !kind_val)
		AT(c, "definition_type", check_must(c, "required", "missing"));
	if (!extensions && !definition)
		AT(c, "definition", check_must(c, "required", "missing"));
	if (definition && !yyjson_is_obj(definition))
		AT(c, "definition", check_must(c, "type", "an object is wanted"));
	else if (span_eq(kind, SPAN("statement")))
		check_statement(c, definition);
	else if (kind.ptr && !span_eq(kind, SPAN("tlp")) && !extensions)
		AT(c, "definition_type",
			check_should(c,
				check_wants(c, CHECK_EXTENSIONS_USE)
					? CHECK_EXTENSIONS_USE
					: CHECK_MARKING_DEFINITION_TYPE,
				"markings of other kinds should be made by an extension of section "
				"7.3"));
}
