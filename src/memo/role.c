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

static const struct {
	struct span word;
	unsigned role;
} words[] = {
	{{"reader", 6}, ROLE_READER},
	{{"analyst", 7}, ROLE_ANALYST},
	{{"releaser", 8}, ROLE_RELEASER},
	{{"officer", 7}, ROLE_OFFICER},
	{{"auditor", 7}, ROLE_AUDITOR},
	{{"admin", 5}, ROLE_ADMIN},
};

enum rc
roles_parse(struct span text, unsigned *out, struct diag *why)
{
	unsigned set = 0;
	struct span rest = text, word;
	diag_where(why, "role");
	while (rest.ptr && span_cut(&rest, ',', &word)) {
		unsigned role = 0;
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (span_eq(span_trim(word), words[i].word))
				role = words[i].role;
		set |= role;
		if (role)
			continue;
		diag_todo(why, "reader, analyst, releaser, officer, auditor or admin, with commas");
		return diag_fail(why, RC_BAD, "\"%.*s\" is no role",
			(int)(word.len < 40 ? word.len : 40), word.ptr ? word.ptr : "");
	}
	if (set == 0)
		return diag_fail(why, RC_BAD, "no role is named");
	*out = set;
	return RC_OK;
}

void
roles_text(unsigned set, struct buf *out)
{
	size_t before = out->len;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!(set & words[i].role))
			continue;
		if (out->len != before)
			buf_add_byte(out, ',');
		buf_add(out, words[i].word);
	}
}
