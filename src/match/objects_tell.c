/* Objects that several fields of a record tell of together. */
#include "base/ascii.h"
#include "base/mutant.h"
#include "match/objects-internal.h"

static struct span
in_small(struct objects *o, struct span text)
{
	char *small = arena_bytes(&o->arena, text.len + 1);
	for (size_t i = 0; i < text.len; i++)
		small[i] = ascii_lower(text.ptr[i]);
	return (struct span){small, text.len};
}

/* HTTP's request. Each header is a list of texts. */
static void
put_request(struct objects *o)
{
	const struct {
		const char *name;
		struct span value;
	} headers[] = {{"Host", o->of.host_name}, {"User-Agent", o->of.agent},
		{"Referer", o->of.referrer}};
	if (!o->of.text_of[TOLD_METHOD].len && !o->of.uri.len && !o->of.agent.len)
		return;
	object_open(o, "extensions", JSON_OBJECT);
	object_open(o, "http-request-ext", JSON_OBJECT);
	object_member(o, "request_method", in_small(o, o->of.text_of[TOLD_METHOD]));
	object_text(o, "request_value", o->of.uri);
	object_open(o, "request_header", JSON_OBJECT);
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		if (!headers[i].value.len)
			continue;
		object_open(o, headers[i].name, JSON_ARRAY);
		object_element(o, headers[i].value);
		object_close(o);
	}
	object_close(o);
	object_close(o);
	object_close(o);
}

static void
put_protocols(struct objects *o)
{
	bool any = false;
	for (size_t i = 0; i < o->of.protocols; i++) {
		struct span rest = o->of.protocol[i], piece;
		while (span_cut(&rest, ',', &piece)) {
			struct span word = in_small(o, piece);
			if (!word.len || span_eq(word, SPAN("-")) || span_eq(word, SPAN("failed")))
				continue;
			if (!any)
				object_open(o, "protocols", JSON_ARRAY);
			object_element(o, word);
			any = true;
		}
	}
	if (any)
		object_close(o);
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
	if (object_begin(o, OBJECT_TRAFFIC) == NOBODY)
		return;
	object_ref(o, mutant(1708) ? "dst_ref" : "src_ref", source);
	object_ref(o, mutant(1708) ? "src_ref" : "dst_ref", destination);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		object_number(o, numbers[i].name, o->of.text_of[numbers[i].told]);
	put_protocols(o);
	object_text(o, "x_ja3", o->of.hash[OBS_JA3]);
	object_text(o, "x_ja4", o->of.hash[OBS_JA4]);
	put_request(o);
	object_end(o);
}

/* Nobody says who is who: each may be either. */
static void
put_either(struct objects *o)
{
	const struct refs *any = &o->of.any;
	const struct span *t = o->of.text_of;
	if (!any->len && (o->of.protocols || t[TOLD_SRC_PORT].len || t[TOLD_DST_PORT].len ||
				 o->of.hash[OBS_JA3].len || o->of.hash[OBS_JA4].len ||
				 o->of.agent.len || t[TOLD_METHOD].len))
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
	struct refs *to = &o->of.destination;
	for (size_t i = 0; i < o->of.host.len; i++)
		objects_refs_add(to, o->of.host.at[i]);
	if (!o->of.source.len && !to->len) {
		put_either(o);
		return;
	}
	for (size_t i = 0; i < (o->of.source.len ? o->of.source.len : 1) && i < ENDS; i++)
		for (size_t k = 0; k < (to->len ? to->len : 1) && k < ENDS; k++)
			put_traffic(o, o->of.source.len ? o->of.source.at[i] : NOBODY,
				to->len ? to->at[k] : NOBODY);
}

/* Names, those that were asked for with what they were answered with. */
static void
put_names(struct objects *o)
{
	for (size_t i = 0; i < o->names.len; i++) {
		const struct name *n = &o->names.at[i];
		object_head(o, n->number, OBJECT_DOMAIN);
		object_text(o, "value", n->value);
		bool asked = false;
		for (size_t k = 0; k < o->of.query.len && !asked; k++)
			asked = o->of.query.at[k] == n->number;
		if (asked)
			object_refs(o, "resolves_to_refs", &o->of.answer);
		object_end(o);
	}
}

static void
put_message(struct objects *o)
{
	if (!o->of.sender.len && !o->of.recipient.len)
		return;
	if (object_begin(o, OBJECT_MESSAGE) == NOBODY)
		return;
	object_ref(o, "from_ref", o->of.sender.len ? o->of.sender.at[0] : NOBODY);
	object_ref(o, "sender_ref", o->of.sender.len ? o->of.sender.at[0] : NOBODY);
	object_refs(o, "to_refs", &o->of.recipient);
	object_text(o, "subject", o->of.text_of[TOLD_SUBJECT]);
	object_end(o);
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
	uint32_t parent = folder.len ? objects_put(o, OBJECT_DIRECTORY, "path", folder) : NOBODY;
	uint32_t number = object_begin(o, OBJECT_FILE);
	if (number == NOBODY)
		return NOBODY;
	object_text(o, "name", name);
	object_ref(o, "parent_directory_ref", parent);
	bool any = false;
	for (enum obs_kind k = 0; with_hashes && k < OBS_KINDS; k++) {
		if (!obs_hash_name(k) || !o->of.hash[k].len)
			continue;
		if (!any)
			object_open(o, "hashes", JSON_OBJECT);
		object_member(o, obs_hash_name(k), o->of.hash[k]);
		any = true;
	}
	if (any)
		object_close(o);
	if (with_hashes) {
		object_number(o, "size", o->of.text_of[TOLD_SIZE]);
		object_text(o, "mime_type", o->of.text_of[TOLD_MEDIA_TYPE]);
	}
	object_end(o);
	return number;
}

static uint32_t
put_process(
	struct objects *o, struct span command, struct span image, struct span pid, uint32_t file)
{
	struct span folder;
	uint32_t number = object_begin(o, OBJECT_PROCESS);
	if (number == NOBODY)
		return NOBODY;
	object_text(o, "name", split_path(image, &folder)); /* of STIX 2.0 */
	object_text(o, "command_line", command);
	object_number(o, "pid", pid);
	object_ref(o, "image_ref", file);
	object_ref(o, "binary_ref", file);
	return number;
}

static void
put_processes(struct objects *o)
{
	const struct span *t = o->of.text_of;
	uint32_t file = NOBODY, parent = NOBODY, parent_file = NOBODY;
	bool hashed = false;
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		hashed |= obs_hash_name(k) && o->of.hash[k].len;
	if (o->of.file.len || hashed) {
		/* digests beside a process alone are its image's */
		bool image = !o->of.file.len && t[TOLD_IMAGE].len;
		file = put_file(o, image ? t[TOLD_IMAGE] : o->of.file, true);
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
			object_end(o);
	}
	if (put_process(o, t[TOLD_COMMAND], t[TOLD_IMAGE], t[TOLD_PID], file) == NOBODY)
		return;
	object_ref(o, "parent_ref", parent);
	object_text(o, "cwd", t[TOLD_FOLDER]);
	object_end(o);
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
	struct span key = o->of.text_of[TOLD_KEY], full = long_key(o, key), folder;
	if (!key.len)
		return;
	for (unsigned i = 0; i < (span_eq(key, full) ? 1u : 2u); i++) {
		struct span one = i ? full : key;
		struct span name = split_path(one, &folder);
		objects_put(o, OBJECT_KEY, "key", one);
		if (!folder.len || object_begin(o, OBJECT_KEY) == NOBODY)
			continue;
		object_text(o, "key", folder);
		object_open(o, "values", JSON_ARRAY);
		object_open(o, NULL, JSON_OBJECT);
		object_member(o, "name", name);
		object_text(o, "data", o->of.text_of[TOLD_DATA]);
		object_close(o);
		object_close(o);
		object_end(o);
	}
}

static void
put_rest(struct objects *o)
{
	const struct span *t = o->of.text_of;
	put_keys(o);
	if (o->of.user.len && !span_eq(o->of.user, SPAN("-")) &&
		object_begin(o, OBJECT_ACCOUNT) != NOBODY) {
		struct span folder;
		object_text(o, "user_id", o->of.user);
		object_text(o, "account_login", split_path(o->of.user, &folder)); /* DOMAIN\name */
		object_text(o, "display_name", o->of.user);
		object_end(o);
	}
	if ((t[TOLD_CERTIFICATE_ISSUER].len || t[TOLD_CERTIFICATE_SUBJECT].len ||
		    t[TOLD_CERTIFICATE_SERIAL].len) &&
		object_begin(o, OBJECT_CERTIFICATE) != NOBODY) {
		object_text(o, "issuer", t[TOLD_CERTIFICATE_ISSUER]);
		object_text(o, "subject", t[TOLD_CERTIFICATE_SUBJECT]);
		object_text(o, "serial_number", t[TOLD_CERTIFICATE_SERIAL]);
		object_end(o);
	}
}

/* Where a text that is sought stands in STIX: the type of an object, its property. */
static const struct {
	enum object_type type;
	const char *name; /* NULL: nowhere so */
} places[PROPERTIES] = {
	[PROPERTY_FILE] = {OBJECT_FILE, "name"},
	[PROPERTY_DIRECTORY] = {OBJECT_DIRECTORY, "path"},
	[PROPERTY_PROGRAM] = {OBJECT_PROCESS, "name"},
	[PROPERTY_COMMAND] = {OBJECT_PROCESS, "command_line"},
	[PROPERTY_KEY] = {OBJECT_KEY, "key"},
	[PROPERTY_MUTEX] = {OBJECT_MUTEX, "name"},
	[PROPERTY_SOFTWARE] = {OBJECT_SOFTWARE, "name"},
	[PROPERTY_SUBJECT] = {OBJECT_MESSAGE, "subject"},
	[PROPERTY_DOMAIN] = {OBJECT_DOMAIN, "value"},
	[PROPERTY_URL] = {OBJECT_URL, "value"},
	[PROPERTY_EMAIL] = {OBJECT_EMAIL, "value"},
};

static bool
is_list(const char *key)
{
	return key[0] == '[';
}

/* A value behind keys that lie in each other, "[]" in place of a list's element. */
static void
put_path(struct objects *o, const char *const *key, struct span value)
{
	size_t depth = 0;
	for (; key[1]; key++, depth++)
		object_open(
			o, is_list(*key) ? NULL : *key, is_list(key[1]) ? JSON_ARRAY : JSON_OBJECT);
	if (is_list(*key))
		object_element(o, value);
	else
		object_member(o, *key, value);
	while (depth--)
		object_close(o);
}

/* Those that stand for several properties, or deeper in an object. */
static void
put_deep(struct objects *o, enum pattern_property property, struct span value)
{
	static const struct {
		enum pattern_property property;
		enum object_type type;
		const char *keys[6];
	} deep[] = {
		{PROPERTY_VALUE_NAME, OBJECT_KEY, {"values", "[]", "name"}},
		{PROPERTY_VALUE_DATA, OBJECT_KEY, {"values", "[]", "data"}},
		{PROPERTY_AGENT, OBJECT_TRAFFIC,
			{"extensions", "http-request-ext", "request_header", "User-Agent", "[]"}},
		{PROPERTY_REFERRER, OBJECT_TRAFFIC,
			{"extensions", "http-request-ext", "request_header", "Referer", "[]"}},
		{PROPERTY_REQUEST, OBJECT_TRAFFIC,
			{"extensions", "http-request-ext", "request_value"}},
		{PROPERTY_SERVICE, OBJECT_PROCESS,
			{"extensions", "windows-service-ext", "service_name"}},
		{PROPERTY_SERVICE, OBJECT_PROCESS,
			{"extensions", "windows-service-ext", "display_name"}},
		{PROPERTY_ACCOUNT, OBJECT_ACCOUNT, {"account_login"}},
		{PROPERTY_ACCOUNT, OBJECT_ACCOUNT, {"user_id"}},
		{PROPERTY_ACCOUNT, OBJECT_ACCOUNT, {"display_name"}},
		{PROPERTY_CERTIFICATE, OBJECT_CERTIFICATE, {"issuer"}},
		{PROPERTY_CERTIFICATE, OBJECT_CERTIFICATE, {"subject"}},
		{PROPERTY_DIRECTORY, OBJECT_PROCESS, {"cwd"}},
	};
	for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) {
		if (deep[i].property != property || object_begin(o, deep[i].type) == NOBODY)
			continue;
		put_path(o, deep[i].keys, value);
		object_end(o);
	}
}

/* Files and folders that others refer to. */
static void
put_referred(struct objects *o, enum pattern_property property, uint32_t number)
{
	if (number == NOBODY)
		return;
	if (property == PROPERTY_DIRECTORY && object_begin(o, OBJECT_FILE) != NOBODY) {
		object_ref(o, "parent_directory_ref", number);
		object_end(o);
	}
	if (property == PROPERTY_PROGRAM && object_begin(o, OBJECT_PROCESS) != NOBODY) {
		object_ref(o, "image_ref", number);
		object_ref(o, "binary_ref", number);
		object_end(o);
	}
}

/* Whether fields tell it. */
static bool
is_told(struct objects *o, const struct text *t)
{
	const char *name = places[t->property].name;
	struct span folder, last = split_path(t->field, &folder);
	if (!name)
		return objects_noted(o, "", t->field);
	return objects_noted(o, name, t->value) || objects_noted(o, name, t->field) ||
	       objects_noted(o, name, last);
}

/* Texts that no field of the record told as what they are. */
static void
put_texts(struct objects *o)
{
	/* Of all before any is told: what one pattern looks for must not be what a field tells another. */
	for (size_t i = 0; i < o->texts.len; i++)
		o->texts.at[i].told = is_told(o, &o->texts.at[i]);
	for (size_t i = 0; i < o->texts.len; i++) {
		const struct text *t = &o->texts.at[i];
		enum object_type type = places[t->property].type;
		const char *name = places[t->property].name;
		if (t->told)
			continue;
		uint32_t number = name ? objects_put(o, type, name, t->value) : NOBODY;
		if (t->property == PROPERTY_PROGRAM)
			number = objects_put(o, OBJECT_FILE, "name", t->value);
		put_referred(o, t->property, number);
		put_deep(o, t->property, t->value);
	}
}

void
objects_tell(struct objects *o)
{
	put_ends(o);
	put_message(o);
	put_processes(o);
	put_rest(o);
}

void
objects_finish(struct objects *o)
{
	put_texts(o);
	put_names(o);
}
