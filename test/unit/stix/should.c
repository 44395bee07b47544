/* Every check of --strict, by name. */
#include "judge.h"

/* Each object is valid without --strict, and judged where its check alone is enabled. */
static void
judge_strictly(const struct judged *cases, size_t count)
{
	judge(cases, count, &(struct stix_options){.level = STIX_SHOULD});
	for (size_t i = 0; i < count; i++) {
		struct judged lax = {cases[i].object, cases[i].patch, NULL, NULL};
		judge(&lax, 1, &(struct stix_options){});
		struct stix_options without = {.level = STIX_SHOULD};
		assert_rc(stix_options_select(&without.enabled, span_of(cases[i].code)), RC_OK);
		judge(&cases[i], 1, &without);
	}
}

/* Every SHOULD by name. */
static void
shoulds_are_judged_by_name(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{tool, "{\"x_acme_own\":1}", "extensions-use", "x_acme_own"},
		{custom, "{}", "extensions-use", "type"},
		{tool, "{\"id\":\"tool--8e2e2d2b-17d4-5cbf-938f-98ee46b3cd3f\"}", "uuid-check",
			"id"},
		{ipv4, "{}", "uuid-check", "id"},
		{file, "{\"x_acme_own\":{\"low\":{\"HIGH\":1}}}", "observable-dictionary-keys",
			"x_acme_own.low.HIGH"},
		{tool, "{\"tool_types\":[\"Big_Hammer\"]}", "tool-types", "tool_types[0]"},
		{tool, "{\"tool_types\":[\"Big_Hammer\"]}", "open-vocab-format", "tool_types[0]"},
		{tool,
			"{\"kill_chain_phases\":[{\"kill_chain_name\":\"a "
			"b\",\"phase_name\":\"c\"}]}",
			"kill-chain-names", "kill_chain_phases[0].kill_chain_name"},
		{malware_analysis, "{\"product\":\"My Tool\"}", "malware-analysis-product",
			"product"},
		{process, EXT("windows-process-ext", "\"priority\":\"HIGH\""),
			"windows-process-priority-format",
			"extensions.windows-process-ext.priority"},
		{relationship, "{\"relationship_type\":\"mitigates\"}", "relationship-types",
			"relationship_type"},
		{relationship, "{\"source_ref\":\"" U("vulnerability") "\"}", "relationship-types",
			"relationship_type"},
		{relationship, "{\"relationship_type\":\"derived-from\"}", "relationship-types",
			"relationship_type"},
		{relationship, "{\"target_ref\":\"" U("report") "\"}", "relationship-types",
			"target_ref"},
		{threat_actor, "{\"primary_motivation\":\"fun\"}", "attack-motivation",
			"primary_motivation"},
		{threat_actor, "{\"resource_level\":\"lots\"}", "attack-resource-level",
			"resource_level"},
		{identity, "{\"identity_class\":\"robot\"}", "identity-class", "identity_class"},
		{identity, "{\"sectors\":[\"circus\"]}", "industry-sector", "sectors[0]"},
		{indicator, "{\"indicator_types\":[\"bad\"]}", "indicator-types",
			"indicator_types[0]"},
		{indicator, "{}", "indicator-properties", ""},
		{indicator, "{\"pattern_type\":\"bro\"}", "indicator-pattern-types",
			"pattern_type"},
		{malware, "{\"malware_types\":[\"bad\"]}", "malware-types", "malware_types[0]"},
		{malware, "{\"capabilities\":[\"bad\"]}", "malware-capabilities",
			"capabilities[0]"},
		{malware, "{\"implementation_languages\":[\"bad\"]}", "implementation-languages",
			"implementation_languages[0]"},
		{malware, "{\"architecture_execution_envs\":[\"bad\"]}", "processor-architecture",
			"architecture_execution_envs[0]"},
		{malware_analysis, "{\"result\":\"bad\"}", "malware-result", "result"},
		{report, "{\"report_types\":[\"bad\"]}", "report-types", "report_types[0]"},
		{threat_actor, "{\"threat_actor_types\":[\"bad\"]}", "threat-actor-types",
			"threat_actor_types[0]"},
		{threat_actor, "{\"roles\":[\"bad\"]}", "threat-actor-role", "roles[0]"},
		{threat_actor, "{\"sophistication\":\"bad\"}", "threat-actor-sophistication",
			"sophistication"},
		{location, "{\"region\":\"bad\"}", "region", "region"},
		{location, "{\"country\":\"xx\"}", "countries", "country"},
		{grouping, "{\"context\":\"bad\"}", "grouping-context", "context"},
		{infrastructure, "{\"infrastructure_types\":[\"bad\"]}", "infrastructure-types",
			"infrastructure_types[0]"},
	};
	judge_strictly(cases, sizeof cases / sizeof cases[0]);
}

static void
shoulds_of_observables_and_parts_are_judged_by_name(void **state)
{
	(void)state;
	static const struct judged cases[] = {
		{file, "{\"hashes\":{\"own\":\"1\"}}", "hash-algo", "hashes.own"},
		{file, "{\"hashes\":{\"x_a_name_of_more_than_thirty_bytes\":\"1\"}}", "hash-length",
			"hashes.x_a_name_of_more_than_thirty_bytes"},
		{observed, CONTAINER("\"a\":{\"type\":\"url\",\"value\":\"a:b\"}"),
			"observable-object-keys", "objects.a"},
		{file, EXT("windows-pebinary-ext", "\"pe_type\":\"elf\",\"imphash\":\"i\""),
			"windows-pebinary-type", "extensions.windows-pebinary-ext.pe_type"},
		{account, "{\"account_type\":\"bad\"}", "account-type", "account_type"},
		{file, "{\"mime_type\":\"bad\"}", "mime-type", "mime_type"},
		{traffic, "{\"protocols\":[\"no-such-protocol\"]}", "protocols", "protocols[0]"},
		{traffic, "{\"ipfix\":{\"Foo\":1}}", "ipfix", "ipfix.Foo"},
		{traffic, "{}", "network-traffic-ports", ""},
		{traffic,
			EXT("http-request-ext", "\"request_method\":\"get\",\"request_value\":\"/"
						"\",\"request_header\":{\"Foo\":[\"a\"]}"),
			"http-request-headers", "extensions.http-request-ext.request_header.Foo"},
		{traffic,
			EXT("socket-ext",
				"\"address_family\":\"AF_INET\",\"options\":{\"SO_FOO\":1}"),
			"socket-options", "extensions.socket-ext.options.SO_FOO"},
		{file, EXT("pdf-ext", "\"document_info_dict\":{\"foo\":\"a\"}"), "pdf-doc-info",
			"extensions.pdf-ext.document_info_dict.foo"},
		{tool, REF("\"source_name\":\"s\",\"url\":\"https://a.b\""), "extref-hashes",
			"external_references[0]"},
		{observed, CONTAINER("\"0\":{\"type\":\"url\",\"value\":\"a:b\"}"),
			"deprecated-properties", "objects"},
		{extension, "{}", "extension-description", ""},
		{extension,
			"{\"description\":\"d\",\"extension_types\":[\"toplevel-property-"
			"extension\"]}",
			"extension-properties", ""},
		{statement, "{\"definition_type\":\"iep\"}", "extensions-use", "definition_type"},
	};
	judge_strictly(cases, sizeof cases / sizeof cases[0]);
}

/* Section 7.3 excuses what stands at an object's top, and only from the check that asks for it. */
static void
extensions_excuse_what_they_make(void **state)
{
	(void)state;
#define CLAIM(type, more) \
	"{\"extensions\":{\"" DEFINED "\":{\"extension_type\":\"" type "\"}}" more "}"
	static const struct judged cases[] = {
		{tool, CLAIM("toplevel-property-extension", ",\"rank\":1"), NULL, NULL},
		{tool, CLAIM("property-extension", ",\"rank\":1"), "extensions-use", "rank"},
		{tool, CLAIM("new-sdo", ",\"rank\":1"), "extensions-use", "rank"},
		{custom, CLAIM("new-sdo", ""), NULL, NULL},
		{custom, CLAIM("toplevel-property-extension", ""), "extensions-use", "type"},
	};
	judge(cases, 5, &(struct stix_options){.level = STIX_SHOULD});
	static const struct judged named[] = {
		{tool, CLAIM("toplevel-property-extension", ",\"rank\":1"), "custom-prefix",
			"rank"},
		{tool, CLAIM("toplevel-property-extension", ",\"x_acme_rank\":1"), NULL, NULL},
	};
	struct stix_options old = {.level = STIX_SHOULD};
	assert_rc(stix_options_select(&old.disabled, SPAN("extensions-use")), RC_OK);
	judge(named, 2, &old);
}

static void
checks_are_selected_by_name_number_and_group(void **state)
{
	(void)state;
	uint64_t one = 0, same = 0, group = 0, none = 0;
	assert_rc(stix_options_select(&one, SPAN("extref-hashes")), RC_OK);
	assert_rc(stix_options_select(&same, SPAN("302")), RC_OK);
	assert_true(one == same && __builtin_popcountll(one) == 1);
	assert_rc(stix_options_select(&group, SPAN("all-vocabs")), RC_OK);
	assert_true(__builtin_popcountll(group) > 15);
	assert_rc(stix_options_select(&none, SPAN("made-up")), RC_UNKNOWN);
	assert_rc(stix_options_select(&none, SPAN("")), RC_UNKNOWN);
	assert_true(none == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shoulds_are_judged_by_name),
		cmocka_unit_test(shoulds_of_observables_and_parts_are_judged_by_name),
		cmocka_unit_test(extensions_excuse_what_they_make),
		cmocka_unit_test(checks_are_selected_by_name_number_and_group),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
