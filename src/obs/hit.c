#include "obs/hit.h"

#include "base/must.h"

const char *
hit_match_word(enum hit_match match)
{
	static const char *const words[] = {
		[HIT_EXACT] = "exact",
		[HIT_SUBDOMAIN] = "subdomain",
		[HIT_CIDR] = "cidr",
		[HIT_URL_HOST] = "url-host",
		[HIT_URL_PREFIX] = "url-prefix",
		[HIT_REGEX] = "regex",
		[HIT_PATTERN] = "pattern",
	};
	must(match < sizeof words / sizeof *words);
	return words[match];
}
