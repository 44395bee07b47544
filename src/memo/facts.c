#include "memo/facts.h"

#include "base/must.h"
#include "base/mutant.h"
#include "codec/json.h"

enum tlp
facts_level(struct facts f, enum tlp unmarked)
{
	if (f.tlp == TLP_NONE || f.flags & FACTS_UNMARKED)
		return tlp_strictest(f.tlp, unmarked);
	return f.tlp;
}

/* Marks on the observables that observed-data of the older form holds within it (`objects`). */
static enum tlp
level_within(const struct stix_object *o, const struct stix_resolver *resolve)
{
	enum tlp level = TLP_NONE;
	yyjson_val *key;
	if (!span_eq(o->type, SPAN("observed-data")) || mutant(521))
		return level;
	yyjson_obj_iter it = yyjson_obj_iter_with(json_get(o->root, "objects"));
	while ((key = yyjson_obj_iter_next(&it))) {
		const yyjson_val *one = yyjson_obj_iter_get_val(key);
		const struct stix_object within = {
			.marking_refs = json_get(one, "object_marking_refs"),
			.granular = json_get(one, "granular_markings"),
		};
		level = tlp_strictest(level, stix_tlp(&within, resolve).level);
	}
	return level;
}

struct facts
facts_of(const struct stix_object *o, const struct stix_resolver *resolve)
{
	struct stix_object whole = *o;
	whole.granular = NULL;
	enum tlp object = stix_tlp(&whole, resolve).level;
	enum tlp all = o->granular ? stix_tlp(o, resolve).level : object;
	all = tlp_strictest(all, level_within(o, resolve));
	if (object == TLP_NONE && all != TLP_NONE && !mutant(520))
		all = tlp_strictest(all, TLP_AMBER);
	if (tlp_marking_find(o->id)) /* the nine of the standards: everybody has them */
		all = TLP_CLEAR;
	return (struct facts){(uint8_t)o->class, (uint8_t)all, (uint8_t)privacy_of(o), 0};
}

struct facts
facts_kept(uint8_t class, uint8_t tlp, uint8_t privacy)
{
	struct facts f = {class, tlp, privacy, 0};
	if (class > STIX_CLASS_OTHER)
		f.class = STIX_CLASS_OTHER;
	if (tlp > TLP_RED)
		f.tlp = TLP_RED;
	if (privacy > PRIVACY_VICTIM)
		f.privacy = PRIVACY_VICTIM;
	return f;
}

struct facts
facts_join(struct facts a, struct facts b)
{
	struct facts f = {.class = a.class, .flags = a.flags | b.flags};
	if (a.tlp == TLP_NONE || b.tlp == TLP_NONE)
		f.flags |= FACTS_UNMARKED;
	f.tlp = a.tlp > b.tlp ? a.tlp : b.tlp;
	f.privacy = a.privacy > b.privacy ? a.privacy : b.privacy;
	return f;
}

struct facts
facts_absent(void)
{
	return (struct facts){STIX_CLASS_OTHER, TLP_NONE, PRIVACY_NONE, 0};
}

/*
 * Properties that name ends. A translation is judged with what it translates: its text is that
 * object's text (STIX 2.1 section 7.1).
 */
static const struct {
	struct span type;
	const char *one, *two, *lists[2];
} ends[] = {
	{{"relationship", 12}, "source_ref", "target_ref", {NULL, NULL}},
	{{"sighting", 8}, "sighting_of_ref", NULL, {"observed_data_refs", "where_sighted_refs"}},
	{{"language-content", 16}, "object_ref", NULL, {NULL, NULL}},
};

static size_t
list_size(const yyjson_val *root, const char *name)
{
	return name ? yyjson_arr_size(json_get(root, name)) : 0;
}

/* A position counts one, two, then the lists' elements; an absent or ill-typed one is passed over.
 */
enum rc
facts_end(const struct stix_object *o, size_t *at, struct span *id)
{
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		if (!span_eq(o->type, ends[i].type))
			continue;
		size_t first = list_size(o->root, ends[i].lists[0]);
		size_t last = 2 + first + list_size(o->root, ends[i].lists[1]);
		while (*at < last) {
			size_t n = (*at)++;
			const char *single = n == 0 ? ends[i].one : n == 1 ? ends[i].two : NULL;
			yyjson_val *val =
				n < 2 ? (single ? json_get(o->root, single) : NULL)
				: n - 2 < first
					? yyjson_arr_get(json_get(o->root, ends[i].lists[0]), n - 2)
					: yyjson_arr_get(json_get(o->root, ends[i].lists[1]),
						  n - 2 - first);
			*id = json_span(val);
			if (id->ptr)
				return RC_OK;
		}
	}
	return RC_NONE;
}

/* Ends that one object may have; what names more is hidden, so that no reader pays for them. */
enum { ENDS_MOST = 4096 };

bool
facts_may_have_ends(struct facts own, struct span bytes)
{
	return own.class == STIX_CLASS_LINK || own.class == STIX_CLASS_SIGHTING ||
	       (own.class == STIX_CLASS_SUPPORT &&
		       span_find(bytes, SPAN("language-content")) != SIZE_MAX);
}

/* An end that has ends of its own: nobody follows those. */
static bool
has_ends(struct span id)
{
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (span_starts(id, ends[i].type) &&
			span_starts(span_sub(id, ends[i].type.len, SIZE_MAX), SPAN("--")))
			return true;
	return false;
}

struct facts
facts_with_ends(struct facts own, struct span bytes, const struct facts_source *source)
{
	own_stix struct stix_object o = {};
	struct span id;
	size_t at = 0, count = 0;
	struct facts all = own;
	if (stix_read(bytes, &o, NULL) != RC_OK) {
		all.flags |= FACTS_HIDDEN;
		return all;
	}
	while (facts_end(&o, &at, &id) == RC_OK) {
		struct facts end = facts_absent();
		enum rc code = source->find(source->ctx, id, &end);
		if (code == RC_NONE)
			end = mutant(515) ? own : facts_absent();
		else if (code != RC_OK || (has_ends(id) && !mutant(514)))
			end.flags |= FACTS_HIDDEN;
		all = mutant(516) ? own : facts_join(all, end);
		if (++count > ENDS_MOST && !mutant(517)) {
			all.flags |= FACTS_HIDDEN;
			break;
		}
	}
	return all;
}
