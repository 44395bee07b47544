#include "codec/json_tree.h"

#include <stdlib.h>

#include "base/must.h"

void
json_tree_fini(struct json_tree *t)
{
	free(t->values.at);
	*t = (struct json_tree){};
}

void
json_tree_reset(struct json_tree *t)
{
	t->values.len = t->depth = 0;
}

static yyjson_val *
add(struct json_tree *t)
{
	if (t->depth)
		t->open[t->depth - 1].count++;
	return vec_add(&t->values);
}

size_t
json_tree_begin(struct json_tree *t, enum json_container kind)
{
	size_t at = t->values.len;
	must(t->depth < JSON_TREE_DEPTH);
	(void)add(t);
	t->open[t->depth].at = at;
	t->open[t->depth].count = 0;
	t->open[t->depth++].kind = kind;
	return at;
}

/* A container knows how many it holds and where what follows it stands. */
void
json_tree_end(struct json_tree *t)
{
	must(t->depth > 0);
	t->depth--;
	size_t at = t->open[t->depth].at, count = t->open[t->depth].count;
	bool object = t->open[t->depth].kind == JSON_OBJECT;
	yyjson_val *made = &t->values.at[at];
	made->tag = (uint64_t)(object ? count / 2 : count) << YYJSON_TAG_BIT |
		    (object ? YYJSON_TYPE_OBJ : YYJSON_TYPE_ARR);
	made->uni.ofs = (t->values.len - at) * sizeof *made;
}

void
json_tree_text(struct json_tree *t, struct span text)
{
	yyjson_val *made = add(t);
	*made = (yyjson_val){};
	yyjson_set_strn(made, text.ptr, text.len);
}

void
json_tree_number(struct json_tree *t, uint64_t number)
{
	yyjson_val *made = add(t);
	*made = (yyjson_val){};
	yyjson_set_uint(made, number);
}

yyjson_val *
json_tree_at(const struct json_tree *t, size_t at)
{
	must(!t->depth && at < t->values.len);
	return &t->values.at[at];
}
