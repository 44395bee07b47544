#include "memo/role.h"

#include "base/must.h"
#include "memo/user.h"

static const struct {
	const char *word;
	unsigned roles;
} acts[ROLE_ACTS] = {
	[ACT_READ] = {"read", ROLE_READER | ROLE_ANALYST | ROLE_RELEASER | ROLE_OFFICER},
	[ACT_WRITE] = {"write", ROLE_READER | ROLE_ANALYST | ROLE_RELEASER | ROLE_OFFICER},
	[ACT_ANALYSE] = {"analyse", ROLE_ANALYST},
	[ACT_RELEASE] = {"release", ROLE_RELEASER},
	[ACT_APPROVE] = {"approve", ROLE_OFFICER},
	[ACT_AUDIT] = {"audit", ROLE_AUDITOR},
	[ACT_CONFIGURE] = {"configure", ROLE_ADMIN},
};

bool
role_may(unsigned roles, enum role_act act)
{
	return (role_of_act(act) & roles) != 0;
}

unsigned
role_of_act(enum role_act act)
{
	must((unsigned)act < ROLE_ACTS);
	return acts[act].roles;
}

const char *
role_act_word(enum role_act act)
{
	must((unsigned)act < ROLE_ACTS);
	return acts[act].word;
}
