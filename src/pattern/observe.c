#include "pattern/observe.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/own.h"
#include "base/vec.h"
#include "codec/json.h"

enum { NUMBER_MAX = 999999999 }; /* section 4.14.1 */

/* Text -> number. Open addressing, at most half full. */
struct names {
	struct name {
		struct span text;
		size_t value;
	} * slot;
	size_t slots, len;
};

struct observations {
	struct arena arena;
	vec_of(struct observation) all;
	vec_of(int64_t) modified;  /* of each; TIME_NONE where it has none */
	vec_of(yyjson_val *) data; /* of each */
	struct names ids;	   /* observed-data by id -> index */
	size_t refs;
	vec_of(yyjson_val *) lists; /* of objects */
	vec_of(struct partial {
		size_t index;
		yyjson_val *data;
	}) partial; /* refer to what their list does not hold */
};

static struct name *
names_slot(const struct names *n, struct span text)
{
	size_t at = hash64(text, (uintptr_t)n) & (n->slots - 1);
	while (n->slot[at].text.ptr && !span_eq(n->slot[at].text, text))
		at = (at + 1) & (n->slots - 1);
	return &n->slot[at];
}

static struct name *
names_find(const struct names *n, struct span text)
{
	struct name *found = n->slots ? names_slot(n, text) : NULL;
	return found && found->text.ptr ? found : NULL;
}

/* Absent until now. */
static void
names_add(struct names *n, struct span text, size_t value)
{
	if (n->len * 2 >= n->slots) {
		struct names old = *n;
		n->slots = old.slots ? old.slots * 2 : 64;
		n->slot = mem_new(n->slots * sizeof *n->slot);
		for (size_t i = 0; i < old.slots; i++)
			if (old.slot[i].text.ptr)
				*names_slot(n, old.slot[i].text) = old.slot[i];
		free(old.slot);
	}
	*names_slot(n, text) = (struct name){text, value};
	n->len++;
}

struct observations *
observations_new(void)
{
	return mem_new(sizeof(struct observations));
}

void
observations_free(struct observations *o)
{
	if (!o)
		return;
	arena_fini(&o->arena);
	free(o->all.at);
	free(o->modified.at);
	free(o->data.at);
	free(o->lists.at);
	free(o->partial.at);
	free(o->ids.slot);
	free(o);
}

void
observations_fini(struct observations **o)
{
	observations_free(*o);
}

size_t
observations_count(const struct observations *o)
{
	return o->all.len;
}

const struct observation *
observations_at(const struct observations *o, size_t index)
{
	return &o->all.at[index];
}

yyjson_val *
observation_find(const struct observation *o, struct span name)
{
	size_t low = 0, high = o->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = span_cmp(o->objects[middle].name, name);
		if (!order)
			return o->objects[middle].object;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Objects by id, the latest version of each. */
struct scope {
	vec_of(yyjson_val *) object;
	struct names ids; /* -> index into object */
};

static int64_t
modified_of(yyjson_val *object)
{
	int64_t at = TIME_NONE;
	struct span text = json_get_span(object, "modified");
	if (!text.ptr || time_parse(text, &at, NULL))
		return TIME_NONE;
	return at;
}

static void
scope_fill(struct scope *s, yyjson_val *array)
{
	yyjson_arr_iter it = yyjson_arr_iter_with(array);
	for (yyjson_val *val; (val = yyjson_arr_iter_next(&it));) {
		struct span id = json_get_span(val, "id");
		struct name *known = id.ptr ? names_find(&s->ids, id) : NULL;
		if (id.ptr && !known)
			names_add(&s->ids, id, s->object.len);
		else if (known && modified_of(val) > modified_of(s->object.at[known->value]))
			known->value = s->object.len;
		*vec_add(&s->object) = val;
	}
}

static yyjson_val *
scope_find(const struct scope *s, struct span id)
{
	const struct name *known = s && id.ptr ? names_find(&s->ids, id) : NULL;
	return known ? s->object.at[known->value] : NULL;
}

static void
scope_fini(struct scope *s)
{
	free(s->object.at);
	free(s->ids.slot);
}

static int
observed_cmp(const void *left, const void *right)
{
	const struct observed *a = left, *b = right;
	return span_cmp(a->name, b->name);
}

static void
where(struct diag *why, yyjson_val *data)
{
	struct span id = json_get_span(data, "id");
	diag_where(
		why, "%.*s", (int)(id.len < 120 ? id.len : 120), id.ptr ? id.ptr : "observed-data");
}

static enum rc
read_time(yyjson_val *data, const char *name, int64_t *out, struct diag *why)
{
	yyjson_val *val = json_get(data, name);
	if (!val)
		return RC_NONE;
	if (!yyjson_is_str(val) || time_parse(json_span(val), out, NULL))
		return diag_fail(why, RC_BAD, "%s is no timestamp", name);
	return RC_OK;
}

static enum rc
read_times(yyjson_val *data, struct observation *out, struct diag *why)
{
	enum rc rc = read_time(data, "first_observed", &out->first, why);
	if (rc)
		return rc == RC_NONE ? diag_fail(why, RC_BAD, "first_observed is missing") : rc;
	rc = read_time(data, "last_observed", &out->last, why);
	if (rc == RC_BAD)
		return rc;
	if (rc == RC_NONE)
		out->last = out->first;
	if (out->last < out->first)
		return diag_fail(why, RC_BAD, "last_observed is before first_observed");
	yyjson_val *number = json_get(data, "number_observed");
	out->number = number ? yyjson_get_uint(number) : 1;
	if ((number && !yyjson_is_uint(number)) || out->number < 1 || out->number > NUMBER_MAX)
		return diag_fail(
			why, RC_BAD, "number_observed is no integer from 1 to %d", NUMBER_MAX);
	return RC_OK;
}

/* The objects of an observation, by name, each once. */
static void
keep_objects(struct observation *out, struct observed *objects, size_t count)
{
	qsort(objects, count, sizeof *objects, observed_cmp);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (!kept || !span_eq(objects[kept - 1].name, objects[i].name)) {
			objects[kept] = objects[i];
			objects[kept++].type = json_get_span(objects[i].object, "type");
		}
	out->objects = objects;
	out->count = kept;
}

/* What object_refs and objects hold; *whole: nothing is missing. */
static enum rc
read_objects(struct observations *o, const struct scope *s, yyjson_val *data,
	struct observation *out, bool *whole, struct diag *why)
{
	yyjson_val *refs = json_get(data, "object_refs"), *dictionary = json_get(data, "objects");
	size_t most = yyjson_arr_size(refs) + yyjson_obj_size(dictionary), count = 0;
	if (most > OBSERVED_REFS_MAX - o->refs)
		return diag_fail(why, RC_LIMIT, "more than %d observed objects", OBSERVED_REFS_MAX);
	o->refs += most; /* also those that lead nowhere take memory */
	struct observed *objects = arena_new(&o->arena, most * sizeof *objects);
	if (yyjson_is_arr(refs)) {
		yyjson_arr_iter it = yyjson_arr_iter_with(refs);
		for (yyjson_val *val; (val = yyjson_arr_iter_next(&it));) {
			yyjson_val *object = scope_find(s, json_span(val));
			if (object)
				objects[count++] =
					(struct observed){.name = json_span(val), .object = object};
		}
		*whole = count == yyjson_arr_size(refs);
	}
	if (yyjson_is_obj(dictionary)) {
		yyjson_obj_iter it = yyjson_obj_iter_with(dictionary);
		for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));)
			objects[count++] = (struct observed){
				.name = json_span(key), .object = yyjson_obj_iter_get_val(key)};
	}
	keep_objects(out, objects, count);
	return RC_OK;
}

static enum rc
add_data(struct observations *o, const struct scope *s, yyjson_val *data, struct diag *why)
{
	struct observation one = {.number = 1};
	where(why, data);
	/* Revocation is for ever (section 3.6): an observation of nothing that no version outdoes.
	 */
	bool revoked = yyjson_is_true(json_get(data, "revoked")), whole = true;
	enum rc rc = revoked ? RC_OK : read_times(data, &one, why);
	if (!rc && !revoked)
		rc = read_objects(o, s, data, &one, &whole, why);
	if (rc)
		return rc;
	int64_t modified = revoked ? INT64_MAX : modified_of(data);
	struct span id = json_get_span(data, "id");
	struct name *known = id.ptr && modified != TIME_NONE ? names_find(&o->ids, id) : NULL;
	size_t index = known ? known->value : o->all.len;
	if (!whole)
		*vec_add(&o->partial) = (struct partial){index, data};
	if (known) {
		if (modified > o->modified.at[index]) {
			o->all.at[index] = one;
			o->modified.at[index] = modified;
			o->data.at[index] = data;
		}
		return RC_OK;
	}
	if (o->all.len == OBSERVATIONS_MAX)
		return diag_fail(why, RC_LIMIT, "more than %d observations", OBSERVATIONS_MAX);
	if (id.ptr && modified != TIME_NONE)
		names_add(&o->ids, id, index);
	*vec_add(&o->all) = one;
	*vec_add(&o->modified) = modified;
	*vec_add(&o->data) = data;
	return RC_OK;
}

static bool
is_type(yyjson_val *val, const char *type)
{
	return span_eq(json_get_span(val, "type"), span_of(type));
}

static enum rc
add_list(struct observations *o, yyjson_val *array, struct diag *why)
{
	struct scope s = {};
	enum rc rc = RC_OK;
	scope_fill(&s, array);
	*vec_add(&o->lists) = array;
	for (size_t i = 0; i < s.object.len && !rc; i++) {
		yyjson_val *val = s.object.at[i];
		if (is_type(val, "observed-data"))
			rc = add_data(o, &s, val, why);
		else if (is_type(val, "bundle") && yyjson_is_arr(json_get(val, "objects")))
			rc = add_list(o, json_get(val, "objects"), why);
	}
	scope_fini(&s);
	return rc;
}

enum rc
observations_add(struct observations *o, yyjson_val *root, struct diag *why)
{
	if (yyjson_is_arr(root))
		return add_list(o, root, why);
	if (is_type(root, "observed-data"))
		return add_data(o, NULL, root, why);
	yyjson_val *objects = json_get(root, "objects");
	bool envelope = !json_get(root, "type") && yyjson_is_arr(objects);
	if (!is_type(root, "bundle") && !envelope)
		return diag_fail(why, RC_BAD, "neither a bundle nor an observed-data object");
	if (objects && !yyjson_is_arr(objects))
		return diag_fail(why, RC_BAD, "the bundle's objects are no list");
	return objects ? add_list(o, objects, why) : RC_OK;
}

static yyjson_val *
find_missing(const struct scope *all, const struct observation *one, yyjson_val *ref)
{
	struct span id = json_span(ref);
	return id.ptr && !observation_find(one, id) ? scope_find(all, id) : NULL;
}

static void
link_one(struct observations *o, const struct scope *all, yyjson_val *data, struct observation *one)
{
	yyjson_val *refs = json_get(data, "object_refs"), *ref;
	size_t found = 0, count = 0;
	yyjson_arr_iter it = yyjson_arr_iter_with(refs);
	while ((ref = yyjson_arr_iter_next(&it)))
		found += find_missing(all, one, ref) != NULL;
	if (!found)
		return;
	struct observed *objects = arena_new(&o->arena, (one->count + found) * sizeof *objects);
	for (; count < one->count; count++)
		objects[count] = one->objects[count];
	it = yyjson_arr_iter_with(refs);
	while ((ref = yyjson_arr_iter_next(&it))) {
		yyjson_val *object = find_missing(all, one, ref);
		if (object)
			objects[count++] =
				(struct observed){.name = json_span(ref), .object = object};
	}
	keep_objects(one, objects, count);
}

void
observations_link(struct observations *o)
{
	struct scope all = {};
	if (!o->partial.len)
		return;
	for (size_t i = 0; i < o->lists.len; i++)
		scope_fill(&all, o->lists.at[i]);
	for (size_t i = 0; i < o->partial.len; i++) {
		const struct partial *one = &o->partial.at[i];
		if (o->data.at[one->index] == one->data)
			link_one(o, &all, one->data, &o->all.at[one->index]);
	}
	o->partial.len = 0;
	scope_fini(&all);
}
