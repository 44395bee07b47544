#include "match/objects-internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mutant.h"
#include "base/own.h"
#include "obs/extract.h"
#include "obs/line.h"
#include "obs/url.h"

static const struct span types[OBJECT_TYPES] = {
	[OBJECT_IPV4] = SPAN("ipv4-addr"),
	[OBJECT_IPV6] = SPAN("ipv6-addr"),
	[OBJECT_DOMAIN] = SPAN("domain-name"),
	[OBJECT_URL] = SPAN("url"),
	[OBJECT_EMAIL] = SPAN("email-addr"),
	[OBJECT_MAC] = SPAN("mac-addr"),
	[OBJECT_TRAFFIC] = SPAN("network-traffic"),
	[OBJECT_FILE] = SPAN("file"),
	[OBJECT_DIRECTORY] = SPAN("directory"),
	[OBJECT_PROCESS] = SPAN("process"),
	[OBJECT_KEY] = SPAN("windows-registry-key"),
	[OBJECT_MUTEX] = SPAN("mutex"),
	[OBJECT_SOFTWARE] = SPAN("software"),
	[OBJECT_MESSAGE] = SPAN("email-message"),
	[OBJECT_ACCOUNT] = SPAN("user-account"),
	[OBJECT_CERTIFICATE] = SPAN("x509-certificate"),
};

struct objects *
objects_new(struct senses *senses)
{
	struct objects *o = mem_new(sizeof *o);
	o->senses = senses;
	o->seed = (uintptr_t)o;
	o->turn = 1;
	return o;
}

void
objects_free(struct objects *o)
{
	if (!o)
		return;
	json_tree_fini(&o->tree);
	arena_fini(&o->arena);
	free(o->made.at);
	free(o->slot);
	free(o->more.at);
	free(o->names.at);
	free(o->texts.at);
	free(o);
}

void
objects_reset(struct objects *o)
{
	struct gathered *g = &o->of;
	struct refs *const refs[] = {&g->source, &g->destination, &g->host, &g->query, &g->answer,
		&g->sender, &g->recipient, &g->any};
	for (size_t i = 0; i < sizeof refs / sizeof *refs; i++)
		refs[i]->len = 0;
	memset(g->text_of, 0, sizeof g->text_of);
	memset(g->hash, 0, sizeof g->hash);
	g->protocols = 0;
	g->host_name = g->uri = g->agent = g->referrer = g->file = g->user = (struct span){};
	if (++o->turn == 0) {
		memset(o->slot, 0, o->slots * sizeof *o->slot);
		o->turn = 1;
	}
	o->used = 0;
	o->count = 0;
	o->made.len = o->more.len = o->names.len = o->texts.len = 0;
	json_tree_reset(&o->tree);
	arena_reset(&o->arena);
}

void
objects_want(struct objects *o, const struct pattern_expr *part)
{
	if (part->kind == PATTERN_TEST) {
		uint32_t all = (UINT32_C(1) << OBJECT_TYPES) - 1;
		for (size_t i = 0; i < OBJECT_TYPES; i++)
			if (span_eq(part->test.path.type, types[i]))
				o->wants |= UINT32_C(1) << i;
		/* What is referred to may be of any type. */
		for (const struct pattern_step *s = part->test.path.steps; s; s = s->next)
			if (s->kind == PATTERN_KEY && !mutant(1830) &&
				(span_ends(s->key, SPAN("_ref")) ||
					span_ends(s->key, SPAN("_refs"))))
				o->wants = all;
	}
	for (const struct pattern_expr *child = part->child; child; child = child->next)
		objects_want(o, child);
}

/* ---- what is there already ---- */

static bool
is_free(const struct objects *o, const struct known *k)
{
	return k->turn != o->turn;
}

static struct known *
find_known(const struct objects *o, uint64_t key)
{
	size_t at = key & (o->slots - 1);
	while (!is_free(o, &o->slot[at]) && o->slot[at].key != key)
		at = (at + 1) & (o->slots - 1);
	return &o->slot[at];
}

static uint64_t
key_of(const struct objects *o, enum object_type type, struct span value)
{
	return hash64(value, o->seed + type);
}

/* Its place; free where it is not known. */
static struct known *
know_key(struct objects *o, uint64_t key)
{
	if ((o->used + 1) * 2 > o->slots) {
		struct known *old = o->slot;
		size_t count = o->slots;
		o->slots = count ? count * 2 : 64;
		o->slot = mem_new(o->slots * sizeof *o->slot);
		for (size_t i = 0; i < count; i++)
			if (!is_free(o, &old[i]))
				*find_known(o, old[i].key) = old[i];
		free(old);
	}
	return find_known(o, key);
}

static void
set_known(struct objects *o, struct known *k, uint64_t key, uint32_t number)
{
	o->used += is_free(o, k);
	*k = (struct known){key, number, o->turn};
}

static uint64_t
note_key(const struct objects *o, const char *name, struct span value)
{
	return hash64(value, hash64(span_of(name), ~o->seed));
}

/* Texts that are told of the record, by the property's name and by themselves: for those that are sought. */
static void
note(struct objects *o, const char *name, struct span value)
{
	const char *names[] = {name, ""};
	for (size_t i = 0; o->texts.len && i < 2; i++) {
		uint64_t key = note_key(o, names[i], value);
		set_known(o, know_key(o, key), key, NOBODY);
	}
}

bool
objects_noted(struct objects *o, const char *name, struct span value)
{
	return !is_free(o, know_key(o, note_key(o, name, value)));
}

/* ---- single objects ---- */

/* A reference: numbers as they are in order. */
static struct span
name_of(struct objects *o, uint32_t number)
{
	char *name = arena_bytes(&o->arena, 4);
	for (unsigned i = 0; i < 4; i++)
		name[i] = (char)(number >> (24 - 8 * i));
	return (struct span){name, 4};
}

/* What is no text becomes what JSON would have had of it. */
static struct span
clean(struct objects *o, struct span value)
{
	static const struct span instead = SPAN("\xef\xbf\xbd");
	if (span_is_utf8(value))
		return value;
	char *to = arena_bytes(&o->arena, value.len * instead.len + 1);
	size_t len = 0;
	while (value.len) {
		size_t good = span_utf8_bad(value);
		memcpy(to + len, value.ptr, good);
		len += good;
		value = span_sub(value, good, SIZE_MAX);
		if (!value.len)
			break;
		memcpy(to + len, instead.ptr, instead.len);
		len += instead.len;
		value = span_sub(value, 1, SIZE_MAX);
	}
	return (struct span){to, len};
}

static void
put_key(struct objects *o, const char *name)
{
	json_tree_text(&o->tree, span_of(name));
}

void
object_head(struct objects *o, uint32_t number, enum object_type type)
{
	o->mute = o->wants && !(o->wants >> type & 1);
	if (o->mute)
		return;
	size_t at = json_tree_begin(&o->tree, JSON_OBJECT);
	*vec_add(&o->made) = (struct made){number, type, at};
	put_key(o, "type");
	json_tree_text(&o->tree, types[type]);
}

uint32_t
object_begin(struct objects *o, enum object_type type)
{
	if (o->count >= OBJECTS_MAX)
		return NOBODY;
	object_head(o, o->count, type);
	return o->count++;
}

void
object_end(struct objects *o)
{
	if (!o->mute)
		json_tree_end(&o->tree);
	o->mute = false;
}

void
object_element(struct objects *o, struct span value)
{
	if (!o->mute)
		json_tree_text(&o->tree, clean(o, value));
}

void
object_member(struct objects *o, const char *name, struct span value)
{
	if (o->mute)
		return;
	put_key(o, name);
	object_element(o, value);
}

void
object_text(struct objects *o, const char *name, struct span value)
{
	if (!value.len)
		return;
	note(o, name, value);
	object_member(o, name, value);
}

void
object_number(struct objects *o, const char *name, struct span value)
{
	uint64_t number;
	if (o->mute || !span_to_u64(value, &number) || number > INT64_MAX)
		return;
	put_key(o, name);
	json_tree_number(&o->tree, number);
}

void
object_ref(struct objects *o, const char *name, uint32_t number)
{
	if (o->mute || number == NOBODY)
		return;
	put_key(o, name);
	json_tree_text(&o->tree, name_of(o, number));
}

void
object_open(struct objects *o, const char *name, enum json_container kind)
{
	if (o->mute)
		return;
	if (name)
		put_key(o, name);
	(void)json_tree_begin(&o->tree, kind);
}

void
object_close(struct objects *o)
{
	if (!o->mute)
		json_tree_end(&o->tree);
}

void
object_refs(struct objects *o, const char *name, const struct refs *refs)
{
	if (!refs->len || o->mute)
		return;
	object_open(o, name, JSON_ARRAY);
	for (size_t i = 0; i < refs->len; i++)
		json_tree_text(&o->tree, name_of(o, refs->at[i]));
	object_close(o);
}

uint32_t
objects_put(struct objects *o, enum object_type type, const char *name, struct span value)
{
	uint64_t key = key_of(o, type, value);
	struct known *k = know_key(o, key);
	if (!is_free(o, k))
		return k->number;
	if (o->count >= OBJECTS_MAX)
		return NOBODY;
	set_known(o, k, key, o->count);
	uint32_t number = object_begin(o, type);
	object_text(o, name, value);
	object_end(o);
	return number;
}

/* A name: it is written when it is known what it was answered with. */
static uint32_t
put_name(struct objects *o, struct span value)
{
	uint64_t key = key_of(o, OBJECT_DOMAIN, value);
	struct known *k = know_key(o, key);
	if (!is_free(o, k))
		return k->number;
	if (o->count >= OBJECTS_MAX)
		return NOBODY;
	set_known(o, k, key, o->count);
	*vec_add(&o->names) = (struct name){o->count, value};
	return o->count++;
}

static uint32_t
put_hash(struct objects *o, enum object_type type, enum obs_kind kind, struct span value)
{
	uint64_t key = key_of(o, type, value);
	struct known *k = know_key(o, key);
	if (!is_free(o, k))
		return k->number;
	if (o->count >= OBJECTS_MAX)
		return NOBODY;
	set_known(o, k, key, o->count);
	uint32_t number = object_begin(o, type);
	object_open(o, "hashes", JSON_OBJECT);
	object_member(o, obs_hash_name(kind), value);
	object_close(o);
	object_end(o);
	return number;
}

static uint32_t
put_observable(struct objects *o, struct observable seen)
{
	switch (seen.kind) {
	case OBS_IPV4: return objects_put(o, OBJECT_IPV4, "value", seen.value);
	case OBS_IPV6: return objects_put(o, OBJECT_IPV6, "value", seen.value);
	case OBS_DOMAIN: return put_name(o, seen.value);
	case OBS_URL: return objects_put(o, OBJECT_URL, "value", seen.value);
	case OBS_EMAIL: return objects_put(o, OBJECT_EMAIL, "value", seen.value);
	case OBS_MAC: return objects_put(o, OBJECT_MAC, "value", seen.value);
	case OBS_JA3: return objects_put(o, OBJECT_TRAFFIC, "x_ja3", seen.value);
	case OBS_JA4: return objects_put(o, OBJECT_TRAFFIC, "x_ja4", seen.value);
	default:
		return obs_hash_name(seen.kind) ? put_hash(o, OBJECT_FILE, seen.kind, seen.value)
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
		if (!span_eq(o->of.hash[one.kind], one.value))
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
	objects_refs_add(&o->of.any, number);
	switch (role) {
	case ROLE_SOURCE: objects_refs_add(&o->of.source, number); break;
	case ROLE_DESTINATION: objects_refs_add(&o->of.destination, number); break;
	case ROLE_HOST: objects_refs_add(&o->of.host, number); break;
	case ROLE_QUERY: objects_refs_add(&o->of.query, number); break;
	case ROLE_ANSWER: objects_refs_add(&o->of.answer, number); break;
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
	objects_put(o, OBJECT_URL, "value", url.text);
	if (url.scheme.len)
		objects_put(o, OBJECT_URL, "value", raw);
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
		objects_put(o, OBJECT_EMAIL, "value", raw);
		if (role == ROLE_SENDER)
			objects_refs_add(&o->of.sender, number);
		if (role == ROLE_RECIPIENT)
			objects_refs_add(&o->of.recipient, number);
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
		put_hash(o, OBJECT_CERTIFICATE, kind, value);
	bool together = obs_hash_name(kind) || kind == OBS_JA3 || kind == OBS_JA4;
	if (together && !o->of.hash[kind].len)
		o->of.hash[kind] = value;
	else if (!together || !span_eq(o->of.hash[kind], value))
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
				objects_refs_add(&o->of.query, spelled);
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
	take_first(&o->of.text_of[told], f->value);
	if (told == TOLD_PROTOCOL && o->of.protocols < TEXTS)
		o->of.protocol[o->of.protocols++] = f->value;
	switch (role) {
	case ROLE_HOST: take_first(&o->of.host_name, f->value); break;
	case ROLE_URL:
		if (f->coding != FIELD_MADE)
			take_first(&o->of.uri, f->value);
		break;
	case ROLE_AGENT: take_first(&o->of.agent, f->value); break;
	case ROLE_REFERRER: take_first(&o->of.referrer, f->value); break;
	case ROLE_FILE: take_first(&o->of.file, f->value); break;
	case ROLE_USER: take_first(&o->of.user, f->value); break;
	default: break;
	}
}

static int
by_number(const void *a, const void *b)
{
	const struct made *x = a, *y = b;
	return x->number < y->number ? -1 : x->number > y->number;
}

const struct observation *
objects_of(struct objects *o, const struct record *r, bool defanged)
{
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
	size_t count = o->made.len;
	struct observed *objects = arena_new(&o->arena, count * sizeof *objects);
	/* Names are written last, of numbers that they were given before. */
	if (count > 1)
		qsort(o->made.at, count, sizeof *o->made.at, by_number);
	for (size_t i = 0; i < count; i++) {
		const struct made *m = &o->made.at[i];
		objects[i] = (struct observed){
			name_of(o, m->number), types[m->type], json_tree_at(&o->tree, m->at)};
	}
	o->whole = (struct observation){.number = 1, .objects = objects, .count = count};
	return &o->whole;
}
