#include "base/mutant.h"

#ifdef TOCSIN_MUTATE
#include <stdlib.h>

bool
mutant(unsigned number)
{
	const char *chosen = getenv("TOCSIN_MUTANT");
	return chosen && (unsigned long)number == strtoul(chosen, NULL, 10);
}
#endif
