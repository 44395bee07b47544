#pragma once
/*
 * Threads that read ahead (match/ahead.h): blocks of the stream under work, and while there is nothing to do
 * for it, of the files that come behind it, in their order. One thread, the caller's, owns the crew and makes
 * use of what was read; while it waits it works too. Threads are started when there is work for them.
 *
 * Bounded is what all of them hold: CREW_HELD bytes for each thread, of files that come later, and CREW_BLOCKS
 * blocks for each thread, of 256 KiB or of a line's length, of the one under work; of packed files so many at a
 * time as there are threads and CREW_PACKED at most, each with a decoder bounded by codec/stream.h; CREW_FILES
 * files, or fewer where a process may open few.
 */
#include "match/reader.h"

enum { CREW_HELD = 4 << 20, CREW_BLOCKS = 3, CREW_PACKED = 16, CREW_FILES = 64 };

struct crew;
struct ahead;

/* Where files come from. */
struct crew_files {
	size_t count;
	/* Any thread, once for each number, in no order. NULL: not to be read ahead; the stream stays the caller's. */
	struct stream *(*open)(void *ctx, size_t file);
	void *ctx;
	const struct reader *reader; /* NULL: sniff */
	size_t most;		     /* read ahead at a time */
};

#define own_crew __attribute__((cleanup(crew_free)))

/* `threads` besides the caller's. The sweep's set must not change meanwhile; NULL: nothing is swept. */
struct crew *crew_new(const struct sweep *like, unsigned threads);
void crew_free(struct crew **c); /* NULL accepted */
/* To be called once, before the first crew_take. */
void crew_add_files(struct crew *c, const struct crew_files *files);
/*
 * The next file, in the order of their numbers, for reading_ahead; its stream must outlive it. NULL: `open` gave
 * none. The one before must be freed by now.
 */
struct ahead *crew_take(struct crew *c);
