/* Object and granular markings of stix/marking.h: look-up and editing. */
#include <stdlib.h>

#include "base/must.h"
#include "base/mutant.h"
#include "codec/json.h"
#include "stix/edit-internal.h"
#include "stix/id.h"
#include "stix/lang.h"
#include "stix/marking.h"

/* One component of a selector: "[n]" is a list index. */
static enum rc
step(yyjson_val *from, struct span part, yyjson_val **out)
{
	if (part.len == 0)
		return RC_BAD;
	if (part.ptr[0] != '[') {
		*out = yyjson_obj_getn(from, part.ptr, part.len);
		return *out ? RC_OK : RC_NONE;
	}
	uint64_t index;
	struct span digits = span_sub(part, 1, part.len < 2 ? 0 : part.len - 2);
	if (part.ptr[part.len - 1] != ']' || !span_to_u64(digits, &index) ||
		(digits.len > 1 && digits.ptr[0] == '0'))
		return RC_BAD;
	*out = index < yyjson_arr_size(from) ? yyjson_arr_get(from, (size_t)index) : NULL;
	return *out ? RC_OK : RC_NONE;
}

enum rc
stix_select(const yyjson_val *object, struct span selector, yyjson_val **out, struct diag *why)
{
	struct span rest = selector, part;
	yyjson_val *at = (yyjson_val *)(uintptr_t)object;
	enum rc code = selector.len ? RC_OK : RC_BAD;
	while (!code && span_cut(&rest, '.', &part))
		code = step(at, part, &at);
	if (code)
		return diag_fail(why, code, "the selector \"%.*s\" %s",
			(int)(selector.len < 120 ? selector.len : 120),
			selector.len ? selector.ptr : "",
			code == RC_BAD ? "has not the syntax of section 7.2.3"
				       : "selects nothing in this object");
	*out = at;
	return RC_OK;
}

/* Every selector of a call must select something. */
static enum rc
check_selectors(const yyjson_val *object, const struct stix_marks *what, struct diag *why)
{
	yyjson_val *ignored;
	if (what->selectors.at && what->selectors.len == 0)
		return diag_fail(why, RC_BAD, "an empty list of selectors");
	for (size_t i = 0; i < what->selectors.len; i++)
		if (stix_select(object, what->selectors.at[i], &ignored, why))
			return RC_BAD;
	return RC_OK;
}

static bool
list_has(const struct stix_mark_list *list, struct span mark)
{
	for (size_t i = 0; i < list->all.len; i++)
		if (span_eq(list->all.at[i], mark))
			return true;
	return false;
}

static void
list_add(struct stix_mark_list *list, struct span mark)
{
	if (mark.ptr && !list_has(list, mark))
		*vec_add(&list->all) = mark;
}

static bool
spans_have(struct stix_spans spans, struct span s)
{
	for (size_t i = 0; i < spans.len; i++)
		if (span_eq(spans.at[i], s))
			return true;
	return false;
}

/* "a.b" is an ancestor of "a.b.c", not of "a.bc". */
static bool
is_ancestor(struct span above, struct span below)
{
	return below.len > above.len && (below.ptr[above.len] == '.' || mutant(1592)) &&
	       span_starts(below, above);
}

static bool
selects(struct span marked, const struct stix_marks *what)
{
	for (size_t i = 0; i < what->selectors.len; i++) {
		struct span asked = what->selectors.at[i];
		if (span_eq(marked, asked) ||
			(what->flags & STIX_MARKS_INHERITED && is_ancestor(marked, asked)) ||
			(what->flags & STIX_MARKS_DESCENDANTS && is_ancestor(asked, marked)))
			return true;
	}
	return false;
}

static void
get_object_marks(const yyjson_val *object, struct stix_mark_list *out)
{
	yyjson_val *refs = json_get(object, "object_marking_refs"), *ref;
	if (yyjson_is_str(refs))
		list_add(out, json_span(refs));
	yyjson_arr_iter it = yyjson_arr_iter_with(refs);
	while ((ref = yyjson_arr_iter_next(&it)))
		list_add(out, json_span(ref));
}

enum rc
stix_marks_get(const yyjson_val *object, const struct stix_marks *what, struct stix_mark_list *out,
	struct diag *why)
{
	enum rc code = check_selectors(object, what, why);
	if (code)
		return code;
	yyjson_arr_iter it = yyjson_arr_iter_with(json_get(object, "granular_markings"));
	for (yyjson_val *one; what->selectors.at && (one = yyjson_arr_iter_next(&it));) {
		yyjson_arr_iter marked = yyjson_arr_iter_with(json_get(one, "selectors"));
		bool hit = false;
		for (yyjson_val *selector; !hit && (selector = yyjson_arr_iter_next(&marked));)
			hit = selects(json_span(selector), what);
		if (hit && !(what->flags & STIX_MARKS_NO_REFS))
			list_add(out, json_get_span(one, "marking_ref"));
		if (hit && !(what->flags & STIX_MARKS_NO_LANGS))
			list_add(out, json_get_span(one, "lang"));
	}
	if (!what->selectors.at || what->flags & STIX_MARKS_INHERITED)
		get_object_marks(object, out);
	return RC_OK;
}

enum rc
stix_marks_has(const yyjson_val *object, const struct stix_marks *what, bool *out, struct diag *why)
{
	struct stix_mark_list list = {};
	enum rc code = stix_marks_get(object, what, &list, why);
	if (!code) {
		*out = list.all.len > 0;
		for (size_t i = 0; i < what->marks.len && *out; i++)
			*out = list_has(&list, what->marks.at[i]);
	}
	free(list.all.at);
	return code;
}

static bool
is_marking(struct span mark)
{
	struct span type;
	return stix_id_parse(mark, &type, NULL) == RC_OK &&
	       span_eq(type, SPAN("marking-definition"));
}

/* What may be put on: ids on objects, ids and language tags on parts. */
static enum rc
check_marks(const struct stix_marks *what, struct diag *why)
{
	for (size_t i = 0; i < what->marks.len; i++) {
		struct span mark = what->marks.at[i];
		if (is_marking(mark) || (what->selectors.at && lang_is_tag(mark)))
			continue;
		return diag_fail(why, RC_BAD, "\"%.*s\" is no marking-definition's id%s",
			(int)(mark.len < 100 ? mark.len : 100), mark.len ? mark.ptr : "",
			what->selectors.at ? " and no language tag" : "");
	}
	return what->marks.len ? RC_OK : diag_fail(why, RC_BAD, "no marking is named");
}

/* An edit in progress: the object as a mutable copy. */
struct edit {
	yyjson_mut_doc *doc;
	yyjson_mut_val *root;
	const struct stix_marks *what;
	struct stix_spans drop; /* marks to take off; at NULL: all */
	bool changed;
};

static struct span
mut_span(yyjson_mut_val *val)
{
	const char *text = yyjson_mut_get_str(val);
	return (struct span){text, text ? yyjson_mut_get_len(val) : 0};
}

static yyjson_mut_val *
list_of(struct edit *e, const char *name)
{
	yyjson_mut_val *list = yyjson_mut_obj_get(e->root, name);
	if (!yyjson_mut_is_arr(list)) {
		list = yyjson_mut_arr(e->doc);
		yyjson_mut_obj_put(e->root, yyjson_mut_str(e->doc, name), list);
	}
	return list;
}

static void
drop_if_empty(struct edit *e, const char *name)
{
	if (yyjson_mut_arr_size(yyjson_mut_obj_get(e->root, name)) == 0)
		yyjson_mut_obj_remove_key(e->root, name);
}

static bool
arr_has(yyjson_mut_val *list, struct span text)
{
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	for (yyjson_mut_val *one; (one = yyjson_mut_arr_iter_next(&it));)
		if (span_eq(mut_span(one), text))
			return true;
	return false;
}

static void
arr_add(struct edit *e, yyjson_mut_val *list, struct span text)
{
	if (arr_has(list, text))
		return;
	yyjson_mut_arr_append(list, yyjson_mut_strncpy(e->doc, text.ptr, text.len));
	e->changed = true;
}

static void
object_add(struct edit *e)
{
	yyjson_mut_val *list = list_of(e, "object_marking_refs");
	for (size_t i = 0; i < e->what->marks.len; i++)
		arr_add(e, list, e->what->marks.at[i]);
}

/*
 * Keeps of `list` what `keep` says. Rebuilt, because yyjson_mut_arr_iter_remove of 0.10 loses its
 * place after the first removal.
 */
static void
arr_filter(struct edit *e, yyjson_mut_val *list, bool (*keep)(struct edit *e, yyjson_mut_val *item))
{
	vec_of(yyjson_mut_val *) kept = {};
	size_t before = yyjson_mut_arr_size(list);
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	for (yyjson_mut_val *one; (one = yyjson_mut_arr_iter_next(&it));)
		*vec_add(&kept) = one;
	yyjson_mut_arr_clear(list);
	for (size_t i = 0; i < kept.len; i++)
		if (keep(e, kept.at[i]))
			yyjson_mut_arr_append(list, kept.at[i]);
	free(kept.at);
	if (yyjson_mut_arr_size(list) != before)
		e->changed = true;
}

static bool
keep_ref(struct edit *e, yyjson_mut_val *ref)
{
	return e->drop.at && !spans_have(e->drop, mut_span(ref));
}

static void
object_drop(struct edit *e)
{
	arr_filter(e, yyjson_mut_obj_get(e->root, "object_marking_refs"), keep_ref);
	drop_if_empty(e, "object_marking_refs");
}

static void
granular_add_one(struct edit *e, yyjson_mut_val *list, struct span mark)
{
	const char *name = is_marking(mark) ? "marking_ref" : "lang";
	yyjson_mut_val *selectors = NULL;
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(list);
	for (yyjson_mut_val *one; !selectors && (one = yyjson_mut_arr_iter_next(&it));)
		if (span_eq(mut_span(yyjson_mut_obj_get(one, name)), mark))
			selectors = yyjson_mut_obj_get(one, "selectors");
	if (!selectors) {
		yyjson_mut_val *fresh = yyjson_mut_obj(e->doc);
		selectors = yyjson_mut_arr(e->doc);
		yyjson_mut_obj_add(fresh, yyjson_mut_str(e->doc, name),
			yyjson_mut_strncpy(e->doc, mark.ptr, mark.len));
		yyjson_mut_obj_add(fresh, yyjson_mut_str(e->doc, "selectors"), selectors);
		yyjson_mut_arr_append(list, fresh);
	}
	for (size_t i = 0; i < e->what->selectors.len; i++)
		arr_add(e, selectors, e->what->selectors.at[i]);
}

static void
granular_add(struct edit *e)
{
	yyjson_mut_val *list = list_of(e, "granular_markings");
	for (size_t i = 0; i < e->what->marks.len; i++)
		granular_add_one(e, list, e->what->marks.at[i]);
}

static bool
keep_selector(struct edit *e, yyjson_mut_val *selector)
{
	return !spans_have(e->what->selectors, mut_span(selector));
}

static bool
keep_granular(struct edit *e, yyjson_mut_val *one)
{
	yyjson_mut_val *ref = yyjson_mut_obj_get(one, "marking_ref");
	struct span mark = mut_span(ref ? ref : yyjson_mut_obj_get(one, "lang"));
	if ((e->drop.at && !spans_have(e->drop, mark)) ||
		e->what->flags & (ref ? STIX_MARKS_NO_REFS : STIX_MARKS_NO_LANGS))
		return true;
	yyjson_mut_val *selectors = yyjson_mut_obj_get(one, "selectors");
	arr_filter(e, selectors, keep_selector);
	return yyjson_mut_arr_size(selectors) > 0;
}

/* Takes the asked selectors off every entry whose mark is to be dropped. */
static void
granular_drop(struct edit *e)
{
	arr_filter(e, yyjson_mut_obj_get(e->root, "granular_markings"), keep_granular);
	drop_if_empty(e, "granular_markings");
}

/* Whether each asked mark stands on each asked selector, or on the object. */
static bool
has_all(const yyjson_val *object, const struct stix_marks *what)
{
	bool all = true;
	size_t rounds = what->selectors.at ? what->selectors.len : 1;
	for (size_t i = 0; i < rounds && all; i++) {
		struct stix_marks one = {.marks = what->marks};
		if (what->selectors.at)
			one.selectors = (struct stix_spans){what->selectors.at + i, 1};
		if (stix_marks_has(object, &one, &all, NULL))
			return false;
	}
	return all;
}

static enum rc
apply(struct edit *e, const yyjson_val *object, enum stix_marks_edit edit, struct diag *why)
{
	bool parts = e->what->selectors.at != NULL;
	bool any = json_get(object, parts ? "granular_markings" : "object_marking_refs") != NULL;
	if (edit == STIX_MARKS_REMOVE || edit == STIX_MARKS_CLEAR) {
		if (!any)
			return RC_OK;
		if (edit == STIX_MARKS_REMOVE && !has_all(object, e->what))
			return diag_fail(why, RC_NONE, "not every one of these markings is there");
		if (edit == STIX_MARKS_REMOVE)
			e->drop = e->what->marks;
		(parts ? granular_drop : object_drop)(e);
		return e->changed ? RC_OK : diag_fail(why, RC_NONE, "nothing there is marked");
	}
	if (edit == STIX_MARKS_SET)
		(parts ? granular_drop : object_drop)(e);
	(parts ? granular_add : object_add)(e);
	return RC_OK;
}

enum rc
stix_marks_change(const yyjson_val *object, enum stix_marks_edit edit,
	const struct stix_marks *what, int64_t now, struct buf *out, struct diag *why)
{
	enum rc code = check_selectors(object, what, why);
	if (!code && (edit == STIX_MARKS_ADD || edit == STIX_MARKS_SET))
		code = check_marks(what, why);
	if (code)
		return code;
	struct edit e = {.doc = yyjson_mut_doc_new(NULL), .what = what};
	must(e.doc != NULL);
	e.root = yyjson_val_mut_copy(e.doc, (yyjson_val *)(uintptr_t)object);
	must(e.root != NULL);
	code = apply(&e, object, edit, why);
	if (!code) {
		if (e.changed)
			stix_mut_set_modified(e.doc, e.root, object, now);
		stix_mut_write(out, e.root);
	}
	yyjson_mut_doc_free(e.doc);
	return code;
}
