#pragma once
/* Cases that are not in this repository: files under TOCSIN_SHARED, read whole. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/span.h"

/* The file's bytes (free ptr), {NULL, 0} where it or TOCSIN_SHARED is missing. */
static inline struct span
shared_read(const char *name)
{
	char path[512];
	const char *folder = getenv("TOCSIN_SHARED");
	if (!folder)
		return (struct span){};
	snprintf(path, sizeof path, "%s/data/%s", folder, name);
	FILE *file = fopen(path, "rb");
	if (!file)
		return (struct span){};
	char *text = NULL;
	size_t len = 0, got;
	do {
		text = mem_grow(text, len + (1 << 20), 1);
		got = fread(text + len, 1, 1 << 20, file);
		len += got;
	} while (got);
	fclose(file);
	return (struct span){text, len};
}

/* For main(): what TAP says where there are no cases. */
static inline int
shared_missing(const char *name)
{
	printf("1..0 # SKIP no %s in TOCSIN_SHARED\n", name);
	return 0;
}
