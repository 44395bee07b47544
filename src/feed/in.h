#pragma once
/*
 * What others publish, as STIX objects one after another: STIX bundles, envelopes, arrays and JSON lines
 * as they are; plain lists, CSV and MISP events made into objects. The text is mapped or in memory; what
 * in_next hands out is borrowed until the next call. Made objects have ids that depend on their author
 * and content alone, so that reading the same file again makes the same ids. One thread.
 *
 *     in_open(&plan, text, &in, &why);
 *     while ((code = in_next(in, &object, &why)) == RC_OK) ...
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/rc.h"

struct in;
struct in_format;

/* Who the author of made objects is, and how they are marked. All borrowed until in_close. */
struct in_plan {
	struct span author;	 /* identity id for created_by_ref */
	int64_t now;		 /* created and modified */
	int64_t valid_from;	 /* of what states none: lists speak of the past too, so 0 (1970) */
	struct span tlp_marking; /* marking-definition id for made objects; empty: unmarked */
	int confidence;		 /* 0 to 100 for made objects; -1: none */
	int64_t valid_for;	 /* us from now to valid_until of made objects; 0: for ever */
	struct span label;	 /* of made objects; empty: none */
	struct span event;	 /* uuid that a MISP event must have; empty: any, or none */
};

struct in_object {
	struct span text;
	struct span id; /* of what is made here; empty: the text is as it came */
	uint64_t
		wide; /* the line of a range that covers much of the internet: worth a warning; 0: none */
	bool made; /* says the same for ever: skip it where its id is known already */
	/* Where "created" and "modified" stand in the text, 24 bytes each: see in_settle. 0: neither. */
	size_t created_at, modified_at;
};

/* One format: a row of in_formats. state is what begin allocated. */
struct in_format {
	const char *name;
	const char *what;
	bool (*sniff)(struct span start); /* at most 64 KiB of the text's start */
	enum rc (*begin)(struct in *in, struct diag *why);
	enum rc (*next)(struct in *in, struct in_object *out, struct diag *why);
	void (*end)(struct in *in); /* may be NULL */
};

extern const struct in_format *const in_formats[]; /* ends with NULL */
/* RC_UNKNOWN: none of that name. "auto" or empty: by the text's start. */
enum rc in_format_find(
	struct span name, struct span text, const struct in_format **out, struct diag *why);

enum rc in_open(const struct in_plan *plan, const struct in_format *format, struct span text,
	struct in **out, struct diag *why);
/*
 * RC_NONE: the end. RC_UNKNOWN: something was left out (why says where and what); go on calling.
 * RC_BAD, RC_LIMIT: the rest cannot be read.
 */
enum rc in_next(struct in *in, struct in_object *out, struct diag *why);
/*
 * Whether a made object that bears times (a MISP event's) is news beside the newest version stored
 * under its id (empty: there is none), whatever the event was edited for. RC_OK: *text is what to
 * store, its creation time that of the stored one; RC_NONE: known, older, or of this node's or a
 * peer's own making and only reflected by MISP; RC_CONFLICT: revoked here, which is final.
 */
enum rc in_settle(const struct in_object *o, struct span stored, struct buf *mem, struct span *text,
	struct diag *why);
/*
 * The text of a made object for a collection that has it not, where another one has `stored`: it was
 * created when that was, and where nothing else differs it is that very version. Borrows from mem or o.
 */
struct span in_adopt(const struct in_object *o, struct span stored, struct buf *mem);
/* How far: bytes of the text read so far. */
uint64_t in_at(const struct in *in);
void in_close(struct in **in); /* NULL accepted */
