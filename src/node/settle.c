#include "node/settle.h"

void
settle_fini(struct settle *s)
{
	arena_fini(&s->stored);
	buf_fini(&s->text);
}

enum rc
settle_object(struct settle *s, struct node *n, uint32_t collection, const struct in_object *o,
	struct span *text, struct diag *why)
{
	bool known = false;
	struct vault_item item;
	*text = o->text;
	if (o->id.len == 0)
		return RC_OK;
	enum rc code = vault_has(n->vault, collection, o->id, &known, why);
	if (code || (known && o->made))
		return code ? code : RC_NONE;
	arena_reset(&s->stored);
	code = vault_get(n->vault, o->id, &s->stored, &item, why);
	if (code)
		return code == RC_NONE ? RC_OK : code;
	if (!known) {
		/* What says the same for ever is what another collection has of it, word for word. */
		*text = o->made && !o->created_at ? item.object.bytes
						  : in_adopt(o, item.object.bytes, &s->text);
		return RC_OK;
	}
	return in_settle(o, item.object.bytes, &s->text, text, why);
}
