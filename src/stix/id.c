#include "stix/id.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "base/ascii.h"
#include "base/must.h"
#include "base/mutant.h"
#include "codec/jcs.h"
#include "codec/json.h"

enum { UUID_LEN = UUID_TEXT - 1 };

bool
stix_type_valid(struct span type)
{
	if (type.len < 3 || type.len > STIX_TYPE_MAX || type.ptr[0] < 'a' || type.ptr[0] > 'z')
		return false;
	for (size_t i = 1; i < type.len; i++) {
		char c = type.ptr[i];
		bool word = (c >= 'a' && c <= 'z') || ascii_is_digit(c);
		if (!word && (c != '-' || type.ptr[i - 1] == '-'))
			return false;
	}
	return type.ptr[type.len - 1] != '-';
}

enum rc
stix_id_parse(struct span id, struct span *type, struct uuid *uuid)
{
	struct uuid parsed;
	if (id.len < UUID_LEN + 2 + 3)
		return RC_BAD;
	size_t end = id.len - UUID_LEN - 2;
	struct span name = span_sub(id, 0, end);
	if (id.ptr[end] != '-' || id.ptr[end + 1] != '-' || !stix_type_valid(name) ||
		uuid_parse(span_sub(id, end + 2, UUID_LEN), &parsed) || !uuid_is_rfc(&parsed))
		return RC_BAD;
	if (type)
		*type = name;
	if (uuid)
		*uuid = parsed;
	return RC_OK;
}

static void
id_text(struct span type, const struct uuid *u, char out[static STIX_ID_TEXT])
{
	must(type.len <= STIX_TYPE_MAX);
	memcpy(out, type.ptr, type.len);
	memcpy(out + type.len, "--", 2);
	uuid_text(u, out + type.len + 2);
}

void
stix_id_new(struct span type, struct rng chance, char out[static STIX_ID_TEXT])
{
	struct uuid fresh = uuid_v4(chance);
	must(stix_type_valid(type));
	id_text(type, &fresh, out);
}

struct uuid
stix_uuid_v5(const struct uuid *space, struct span name)
{
	uint8_t sha1[20];
	gnutls_hash_hd_t hash;
	must(gnutls_hash_init(&hash, GNUTLS_DIG_SHA1) == 0);
	must(gnutls_hash(hash, space->byte, sizeof space->byte) == 0);
	must(name.len == 0 || gnutls_hash(hash, name.ptr, name.len) == 0);
	gnutls_hash_deinit(hash, sha1);
	return uuid_v5_from_sha1(sha1);
}

struct uuid
stix_sco_uuid(struct span canonical)
{
	static const struct uuid space = {{0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c,
		0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7}};
	return stix_uuid_v5(mutant(1510) ? &(struct uuid){} : &space, canonical);
}

/* Contributing properties of each type (section 6), sorted as RFC 8785 sorts them. */
static const struct {
	const char *type;
	const char *properties[9];
} contributing[] = {
	{"artifact", {"hashes", "payload_bin"}},
	{"autonomous-system", {"number"}},
	{"directory", {"path"}},
	{"domain-name", {"value"}},
	{"email-addr", {"value"}},
	{"email-message", {"body", "from_ref", "subject"}},
	{"file", {"extensions", "hashes", "name", "parent_directory_ref"}},
	{"ipv4-addr", {"value"}},
	{"ipv6-addr", {"value"}},
	{"mac-addr", {"value"}},
	{"mutex", {"name"}},
	{"network-traffic", {"dst_port", "dst_ref", "end", "extensions", "protocols", "src_port",
				    "src_ref", "start"}},
	{"process", {}},
	{"software", {"cpe", "name", "swid", "vendor", "version"}},
	{"url", {"value"}},
	{"user-account", {"account_login", "account_type", "user_id"}},
	{"windows-registry-key", {"key", "values"}},
	{"x509-certificate", {"hashes", "serial_number"}},
};

/* Of several hashes one contributes: by preference, else the first in the order of names. */
static enum rc
add_hash(struct buf *out, yyjson_val *hashes, struct diag *why)
{
	static const char *const preferred[] = {"MD5", "SHA-1", "SHA-256", "SHA-512"};
	struct span chosen = {};
	yyjson_val *value = NULL;
	for (size_t i = 0; i < sizeof preferred / sizeof preferred[0] && !value && !mutant(1520);
		i++) {
		chosen = span_of(preferred[i]);
		value = json_get(hashes, preferred[i]);
	}
	if (!value) {
		yyjson_obj_iter it = yyjson_obj_iter_with(hashes);
		for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
			if (value && jcs_name_cmp(json_span(key), chosen) >= 0)
				continue;
			chosen = json_span(key);
			value = yyjson_obj_iter_get_val(key);
		}
	}
	if (!value)
		return diag_fail(why, RC_BAD, "hashes holds no hash");
	buf_add_byte(out, '{');
	jcs_write_string(out, chosen);
	buf_add_byte(out, ':');
	enum rc code = jcs_write(out, value, why);
	buf_add_byte(out, '}');
	return code;
}

/* Ends with NULL; NULL: the type is none of section 6. */
static const char *const *
contributing_of(struct span type)
{
	for (size_t i = 0; i < sizeof contributing / sizeof contributing[0]; i++)
		if (span_eq(type, span_of(contributing[i].type)))
			return contributing[i].properties;
	return NULL;
}

bool
stix_id_contributes(const yyjson_val *sco)
{
	const char *const *property = contributing_of(json_get_span(sco, "type"));
	for (; property && *property; property++)
		if (json_get(sco, *property))
			return true;
	return false;
}

enum rc
stix_id_of_sco(const yyjson_val *sco, char out[static STIX_ID_TEXT], struct diag *why)
{
	struct span type = json_get_span(sco, "type");
	const char *const *property = contributing_of(type);
	if (!property)
		return diag_fail(why, RC_UNKNOWN, "no deterministic id is defined for this type");
	own_buf struct buf text = {};
	buf_add_byte(&text, '{');
	for (; *property; property++) {
		yyjson_val *value = json_get(sco, *property);
		if (!value)
			continue;
		if (text.len > 1)
			buf_add_byte(&text, ',');
		jcs_write_string(&text, span_of(*property));
		buf_add_byte(&text, ':');
		bool hashes =
			strcmp(*property, "hashes") == 0 && yyjson_is_obj(value) && !mutant(1521);
		enum rc code = hashes ? add_hash(&text, value, why) : jcs_write(&text, value, why);
		if (code)
			return RC_BAD;
	}
	if (text.len == 1)
		return diag_fail(why, RC_NONE, "no contributing property is present");
	buf_add_byte(&text, '}');
	struct uuid uuid = stix_sco_uuid(buf_span(&text));
	id_text(type, &uuid, out);
	return RC_OK;
}
