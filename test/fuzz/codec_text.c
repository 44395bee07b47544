/* Base64 both ways and the canonical text of any JSON, which is a fixed point. */
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "codec/base64.h"
#include "codec/jcs.h"
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
use_base64(struct span text)
{
	own_buf struct buf bytes = {}, again = {};
	if (base64_decode(text, &bytes, NULL) == RC_OK) {
		base64_encode(&again, buf_span(&bytes));
		must(span_eq(buf_span(&again), text));
	}
	must(base64_is(text) || (text.len > 0 && again.len == 0));
	buf_reset(&bytes);
	buf_reset(&again);
	if (base64url_decode(text, &bytes, NULL) == RC_OK) {
		base64url_encode(&again, buf_span(&bytes));
		must(span_eq(buf_span(&again), text));
	}
}

static void
use_canonical(struct span text)
{
	static const struct json_limits loose = {.any_keys = true, .any_ints = true};
	own_json yyjson_doc *doc = NULL, *second = NULL;
	own_buf struct buf once = {}, twice = {};
	if (json_read(text, &loose, &doc, NULL) || jcs_write(&once, yyjson_doc_get_root(doc), NULL))
		return;
	must(json_read(buf_span(&once), &loose, &second, NULL) == RC_OK);
	must(jcs_write(&twice, yyjson_doc_get_root(second), NULL) == RC_OK);
	must(span_eq(buf_span(&once), buf_span(&twice)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	use_base64(text);
	use_canonical(text);
	return 0;
}
