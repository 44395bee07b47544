#pragma once
/* Identifiers of vulnerabilities as the CVE programme gives them. Pure functions; any thread. */
#include "base/span.h"

enum { CVE_LONGEST = 4 + 5 + 19 }; /* its schema: four digits of a year, then 4 to 19 */

/*
 * How many bytes at the beginning of `text` are one, in any case and with "_" as well, as rules write it:
 * "CVE-2024-1234", "cve_2024_1234"; 0 where they are none, also where its digits go on for too long.
 */
size_t cve_length(struct span text);
/* The whole of it in capitals with hyphens; how many bytes, 0 where it is none. */
size_t cve_normalize(struct span text, char out[static CVE_LONGEST]);
