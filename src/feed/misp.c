#include "feed/misp.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "codec/json.h"
#include "match/column.h"
#include "match/time.h"
#include "stix/id.h"

enum tlp
misp_distribution_tlp(int distribution)
{
	switch (distribution) {
	case 0: return TLP_RED;		 /* your organisation only: it never leaves */
	case 1: return TLP_AMBER_STRICT; /* this server's community: not beyond this node */
	case 2: return TLP_AMBER;
	case 3: return TLP_GREEN;	 /* all communities is not everybody */
	case 4: return TLP_AMBER_STRICT; /* a list of parties that we cannot judge */
	default: return TLP_NONE;
	}
}

int
misp_tlp_distribution(enum tlp level)
{
	switch (level) {
	case TLP_CLEAR: return 3;
	case TLP_GREEN: return 2;
	case TLP_NONE:
	case TLP_AMBER: return 1;
	default: return 0;
	}
}

enum tlp
misp_tag_tlp(struct span name)
{
	enum tlp level;
	if (name.len < 4 || !span_eq_fold(span_sub(name, 0, 4), SPAN("tlp:")))
		return TLP_NONE;
	/* "tlp:ex:chr" restricts further than any level we know. */
	if (tlp_parse(span_sub(name, 4, SIZE_MAX), &level, NULL))
		return span_eq_fold(name, SPAN("tlp:unclear")) ? TLP_NONE : TLP_RED;
	return level;
}

int
misp_tag_confidence(struct span name)
{
	static const struct {
		struct span name;
		int percent;
	} table[] = {
		{SPAN("misp:confidence-level=\"completely-confident\""), 100},
		{SPAN("misp:confidence-level=\"usually-confident\""), 75},
		{SPAN("misp:confidence-level=\"fairly-confident\""), 50},
		{SPAN("misp:confidence-level=\"rarely-confident\""), 25},
		{SPAN("misp:confidence-level=\"unconfident\""), 0},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (span_eq(name, table[i].name))
			return table[i].percent;
	return -1;
}

int64_t
misp_number(yyjson_val *object, const char *key, int64_t otherwise)
{
	yyjson_val *val = json_get(object, key);
	int64_t number;
	if (yyjson_is_int(val))
		return yyjson_get_sint(val);
	if (val && span_to_i64(json_span(val), &number))
		return number;
	return otherwise;
}

bool
misp_flag(yyjson_val *object, const char *key)
{
	yyjson_val *val = json_get(object, key);
	return yyjson_is_true(val) || misp_number(object, key, 0) == 1 ||
	       span_eq_fold(json_span(val), SPAN("true"));
}

/* Whatever is not within the years that STIX can write is no time. */
static int64_t
bounded(int64_t at)
{
	return at > 0 && at < INT64_C(253402300800) * SECOND ? at : TIME_NONE;
}

int64_t
misp_time(yyjson_val *val)
{
	int64_t number;
	struct span text = json_span(val);
	if (yyjson_is_num(val) && !yyjson_is_int(val)) {
		double real = yyjson_get_real(val);
		return real > 0 && real < 253402300800.0 ? (int64_t)(real * 1e6) : TIME_NONE;
	}
	if (yyjson_is_int(val))
		number = yyjson_get_sint(val);
	else if (!span_to_i64(text, &number))
		return text.len ? bounded(column_time(text)) : TIME_NONE;
	if (number <= 0)
		return TIME_NONE;
	/* first_seen and last_seen may be microseconds. */
	return bounded(number < INT64_C(100000000000) ? number * SECOND : number);
}

bool
misp_uuid(yyjson_val *object, const char *key, char out[static UUID_TEXT])
{
	struct uuid u;
	struct span text = json_get_span(object, key);
	/* STIX wants RFC 9562's variant; old MISP made some without it, which get a name of theirs. */
	if (text.len == 0 || uuid_parse(text, &u))
		return false;
	uuid_text(&u, out);
	if (!uuid_is_rfc(&u))
		misp_uuid_of(span_of(out), out);
	return true;
}

void
misp_uuid_of(struct span name, char out[static UUID_TEXT])
{
	static const struct uuid space = {{0x1d, 0x7e, 0x0c, 0x52, 0x6b, 0x3f, 0x4e, 0x0d, 0x8c,
		0x1a, 0x90, 0x57, 0x2e, 0xd4, 0x6b, 0x33}};
	struct uuid u = stix_uuid_v5(&space, name);
	uuid_text(&u, out);
}

/* Numbers of rows in one server's database, and what it computes for its viewers. */
static bool
is_local(struct span key)
{
	static const char *const keys[] = {"id", "event_id", "object_id", "org_id", "orgc_id",
		"user_id", "attribute_id", "tag_id", "numerical_value", "is_galaxy",
		"is_custom_galaxy", "local_only", "inherited", NULL};
	for (size_t i = 0; keys[i]; i++)
		if (span_eq(key, span_of(keys[i])))
			return true;
	return false;
}

static bool
key_is_fine(struct span key)
{
	if (key.len < 1 || key.len > 250)
		return false;
	for (size_t i = 0; i < key.len; i++)
		if (!ascii_is_alnum(key.ptr[i]) && key.ptr[i] != '_' && key.ptr[i] != '-')
			return false;
	return true;
}

static bool
is_dropped(struct span key, const char *const *drop)
{
	for (; drop && *drop; drop++)
		if (span_eq(key, span_of(*drop)))
			return true;
	return false;
}

/* Whether anything of a value would be written. */
static bool
has_weight(yyjson_val *val)
{
	if (!val || yyjson_is_null(val))
		return false;
	return !yyjson_is_ctn(val) || yyjson_get_len(val) > 0;
}

static void
keep_array(struct buf *out, yyjson_val *val, size_t *lost)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(val);
	yyjson_val *element;
	size_t before = out->len;
	while ((element = yyjson_arr_iter_next(&it)) != NULL) {
		size_t at = out->len;
		if (!has_weight(element))
			continue;
		buf_add_byte(out, out->len == before ? '[' : ',');
		size_t start = out->len;
		misp_keep(out, element, NULL, lost);
		if (out->len == start)
			out->len = at;
	}
	if (out->len > before)
		buf_add_byte(out, ']');
}

/* Galaxies' own words may be names that no STIX dictionary can have: then their text is kept whole. */
static void
keep_text(struct buf *out, size_t start, yyjson_val *val)
{
	own_buf struct buf text = {};
	json_write(&text, val);
	out->len = start;
	json_write_string(out, buf_span(&text));
}

void
misp_keep(struct buf *out, yyjson_val *val, const char *const *drop, size_t *lost)
{
	if (yyjson_is_arr(val)) {
		keep_array(out, val, lost);
		return;
	}
	if (!yyjson_is_obj(val)) {
		json_write(out, val);
		return;
	}
	yyjson_obj_iter it = yyjson_obj_iter_with(val);
	yyjson_val *name;
	size_t before = out->len;
	while ((name = yyjson_obj_iter_next(&it)) != NULL) {
		struct span key = json_span(name);
		yyjson_val *member = yyjson_obj_iter_get_val(name);
		size_t at = out->len;
		if (!has_weight(member) || is_local(key) || is_dropped(key, drop))
			continue;
		if (!key_is_fine(key)) {
			(*lost)++;
			continue;
		}
		buf_add_byte(out, out->len == before ? '{' : ',');
		json_write_string(out, key);
		buf_add_byte(out, ':');
		size_t start = out->len, lost_before = *lost;
		misp_keep(out, member, NULL, lost);
		if (*lost > lost_before && span_eq(key, SPAN("Galaxy"))) {
			keep_text(out, start, member);
			*lost = lost_before;
		}
		if (out->len == start) /* a container of nothing */
			out->len = at;
	}
	if (out->len > before)
		buf_add_byte(out, '}');
}

yyjson_val *
misp_extension(yyjson_val *object)
{
	yyjson_val *all = json_get(object, "extensions");
	return json_get(all, MISP_EXTENSION);
}
