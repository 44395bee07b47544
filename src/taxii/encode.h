#pragma once
/*
 * Bodies of TAXII 2.1 answers, written straight into a buffer. Empty lists are left out (section
 * 2), stamps have exactly six fractional digits, objects go out in the exact bytes that came.
 * Whatever tells of an object takes a pass of the gate and writes nothing that it denies. One
 * buffer, one thread.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "memo/release.h"
#include "vault/status.h"
#include "vault/vault.h"

/* {"title", "description", "http_status"} of section 3.6.1; description may be empty. */
void encode_error(struct buf *out, unsigned status, struct span title, struct span description);

struct encode_server {
	struct span title, description, contact; /* may be empty, title may not */
	struct span root;			 /* path of the API root, "/api/" */
	uint64_t max_content;
};

void encode_discovery(struct buf *out, const struct encode_server *s);
void encode_root(struct buf *out, const struct encode_server *s);

enum { ENCODE_READ = 1, ENCODE_WRITE = 2 };
/* The collection resource of section 5.2.1; rights: OR of ENCODE_*. */
void encode_collection(struct buf *out, const struct vault_collection *c, unsigned rights);
/* {"collections": [...]}: begin, any number of encode_collection between, end. */
struct encode_list {
	struct buf *out;
	size_t start;
	size_t count;
	const char *name;
};
void encode_list_begin(struct encode_list *l, struct buf *out, const char *name);
/* Before each element: its comma. */
void encode_list_next(struct encode_list *l);
/* more and next (may be empty) belong to envelopes, manifests and versions. */
void encode_list_end(struct encode_list *l, bool more, struct span next);

/*
 * One element of "objects" of an envelope, of a manifest, of "versions". False: the gate denies it
 * and nothing was written.
 */
bool encode_object(struct encode_list *l, const struct pass *pass, const struct vault_item *item,
	const struct facts_source *ends);
bool encode_manifest(struct encode_list *l, const struct pass *pass, const struct vault_item *item,
	const struct facts_source *ends);
bool encode_version(struct encode_list *l, const struct pass *pass, const struct vault_item *item,
	const struct facts_source *ends);

/*
 * The status resource of section 4.3.1. It tells its owner what he sent himself, so no pass is
 * asked. RC_BAD: details that cannot be read.
 */
enum rc encode_status(struct buf *out, const struct vault_status *s);
