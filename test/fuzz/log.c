/* Every log reader, and the scanner behind it: records and hits lie inside the input. */
#include "base/must.h"
#include "match/ioc.h"
#include "match/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t
fixed_now(const void *ctx)
{
	(void)ctx;
	return INT64_C(1767268800) * SECOND;
}

static struct match_set *
the_set(void)
{
	static struct match_set *set;
	if (set)
		return set;
	struct ioc_counts counts = {};
	own_stream struct stream *s = stream_new_span(
		SPAN("evil.org\n192.0.2.0/24\n::/1\n8000::/1\n"
		     "http://evil.org/a\nbad@evil.org\nja3:d41d8cd98f00b204e9800998ecf8427e\n"
		     "d41d8cd98f00b204e9800998ecf8427e\n"),
		NULL);
	set = match_set_new(1);
	must(ioc_add_list(set, s, &counts, NULL) == RC_OK && counts.armed == 8);
	return set;
}

static void
read_all(struct span log, const struct reader *reader, enum scan_text as)
{
	struct scan scan;
	struct record r;
	const struct hit *hit;
	own_stream struct stream *s = stream_new_span(log, NULL);
	own_reading struct reading reading;
	reading_init(&reading, s, reader, LINES_ALL, fixed_now(NULL));
	scan_init(&scan, the_set(), (struct clock){fixed_now, NULL});
	scan.text = as;
	while (!reading_next(&reading, &r, NULL)) {
		uint64_t end = record_place(&r, r.text.len);
		must(r.offset <= end && end <= log.len);
		for (size_t i = 0; i < r.fields; i++)
			must(field_place(&r, &r.field[i], r.field[i].value.len, NULL) <=
				r.text.len);
		size_t hits = scan_record(&scan, &r, SPAN("log"), &hit);
		for (size_t i = 0; i < hits; i++) {
			must(hit[i].offset >= r.offset && hit[i].offset <= end);
			must(hit[i].length <= end - hit[i].offset);
		}
	}
	scan_fini(&scan);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span log = {(const char *)data, size};
	/* Packed input belongs to the target "stream". */
	if (size > 2 &&
		(data[0] == 0x1f || data[0] == 0x28 || data[0] == 0xfd || (data[0] & 0xf0) == 0x50))
		return 0;
	read_all(log, NULL, SCAN_AS_IS);
	read_all(log, NULL, SCAN_DEFANGED);
	for (size_t i = 0; readers[i]; i++)
		read_all(log, readers[i], SCAN_AS_IS);
	return 0;
}
