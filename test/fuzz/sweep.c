/* The fast pass beside the plain scanner: every line with a hit has a place, by every kernel and for every reader. */
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/own.h"
#include "match/ioc.h"
#include "match/scan.h"
#include "match/sweep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t
fixed_now(const void *ctx)
{
	(void)ctx;
	return INT64_C(1767268800) * SECOND;
}

enum { KERNELS = 4 };

static struct match_set *set;
static struct sweep *sweeps[KERNELS];

static void
begin(void)
{
	static const char *const cpus[KERNELS] = {"c", "avx2", "avx512", "neon"};
	struct ioc_counts counts = {};
	own_stream struct stream *s = stream_new_span(
		SPAN("evil.org\na.b.example\n192.0.2.7\n192.0.2.64/28\n2001:db8::7\n2001:db8:5::/"
		     "48\n"
		     "http://evil.org/a\nbad@mail.example\nja3:d41d8cd98f00b204e9800998ecf8427e\n"
		     "da39a3ee5e6b4b0d3255bfef95601890afd80709\nb\xc3\xbc"
		     "cher.de\n"
		     "aa:bb:cc:dd:ee:ff\n00:1b:44:11:3a:b7\nCVE-2024-1234\n"
		     "t13d1516h2_8daaf6152771_e5627efa2ab1\n"),
		NULL);
	set = match_set_new(1);
	must(ioc_add_list(set, s, &counts, NULL) == RC_OK && counts.armed == 15);
	for (size_t i = 0; i < KERNELS; i++) {
		setenv("TOCSIN_CPU", cpus[i], 1);
		sweeps[i] = sweep_new(set);
	}
}

static void
compare(const struct sweep_result *places, struct span log, const struct reader *reader)
{
	struct scan scan;
	struct record r;
	const struct hit *hit;
	own_stream struct stream *s = stream_new_span(log, NULL);
	own_reading struct reading reading;
	reading_init(&reading, s, reader, LINES_ALL, fixed_now(NULL));
	scan_init(&scan, set, (struct clock){fixed_now, NULL});
	size_t at = 0;
	while (!reading_next(&reading, &r, NULL)) {
		while (at < places->places && places->place[at].at < r.offset)
			at++;
		bool there =
			at < places->places && places->place[at].at <= record_place(&r, r.text.len);
		must(there || r.wide || reading.lines.keep == LINES_KEEP_ALL ||
			reading.lines.keep == LINES_KEEP_RECORDS ||
			scan_record(&scan, &r, SPAN("log"), &hit) == 0);
	}
	scan_fini(&scan);
}

/* Places of hits, and how many records there are. */
static void
tell_hits(struct sweep *sweep, struct span log, const struct reader *reader, bool all,
	struct buf *out)
{
	struct scan scan;
	struct record r;
	const struct hit *hit;
	enum rc code;
	own_stream struct stream *s = stream_new_span(log, NULL);
	own_reading struct reading reading;
	reading_init(&reading, s, reader, LINES_ALL, fixed_now(NULL));
	if (all)
		reading_sweep_all(&reading, sweep);
	else
		reading_sweep(&reading, sweep, 0);
	scan_init(&scan, set, (struct clock){fixed_now, NULL});
	while (!(code = reading_next(&reading, &r, NULL)) || code == RC_AGAIN) {
		size_t hits = code ? 0 : scan_record(&scan, &r, SPAN("log"), &hit);
		for (size_t i = 0; i < hits; i++)
			buf_printf(out, "%llu:%llu %lld %.*s\n", (unsigned long long)hit[i].line,
				(unsigned long long)hit[i].offset, (long long)hit[i].time,
				(int)hit[i].seen.value.len, hit[i].seen.value.ptr);
	}
	buf_printf(
		out, "%llu", (unsigned long long)(scan.counts.records + reading_passed(&reading)));
	scan_fini(&scan);
}

/* What is passed over where records span lines, and where in a line is looked, is up to the reader too. */
static void
compare_whole(struct sweep *sweep, struct span log, const struct reader *reader)
{
	own_buf struct buf plain = {}, swept = {}, beside = {};
	tell_hits(NULL, log, reader, false, &plain);
	tell_hits(sweep, log, reader, false, &swept);
	tell_hits(sweep, log, reader, true, &beside);
	must(span_eq(buf_span(&plain), buf_span(&swept)));
	must(span_eq(buf_span(&plain), buf_span(&beside)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span log = {(const char *)data, size};
	if (!set)
		begin();
	/* Packed input belongs to the target "stream". */
	if (size > 2 &&
		(data[0] == 0x1f || data[0] == 0x28 || data[0] == 0xfd || (data[0] & 0xf0) == 0x50))
		return 0;
	own_mem char *room = mem_new(size + 2 * SWEEP_SLACK);
	memset(room, size ? data[size - 1] : 0, SWEEP_SLACK);
	memset(room + SWEEP_SLACK + size, size ? data[0] : 0, SWEEP_SLACK);
	if (size)
		memcpy(room + SWEEP_SLACK, data, size);
	for (size_t k = 0; k < KERNELS; k++) {
		struct sweep_result places;
		sweep_text_counted(sweeps[k], (struct span){room + SWEEP_SLACK, size}, &places);
		for (size_t i = 0; i < places.places; i++)
			must(places.place[i].at <= size &&
				(!i || places.place[i - 1].at <= places.place[i].at));
		for (size_t i = 0; readers[i]; i++)
			compare(&places, log, readers[i]);
		for (size_t i = 0; k == 0 && readers[i]; i++)
			compare_whole(sweeps[k], log, readers[i]);
	}
	return 0;
}
