#pragma once
/*
 * What the front and the keeper say to each other, as payloads of jail/pipe.h messages. The front may have
 * been taken over: the keeper believes none of its numbers, and judges users and grants again.
 */
#include "memo/release.h"
#include "node/pack.h"
#include "taxii/server.h"

#define TALK_MOST ((size_t)72 << 20)

enum talk {
	TALK_GO = 1, /* keeper: the database is open, begin */
	TALK_READY,  /* front: code, port, jail state, diagnosis */
	TALK_PASS,   /* front: a pass is wanted; the id comes back in the answer */
	TALK_PASSED,
	TALK_WRITE, /* front: POST or DELETE */
	TALK_WROTE,
	TALK_RELOAD,   /* keeper: read certificates again */
	TALK_RELOADED, /* front: code, diagnosis */
};

void talk_diag(struct buf *out, const struct diag *why);
void talk_diag_read(struct unpack *u, struct diag *why);

void talk_ask_pack(const struct release_ask *ask, struct buf *out);
enum rc talk_ask_unpack(struct span payload, struct release_ask *out);

/* A write as the keeper sees it; spans borrow from the payload. */
struct talk_write {
	enum taxii_write_kind kind;
	struct span user;
	uint32_t collection;
	struct span body;
	uint64_t objects;
	struct uuid status;
	struct span owner;
	int64_t received;
	struct span object;
	unsigned specs[4];
	size_t spec_count;
	int64_t at[64];
	size_t at_count;
	unsigned which;
};

/* RC_LIMIT: a filter of more times or specifications than talk_write holds. */
enum rc talk_write_pack(const struct taxii_write *w, struct buf *out);
enum rc talk_write_unpack(struct span payload, struct talk_write *out);
