#pragma once
/*
 * The system calls a jail leaves, as a seccomp filter. What is not named answers EPERM; clone3
 * answers ENOSYS so that the C library falls back to clone, whose flags a filter can read. One
 * thread.
 */
#include "jail/jail.h"

/* Loads the filter. RC_IO: the kernel refused it. */
enum rc calls_confine(unsigned allow, const char *role, struct diag *why);
