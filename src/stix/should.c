#include "stix/should-internal.h"

#include <assert.h>

#include "stix/check.h"

static const struct {
	const char *name;
	unsigned number;
} checks[STIX_CHECKS] = {
	[CHECK_CUSTOM_PREFIX] = {"custom-prefix", 101},
	[CHECK_CUSTOM_PREFIX_LAX] = {"custom-prefix-lax", 102},
	[CHECK_UUID_CHECK] = {"uuid-check", 103},
	[CHECK_OPEN_VOCAB_FORMAT] = {"open-vocab-format", 111},
	[CHECK_KILL_CHAIN_NAMES] = {"kill-chain-names", 121},
	[CHECK_OBSERVABLE_OBJECT_KEYS] = {"observable-object-keys", 141},
	[CHECK_OBSERVABLE_DICTIONARY_KEYS] = {"observable-dictionary-keys", 142},
	[CHECK_MALWARE_ANALYSIS_PRODUCT] = {"malware-analysis-product", 143},
	[CHECK_WINDOWS_PROCESS_PRIORITY_FORMAT] = {"windows-process-priority-format", 149},
	[CHECK_HASH_LENGTH] = {"hash-length", 150},
	[CHECK_MARKING_DEFINITION_TYPE] = {"marking-definition-type", 201},
	[CHECK_RELATIONSHIP_TYPES] = {"relationship-types", 202},
	[CHECK_DUPLICATE_IDS] = {"duplicate-ids", 203},
	[CHECK_ATTACK_MOTIVATION] = {"attack-motivation", 211},
	[CHECK_ATTACK_RESOURCE_LEVEL] = {"attack-resource-level", 212},
	[CHECK_IDENTITY_CLASS] = {"identity-class", 213},
	[CHECK_INDICATOR_TYPES] = {"indicator-types", 214},
	[CHECK_INDUSTRY_SECTOR] = {"industry-sector", 215},
	[CHECK_MALWARE_TYPES] = {"malware-types", 216},
	[CHECK_REPORT_TYPES] = {"report-types", 218},
	[CHECK_THREAT_ACTOR_TYPES] = {"threat-actor-types", 219},
	[CHECK_THREAT_ACTOR_ROLE] = {"threat-actor-role", 220},
	[CHECK_THREAT_ACTOR_SOPHISTICATION] = {"threat-actor-sophistication", 221},
	[CHECK_TOOL_TYPES] = {"tool-types", 222},
	[CHECK_REGION] = {"region", 223},
	[CHECK_GROUPING_CONTEXT] = {"grouping-context", 225},
	[CHECK_IMPLEMENTATION_LANGUAGES] = {"implementation-languages", 226},
	[CHECK_INFRASTRUCTURE_TYPES] = {"infrastructure-types", 227},
	[CHECK_MALWARE_RESULT] = {"malware-result", 228},
	[CHECK_PROCESSOR_ARCHITECTURE] = {"processor-architecture", 229},
	[CHECK_MALWARE_CAPABILITIES] = {"malware-capabilities", 230},
	[CHECK_HASH_ALGO] = {"hash-algo", 241},
	[CHECK_WINDOWS_PEBINARY_TYPE] = {"windows-pebinary-type", 243},
	[CHECK_ACCOUNT_TYPE] = {"account-type", 244},
	[CHECK_INDICATOR_PATTERN_TYPES] = {"indicator-pattern-types", 245},
	[CHECK_MIME_TYPE] = {"mime-type", 271},
	[CHECK_PROTOCOLS] = {"protocols", 272},
	[CHECK_IPFIX] = {"ipfix", 273},
	[CHECK_HTTP_REQUEST_HEADERS] = {"http-request-headers", 274},
	[CHECK_SOCKET_OPTIONS] = {"socket-options", 275},
	[CHECK_PDF_DOC_INFO] = {"pdf-doc-info", 276},
	[CHECK_COUNTRIES] = {"countries", 277},
	[CHECK_NETWORK_TRAFFIC_PORTS] = {"network-traffic-ports", 301},
	[CHECK_EXTREF_HASHES] = {"extref-hashes", 302},
	[CHECK_INDICATOR_PROPERTIES] = {"indicator-properties", 303},
	[CHECK_DEPRECATED_PROPERTIES] = {"deprecated-properties", 304},
	[CHECK_EXTENSION_DESCRIPTION] = {"extension-description", 305},
	[CHECK_EXTENSION_PROPERTIES] = {"extension-properties", 306},
	[CHECK_EXTENSIONS_USE] = {"extensions-use", 401},
};

static_assert(STIX_CHECKS <= 64);

/* Names that stand for several checks: those numbered from `first` up to `last`. */
static const struct {
	const char *name, *number;
	unsigned first, last;
} groups[] = {
	{"format-checks", "1", 100, 199},
	{"approved-values", "2", 200, 299},
	{"all-vocabs", "210", 211, 269},
	{"all-external-sources", "270", 271, 299},
	/* What earlier editions of the validator call them. */
	{"indicator-label", "indicator-labels", 214, 214},
	{"malware-label", "malware-labels", 216, 216},
	{"report-label", "report-labels", 218, 218},
	{"threat-actor-label", "threat-actor-labels", 219, 219},
	{"tool-label", "tool-labels", 222, 222},
};

const char *
stix_should_name(enum stix_should check)
{
	return checks[check].name;
}

enum rc
stix_options_select(uint64_t *set, struct span name)
{
	uint64_t found = 0, number;
	bool numeric = span_to_u64(name, &number);
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		if (!span_eq(name, span_of(groups[i].name)) &&
			!span_eq(name, span_of(groups[i].number)))
			continue;
		for (unsigned j = 0; j < STIX_CHECKS; j++)
			if (checks[j].number >= groups[i].first &&
				checks[j].number <= groups[i].last)
				found |= UINT64_C(1) << j;
	}
	for (unsigned j = 0; j < STIX_CHECKS; j++)
		if ((numeric && number == checks[j].number) ||
			span_eq(name, span_of(checks[j].name)))
			found |= UINT64_C(1) << j;
	*set |= found;
	return found ? RC_OK : RC_UNKNOWN;
}
