#pragma once
/*
 * The keeper: the process with the node's keys and the only one that writes. It makes the gate's passes,
 * stores what the front and the fetch process bring, and keeps house. Threads: one that listens to the
 * front and makes passes, one that checks envelopes, one that writes, one that syncs, one that keeps house;
 * each with handles of its own.
 */
#include "conf/conf.h"
#include "node/fetch.h"
#include "node/meter.h"
#include "node/node.h"

struct keeper_options {
	const char *dir;
	const struct conf *conf;
	const struct conf *written; /* as the file had it when we started */
	struct clock clock;
	struct rng rng;
	struct pipe *front;
	struct fetch *fetch;
	struct meter *meter;
	int stop_fd; /* readable when a signal came (signalfd) */
	pid_t front_pid;
	unsigned landlock; /* ABI that holds the processes, for the line that says we are ready */
	void (*log)(const char *event, const struct diag *why); /* one line on stderr */
};

/*
 * Runs until SIGTERM or SIGINT (RC_OK) or until a child has gone or the database failed (why). The caller
 * has narrowed the process.
 */
enum rc keeper_run(const struct keeper_options *options, struct diag *why);
