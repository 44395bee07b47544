/* Reading all of a compiled set: whether it is what was written, and whether that could be. */
#include <string.h>

#include "base/mutant.h"
#include "keys/digest.h"
#include "match/set_file-internal.h"

static enum rc
wrong(struct diag *why, const char *what, uint64_t which)
{
	diag_todo(why, "build it again with \"tocsin set build\"");
	return diag_fail(why, RC_BAD, "a damaged set: %s %llu", what, (unsigned long long)which);
}

static enum rc
verify_items(const struct set_file *f, struct diag *why)
{
	uint64_t armed[OBS_KINDS] = {};
	struct item item;
	char room[SET_FILE_ROOM];
	for (uint32_t i = 0; i < f->items; i++) {
		if (!set_file_item(f, i, &item))
			return wrong(why, "no indicator can be like item", i);
		if (item.role == ROLE_INDICATOR)
			armed[item.kind]++;
		struct span bytes = set_file_bytes(f, i, room);
		uint32_t hash = set_hash(f->head->seed, (enum key)item.key, bytes);
		if (set_file_find(f, (enum key)item.key, bytes, hash) == NONE)
			return wrong(why, "nothing leads to item", i);
	}
	for (enum obs_kind k = 0; k < OBS_KINDS; k++)
		if (armed[k] != f->head->armed[k])
			return wrong(why, "wrongly counted: kind", k);
	for (uint32_t i = 0; i < f->chains; i++)
		if (f->chain[i].next >= f->items || f->chain[i].item >= f->items ||
			(i && f->chain[i].item <= f->chain[i - 1].item))
			return wrong(why, "no such link:", i);
	return RC_OK;
}

static enum rc
verify_details(const struct set_file *f, struct diag *why)
{
	for (uint32_t i = 0; i < f->details; i++) {
		const struct file_detail *d = &f->detail[i];
		if (d->first > f->items || (i && d->first < f->detail[i - 1].first) ||
			d->source >> DETAIL_SHIFT >= f->sources)
			return wrong(why, "no indicator can say what it says in detail", i);
	}
	struct indicator one;
	for (uint32_t i = 0; i < f->strings; i++)
		if (!set_file_string(f, i, &one))
			return wrong(why, "nothing can be compared as it says of text", i);
	return RC_OK;
}

enum rc
set_file_digest(const struct set_file *f, struct diag *why)
{
	uint8_t digest[SHA256_SIZE];
	sha256_of((struct span){f->map + SET_FILE_PAGE, f->size - SET_FILE_PAGE}, digest);
	if (memcmp(digest, f->head->digest, sizeof digest) != 0 && !mutant(1672))
		return set_file_damaged(why, "its bytes are not those that were written (digest)");
	return RC_OK;
}

enum rc
set_file_verify(const struct set_file *f, struct diag *why)
{
	enum rc code = set_file_digest(f, why);
	if (!code)
		code = verify_items(f, why);
	return code ? code : verify_details(f, why);
}
