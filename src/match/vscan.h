#pragma once
/*
 * Many expressions in one walk over a text, by Vectorscan (or Hyperscan, which has the same library). It is
 * loaded when first asked for, so that whoever has no expressions pays nothing, and missing it is no fault: its
 * answer says only which expressions may match, and another judges.
 *
 * Compiling takes seconds and reads what strangers wrote, so a child process does it, whose time and memory
 * are bounded and whose end harms nobody. One thread at a time.
 */
#include "base/buf.h"
#include "base/rc.h"

struct vscan;	     /* the library, and room to scan with */
struct vscan_making; /* expressions under work */
struct vscan_shard;  /* compiled */

enum {
	VSCAN_SHARD = 500,     /* expressions compiled together */
	VSCAN_TEXT_MAX = 1024, /* bytes of one */
	VSCAN_SECONDS = 20,    /* of processor time for one shard */
};

/*
 * RC_UNKNOWN: no library here, or the processor lacks what it wants (SSE4.2 on x86-64); why says which.
 */
enum rc vscan_open(struct vscan **out, struct diag *why);
void vscan_close(struct vscan **v); /* NULL accepted; shards first */
/* Its version, as it says it. */
const char *vscan_version(const struct vscan *v);
/*
 * Whether the library reads an expression as PCRE2 does, on texts for which vscan_fits: of printable ASCII,
 * without what releases read differently, of bounded size.
 */
bool vscan_takes(struct span expression);
bool vscan_fits(struct span text);

/* Starts compiling up to VSCAN_SHARD expressions, numbered from 0; empty spans are left out. RC_IO: no child. */
enum rc vscan_begin(struct vscan *v, const struct span *expression, size_t count,
	struct vscan_making **out, struct diag *why);
/* VSCAN_LOOK: RC_AGAIN while it works. RC_OK: *out is there. RC_LIMIT: it took too long or too much memory. */
enum vscan_wait { VSCAN_LOOK, VSCAN_WAIT };
enum rc vscan_end(struct vscan_making *m, enum vscan_wait wait, struct vscan_shard **out);
/* The bytes of what came out, for vscan_shard_of; RC_LIMIT as vscan_end. */

enum rc vscan_bytes(struct vscan_making *m, struct buf *out);
/* A shard of bytes that are known to be what vscan_bytes gave: they are as good as code. RC_BAD: of another library. */
enum rc vscan_shard_of(struct vscan *v, struct span bytes, struct vscan_shard **out);
void vscan_making_free(struct vscan_making **m); /* NULL accepted; ends the child */

void vscan_shard_free(struct vscan_shard **s); /* NULL accepted */
/* Expressions that are in it: the library had no way for the others. */
bool vscan_has(const struct vscan_shard *s, size_t index);
size_t vscan_count(const struct vscan_shard *s);
/* Sets a bit for each expression that may match. RC_IO: the library failed, nothing is known. */
enum { VSCAN_WORDS = (VSCAN_SHARD + 63) / 64 };
enum rc vscan_scan(const struct vscan_shard *s, struct span text, uint64_t may[static VSCAN_WORDS]);
