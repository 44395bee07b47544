#pragma once
/*
 * A set as one immutable file: compiled once, mapped by whoever scans, shared by all of them, replaced
 * by rename. What a scan asks at every place lies in its first part; what indicators say of themselves
 * (id, name, pattern, party, memo, TLP, validity, confidence) in its second, which nobody reads before a
 * hit. Opening looks at header and section table alone and takes no longer for a large set; nothing in
 * the bodies is believed, so that a damaged or a hostile file may know too little or too much but harms
 * nobody. Texts and expressions, which are compared and not looked up, are read when a set is put on the file. A file that is cut while it is mapped ends the process, as with any mapping: who may write
 * there could as well replace the program's input. Files carry a version; others are not read but made
 * anew from what they were made of. An open file may be read by any number of threads.
 */
#include "match/set.h"

struct set_file;

#define own_set_file __attribute__((cleanup(set_file_close)))

/*
 * Writes what the set holds, of a set that stands on a file that too, under `path`: beside it first
 * (PATH.new-*, which a process that is killed leaves behind), then with its name, after the disk has it.
 * Revoked indicators stay behind. annex: bytes of the caller's own that lie behind all else, at a multiple of
 * 64; empty: none. RC_LIMIT: too much text; RC_AGAIN: the set's work was asked to stop; RC_FULL, RC_IO as the
 * system says.
 */
enum rc set_file_write(const struct match_set *set, const char *path, struct span annex,
	int64_t now, struct diag *why);
/*
 * RC_NONE: no such file. RC_BAD: no set, or a damaged one. RC_NEWER: of a newer format; RC_CONFLICT: of an
 * older one, or of a program whose kinds are others: it has to be built anew.
 */
enum rc set_file_open(const char *path, struct set_file **out, struct diag *why);
void set_file_close(struct set_file **file); /* NULL accepted */
/* Reads all of it: the digest of the bodies, then every index and text. RC_BAD names what is wrong. */
enum rc set_file_verify(const struct set_file *file, struct diag *why);
/* The digest alone: whether the bytes are those that were written. */
enum rc set_file_digest(const struct set_file *file, struct diag *why);
/* What the writer put behind all else; as little to be believed as the rest. */
struct span set_file_annex(const struct set_file *file);
/* All of the mapping: where a fault of the disk, or of somebody who cut the file, would strike. */
struct span set_file_bytes_mapped(const struct set_file *file);

struct set_file_facts {
	unsigned version;
	int64_t made;		   /* when, by the clock of who made it */
	uint64_t bytes;		   /* of the whole file */
	uint64_t first, second;	   /* of its two parts */
	uint64_t annex;		   /* of what the writer put behind them */
	uint64_t count[OBS_KINDS]; /* indicators by kind */
	uint64_t indicators;
};

struct set_file_facts set_file_facts(const struct set_file *file);
