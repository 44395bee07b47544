/* The types of STIX 2.1 (sections 4 to 7) with their kind and class of release. */
#include "stix/object.h"

static const struct {
	struct span name;
	enum stix_kind kind;
	enum stix_class class;
} types[] = {
	{{"indicator", 9}, STIX_SDO, STIX_CLASS_INDICATOR},
	{{"relationship", 12}, STIX_SRO, STIX_CLASS_LINK},
	{{"sighting", 8}, STIX_SRO, STIX_CLASS_SIGHTING},
	{{"observed-data", 13}, STIX_SDO, STIX_CLASS_SIGHTING},
	{{"malware", 7}, STIX_SDO, STIX_CLASS_MALWARE},
	{{"malware-analysis", 16}, STIX_SDO, STIX_CLASS_MALWARE},
	{{"tool", 4}, STIX_SDO, STIX_CLASS_MALWARE},
	{{"attack-pattern", 14}, STIX_SDO, STIX_CLASS_MALWARE},
	{{"infrastructure", 14}, STIX_SDO, STIX_CLASS_MALWARE},
	{{"threat-actor", 12}, STIX_SDO, STIX_CLASS_ACTOR},
	{{"intrusion-set", 13}, STIX_SDO, STIX_CLASS_ACTOR},
	{{"campaign", 8}, STIX_SDO, STIX_CLASS_ACTOR},
	{{"vulnerability", 13}, STIX_SDO, STIX_CLASS_VULNERABILITY},
	{{"course-of-action", 16}, STIX_SDO, STIX_CLASS_VULNERABILITY},
	{{"report", 6}, STIX_SDO, STIX_CLASS_REPORT},
	{{"grouping", 8}, STIX_SDO, STIX_CLASS_REPORT},
	{{"note", 4}, STIX_SDO, STIX_CLASS_REPORT},
	{{"opinion", 7}, STIX_SDO, STIX_CLASS_REPORT},
	{{"incident", 8}, STIX_SDO, STIX_CLASS_INCIDENT},
	{{"identity", 8}, STIX_SDO, STIX_CLASS_SUPPORT},
	{{"location", 8}, STIX_SDO, STIX_CLASS_SUPPORT},
	{{"language-content", 16}, STIX_META, STIX_CLASS_SUPPORT},
	{{"marking-definition", 18}, STIX_META, STIX_CLASS_SUPPORT},
	{{"extension-definition", 20}, STIX_META, STIX_CLASS_SUPPORT},
	{{"artifact", 8}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"autonomous-system", 17}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"directory", 9}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"domain-name", 11}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"email-addr", 10}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"email-message", 13}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"file", 4}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"ipv4-addr", 9}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"ipv6-addr", 9}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"mac-addr", 8}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"mutex", 5}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"network-traffic", 15}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"process", 7}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"software", 8}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"url", 3}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"user-account", 12}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"windows-registry-key", 20}, STIX_SCO, STIX_CLASS_SUPPORT},
	{{"x509-certificate", 16}, STIX_SCO, STIX_CLASS_SUPPORT},
};

bool
stix_type_known(struct span type, enum stix_kind *kind, enum stix_class *class)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (span_eq(type, types[i].name)) {
			*kind = types[i].kind;
			*class = types[i].class;
			return true;
		}
	}
	*class = STIX_CLASS_OTHER;
	return false;
}

const char *
stix_class_word(enum stix_class c)
{
	static const char *const words[] = {
		[STIX_CLASS_INDICATOR] = "indicator",
		[STIX_CLASS_SIGHTING] = "sighting",
		[STIX_CLASS_MALWARE] = "malware",
		[STIX_CLASS_ACTOR] = "actor",
		[STIX_CLASS_VULNERABILITY] = "vulnerability",
		[STIX_CLASS_REPORT] = "report",
		[STIX_CLASS_INCIDENT] = "incident",
		[STIX_CLASS_LINK] = "relationship",
		[STIX_CLASS_SUPPORT] = "support",
		[STIX_CLASS_OTHER] = "other",
	};
	return words[c];
}
