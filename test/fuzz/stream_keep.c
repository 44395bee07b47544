/*
 * What patterns hold, as somebody else wrote it: refused, or resumed, and then what is kept of it is the same and
 * streams judge on.
 */
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "match/arm.h"
#include "match/scan.h"
#include "match/stream_keep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *id, *pattern;
} known[] = {
	{"indicator--1", "[domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value = 'b.org']"},
	{"indicator--2", "([domain-name:value = 'a.org'] AND [ipv4-addr:value = '192.0.2.1'] AND "
			 "[file:name = 'x.exe']) WITHIN 60 SECONDS"},
	{"indicator--3", "[domain-name:value = 'c.org'] REPEATS 5 TIMES"},
	{"indicator--4", "[domain-name:value = 'a.org'] FOLLOWEDBY [domain-name:value != 'c.org']"},
};

static struct match_set *
make_set(void)
{
	struct match_set *set = match_set_new(1);
	own_arm_batch struct arm_batch batch = {};
	struct ioc_counts counts = {};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct indicator facts = {.id = span_of(known[i].id),
			.pattern = span_of(known[i].pattern),
			.valid_from = TIME_NONE,
			.valid_until = TIME_NONE,
			.confidence = -1};
		arm_pattern(&facts, &batch);
		must(arm_commit(set, &batch, &counts, NULL) == RC_OK);
	}
	return set;
}

static int64_t
now(const void *ctx)
{
	(void)ctx;
	return 1767268800000000;
}

static void
read_on(struct scan *scan)
{
	static const char *const lines[] = {"2026-01-01T12:00:00Z a.org", "b.org 192.0.2.1",
		"c.org", "2026-01-01T12:00:01Z b.org", "x.exe", "c.org a.org"};
	const struct hit *hit;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct field f = {.name = SPAN("line"), .value = span_of(lines[i])};
		struct record r = {.time = i % 2 ? TIME_NONE : now(NULL),
			.line = i + 1,
			.text = f.value,
			.field = &f,
			.fields = 1};
		size_t hits = scan_record(scan, &r, SPAN("f"), &hit);
		for (size_t k = 0; k < hits; k++)
			must(hit[k].parts && hit[k].parts <= HIT_PARTS_MAX);
	}
	(void)scan_settle(scan, &hit);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct match_set *set;
	struct scan scan, other;
	struct streams_kept counts, again;
	if (!set)
		set = make_set();
	scan_init(&scan, set, (struct clock){now, NULL});
	scan_init(&other, set, (struct clock){now, NULL});
	enum rc code = streams_resume(
		scan_streams(&scan), set, (struct span){(const char *)data, size}, &counts, NULL);
	must(code == RC_OK || code == RC_BAD);
	if (!code) {
		own_buf struct buf kept = {};
		must(streams_keep(scan_streams(&scan), &kept) == 0);
		must(streams_resume(scan_streams(&other), set, buf_span(&kept), &again, NULL) ==
			RC_OK);
		must(again.records == counts.records && again.patterns == counts.patterns &&
			!again.gone);
		read_on(&scan);
		own_buf struct buf later = {};
		must(streams_keep(scan_streams(&scan), &later) == 0);
	}
	scan_fini(&scan);
	scan_fini(&other);
	return 0;
}
