/* What a field is to texts: whose values it holds, and what of a value is compared. */
#include "base/ascii.h"
#include "base/mutant.h"
#include "match/role.h"
#include "match/strings-internal.h"

#define BIT(property) (UINT32_C(1) << (property))

enum {
	FILES = BIT(PROPERTY_FILE) | BIT(PROPERTY_DIRECTORY),
	PROGRAMS = FILES | BIT(PROPERTY_PROGRAM),
	KEYS = BIT(PROPERTY_KEY) | BIT(PROPERTY_VALUE_NAME),
	OBSERVABLES = BIT(PROPERTY_DOMAIN) | BIT(PROPERTY_URL) | BIT(PROPERTY_EMAIL) |
		      BIT(PROPERTY_ADDRESS),
	/* What is sought in whatever a field holds. */
	ALWAYS = OBSERVABLES,
	ALL = BIT(PROPERTIES) - 1,
};

/* Beyond what match/role.h knows, by the last parts of the name. */
static const struct {
	struct span end;
	uint32_t value;
} known[] = {
	{SPAN("targetobject"), KEYS},	       /* Sysmon 12 to 14 */
	{SPAN("objectname"), PROGRAMS | KEYS}, /* Windows 4656 to 4663 */
	{SPAN("objectvaluename"), BIT(PROPERTY_VALUE_NAME)},
	{SPAN("details"), BIT(PROPERTY_VALUE_DATA)}, /* Sysmon 13 */
	{SPAN("registry.path"), KEYS},
	{SPAN("registry.key"), BIT(PROPERTY_KEY)},
	{SPAN("registry.value"), BIT(PROPERTY_VALUE_NAME)},
	{SPAN("registry.data.strings"), BIT(PROPERTY_VALUE_DATA)},
	{SPAN("mutex"), BIT(PROPERTY_MUTEX)},
	{SPAN("mutexname"), BIT(PROPERTY_MUTEX)},
	{SPAN("mutant"), BIT(PROPERTY_MUTEX)},
	{SPAN("servicename"), BIT(PROPERTY_SERVICE)},
	{SPAN("servicefilename"), BIT(PROPERTY_COMMAND)},
	{SPAN("imagepath"), BIT(PROPERTY_COMMAND)},
	{SPAN("originalfilename"), PROGRAMS},
	{SPAN("currentdirectory"), BIT(PROPERTY_DIRECTORY)},
	{SPAN("working_directory"), BIT(PROPERTY_DIRECTORY)},
	{SPAN("file.directory"), BIT(PROPERTY_DIRECTORY)},
	{SPAN("file.target_path"), FILES},
	{SPAN("filepath"), FILES},
	{SPAN("file_path"), FILES},
	{SPAN("file_name"), FILES},
	{SPAN("cmdline"), BIT(PROPERTY_COMMAND)},
	{SPAN("command_line"), BIT(PROPERTY_COMMAND)},
	{SPAN("commandline"), BIT(PROPERTY_COMMAND)},
	{SPAN("email.subject"), BIT(PROPERTY_SUBJECT)},
	{SPAN("smtp.subject"), BIT(PROPERTY_SUBJECT)},
	{SPAN("message-subject"), BIT(PROPERTY_SUBJECT)}, /* Exchange */
	{SPAN("tls.subject"), BIT(PROPERTY_CERTIFICATE)},
	{SPAN("tls.issuerdn"), BIT(PROPERTY_CERTIFICATE)},
	{SPAN("certificate.subject"), BIT(PROPERTY_CERTIFICATE)},
	{SPAN("certificate.issuer"), BIT(PROPERTY_CERTIFICATE)},
	{SPAN("tls.server.subject"), BIT(PROPERTY_CERTIFICATE)},
	{SPAN("tls.server.issuer"), BIT(PROPERTY_CERTIFICATE)},
};

/* "winlog.event_data.TargetObject" ends in "targetobject" at a dot; "mytargetobject" does not. */
static bool
ends_in(struct span name, struct span end)
{
	if (end.len > name.len || !span_eq_fold(span_sub(name, name.len - end.len, end.len), end))
		return false;
	return end.len == name.len || name.ptr[name.len - end.len - 1] == '.';
}

/* A command line is made of words, which may be paths and keys. */
static struct string_use
use_of_command(uint32_t value)
{
	return (struct string_use){value, ALWAYS | PROGRAMS | BIT(PROPERTY_KEY)};
}

static struct string_use
use_of_value(uint32_t value)
{
	return value & BIT(PROPERTY_COMMAND) ? use_of_command(value)
					     : (struct string_use){value, ALWAYS};
}

struct string_use
string_use(const struct field *f)
{
	static const struct string_use as_text = {0, ALL}, nothing = {0, ALWAYS};
	if (!f->name.len || mutant(1684))
		return as_text;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (ends_in(f->name, known[i].end))
			return use_of_value(known[i].value);
	switch (field_role(f->name)) {
	case ROLE_NONE: return as_text;
	case ROLE_FILE: return use_of_value(FILES);
	case ROLE_PROCESS: return use_of_value(PROGRAMS);
	case ROLE_AGENT: return use_of_value(BIT(PROPERTY_AGENT));
	case ROLE_USER: return use_of_value(BIT(PROPERTY_ACCOUNT));
	case ROLE_URL: return use_of_value(BIT(PROPERTY_URL) | BIT(PROPERTY_REQUEST));
	case ROLE_REFERRER: return use_of_value(BIT(PROPERTY_REFERRER));
	default: return nothing;
	}
}

bool
strings_read_percent(const struct field *f)
{
	enum {
		WRITTEN = BIT(PROPERTY_URL) | BIT(PROPERTY_REQUEST) | BIT(PROPERTY_REFERRER) |
			  BIT(PROPERTY_AGENT)
	};
	struct string_use use = string_use(f);
	return use.value & WRITTEN || use.text == ALL;
}

/* ---- subjects ---- */

static bool
is_separator(char c)
{
	return c == '\\' || c == '/';
}

/* Where the last component begins. */
static size_t
last_component(struct span path)
{
	size_t at = path.len;
	while (at > 0 && !is_separator(path.ptr[at - 1]))
		at--;
	return at;
}

struct span
string_full_key(struct span key, struct arena *a)
{
	static const struct {
		struct span said, full;
	} hives[] = {
		{SPAN("HKLM"), SPAN("HKEY_LOCAL_MACHINE")},
		{SPAN("HKCU"), SPAN("HKEY_CURRENT_USER")},
		{SPAN("HKCR"), SPAN("HKEY_CLASSES_ROOT")},
		{SPAN("HKU"), SPAN("HKEY_USERS")},
		{SPAN("HKCC"), SPAN("HKEY_CURRENT_CONFIG")},
		{SPAN("\\REGISTRY\\MACHINE"), SPAN("HKEY_LOCAL_MACHINE")},
		{SPAN("\\REGISTRY\\USER"), SPAN("HKEY_USERS")},
	};
	for (size_t i = 0; i < sizeof hives / sizeof *hives; i++) {
		struct span rest = span_sub(key, hives[i].said.len, SIZE_MAX);
		if (span_eq_fold(span_sub(key, 0, hives[i].said.len), hives[i].said) &&
			(!rest.len || rest.ptr[0] == '\\'))
			return arena_printf(a, "%.*s%.*s", (int)hives[i].full.len,
				hives[i].full.ptr, (int)rest.len, rest.ptr);
	}
	return key;
}

struct subjects {
	struct subject *at;
	size_t len;
	struct span value;
};

static void
add(struct subjects *s, struct span text)
{
	bool inside = text.ptr >= s->value.ptr && text.ptr <= s->value.ptr + s->value.len;
	if (text.len && s->len < SUBJECTS)
		s->at[s->len++] = (struct subject){
			text, inside ? (size_t)(text.ptr - s->value.ptr) : SIZE_MAX};
}

static void
add_component(struct subjects *s, struct span path)
{
	size_t at = last_component(path);
	if (at > 0)
		add(s, span_sub(path, at, SIZE_MAX));
}

static void
add_folder(struct subjects *s, struct span path)
{
	size_t at = last_component(path);
	if (at > 1)
		add(s, span_sub(path, 0, at - 1));
}

static void
add_keys(struct subjects *s, struct arena *a)
{
	struct span full = string_full_key(s->value, a);
	if (full.ptr != s->value.ptr)
		add(s, full);
	add_folder(s, full); /* where a value's name stands behind the key */
}

/* The user agent as clients say it: W3C's logs have a plus sign for each blank. */
static void
add_agent(struct subjects *s, struct arena *a)
{
	if (span_find_byte(s->value, ' ') != SIZE_MAX || span_find_byte(s->value, '+') == SIZE_MAX)
		return;
	char *text = arena_bytes(a, s->value.len);
	for (size_t i = 0; i < s->value.len; i++)
		text[i] = s->value.ptr[i] == '+' ? ' ' : s->value.ptr[i];
	add(s, (struct span){text, s->value.len});
}

/* A URL put together from host and path has no scheme: either may be meant. */
static void
add_urls(struct subjects *s, struct arena *a)
{
	if (!span_starts(s->value, SPAN("//")))
		return;
	add(s, arena_printf(a, "http:%.*s", (int)s->value.len, s->value.ptr));
	add(s, arena_printf(a, "https:%.*s", (int)s->value.len, s->value.ptr));
}

/* Path and query of a whole URL. */
static void
add_request(struct subjects *s)
{
	size_t at = span_find(s->value, SPAN("//"));
	if (at == SIZE_MAX || (at > 0 && s->value.ptr[at - 1] != ':'))
		return;
	struct span rest = span_sub(s->value, at + 2, SIZE_MAX);
	size_t path = span_find_byte(rest, '/');
	if (path != SIZE_MAX)
		add(s, span_sub(rest, path, SIZE_MAX));
}

size_t
string_subjects(enum pattern_property property, struct span value, struct arena *a,
	struct subject out[static SUBJECTS])
{
	struct subjects s = {out, 0, value};
	add(&s, value);
	switch (property) {
	case PROPERTY_FILE:
	case PROPERTY_PROGRAM:
	case PROPERTY_VALUE_NAME:
	case PROPERTY_ACCOUNT: add_component(&s, value); break;
	case PROPERTY_DIRECTORY: add_folder(&s, value); break;
	case PROPERTY_KEY: add_keys(&s, a); break;
	case PROPERTY_AGENT: add_agent(&s, a); break;
	case PROPERTY_URL: add_urls(&s, a); break;
	case PROPERTY_REQUEST: add_request(&s); break;
	default: break;
	}
	return s.len;
}
