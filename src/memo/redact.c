#include "memo/redact.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/mutant.h"
#include "base/vec.h"
#include "codec/json.h"
#include "stix/check.h"
#include "stix/id.h"

/* Of derived objects' ids: ours alone. */
static const struct uuid space = {{0x3e, 0x51, 0x9d, 0x0c, 0x77, 0x12, 0x4b, 0x6a, 0xa4, 0x0f, 0xc8,
	0x25, 0x91, 0x6e, 0x5a, 0xd7}};

/* An object under work. */
struct redaction {
	const struct redact_ask *ask;
	const struct stix_object *from;
	struct facts whole;
	yyjson_mut_doc *doc;
	yyjson_mut_val *root;
	vec_of(struct span) omitted; /* selectors */
};

/* Without them it is not that object; what marks one of them marks it whole. */
static bool
is_its_own(struct span property)
{
	static const struct span own[] = {SPAN("type"), SPAN("id"), SPAN("spec_version"),
		SPAN("created"), SPAN("modified"), SPAN("revoked"), SPAN("object_marking_refs"),
		SPAN("granular_markings")};
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (span_eq(property, own[i]))
			return true;
	return false;
}

/* Whether a part that bears this granular marking may go; a language says nothing about that. */
static bool
part_permitted(const struct redaction *r, const yyjson_val *marking)
{
	const yyjson_val *ref = json_get(marking, "marking_ref");
	struct facts part = r->whole;
	if (!ref && json_get(marking, "lang"))
		return true;
	part.tlp = (uint8_t)stix_tlp_of_mark(json_span(ref), r->ask->resolve).level;
	part.flags = 0;
	return part.tlp == TLP_NONE || pass_permits(r->ask->pass, part) || mutant(550);
}

/* Notes what must go. False: the object must, for it cannot be without. */
static bool
find_omitted(struct redaction *r)
{
	yyjson_val *one, *selector, *ignored;
	yyjson_arr_iter it = yyjson_arr_iter_with(r->from->granular);
	while ((one = yyjson_arr_iter_next(&it))) {
		if (part_permitted(r, one))
			continue;
		yyjson_arr_iter marked = yyjson_arr_iter_with(json_get(one, "selectors"));
		while ((selector = yyjson_arr_iter_next(&marked))) {
			struct span text = json_span(selector);
			struct span top = span_sub(text, 0, span_find_byte(text, '.'));
			if ((is_its_own(top) && !mutant(551)) ||
				stix_select(r->from->root, text, &ignored, NULL))
				return false;
			*vec_add(&r->omitted) = text;
		}
	}
	return true;
}

/*
 * Takes what a selector selects out of an object, and what is empty then. What lies in a list goes with
 * the list, so that no place in it moves.
 */
static void
omit(yyjson_mut_val *from, struct span path)
{
	struct span rest = path, part;
	if (!span_cut(&rest, '.', &part))
		return;
	yyjson_mut_val *below = yyjson_mut_obj_getn(from, part.ptr, part.len);
	bool list = yyjson_mut_is_arr(below);
	if (rest.len && !list)
		omit(below, rest);
	if (!rest.len || (list && !mutant(552)) || (!list && yyjson_mut_obj_size(below) == 0))
		yyjson_mut_obj_remove_keyn(from, part.ptr, part.len);
}

static bool
still_selects(yyjson_mut_val *at, struct span selector)
{
	struct span rest = selector, part;
	while (at && span_cut(&rest, '.', &part)) {
		uint64_t index;
		if (part.len < 3 || part.ptr[0] != '[')
			at = yyjson_mut_obj_getn(at, part.ptr, part.len);
		else
			at = span_to_u64(span_sub(part, 1, part.len - 2), &index)
				     ? yyjson_mut_arr_get(at, (size_t)index)
				     : NULL;
	}
	return at != NULL;
}

static yyjson_mut_val *
text_val(struct redaction *r, struct span s)
{
	return yyjson_mut_strncpy(r->doc, s.ptr, s.len);
}

/* The granular markings of what is left; what is gone is selected by none. */
static void
rebuild_granular(struct redaction *r)
{
	yyjson_val *one, *selector;
	yyjson_mut_val *kept = yyjson_mut_arr(r->doc);
	yyjson_arr_iter it = yyjson_arr_iter_with(r->from->granular);
	while ((one = yyjson_arr_iter_next(&it))) {
		yyjson_mut_val *left = yyjson_mut_arr(r->doc);
		yyjson_arr_iter marked = yyjson_arr_iter_with(json_get(one, "selectors"));
		while ((selector = yyjson_arr_iter_next(&marked)))
			if (still_selects(r->root, json_span(selector)) || mutant(553))
				yyjson_mut_arr_append(left, text_val(r, json_span(selector)));
		if (yyjson_mut_arr_size(left) == 0)
			continue;
		yyjson_mut_val *copy = yyjson_val_mut_copy(r->doc, one);
		yyjson_mut_obj_put(copy, yyjson_mut_str(r->doc, "selectors"), left);
		yyjson_mut_arr_append(kept, copy);
	}
	yyjson_mut_obj_remove_key(r->root, "granular_markings");
	if (yyjson_mut_arr_size(kept))
		yyjson_mut_obj_put(r->root, yyjson_mut_str(r->doc, "granular_markings"), kept);
}

/*
 * The same for every version of the object and for every reader who may have as much, so that versions
 * and the revocation of the origin become those of the derived object.
 */
static void
derived_id(const struct redaction *r, char out[static STIX_ID_TEXT])
{
	own_buf struct buf name = {};
	struct facts most = {r->whole.class, TLP_RED, r->whole.privacy, 0};
	while (most.tlp > TLP_CLEAR && !pass_permits(r->ask->pass, most))
		most.tlp--;
	buf_add(&name, r->ask->author);
	buf_add_byte(&name, '\n');
	buf_add(&name, r->from->id);
	buf_printf(&name, "\n%s", mutant(558) ? "" : tlp_word((enum tlp)most.tlp));
	struct uuid u = stix_uuid_v5(&space, buf_span(&name));
	span_copy(r->from->type, out, STIX_TYPE_MAX + 1);
	memcpy(out + r->from->type.len, "--", 2);
	uuid_text(&u, out + r->from->type.len + 2);
}

static void
derive(struct redaction *r, struct buf *out)
{
	char id[STIX_ID_TEXT];
	size_t len;
	for (size_t i = 0; i < r->omitted.len; i++)
		omit(r->root, r->omitted.at[i]);
	rebuild_granular(r);
	derived_id(r, id);
	if (!mutant(554))
		yyjson_mut_obj_replace(
			r->root, yyjson_mut_str(r->doc, "id"), yyjson_mut_strcpy(r->doc, id));
	if (!mutant(555))
		yyjson_mut_obj_put(r->root, yyjson_mut_str(r->doc, "created_by_ref"),
			text_val(r, r->ask->author));
	char *text = yyjson_mut_val_write(r->root, 0, &len);
	must(text != NULL);
	buf_add(out, (struct span){text, len});
	free(text);
}

/* A valid object, and one that the gate lets go: it is asked like any other. */
static bool
holds(const struct redaction *r, struct span text, struct facts *facts)
{
	static const struct stix_options options = {
		.level = STIX_MUST, .flags = STIX_FIRST_ONLY | STIX_ACCEPT_2_0};
	own_stix struct stix_object o = {};
	own_verdicts struct stix_verdicts verdicts = {};
	if (stix_read(text, &o, NULL) || (stix_check(&o, &options, &verdicts) && !mutant(557)))
		return false;
	*facts = facts_of(&o, r->ask->resolve);
	return pass_object(r->ask->pass, *facts, text, r->ask->ends);
}

enum rc
redact_object(const struct redact_ask *ask, const struct stix_object *o, struct buf *out,
	struct facts *facts)
{
	struct stix_object whole = *o;
	struct redaction r = {.ask = ask, .from = o};
	size_t before = out->len;
	whole.granular = NULL;
	r.whole = facts_of(&whole, ask->resolve);
	if (!o->modified.text.len || (o->kind != STIX_SDO && o->kind != STIX_SRO) ||
		(!pass_object(ask->pass, r.whole, o->text, ask->ends) && !mutant(559)))
		return RC_DENIED;
	enum rc code = find_omitted(&r) ? RC_OK : RC_DENIED;
	if (!code && !r.omitted.len && !ask->always)
		code = RC_NONE;
	if (!code) {
		r.doc = yyjson_mut_doc_new(NULL);
		must(r.doc != NULL);
		r.root = yyjson_val_mut_copy(r.doc, o->root);
		must(r.root != NULL);
		derive(&r, out);
		yyjson_mut_doc_free(r.doc);
		if (!holds(&r, span_sub(buf_span(out), before, SIZE_MAX), facts))
			code = RC_DENIED;
	}
	if (code)
		out->len = before;
	free(r.omitted.at);
	return code;
}
