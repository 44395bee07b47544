#pragma once
/* What the files of armed share: armed.c reads what came, armed_mend.c finds what went, armed_file.c has the file. */
#include <sys/stat.h>

#include "node/armed.h"
#include "node/armed_file.h"
#include "node/arming.h"
#include "node/node.h"

enum { LEAVES = 1024 };

struct armed {
	struct armed_options options;
	uint64_t seed;
	struct leaves {
		uint64_t key; /* hash of an indicator's id */
		bool may;
	} leaves[LEAVES]; /* as armed_leaves found them last */
	struct node node;
	struct conf *conf;
	struct versions *versions; /* of a file: borrows from the set's */
	int64_t seen;		   /* newest stamp whose indicators are armed */
	struct vault_now now;	   /* what else they were armed under */
	bool begun, broken;	   /* broken: the set lacks what `versions` says */
	bool current;		   /* nothing was committed since */
	struct stat tried;	   /* the file that is used, or was not */
	int64_t stamp, took;	   /* of the file that is used; TIME_NONE: none is */
	bool ignored;
	struct diag ignored_why;
	size_t armed; /* indicators in the set */
	struct ioc_counts counts;
};

/* One refresh under way. */
struct refresh {
	struct armed *armed;
	struct arming *arming;
	vec_of(struct uuid) affected; /* what was in force of them went */
	vec_of(uint32_t) present;     /* numbers of collections */
	bool lost;		      /* what is known contradicts the vault: begin anew */
};

extern const struct span armed_types[1];

/* Arms what a collection shows of an object now. */
enum rc armed_item(struct refresh *r, const struct pass *pass, const struct vault_item *item,
	struct diag *why);
/* The same of an object whose verdict is known. */
enum rc armed_take(struct refresh *r, enum versions_verdict verdict, const struct vault_item *item,
	struct diag *why);
/* Whether more or less was seen in a collection than is there. */
enum rc armed_differs(struct refresh *r, uint32_t collection, bool *differs, struct diag *why);
/* Finds what a collection does not show any more, and what it shows instead. pass NULL: it is gone. */
enum rc armed_mend(
	struct refresh *r, uint32_t collection, const struct pass *pass, struct diag *why);
/* Collections that are gone; then what is left of the objects of which something went. */
enum rc armed_mend_rest(struct refresh *r, struct diag *why);
