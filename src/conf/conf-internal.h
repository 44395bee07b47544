#pragma once
/* Between the reader of the file and one value's text: what a struct conf owns besides its members.
 */
#include "base/arena.h"
#include "conf/conf.h"

struct conf_given {
	struct arena arena; /* every text of the configuration */
	unsigned *line;	    /* by the key's place in the table; 0: default */
};

/*
 * Sets the key's member from `text`; relative paths start at `node`. RC_BAD with why->what saying
 * what the key takes. A CONF_PATHS key appends.
 */
enum rc conf_value_set(struct conf *conf, const struct conf_key *key, struct span text,
	const char *node, struct diag *why);
/* What contradicts across keys; line is the one to point at, 0 for none. */
enum rc conf_agree(const struct conf *conf, const struct conf_key **at, struct diag *why);
