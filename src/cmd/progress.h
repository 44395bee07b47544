#pragma once
/*
 * A line on stderr with rate and time left, drawn when work lasts over a second, only on a
 * terminal, never with --quiet. One thread: the one that adds. Times are monotonic.
 */
#include "cmd/cmd.h"

struct progress {
	const char *label, *unit; /* unit: "objects"; "bytes" is shown as KiB, MiB, GiB */
	uint64_t done, total;	  /* total 0: unknown */
	int64_t started, drawn;	  /* us */
	bool shown, off;
};

void progress_init(struct progress *p, const struct cmd_env *env, const char *label,
	const char *unit, uint64_t total);
void progress_add(struct progress *p, uint64_t more);
/* Wipes the line. */
void progress_fini(struct progress *p);
/* The line itself, at `elapsed` microseconds: "import  41% 412,000 of 1,000,000 objects 95,100/s 6s
 * left". */
void progress_text(const struct progress *p, int64_t elapsed, char *out, size_t size);
/*
 * What it came to: "256.0 MiB in 0.13 s, 1.9 GiB/s, 24.3 MiB of memory"; memory: the most the process had, in bytes.
 * false: nobody watches, or nothing was done.
 */
bool progress_came_to(
	const struct progress *p, int64_t elapsed, uint64_t memory, char *out, size_t size);
