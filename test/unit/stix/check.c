/* One case for each MUST that domain, relationship and meta objects show. */
#include "judge.h"

static void
good_objects_of_every_type_are_valid(void **state)
{
	(void)state;
	static const char *const good[] = {identity, attack_pattern, campaign, course, grouping,
		incident, indicator, infrastructure, intrusion_set, location, malware,
		malware_analysis, note, observed, opinion, report, threat_actor, tool,
		vulnerability, relationship, sighting, artifact, as, directory, domain, email,
		message, multipart, file, ipv4, ipv6, mac, mutex, traffic, process, software, url,
		account, registry, certificate, language, statement, extension, custom, tlp1_red,
		tlp2_red};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct judged one = {good[i], "{}", NULL, NULL};
		judge(&one, 1, &(struct stix_options){});
	}
}

/* Sections 2.16, 3.1, 3.2. */
static void
common_properties_are_judged(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{identity, "{\"type\":null}", "required", "type"},
		{identity, "{\"type\":7}", "type", "type"},
		{custom, "{\"type\":\"X-thing\"}", "type-name", "type"},
		{custom, "{\"type\":\"x--thing\"}", "type-name", "type"},
		{custom, "{\"type\":\"xx\"}", "type-name", "type"},
		{identity, "{\"spec_version\":null}", "required", "spec_version"},
		{identity, "{\"spec_version\":\"2.2\"}", "spec-version", "spec_version"},
		{url, "{\"spec_version\":null}", NULL, NULL},
		{identity, "{\"id\":null}", "required", "id"},
		{identity, "{\"id\":\"identity--1\"}", "id", "id"},
		{identity, "{\"id\":\"identity--8e2e2d2b-17d4-4cbf-738f-98ee46b3cd3f\"}", "id",
			"id"},
		{identity, "{\"id\":\"" U("tool") "\"}", "id-type", "id"},
		{identity, "{\"created_by_ref\":\"me\"}", "id", "created_by_ref"},
		{identity, "{\"created\":null}", "required", "created"},
		{identity, "{\"modified\":null}", "required", "modified"},
		{identity, "{\"created\":\"2016-04-06T20:03:48Z\"}", "precision", "created"},
		{identity, "{\"created\":\"2016-04-06T20:03:48.00Z\"}", "precision", "created"},
		{identity, "{\"modified\":\"2016-04-06T20:03:48.1234567890123Z\"}", NULL, NULL},
		{identity, "{\"modified\":\"2016-04-06T20:03:48.000+00:00\"}", "timestamp",
			"modified"},
		{identity, "{\"modified\":\"2016-04-06 20:03:48.000Z\"}", "timestamp", "modified"},
		{identity, "{\"modified\":\"2017-02-29T20:03:48.000Z\"}", "timestamp", "modified"},
		{identity, "{\"modified\":\"2016-04-06t20:03:48.000z\"}", "timestamp", "modified"},
		{identity, "{\"modified\":\"2016-12-31T23:59:60.000Z\"}", NULL, NULL},
		{identity, "{\"modified\":\"2016-12-31T23:58:60.000Z\"}", "timestamp", "modified"},
		{identity, "{\"modified\":\"2016-04-06T20:03:47.999Z\"}", "order", "modified"},
		{identity, "{\"created\":\"2016-04-06T20:03:48.0000001Z\"}", "order", "modified"},
		{identity, "{\"revoked\":\"false\"}", "type", "revoked"},
		{identity, "{\"labels\":[]}", "empty", "labels"},
		{identity, "{\"labels\":\"a\"}", "type", "labels"},
		{identity, "{\"labels\":[\"a\",1]}", "type", "labels[1]"},
		{identity, "{\"confidence\":100}", NULL, NULL},
		{identity, "{\"confidence\":101}", "range", "confidence"},
		{identity, "{\"confidence\":-1}", "range", "confidence"},
		{identity, "{\"confidence\":1.5}", "type", "confidence"},
		{identity, "{\"confidence\":\"1\"}", "type", "confidence"},
		{identity, "{\"lang\":\"de-CH\"}", NULL, NULL},
		{identity, "{\"lang\":\"de_CH\"}", "language", "lang"},
		{identity, "{\"lang\":\"foo\"}", "language", "lang"},
		{identity, "{\"lang\":\"deu\"}", "language", "lang"},
		{identity, "{\"defanged\":true}", "not-allowed", "defanged"},
		{url, "{\"defanged\":true}", NULL, NULL},
		{url, "{\"defanged\":1}", "type", "defanged"},
		{identity, "{\"name\":7}", "type", "name"},
		{identity, "{\"description\":{}}", "type", "description"},
	};
	JUDGE(cases);
}

/* Sections 2.5, 7.2. */
static void
references_and_markings_are_judged(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{tool, REF("\"source_name\":\"s\",\"url\":\"https://a.b\""), NULL, NULL},
		{tool, REF("\"url\":\"https://a.b\""), "required",
			"external_references[0].source_name"},
		{tool, REF("\"source_name\":\"s\""), "some-of", "external_references[0]"},
		{tool, REF("\"source_name\":\"s\",\"url\":\"no url\""), "format",
			"external_references[0].url"},
		{tool,
			REF("\"source_name\":\"s\",\"description\":\"d\",\"hashes\":{\"MD5\":"
			    "\"1\"}"),
			"hash", "external_references[0].hashes.MD5"},
		{tool,
			REF("\"source_name\":\"s\",\"description\":\"d\",\"hashes\":{\"own\":"
			    "\"1\"}"),
			"hash-algorithm", "external_references[0].hashes.own"},
		{tool, REF("\"source_name\":\"cve\",\"external_id\":\"CVE-2014-0160\""), NULL,
			NULL},
		{tool, REF("\"source_name\":\"cve\",\"external_id\":\"2014-0160\""), "external-id",
			"external_references[0].external_id"},
		{tool, REF("\"source_name\":\"cve\",\"external_id\":\"CVE-2014-01600\""),
			"external-id", "external_references[0].external_id"},
		{tool, REF("\"source_name\":\"nvd\",\"external_id\":\"CVE-2014-0160\""),
			"external-id", "external_references[0].external_id"},
		{tool, REF("\"source_name\":\"capec\",\"external_id\":\"163\""), "external-id",
			"external_references[0].external_id"},
		{tool, "{\"external_references\":[7]}", "type", "external_references[0]"},
		{tool, "{\"object_marking_refs\":[\"" U("marking-definition") "\"]}", NULL, NULL},
		{tool, "{\"object_marking_refs\":[\"" U("tool") "\"]}", "reference-type",
			"object_marking_refs[0]"},
		{tool, "{\"object_marking_refs\":[\"x\"]}", "id", "object_marking_refs[0]"},
		{tool, "{\"object_marking_refs\":[]}", "empty", "object_marking_refs"},
		{statement, "{\"object_marking_refs\":[\"" U("marking-definition") "\"]}",
			"circular", "object_marking_refs[0]"},
		{statement,
			MARK("\"marking_ref\":\"" U(
				"marking-definition") "\",\"selectors\":[\"id\"]"),
			"circular", "granular_markings[0].marking_ref"},
		{tool, MARK("\"lang\":\"de\",\"selectors\":[\"name\"]"), NULL, NULL},
		{tool, MARK("\"selectors\":[\"name\"]"), "one-of", "granular_markings[0]"},
		{tool,
			MARK("\"lang\":\"de\",\"marking_ref\":\"" U(
				"marking-definition") "\",\"selectors\":[\"name\"]"),
			"one-of", "granular_markings[0]"},
		{tool, MARK("\"lang\":\"de\""), "required", "granular_markings[0].selectors"},
		{tool, MARK("\"lang\":\"de\",\"selectors\":[]"), "empty",
			"granular_markings[0].selectors"},
		{tool, MARK("\"lang\":\"de\",\"selectors\":[\"pattern\"]"), "selector",
			"granular_markings[0].selectors[0]"},
		{tool, MARK("\"lang\":\"de\",\"selectors\":[\"name.[0]\"]"), "selector",
			"granular_markings[0].selectors[0]"},
		{tool, MARK("\"lang\":\"d\",\"selectors\":[\"name\"]"), "language",
			"granular_markings[0].lang"},
	};
	JUDGE(cases);
}

/* Section 4, what is more than "required". */
static void
rules_of_domain_objects_are_judged(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{campaign, "{\"last_seen\":\"2015-12-31T23:59:59Z\"}", "order", "last_seen"},
		{grouping, "{\"context\":null}", "required", "context"},
		{grouping, "{\"object_refs\":[\"bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"]}",
			"reference-type", "object_refs[0]"},
		{indicator, "{\"pattern\":null}", "required", "pattern"},
		{indicator, "{\"pattern_type\":null}", "required", "pattern_type"},
		{indicator, "{\"valid_from\":null}", "required", "valid_from"},
		{indicator, "{\"valid_until\":\"2016-01-01T00:00:00Z\"}", "order", "valid_until"},
		{indicator, "{\"valid_until\":\"2016-01-01T00:00:00.000000001Z\"}", NULL, NULL},
		{indicator, "{\"pattern\":\"[url:value = x]\"}", "pattern", "pattern"},
		{indicator, "{\"pattern\":\"[file:n = 'x']\"}", "pattern-property", "pattern"},
		{indicator, "{\"pattern\":\"alert tcp\",\"pattern_type\":\"snort\"}", NULL, NULL},
		{indicator, "{\"pattern_type\":\"made-up\",\"pattern\":\"\"}", NULL, NULL},
		{intrusion_set,
			"{\"first_seen\":\"2016-01-02T00:00:00Z\",\"last_seen\":\"2016-01-01T00:00:"
			"00Z\"}",
			"order", "last_seen"},
		{location, "{\"latitude\":90.1}", "range", "latitude"},
		{location, "{\"longitude\":-180.1}", "range", "longitude"},
		{location, "{\"latitude\":null}", "depends", ""},
		{location, "{\"longitude\":null}", "depends", ""},
		{location, "{\"latitude\":null,\"longitude\":null,\"region\":\"asia\"}", "depends",
			""},
		{location, "{\"latitude\":null,\"longitude\":null,\"precision\":null}", "some-of",
			""},
		{location,
			"{\"latitude\":null,\"longitude\":null,\"precision\":null,\"country\":"
			"\"th\"}",
			NULL, NULL},
		{malware, "{\"name\":null}", "required", "name"},
		{malware, "{\"name\":null,\"is_family\":false}", NULL, NULL},
		{malware, "{\"operating_system_refs\":[\"" U("tool") "\"]}", "reference-type",
			"operating_system_refs[0]"},
		{malware, "{\"sample_refs\":[\"" U("url") "\"]}", "reference-type",
			"sample_refs[0]"},
		{malware_analysis, "{\"product\":null}", "required", "product"},
		{malware_analysis, "{\"result\":null}", "some-of", ""},
		{malware_analysis, "{\"host_vm_ref\":\"" U("tool") "\"}", "reference-type",
			"host_vm_ref"},
		{malware_analysis, "{\"analysis_sco_refs\":[\"" U("tool") "\"]}", "reference-type",
			"analysis_sco_refs[0]"},
		{note, "{\"content\":null}", "required", "content"},
		{observed, "{\"number_observed\":0}", "range", "number_observed"},
		{observed, "{\"number_observed\":1000000000}", "range", "number_observed"},
		{observed, "{\"last_observed\":\"2015-01-01T00:00:00Z\"}", "order",
			"last_observed"},
		{observed, "{\"object_refs\":null}", "one-of", ""},
		{observed, "{\"objects\":{\"0\":{\"type\":\"url\",\"value\":\"a:b\"}}}", "one-of",
			""},
		{observed, "{\"object_refs\":[\"" U("tool") "\"]}", "reference-type",
			"object_refs[0]"},
		{observed, "{\"object_refs\":[\"" U("relationship") "\"]}", "observable",
			"object_refs"},
		{opinion, "{\"opinion\":\"perhaps\"}", "enum", "opinion"},
		{report, "{\"published\":null}", "required", "published"},
		{relationship, "{\"relationship_type\":\"Uses_it\"}", "relationship-type",
			"relationship_type"},
		{relationship, "{\"stop_time\":\"2016-01-01T00:00:00Z\"}", "order", "stop_time"},
		{relationship, "{\"source_ref\":\"" U("relationship") "\"}", "reference-type",
			"source_ref"},
		{relationship, "{\"source_ref\":\"" U("sighting") "\"}", "reference-type",
			"source_ref"},
		{relationship, "{\"target_ref\":\"bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"}",
			"reference-type", "target_ref"},
		{relationship, "{\"target_ref\":\"" U("marking-definition") "\"}", "reference-type",
			"target_ref"},
		{relationship, "{\"target_ref\":\"" U("language-content") "\"}", "reference-type",
			"target_ref"},
		{relationship, "{\"target_ref\":\"" U("x-thing") "\"}", NULL, NULL},
		{relationship, "{\"target_ref\":\"" U("url") "\"}", NULL, NULL},
		{sighting, "{\"count\":-1}", "range", "count"},
		{sighting, "{\"count\":1000000000}", "range", "count"},
		{sighting, "{\"sighting_of_ref\":\"" U("url") "\"}", "reference-type",
			"sighting_of_ref"},
		{sighting, "{\"sighting_of_ref\":\"" U("relationship") "\"}", "reference-type",
			"sighting_of_ref"},
		{sighting, "{\"observed_data_refs\":[\"" U("url") "\"]}", "reference-type",
			"observed_data_refs[0]"},
		{sighting, "{\"where_sighted_refs\":[\"" U("tool") "\"]}", "reference-type",
			"where_sighted_refs[0]"},
		{sighting,
			"{\"first_seen\":\"2016-01-02T00:00:00Z\",\"last_seen\":\"2016-01-01T00:00:"
			"00Z\"}",
			"order", "last_seen"},
	};
	JUDGE(cases);
}

/* Every property that section 4 to 7 call required, one by one. */
static void
what_is_required_is_missed(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{attack_pattern, "{\"name\":null}", "required", "name"},
		{campaign, "{\"name\":null}", "required", "name"},
		{course, "{\"name\":null}", "required", "name"},
		{grouping, "{\"name\":null}", "required", "name"},
		{grouping, "{\"object_refs\":null}", "required", "object_refs"},
		{identity, "{\"name\":null}", "required", "name"},
		{incident, "{\"name\":null}", "required", "name"},
		{infrastructure, "{\"name\":null}", "required", "name"},
		{intrusion_set, "{\"name\":null}", "required", "name"},
		{note, "{\"object_refs\":null}", "required", "object_refs"},
		{observed, "{\"first_observed\":null}", "required", "first_observed"},
		{observed, "{\"last_observed\":null}", "required", "last_observed"},
		{observed, "{\"number_observed\":null}", "required", "number_observed"},
		{opinion, "{\"opinion\":null}", "required", "opinion"},
		{opinion, "{\"object_refs\":null}", "required", "object_refs"},
		{report, "{\"name\":null}", "required", "name"},
		{report, "{\"object_refs\":null}", "required", "object_refs"},
		{threat_actor, "{\"name\":null}", "required", "name"},
		{tool, "{\"name\":null}", "required", "name"},
		{vulnerability, "{\"name\":null}", "required", "name"},
		{relationship, "{\"relationship_type\":null}", "required", "relationship_type"},
		{relationship, "{\"source_ref\":null}", "required", "source_ref"},
		{relationship, "{\"target_ref\":null}", "required", "target_ref"},
		{sighting, "{\"sighting_of_ref\":null}", "required", "sighting_of_ref"},
		{as, "{\"number\":null}", "required", "number"},
		{directory, "{\"path\":null}", "required", "path"},
		{domain, "{\"value\":null}", "required", "value"},
		{email, "{\"value\":null}", "required", "value"},
		{message, "{\"is_multipart\":null}", "required", "is_multipart"},
		{ipv4, "{\"value\":null}", "required", "value"},
		{ipv6, "{\"value\":null}", "required", "value"},
		{mac, "{\"value\":null}", "required", "value"},
		{mutex, "{\"name\":null}", "required", "name"},
		{traffic, "{\"protocols\":null}", "required", "protocols"},
		{software, "{\"name\":null}", "required", "name"},
		{url, "{\"value\":null}", "required", "value"},
		{language, "{\"object_ref\":null}", "required", "object_ref"},
		{language, "{\"contents\":null}", "required", "contents"},
		{language, "{\"modified\":null}", "required", "modified"},
		{statement, "{\"created\":null}", "required", "created"},
		{statement, "{\"definition\":null}", "required", "definition"},
		{statement, "{\"definition_type\":null}", "required", "definition_type"},
		{extension, "{\"created_by_ref\":null}", "required", "created_by_ref"},
		{extension, "{\"name\":null}", "required", "name"},
		{extension, "{\"schema\":null}", "required", "schema"},
		{extension, "{\"version\":null}", "required", "version"},
		{extension, "{\"extension_types\":null}", "required", "extension_types"},
	};
	JUDGE(cases);
}

/* Sections 3.8, 7.3, 11. */
static void
what_is_not_of_the_standard_is_judged(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{tool, "{\"x_own\":1}", NULL, NULL},
		{tool, "{\"own\":{\"a\":[]}}", NULL, NULL},
		{tool, "{\"ow\":1}", "property-name", "ow"},
		{tool, "{\"Own\":1}", "property-name", "Own"},
		{tool, "{\"x-own\":1}", "property-name", "x-own"},
		{tool, "{\"9own\":1}", "property-name", "9own"},
		{tool, "{\"x_own\":[]}", "empty", "x_own"},
		{tool, "{\"x_own\":{}}", "empty", "x_own"},
		{tool, "{\"severity\":1}", "reserved", "severity"},
		{tool, "{\"username\":1}", "reserved", "username"},
		{tool, "{\"phone_number\":1}", "reserved", "phone_number"},
		{course, "{\"action\":1}", "reserved", "action"},
		{custom, EXT(DEFINED, "\"extension_type\":\"new-sdo\""), NULL, NULL},
		{custom, "{\"created\":null}", "required", "created"},
		{custom, "{\"modified\":null}", "required", "modified"},
		{custom,
			"{\"created\":null,\"modified\":null,\"extensions\":{\"" DEFINED
			"\":{\"extension_type\":\"new-sco\"}}}",
			NULL, NULL},
		{custom,
			"{\"created\":null,\"modified\":null,\"extensions\":{\"" DEFINED
			"\":{\"extension_type\":\"new-sdo\"}}}",
			"required", "modified"},
		{tool, EXT(DEFINED, "\"rank\":1"), "required",
			"extensions." DEFINED ".extension_type"},
		{tool, EXT(DEFINED, "\"extension_type\":\"mine\""), "enum",
			"extensions." DEFINED ".extension_type"},
		{tool, EXT(DEFINED, "\"extension_type\":\"property-extension\",\"Rank\":1"),
			"property-name", "extensions." DEFINED ".Rank"},
		{tool, EXT(DEFINED, "\"extension_type\":\"property-extension\",\"rank\":[]"),
			"empty", "extensions." DEFINED ".rank"},
		{file, EXT("my-own-ext", "\"some_thing\":1"), NULL, NULL},
		{file, EXT("my-own", "\"some_thing\":1"), "extension", "extensions.my-own"},
		{file, EXT("My-ext", "\"some_thing\":1"), "extension", "extensions.My-ext"},
		{file, "{\"extensions\":{\"my-own-ext\":7}}", "type", "extensions.my-own-ext"},
		{extension, "{\"extension_types\":[\"new-thing\"]}", "enum", "extension_types[0]"},
		{extension, "{\"extension_properties\":[\"rank\"]}", "depends",
			"extension_properties"},
		{extension,
			"{\"extension_types\":[\"toplevel-property-extension\"],\"extension_"
			"properties\":[\"Rank\"]}",
			"property-name", "extension_properties[0]"},
		{extension,
			"{\"extension_types\":[\"toplevel-property-extension\"],\"extension_"
			"properties\":[\"rank\"]}",
			NULL, NULL},
		{extension,
			"{\"extension_types\":[\"toplevel-property-extension\"],\"extension_"
			"properties\":[\"rank\",\"confidence\"]}",
			"reserved", "extension_properties[1]"},
	};
	JUDGE(cases);
}

/* Sections 7.1, 7.2.1; the TLP 2.0 extension. */
static void
meta_objects_are_judged(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{language, "{\"contents\":{\"d\":{\"name\":\"x\"}}}", "language", "contents.d"},
		{language, "{\"contents\":{\"de\":7}}", "type", "contents.de"},
		{language, "{\"contents\":{\"de\":{\"a\":\"x\"}}}", "property-name",
			"contents.de.a"},
		{language, "{\"contents\":{\"de\":{\"goals\":[]}}}", "empty", "contents.de.goals"},
		{language, "{\"object_ref\":\"bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\"}",
			"reference-type", "object_ref"},
		{language, "{\"object_modified\":\"yesterday\"}", "timestamp", "object_modified"},
		{statement, "{\"definition\":{\"statement\":null}}", "marking", "definition"},
		{statement, "{\"definition\":7}", "type", "definition"},
		{statement,
			"{\"definition_type\":\"tlp\",\"definition\":{\"statement\":null,\"tlp\":"
			"\"red\"}}",
			"tlp", ""},
		{statement, "{\"definition_type\":\"iep\"}", NULL, NULL},
		{statement, "{\"modified\":\"2016-04-06T20:03:48.000Z\"}", "not-allowed",
			"modified"},
		{statement, "{\"revoked\":true}", "not-allowed", "revoked"},
		{statement, "{\"defanged\":true}", "not-allowed", "defanged"},
		{tlp1_red, "{\"name\":null}", NULL, NULL},
		{tlp1_red, "{\"name\":\"TLP:WHITE\"}", "tlp", ""},
		{tlp1_red, "{\"definition\":{\"tlp\":\"white\"}}", "tlp", ""},
		{tlp1_red, "{\"created\":\"2017-01-20T00:00:00.001Z\"}", "tlp", ""},
		{tlp1_red, "{\"id\":\"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9\"}",
			"tlp", ""},
		{tlp1_red,
			"{\"definition_type\":\"statement\",\"definition\":{\"tlp\":null,"
			"\"statement\":\"s\"}}",
			"tlp", ""},
		{tlp1_red, "{\"created_by_ref\":\"" U("identity") "\"}", "tlp", ""},
		{tlp2_red, "{\"id\":\"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487\"}",
			"tlp", ""},
		{tlp2_red, "{\"id\":\"" U("marking-definition") "\"}", "tlp", ""},
		{tlp2_red,
			EXT("extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d",
				"\"tlp_2_0\":\"clear\""),
			"tlp", ""},
	};
	JUDGE(cases);
}

static void
bundles_are_judged_whole(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{BUNDLE(TOOL), "{}", NULL, NULL},
		{BUNDLE(TOOL), "{\"id\":null}", "required", "id"},
		{BUNDLE(TOOL), "{\"objects\":null}", NULL, NULL},
		{BUNDLE(TOOL), "{\"objects\":[]}", "empty", "objects"},
		{BUNDLE(TOOL), "{\"objects\":{}}", "type", "objects"},
		{BUNDLE(TOOL), "{\"objects\":[7]}", "type", "objects[0]"},
		{BUNDLE(TOOL ",{\"type\":\"bundle\",\"id\":\"" U("bundle") "\"}"), "{}", "bundle",
			"objects[1]"},
		{BUNDLE(TOOL ",{\"type\":\"tool\"}"), "{}", "required", "objects[1].id"},
	};
	JUDGE(cases);
	static const struct judged strict[] = {
		{BUNDLE(TOOL "," TOOL), "{}", "duplicate-ids", "objects[1]"},
		{BUNDLE(TOOL), "{\"version\":1}", "extensions-use", "version"},
	};
	judge(strict, 2, &(struct stix_options){.level = STIX_SHOULD});
	static const struct judged refs[] = {
		{BUNDLE(SDO("relationship") "\"relationship_type\":\"uses\",\"source_ref\":\"" U(
			 "malware") "\",\"target_ref\":\"" U("tool") "\"}," TOOL),
			"{}", "unresolved", "objects[0].source_ref"},
	};
	judge(refs, 1, &(struct stix_options){.flags = STIX_ENFORCE_REFS});
}

static void
interoperability_asks_for_creators_and_one_tlp_level(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{identity, "{\"created_by_ref\":\"" U("identity") "\"}", NULL, NULL},
		{identity, "{}", "required", "created_by_ref"},
		{url,
			"{\"object_marking_refs\":[\"marking-definition--5e57c739-391a-4eb3-b6be-"
			"7d15ca92d5ed\",\"marking-definition--e828b379-4e03-4974-9ac4-"
			"e53a884c97c1\"]}",
			"tlp", "object_marking_refs"},
		{url,
			"{\"object_marking_refs\":[\"marking-definition--5e57c739-391a-4eb3-b6be-"
			"7d15ca92d5ed\",\"" U("marking-definition") "\"]}",
			NULL, NULL},
	};
	judge(cases, 4, &(struct stix_options){.flags = STIX_INTEROP});
}

static void
objects_of_2_0_are_judged_where_accepted(void **state)
{
	(void)state;
	static const struct stix_options accept = {.flags = STIX_ACCEPT_2_0},
					 only = {.flags = STIX_AS_2_0};
	static const struct judged accepted[] = {
		{identity, "{\"spec_version\":null}", NULL, NULL},
		{indicator, "{\"spec_version\":null,\"pattern_type\":null,\"labels\":[\"benign\"]}",
			NULL, NULL},
		{indicator, "{\"spec_version\":null}", "required", "spec_version"},
		{note, "{\"spec_version\":null}", "required", "spec_version"},
		{identity, "{\"spec_version\":null,\"name\":7}", "type", "name"},
		{identity, "{\"spec_version\":null,\"modified\":null}", "required", "modified"},
		{tlp1_red, "{\"spec_version\":null,\"name\":null}", NULL, NULL},
		{observed,
			"{\"spec_version\":null,\"object_refs\":null,\"objects\":{\"0\":{\"type\":"
			"\"file\","
			"\"name\":\"f\",\"extensions\":{\"foobar\":{\"own\":1}}}}}",
			NULL, NULL},
		{tlp1_red, "{\"spec_version\":null,\"definition\":{\"tlp\":\"green\"}}", "tlp", ""},
	};
	judge(accepted, sizeof accepted / sizeof accepted[0], &accept);
	static const struct judged required[] = {
		{identity, "{\"spec_version\":\"2.0\"}", NULL, NULL},
		{identity, "{}", "spec-version", "spec_version"},
		{BUNDLE(SDO("tool") "\"name\":\"n\"}"), "{}", "spec-version", ""},
		{BUNDLE(SDO("tool") "\"name\":\"n\"}"), "{\"spec_version\":\"2.0\"}", NULL, NULL},
	};
	judge(required, 4, &only);
}

static void
verdicts_name_their_clause(void **state)
{
	(void)state;
	static const struct {
		const char *object, *patch, *path, *clause;
	} cases[] = {
		{identity, "{\"name\":null}", "name", "4.5.1"},
		{identity, "{\"labels\":7}", "labels", "3.2"},
		{identity, "{\"created\":\"now\"}", "created", "2.16.1"},
		{indicator, "{\"valid_until\":\"2015-01-01T00:00:00Z\"}", "valid_until", "4.7.1"},
		{file, EXT("pdf-ext", "\"version\":1"), "extensions.pdf-ext.version", "6.7.4"},
		{tool, REF("\"url\":\"https://a.b\""), "external_references[0].source_name", "2.5"},
		{tool, "{\"Own\":1}", "Own", "3.1"},
		{tool, EXT(DEFINED, "\"Own\":1,\"extension_type\":\"property-extension\""),
			"extensions." DEFINED ".Own", "3.1"},
		{url, "{\"value\":null}", "value", "6.15.1"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct judged one = {cases[i].object, cases[i].patch, NULL, NULL};
		struct stix_verdicts v = {};
		own_buf struct buf text = {};
		bool found = false;
		apply_patch(&one, &text);
		assert_rc(stix_check_text(buf_span(&text), &(struct stix_options){}, &v), RC_BAD);
		for (size_t j = 0; j < v.all.len; j++)
			if (span_eq(v.all.at[j].path, span_of(cases[i].path))) {
				assert_string_equal(v.all.at[j].clause, cases[i].clause);
				found = true;
			}
		assert_true(found);
		stix_verdicts_fini(&v);
	}
}

/* An import stops at the first violation; everybody else gets all of them, and no more than a page.
 */
static void
verdicts_are_bounded(void **state)
{
	(void)state;
	struct stix_verdicts v = {};
	own_buf struct buf text = {};
	buf_add(&text, SPAN("["));
	for (int i = 0; i < 2000; i++)
		buf_add(&text, i ? SPAN(",7") : SPAN("7"));
	buf_add(&text, SPAN("]"));
	assert_rc(stix_check_text(buf_span(&text), &(struct stix_options){}, &v), RC_BAD);
	assert_int_equal(v.musts, 2000);
	assert_int_equal(v.all.len, 1000);
	stix_verdicts_reset(&v);
	assert_rc(stix_check_text(
			  buf_span(&text), &(struct stix_options){.flags = STIX_FIRST_ONLY}, &v),
		RC_BAD);
	assert_int_equal(v.musts, 1);
	stix_verdicts_fini(&v);
}

static void
text_that_is_no_json_is_a_verdict(void **state)
{
	(void)state;
	struct stix_verdicts v = {};
	assert_rc(stix_check_text(SPAN("{\"type\":\"tool\",\"type\":\"tool\"}"),
			  &(struct stix_options){}, &v),
		RC_BAD);
	assert_true(has_verdict(&v, "json", ""));
	stix_verdicts_fini(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_objects_of_every_type_are_valid),
		cmocka_unit_test(common_properties_are_judged),
		cmocka_unit_test(references_and_markings_are_judged),
		cmocka_unit_test(rules_of_domain_objects_are_judged),
		cmocka_unit_test(what_is_required_is_missed),
		cmocka_unit_test(what_is_not_of_the_standard_is_judged),
		cmocka_unit_test(meta_objects_are_judged),
		cmocka_unit_test(bundles_are_judged_whole),
		cmocka_unit_test(interoperability_asks_for_creators_and_one_tlp_level),
		cmocka_unit_test(objects_of_2_0_are_judged_where_accepted),
		cmocka_unit_test(verdicts_name_their_clause),
		cmocka_unit_test(verdicts_are_bounded),
		cmocka_unit_test(text_that_is_no_json_is_a_verdict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
