#include <stdlib.h>
#include <string.h>

#include "keys/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = {(const char *)data, size};
	struct x509_view view;
	struct sign_public public;
	struct sign_key secret;
	char print[FINGERPRINT_TEXT], again[FINGERPRINT_TEXT];
	if (x509_read(s, &view, NULL) == RC_OK &&
		(memchr(view.name, 0, sizeof view.name) == NULL || strchr(view.name, '\n')))
		abort();
	(void)!sign_public_from_pem(s, &public, NULL);
	(void)!sign_key_from_pem(s, &secret, NULL);
	if (fingerprint_parse(s, print) == RC_OK &&
		(fingerprint_parse((struct span){print, FINGERPRINT_TEXT - 1}, again) != RC_OK ||
			strcmp(print, again) != 0))
		abort();
	return 0;
}
