#include "match/objects.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mutant.h"
#include "base/own.h"
#include "base/vec.h"
#include "codec/json.h"
#include "match/role.h"
#include "match/told.h"
#include "obs/extract.h"
#include "obs/line.h"
#include "obs/url.h"

enum { PAIRED = 4, EITHER = 256, ENDS = 16, TEXTS = 16, NOBODY = UINT32_MAX };

/* Numbers of objects. */
struct refs {
	uint32_t at[EITHER];
	size_t len;
};

struct objects {
	struct arena arena;
	struct buf text; /* members of "objects" */
	uint32_t count;
	struct known {
		uint64_t key; /* type and value, hashed; 0: free */
		uint32_t number;
	} * slot;
	size_t slots, used;
	yyjson_doc *doc;
	struct observations *made;
	/* of the record */
	struct refs source, destination, host, query, answer, sender, recipient, any;
	struct span text_of[TOLDS]; /* the first of each */
	struct span protocol[TEXTS];
	size_t protocols;
	struct span host_name, uri, agent, referrer, file, user;
	struct span hash[OBS_KINDS];	/* digests of a file, JA3, JA4: the first of each */
	vec_of(struct observable) more; /* said to be seen */
	vec_of(struct name {
		uint32_t number;
		struct span value;
	}) names;
	uint64_t seed;
};

struct objects *
objects_new(void)
{
	struct objects *o = mem_new(sizeof *o);
	o->seed = (uintptr_t)o;
	return o;
}

void
objects_free(struct objects *o)
{
	if (!o)
		return;
	observations_free(o->made);
	json_free(&o->doc);
	arena_fini(&o->arena);
	buf_fini(&o->text);
	free(o->slot);
	free(o->more.at);
	free(o->names.at);
	free(o);
}

void
objects_reset(struct objects *o)
{
	struct objects kept = *o;
	observations_free(o->made);
	json_free(&o->doc);
	if (o->used)
		memset(o->slot, 0, o->slots * sizeof *o->slot);
	*o = (struct objects){.arena = kept.arena,
		.text = kept.text,
		.slot = kept.slot,
		.slots = kept.slots,
		.more = kept.more,
		.names = kept.names,
		.seed = kept.seed};
	o->more.len = o->names.len = 0;
	buf_reset(&o->text);
	arena_reset(&o->arena);
}

/* ---- single objects ---- */

static void
write_head(struct objects *o, uint32_t number, const char *type)
{
	buf_printf(&o->text, "%s\"%u\":{\"type\":\"%s\"", o->text.len ? "," : "", number, type);
}

/* Begins an object; its number. NOBODY: there are too many. */
static uint32_t
begin(struct objects *o, const char *type)
{
	if (o->count >= OBJECTS_MAX)
		return NOBODY;
	write_head(o, o->count, type);
	return o->count++;
}

static void
end(struct objects *o)
{
	buf_add_byte(&o->text, '}');
}

static void
put_text(struct objects *o, const char *name, struct span value)
{
	if (!value.len)
		return;
	buf_printf(&o->text, ",\"%s\":", name);
	json_write_string(&o->text, value);
}

static void
put_number(struct objects *o, const char *name, struct span value)
{
	uint64_t number;
	if (span_to_u64(value, &number) && number <= INT64_MAX)
		buf_printf(&o->text, ",\"%s\":%llu", name, (unsigned long long)number);
}

static void
put_ref(struct objects *o, const char *name, uint32_t number)
{
	if (number != NOBODY)
		buf_printf(&o->text, ",\"%s\":\"%u\"", name, number);
}

static void
put_refs(struct objects *o, const char *name, const struct refs *refs)
{
	if (!refs->len)
		return;
	buf_printf(&o->text, ",\"%s\":[", name);
	for (size_t i = 0; i < refs->len; i++)
		buf_printf(&o->text, "%s\"%u\"", i ? "," : "", refs->at[i]);
	buf_add_byte(&o->text, ']');
}

static struct known *
find_known(const struct objects *o, uint64_t key)
{
	size_t at = key & (o->slots - 1);
	while (o->slot[at].key && o->slot[at].key != key)
		at = (at + 1) & (o->slots - 1);
	return &o->slot[at];
}

static uint64_t
key_of(const struct objects *o, const char *type, struct span value)
{
	return hash64(value, hash64(span_of(type), o->seed)) | 1;
}

/* The place of what is said once. */
static struct known *
know(struct objects *o, const char *type, struct span value)
{
	if ((o->used + 1) * 2 > o->slots) {
		struct known *old = o->slot;
		size_t count = o->slots;
		o->slots = count ? count * 2 : 64;
		o->slot = mem_new(o->slots * sizeof *o->slot);
		for (size_t i = 0; i < count; i++)
			if (old[i].key)
				*find_known(o, old[i].key) = old[i];
		free(old);
	}
	return find_known(o, key_of(o, type, value));
}

/* An object of a type and one text, once; its number. */
static uint32_t
put_simple(struct objects *o, const char *type, const char *name, struct span value)
{
	struct known *k = know(o, type, value);
	if (k->key)
		return k->number;
	uint32_t number = begin(o, type);
	if (number == NOBODY)
		return NOBODY;
	put_text(o, name, value);
	end(o);
	*k = (struct known){key_of(o, type, value), number};
	o->used++;
	return number;
}

/* A name: it is written when it is known what it was answered with. */
static uint32_t
put_name(struct objects *o, struct span value)
{
	struct known *k = know(o, "domain-name", value);
	if (k->key)
		return k->number;
	if (o->count >= OBJECTS_MAX)
		return NOBODY;
	*k = (struct known){key_of(o, "domain-name", value), o->count};
	o->used++;
	*vec_add(&o->names) = (struct name){o->count, value};
	return o->count++;
}

static const char *
hash_name(enum obs_kind kind)
{
	switch (kind) {
	case OBS_MD5: return "MD5";
	case OBS_SHA1: return "SHA-1";
	case OBS_SHA224: return "SHA-224";
	case OBS_SHA256: return "SHA-256";
	case OBS_SHA384: return "SHA-384";
	case OBS_SHA512: return "SHA-512";
	default: return NULL;
	}
}

static uint32_t
put_hash(struct objects *o, const char *type, enum obs_kind kind, struct span value)
{
	struct known *k = know(o, type, value);
	if (k->key)
		return k->number;
	uint32_t number = begin(o, type);
	if (number == NOBODY)
		return NOBODY;
	buf_printf(&o->text, ",\"hashes\":{\"%s\":", hash_name(kind));
	json_write_string(&o->text, value);
	buf_add_byte(&o->text, '}');
	end(o);
	*k = (struct known){key_of(o, type, value), number};
	o->used++;
	return number;
}

static uint32_t
put_observable(struct objects *o, struct observable seen)
{
	switch (seen.kind) {
	case OBS_IPV4: return put_simple(o, "ipv4-addr", "value", seen.value);
	case OBS_IPV6: return put_simple(o, "ipv6-addr", "value", seen.value);
	case OBS_DOMAIN: return put_name(o, seen.value);
	case OBS_URL: return put_simple(o, "url", "value", seen.value);
	case OBS_EMAIL: return put_simple(o, "email-addr", "value", seen.value);
	case OBS_MAC: return put_simple(o, "mac-addr", "value", seen.value);
	case OBS_JA3: return put_simple(o, "network-traffic", "x_ja3", seen.value);
	case OBS_JA4: return put_simple(o, "network-traffic", "x_ja4", seen.value);
	default: return hash_name(seen.kind) ? put_hash(o, "file", seen.kind, seen.value) : NOBODY;
	}
}

void
objects_add(struct objects *o, struct observable seen)
{
	*vec_add(&o->more) = seen;
}

/* What the record's own fields did not yield. */
static void
put_more(struct objects *o)
{
	for (size_t i = 0; i < o->more.len; i++) {
		struct observable one = o->more.at[i];
		if (!span_eq(o->hash[one.kind], one.value))
			put_observable(o, one);
	}
}

static void
refs_add(struct refs *r, uint32_t number)
{
	if (number == NOBODY || r->len == EITHER)
		return;
	for (size_t i = 0; i < r->len; i++)
		if (r->at[i] == number)
			return;
	r->at[r->len++] = number;
}

/* ---- what a field holds ---- */

static bool
is_host(enum obs_kind kind)
{
	return kind == OBS_IPV4 || kind == OBS_IPV6 || kind == OBS_DOMAIN;
}

static void
note_host(struct objects *o, enum field_role role, uint32_t number)
{
	refs_add(&o->any, number);
	switch (role) {
	case ROLE_SOURCE: refs_add(&o->source, number); break;
	case ROLE_DESTINATION: refs_add(&o->destination, number); break;
	case ROLE_HOST: refs_add(&o->host, number); break;
	case ROLE_QUERY: refs_add(&o->query, number); break;
	case ROLE_ANSWER: refs_add(&o->answer, number); break;
	default: break;
	}
}

static void
take_url(struct objects *o, struct span text, const struct found *f)
{
	struct span raw;
	enum found_coding coding;
	struct url url;
	if (!found_url(text, f, &raw, &coding))
		return;
	raw = found_decode(raw, coding, &o->arena);
	if (url_parse(raw, SCHEME_OPTIONAL, &o->arena, &url, NULL))
		return;
	put_simple(o, "url", "value", url.text);
	if (url.scheme.len)
		put_simple(o, "url", "value", raw);
}

static void
take_email(struct objects *o, struct span text, const struct found *f, enum field_role role)
{
	struct span raw;
	struct observable seen;
	for (unsigned nth = 0; nth < 2; nth++) {
		if (!found_email(text, f, nth, &raw) || span_find_byte(raw, '@') == SIZE_MAX ||
			obs_normalize(OBS_EMAIL, raw, &o->arena, &seen, NULL))
			continue;
		uint32_t number = put_observable(o, seen);
		put_simple(o, "email-addr", "value", raw);
		if (role == ROLE_SENDER)
			refs_add(&o->sender, number);
		if (role == ROLE_RECIPIENT)
			refs_add(&o->recipient, number);
	}
}

static void
take_digits(struct objects *o, const struct field *f, const struct found *found, struct span value)
{
	enum obs_kind kind = found->kind;
	bool certificate =
		span_starts(f->name, SPAN("tls.")) || span_starts(f->name, SPAN("certificate"));
	if (found->bare)
		return;
	struct span word = span_sub(f->name, f->name.len < 4 ? 0 : f->name.len - 4, 4);
	if (kind == OBS_MD5 &&
		(span_find(f->name, SPAN("ja3")) != SIZE_MAX || span_eq_fold(word, SPAN("ja3s")))) {
		kind = OBS_JA3;
	}
	if (certificate && hash_name(kind))
		put_hash(o, "x509-certificate", kind, value);
	bool together = hash_name(kind) || kind == OBS_JA3 || kind == OBS_JA4;
	if (together && !o->hash[kind].len)
		o->hash[kind] = value;
	else if (!together || !span_eq(o->hash[kind], value))
		put_observable(o, (struct observable){kind, value});
}

/* "05.500000z" of a time is no name: no top-level domain begins with a digit. */
static bool
is_no_name(const struct found *f)
{
	size_t at = f->value.len;
	while (at > 0 && f->value.ptr[at - 1] != '.')
		at--;
	return f->kind == OBS_DOMAIN && at < f->value.len && f->value.ptr[at] <= '9';
}

static void
take_found(struct objects *o, const struct field *f, enum field_role role)
{
	struct extract it;
	struct found found;
	char addr[ADDR_TEXT];
	extract_init(&it, f->value, &o->arena);
	while (extract_next(&it, &found)) {
		if (is_no_name(&found))
			continue;
		struct span value =
			found.value.len
				? arena_dup(&o->arena, found.value)
				: arena_dup(&o->arena,
					  (struct span){addr, addr_text(&found.addr, addr)});
		if (!is_host(found.kind)) {
			take_digits(o, f, &found, value);
			continue;
		}
		note_host(o, role, put_observable(o, (struct observable){found.kind, value}));
		struct span raw = span_sub(f->value, found.at, found.len);
		if (found.kind == OBS_DOMAIN && !span_eq(raw, value)) {
			uint32_t spelled = put_name(o, raw);
			if (role == ROLE_QUERY)
				refs_add(&o->query, spelled);
		}
		take_url(o, f->value, &found);
		take_email(o, f->value, &found, role);
	}
}

/* The first of each counts. */
static void
take_first(struct span *text, struct span value)
{
	if (!text->len)
		*text = value;
}

static void
take_field(struct objects *o, const struct field *f)
{
	enum field_role role = field_role(f->name);
	enum told told = field_tells(f->name);
	take_found(o, f, role);
	take_first(&o->text_of[told], f->value);
	if (told == TOLD_PROTOCOL && o->protocols < TEXTS)
		o->protocol[o->protocols++] = f->value;
	switch (role) {
	case ROLE_HOST: take_first(&o->host_name, f->value); break;
	case ROLE_URL:
		if (f->coding != FIELD_MADE)
			take_first(&o->uri, f->value);
		break;
	case ROLE_AGENT: take_first(&o->agent, f->value); break;
	case ROLE_REFERRER: take_first(&o->referrer, f->value); break;
	case ROLE_FILE: take_first(&o->file, f->value); break;
	case ROLE_USER: take_first(&o->user, f->value); break;
	default: break;
	}
}

/* ---- what fields tell together ---- */

/* HTTP's request. Each header is a list of texts. */
static void
put_request(struct objects *o)
{
	const struct {
		const char *name;
		struct span value;
	} headers[] = {{"Host", o->host_name}, {"User-Agent", o->agent}, {"Referer", o->referrer}};
	bool first = true;
	if (!o->text_of[TOLD_METHOD].len && !o->uri.len && !o->agent.len)
		return;
	buf_add(&o->text, SPAN(",\"extensions\":{\"http-request-ext\":{\"request_method\":"));
	own_buf struct buf method = {};
	for (size_t i = 0; i < o->text_of[TOLD_METHOD].len; i++) {
		char c = o->text_of[TOLD_METHOD].ptr[i];
		buf_add_byte(&method, c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c);
	}
	json_write_string(&o->text, method.len ? buf_span(&method) : SPAN(""));
	put_text(o, "request_value", o->uri);
	buf_add(&o->text, SPAN(",\"request_header\":{"));
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		if (!headers[i].value.len)
			continue;
		buf_printf(&o->text, "%s\"%s\":[", first ? "" : ",", headers[i].name);
		json_write_string(&o->text, headers[i].value);
		buf_add_byte(&o->text, ']');
		first = false;
	}
	buf_add(&o->text, SPAN("}}}"));
}

static void
put_protocols(struct objects *o)
{
	bool first = true;
	for (size_t i = 0; i < o->protocols; i++) {
		struct span rest = o->protocol[i], piece;
		while (span_cut(&rest, ',', &piece)) {
			char *small = arena_bytes(&o->arena, piece.len + 1);
			for (size_t k = 0; k < piece.len; k++)
				small[k] = piece.ptr[k] >= 'A' && piece.ptr[k] <= 'Z'
						   ? (char)(piece.ptr[k] + 'a' - 'A')
						   : piece.ptr[k];
			struct span word = {small, piece.len};
			if (!word.len || span_eq(word, SPAN("-")) || span_eq(word, SPAN("failed")))
				continue;
			buf_add(&o->text, first ? SPAN(",\"protocols\":[") : SPAN(","));
			json_write_string(&o->text, word);
			first = false;
		}
	}
	if (!first)
		buf_add_byte(&o->text, ']');
}

static void
put_traffic(struct objects *o, uint32_t source, uint32_t destination)
{
	static const struct {
		const char *name;
		enum told told;
	} numbers[] = {{"src_port", TOLD_SRC_PORT}, {"dst_port", TOLD_DST_PORT},
		{"src_byte_count", TOLD_SRC_BYTES}, {"dst_byte_count", TOLD_DST_BYTES},
		{"src_packets", TOLD_SRC_PACKETS}, {"dst_packets", TOLD_DST_PACKETS}};
	if (begin(o, "network-traffic") == NOBODY)
		return;
	put_ref(o, mutant(1708) ? "dst_ref" : "src_ref", source);
	put_ref(o, mutant(1708) ? "src_ref" : "dst_ref", destination);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		put_number(o, numbers[i].name, o->text_of[numbers[i].told]);
	put_protocols(o);
	put_text(o, "x_ja3", o->hash[OBS_JA3]);
	put_text(o, "x_ja4", o->hash[OBS_JA4]);
	put_request(o);
	end(o);
}

/* Nobody says who is who: each may be either. */
static void
put_either(struct objects *o)
{
	const struct refs *any = &o->any;
	const struct span *t = o->text_of;
	if (!any->len && (o->protocols || t[TOLD_SRC_PORT].len || t[TOLD_DST_PORT].len ||
				 o->hash[OBS_JA3].len || o->hash[OBS_JA4].len || o->agent.len ||
				 t[TOLD_METHOD].len))
		put_traffic(o, NOBODY, NOBODY);
	for (size_t i = 0; i < any->len; i++) {
		put_traffic(o, any->at[i], NOBODY);
		put_traffic(o, NOBODY, any->at[i]);
		for (size_t k = 0; k < any->len && any->len <= PAIRED; k++)
			if (i != k)
				put_traffic(o, any->at[i], any->at[k]);
	}
}

static void
put_ends(struct objects *o)
{
	struct refs *to = &o->destination;
	for (size_t i = 0; i < o->host.len; i++)
		refs_add(to, o->host.at[i]);
	if (!o->source.len && !to->len) {
		put_either(o);
		return;
	}
	for (size_t i = 0; i < (o->source.len ? o->source.len : 1) && i < ENDS; i++)
		for (size_t k = 0; k < (to->len ? to->len : 1) && k < ENDS; k++)
			put_traffic(o, o->source.len ? o->source.at[i] : NOBODY,
				to->len ? to->at[k] : NOBODY);
}

/* Names, those that were asked for with what they were answered with. */
static void
put_names(struct objects *o)
{
	for (size_t i = 0; i < o->names.len; i++) {
		const struct name *n = &o->names.at[i];
		write_head(o, n->number, "domain-name");
		put_text(o, "value", n->value);
		bool asked = false;
		for (size_t k = 0; k < o->query.len && !asked; k++)
			asked = o->query.at[k] == n->number;
		if (asked)
			put_refs(o, "resolves_to_refs", &o->answer);
		end(o);
	}
}

static void
put_message(struct objects *o)
{
	if (!o->sender.len && !o->recipient.len)
		return;
	if (begin(o, "email-message") == NOBODY)
		return;
	put_ref(o, "from_ref", o->sender.len ? o->sender.at[0] : NOBODY);
	put_ref(o, "sender_ref", o->sender.len ? o->sender.at[0] : NOBODY);
	put_refs(o, "to_refs", &o->recipient);
	put_text(o, "subject", o->text_of[TOLD_SUBJECT]);
	end(o);
}

/* Behind the last slash of either kind, and what lies before it. */
static struct span
split_path(struct span path, struct span *folder)
{
	size_t at = path.len;
	while (at > 0 && path.ptr[at - 1] != '/' && path.ptr[at - 1] != '\\')
		at--;
	*folder = span_sub(path, 0, at > 1 ? at - 1 : at);
	return span_sub(path, at, SIZE_MAX);
}

/* A file of this path, or of digests alone. */
static uint32_t
put_file(struct objects *o, struct span path, bool with_hashes)
{
	struct span folder;
	struct span name = split_path(path, &folder);
	uint32_t parent = folder.len ? put_simple(o, "directory", "path", folder) : NOBODY;
	uint32_t number = begin(o, "file");
	if (number == NOBODY)
		return NOBODY;
	put_text(o, "name", name);
	put_ref(o, "parent_directory_ref", parent);
	bool any = false;
	for (enum obs_kind k = 0; with_hashes && k < OBS_KINDS; k++) {
		if (!hash_name(k) || !o->hash[k].len)
			continue;
		buf_printf(&o->text, "%s\"%s\":", any ? "," : ",\"hashes\":{", hash_name(k));
		json_write_string(&o->text, o->hash[k]);
		any = true;
	}
	if (any)
		buf_add_byte(&o->text, '}');
	if (with_hashes) {
		put_number(o, "size", o->text_of[TOLD_SIZE]);
		put_text(o, "mime_type", o->text_of[TOLD_MEDIA_TYPE]);
	}
	end(o);
	return number;
}

static uint32_t
put_process(
	struct objects *o, struct span command, struct span image, struct span pid, uint32_t file)
{
	struct span folder;
	uint32_t number = begin(o, "process");
	if (number == NOBODY)
		return NOBODY;
	put_text(o, "name", split_path(image, &folder)); /* of STIX 2.0 */
	put_text(o, "command_line", command);
	put_number(o, "pid", pid);
	put_ref(o, "image_ref", file);
	put_ref(o, "binary_ref", file);
	return number;
}

static void
put_processes(struct objects *o)
{
	const struct span *t = o->text_of;
	uint32_t file = NOBODY, parent = NOBODY, parent_file = NOBODY;
	bool hashed = false;
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		hashed |= hash_name(k) && o->hash[k].len;
	if (o->file.len || hashed) {
		/* digests beside a process alone are its image's */
		bool image = !o->file.len && t[TOLD_IMAGE].len;
		file = put_file(o, image ? t[TOLD_IMAGE] : o->file, true);
		file = image ? file : NOBODY;
	}
	if (!t[TOLD_COMMAND].len && !t[TOLD_IMAGE].len)
		return;
	if (file == NOBODY && t[TOLD_IMAGE].len)
		file = put_file(o, t[TOLD_IMAGE], false);
	if (t[TOLD_PARENT_IMAGE].len)
		parent_file = put_file(o, t[TOLD_PARENT_IMAGE], false);
	if (t[TOLD_PARENT_IMAGE].len || t[TOLD_PARENT_COMMAND].len) {
		parent = put_process(o, t[TOLD_PARENT_COMMAND], t[TOLD_PARENT_IMAGE],
			t[TOLD_PARENT_PID], parent_file);
		if (parent != NOBODY)
			end(o);
	}
	if (put_process(o, t[TOLD_COMMAND], t[TOLD_IMAGE], t[TOLD_PID], file) == NOBODY)
		return;
	put_ref(o, "parent_ref", parent);
	put_text(o, "cwd", t[TOLD_FOLDER]);
	end(o);
}

/* "HKLM\..." is short for what the standard wants written out. */
static struct span
long_key(struct objects *o, struct span key)
{
	static const struct {
		struct span name, full;
	} hives[] = {{SPAN("HKLM\\"), SPAN("HKEY_LOCAL_MACHINE\\")},
		{SPAN("HKCU\\"), SPAN("HKEY_CURRENT_USER\\")},
		{SPAN("HKU\\"), SPAN("HKEY_USERS\\")},
		{SPAN("HKCR\\"), SPAN("HKEY_CLASSES_ROOT\\")},
		{SPAN("\\REGISTRY\\MACHINE\\"), SPAN("HKEY_LOCAL_MACHINE\\")},
		{SPAN("\\REGISTRY\\USER\\"), SPAN("HKEY_USERS\\")}};
	for (size_t i = 0; i < sizeof hives / sizeof *hives; i++) {
		if (!span_eq_fold(span_sub(key, 0, hives[i].name.len), hives[i].name))
			continue;
		struct span rest = span_sub(key, hives[i].name.len, SIZE_MAX);
		return arena_printf(&o->arena, "%.*s%.*s", (int)hives[i].full.len,
			hives[i].full.ptr, (int)rest.len, rest.ptr);
	}
	return key;
}

/* Whether the last word names a value nobody says: the key is told with it and without. */
static void
put_keys(struct objects *o)
{
	struct span key = o->text_of[TOLD_KEY], full = long_key(o, key), folder;
	if (!key.len)
		return;
	for (unsigned i = 0; i < (span_eq(key, full) ? 1u : 2u); i++) {
		struct span one = i ? full : key;
		struct span name = split_path(one, &folder);
		put_simple(o, "windows-registry-key", "key", one);
		if (!folder.len || begin(o, "windows-registry-key") == NOBODY)
			continue;
		put_text(o, "key", folder);
		buf_add(&o->text, SPAN(",\"values\":[{\"name\":"));
		json_write_string(&o->text, name);
		put_text(o, "data", o->text_of[TOLD_DATA]);
		buf_add(&o->text, SPAN("}]"));
		end(o);
	}
}

static void
put_rest(struct objects *o)
{
	const struct span *t = o->text_of;
	put_keys(o);
	if (o->user.len && !span_eq(o->user, SPAN("-")) && begin(o, "user-account") != NOBODY) {
		struct span folder;
		put_text(o, "user_id", o->user);
		put_text(o, "account_login", split_path(o->user, &folder)); /* DOMAIN\name */
		put_text(o, "display_name", o->user);
		end(o);
	}
	if ((t[TOLD_CERTIFICATE_ISSUER].len || t[TOLD_CERTIFICATE_SUBJECT].len ||
		    t[TOLD_CERTIFICATE_SERIAL].len) &&
		begin(o, "x509-certificate") != NOBODY) {
		put_text(o, "issuer", t[TOLD_CERTIFICATE_ISSUER]);
		put_text(o, "subject", t[TOLD_CERTIFICATE_SUBJECT]);
		put_text(o, "serial_number", t[TOLD_CERTIFICATE_SERIAL]);
		end(o);
	}
}

const struct observation *
objects_of(struct objects *o, const struct record *r, bool defanged)
{
	static const struct json_limits limits = {.any_keys = true, .any_ints = true};
	static const struct span before = SPAN(
		"{\"type\":\"observed-data\",\"first_observed\":\"2000-01-01T00:00:00Z\","
		"\"last_observed\":\"2000-01-01T00:00:00Z\",\"number_observed\":1,\"objects\":{");
	own_buf struct buf whole = {};
	for (size_t i = 0; i < r->fields; i++) {
		struct field f = r->field[i];
		if (defanged)
			f.value = obs_refang(f.value, &o->arena);
		if (f.value.len)
			take_field(o, &f);
	}
	put_ends(o);
	put_message(o);
	put_processes(o);
	put_rest(o);
	put_more(o);
	put_names(o);
	buf_add(&whole, before);
	buf_add(&whole, buf_span(&o->text));
	buf_add(&whole, SPAN("}}"));
	o->made = observations_new();
	if (json_read(buf_span(&whole), &limits, &o->doc, NULL) ||
		observations_add(o->made, yyjson_doc_get_root(o->doc), NULL))
		return NULL;
	return observations_at(o->made, 0);
}
