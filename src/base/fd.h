#pragma once
/* Descriptors of files. Any thread. */
#include "base/span.h"

/* Writes all of it, whatever interrupts; false with errno. */
bool fd_write(int fd, struct span bytes);
