#include "feed/bundle.h"

#include "base/uuid.h"
#include "taxii/ends.h"

void
bundle_begin(struct bundle *b, struct rng chance, struct buf *to)
{
	char id[UUID_TEXT];
	struct uuid u = uuid_v4(chance);
	uuid_text(&u, id);
	*b = (struct bundle){};
	buf_printf(to, "{\"type\":\"bundle\",\"id\":\"bundle--%s\"", id);
}

void
bundle_add(struct bundle *b, const struct pass *pass, const struct vault_item *item,
	const struct facts_source *ends, struct buf *to)
{
	const struct vault_object *o = &item->object;
	if (!item_permitted(pass, item, ends)) {
		b->withheld++;
		return;
	}
	/* An empty list is forbidden: without objects the member is left out. */
	buf_add(to, b->written++ ? SPAN(",\n") : SPAN(",\"objects\":[\n"));
	buf_add(to, o->bytes);
}

void
bundle_end(struct bundle *b, struct buf *to)
{
	buf_add(to, b->written ? SPAN("\n]}\n") : SPAN("}\n"));
}
