#define PCRE2_CODE_UNIT_WIDTH 8
#include "match/warn.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/vec.h"
#include "codec/json.h"
#include "match/set.h"
#include "obs/line.h"
#include "obs/url.h"

enum { EXPRESSION_LONGEST = 4096, PLAIN_LONGEST = 8192, STEPS_MAX = 100000 };

enum type { TYPE_STRING, TYPE_HOSTNAME, TYPE_CIDR, TYPE_SUBSTRING, TYPE_REGEX };

struct list {
	char *name;
	uint32_t kinds;
};

struct text {
	char *value;
	size_t len;
	size_t list;
};

struct expression {
	pcre2_code *code;
	size_t list;
};

struct warn {
	vec_of(struct list) lists;
	struct match_set *set; /* strings, names and ranges; confidence holds the list's number */
	vec_of(struct text) texts; /* substrings */
	vec_of(struct expression) expressions;
	pcre2_match_context *limits;
	size_t count;
};

struct warn *
warn_new(void)
{
	struct warn *w = mem_new(sizeof *w);
	w->set = match_set_new((uint64_t)(uintptr_t)w);
	w->limits = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(w->limits, STEPS_MAX);
	return w;
}

void
warn_free(struct warn **w)
{
	if (!*w)
		return;
	for (size_t i = 0; i < (*w)->lists.len; i++)
		free((*w)->lists.at[i].name);
	for (size_t i = 0; i < (*w)->texts.len; i++)
		free((*w)->texts.at[i].value);
	for (size_t i = 0; i < (*w)->expressions.len; i++)
		pcre2_code_free((*w)->expressions.at[i].code);
	free((*w)->lists.at);
	free((*w)->texts.at);
	free((*w)->expressions.at);
	pcre2_match_context_free((*w)->limits);
	match_set_free(&(*w)->set);
	free(*w);
	*w = NULL;
}

size_t
warn_count(const struct warn *w)
{
	return w->count;
}

/* MISP attribute types: our kinds, one bit each. */
static uint32_t
kinds_of(struct span attribute)
{
	static const struct {
		struct span word;
		uint32_t kinds;
	} table[] = {
		{SPAN("ip-src"), 1 << OBS_IPV4 | 1 << OBS_IPV6 | 1 << OBS_CIDR4 | 1 << OBS_CIDR6},
		{SPAN("ip-dst"), 1 << OBS_IPV4 | 1 << OBS_IPV6 | 1 << OBS_CIDR4 | 1 << OBS_CIDR6},
		{SPAN("ip-src|port"), 1 << OBS_IPV4 | 1 << OBS_IPV6},
		{SPAN("ip-dst|port"), 1 << OBS_IPV4 | 1 << OBS_IPV6},
		{SPAN("domain|ip"), 1 << OBS_DOMAIN | 1 << OBS_IPV4 | 1 << OBS_IPV6},
		{SPAN("domain"), 1 << OBS_DOMAIN},
		{SPAN("hostname"), 1 << OBS_DOMAIN},
		{SPAN("hostname|port"), 1 << OBS_DOMAIN},
		{SPAN("url"), 1 << OBS_URL},
		{SPAN("uri"), 1 << OBS_URL},
		{SPAN("link"), 1 << OBS_URL},
		{SPAN("email"), 1 << OBS_EMAIL},
		{SPAN("email-src"), 1 << OBS_EMAIL},
		{SPAN("email-dst"), 1 << OBS_EMAIL},
		{SPAN("md5"), 1 << OBS_MD5},
		{SPAN("sha1"), 1 << OBS_SHA1},
		{SPAN("sha224"), 1 << OBS_SHA224},
		{SPAN("sha256"), 1 << OBS_SHA256},
		{SPAN("sha384"), 1 << OBS_SHA384},
		{SPAN("sha512"), 1 << OBS_SHA512},
		{SPAN("ja3-fingerprint-md5"), 1 << OBS_JA3},
		{SPAN("mac-address"), 1 << OBS_MAC},
		{SPAN("vulnerability"), 1 << OBS_CVE},
	};
	size_t bar = span_find_byte(attribute, '|');
	if (span_starts(attribute, SPAN("filename|")))
		attribute = span_sub(attribute, bar + 1, SIZE_MAX);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (span_eq(attribute, table[i].word))
			return table[i].kinds;
	return 0;
}

static enum rc
type_of(struct span word, enum type *out, struct diag *why)
{
	static const struct span words[] = {
		SPAN("string"), SPAN("hostname"), SPAN("cidr"), SPAN("substring"), SPAN("regex")};
	for (size_t i = 0; i < 5; i++)
		if (span_eq(word, words[i])) {
			*out = (enum type)i;
			return RC_OK;
		}
	return diag_fail(why, RC_UNKNOWN, "a warninglist of type \"%.*s\"",
		(int)(word.len < 40 ? word.len : 40), word.ptr ? word.ptr : "");
}

static bool
put_observable(struct warn *w, size_t list, struct observable about, enum match_reach reach)
{
	struct indicator i = {.about = about,
		.reach = reach,
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = (int)list};
	enum rc code = match_set_add(w->set, &i);
	return code == RC_OK || code == RC_CONFLICT;
}

static bool
add_observable(struct warn *w, size_t list, struct span value, enum match_reach reach)
{
	own_arena struct arena a = {};
	struct observable about;
	if (obs_detect(value, &a, &about, NULL))
		return false;
	if (about.kind == OBS_URL && span_starts(value, SPAN(".")))
		return false;
	return put_observable(w, list, about, reach);
}

/* "/expression/flags" as PHP writes it. */
static bool
add_expression(struct warn *w, size_t list, struct span value)
{
	uint32_t flags = PCRE2_NEVER_BACKSLASH_C;
	if (value.len > EXPRESSION_LONGEST)
		return false;
	if (value.len >= 2 && value.ptr[0] == '/') {
		size_t close = value.len - 1;
		while (close > 0 && value.ptr[close] != '/')
			close--;
		if (close == 0)
			return false;
		for (size_t i = close + 1; i < value.len; i++)
			flags |= value.ptr[i] == 'i' ? PCRE2_CASELESS : 0;
		value = span_sub(value, 1, close - 1);
	}
	int fault;
	PCRE2_SIZE at;
	pcre2_code *code =
		pcre2_compile((PCRE2_SPTR)value.ptr, value.len, flags, &fault, &at, NULL);
	if (!code)
		return false;
	*vec_add(&w->expressions) = (struct expression){code, list};
	return true;
}

static bool
add_entry(struct warn *w, enum type type, size_t list, struct span value)
{
	value = span_trim(value);
	if (value.len == 0 || value.len > PLAIN_LONGEST)
		return false;
	switch (type) {
	case TYPE_STRING:
	case TYPE_CIDR: return add_observable(w, list, value, REACH_EXACT);
	case TYPE_HOSTNAME: return add_observable(w, list, value, REACH_COVERING);
	case TYPE_REGEX: return add_expression(w, list, value);
	case TYPE_SUBSTRING:
		*vec_add(&w->texts) = (struct text){mem_dup(value), value.len, list};
		return true;
	}
	return false;
}

enum rc
warn_add(struct warn *w, struct span json, size_t *skipped, struct diag *why)
{
	static const struct json_limits limits = {.any_keys = true};
	own_json yyjson_doc *doc = NULL;
	enum type type;
	*skipped = 0;
	enum rc code = json_read(json, &limits, &doc, why);
	if (code)
		return code;
	yyjson_val *root = yyjson_doc_get_root(doc), *entries = json_get(root, "list");
	if (!yyjson_is_arr(entries))
		return diag_fail(why, RC_BAD, "no MISP warninglist: no \"list\"");
	struct span word = json_get_span(root, "type"), name = json_get_span(root, "name");
	code = type_of(word.ptr ? word : SPAN("string"), &type, why);
	if (code)
		return code;
	struct list made = {.name = mem_dup(name.len ? name : SPAN("a warninglist"))};
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(root, "matching_attributes"));
	for (yyjson_val *one; (one = yyjson_arr_iter_next(&it));)
		made.kinds |= kinds_of(json_span(one));
	if (!made.kinds)
		made.kinds = UINT32_MAX;
	*vec_add(&w->lists) = made;
	yyjson_arr_iter entry = yyjson_arr_iter_with(entries);
	for (yyjson_val *one; (one = yyjson_arr_iter_next(&entry));)
		if (add_entry(w, type, w->lists.len - 1, json_span(one)))
			w->count++;
		else
			++*skipped;
	return RC_OK;
}

static void
add_line(struct warn *w, const struct obs_list *values, size_t *skipped)
{
	for (size_t i = 0; i < values->len; i++)
		if (put_observable(w, w->lists.len - 1, values->at[i], REACH_COVERING))
			w->count++;
		else
			++*skipped;
}

enum rc
warn_add_list(struct warn *w, struct span text, struct span name, size_t *skipped, struct diag *why)
{
	own_arena struct arena a = {};
	*skipped = 0;
	*vec_add(&w->lists) = (struct list){mem_dup(name), UINT32_MAX};
	while (text.len) {
		struct obs_list values;
		size_t end = span_find_byte(text, '\n');
		enum rc code = obs_line(span_sub(text, 0, end), &a, &values, why);
		text = end == SIZE_MAX ? (struct span){} : span_sub(text, end + 1, SIZE_MAX);
		if (code == RC_LIMIT)
			return code;
		if (!code)
			add_line(w, &values, skipped);
		else
			*skipped += code != RC_NONE;
		arena_reset(&a);
	}
	return RC_OK;
}

static bool
speaks_of(const struct warn *w, size_t list, enum obs_kind kind)
{
	return w->lists.at[list].kinds >> kind & 1;
}

/* What the set of strings, names and ranges knows about it, which stands at `at` of the text. */
static struct span
find_in_set(
	const struct warn *w, struct span text, size_t at, struct observable o, enum obs_kind as)
{
	own_arena struct arena a = {};
	struct match_answers answers = {};
	struct found f = {.kind = o.kind, .value = o.value, .at = at, .len = o.value.len};
	struct span found = {};
	if (o.kind == OBS_IPV4 || o.kind == OBS_IPV6)
		addr_parse(o.value, &f.addr);
	match_set_probe(w->set, text, &f, CONTEXT_PLAIN, &a, &answers);
	for (size_t i = 0; i < answers.len && !found.len; i++) {
		struct indicator known = match_set_get(w->set, answers.at[i].item, &a);
		size_t list = (size_t)known.confidence;
		/* A provider of mailboxes is harmless, not whoever has one there. */
		if (as == OBS_EMAIL && known.about.kind != OBS_EMAIL)
			continue;
		if (speaks_of(w, list, as))
			found = span_of(w->lists.at[list].name);
	}
	free(answers.at);
	return found;
}

static struct span
find_in_texts(const struct warn *w, struct observable o)
{
	for (size_t i = 0; i < w->texts.len; i++) {
		const struct text *t = &w->texts.at[i];
		if (speaks_of(w, t->list, o.kind) &&
			span_find(o.value, (struct span){t->value, t->len}) != SIZE_MAX)
			return span_of(w->lists.at[t->list].name);
	}
	return (struct span){};
}

static struct span
find_in_expressions(const struct warn *w, struct observable o)
{
	struct span found = {};
	if (!w->expressions.len)
		return found;
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	for (size_t i = 0; i < w->expressions.len && !found.len; i++) {
		const struct expression *e = &w->expressions.at[i];
		if (speaks_of(w, e->list, o.kind) &&
			pcre2_match(e->code, (PCRE2_SPTR)o.value.ptr, o.value.len, 0, 0, data,
				w->limits) >= 0)
			found = span_of(w->lists.at[e->list].name);
	}
	pcre2_match_data_free(data);
	return found;
}

/* A list of names speaks about the URLs on them. */
static struct span
find_url(const struct warn *w, struct span value)
{
	own_arena struct arena a = {};
	struct url url;
	if (url_parse(value, SCHEME_OPTIONAL, &a, &url, NULL))
		return (struct span){};
	enum obs_kind kind = url.is_addr ? (url.addr.six ? OBS_IPV6 : OBS_IPV4) : OBS_DOMAIN;
	struct observable host = {kind, url.host};
	return find_in_set(w, url.text, (size_t)(url.host.ptr - url.text.ptr), host, OBS_URL);
}

static struct span
find_email(const struct warn *w, struct span value)
{
	own_arena struct arena a = {};
	struct observable host;
	size_t at = span_find_byte(value, '@');
	if (at == SIZE_MAX || obs_detect(span_sub(value, at + 1, SIZE_MAX), &a, &host, NULL))
		return (struct span){};
	return find_in_set(w, value, at + 1, host, OBS_EMAIL);
}

struct span
warn_find(const struct warn *w, struct observable o)
{
	struct span found = o.kind == OBS_URL	  ? find_url(w, o.value)
			    : o.kind == OBS_EMAIL ? find_email(w, o.value)
						  : find_in_set(w, o.value, 0, o, o.kind);
	if (!found.len)
		found = find_in_texts(w, o);
	return found.len ? found : find_in_expressions(w, o);
}
