/* A set under a name: written beside it, read back, and renamed once the disk has it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/own.h"
#include "match/set_write-internal.h"

/* What a set and its file hold together, as one that stands on none. */
static enum rc
join(const struct match_set *set, struct match_set **out)
{
	own_arena struct arena a = {};
	own_match_set struct match_set *made = match_set_new(set->seed);
	size_t count = set->base_items + set->items.len;
	match_set_expect(made, count);
	match_set_watch(made, set->work);
	made->has_open = match_set_has_open(set);
	for (size_t i = 0; i < count; i++) {
		if (set_is_stopped(set))
			return RC_AGAIN;
		struct item item;
		bool is_base = i < set->base_items;
		if (is_base ? !set_file_item(set->base, (uint32_t)i, &item) || item.role
			    : set->items.at[i - set->base_items].role != ROLE_INDICATOR)
			continue;
		arena_reset(&a);
		struct indicator one = match_set_get(set, (uint32_t)i, &a);
		/* What a damaged file says cannot be added stays behind. */
		if (match_set_add(made, &one) == RC_LIMIT)
			return RC_LIMIT;
	}
	*out = take(&made);
	return RC_OK;
}

static enum rc
failed(struct diag *why, int fault)
{
	if (fault == ECANCELED)
		return diag_fail(why, RC_AGAIN, "stopped before it was written");
	if (fault == ENOSPC || fault == EDQUOT)
		diag_todo(why, "make room, or write it elsewhere");
	return diag_fail(why, fault == ENOSPC || fault == EDQUOT ? RC_FULL : RC_IO,
		"cannot be written: %s", strerror(fault));
}

/* The disk has the file, and what it has is what was written. */
static enum rc
settle(const char *fresh, const char *path, int fd, struct diag *why)
{
	own_set_file struct set_file *made = NULL;
	struct diag plain = {};
	own_mem char *folder_name = mem_dup(span_of(path));
	char *slash = strrchr(folder_name, '/');
	if (slash)
		slash[1] = 0;
	own_fd int folder = open(slash ? folder_name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || !fd_adopt(fd, folder) || fsync(fd) < 0)
		return failed(why, errno);
	enum rc code = set_file_open(fresh, &made, &plain);
	if (!code)
		code = set_file_digest(made, &plain);
	if (code)
		return diag_fail(
			why, code, "what was written reads back otherwise: %s", plain.what);
	if (rename(fresh, path) < 0 || fsync(folder) < 0)
		return failed(why, errno);
	return RC_OK;
}

enum rc
set_file_write(const struct match_set *set, const char *path, struct span annex, int64_t now,
	struct diag *why)
{
	own_match_set struct match_set *joined = NULL;
	own_arena struct arena a = {};
	bool full = false;
	diag_where(why, "%s", path);
	enum rc code = set->base ? join(set, &joined) : RC_OK;
	if (code)
		return code == RC_AGAIN ? failed(why, ECANCELED)
					: diag_fail(why, code, "too many indicators for one set");
	char *fresh = (char *)(uintptr_t)arena_printf(&a, "%s.new-XXXXXX", path).ptr;
	own_fd int fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return failed(why, errno);
	int fault = set_write_all(joined ? joined : set, set->strings, annex, fd, now, &full);
	code = fault  ? failed(why, fault)
	       : full ? diag_fail(why, RC_LIMIT, "more text than one set holds")
		      : settle(fresh, path, fd, why);
	if (code)
		unlink(fresh);
	return code;
}
