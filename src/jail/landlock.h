#pragma once
/*
 * Landlock by own constants, so that one binary serves kernels with ABI 1 to 7 whatever headers it
 * was built with. A plan is what a jail means under one ABI; applying it talks to the kernel.
 * Borrows the jail. One thread.
 */
#include "base/rc.h"
#include "jail/jail.h"

enum landlock_fs {
	LANDLOCK_EXECUTE = 1 << 0,
	LANDLOCK_WRITE_FILE = 1 << 1,
	LANDLOCK_READ_FILE = 1 << 2,
	LANDLOCK_READ_DIR = 1 << 3,
	LANDLOCK_REMOVE_DIR = 1 << 4,
	LANDLOCK_REMOVE_FILE = 1 << 5,
	LANDLOCK_MAKE_CHAR = 1 << 6,
	LANDLOCK_MAKE_DIR = 1 << 7,
	LANDLOCK_MAKE_REG = 1 << 8,
	LANDLOCK_MAKE_SOCK = 1 << 9,
	LANDLOCK_MAKE_FIFO = 1 << 10,
	LANDLOCK_MAKE_BLOCK = 1 << 11,
	LANDLOCK_MAKE_SYM = 1 << 12,
	LANDLOCK_REFER = 1 << 13,     /* ABI 2: rename and link between folders */
	LANDLOCK_TRUNCATE = 1 << 14,  /* ABI 3 */
	LANDLOCK_IOCTL_DEV = 1 << 15, /* ABI 5 */
};

enum landlock_net { LANDLOCK_BIND = 1 << 0, LANDLOCK_CONNECT = 1 << 1 }; /* ABI 4 */

enum landlock_scope { LANDLOCK_ABSTRACT = 1 << 0, LANDLOCK_SIGNAL = 1 << 1 }; /* ABI 6 */

struct landlock_plan {
	/* As the kernel reads them: struct landlock_ruleset_attr. */
	struct landlock_rules {
		uint64_t fs, net, scope; /* what is refused unless a rule allows it */
	} rules;
	size_t rules_size;	       /* bytes of it that this ABI knows */
	uint64_t read_file, read_tree; /* what a rule for a path allows */
	uint64_t write_file, write_tree;
	bool connect_rules, bind_rules; /* ports are listed one by one */
};

struct landlock_plan landlock_plan_make(const struct jail *j, unsigned abi);
/* RC_BAD: a path of the jail does not exist; RC_IO: the kernel refused. */
enum rc landlock_apply(const struct jail *j, const struct landlock_plan *plan, struct diag *why);
