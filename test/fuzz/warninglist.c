/* A MISP warninglist and questions to it. */
#include "base/must.h"
#include "match/warn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_warn struct warn *w = warn_new();
	size_t skipped;
	if (warn_add(w, (struct span){(const char *)data, size}, &skipped, NULL))
		return 0;
	warn_find(w, (struct observable){OBS_DOMAIN, SPAN("a.good.org")});
	warn_find(w, (struct observable){OBS_IPV4, SPAN("192.0.2.1")});
	warn_find(w, (struct observable){OBS_URL, SPAN("http://good.org/a")});
	warn_find(w, (struct observable){OBS_MD5, SPAN("d41d8cd98f00b204e9800998ecf8427e")});
	return 0;
}
