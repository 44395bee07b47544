#pragma once
/* must(x): an invariant of our own code. Always compiled in; says where, then aborts. */
#define must(condition) ((condition) ? (void)0 : must_fail(#condition, __FILE__, __LINE__))

void must_fail(const char *condition, const char *file, int line) __attribute__((noreturn));
