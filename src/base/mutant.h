#pragma once
/*
 * mutant(N) switches one check off, so that a test can show that it guards that check:
 * tools/mutate.py builds with -Dmutate=true, sets TOCSIN_MUTANT=N for each N of test/mutants.txt
 * and expects the named test to fail. In every other build mutant(N) is the constant false and
 * vanishes. Pure; any thread.
 */
#include <stdbool.h>

#ifdef TOCSIN_MUTATE
bool mutant(unsigned number);
#else
static inline bool
mutant(unsigned number)
{
	(void)number;
	return false;
}
#endif
