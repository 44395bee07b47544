/* Packed streams: bounded output, and the same bytes whatever the size of the reads. */
#include "codec/stream.h"
#include "base/buf.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum rc
unpack(struct span packed, size_t piece, struct buf *out)
{
	static const struct stream_limits limits = {
		.bytes = 1 << 20, .ratio = 1000, .memory = 8 << 20};
	own_stream struct stream *s = stream_new_span(packed, &limits);
	size_t got;
	enum rc code;
	while (!(code = stream_read(s, buf_room(out, piece), piece, &got, NULL))) {
		must(got > 0 && got <= piece);
		out->len += got;
	}
	must(stream_taken(s) <= packed.len);
	return code;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span packed = {(const char *)data, size};
	own_buf struct buf large = {}, small = {};
	enum rc a = unpack(packed, 1 << 16, &large), b = unpack(packed, 7, &small);
	must(large.len <= (1 << 20) + (1 << 16));
	if (a == RC_NONE)
		must(b == RC_NONE && span_eq(buf_span(&large), buf_span(&small)));
	return 0;
}
