/* Patterns of indicators: the grammar always, names of types and properties as far as they are
 * asked. */
#include "pattern/syntax.h"
#include "stix/check-internal.h"
#include "stix/id.h"

static bool
table_has(const struct stix_table *table, struct span name)
{
	unsigned bit = stix_slot(table->slots, name);
	if (bit == 255)
		return false;
	return span_eq(bit >= STIX_COMMON_BIT ? table->common->own[bit - STIX_COMMON_BIT].name
					      : table->own[bit].name,
		name);
}

static void
check_path(struct check *c, const struct pattern_path *path)
{
	struct span name = path->steps ? path->steps->key : (struct span){};
	const struct stix_table *table = stix_table_find(path->type);
	if (table && table->kind != STIX_SCO)
		table = NULL;
	/* Section 3.1. Deeper steps may be keys of dictionaries, which are freer. */
	if (!check_property_name(name))
		check_must(c, "pattern-property", "\"%.*s\" is no property name", check_width(name),
			name.ptr ? name.ptr : "");
	if (!stix_type_valid(path->type))
		check_must(c, "pattern-type", "\"%.*s\" is no type name", check_width(path->type),
			path->type.ptr);
	bool known = table && table_has(table, name);
	if (!table && c->options->flags & STIX_STRICT_TYPES)
		check_must(c, "unknown-type", "%.*s is no type of the standard",
			check_width(path->type), path->type.ptr);
	if (table && !known && c->options->flags & STIX_STRICT_PROPERTIES)
		check_must(c, "unknown-property", "%.*s has no %.*s in the standard",
			check_width(path->type), path->type.ptr, check_width(name), name.ptr);
	/* A pattern cannot say by which extension a name came to be. */
	if (check_wants(c, CHECK_EXTENSIONS_USE))
		return;
	if (!table)
		check_way(c, "a custom type", path->type, '-');
	else if (!known)
		check_way(c, "a custom property", name, '_');
}

static void
check_expr(struct check *c, const struct pattern_expr *expr)
{
	if (expr->kind == PATTERN_TEST)
		check_path(c, &expr->test.path);
	for (const struct pattern_expr *child = expr->child; child && !c->stop; child = child->next)
		check_expr(c, child);
}

static void
check_node(struct check *c, const struct pattern_node *node)
{
	if (node->kind == PATTERN_OBSERVE)
		check_expr(c, node->expr);
	for (const struct pattern_node *child = node->child; child && !c->stop; child = child->next)
		check_node(c, child);
}

void
check_pattern(struct check *c, struct span text)
{
	struct pattern pattern;
	struct diag why;
	why.where[0] = why.what[0] = 0;
	arena_reset(&c->out->scratch);
	if (pattern_parse(text, &c->out->scratch, &pattern, &why))
		check_must(c, "pattern", "%s: %s", why.where, why.what);
	else
		check_node(c, pattern.root);
}
