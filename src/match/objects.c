#include "match/objects-internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mutant.h"
#include "base/own.h"
#include "codec/json.h"
#include "obs/extract.h"
#include "obs/line.h"
#include "obs/url.h"

struct objects *
objects_new(struct senses *senses)
{
	struct objects *o = mem_new(sizeof *o);
	o->senses = senses;
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
	free(o->texts.at);
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
		.texts = kept.texts,
		.seed = kept.seed,
		.senses = kept.senses};
	o->more.len = o->names.len = o->texts.len = 0;
	buf_reset(&o->text);
	arena_reset(&o->arena);
}

/* ---- what is there already ---- */

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

static struct known *
know_key(struct objects *o, uint64_t key)
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
	return find_known(o, key);
}

/* The place of what is said once. */
static struct known *
know(struct objects *o, const char *type, struct span value)
{
	return know_key(o, key_of(o, type, value));
}

/* Texts that are told of the record, by the property's name and by themselves. */
static void
note(struct objects *o, const char *name, struct span value)
{
	const char *names[] = {name, ""};
	for (size_t i = 0; i < 2; i++) {
		uint64_t key = hash64(value, hash64(span_of(names[i]), ~o->seed)) | 1;
		struct known *k = know_key(o, key);
		o->used += !k->key;
		*k = (struct known){key, NOBODY};
	}
}

bool
objects_noted(struct objects *o, const char *name, struct span value)
{
	return know_key(o, hash64(value, hash64(span_of(name), ~o->seed)) | 1)->key;
}

/* ---- single objects ---- */

void
object_head(struct objects *o, uint32_t number, const char *type)
{
	buf_printf(&o->text, "%s\"%u\":{\"type\":\"%s\"", o->text.len ? "," : "", number, type);
}

uint32_t
object_begin(struct objects *o, const char *type)
{
	if (o->count >= OBJECTS_MAX)
		return NOBODY;
	object_head(o, o->count, type);
	return o->count++;
}

void
object_end(struct objects *o)
{
	buf_add_byte(&o->text, '}');
}

void
object_text(struct objects *o, const char *name, struct span value)
{
	if (!value.len)
		return;
	note(o, name, value);
	buf_printf(&o->text, ",\"%s\":", name);
	json_write_string(&o->text, value);
}

void
object_number(struct objects *o, const char *name, struct span value)
{
	uint64_t number;
	if (span_to_u64(value, &number) && number <= INT64_MAX)
		buf_printf(&o->text, ",\"%s\":%llu", name, (unsigned long long)number);
}

void
object_ref(struct objects *o, const char *name, uint32_t number)
{
	if (number != NOBODY)
		buf_printf(&o->text, ",\"%s\":\"%u\"", name, number);
}

void
object_refs(struct objects *o, const char *name, const struct refs *refs)
{
	if (!refs->len)
		return;
	buf_printf(&o->text, ",\"%s\":[", name);
	for (size_t i = 0; i < refs->len; i++)
		buf_printf(&o->text, "%s\"%u\"", i ? "," : "", refs->at[i]);
	buf_add_byte(&o->text, ']');
}

uint32_t
objects_put(struct objects *o, const char *type, const char *name, struct span value)
{
	struct known *k = know(o, type, value);
	if (k->key)
		return k->number;
	uint32_t number = object_begin(o, type);
	if (number == NOBODY)
		return NOBODY;
	object_text(o, name, value);
	object_end(o);
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

static uint32_t
put_hash(struct objects *o, const char *type, enum obs_kind kind, struct span value)
{
	struct known *k = know(o, type, value);
	if (k->key)
		return k->number;
	uint32_t number = object_begin(o, type);
	if (number == NOBODY)
		return NOBODY;
	buf_printf(&o->text, ",\"hashes\":{\"%s\":", obs_hash_name(kind));
	json_write_string(&o->text, value);
	buf_add_byte(&o->text, '}');
	object_end(o);
	*k = (struct known){key_of(o, type, value), number};
	o->used++;
	return number;
}

static uint32_t
put_observable(struct objects *o, struct observable seen)
{
	switch (seen.kind) {
	case OBS_IPV4: return objects_put(o, "ipv4-addr", "value", seen.value);
	case OBS_IPV6: return objects_put(o, "ipv6-addr", "value", seen.value);
	case OBS_DOMAIN: return put_name(o, seen.value);
	case OBS_URL: return objects_put(o, "url", "value", seen.value);
	case OBS_EMAIL: return objects_put(o, "email-addr", "value", seen.value);
	case OBS_MAC: return objects_put(o, "mac-addr", "value", seen.value);
	case OBS_JA3: return objects_put(o, "network-traffic", "x_ja3", seen.value);
	case OBS_JA4: return objects_put(o, "network-traffic", "x_ja4", seen.value);
	default:
		return obs_hash_name(seen.kind) ? put_hash(o, "file", seen.kind, seen.value)
						: NOBODY;
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

void
objects_add_text(
	struct objects *o, enum pattern_property property, struct span text, struct span field)
{
	*vec_add(&o->texts) = (struct text){property, text, field, false};
}

void
objects_refs_add(struct refs *r, uint32_t number)
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
	objects_refs_add(&o->any, number);
	switch (role) {
	case ROLE_SOURCE: objects_refs_add(&o->source, number); break;
	case ROLE_DESTINATION: objects_refs_add(&o->destination, number); break;
	case ROLE_HOST: objects_refs_add(&o->host, number); break;
	case ROLE_QUERY: objects_refs_add(&o->query, number); break;
	case ROLE_ANSWER: objects_refs_add(&o->answer, number); break;
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
	objects_put(o, "url", "value", url.text);
	if (url.scheme.len)
		objects_put(o, "url", "value", raw);
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
		objects_put(o, "email-addr", "value", raw);
		if (role == ROLE_SENDER)
			objects_refs_add(&o->sender, number);
		if (role == ROLE_RECIPIENT)
			objects_refs_add(&o->recipient, number);
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
	if (certificate && obs_hash_name(kind))
		put_hash(o, "x509-certificate", kind, value);
	bool together = obs_hash_name(kind) || kind == OBS_JA3 || kind == OBS_JA4;
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
				objects_refs_add(&o->query, spelled);
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
	struct sense sense = sense_of(o->senses, f->name);
	enum field_role role = sense.role;
	enum told told = sense.told;
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
	objects_tell(o);
	put_more(o);
	objects_finish(o);
	buf_add(&whole, before);
	buf_add(&whole, buf_span(&o->text));
	buf_add(&whole, SPAN("}}"));
	o->made = observations_new();
	if (json_read(buf_span(&whole), &limits, &o->doc, NULL) ||
		observations_add(o->made, yyjson_doc_get_root(o->doc), NULL))
		return NULL;
	return observations_at(o->made, 0);
}
