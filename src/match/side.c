#include "match/side.h"

#include "base/mutant.h"
#include "match/role.h"
#include "pattern/atoms.h"

static enum side
of_path(const struct pattern_path *path)
{
	if (!span_eq(path->type, SPAN("network-traffic")) || path->steps->kind != PATTERN_KEY)
		return SIDE_ANY;
	return span_eq(path->steps->key, SPAN("src_ref"))   ? SIDE_SOURCE
	       : span_eq(path->steps->key, SPAN("dst_ref")) ? SIDE_DESTINATION
							    : SIDE_ANY;
}

enum side
side_of(struct span pattern, struct observable about)
{
	own_arena struct arena a = {};
	struct pattern p;
	struct pattern_atoms atoms;
	enum side side = SIDE_ANY;
	/* Most name neither, and need not be read for that. */
	if (span_find(pattern, SPAN("src_ref")) == SIZE_MAX &&
		span_find(pattern, SPAN("dst_ref")) == SIZE_MAX)
		return SIDE_ANY;
	if (pattern_parse(pattern, &a, &p, NULL))
		return SIDE_ANY;
	pattern_atoms(&p, &a, &atoms);
	for (size_t i = 0; i < atoms.len; i++) {
		const struct pattern_atom *atom = &atoms.at[i];
		if (!span_eq(atom->what.value, about.value))
			continue;
		enum side one = of_path(&atom->test->path);
		if (one == SIDE_ANY || (side != SIDE_ANY && one != side))
			return SIDE_ANY;
		side = one;
	}
	return side;
}

static bool
is_other(enum side side, enum field_role role)
{
	return side == SIDE_DESTINATION ? role == ROLE_SOURCE
					: role == ROLE_DESTINATION || role == ROLE_HOST;
}

bool
side_is_other(enum side side, const struct record *r, const struct field *f, size_t place)
{
	if (side == SIDE_ANY || mutant(1709))
		return false;
	enum field_role role = field_role(f->name);
	if (role != ROLE_NONE)
		return is_other(side, role);
	/* A line's parts have the names. */
	for (size_t i = 0; i < r->fields; i++) {
		const struct field *g = &r->field[i];
		if (g->part && g->coding == FIELD_RAW && place >= g->at &&
			place - g->at < g->value.len)
			return is_other(side, field_role(g->name));
	}
	return false;
}
