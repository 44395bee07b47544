#include <stdlib.h>
#include <string.h>

#include "memo/release.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As it came, and with a right MAC behind, so that the reader itself is reached. */
static void
unpack(struct span packed, const struct mac_key *key)
{
	own_pass struct pass *pass = NULL;
	own_buf struct buf again = {};
	if (pass_unpack(packed, key, &pass, NULL) != RC_OK)
		return;
	pass_pack(pass, key, &again);
	own_pass struct pass *back = NULL;
	if (pass_unpack(buf_span(&again), key, &back, NULL) != RC_OK)
		abort();
	struct facts red = {STIX_CLASS_INDICATOR, TLP_RED, PRIVACY_NONE, 0};
	if (pass_permits(back, red) != pass_permits(pass, red))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mac_key key = {{1}};
	uint8_t mac[MAC_SIZE];
	own_buf struct buf whole = {};
	struct span s = {(const char *)data, size};
	unpack(s, &key);
	mac_of(&key, s, mac);
	buf_add(&whole, s);
	buf_add(&whole, (struct span){(const char *)mac, sizeof mac});
	unpack(buf_span(&whole), &key);
	return 0;
}
