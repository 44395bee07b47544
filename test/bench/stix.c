/*
 * Indicators read and checked for every MUST on one core, pattern included, beside yyjson parsing
 * the same texts in the same run. stix [OBJECTS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/must.h"
#include "base/rng.h"
#include "base/vec.h"
#include "codec/jcs.h"
#include "stix/check.h"
#include "stix/id.h"

enum { ROUNDS = 5 };

static void
add_indicator(struct buf *out, struct rng rng, unsigned i)
{
	char id[STIX_ID_TEXT], by[STIX_ID_TEXT];
	stix_id_new(SPAN("indicator"), rng, id);
	stix_id_new(SPAN("identity"), rng, by);
	buf_printf(out,
		"{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"%s\",\"created_by_ref\":"
		"\"%s\","
		"\"created\":\"2026-11-22T07:37:10.123Z\",\"modified\":\"2026-11-22T07:37:10."
		"123Z\","
		"\"name\":\"Command and control host %u\",\"description\":\"Seen in beacons of a "
		"loader\","
		"\"indicator_types\":[\"malicious-activity\"],\"pattern\":\"[domain-name:value = "
		"'host%u.evil.example']\",\"pattern_type\":\"stix\",\"pattern_version\":\"2.1\","
		"\"valid_from\":\"2026-11-22T00:00:00Z\",\"valid_until\":\"2027-11-22T00:00:00Z\","
		"\"confidence\":80,\"labels\":[\"loader\"],\"object_marking_refs\":"
		"[\"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb\"]}",
		id, by, i, i);
}

/* The processor time of this thread: other work on the machine does not count. */
static int64_t
cpu_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

struct texts {
	struct buf text;
	vec_of(size_t) ends;
};

static struct span
text_at(const struct texts *t, size_t i)
{
	size_t from = i ? t->ends.at[i - 1] : 0;
	return (struct span){t->text.ptr + from, t->ends.at[i] - from};
}

static double
time_parse_only(const struct texts *t)
{
	int64_t from = cpu_now();
	for (size_t i = 0; i < t->ends.len; i++) {
		struct span s = text_at(t, i);
		yyjson_doc *doc = yyjson_read(s.ptr, s.len, 0);
		must(doc != NULL);
		yyjson_doc_free(doc);
	}
	return (double)(cpu_now() - from);
}

static double
time_read(const struct texts *t)
{
	int64_t from = cpu_now();
	for (size_t i = 0; i < t->ends.len; i++) {
		struct stix_object o;
		must(stix_read(text_at(t, i), &o, NULL) == RC_OK);
		stix_fini(&o);
	}
	return (double)(cpu_now() - from);
}

static double
time_check(const struct texts *t, const struct stix_options *options)
{
	struct stix_verdicts v = {};
	int64_t from = cpu_now();
	for (size_t i = 0; i < t->ends.len; i++) {
		struct stix_object o;
		must(stix_read(text_at(t, i), &o, NULL) == RC_OK);
		must(stix_check(&o, options, &v) == RC_OK);
		stix_fini(&o);
	}
	double took = (double)(cpu_now() - from);
	stix_verdicts_fini(&v);
	return took;
}

static double
time_canonical(const struct texts *t)
{
	own_buf struct buf out = {};
	int64_t from = cpu_now();
	for (size_t i = 0; i < t->ends.len; i++) {
		struct stix_object o;
		must(stix_read(text_at(t, i), &o, NULL) == RC_OK);
		buf_reset(&out);
		must(jcs_write(&out, o.root, NULL) == RC_OK);
		stix_fini(&o);
	}
	return (double)(cpu_now() - from);
}

int
main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 50000;
	uint64_t state = 1;
	struct rng rng = rng_seeded(&state);
	struct texts t = {};
	static const struct stix_options must_only = {.flags = STIX_FIRST_ONLY};
	static const struct stix_options strict = {.level = STIX_SHOULD};
	for (size_t i = 0; i < count; i++) {
		add_indicator(&t.text, rng, (unsigned)i);
		*vec_add(&t.ends) = t.text.len;
	}
	double best[5] = {};
	for (int round = 0; round < ROUNDS; round++) {
		double took[5] = {time_parse_only(&t), time_read(&t), time_check(&t, &must_only),
			time_check(&t, &strict), time_canonical(&t)};
		for (int k = 0; k < 5; k++)
			best[k] = round == 0 || took[k] < best[k] ? took[k] : best[k];
	}
	static const char *const names[] = {"yyjson alone", "header read", "read and every MUST",
		"read, MUSTs and SHOULDs", "read and RFC 8785"};
	printf("stix: %zu indicators of %.0f bytes, one core, best of %d\n", count,
		(double)t.text.len / (double)count, ROUNDS);
	for (int k = 0; k < 5; k++)
		printf("stix: %-24s %6.2f us each, %8.0f/s, %.2f of yyjson's time\n", names[k],
			best[k] / (double)count, (double)count * SECOND / best[k],
			best[k] / best[0]);
	buf_fini(&t.text);
	free(t.ends.at);
	return 0;
}
