/* The types of MISP's attributes: what their values are, as patterns and as cyber-observables. */
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "codec/json.h"
#include "feed/in-internal.h"
#include "feed/misp.h"
#include "obs/line.h"
#include "pattern/syntax.h"
#include "stix/check.h"
#include "stix/id.h"

/* What a value, or one side of its "|", is. */
enum part {
	PART_NONE,
	PART_IP,
	PART_SOURCE,	  /* the address that connects, beside a port */
	PART_DESTINATION, /* the address connected to, beside a port */
	PART_SOURCE_PORT,
	PART_PORT,
	PART_DOMAIN, /* with what lies below it, as MISP's own exports for sensors have it */
	PART_HOST,   /* alone */
	PART_URL,
	PART_URI,
	PART_EMAIL,
	PART_FROM,
	PART_SUBJECT,
	PART_FILENAME,
	PART_SIZE,
	PART_MIME,
	PART_MD5,
	PART_SHA1,
	PART_SHA224,
	PART_SHA256,
	PART_SHA384,
	PART_SHA512,
	PART_SSDEEP,
	PART_TLSH,
	PART_SHA3_256,
	PART_SHA3_512,
	PART_IMPHASH,
	PART_SHA3_224,
	PART_SHA3_384,
	PART_SHA512_224,
	PART_SHA512_256,
	PART_AUTHENTIHASH,
	PART_VHASH,
	PART_PEHASH,
	PART_IMPFUZZY,
	PART_TELFHASH,
	PART_CDHASH,
	PART_JA3,
	PART_JA4,
	PART_X509_MD5,
	PART_X509_SHA1,
	PART_X509_SHA256,
	PART_REGKEY,
	PART_REGVALUE,
	PART_MUTEX,
	PART_AS,
	PART_AGENT,
	PART_MAC,
	PART_SERVICE,
	PART_SERVICE_TITLE,
	PART_MESSAGE_ID,
	PART_BODY,
	PART_MAILER,
	PART_METHOD,
	PARTS,
};

enum join {
	JOIN_ONE,    /* no "|" in it */
	JOIN_EITHER, /* each side is an indicator of its own */
	JOIN_BOTH,   /* only both together */
	JOIN_SECOND, /* the second decides, the first only names it */
};

static const struct {
	enum obs_kind kind;
	const char *path; /* for comparisons, where kind says none */
	const char *type; /* of the SCO; NULL: none is made */
	const char *property;
} parts[PARTS] = {
	[PART_IP] = {OBS_IPV4, NULL, "ipv4-addr", "value"},
	[PART_SOURCE] = {OBS_IPV4, "network-traffic:src_ref.value", "ipv4-addr", "value"},
	[PART_DESTINATION] = {OBS_IPV4, "network-traffic:dst_ref.value", "ipv4-addr", "value"},
	[PART_SOURCE_PORT] = {OBS_NONE, "network-traffic:src_port", NULL, NULL},
	[PART_PORT] = {OBS_NONE, "network-traffic:dst_port", NULL, NULL},
	[PART_DOMAIN] = {OBS_DOMAIN, NULL, "domain-name", "value"},
	[PART_HOST] = {OBS_DOMAIN, "domain-name:value", "domain-name", "value"},
	[PART_URL] = {OBS_URL, NULL, "url", "value"},
	[PART_URI] = {OBS_NONE, "network-traffic:extensions.'http-request-ext'.request_value", NULL,
		NULL},
	[PART_EMAIL] = {OBS_EMAIL, NULL, "email-addr", "value"},
	[PART_FROM] = {OBS_EMAIL, "email-message:from_ref.value", "email-addr", "value"},
	[PART_SUBJECT] = {OBS_NONE, "email-message:subject", "email-message", "subject"},
	[PART_FILENAME] = {OBS_NONE, "file:name", "file", "name"},
	[PART_SIZE] = {OBS_NONE, "file:size", NULL, NULL},
	[PART_MIME] = {OBS_NONE, "file:mime_type", NULL, NULL},
	[PART_MD5] = {OBS_MD5, NULL, "file", "MD5"},
	[PART_SHA1] = {OBS_SHA1, NULL, "file", "SHA-1"},
	[PART_SHA224] = {OBS_SHA224, NULL, "file", "SHA-224"},
	[PART_SHA256] = {OBS_SHA256, NULL, "file", "SHA-256"},
	[PART_SHA384] = {OBS_SHA384, NULL, "file", "SHA-384"},
	[PART_SHA512] = {OBS_SHA512, NULL, "file", "SHA-512"},
	[PART_SSDEEP] = {OBS_NONE, "file:hashes.SSDEEP", "file", "SSDEEP"},
	[PART_TLSH] = {OBS_NONE, "file:hashes.TLSH", "file", "TLSH"},
	[PART_SHA3_256] = {OBS_NONE, "file:hashes.'SHA3-256'", "file", "SHA3-256"},
	[PART_SHA3_512] = {OBS_NONE, "file:hashes.'SHA3-512'", "file", "SHA3-512"},
	[PART_IMPHASH] = {OBS_NONE, "file:extensions.'windows-pebinary-ext'.imphash", NULL, NULL},
	/* Names of hashes are an open vocabulary (STIX 2.1 section 10.6). */
	[PART_SHA3_224] = {OBS_NONE, "file:hashes.'SHA3-224'", NULL, NULL},
	[PART_SHA3_384] = {OBS_NONE, "file:hashes.'SHA3-384'", NULL, NULL},
	[PART_SHA512_224] = {OBS_NONE, "file:hashes.'SHA512-224'", NULL, NULL},
	[PART_SHA512_256] = {OBS_NONE, "file:hashes.'SHA512-256'", NULL, NULL},
	[PART_AUTHENTIHASH] = {OBS_NONE, "file:hashes.AUTHENTIHASH", NULL, NULL},
	[PART_VHASH] = {OBS_NONE, "file:hashes.VHASH", NULL, NULL},
	[PART_PEHASH] = {OBS_NONE, "file:hashes.PEHASH", NULL, NULL},
	[PART_IMPFUZZY] = {OBS_NONE, "file:hashes.IMPFUZZY", NULL, NULL},
	[PART_TELFHASH] = {OBS_NONE, "file:hashes.TELFHASH", NULL, NULL},
	[PART_CDHASH] = {OBS_NONE, "file:hashes.CDHASH", NULL, NULL},
	[PART_JA3] = {OBS_JA3, NULL, NULL, NULL},
	[PART_JA4] = {OBS_JA4, NULL, NULL, NULL},
	[PART_X509_MD5] = {OBS_NONE, "x509-certificate:hashes.MD5", "x509-certificate", "MD5"},
	[PART_X509_SHA1] = {OBS_NONE, "x509-certificate:hashes.'SHA-1'", "x509-certificate",
		"SHA-1"},
	[PART_X509_SHA256] = {OBS_NONE, "x509-certificate:hashes.'SHA-256'", "x509-certificate",
		"SHA-256"},
	[PART_REGKEY] = {OBS_NONE, "windows-registry-key:key", "windows-registry-key", "key"},
	[PART_REGVALUE] = {OBS_NONE, "windows-registry-key:values[*].data", NULL, NULL},
	[PART_MUTEX] = {OBS_NONE, "mutex:name", "mutex", "name"},
	[PART_AS] = {OBS_NONE, "autonomous-system:number", "autonomous-system", "number"},
	[PART_AGENT] = {OBS_NONE,
		"network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'", NULL,
		NULL},
	[PART_MAC] = {OBS_MAC, NULL, "mac-addr", "value"},
	[PART_SERVICE] = {OBS_NONE, "process:extensions.'windows-service-ext'.service_name", NULL,
		NULL},
	[PART_SERVICE_TITLE] = {OBS_NONE, "process:extensions.'windows-service-ext'.display_name",
		NULL, NULL},
	[PART_MESSAGE_ID] = {OBS_NONE, "email-message:message_id", NULL, NULL},
	[PART_BODY] = {OBS_NONE, "email-message:body", NULL, NULL},
	[PART_MAILER] = {OBS_NONE, "email-message:additional_header_fields.'X-Mailer'", NULL, NULL},
	[PART_METHOD] = {OBS_NONE, "network-traffic:extensions.'http-request-ext'.request_method",
		NULL, NULL},
};

static const struct misp_type types[] = {
	{"ip-src", MISP_VALUE, PART_IP, 0, JOIN_ONE, NULL},
	{"ip-dst", MISP_VALUE, PART_IP, 0, JOIN_ONE, NULL},
	{"ip-src|port", MISP_VALUE, PART_SOURCE, PART_SOURCE_PORT, JOIN_BOTH, NULL},
	{"ip-dst|port", MISP_VALUE, PART_DESTINATION, PART_PORT, JOIN_BOTH, NULL},
	{"port", MISP_VALUE, PART_PORT, 0, JOIN_ONE, NULL},
	{"domain", MISP_VALUE, PART_DOMAIN, 0, JOIN_ONE, NULL},
	{"hostname", MISP_VALUE, PART_HOST, 0, JOIN_ONE, NULL},
	{"onion-address", MISP_VALUE, PART_DOMAIN, 0, JOIN_ONE, NULL},
	{"domain|ip", MISP_VALUE, PART_DOMAIN, PART_IP, JOIN_EITHER, NULL},
	{"hostname|port", MISP_VALUE, PART_HOST, PART_PORT, JOIN_BOTH, NULL},
	{"url", MISP_VALUE, PART_URL, 0, JOIN_ONE, NULL},
	{"uri", MISP_VALUE, PART_URI, 0, JOIN_ONE, NULL},
	{"user-agent", MISP_VALUE, PART_AGENT, 0, JOIN_ONE, NULL},
	{"email", MISP_VALUE, PART_EMAIL, 0, JOIN_ONE, NULL},
	{"email-src", MISP_VALUE, PART_FROM, 0, JOIN_ONE, NULL},
	{"email-dst", MISP_VALUE, PART_EMAIL, 0, JOIN_ONE, NULL},
	{"email-reply-to", MISP_VALUE, PART_EMAIL, 0, JOIN_ONE, NULL},
	{"email-subject", MISP_VALUE, PART_SUBJECT, 0, JOIN_ONE, NULL},
	{"email-message-id", MISP_VALUE, PART_MESSAGE_ID, 0, JOIN_ONE, NULL},
	{"email-body", MISP_VALUE, PART_BODY, 0, JOIN_ONE, NULL},
	{"email-x-mailer", MISP_VALUE, PART_MAILER, 0, JOIN_ONE, NULL},
	{"whois-registrant-email", MISP_VALUE, PART_EMAIL, 0, JOIN_ONE, NULL},
	{"dns-soa-email", MISP_VALUE, PART_EMAIL, 0, JOIN_ONE, NULL},
	{"http-method", MISP_VALUE, PART_METHOD, 0, JOIN_ONE, NULL},
	{"email-attachment", MISP_VALUE, PART_FILENAME, 0, JOIN_ONE, NULL},
	{"email-src-display-name", MISP_TEXT, 0, 0, JOIN_ONE, NULL},
	{"filename", MISP_VALUE, PART_FILENAME, 0, JOIN_ONE, NULL},
	{"size-in-bytes", MISP_VALUE, PART_SIZE, 0, JOIN_ONE, NULL},
	{"mime-type", MISP_VALUE, PART_MIME, 0, JOIN_ONE, NULL},
	{"md5", MISP_VALUE, PART_MD5, 0, JOIN_ONE, NULL},
	{"sha1", MISP_VALUE, PART_SHA1, 0, JOIN_ONE, NULL},
	{"sha224", MISP_VALUE, PART_SHA224, 0, JOIN_ONE, NULL},
	{"sha256", MISP_VALUE, PART_SHA256, 0, JOIN_ONE, NULL},
	{"sha384", MISP_VALUE, PART_SHA384, 0, JOIN_ONE, NULL},
	{"sha512", MISP_VALUE, PART_SHA512, 0, JOIN_ONE, NULL},
	{"sha3-256", MISP_VALUE, PART_SHA3_256, 0, JOIN_ONE, NULL},
	{"sha3-512", MISP_VALUE, PART_SHA3_512, 0, JOIN_ONE, NULL},
	{"ssdeep", MISP_VALUE, PART_SSDEEP, 0, JOIN_ONE, NULL},
	{"tlsh", MISP_VALUE, PART_TLSH, 0, JOIN_ONE, NULL},
	{"imphash", MISP_VALUE, PART_IMPHASH, 0, JOIN_ONE, NULL},
	{"filename|md5", MISP_VALUE, PART_FILENAME, PART_MD5, JOIN_SECOND, NULL},
	{"filename|sha1", MISP_VALUE, PART_FILENAME, PART_SHA1, JOIN_SECOND, NULL},
	{"filename|sha224", MISP_VALUE, PART_FILENAME, PART_SHA224, JOIN_SECOND, NULL},
	{"filename|sha256", MISP_VALUE, PART_FILENAME, PART_SHA256, JOIN_SECOND, NULL},
	{"filename|sha384", MISP_VALUE, PART_FILENAME, PART_SHA384, JOIN_SECOND, NULL},
	{"filename|sha512", MISP_VALUE, PART_FILENAME, PART_SHA512, JOIN_SECOND, NULL},
	{"filename|sha3-256", MISP_VALUE, PART_FILENAME, PART_SHA3_256, JOIN_SECOND, NULL},
	{"filename|sha3-512", MISP_VALUE, PART_FILENAME, PART_SHA3_512, JOIN_SECOND, NULL},
	{"filename|ssdeep", MISP_VALUE, PART_FILENAME, PART_SSDEEP, JOIN_SECOND, NULL},
	{"filename|tlsh", MISP_VALUE, PART_FILENAME, PART_TLSH, JOIN_SECOND, NULL},
	{"filename|imphash", MISP_VALUE, PART_FILENAME, PART_IMPHASH, JOIN_SECOND, NULL},
	{"sha3-224", MISP_VALUE, PART_SHA3_224, 0, JOIN_ONE, NULL},
	{"filename|sha3-224", MISP_VALUE, PART_FILENAME, PART_SHA3_224, JOIN_SECOND, NULL},
	{"sha3-384", MISP_VALUE, PART_SHA3_384, 0, JOIN_ONE, NULL},
	{"filename|sha3-384", MISP_VALUE, PART_FILENAME, PART_SHA3_384, JOIN_SECOND, NULL},
	{"sha512/224", MISP_VALUE, PART_SHA512_224, 0, JOIN_ONE, NULL},
	{"filename|sha512/224", MISP_VALUE, PART_FILENAME, PART_SHA512_224, JOIN_SECOND, NULL},
	{"sha512/256", MISP_VALUE, PART_SHA512_256, 0, JOIN_ONE, NULL},
	{"filename|sha512/256", MISP_VALUE, PART_FILENAME, PART_SHA512_256, JOIN_SECOND, NULL},
	{"authentihash", MISP_VALUE, PART_AUTHENTIHASH, 0, JOIN_ONE, NULL},
	{"filename|authentihash", MISP_VALUE, PART_FILENAME, PART_AUTHENTIHASH, JOIN_SECOND, NULL},
	{"vhash", MISP_VALUE, PART_VHASH, 0, JOIN_ONE, NULL},
	{"filename|vhash", MISP_VALUE, PART_FILENAME, PART_VHASH, JOIN_SECOND, NULL},
	{"pehash", MISP_VALUE, PART_PEHASH, 0, JOIN_ONE, NULL},
	{"filename|pehash", MISP_VALUE, PART_FILENAME, PART_PEHASH, JOIN_SECOND, NULL},
	{"impfuzzy", MISP_VALUE, PART_IMPFUZZY, 0, JOIN_ONE, NULL},
	{"filename|impfuzzy", MISP_VALUE, PART_FILENAME, PART_IMPFUZZY, JOIN_SECOND, NULL},
	{"telfhash", MISP_VALUE, PART_TELFHASH, 0, JOIN_ONE, NULL},
	{"cdhash", MISP_VALUE, PART_CDHASH, 0, JOIN_ONE, NULL},
	{"malware-sample", MISP_VALUE, PART_FILENAME, PART_MD5, JOIN_SECOND, NULL},
	{"ja3-fingerprint-md5", MISP_VALUE, PART_JA3, 0, JOIN_ONE, NULL},
	{"ja4", MISP_VALUE, PART_JA4, 0, JOIN_ONE, NULL},
	{"ja4-fingerprint", MISP_VALUE, PART_JA4, 0, JOIN_ONE, NULL},
	{"x509-fingerprint-md5", MISP_VALUE, PART_X509_MD5, 0, JOIN_ONE, NULL},
	{"x509-fingerprint-sha1", MISP_VALUE, PART_X509_SHA1, 0, JOIN_ONE, NULL},
	{"x509-fingerprint-sha256", MISP_VALUE, PART_X509_SHA256, 0, JOIN_ONE, NULL},
	{"regkey", MISP_VALUE, PART_REGKEY, 0, JOIN_ONE, NULL},
	{"regkey|value", MISP_VALUE, PART_REGKEY, PART_REGVALUE, JOIN_BOTH, NULL},
	{"mutex", MISP_VALUE, PART_MUTEX, 0, JOIN_ONE, NULL},
	{"AS", MISP_VALUE, PART_AS, 0, JOIN_ONE, NULL},
	{"mac-address", MISP_VALUE, PART_MAC, 0, JOIN_ONE, NULL},
	{"windows-service-name", MISP_VALUE, PART_SERVICE, 0, JOIN_ONE, NULL},
	{"windows-service-displayname", MISP_VALUE, PART_SERVICE_TITLE, 0, JOIN_ONE, NULL},
	{"yara", MISP_RULE, 0, 0, JOIN_ONE, "yara"},
	{"sigma", MISP_RULE, 0, 0, JOIN_ONE, "sigma"},
	{"snort", MISP_RULE, 0, 0, JOIN_ONE, "snort"},
	{"suricata", MISP_RULE, 0, 0, JOIN_ONE, "suricata"},
	{"zeek", MISP_RULE, 0, 0, JOIN_ONE, "zeek"},
	{"bro", MISP_RULE, 0, 0, JOIN_ONE, "zeek"},
	{"kusto-query", MISP_RULE, 0, 0, JOIN_ONE, "kusto"},
	{"stix2-pattern", MISP_RULE, 0, 0, JOIN_ONE, "stix"},
	{"vulnerability", MISP_VULNERABILITY, 0, 0, JOIN_ONE, NULL},
};

const struct misp_type *
misp_type_find(struct span name)
{
	static const struct misp_type text = {"text", MISP_TEXT, 0, 0, JOIN_ONE, NULL};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (span_eq(name, span_of(types[i].name)))
			return &types[i];
	return &text;
}

bool
misp_is_context(const struct misp_type *type)
{
	return type->join == JOIN_ONE &&
	       (type->first == PART_PORT || type->first == PART_SIZE || type->first == PART_MIME ||
		       type->first == PART_METHOD);
}

/* The sides of a value; false where its type wants two and it has one. Hashes never hold a "|". */
static bool
sides(const struct misp_type *type, struct span value, struct span *first, struct span *second)
{
	*first = value;
	*second = (struct span){};
	if (type->join == JOIN_ONE)
		return true;
	size_t bar = SIZE_MAX;
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] == '|' && (bar == SIZE_MAX || type->first == PART_FILENAME))
			bar = i; /* a name may hold one: its last parts it from the hash */
	if (bar == SIZE_MAX)
		return false;
	*first = span_trim(span_sub(value, 0, bar));
	*second = span_trim(span_sub(value, bar + 1, SIZE_MAX));
	return first->len && second->len;
}

static enum rc
observe(enum part part, struct span value, struct arena *a, struct observable *out,
	struct diag *why)
{
	enum obs_kind kind = parts[part].kind;
	value = obs_refang(value, a);
	if (kind == OBS_NONE)
		return RC_UNKNOWN;
	if (kind != OBS_IPV4)
		return obs_normalize(kind, value, a, out, why);
	if (obs_normalize(OBS_IPV4, value, a, out, NULL) == RC_OK)
		return RC_OK;
	return obs_normalize(OBS_IPV6, value, a, out, why);
}

static void
quote(struct buf *out, struct span text)
{
	buf_add_byte(out, '\'');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\'' || text.ptr[i] == '\\')
			buf_add_byte(out, '\\');
		buf_add_byte(out, text.ptr[i]);
	}
	buf_add_byte(out, '\'');
}

/* Digits, after "AS" where it is a system's number. */
static bool
whole_number(enum part part, struct span value, uint64_t *out)
{
	if (part == PART_AS && value.len > 2 && span_eq_fold(span_sub(value, 0, 2), SPAN("AS")))
		value = span_sub(value, 2, SIZE_MAX);
	return span_to_u64(span_trim(value), out) && *out <= (part == PART_AS ? UINT32_MAX
								     : part == PART_SIZE ? INT64_MAX
											 : 65535);
}

static bool
is_number(enum part part)
{
	return part == PART_AS || part == PART_PORT || part == PART_SOURCE_PORT ||
	       part == PART_SIZE;
}

/* "AA:BB:CC" and "aa bb cc" are digests too. */
static struct span
bare_digest(struct span value, struct arena *a)
{
	char *out = arena_bytes(a, value.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] != ':' && value.ptr[i] != ' ')
			out[len++] = ascii_lower(value.ptr[i]);
	return (struct span){out, len};
}

/* Hives are written in full in STIX (section 6.18); the kernel names two of them otherwise. */
static struct span
full_key(struct span key, struct arena *a)
{
	static const struct {
		struct span cut;
		const char *full;
	} hives[] = {
		{SPAN("HKLM"), "HKEY_LOCAL_MACHINE"},
		{SPAN("HKCU"), "HKEY_CURRENT_USER"},
		{SPAN("HKCR"), "HKEY_CLASSES_ROOT"},
		{SPAN("HKU"), "HKEY_USERS"},
		{SPAN("HKCC"), "HKEY_CURRENT_CONFIG"},
		{SPAN("HKPD"), "HKEY_PERFORMANCE_DATA"},
		{SPAN("HKEY_LOCAL_MACHINE"), "HKEY_LOCAL_MACHINE"},
		{SPAN("HKEY_CURRENT_USER"), "HKEY_CURRENT_USER"},
		{SPAN("HKEY_CLASSES_ROOT"), "HKEY_CLASSES_ROOT"},
		{SPAN("HKEY_USERS"), "HKEY_USERS"},
		{SPAN("HKEY_CURRENT_CONFIG"), "HKEY_CURRENT_CONFIG"},
		{SPAN("MACHINE"), "HKEY_LOCAL_MACHINE"},
		{SPAN("USER"), "HKEY_USERS"},
	};
	static const struct span kernel = SPAN("\\Registry\\");
	struct span whole = key;
	bool native = key.len > kernel.len && span_eq_fold(span_sub(key, 0, kernel.len), kernel);
	if (native)
		key = span_sub(key, kernel.len, SIZE_MAX);
	size_t slash = span_find_byte(key, '\\');
	struct span hive = span_sub(key, 0, slash), rest = span_sub(key, slash, SIZE_MAX);
	if (slash == SIZE_MAX)
		rest = (struct span){"", 0};
	if (hive.len && hive.ptr[hive.len - 1] == ':') /* a drive, as PowerShell has it */
		hive.len--;
	for (size_t i = 0; i < sizeof hives / sizeof *hives; i++)
		if (span_eq_fold(hive, hives[i].cut) && native == (hives[i].cut.ptr[0] != 'H'))
			return arena_printf(a, "%s%.*s", hives[i].full, (int)rest.len, rest.ptr);
	return whole;
}

static bool
is_certificate(enum part part)
{
	return part == PART_X509_MD5 || part == PART_X509_SHA1 || part == PART_X509_SHA256;
}

static enum rc
compare(enum part part, struct span value, struct arena *a, struct buf *out, struct diag *why)
{
	struct observable o;
	uint64_t number;
	const char *path = parts[part].path;
	if (is_number(part)) {
		if (!whole_number(part, value, &number))
			return diag_fail(why, RC_BAD, "a number was to be there");
		buf_printf(out, "%s = %llu", path, (unsigned long long)number);
		return RC_OK;
	}
	if (parts[part].kind == OBS_NONE) {
		if (!path)
			return diag_fail(why, RC_UNKNOWN, "no pattern says this");
		buf_printf(out, "%s = ", path);
		quote(out, is_certificate(part)	 ? bare_digest(value, a)
			   : part == PART_REGKEY ? full_key(value, a)
						 : value);
		return RC_OK;
	}
	enum rc code = observe(part, value, a, &o, why);
	if (code)
		return code;
	if (path) {
		bool range = o.kind == OBS_CIDR4 || o.kind == OBS_CIDR6;
		buf_printf(out, "%s %s ", path, range ? "ISSUBSET" : "=");
		quote(out, o.value);
		return RC_OK;
	}
	own_buf struct buf pattern = {};
	in_pattern_of(o, &pattern);
	buf_add(out, span_sub(buf_span(&pattern), 1, pattern.len - 2)); /* without its brackets */
	return RC_OK;
}

static enum rc
is_pattern(struct span comparison, struct arena *a, struct diag *why)
{
	struct pattern pattern;
	struct span text = arena_printf(a, "[%.*s]", (int)comparison.len, comparison.ptr);
	return pattern_parse(text, a, &pattern, why);
}

enum rc
misp_comparison(const struct misp_type *type, struct span value, struct arena *a, struct buf *out,
	struct diag *why)
{
	struct span first, second;
	size_t before = out->len;
	value = span_trim(value);
	if (type->class == MISP_VULNERABILITY) {
		struct observable o;
		enum rc code = obs_normalize(OBS_CVE, value, a, &o, why);
		if (!code)
			buf_printf(
				out, "vulnerability:name = '%.*s'", (int)o.value.len, o.value.ptr);
		return code ? RC_UNKNOWN : RC_OK;
	}
	if (type->class != MISP_VALUE)
		return diag_fail(why, RC_UNKNOWN, "no pattern says this");
	if (value.len == 0 || !sides(type, value, &first, &second))
		return diag_fail(why, RC_BAD, "a value that its type cannot have");
	enum rc code = type->join == JOIN_SECOND ? compare(type->second, second, a, out, why)
						 : compare(type->first, first, a, out, why);
	if (!code && (type->join == JOIN_BOTH || type->join == JOIN_EITHER)) {
		/* "hostname|port" joins two kinds of object, which no AND in brackets may. */
		if (type->first == PART_HOST && type->join == JOIN_BOTH) {
			out->len = before;
			buf_add(out, SPAN("network-traffic:dst_ref.value = "));
			struct observable o;
			code = observe(type->first, first, a, &o, why);
			if (!code)
				quote(out, o.value);
		}
		buf_add(out, type->join == JOIN_BOTH ? SPAN(" AND ") : SPAN(" OR "));
		if (!code)
			code = compare(type->second, second, a, out, why);
	}
	if (!code) /* what a parser would refuse, such as a digest of the wrong length */
		code = is_pattern(span_sub(buf_span(out), before, SIZE_MAX), a, why);
	if (code)
		out->len = before;
	return code;
}

/* ---- cyber-observables ---- */

static bool
is_file_hash(enum part part)
{
	return parts[part].type && strcmp(parts[part].type, "file") == 0 && part != PART_FILENAME;
}

/* The members of one SCO after its type; false where this part makes none. */
static bool
sco_members(enum part part, struct span value, struct arena *a, struct buf *out, const char **type)
{
	struct observable o = {.value = value};
	uint64_t number;
	*type = parts[part].type;
	if (!*type)
		return false;
	if (part == PART_AS) {
		if (!whole_number(part, value, &number))
			return false;
		buf_printf(out, ",\"number\":%llu", (unsigned long long)number);
		return true;
	}
	if (parts[part].kind != OBS_NONE && observe(part, value, a, &o, NULL))
		return false;
	if (o.kind == OBS_IPV6 || o.kind == OBS_CIDR6)
		*type = "ipv6-addr";
	if (part == PART_SUBJECT)
		buf_add(out, SPAN(",\"is_multipart\":false"));
	if (is_certificate(part))
		o.value = bare_digest(value, a);
	if (part == PART_REGKEY)
		o.value = full_key(value, a);
	bool hash = is_file_hash(part) || is_certificate(part);
	buf_printf(out, hash ? ",\"hashes\":{\"%s\":" : ",\"%s\":", parts[part].property);
	json_write_string(out, o.value);
	if (hash)
		buf_add_byte(out, '}');
	return true;
}

/* What the standard refuses is no observable: its attribute becomes a note, which keeps it. */
static bool
is_valid(struct span text)
{
	static const struct stix_options options = {.level = STIX_MUST, .flags = STIX_FIRST_ONLY};
	own_verdicts struct stix_verdicts verdicts = {};
	return stix_check_text(text, &options, &verdicts) == RC_OK;
}

static enum rc
sco_finish(const char *type, struct span members, struct arena *a, struct misp_sco *out)
{
	own_buf struct buf text = {};
	own_json yyjson_doc *doc = NULL;
	char id[STIX_ID_TEXT];
	buf_printf(&text, "{\"type\":\"%s\"%.*s}", type, (int)members.len, members.ptr);
	if (json_read(buf_span(&text), NULL, &doc, NULL) ||
		stix_id_of_sco(yyjson_doc_get_root(doc), id, NULL))
		return RC_UNKNOWN;
	snprintf(out->id, sizeof out->id, "%.63s", id);
	buf_reset(&text);
	buf_printf(&text, "{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":\"%s\"%.*s}", type,
		out->id, (int)members.len, members.ptr);
	out->text = arena_dup(a, buf_span(&text));
	return is_valid(out->text) ? RC_OK : RC_UNKNOWN;
}

enum rc
misp_sco(const struct misp_type *type, struct span value, size_t *at, struct arena *a,
	struct misp_sco *out)
{
	struct span first, second;
	const char *sco = NULL;
	value = span_trim(value);
	if (type->class != MISP_VALUE || value.len == 0 || value.len > 8000 ||
		!sides(type, value, &first, &second))
		return RC_NONE;
	own_buf struct buf comparison = {};
	if (misp_comparison(type, value, a, &comparison, NULL) == RC_BAD)
		return RC_NONE;
	while (*at < 2) {
		own_buf struct buf members = {};
		size_t step = (*at)++;
		/* A name and its hash are one file. */
		if (type->first == PART_FILENAME && type->second && is_file_hash(type->second)) {
			if (step == 1)
				return RC_NONE;
			buf_add(&members, SPAN(",\"name\":"));
			json_write_string(&members, first);
			if (!sco_members(type->second, second, a, &members, &sco))
				continue;
		} else if (step == 1 && type->join == JOIN_ONE) {
			return RC_NONE;
		} else if (!sco_members(step ? type->second : type->first, step ? second : first, a,
				   &members, &sco)) {
			continue;
		}
		if (sco_finish(sco, buf_span(&members), a, out) == RC_OK)
			return RC_OK;
	}
	return RC_NONE;
}

/* ---- the way back ---- */

static const struct {
	const char *type, *category;
} names[OBS_KINDS] = {
	[OBS_NONE] = {"text", "Other"},
	[OBS_IPV4] = {"ip-dst", "Network activity"},
	[OBS_IPV6] = {"ip-dst", "Network activity"},
	[OBS_CIDR4] = {"ip-dst", "Network activity"},
	[OBS_CIDR6] = {"ip-dst", "Network activity"},
	[OBS_DOMAIN] = {"domain", "Network activity"},
	[OBS_URL] = {"url", "Network activity"},
	[OBS_EMAIL] = {"email", "Network activity"},
	[OBS_MD5] = {"md5", "Payload delivery"},
	[OBS_SHA1] = {"sha1", "Payload delivery"},
	[OBS_SHA224] = {"sha224", "Payload delivery"},
	[OBS_SHA256] = {"sha256", "Payload delivery"},
	[OBS_SHA384] = {"sha384", "Payload delivery"},
	[OBS_SHA512] = {"sha512", "Payload delivery"},
	[OBS_JA3] = {"ja3-fingerprint-md5", "Network activity"},
	[OBS_JA4] = {"other", "Network activity"}, /* servers have no type for it */
	[OBS_MAC] = {"mac-address", "Network activity"},
	[OBS_CVE] = {"vulnerability", "External analysis"},
	[OBS_TEXT] = {"text", "Other"},
};

const char *
misp_type_of(struct observable o)
{
	return names[o.kind].type;
}

const char *
misp_category_of(struct observable o)
{
	return names[o.kind].category;
}
