#include "feed/out.h"

#include "feed/out-internal.h"

const struct out_format *const out_formats[] = {
	&out_list, &out_csv, &out_rpz, &out_suricata, &out_yara, &out_zeek, &out_nft, NULL};

const struct out_format *
out_format_find(struct span name)
{
	for (const struct out_format *const *f = out_formats; *f; f++)
		if (span_eq(name, span_of((*f)->name)))
			return *f;
	return NULL;
}

void
out_begin(struct out *o, const struct out_format *format, const struct pass *pass,
	const struct out_meta *meta, struct buf *to)
{
	*o = (struct out){.format = format, .pass = pass, .meta = *meta};
	if (format->begin)
		format->begin(to, &o->meta);
}

void
out_add(struct out *o, const struct out_entry *e, struct buf *to)
{
	if (!pass_permits(o->pass, e->facts)) {
		o->withheld++;
		return;
	}
	if (o->format->add(to, e, o->written + 1))
		o->written++;
	else
		o->unsaid++;
}

void
out_end(struct out *o, struct buf *to)
{
	if (o->format->end)
		o->format->end(to, &o->meta);
}

void
out_word(struct buf *to, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		buf_add_byte(to, c < 0x20 || c == 0x7f ? ' ' : (char)c);
	}
}

struct span
url_host(struct span url, struct span *path)
{
	size_t slashes = span_find(url, SPAN("//"));
	struct span rest = slashes == SIZE_MAX ? url : span_sub(url, slashes + 2, SIZE_MAX);
	size_t end = 0;
	while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?')
		end++;
	*path = span_sub(rest, end, SIZE_MAX);
	struct span host = span_sub(rest, 0, end);
	size_t at = span_find_byte(host, '@');
	if (at != SIZE_MAX)
		host = span_sub(host, at + 1, SIZE_MAX);
	if (host.len && host.ptr[0] == '[')
		return span_sub(host, 0, span_find_byte(host, ']') + 1);
	return span_sub(host, 0, span_find_byte(host, ':'));
}
