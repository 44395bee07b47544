#pragma once
/* What crew and ahead share. All of it is guarded by the crew's lock but where it says who alone has it. */
#include <pthread.h>

#include "match/ahead.h"
#include "match/sweep.h"

enum { BLOCK = LINES_FIRST, THREADS_MOST = 64, SMALL = 1024, FEW = 8 };

/* Bytes with SWEEP_SLACK around. */
struct room {
	char *ptr;
	size_t cap;
};

/* What a thread works with, its own. */
struct hand {
	struct sweep *sweep;
	struct room other; /* that a block left */
	struct buf thin;
	vec_of(struct ahead_gap) gaps;
};

enum block_state { BLOCK_TODO, BLOCK_UNDER_WORK, BLOCK_DONE };

/* While under work its thread's but for `next` and `state`, then nobody's, then the caller's. */
struct block {
	struct block *next;
	enum block_state state;
	struct ahead_block shown;
	struct room room; /* where its text lies */
	struct sweep_place *place, *vague;
	uint16_t *line_ends;
	struct ahead_gap *gap;
	/* Instead of room and gap where it is little: memory that goes from thread to thread costs. */
	char small[SMALL + 2 * SWEEP_SLACK];
	struct ahead_gap few[FEW];
	size_t held; /* bytes of all that */
	/* Of one that lies in a file: lines that begin at `from` or behind, before `to`. */
	uint64_t from, to;
	uint64_t begin, end; /* of those lines; equal: there are none */
	bool last;	     /* what comes behind `end` is not read ahead */
	enum rc code;	     /* of the stream, behind it */
};

enum task_kind { TASK_BEGIN, TASK_READ, TASK_SPREAD, TASK_SWEEP };

struct task {
	enum task_kind kind;
	struct ahead *ahead; /* NULL: of a file that is not begun */
	struct block *block;
	bool holds; /* nobody else reads the stream until it is done */
};

struct ahead {
	struct crew *crew;
	struct ahead *next; /* a later file's */
	struct stream *stream;
	enum lines_keep keep;
	bool thin, is_file; /* of crew_take */
	bool begun;	    /* is_file: its first block is there, or it is odd */
	bool odd;	    /* it has no stream */
	bool ended;	    /* nothing is read any more */
	bool left;	    /* spread: what comes is the caller's to read */
	bool judged, by_caller, spread;
	struct judgement judgement; /* from `begun` on nobody changes it */
	size_t number;		    /* of the file */
	unsigned working;	    /* threads that have a task of it */
	bool reading;		    /* one of them has the stream and `carry` */
	bool packed;
	const struct hand *owner; /* whose thread had it last */
	size_t todo;		  /* blocks that nobody sweeps yet */
	struct buf carry;	  /* behind the last block's text */
	enum rc code;		  /* RC_OK, or why nothing is read any more */
	struct diag why;
	struct block *first, **last;
	size_t blocks;
	struct block *shown; /* the caller's */
	struct ahead_block rest;
	int fd;	       /* spread */
	uint64_t base; /* where the first line begins that is read so */
	uint64_t from; /* of the next block */
	uint64_t pos;  /* where the next line to be shown begins */
};

struct crew {
	const struct sweep *like;
	unsigned threads, running, idle;
	pthread_t thread[THREADS_MOST];
	pthread_mutex_t lock;
	pthread_cond_t todo, done;
	bool stop, waiting;	  /* the latter: the caller, with nothing to do */
	struct ahead *first;	  /* in the order of use */
	size_t held;		  /* by all blocks that are done */
	size_t packed, beginning; /* files */
	struct crew_files files;
	size_t next_file, next_taken;
	size_t files_ahead; /* there is a struct ahead of */
	struct room spare[2 * THREADS_MOST + 2];
	unsigned spares;
	struct block *old_block; /* for another use, like the rooms */
	struct ahead *old_ahead;
	struct hand hand; /* the caller's */
};

/* Under the lock, which is let go meanwhile, for one that waits for `caller` or NULL. False: there is nothing to do. */
bool crew_work(struct crew *c, struct hand *h, struct ahead *caller);
/* Under the lock: for the caller, what there is to do, or until something was done. */
void crew_wait(struct crew *c, struct ahead *a);
/* Under the lock: finds a thread for what there is to do. */
void crew_wake(struct crew *c);
/* Without the lock; `b` and the hand are the calling thread's. */
void ahead_begin(struct ahead *a, struct block *b);
void ahead_read(struct ahead *a, struct block *b);
void ahead_read_at(struct ahead *a, struct block *b);
void ahead_sweep(struct ahead *a, struct block *b, struct hand *h);
/* Under the lock. new: all zero but for the crew. */
struct ahead *ahead_get(struct crew *c);
struct block *block_get(struct crew *c);
void ahead_drop(struct crew *c);		       /* what is kept for another use */
void crew_keep_room(struct crew *c, struct room room); /* for another block */
void ahead_add_block(struct ahead *a, struct block *b);
size_t ahead_bytes(const struct block *b);
void block_free(struct crew *c, struct block *b); /* NULL accepted */
