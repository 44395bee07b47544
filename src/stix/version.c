#include "stix/version.h"

#include "base/must.h"
#include "base/mutant.h"
#include "base/own.h"
#include "codec/jcs.h"
#include "codec/json.h"
#include "stix/edit-internal.h"

bool
stix_same_content(const struct stix_object *a, const struct stix_object *b)
{
	if (span_eq(a->text, b->text))
		return true;
	/* The canonical text settles 1.0 and 1 too, which compare unequal as values. */
	own_buf struct buf x = {}, y = {};
	return jcs_write(&x, a->root, NULL) == RC_OK && jcs_write(&y, b->root, NULL) == RC_OK &&
	       span_eq(buf_span(&x), buf_span(&y));
}

enum stix_relation
stix_relate(const struct stix_object *have, const struct stix_object *got)
{
	must(span_eq(have->id, got->id));
	if (have->modified.at == TIME_NONE || got->modified.at == TIME_NONE) {
		if (stix_same_content(have, got))
			return STIX_SAME;
		if (!span_eq(have->created_by, got->created_by))
			return STIX_FOREIGN;
		return have->modified.at == got->modified.at ? STIX_VARIANT : STIX_CONFLICT;
	}
	int order = stix_time_cmp(&got->modified, &have->modified);
	if (!span_eq(have->created_by, got->created_by))
		return STIX_FOREIGN;
	if (stix_time_cmp(&got->created, &have->created) != 0)
		return STIX_CONFLICT;
	if (order == 0)
		return stix_same_content(have, got) || mutant(1471) ? STIX_SAME : STIX_CONFLICT;
	if (order > 0)
		return have->revoked && !mutant(1490) ? STIX_AFTER_END : STIX_NEWER;
	return got->revoked ? STIX_END_BEFORE : STIX_OLDER;
}

const char *
stix_relation_word(enum stix_relation r)
{
	static const char *const words[] = {
		[STIX_SAME] = "same",
		[STIX_NEWER] = "newer",
		[STIX_OLDER] = "older",
		[STIX_CONFLICT] = "conflict",
		[STIX_VARIANT] = "variant",
		[STIX_FOREIGN] = "not-creator",
		[STIX_AFTER_END] = "after-revocation",
		[STIX_END_BEFORE] = "revoked-before",
	};
	return words[r];
}

static enum rc
check_change(const struct stix_object *old, const yyjson_val *changes, struct diag *why)
{
	static const char *const fixed[] = {"type", "id", "created", "created_by_ref", "modified"};
	if (old->modified.at == TIME_NONE)
		return diag_fail(
			why, RC_BAD, "%.*s has no versions", (int)old->type.len, old->type.ptr);
	if (old->revoked) {
		diag_todo(why, "make a new object with an id of its own");
		return diag_fail(why, RC_CONFLICT,
			"it is revoked, and that is final (STIX 2.1 section 3.6)");
	}
	if (!yyjson_is_obj((yyjson_val *)(uintptr_t)changes))
		return diag_fail(why, RC_BAD, "changes are no object");
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		if (!json_get(changes, fixed[i]))
			continue;
		diag_where(why, "%s", fixed[i]);
		return diag_fail(why, RC_BAD, "a new version cannot change it");
	}
	return RC_OK;
}

enum rc
stix_version_make(const struct stix_object *old, const yyjson_val *changes, int64_t now,
	struct buf *out, struct diag *why)
{
	enum rc code = check_change(old, changes, why);
	if (code)
		return code;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	must(doc != NULL);
	yyjson_mut_val *root = yyjson_val_mut_copy(doc, old->root);
	yyjson_obj_iter it = yyjson_obj_iter_with((yyjson_val *)(uintptr_t)changes);
	for (yyjson_val *key; (key = yyjson_obj_iter_next(&it));) {
		yyjson_val *value = yyjson_obj_iter_get_val(key);
		struct span name = json_span(key);
		/* Put with NULL removes; yyjson keeps the place of what it replaces. */
		yyjson_mut_obj_put(root, yyjson_mut_strncpy(doc, name.ptr, name.len),
			yyjson_is_null(value) ? NULL : yyjson_val_mut_copy(doc, value));
	}
	stix_mut_set_modified(doc, root, old->root, now);
	stix_mut_write(out, root);
	yyjson_mut_doc_free(doc);
	return RC_OK;
}

enum rc
stix_version_revoke(const struct stix_object *old, int64_t now, struct buf *out, struct diag *why)
{
	own_json yyjson_doc *changes = NULL;
	must(json_read(SPAN("{\"revoked\":true}"), NULL, &changes, NULL) == RC_OK);
	return stix_version_make(old, yyjson_doc_get_root(changes), now, out, why);
}
