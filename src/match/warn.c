#define PCRE2_CODE_UNIT_WIDTH 8
#include "match/warn.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/vec.h"
#include "codec/json.h"
#include "match/set.h"
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
add_observable(struct warn *w, size_t list, struct span value, enum match_reach reach)
{
	own_arena struct arena a = {};
	struct indicator i = {.reach = reach,
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = (int)list};
	if (obs_detect(value, &a, &i.about, NULL))
		return false;
	if (i.about.kind == OBS_URL && span_starts(value, SPAN(".")))
		return false;
	enum rc code = match_set_add(w->set, &i);
	return code == RC_OK || code == RC_CONFLICT;
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

static bool
speaks_of(const struct warn *w, size_t list, enum obs_kind kind)
{
	return w->lists.at[list].kinds >> kind & 1;
}

/* What the set of strings, names and ranges knows about it. */
static struct span
find_in_set(const struct warn *w, struct observable o, enum obs_kind as)
{
	own_arena struct arena a = {};
	struct match_answers answers = {};
	struct found f = {.kind = o.kind, .value = o.value};
	struct span found = {};
	if (o.kind == OBS_IPV4 || o.kind == OBS_IPV6)
		addr_parse(o.value, &f.addr);
	match_set_probe(w->set, (struct span){}, &f, CONTEXT_PLAIN, &a, &answers);
	for (size_t i = 0; i < answers.len && !found.len; i++) {
		size_t list = (size_t)match_set_get(w->set, answers.at[i].item, &a).confidence;
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

struct span
warn_find(const struct warn *w, struct observable o)
{
	struct span found = {};
	if (o.kind == OBS_URL) {
		/* A list of names speaks about the URLs on them. */
		own_arena struct arena a = {};
		struct url url;
		if (!url_parse(o.value, SCHEME_OPTIONAL, &a, &url, NULL)) {
			enum obs_kind host =
				url.is_addr ? (url.addr.six ? OBS_IPV6 : OBS_IPV4) : OBS_DOMAIN;
			found = find_in_set(w, (struct observable){host, url.host}, OBS_URL);
		}
	} else if (o.kind != OBS_EMAIL) {
		found = find_in_set(w, o, o.kind);
	}
	if (!found.len)
		found = find_in_texts(w, o);
	return found.len ? found : find_in_expressions(w, o);
}
