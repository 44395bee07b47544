/* Strings of a form that another standard gives, or out of a list that somebody else keeps. */
#include "base/ascii.h"
#include "base/must.h"
#include "codec/json.h"
#include "stix/format-internal.h"
#include "stix/value-internal.h"

/* A hive that is cut short: HKLM for HKEY_LOCAL_MACHINE. */
void
value_registry_key(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	static const char *const cut[] = {"HKLM", "HKCC", "HKCR", "HKCU", "HKU"};
	struct span key = json_span(val);
	(void)property;
	if (!value_wants_string(c, val))
		return;
	size_t slash = span_find_byte(key, '\\');
	struct span hive = span_sub(key, 0, slash == SIZE_MAX ? key.len : slash);
	for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++)
		if (span_eq_fold(hive, span_of(cut[i])))
			check_must(c, "registry-hive", "the hive must be written in full");
}

/* Formats whose breach violates a MUST. */
void
value_format(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	static const struct {
		bool (*is)(struct span s);
		const char *what;
	} formats[VALUES] = {
		[VALUE_DOMAIN] = {format_is_domain, "no domain name (RFC 1034, RFC 5890)"},
		[VALUE_EMAIL] = {format_is_email, "no addr-spec (RFC 5322 section 3.4.1)"},
		[VALUE_IPV4] = {format_is_ipv4, "no IPv4 address or CIDR block"},
		[VALUE_IPV6] = {format_is_ipv6, "no IPv6 address or CIDR block"},
		[VALUE_MAC] = {format_is_mac, "not six lower-case octets with colons"},
		[VALUE_URL] = {format_is_url, "no URL (RFC 3986)"},
		[VALUE_CPE] = {format_is_cpe, "no CPE 2.3 formatted string"},
	};
	must(formats[property->value].is != NULL);
	if (value_wants_string(c, val) && !formats[property->value].is(json_span(val)))
		check_must(c, "format", "%s", formats[property->value].what);
}

void
value_charset(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	(void)property;
	if (value_wants_string(c, val) && !stix_words_have(&stix_words_charsets, json_span(val)))
		check_must(c, "charset", "not the preferred name of an IANA character set");
}

static bool
is_protocol(struct span name)
{
	char lower[64];
	if (name.len > sizeof lower)
		return false;
	for (size_t i = 0; i < name.len; i++)
		lower[i] = ascii_lower(name.ptr[i]);
	return stix_words_have(&stix_words_protocols, (struct span){lower, name.len});
}

static bool
is_country(struct span code)
{
	if (code.len != 2)
		return false;
	char upper[2] = {ascii_upper(code.ptr[0]), ascii_upper(code.ptr[1])};
	return stix_words_have(&stix_words_countries, (struct span){upper, 2});
}

/* What only a SHOULD asks of a string. */
void
value_should(struct check *c, const struct stix_property *property, yyjson_val *val)
{
	struct span text = json_span(val);
	if (!value_wants_string(c, val) || !c->should)
		return;
	if (property->value == VALUE_KILL_CHAIN_WORD && !format_is_vocabulary_word(text))
		check_should(c, CHECK_KILL_CHAIN_NAMES,
			"words should be lower-case with hyphens between");
	if (property->value == VALUE_PRODUCT && !format_is_vocabulary_word(text))
		check_should(c, CHECK_MALWARE_ANALYSIS_PRODUCT,
			"words should be lower-case with hyphens between");
	if (property->value == VALUE_COUNTRY && !is_country(text))
		check_should(c, CHECK_COUNTRIES, "no ISO 3166-1 alpha-2 code");
	if (property->value == VALUE_MIME && !format_is_mime(text))
		check_should(c, CHECK_MIME_TYPE, "no media type with a registered top level");
	if (property->value == VALUE_PROTOCOL && !is_protocol(text))
		check_should(c, CHECK_PROTOCOLS, "no service or protocol name that IANA registers");
	if (property->value == VALUE_PRIORITY && !span_ends(text, SPAN("_CLASS")))
		check_should(c, CHECK_WINDOWS_PROCESS_PRIORITY_FORMAT, "should end in _CLASS");
}
