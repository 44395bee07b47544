#include "match/asset.h"

#include "match/role.h"
#include "obs/addr.h"
#include "obs/extract.h"
#include "obs/name.h"

static bool
is_machine(const struct addr *a)
{
	static const struct addr no_machines[] = {{{0}, 8, false}, {{127}, 8, false},
		{{224}, 3, false}, {{0}, 127, true}, {{0xff}, 8, true}};
	struct addr plain = addr_unmap(*a);
	for (size_t i = 0; i < sizeof no_machines / sizeof *no_machines; i++)
		if (addr_holds(&no_machines[i], &plain))
			return false;
	return true;
}

/* An address inside, or a name that only this side knows. */
static bool
is_inside(struct span value)
{
	struct addr a;
	if (addr_parse(value, &a))
		return addr_is_internal(&a) && is_machine(&a);
	return value.len > 0 && span_find_byte(value, '.') != SIZE_MAX && name_is_internal(value);
}

/* What was seen is the answer only where nothing else is. */
static struct span
find_inside(const struct record *r, const struct hit *h, enum field_role role)
{
	struct span seen = {};
	for (size_t i = 0; i < r->fields; i++) {
		struct span value = span_trim(r->field[i].value);
		if (field_role(r->field[i].name) != role || !is_inside(value))
			continue;
		if (!span_eq_fold(value, h->seen.value))
			return value;
		seen = value;
	}
	return seen;
}

static struct span
find_named(const struct record *r)
{
	for (size_t i = 0; i < r->fields; i++) {
		struct span value = span_trim(r->field[i].value);
		if (value.len && field_role(r->field[i].name) == ROLE_ASSET)
			return value;
	}
	return (struct span){};
}

/* In what no reader explains. */
static struct span
find_anywhere(const struct record *r, const struct hit *h)
{
	own_arena struct arena a = {};
	struct span seen = {};
	for (size_t i = 0; i < r->fields; i++) {
		struct extract it;
		struct found f;
		extract_init(&it, r->field[i].value, &a);
		while (extract_next(&it, &f)) {
			struct span value = span_sub(r->field[i].value, f.at, f.len);
			if ((f.kind != OBS_IPV4 && f.kind != OBS_IPV6) ||
				!addr_is_internal(&f.addr) || !is_machine(&f.addr))
				continue;
			if (!span_eq_fold(value, h->seen.value))
				return value;
			seen = value;
		}
	}
	return seen;
}

struct span
asset_of(const struct record *r, const struct hit *h)
{
	struct span found = find_inside(r, h, ROLE_SOURCE);
	if (!found.len)
		found = find_inside(r, h, ROLE_DESTINATION);
	if (!found.len)
		found = find_named(r);
	return found.len ? found : find_anywhere(r, h);
}
