#pragma once
/*
 * A progress line for work on a set that one call does: a thread looks at it and draws. struct working w;
 * working_begin(&w, env); the call, with &w.work;  working_end(&w);
 */
#include <pthread.h>

#include "cmd/progress.h"
#include "match/set.h"

struct working {
	const struct cmd_env *env;
	struct set_work work;
	pthread_t thread;
	_Atomic bool ended;
	bool runs;
};

void working_begin(struct working *w, const struct cmd_env *env);
/* Wipes the line. */
void working_end(struct working *w);
