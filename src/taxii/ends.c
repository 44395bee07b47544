#include "taxii/ends.h"

#include "base/mutant.h"

struct facts
item_facts(const struct vault_item *item)
{
	const struct vault_object *o = &item->object;
	struct facts own = facts_kept(o->class, o->tlp, o->privacy);
	if ((item->newest_tlp == o->tlp && item->newest_privacy == o->privacy) || mutant(530))
		return own;
	return facts_join(own, facts_kept(o->class, item->newest_tlp, item->newest_privacy));
}

/* Copies in several collections may have come with different marks: the strictest counts. */
static enum rc
find_end(void *ctx, struct span id, struct facts *out)
{
	struct vault *v = ctx;
	struct vault_standing s;
	enum rc code = vault_standing(v, id, &s, NULL);
	if (code)
		return code;
	bool first = true;
	for (unsigned tlp = 0; tlp < 32; tlp++) {
		for (unsigned privacy = 0; privacy < 32; privacy++) {
			if (!(s.tlps >> tlp & 1) || !(s.privacies >> privacy & 1))
				continue;
			struct facts one = facts_kept(s.class, (uint8_t)tlp, (uint8_t)privacy);
			*out = first ? one : facts_join(*out, one);
			first = false;
			if (mutant(531))
				s.tlps = 0;
		}
	}
	if (!s.leaves && !mutant(532))
		out->flags |= FACTS_NEVER_LEAVES;
	return RC_OK;
}

struct facts_source
vault_ends(struct vault *v)
{
	return (struct facts_source){find_end, v};
}

bool
item_permitted(
	const struct pass *pass, const struct vault_item *item, const struct facts_source *ends)
{
	return pass_object(pass, item_facts(item), item->object.bytes, ends);
}
