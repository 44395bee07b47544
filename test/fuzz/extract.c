/* Running text: everything found lies in it and looks like what it is said to be. */
#include "obs/extract.h"
#include "base/must.h"
#include "obs/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_arena struct arena a = {};
	struct extract it;
	struct found f;
	struct span text = {(const char *)data, size}, raw;
	struct observable o;
	size_t count = 0;
	enum found_coding coding;
	extract_init(&it, text, &a);
	while (extract_next(&it, &f)) {
		must(f.len > 0 && f.at < size && f.len <= size - f.at);
		must(count++ <= size);
		if (f.kind == OBS_IPV4 || f.kind == OBS_IPV6) {
			must(f.addr.six == (f.kind == OBS_IPV6));
		} else {
			must(f.value.len > 0);
			if (f.kind != OBS_DOMAIN)
				must(obs_normalize(f.kind, f.value, &a, &o, NULL) == RC_OK);
		}
		if (found_url(text, &f, &raw, &coding)) {
			must(raw.ptr >= text.ptr && raw.ptr + raw.len <= text.ptr + text.len);
			struct url url;
			(void)!url_parse(raw, SCHEME_OPTIONAL, &a, &url, NULL);
		}
		for (unsigned nth = 0; nth < 2; nth++)
			if (found_email(text, &f, nth, &raw))
				must(raw.ptr >= text.ptr &&
					raw.ptr + raw.len <= text.ptr + text.len);
	}
	return 0;
}
