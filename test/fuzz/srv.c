/* A DNS answer from whoever answers: what is taken out of it are host names and ports. */
#include <string.h>

#include "base/must.h"
#include "net/srv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct srv_list list;
	enum rc code = srv_read((struct span){(const char *)data, size}, &list, NULL);
	must((code == RC_OK) == (list.len > 0) && list.len <= SRV_MOST);
	for (size_t i = 0; i < list.len; i++) {
		must(list.at[i].port > 0 && list.at[i].host[0]);
		must(i == 0 || list.at[i - 1].priority <= list.at[i].priority);
		for (const char *p = list.at[i].host; *p; p++)
			must(*p > ' ' && *p < 127 && !strchr("/:@?#%[]\\\"'", *p));
	}
	return 0;
}
