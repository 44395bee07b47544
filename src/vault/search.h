#pragma once
/*
 * Full-text search over the strings of stored objects. It is filled behind by a cursor, so that it
 * never slows storing: whoever has idle time calls vault_search_fill; deletions are seen at once.
 * Chinese, Japanese and Korean text is found by any run of its characters. Threads and errors as in
 * vault/vault.h.
 */
#include "vault/vault.h"

/*
 * Indexes at most `objects` more versions in one transaction (2,000 hold the append lock for about
 * 50 ms). RC_NONE: everything is indexed.
 */
enum rc vault_search_fill(struct vault *v, unsigned objects, struct diag *why);
/* How many versions search does not know yet, and since when (added of the first; 0: none). */
enum rc vault_search_lag(struct vault *v, uint64_t *behind, int64_t *since, struct diag *why);

struct vault_hits;
#define own_vault_hits __attribute__((cleanup(vault_search_close)))
/*
 * Objects whose text holds every word of `text` (words in double quotes: in that order), latest
 * versions only, newest first. RC_BAD: no word in it; RC_LIMIT: longer than 1,000 bytes.
 */
enum rc vault_search_open(
	struct vault *v, struct span text, struct vault_hits **out, struct diag *why);
enum rc vault_search_next(struct vault_hits *h, struct vault_item *out, struct diag *why);
void vault_search_close(struct vault_hits **h);
