#include "taxii/route.h"

#include "base/mutant.h"
#include "taxii/query.h"

enum { PARTS = 6 };

/* Decoded segments between slashes; 0 where one is empty or malformed, or there are more than
 * PARTS. */
static size_t
split(struct span rest, struct arena *mem, struct span part[static PARTS])
{
	size_t count = 0;
	struct span piece;
	if (span_ends(rest, SPAN("/")))
		rest.len--;
	else if (mutant(70))
		return 0;
	while (span_cut(&rest, '/', &piece)) {
		if (count == PARTS || query_decode(piece, mem, &part[count], NULL) ||
			part[count].len == 0)
			return 0;
		count++;
	}
	return count;
}

static bool
is(struct span part, const char *word)
{
	return span_eq(part, span_of(word));
}

static struct route
under_collection(const struct span part[static PARTS], size_t count)
{
	struct route r = {.collection = part[1]};
	if (count == 2)
		r.kind = ROUTE_COLLECTION;
	else if (count == 3 && is(part[2], "manifest"))
		r.kind = ROUTE_MANIFEST;
	else if (count == 3 && is(part[2], "objects"))
		r.kind = ROUTE_OBJECTS;
	else if (count == 4 && is(part[2], "objects"))
		r.kind = ROUTE_OBJECT;
	else if (count == 5 && is(part[2], "objects") && is(part[4], "versions"))
		r.kind = ROUTE_VERSIONS;
	if (r.kind == ROUTE_OBJECT || r.kind == ROUTE_VERSIONS)
		r.object = part[3];
	return r;
}

struct route
route_parse(struct span path, struct span root, struct arena *mem)
{
	struct span part[PARTS];
	if (span_eq(path, SPAN("/taxii2/")) || span_eq(path, SPAN("/taxii2")))
		return (struct route){.kind = ROUTE_DISCOVERY};
	if (span_eq(path, root) || span_eq(path, span_sub(root, 0, root.len - 1)))
		return (struct route){.kind = ROUTE_ROOT};
	if (!span_starts(path, root))
		return (struct route){};
	size_t count = split(span_sub(path, root.len, SIZE_MAX), mem, part);
	if (count == 1 && is(part[0], "collections"))
		return (struct route){.kind = ROUTE_COLLECTIONS};
	if (count == 2 && is(part[0], "status"))
		return (struct route){.kind = ROUTE_STATUS, .status = part[1]};
	if (count >= 2 && is(part[0], "collections"))
		return under_collection(part, count);
	return (struct route){};
}

struct span
route_methods(enum route_kind kind)
{
	switch (kind) {
	case ROUTE_OBJECTS: return SPAN("GET, HEAD, POST");
	case ROUTE_OBJECT: return SPAN("GET, HEAD, DELETE");
	default: return SPAN("GET, HEAD");
	}
}

unsigned
route_fields(enum route_kind kind)
{
	const unsigned pages = QUERY_ADDED_AFTER | QUERY_LIMIT | QUERY_NEXT_TOKEN;
	switch (kind) {
	case ROUTE_MANIFEST:
	case ROUTE_OBJECTS: return pages | QUERY_ID | QUERY_TYPE | QUERY_VERSION | QUERY_SPEC;
	case ROUTE_OBJECT: return pages | QUERY_VERSION | QUERY_SPEC;
	case ROUTE_VERSIONS: return pages | QUERY_SPEC;
	default: return 0;
	}
}

unsigned
route_delete_fields(void)
{
	return QUERY_VERSION | QUERY_SPEC;
}
