#pragma once
/*
 * Good objects of every type, and how a change to one (RFC 7386) is judged: what the tests of the
 * checker share.
 */
#include "../test.h"

#include "base/buf.h"
#include "base/must.h"
#include "base/own.h"
#include "codec/json.h"
#include "stix/check.h"

#define U(type) type "--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
#define SDO(type) \
	"{\"type\":\"" type "\",\"spec_version\":\"2.1\",\"id\":\"" U( \
		type) "\"," \
		      "\"created\":\"2016-04-06T20:03:48.000Z\",\"modified\":\"2016-04-06T20:03:" \
		      "48.000Z\","
#define SCO(type) "{\"type\":\"" type "\",\"spec_version\":\"2.1\",\"id\":\"" U(type) "\","
#define META(type) \
	"{\"type\":\"" type "\",\"spec_version\":\"2.1\",\"id\":\"" U( \
		type) "\"," \
		      "\"created\":\"2016-04-06T20:03:48.000Z\","

static const char identity[] = SDO("identity") "\"name\":\"ACME\"}";
static const char attack_pattern[] = SDO("attack-pattern") "\"name\":\"n\"}";
static const char campaign[] =
	SDO("campaign") "\"name\":\"n\",\"first_seen\":\"2016-01-01T00:00:00Z\","
			"\"last_seen\":\"2016-01-01T00:00:00Z\"}";
static const char course[] = SDO("course-of-action") "\"name\":\"n\"}";
static const char grouping[] =
	SDO("grouping") "\"name\":\"n\",\"context\":\"unspecified\",\"object_refs\":[\"" U(
		"indicator") "\"]}";
static const char incident[] = SDO("incident") "\"name\":\"n\"}";
static const char indicator[] =
	SDO("indicator") "\"pattern\":\"[url:value = 'x']\",\"pattern_type\":\"stix\","
			 "\"valid_from\":\"2016-01-01T00:00:00Z\"}";
static const char infrastructure[] = SDO("infrastructure") "\"name\":\"n\"}";
static const char intrusion_set[] = SDO("intrusion-set") "\"name\":\"n\"}";
static const char location[] =
	SDO("location") "\"latitude\":48.5,\"longitude\":-122,\"precision\":10.5}";
static const char malware[] = SDO("malware") "\"is_family\":true,\"name\":\"n\"}";
static const char malware_analysis[] =
	SDO("malware-analysis") "\"product\":\"p\",\"result\":\"benign\"}";
static const char note[] =
	SDO("note") "\"content\":\"c\",\"object_refs\":[\"" U("indicator") "\"]}";
static const char observed[] = SDO("observed-data") "\"first_observed\":\"2016-01-01T00:00:00Z\","
						    "\"last_observed\":\"2016-01-02T00:00:00Z\","
						    "\"number_observed\":1,\"object_refs\":[\"" U(
							    "url") "\",\"" U("relationship") "\"]}";
static const char opinion[] =
	SDO("opinion") "\"opinion\":\"agree\",\"object_refs\":[\"" U("indicator") "\"]}";
static const char report[] =
	SDO("report") "\"name\":\"n\",\"published\":\"2016-01-01T00:00:00Z\",\"object_refs\":[\"" U(
		"indicator") "\"]}";
static const char threat_actor[] = SDO("threat-actor") "\"name\":\"n\"}";
static const char tool[] = SDO("tool") "\"name\":\"n\"}";
static const char vulnerability[] =
	SDO("vulnerability") "\"name\":\"n\",\"external_references\":[{\"source_name\":\"cve\","
			     "\"external_id\":\"CVE-2014-0160\"}]}";
static const char relationship[] =
	SDO("relationship") "\"relationship_type\":\"uses\",\"source_ref\":\"" U(
		"malware") "\",\"target_ref\":\"" U("tool") "\",\"start_time\":\"2016-01-01T00:00:"
							    "00Z\",\"stop_time\":\"2016-01-01T00:"
							    "00:01Z\"}";
static const char sighting[] =
	SDO("sighting") "\"sighting_of_ref\":\"" U("indicator") "\",\"count\":0}";

static const char artifact[] = SCO("artifact") "\"payload_bin\":\"Zm9v\"}";
static const char as[] = SCO("autonomous-system") "\"number\":15139}";
static const char directory[] = SCO("directory") "\"path\":\"/\",\"path_enc\":\"US-ASCII\"}";
static const char domain[] = SCO("domain-name") "\"value\":\"b\303\274cher.example\"}";
static const char email[] = SCO("email-addr") "\"value\":\"jdoe@example.com\"}";
static const char message[] = SCO("email-message") "\"is_multipart\":false,\"body\":\"b\"}";
static const char multipart[] =
	SCO("email-message") "\"is_multipart\":true,\"body_multipart\":[{\"body\":\"b\"}]}";
static const char file[] = SCO("file") "\"name\":\"f\",\"hashes\":{\"MD5\":"
				       "\"d41d8cd98f00b204e9800998ecf8427e\"},\"size\":0}";
static const char ipv4[] = SCO("ipv4-addr") "\"value\":\"198.51.100.3/32\"}";
static const char ipv6[] = SCO("ipv6-addr") "\"value\":\"2001:db8::1/128\"}";
static const char mac[] = SCO("mac-addr") "\"value\":\"d2:fb:49:24:37:18\"}";
static const char mutex[] = SCO("mutex") "\"name\":\"m\"}";
static const char traffic[] = SCO("network-traffic") "\"protocols\":[\"tcp\"],\"src_ref\":\"" U(
	"ipv4-addr") "\",\"src_port\":65535,\"end\":\"2016-01-01T00:00:00Z\"}";
static const char process[] = SCO("process") "\"pid\":1}";
static const char software[] =
	SCO("software") "\"name\":\"s\",\"cpe\":\"cpe:2.3:a:microsoft:word:2000:*:*:*:*:*:*:*\"}";
static const char url[] = SCO("url") "\"value\":\"https://example.com/a%20b?q#f\"}";
static const char account[] = SCO("user-account") "\"user_id\":\"1001\"}";
static const char registry[] =
	SCO("windows-registry-key") "\"key\":\"HKEY_LOCAL_MACHINE\\\\a\",\"values\":[{\"name\":"
				    "\"\",\"data_type\":\"REG_SZ\"}]}";
static const char certificate[] = SCO("x509-certificate") "\"serial_number\":\"00:01\"}";

static const char language[] =
	META("language-content") "\"modified\":\"2016-04-06T20:03:48.000Z\",\"object_ref\":\"" U(
		"campaign") "\",\"contents\":{\"de\":{\"name\":\"Angriff\"}}}";
static const char statement[] =
	META("marking-definition") "\"definition_type\":\"statement\",\"definition\":{"
				   "\"statement\":\"(c)\"}}";
static const char extension[] =
	META("extension-definition") "\"modified\":\"2016-04-06T20:03:48.000Z\",\"created_by_ref\":"
				     "\"" U("identity") "\",\"name\":\"n\",\"schema\":\"s\","
							"\"version\":\"1\",\"extension_types\":["
							"\"property-extension\"]}";
static const char custom[] = SDO("x-thing") "\"x_a\":1}";

#define TLP1_RED \
	"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\"," \
	"\"id\":\"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed\"," \
	"\"created\":\"2017-01-20T00:00:00.000Z\",\"definition_type\":\"tlp\",\"name\":\"TLP:" \
	"RED\"," \
	"\"definition\":{\"tlp\":\"red\"}}"
#define TLP2_RED \
	"{\"type\":\"marking-definition\",\"spec_version\":\"2.1\"," \
	"\"id\":\"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1\"," \
	"\"created\":\"2022-10-01T00:00:00.000Z\",\"name\":\"TLP:RED\",\"extensions\":{" \
	"\"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d\":{" \
	"\"extension_type\":\"property-extension\",\"tlp_2_0\":\"red\"}}}"
static const char tlp1_red[] = TLP1_RED, tlp2_red[] = TLP2_RED;

#define EXT(name, members) "{\"extensions\":{\"" name "\":{" members "}}}"
#define DEFINED "extension-definition--9e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"

/* code NULL: the changed object is valid. */
struct judged {
	const char *object, *patch, *code, *path;
};

static inline void
apply_patch(const struct judged *k, struct buf *out)
{
	own_json yyjson_doc *object = NULL, *patch = NULL;
	assert_rc(json_read(span_of(k->object), NULL, &object, NULL), RC_OK);
	assert_rc(json_read(span_of(k->patch), NULL, &patch, NULL), RC_OK);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *merged =
		yyjson_merge_patch(doc, yyjson_doc_get_root(object), yyjson_doc_get_root(patch));
	size_t len;
	own_mem char *text = yyjson_mut_val_write(merged, 0, &len);
	must(text != NULL);
	buf_add(out, (struct span){text, len});
	yyjson_mut_doc_free(doc);
}

static inline bool
has_verdict(const struct stix_verdicts *v, const char *code, const char *path)
{
	for (size_t i = 0; i < v->all.len; i++)
		if (span_eq(span_of(v->all.at[i].code), span_of(code)) &&
			span_eq(v->all.at[i].path, span_of(path)))
			return true;
	return false;
}

static inline void
judge(const struct judged *cases, size_t count, const struct stix_options *options)
{
	size_t wrong = 0;
	for (size_t i = 0; i < count; i++) {
		const struct judged *k = &cases[i];
		struct stix_verdicts v = {};
		own_buf struct buf text = {};
		apply_patch(k, &text);
		enum rc code = stix_check_text(buf_span(&text), options, &v);
		bool good = k->code ? code == RC_BAD && has_verdict(&v, k->code, k->path)
				    : code == RC_OK;
		if (!good) {
			wrong++;
			print_error("case %zu: %.*s\n", i, (int)text.len, text.ptr);
			for (size_t j = 0; j < v.all.len; j++)
				print_error("    %s at %s: %s\n", v.all.at[j].code,
					v.all.at[j].path.ptr, v.all.at[j].what.ptr);
		}
		stix_verdicts_fini(&v);
	}
	assert_int_equal(wrong, 0);
}

#define JUDGE(cases) judge(cases, sizeof(cases) / sizeof(cases)[0], &(struct stix_options){})

#define REF(members) "{\"external_references\":[{" members "}]}"
#define MARK(members) "{\"granular_markings\":[{" members "}]}"
#define CONTAINER(members) "{\"object_refs\":null,\"objects\":{" members "}}"
#define BUNDLE(objects) "{\"type\":\"bundle\",\"id\":\"" U("bundle") "\",\"objects\":[" objects "]}"
#define TOOL SDO("tool") "\"name\":\"n\"}"
