/* MISP events into STIX: what each part becomes, and that the same event makes the same bytes. */
#include "../test.h"

#include "codec/json.h"
#include "feed/misp.h"
#include "read.h"
#include "stix/check.h"

#define EVENT_UUID "6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a0001"
#define ORG "\"Orgc\":{\"uuid\":\"0f5bd2a6-11a1-4d2c-8a0c-5d4f2f6b0a0a\",\"name\":\"CERT-A\"}"

/* One event with the given members behind its head. */
static struct got
event_read(const char *members)
{
	own_buf struct buf text = {};
	buf_printf(&text,
		"{\"Event\":{\"uuid\":\"" EVENT_UUID "\",\"info\":\"x\",\"date\":\"2026-03-02\","
		"\"timestamp\":\"1772445600\"%s}}",
		members);
	return got_read("auto", buf_span(&text));
}

#define ATTRIBUTE(type, value, more) \
	",\"Attribute\":[{\"uuid\":\"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001\",\"type\":\"" type \
	"\",\"category\":\"Network activity\",\"value\":\"" value \
	"\",\"timestamp\":\"1772440000\"" more "}]"

static void
every_object_made_is_valid(void **state)
{
	(void)state;
	struct got g = event_read(",\"distribution\":\"3\"," ORG ATTRIBUTE("domain", "evil.example",
		",\"to_ids\":true,\"Sighting\":[{\"type\":\"0\",\"date_sighting\":\"1772450000\","
		"\"uuid\":\"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a5001\"}]"));
	struct span rest = buf_span(&g.objects), line;
	struct stix_options options = {.level = STIX_MUST};
	own_verdicts struct stix_verdicts verdicts = {};
	size_t lines = 0;
	while (span_cut(&rest, '\n', &line) && line.len) {
		stix_verdicts_reset(&verdicts);
		enum rc code = stix_check_text(line, &options, &verdicts);
		if (code)
			fail_msg("%.*s\n%.*s", (int)verdicts.all.at[0].what.len,
				verdicts.all.at[0].what.ptr, (int)line.len, line.ptr);
		lines++;
	}
	assert_int_equal(lines, g.count);
	assert_int_equal(g.count, 6); /* two constants, identity, indicator, sighting, report */
	got_fini(&g);
}

static void
uuids_and_times_are_the_event_s(void **state)
{
	(void)state;
	struct got g = event_read("," ORG ATTRIBUTE("ip-dst", "192.0.2.1",
		",\"to_ids\":\"1\",\"first_seen\":\"2026-02-20T10:00:00.123456+00:00\""));
	struct span line =
		got_line(&g, "\"indicator--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001\"", "pattern");
	assert_has(line, "\"created_by_ref\":\"identity--0f5bd2a6-11a1-4d2c-8a0c-5d4f2f6b0a0a\"");
	assert_has(line, "\"created\":\"2026-03-02T00:00:00.000Z\"");
	assert_has(line, "\"modified\":\"2026-03-02T10:00:00.000Z\"");
	assert_has(line, "\"valid_from\":\"2026-02-20T10:00:00.123Z\"");
	line = got_line(&g, "\"report--" EVENT_UUID "\"", "object_refs");
	assert_has(line, "\"object_refs\":[\"indicator--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001\"]");
	got_fini(&g);
}

static void
what_is_not_for_detection_becomes_observed_data(void **state)
{
	(void)state;
	struct got g = event_read("," ORG ATTRIBUTE("ip-dst", "198.51.100.3", ",\"to_ids\":false"));
	assert_int_equal(got_line(&g, "\"type\":\"indicator\"", "").len, 0);
	struct span line =
		got_line(&g, "observed-data--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001", "object_refs");
	assert_has(line, "\"object_refs\":[\"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4\"]");
	assert_true(got_line(&g, "\"type\":\"ipv4-addr\"", "198.51.100.3").len > 0);
	got_fini(&g);
}

static void
a_vulnerability_is_looked_for_where_it_is_meant_for_detection(void **state)
{
	(void)state;
	struct got g =
		event_read("," ORG ATTRIBUTE("vulnerability", "CVE-2024-1234", ",\"to_ids\":true"));
	assert_has(got_line(&g, "\"type\":\"indicator\"", ""),
		"\"pattern\":\"[vulnerability:name = 'CVE-2024-1234']\"");
	got_fini(&g);
	g = event_read("," ORG ATTRIBUTE("vulnerability", "CVE-2024-1234", ",\"to_ids\":false"));
	assert_has(got_line(&g, "\"type\":\"vulnerability\"", ""),
		"\"external_id\":\"CVE-2024-1234\"");
	assert_int_equal(got_line(&g, "\"type\":\"indicator\"", "").len, 0);
	got_fini(&g);
	g = event_read("," ORG ATTRIBUTE("vulnerability", "a hole", ",\"to_ids\":true"));
	assert_true(g.left == 1 && got_line(&g, "\"type\":\"vulnerability\"", "a hole").len > 0);
	got_fini(&g);
}

static void
rules_keep_their_language(void **state)
{
	(void)state;
	static const char *const rules[] = {"yara", "sigma", "snort", "suricata"};
	for (size_t i = 0; i < 4; i++) {
		own_buf struct buf text = {};
		buf_printf(&text, ATTRIBUTE("%s", "rule", ",\"to_ids\":true"), rules[i]);
		buf_add_byte(&text, 0);
		struct got g = event_read(text.ptr);
		struct span line = got_line(&g, "\"type\":\"indicator\"", "");
		buf_reset(&text);
		buf_printf(&text, "\"pattern\":\"rule\",\"pattern_type\":\"%s\"", rules[i]);
		buf_add_byte(&text, 0);
		assert_has(line, text.ptr);
		got_fini(&g);
	}
}

static void
what_no_pattern_says_is_a_note_and_told(void **state)
{
	(void)state;
	struct got g = event_read("," ORG ATTRIBUTE("btc", "1Boat", ",\"to_ids\":true"));
	assert_int_equal(g.left, 1);
	assert_has(buf_span(&g.left_out),
		"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001: btc: meant for detection");
	assert_has(got_line(&g, "note--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001", ""),
		"\"content\":\"1Boat\"");
	got_fini(&g);
}

static void
a_deleted_attribute_is_revoked(void **state)
{
	(void)state;
	struct got g = event_read("," ORG ATTRIBUTE(
		"md5", "d41d8cd98f00b204e9800998ecf8427e", ",\"to_ids\":true,\"deleted\":true"));
	assert_has(got_line(&g, "indicator--6f0a", ""), "\"revoked\":true");
	got_fini(&g);
}

static void
sightings_are_sightings_doubts_and_ends(void **state)
{
	(void)state;
#define SEEN(uuid, type, more) \
	"{\"uuid\":\"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a500" uuid "\",\"type\":\"" type \
	"\",\"date_sighting\":\"1772600000\",\"Organisation\":{\"uuid\":\"0f5bd2a6-11a1-4d2c-" \
	"8a0c-5d4f2f6b0c0c\",\"name\":\"ISAC-C\"}" more "}"
	struct got g = event_read("," ORG ATTRIBUTE("ip-dst", "192.0.2.1",
		",\"to_ids\":true,\"Sighting\":[" SEEN("1", "0", "") "," SEEN(
			"2", "1", "") "," SEEN("3", "2", "") "," SEEN("4", "0",
			",\"source\":\"tocsin "
			"sighting--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6aeeee\"") "," SEEN("5", "9",
			"") "]"));
	struct span line =
		got_line(&g, "sighting--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a5001", "first_seen");
	assert_has(line, "\"sighting_of_ref\":\"indicator--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001\"");
	assert_has(line,
		"\"where_sighted_refs\":[\"identity--0f5bd2a6-11a1-4d2c-8a0c-5d4f2f6b0c0c\"]");
	line = got_line(&g, "opinion--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a5002", "");
	assert_has(line, "\"opinion\":\"strongly-disagree\"");
	line = got_line(&g, "\"type\":\"indicator\"", "");
	assert_has(line, "\"valid_until\":\"2026-03-04T04:53:20.000Z\"");
	/* What this node, or one like it, sent there is the same sighting. */
	assert_true(
		got_line(&g, "\"id\":\"sighting--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6aeeee\"", "").len >
		0);
	assert_int_equal(g.left, 1);
	assert_has(buf_span(&g.left_out), "of an unknown type");
	got_fini(&g);
}

static void
marking_of(const char *members, enum tlp level)
{
	struct got g = event_read(members);
	struct span line = got_line(&g, "\"id\":\"indicator--6f0a", "");
	const struct tlp_marking *marking = tlp_marking_of(level);
	own_buf struct buf want = {};
	if (!marking) {
		assert_lacks(line, "object_marking_refs");
	} else {
		buf_printf(&want, "\"object_marking_refs\":[\"%.*s\"]", (int)marking->id.len,
			marking->id.ptr);
		buf_add_byte(&want, 0);
		assert_has(line, want.ptr);
	}
	got_fini(&g);
}

static void
the_nearest_tag_marks_else_the_distribution(void **state)
{
	(void)state;
#define TAGS(name) ",\"Tag\":[{\"name\":\"" name "\"}]"
	marking_of(ATTRIBUTE("ip-dst", "192.0.2.1", ",\"to_ids\":true"), TLP_NONE);
	marking_of(",\"distribution\":\"3\"" ATTRIBUTE("ip-dst", "192.0.2.1", ",\"to_ids\":true"),
		TLP_GREEN);
	marking_of(",\"distribution\":3" ATTRIBUTE(
			   "ip-dst", "192.0.2.1", ",\"distribution\":\"1\",\"to_ids\":true"),
		TLP_AMBER_STRICT);
	marking_of(
		TAGS("tlp:amber") ATTRIBUTE("ip-dst", "192.0.2.1", ",\"to_ids\":true"), TLP_AMBER);
	marking_of(TAGS("tlp:amber")
			   ATTRIBUTE("ip-dst", "192.0.2.1", ",\"to_ids\":true" TAGS("tlp:clear")),
		TLP_CLEAR);
	marking_of(TAGS("tlp:green") ATTRIBUTE(
			   "ip-dst", "192.0.2.1", ",\"to_ids\":true,\"distribution\":\"4\""),
		TLP_AMBER_STRICT);
}

static void
distribution_zero_never_leaves(void **state)
{
	(void)state;
	marking_of(",\"distribution\":\"0\"" TAGS("tlp:clear")
			   ATTRIBUTE("ip-dst", "192.0.2.1", ",\"to_ids\":true"),
		TLP_RED);
	marking_of(",\"distribution\":\"3\"" ATTRIBUTE("ip-dst", "192.0.2.1",
			   ",\"to_ids\":true,\"distribution\":\"0\"" TAGS("tlp:clear")),
		TLP_RED);
}

static void
an_object_is_one_indicator(void **state)
{
	(void)state;
	struct got g = event_read(
		",\"Object\":[{\"name\":\"file\",\"uuid\":\"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a2001\","
		"\"distribution\":\"5\",\"Attribute\":["
		"{\"uuid\":\"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a2101\",\"type\":\"filename\","
		"\"value\":\"a.exe\",\"to_ids\":true},"
		"{\"uuid\":\"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a2102\",\"type\":\"md5\",\"value\":"
		"\"d41d8cd98f00b204e9800998ecf8427e\",\"to_ids\":true},"
		"{\"uuid\":\"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a2103\",\"type\":\"sha1\",\"value\":"
		"\"da39a3ee5e6b4b0d3255bfef95601890afd80709\",\"to_ids\":true},"
		"{\"uuid\":\"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a2104\",\"type\":\"port\",\"value\":"
		"443,\"to_ids\":true}]}]");
	struct span line =
		got_line(&g, "\"id\":\"indicator--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a2001\"", "");
	assert_has(line, "\"pattern\":\"[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e' OR "
			 "file:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']\"");
	assert_has(line, "6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a2101"); /* the name is kept with it */
	got_fini(&g);
}

static void
every_wrapping_of_events_is_read(void **state)
{
	(void)state;
#define ONE "{\"Event\":{\"uuid\":\"" EVENT_UUID "\",\"info\":\"x\",\"timestamp\":\"1\"}}"
#define BARE "{\"uuid\":\"" EVENT_UUID "\",\"info\":\"x\",\"Attribute\":[],\"timestamp\":\"1\"}"
	static const struct {
		const char *text;
		size_t reports;
	} table[] = {
		{ONE, 1},
		{BARE, 1},
		{"[" ONE "," BARE "]", 2},
		{"{\"response\":[" ONE "," ONE "]}", 2},
		{"{\"response\":" ONE "}", 1},
		{ONE "\n" ONE "\n", 2},
		{"\xef\xbb\xbf" ONE, 1},
		{"[]", 0},
		{"{\"response\":[]}", 0},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct got g = got_read("misp", span_of(table[i].text));
		assert_rc(g.code, RC_NONE);
		assert_int_equal(g.count, 2 + table[i].reports);
		got_fini(&g);
	}
}

static void
one_bad_event_costs_itself_only(void **state)
{
	(void)state;
	struct got g = got_read("misp", SPAN("[{\"Event\":{\"name\":\"none\"}},7," ONE "]"));
	assert_rc(g.code, RC_NONE);
	assert_int_equal(g.left, 2);
	assert_int_equal(g.count, 3);
	assert_has(buf_span(&g.left_out), "event 1: no MISP event");
	got_fini(&g);
	g = got_read("misp", SPAN("{\"Event\":{\"name\":\"none\"}}"));
	assert_rc(g.code, RC_BAD);
	got_fini(&g);
}

static void
the_same_event_makes_the_same_bytes(void **state)
{
	(void)state;
	const char *members =
		"," ORG ATTRIBUTE("domain|ip", "evil.example|192.0.2.1", ",\"to_ids\":true");
	struct got a = event_read(members), b = event_read(members);
	assert_int_equal(a.objects.len, b.objects.len);
	assert_memory_equal(a.objects.ptr, b.objects.ptr, a.objects.len);
	got_fini(&a);
	got_fini(&b);
}

/* The object made of an event whose attribute and timestamps are as told, as in_next hands it out. */
static void
settle(const char *stored, const char *incoming, enum rc expected, const char *created)
{
	struct span a = span_of(stored), b = span_of(incoming);
	struct in_object o = {.text = b, .id = SPAN("indicator--x")};
	own_buf struct buf mem = {};
	struct span text;
	struct diag why = {};
	o.created_at = span_find(b, SPAN("\"created\":\"")) + 11;
	o.modified_at = span_find(b, SPAN("\"modified\":\"")) + 12;
	assert_rc(in_settle(&o, a, &mem, &text, &why), expected);
	if (created)
		assert_has(text, created);
}

#define KEPT(created, modified, more) \
	"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":" \
	"\"indicator--6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001\",\"created\":\"" created \
	"T00:00:00.000Z\",\"modified\":\"" modified "T00:00:00.000Z\"" more \
	",\"extensions\":{\"" MISP_EXTENSION "\":{\"extension_type\":\"property-extension\"}}}"

static void
an_edit_elsewhere_in_the_event_makes_no_version(void **state)
{
	(void)state;
	settle(KEPT("2026-01-01", "2026-01-02", ""), KEPT("2026-01-01", "2026-01-03", ""), RC_NONE,
		NULL);
	settle(KEPT("2026-01-01", "2026-01-02", ""),
		KEPT("2026-01-01", "2026-01-02", ",\"name\":\"x\""), RC_NONE, NULL);
	settle(KEPT("2026-01-01", "2026-01-02", ""),
		KEPT("2025-12-01", "2026-01-03", ",\"name\":\"x\""), RC_OK,
		"\"created\":\"2026-01-01");
	settle("", KEPT("2025-12-01", "2026-01-03", ""), RC_OK, "\"created\":\"2025-12-01");
	/* What was born here, or came another way, is not MISP's to change. */
	settle("{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--6f0a1d52-3c7e-"
	       "4c55-"
	       "9a0e-0b6d1b6a1001\",\"created\":\"2026-01-01T00:00:00Z\",\"modified\":\"2026-01-"
	       "01T00:00:00Z\"}",
		KEPT("2025-12-01", "2026-01-03", ",\"name\":\"x\""), RC_NONE, NULL);
	settle(KEPT("2026-01-01", "2026-01-02", ",\"revoked\":true"),
		KEPT("2026-01-01", "2026-01-03", ",\"name\":\"x\""), RC_CONFLICT, NULL);
}

static void
what_one_server_counts_is_not_kept(void **state)
{
	(void)state;
	struct got g = event_read(
		",\"id\":\"77\",\"org_id\":\"1\",\"attribute_count\":\"9\",\"RelatedEvent\":[{"
		"\"Event\":{\"id\":\"1\"}}],\"event_creator_email\":\"someone@cert.example\"," ORG);
	struct span line = got_line(&g, "\"report--", "");
	assert_lacks(line, "\"id\":\"77\"");
	assert_lacks(line, "attribute_count");
	assert_lacks(line, "RelatedEvent");
	assert_lacks(line, "someone@cert.example");
	got_fini(&g);
}

/* Found by fuzzing: an attribute of which nothing can be kept left a lone comma behind. */
static void
an_attribute_without_usable_members_breaks_nothing(void **state)
{
	(void)state;
	struct got g = event_read(
		",\"Object\":[{\"name\":\"x\",\"Attribute\":[{\"a(b\":1},{\"type\":0},7,{}]}]");
	struct span line = got_line(&g, "\"note--", "misp_attributes");
	own_json yyjson_doc *doc = NULL;
	assert_rc(json_read(line, NULL, &doc, NULL), RC_OK);
	assert_has(buf_span(&g.left_out), "members whose names no STIX dictionary can have");
	got_fini(&g);
}

/* The attribute types that servers of 2026 know. */
static const char *const types[] = {"md5", "sha1", "sha256", "filename", "pdb", "filename|md5",
	"filename|sha1", "filename|sha256", "ip-src", "ip-dst", "hostname", "domain", "domain|ip",
	"email", "email-src", "eppn", "email-dst", "email-subject", "email-attachment",
	"email-body", "float", "git-commit-id", "url", "http-method", "user-agent",
	"ja3-fingerprint-md5", "jarm-fingerprint", "favicon-mmh3", "hassh-md5", "hasshserver-md5",
	"regkey", "regkey|value", "AS", "snort", "suricata", "bro", "zeek", "community-id",
	"dom-hash", "pattern-in-file", "pattern-in-traffic", "pattern-in-memory",
	"filename-pattern", "pgp-public-key", "pgp-private-key", "ssh-fingerprint", "yara",
	"stix2-pattern", "sigma", "gene", "kusto-query", "mime-type", "identity-card-number",
	"cookie", "vulnerability", "cpe", "weakness", "attachment", "malware-sample", "link",
	"comment", "text", "hex", "other", "named pipe", "mutex", "process-state", "target-user",
	"target-email", "target-machine", "target-org", "target-location", "target-external", "btc",
	"dash", "xmr", "iban", "bic", "bank-account-nr", "aba-rtn", "bin", "cc-number", "prtn",
	"phone-number", "threat-actor", "campaign-name", "campaign-id", "malware-type", "uri",
	"authentihash", "vhash", "ssdeep", "imphash", "telfhash", "pehash", "impfuzzy", "sha224",
	"sha384", "sha512", "sha512/224", "sha512/256", "sha3-224", "sha3-256", "sha3-384",
	"sha3-512", "tlsh", "cdhash", "filename|authentihash", "filename|vhash", "filename|ssdeep",
	"filename|imphash", "filename|impfuzzy", "filename|pehash", "filename|sha224",
	"filename|sha384", "filename|sha512", "filename|sha512/224", "filename|sha512/256",
	"filename|sha3-224", "filename|sha3-256", "filename|sha3-384", "filename|sha3-512",
	"filename|tlsh", "windows-scheduled-task", "windows-service-name",
	"windows-service-displayname", "whois-registrant-email", "whois-registrant-phone",
	"whois-registrant-name", "whois-registrant-org", "whois-registrar", "whois-creation-date",
	"x509-fingerprint-sha1", "x509-fingerprint-md5", "x509-fingerprint-sha256", "dns-soa-email",
	"size-in-bytes", "counter", "integer", "datetime", "port", "ip-dst|port", "ip-src|port",
	"hostname|port", "mac-address", "mac-eui-64", "email-dst-display-name",
	"email-src-display-name", "email-header", "email-reply-to", "email-x-mailer",
	"email-mime-boundary", "email-thread-index", "email-message-id", "github-username",
	"github-repository", "github-organisation", "jabber-id", "twitter-id", "dkim",
	"dkim-signature", "first-name", "middle-name", "last-name", "full-name", "date-of-birth",
	"place-of-birth", "gender", "passport-number", "passport-country", "passport-expiration",
	"redress-number", "nationality", "visa-number", "issue-date-of-the-visa",
	"primary-residence", "country-of-residence", "special-service-request",
	"frequent-flyer-number", "travel-details", "payment-details",
	"place-port-of-original-embarkation", "place-port-of-clearance",
	"place-port-of-onward-foreign-destination", "passenger-name-record-locator-number",
	"mobile-application-id", "azure-application-id", "chrome-extension-id", "edge-extension-id",
	"cortex", "boolean", "uuid", "anonymised", "onion-address"};

/* Whatever its type, an attribute is kept as it came; where it was to detect and cannot, that is told. */
static void
an_attribute_of_any_type_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		own_buf struct buf text = {}, kept = {};
		buf_printf(&text,
			",\"Attribute\":[{\"uuid\":\"6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001\","
			"\"type\":\"%s\",\"category\":\"Other\",\"value\":\"a|b "
			"c\",\"to_ids\":true}]",
			types[i]);
		buf_add_byte(&text, 0);
		buf_printf(&kept, "\"type\":\"%s\",\"category\":\"Other\"", types[i]);
		buf_add_byte(&kept, 0);
		struct got g = event_read(text.ptr);
		struct span line = got_line(&g, "6f0a1d52-3c7e-4c55-9a0e-0b6d1b6a1001", kept.ptr);
		if (!line.len)
			fail_msg("%s is lost", types[i]);
		if (span_find(line, SPAN("\"type\":\"indicator\"")) == SIZE_MAX && g.left == 0)
			fail_msg("%s detects nothing, and nobody is told", types[i]);
		got_fini(&g);
	}
}

static void
an_event_that_no_server_named_gets_a_name_of_its_content(void **state)
{
	(void)state;
	static const char *const texts[] = {"{\"Event\":{\"info\":\"new\",\"Attribute\":[{\"type\":"
					    "\"ip-dst\",\"value\":\"192.0.2.1\","
					    "\"to_ids\":true}]}}",
		"{\"Object\":[{\"name\":\"file\",\"Attribute\":[{\"type\":\"filename\",\"value\":"
		"\"bar\"}]}],\"threat_level_id\":\"1\"}"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct got g = got_read("auto", span_of(texts[i])),
			   again = got_read("auto", span_of(texts[i]));
		assert_rc(g.code, RC_NONE);
		assert_true(got_line(&g, "\"type\":\"report\"", "report--").len > 0);
		assert_true(span_eq(buf_span(&g.objects), buf_span(&again.objects)));
		got_fini(&g);
		got_fini(&again);
	}
}

static void
an_entry_of_an_index_is_no_event(void **state)
{
	(void)state;
	struct got g = got_read("misp", SPAN("[{\"id\":\"1\",\"uuid\":\"" EVENT_UUID
					     "\",\"info\":\"x\",\"timestamp\":\"1\","
					     "\"attribute_count\":\"7\"}]"));
	assert_int_equal(g.left, 1);
	assert_has(buf_span(&g.left_out), "without the event's attributes");
	got_fini(&g);
}

/* "HKLM" is written out; a key without a hive is no key in STIX and stays a note. */
static void
what_the_standard_refuses_stays_a_note(void **state)
{
	(void)state;
	struct got g = event_read(ATTRIBUTE("regkey", "HKLM\\\\Software\\\\x", ""));
	assert_true(got_line(&g, "windows-registry-key", "HKEY_LOCAL_MACHINE").len > 0);
	got_fini(&g);
	g = event_read(ATTRIBUTE("AS", "4294967296", ""));
	assert_true(got_line(&g, "note--", "4294967296").len > 0);
	got_fini(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_object_made_is_valid),
		cmocka_unit_test(uuids_and_times_are_the_event_s),
		cmocka_unit_test(what_is_not_for_detection_becomes_observed_data),
		cmocka_unit_test(a_vulnerability_is_looked_for_where_it_is_meant_for_detection),
		cmocka_unit_test(rules_keep_their_language),
		cmocka_unit_test(what_no_pattern_says_is_a_note_and_told),
		cmocka_unit_test(a_deleted_attribute_is_revoked),
		cmocka_unit_test(sightings_are_sightings_doubts_and_ends),
		cmocka_unit_test(the_nearest_tag_marks_else_the_distribution),
		cmocka_unit_test(distribution_zero_never_leaves),
		cmocka_unit_test(an_object_is_one_indicator),
		cmocka_unit_test(every_wrapping_of_events_is_read),
		cmocka_unit_test(one_bad_event_costs_itself_only),
		cmocka_unit_test(the_same_event_makes_the_same_bytes),
		cmocka_unit_test(an_edit_elsewhere_in_the_event_makes_no_version),
		cmocka_unit_test(what_one_server_counts_is_not_kept),
		cmocka_unit_test(an_attribute_without_usable_members_breaks_nothing),
		cmocka_unit_test(an_attribute_of_any_type_is_kept),
		cmocka_unit_test(an_event_that_no_server_named_gets_a_name_of_its_content),
		cmocka_unit_test(an_entry_of_an_index_is_no_event),
		cmocka_unit_test(what_the_standard_refuses_stays_a_note),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
