#pragma once
/* What the files of the set command share. One thread. */
#include <stdint.h>

#include "cmd/cmd.h"

/* Of few the fixed parts tell most: nothing to be said of each. */
enum { SET_MANY = 1000 };
static inline double
set_each(uint64_t bytes, uint64_t count)
{
	return (double)bytes / (double)count;
}

/* "3 days" and the like: the largest unit of which there are two. */
void set_age_text(int64_t age, char *out, size_t size);
enum cmd_exit set_show_run(struct cmd_env *env);
enum cmd_exit set_verify_run(struct cmd_env *env);
