#pragma once
/*
 * A file that is cut while it is mapped, or whose disk fails, raises SIGBUS in whoever reads it. From the
 * first call on the process then ends with a line that names the file, and exit status 3. One thread calls.
 */
#include "base/span.h"

/* The bytes are mapped from this file, instead of those that were named before; of length 0: none are. */
void guard_mapping(const char *path, struct span bytes);
