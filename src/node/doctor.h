#pragma once
/*
 * What is weak at a node, and which command mends it. Each check is a row of one table; a check finds any
 * number of faults. Reads only. One thread.
 */
#include "conf/conf.h"
#include "node/node.h"

enum doctor_grade {
	DOCTOR_NOTE,   /* worth knowing */
	DOCTOR_WEAK,   /* mend it */
	DOCTOR_BROKEN, /* something does not work */
};

struct doctor_finding {
	const char *check; /* stable word: "keys", "tls", "jail", ... */
	enum doctor_grade grade;
	struct diag why; /* where, what, and the command that mends it */
};

struct doctor {
	struct node *node;
	const struct conf *conf;
	vec_of(struct doctor_finding) found;
	size_t checks; /* made */
};

/* RC_IO: the database cannot be read. free(d->found.at). */
enum rc doctor_run(struct doctor *d, struct diag *why);
const char *doctor_grade_word(enum doctor_grade g);
