#pragma once
/*
 * A file's whole text for commands that walk it more than once: mapped where it is plain, unpacked
 * into memory where it is gzip, zstd or xz or no regular file. "-" is stdin. The caller owns it;
 * a mapped file must not be cut short meanwhile. One thread at a time.
 */
#include "base/buf.h"
#include "base/rc.h"

struct input {
	void *map;
	size_t map_len;
	struct buf unpacked;
	struct span span;
};

#define own_input __attribute__((cleanup(input_fini)))

/*
 * RC_NONE: no such file; RC_IO: cannot be read; RC_BAD: damaged where it is packed; RC_LIMIT: it
 * unfolds into too much. struct input in = {}; may be finished whatever comes of it.
 */
enum rc input_open(struct input *in, const char *path, struct diag *why);
void input_fini(struct input *in);
