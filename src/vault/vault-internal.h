#pragma once
/*
 * What the files of the vault share: the handle, names, rows, and the group of all versions of one
 * object, on which versioning and filters are judged. Of this module only.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/must.h"
#include "base/own.h"
#include "base/vec.h"
#include "vault/vault.h"

struct vault_names; /* names.c */

struct vault {
	struct store *store;
	struct clock clock;
	struct vault_names *names;
	struct uuid epoch;
	uint64_t seed;
	int64_t checked;     /* store_version when the epoch was last compared */
	int64_t status_kept; /* us; 0: VAULT_STATUS_KEPT */
	/* Stamps before and after the last commit, if it was of a batch that had been looked up. */
	int64_t looked_from, looked_to;
	struct arena collection_text;
};

/* Of table vault_state, as read inside the caller's transaction. */
struct vault_state {
	int64_t last;
	int64_t quarantined;
};

static inline struct span
vault_uuid_span(const struct uuid *u)
{
	return (struct span){(const char *)u->byte, sizeof u->byte};
}

/* Reads the state; drops caches when the database was restored meanwhile. */
enum rc vault_state_read(struct vault *v, struct vault_state *out, struct diag *why);
enum rc vault_state_write(struct vault *v, const struct vault_state *state, struct diag *why);
/* For readers: compares the epoch when another connection has committed. */
enum rc vault_refresh(struct vault *v, struct diag *why);
/* Rolls back and returns rc. */
enum rc vault_undo(struct vault *v, enum rc rc);

/* ---- names of types and sources, numbered ---- */

enum { VAULT_NAMES_MAX = 65536 };
struct vault_names *vault_names_new(void);
void vault_names_free(struct vault_names **n);
/* RC_NONE: it has no number yet. */
enum rc vault_name_find(struct vault *v, struct span name, uint32_t *out, struct diag *why);
/* Gives it a number; under the append lock. RC_LIMIT: too many names. */
enum rc vault_name_number(struct vault *v, struct span name, uint32_t *out, struct diag *why);
/* Forgets numbers given out in a transaction that was rolled back. */
void vault_names_forget(struct vault *v);
/* Text of a number, living as long as the vault; empty when there is none. */
struct span vault_name_text(struct vault *v, uint32_t number);

/* ---- rows ---- */

struct vault_facts {
	uint8_t spec, class, tlp, privacy;
	bool revoked, unversioned;
};
/* All of it in one number, for the quarantine. */
int64_t vault_facts_pack(const struct vault_facts *f);
struct vault_facts vault_facts_unpack(int64_t packed);

/* Facts of one version without text and bytes: what rules and filters need. */
struct vault_row {
	int64_t added; /* 0: not stored yet */
	int64_t version, created;
	uint32_t collection, kind, source;
	struct vault_facts facts;
	bool last, has_creator;
	bool identity; /* an identity object: whoever is bound to it is its only author; not stored */
	struct uuid uuid, creator;
};

/* The columns that vault_row_read takes, in its order; bytes may follow. */
#define VAULT_ROW "object.added, object.collection, object.last, object.kind, object.facts"
enum { VAULT_COLUMN_BYTES = 5 };
void vault_row_read(struct stmt *st, struct vault_row *out);
/*
 * The column `facts`: what is fixed, then the exact text of the version where it is not
 * YYYY-MM-DDTHH:MM:SS.mmmZ and that of the id where it is not in lower case, both nearly always
 * empty.
 */
void vault_row_pack(
	const struct vault_row *row, struct span stamp, struct span exact, struct buf *out);

/* Room for the text of an item. */
enum { VAULT_TYPE_MAX = 250 };
struct vault_text {
	char id[VAULT_TYPE_MAX + 2 + UUID_TEXT];
	char version[TIME_TEXT];
	char creator[sizeof "identity--" + UUID_TEXT];
};
/* An item from a statement of VAULT_ROW and perhaps bytes, borrowing from both. */
void vault_item_read(struct vault *v, struct stmt *st, enum vault_want want,
	struct vault_text *text, struct vault_item *out);
/* The same from `facts` and `bytes` alone, without text but that of the bytes. */
void vault_item_send(int64_t added, uint32_t collection, struct span facts, struct span bytes,
	struct vault_item *out);
void vault_item_copy(struct arena *a, struct vault_item *item);

/* An id taken apart. RC_BAD: not "type--uuid". exact: it is not the lower-case form. */
struct vault_id {
	struct span type;
	struct uuid uuid;
	bool exact;
};
enum rc vault_id_parse(struct span id, struct vault_id *out);
/* Key of table entry: 48 bits, so that it takes six bytes. */
int64_t vault_key(const struct vault *v, const struct uuid *uuid);

/* ---- all versions of one object ---- */

enum { VAULT_VERSIONS_MAX = 4096 }; /* of one object in the whole vault; more are refused */

struct vault_group {
	struct vault_row *at;
	size_t len, cap;
};
void vault_group_fini(struct vault_group *g);
#define own_group __attribute__((cleanup(vault_group_fini)))
/* Every stored row with this key, ascending by added: also of other uuids whose hash is the same.
 */
enum rc vault_group_load(struct vault *v, int64_t key, struct vault_group *g, struct diag *why);
/* Keeps the rows of this object; collection 0: of any. */
void vault_group_keep(
	struct vault_group *g, const struct uuid *uuid, uint32_t kind, uint32_t collection);

/*
 * What a filter picks of one object's rows in one collection: pick[i] is set for each. Ids, types
 * and `after` are the caller's. by_default: which bits an empty version filter stands for.
 */
void vault_pick(const struct vault_row *rows, size_t count, const struct vault_filter *f,
	unsigned by_default, bool *pick);

enum vault_ruling { VAULT_RULE_ADD, VAULT_RULE_SAME, VAULT_RULE_QUARANTINE };
/*
 * Whether a version may join the rows of its object (versions before it, in order of arrival).
 * equals: index of a row with the same version and specification whose content equals it, or -1.
 */
enum vault_ruling vault_judge(const struct vault_row *rows, size_t count,
	const struct vault_row *got, const struct vault_source *source, ptrdiff_t equals,
	const char **reason);
/* Same JSON value, or same bytes. */
bool vault_same_content(struct span a, struct span b);

/* RC_NONE: no collection of that number. */
enum rc vault_collection_by_number(
	struct vault *v, uint32_t number, struct vault_collection *out, struct diag *why);

/* ---- parts that work inside the caller's transaction ---- */

enum rc vault_object_delete(struct vault *v, const struct vault_row *row, struct diag *why);
/* Sets `last` anew for the rows of one object in one collection, in memory and in the database. */
enum rc vault_last_update(struct vault *v, struct vault_row *rows, size_t count, struct diag *why);
/* One version whole, in memory of the arena. RC_NONE. */
enum rc vault_item_load(
	struct vault *v, int64_t added, struct arena *a, struct vault_item *out, struct diag *why);
enum rc vault_object_bytes(struct vault *v, int64_t added, struct buf *out, struct diag *why);
/* Removes a stored version from search, if it is in it; before its row goes. */
enum rc vault_search_remove(struct vault *v, int64_t added, struct span bytes, struct diag *why);

/* All of vault_batch_commit but the transaction, which the caller holds. */
enum rc vault_batch_work(struct vault_batch *b, struct diag *why);
/* RC_NONE: no such number. */
enum rc vault_quarantine_remove(struct vault *v, int64_t number, struct diag *why);

/* An object on its way into quarantine. */
struct vault_aside {
	uint32_t collection, source;
	int64_t at;
	const char *reason;
	struct span id, version, creator, bytes;
	int64_t version_at, created;
	struct vault_facts facts;
};
/* added: false when the same is there already. */
enum rc vault_quarantine_put(
	struct vault *v, const struct vault_aside *a, bool *added, struct diag *why);

struct vault_status_row {
	const struct vault_request *request;
	int64_t now;
	uint64_t successes, failures;
	struct buf *details;
};
void vault_status_note(struct buf *details, enum vault_verdict verdict, struct span id,
	struct span version, const char *message);
enum rc vault_status_put(struct vault *v, const struct vault_status_row *row, struct diag *why);

/* The strings of an object as search reads them, appended to out; deterministic. */
void vault_text_of(struct span bytes, struct buf *out);
/* Text with blanks around each character of scripts that are written without. */
void vault_text_words(struct span s, struct buf *out);
