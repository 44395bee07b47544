#pragma once
/*
 * Indicators in the formats that other tools arm themselves with: plain list, CSV, Response Policy Zone,
 * Suricata, YARA, Zeek intel, nftables sets. Nothing is written without a pass of the gate. Values were
 * normalized (obs/obs.h); names and descriptions are foreign text and are escaped for each format. What
 * is written loads as a whole: one entry that a tool refuses would cost all the others. One thread an
 * output.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "feed/seen.h"
#include "memo/release.h"
#include "obs/obs.h"

/* One indicator's one observable. Spans are borrowed for the call. */
struct out_entry {
	struct observable about;
	struct facts facts; /* what the gate judges by */
	struct span id, name, creator;
	struct span tlp;		 /* "amber" */
	int64_t valid_from, valid_until; /* TIME_NONE: none */
	int64_t modified;		 /* of the indicator's version */
	int confidence;			 /* -1: none */
	bool exact;			 /* a domain without its subdomains */
};

struct out_meta {
	struct span title; /* who exports, for headers */
	struct span zone;  /* of an RPZ; empty: "rpz.tocsin" */
	int64_t now;
	uint64_t seed; /* of the table of values met: what is exported cannot be made to collide */
};

struct out;
enum out_fate {
	OUT_WRITTEN,
	OUT_NO_WORD,  /* this format has no word for it; nothing was written */
	OUT_TOO_WIDE, /* half the internet: no tool that blocks or alarms is told that */
};
/* Whether what several indicators name is said for each, once, or once a reach of a domain. */
enum out_once { OUT_EACH, OUT_VALUE, OUT_REACH };

struct out_format {
	const char *name;
	const char *what; /* for help: half a line */
	enum out_once once;
	bool names_alone; /* a domain cannot be said with what lies below it */
	void (*begin)(struct buf *to, const struct out_meta *meta);
	enum out_fate (*add)(struct out *o, const struct out_entry *e, struct buf *to);
};

/* list, csv, rpz, suricata, yara, zeek, nft; ends with NULL. */
extern const struct out_format *const out_formats[];
const struct out_format *out_format_find(struct span name);

struct out {
	const struct out_format *format;
	const struct pass *pass;
	struct out_meta meta;
	struct seen values, numbers; /* numbers: given to rules, each once a file */
	uint64_t written, withheld;
	uint64_t unsaid;   /* the format has no word for it */
	uint64_t wide;	   /* left out as too wide */
	uint64_t repeated; /* said already for another indicator */
	uint64_t narrowed; /* written, without what lies below the name */
};

/* RC_BAD: a zone that is no domain name. */
enum rc out_meta_check(const struct out_meta *meta, struct diag *why);
/* Appends the head. The pass must be valid; every entry is asked of it. */
void out_begin(struct out *o, const struct out_format *format, const struct pass *pass,
	const struct out_meta *meta, struct buf *to);
void out_add(struct out *o, const struct out_entry *e, struct buf *to);
void out_fini(struct out *o);
