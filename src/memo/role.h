#pragma once
/*
 * What each role may do. One table: doc/roles.md is printed from it, commands and endpoints ask it.
 * Constant; any thread.
 */
#include "base/buf.h"
#include "base/rc.h"

enum role_act {
	ACT_READ,      /* content: objects, pages, search, sightings */
	ACT_WRITE,     /* put objects where a grant lets it (TAXII POST and DELETE) */
	ACT_ANALYSE,   /* import, scan, hunt, draft */
	ACT_RELEASE,   /* publish: export to others; accept or drop what is in quarantine */
	ACT_APPROVE,   /* second signature on instruments, recalls, publishing */
	ACT_AUDIT,     /* read ledgers and logs, without content */
	ACT_CONFIGURE, /* users, grants, collections, peers, configuration */
	ROLE_ACTS,
};

/* Whether any of these roles (ROLE_*) may. */
bool role_may(unsigned roles, enum role_act act);
/* Set of roles (ROLE_*) that may. */
unsigned role_of_act(enum role_act act);
/* "read", "write", ... */
const char *role_act_word(enum role_act act);
/* "reader,admin" <-> set. RC_BAD: a word that is no role, or none at all. */
enum rc roles_parse(struct span text, unsigned *out, struct diag *why);
void roles_text(unsigned roles, struct buf *out);
