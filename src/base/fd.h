#pragma once
/* Descriptors of files. Any thread. */
#include "base/span.h"

/*
 * Where root makes a file in somebody's folder it is made theirs: a node whose administrator used sudo
 * could not read it otherwise. `folder` is a descriptor. Only of a plain file with one name, so that nobody
 * has root give away another. False with errno where it was to be and could not.
 */
bool fd_adopt(int fd, int folder);
/* Writes all of it, whatever interrupts; false with errno. */
bool fd_write(int fd, struct span bytes);
