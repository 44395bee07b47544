#pragma once
/*
 * Values as a read document has them, put together without text: for who evaluates what he made himself. They are
 * borrowed from the tree and die with its next reset; strings are borrowed from whoever gave them, without a NUL
 * behind. One thread at a time.
 *     size_t at = json_tree_begin(&t, JSON_OBJECT);
 *     json_tree_text(&t, SPAN("name")); json_tree_text(&t, value);
 *     json_tree_end(&t);   ...when all are made:  json_tree_at(&t, at)
 */
#include <yyjson.h>

#include "base/vec.h"
#include "codec/json.h"

enum json_container { JSON_OBJECT, JSON_ARRAY };
enum { JSON_TREE_DEPTH = 16 };

struct json_tree {
	vec_of(yyjson_val) values;
	struct {
		size_t at, count;
		enum json_container kind;
	} open[JSON_TREE_DEPTH];
	size_t depth;
};

void json_tree_fini(struct json_tree *t);
void json_tree_reset(struct json_tree *t);
/* Where it will stand. Of an object, keys and values take turns. */
size_t json_tree_begin(struct json_tree *t, enum json_container kind);
void json_tree_end(struct json_tree *t);
/* A key or a string value: UTF-8. */
void json_tree_text(struct json_tree *t, struct span text);
void json_tree_number(struct json_tree *t, uint64_t number);
/* After the last of all values. */
yyjson_val *json_tree_at(const struct json_tree *t, size_t at);
