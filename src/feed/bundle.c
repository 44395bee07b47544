#include "feed/bundle.h"

#include "base/uuid.h"

void
bundle_begin(struct bundle *b, const struct pass *pass, struct rng chance, struct buf *to)
{
	char id[UUID_TEXT];
	struct uuid u = uuid_v4(chance);
	uuid_text(&u, id);
	*b = (struct bundle){.pass = pass};
	buf_printf(to, "{\"type\":\"bundle\",\"id\":\"bundle--%s\"", id);
}

void
bundle_add(struct bundle *b, struct facts own, struct span bytes, const struct facts_source *ends,
	struct buf *to)
{
	if (!pass_object(b->pass, own, bytes, ends)) {
		b->withheld++;
		return;
	}
	/* An empty list is forbidden: without objects the member is left out. */
	buf_add(to, b->written++ ? SPAN(",\n") : SPAN(",\"objects\":[\n"));
	buf_add(to, bytes);
}

void
bundle_end(struct bundle *b, struct buf *to)
{
	buf_add(to, b->written ? SPAN("\n]}\n") : SPAN("}\n"));
}
