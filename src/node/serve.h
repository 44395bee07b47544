#pragma once
/*
 * `tocsin serve`: three processes - this one becomes the keeper; the front and fetch are its children and
 * die with it. Any of them ending ends all: whoever supervises starts it again.
 */
#include "base/clock.h"
#include "base/rng.h"
#include "conf/conf.h"

struct serve_options {
	const char *dir;
	const struct conf
		*conf; /* listen, tls..., local, require_jail as the command line has them */
	const struct conf *written; /* as the file has them */
	struct clock clock;
	struct rng rng;
	void (*log)(const char *event, const struct diag *why);
};

/* RC_OK: ended by SIGTERM or SIGINT. */
enum rc serve_run(const struct serve_options *options, struct diag *why);
