#pragma once
/* What the files of the scan command share. One thread. */
#include <sys/types.h>

#include "base/vec.h"
#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "match/ioc.h"
#include "match/scan.h"
#include "match/sweep.h"
#include "match/vscan_cache.h"
#include "sight/sight.h"

/* What is printed of a hit. */
enum scan_show {
	SHOW_LINES,
	SHOW_COUNT,
	SHOW_FILES,
	SHOW_MATCHES,
	SHOW_JSON,
	SHOW_GROUPS,
	SHOW_ASSETS
};

/* Hits by indicator, for --count and --top. */
struct scan_group {
	uint64_t hits;
	int64_t first, last;		      /* event times, TIME_NONE: none had one */
	struct span indicator, name, pattern; /* owned by the table's arena */
};

struct scan_groups {
	struct arena arena;
	vec_of(struct scan_group) list;
	uint32_t *slot; /* index + 1 */
	size_t slots;
	/* What was counted by items of this set, while it has this version, and is in no group yet. */
	const struct match_set *set;
	uint64_t version;
	struct scan_item {
		uint32_t item, group; /* item 0: free */
		uint64_t hits;
		int64_t first, last;
	} * item;
	size_t items, items_used;
};

/* A line kept for context. */
struct scan_line {
	struct buf text;
	uint64_t number;
};

/* How far a log was read when the checkpoint was written (scan_checkpoint.c). */
struct scan_read {
	uint64_t device, inode, size, offset;
	uint64_t head; /* so many first bytes have this digest */
	char digest[65];
};

struct armed;
struct compiler;
struct scan_assets; /* scan_assets.c */
struct scan_told;   /* scan_told.c */

struct scan_job {
	const struct cmd_env *env;
	struct armed *node;	   /* NULL: indicators come from files */
	struct compiler *compiler; /* of a node that is followed; NULL: none */
	struct match_set *set;
	struct sweep *sweep; /* NULL: every record is looked at */
	struct sweep *
		beside; /* every record is read, and this says in which something may be; NULL: nobody does */
	struct scan scan;
	struct vscan_cache expressions; /* the node's, where its keys may be read */
	const struct reader *reader;	/* NULL: sniff */
	enum scan_show show;
	bool colour, terminal, follow, failed, names;
	struct buf out; /* to be printed */
	uint64_t top, before, after, threads;
	struct scan_groups groups;
	struct scan_assets *assets; /* NULL: none yet */
	/* For a file and for the node, each NULL where not asked for. */
	struct sight *sight, *kept;
	struct sight_options sight_options;
	uint64_t withheld;	/* hits of those stored already that TLP kept out */
	const char *checkpoint; /* NULL: how far followed logs were read is not kept */
	vec_of(struct scan_read) marks;
	bool resumed;		/* there was one */
	uint64_t unkept;	/* records that found no room in the last one */
	struct scan_told *told; /* NULL: nothing was printed after it */
	struct progress progress;
	uint64_t files, hit_files; /* scanned; with a hit */
	bool listing;		   /* a folder again, while it is followed: its faults were told */
	/* of the file under work */
	struct span file;
	uint64_t file_lines;
	struct scan_line *ring; /* `before` lines */
	size_t ring_at, ring_used;
	uint64_t after_left, last_shown;
};

/* What is kept of a log's beginning, to know its copies and a file written anew. */
enum { SCAN_HEAD = 4096 };

/* An open log. */
struct scan_source {
	char *path;
	int fd; /* -1: closed */
	struct stream *stream;
	struct reading reading;
	uint64_t counted;	/* bytes told to the progress line */
	uint64_t passed;	/* records passed over, counted already */
	uint64_t resume;	/* what begins before was read by an earlier run */
	uint64_t marked;	/* of the last checkpoint */
	struct buf closed_mark; /* of a file that was read to its end and closed */
	dev_t device;
	ino_t inode;
	/* of followed ones */
	bool dead;	 /* its fault was told; another file of the name is waited for */
	bool inside;	 /* found in a folder: known by its inode, whatever its name becomes */
	bool seen;	 /* in the folder's last listing */
	int64_t quiet;	 /* monotonic, since when nothing came */
	uint64_t size;	 /* then */
	int64_t written; /* its mtime then, of a closed one */
	struct buf head, head_before; /* its first bytes, and those before it was cut */
};

struct scan_paths {
	char **at;
	size_t len, cap;
	vec_of(bool) prompt; /* of each: a regular file that has a size, when it was listed */
};

extern const struct stream_limits scan_limits;

struct stat;
/* Of a stream that is open. all: from its begin to its end, and closes it. */
void scan_source_begin(struct scan_job *job, struct scan_source *s, const struct stat *st);
void scan_source_all(struct scan_job *job, struct scan_source *s);
/* The latter, of a file that is not; its fault is told. */
void scan_file(struct scan_job *job, const char *path);
/* All files, each read ahead by several threads while those before it are under work. */
void scan_ahead(struct scan_job *job, const struct scan_paths *paths);
bool scan_source_open(struct scan_job *job, struct scan_source *s, const char *path);
/* Everything that is there now; false after a fault, which was told. */
bool scan_source_drain(struct scan_job *job, struct scan_source *s);
void scan_source_close(struct scan_source *s);
/*
 * Folders become what lies below them: regular files, no symbolic links, in the order of their names.
 * depth: 0 for words of the command line.
 */
void scan_add_path(struct scan_job *job, struct scan_paths *out, const char *path, unsigned depth);
void scan_paths_fini(struct scan_paths *p);
/*
 * Reads the file of --checkpoint, which may be missing, once the set is there; false after a fault, which was told. find: where
 * reading an open log goes on, 0 for its start. rotated: the name that the log which had this one has by now,
 * where some of it was not read yet; NULL: none. write: once all that was read has been told, storing the sightings that were kept with it; close: notes how
 * far a source was read that is about to be closed.
 */
bool scan_checkpoint_read(struct scan_job *job);
uint64_t scan_checkpoint_find(const struct scan_job *job, int fd, const struct stat *st);
char *scan_checkpoint_rotated(const struct scan_job *job, const char *path);
bool scan_checkpoint_write(struct scan_job *job, struct scan_source *const *all, size_t count);
void scan_checkpoint_close(struct scan_source *s);
/* Scans the words of the command line as they grow, until a signal. */
void scan_follow(struct scan_job *job);

/* Before anything is read, and after all was: patterns of which some part may be any record (scan_again.c). */
void scan_again_prepare(struct scan_job *job, const struct scan_paths *paths);
void scan_again(struct scan_job *job, const struct scan_paths *paths);

/* Loads --ioc and --warninglist; false when a line was printed already: CMD_FAIL. */
bool scan_load(struct scan_job *job, struct match_set *set, struct warn *warn);
/* Indicators alone: of --ioc, or without it of the node, unless the set stands on a file. */
bool scan_load_indicators(struct scan_job *job, struct match_set *set);
/* Scans the words of the command line. */
void scan_walk(struct scan_job *job);
/* Printing: a file begins, a record with its hits, a file ends, everything ends. */
void scan_show_file(struct scan_job *job, const char *name);
void scan_show_record(
	struct scan_job *job, const struct record *r, const struct hit *hit, size_t hits);
/* Whatever was shown so far goes out; to be called where nothing may come for long. */
void scan_show_now(struct scan_job *job);
/* Foreign text: as it is into a pipe, made harmless for a terminal. */
void scan_put_text(struct scan_job *job, struct span text);
/* Hits that no record is at hand for. */
void scan_show_late(struct scan_job *job, const struct hit *hit, size_t hits);
void scan_show_file_end(struct scan_job *job);
void scan_show_end(struct scan_job *job);
/* --json: what patterns could not be told for want of room; the last line. */
void scan_show_end_patterns(struct scan_job *job, const struct stream_counts *c);
/* soon: these will be counted. settle: groups hold all that was counted. */
void scan_groups_soon(const struct scan_job *job, const struct hit *hit, size_t hits);
void scan_groups_settle(struct scan_job *job);
void scan_groups_count(struct scan_job *job, const struct hit *hit, size_t hits);
void scan_groups_show(struct scan_job *job);
void scan_groups_free(struct scan_job *job);
/* On stderr: how many indicators the hits are of, and which most of them. */
void scan_say_groups(struct scan_job *job);
void scan_show_fini(struct scan_job *job);
/* Hits by the machine they are about; r NULL: no record is at hand. */
void scan_assets_count(
	struct scan_job *job, const struct record *r, const struct hit *hit, size_t hits);
void scan_assets_show(struct scan_job *job);
void scan_assets_free(struct scan_job *job);
void scan_say_counts(const struct cmd_env *env, const char *path, const struct ioc_counts *c);
/* What the node holds: armed at first, then whatever came since (and was revoked); its own settings. */
bool scan_node_load(struct scan_job *job, struct match_set *set);
void scan_node_refresh(struct scan_job *job, struct match_set *set);
/* From now on the node's set is made anew in the background when that is due. */
void scan_node_keep(struct scan_job *job);
/* Notes a hit as a sighting, unless its indicator lies only where nothing leaves: counted as withheld. */
void scan_node_sight(struct scan_job *job, const struct hit *hit);
/* Puts the sightings of job->kept, which these are, into the node's own collection of them and begins anew. */
bool scan_node_store(struct scan_job *job, struct sight_objects objects);
/*
 * What was printed after the last checkpoint (scan_told.c). mark: a checkpoint's line, empty where hits are not
 * appended to a file. begin: reads it, after "told "; false: it is none. leave_out: of what is about to be printed,
 * what was; together: it is one record's lines. end: all that was read then has been read again.
 */
void scan_told_mark(const struct scan_job *job, struct buf *out);
bool scan_told_begin(struct scan_job *job, struct span line);
void scan_told_leave_out(struct scan_job *job, bool together);
void scan_told_end(struct scan_job *job);
