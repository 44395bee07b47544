#pragma once
/*
 * The front: the process with the listening sockets and the TLS key. It reads the database, verifies
 * credentials, and encodes only with passes that the keeper made. It has no node key and makes no
 * connections.
 */
#include <sys/types.h>

#include "base/clock.h"
#include "base/rng.h"
#include "conf/conf.h"
#include "jail/jail.h"
#include "jail/pipe.h"
#include "node/meter.h"

struct front_options {
	const char *dir;
	const struct conf *conf;
	struct clock clock;
	struct rng rng;
	int listen_fd, local_fd; /* bound and listening; local_fd -1: no metrics */
	struct meter *meter;
	struct pipe *keeper;
};

/* The child's whole life. Waits for the keeper's word that the database is open, narrows itself, serves. */
void front_main(const struct front_options *options) __attribute__((noreturn));
