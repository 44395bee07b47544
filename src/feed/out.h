#pragma once
/*
 * Indicators in the formats that other tools arm themselves with: plain list, CSV, Response Policy Zone,
 * Suricata, YARA, Zeek intel, nftables sets. Nothing is written without a pass of the gate. Values were
 * normalized (obs/obs.h); names and descriptions are foreign text and are escaped for each format.
 * One thread an output.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "memo/release.h"
#include "obs/obs.h"

/* One indicator's one observable. Spans are borrowed for the call. */
struct out_entry {
	struct observable about;
	struct facts facts; /* what the gate judges by */
	struct span id, name, creator;
	struct span tlp;		 /* "amber" */
	int64_t valid_from, valid_until; /* TIME_NONE: none */
	int confidence;			 /* -1: none */
	bool exact;			 /* a domain without its subdomains */
};

struct out_meta {
	struct span title; /* who exports, for headers */
	struct span zone;  /* of an RPZ; empty: "rpz.tocsin" */
	int64_t now;
};

struct out_format {
	const char *name;
	const char *what; /* for help: half a line */
	void (*begin)(struct buf *to, const struct out_meta *meta);
	/* False: this format has no word for it; nothing was written. */
	bool (*add)(struct buf *to, const struct out_entry *e, uint64_t number);
	void (*end)(struct buf *to, const struct out_meta *meta);
};

/* list, csv, rpz, suricata, yara, zeek, nft; ends with NULL. */
extern const struct out_format *const out_formats[];
const struct out_format *out_format_find(struct span name);

struct out {
	const struct out_format *format;
	const struct pass *pass;
	struct out_meta meta;
	uint64_t written, withheld, unsaid; /* unsaid: the format has no word for it */
};

/* Appends the head. The pass must be valid; every entry is asked of it. */
void out_begin(struct out *o, const struct out_format *format, const struct pass *pass,
	const struct out_meta *meta, struct buf *to);
void out_add(struct out *o, const struct out_entry *e, struct buf *to);
void out_end(struct out *o, struct buf *to);
