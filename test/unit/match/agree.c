/*
 * Scanning a log for patterns and matching them with the same events as observed-data agree: 10,000 generated
 * pairs of a pattern and a log. What a record tells is written twice here, as a line of a log and as STIX, from
 * one model; the product's own reading of records has no part in the latter.
 */
#include "../test.h"

#include "agree_patterns.h"
#include "codec/json.h"
#include "match/again.h"
#include "match/arm.h"
#include "match/sweep.h"
#include "pattern/atoms.h"
#include "pattern/match.h"
#include "pattern/strings.h"

enum {
	LOGS = 1000,
	PATTERNS = 10, /* for each log */
	FLOOR = 100,   /* each operator decides so many pairs, or more */
};

static enum rc
match(struct span text, const struct observations *o)
{
	own_arena struct arena a = {};
	own_matcher struct matcher *m = NULL;
	struct pattern p;
	struct diag why = {};
	if (pattern_parse(text, &a, &p, &why) || matcher_new(&p, &m, &why))
		fail_msg("%s %s: %.*s", why.where, why.what, (int)text.len, text.ptr);
	return matcher_run(m, o, NULL);
}

struct pair {
	struct buf text;
	enum rc expected;
};

static uint64_t made[OPS], decided[OPS];
static unsigned open_pairs; /* of patterns with a part that any record may be */

/* Which operators the answer hangs on. */
static void
count_decided(const struct pair *pair, const struct node *root, const struct observations *o)
{
	for (unsigned i = 0; i < used; i++) {
		struct node *n = &pool[i];
		/* An observation's bracket, and a join of one, say nothing. */
		if (n->observation)
			continue;
		own_buf struct buf other = {};
		n->altered = true;
		print(root, &other);
		n->altered = false;
		bool decides = match(buf_span(&other), o) != pair->expected;
		made[n->op]++;
		decided[n->op] += decides;
		made[OP_NOT] += n->negated;
		decided[OP_NOT] += n->negated && decides;
	}
}

/*
 * Where scanning takes a single comparison for the whole, it does not look at roles: any address is one that
 * network-traffic:src_ref.value means.
 */
static bool
is_comparable(struct span text)
{
	own_arena struct arena a = {};
	struct pattern p;
	struct pattern_atoms atoms;
	struct pattern_strings strings;
	if (pattern_parse(text, &a, &p, NULL))
		fail_msg("no pattern: %.*s", (int)text.len, text.ptr);
	pattern_atoms(&p, &a, &atoms);
	pattern_strings(&p, &a, &strings);
	if ((atoms.whole || strings.whole) && span_find(text, SPAN("_ref")) != SIZE_MAX)
		return false;
	return true;
}

static void
make_pair(struct pair *pair, struct match_set *set, unsigned number, const struct observations *o)
{
	own_arm_batch struct arm_batch batch = {};
	struct ioc_counts counts = {};
	char id[64];
	snprintf(id, sizeof id, "indicator--%u", number);
	for (;;) {
		used = 0;
		struct node *root = make_node(1 + (unsigned)chance(2));
		buf_reset(&pair->text);
		print(root, &pair->text);
		if (!is_comparable(buf_span(&pair->text)))
			continue;
		pair->expected = match(buf_span(&pair->text), o);
		assert_true(pair->expected == RC_OK || pair->expected == RC_NONE);
		struct indicator facts = {.id = span_of(id),
			.pattern = buf_span(&pair->text),
			.valid_from = TIME_NONE,
			.valid_until = TIME_NONE,
			.confidence = -1};
		arm_pattern(&facts, &batch);
		assert_rc(arm_commit(set, &batch, &counts, NULL), RC_OK);
		assert_int_equal(counts.unknown, 0);
		open_pairs += counts.open;
		if (counts.armed + counts.repeated)
			count_decided(pair, root, o);
		if (counts.armed + counts.repeated)
			return;
	}
}

/* What a scan of the log finds, behind what was found; which indicators, as bits. */
static unsigned
read_log(struct scan *scan, struct sweep *sweep, struct span log, struct buf *text)
{
	struct record r;
	const struct hit *hit;
	unsigned matched = 0;
	enum rc code;
	own_stream struct stream *s = stream_new_span(log, NULL);
	own_reading struct reading reading;
	reading_init(&reading, s, reader_find(SPAN("json")), LINES_ALL, NOON + 86400 * SECOND);
	reading.numbers = true;
	if (sweep && scan->open == STREAM_OPEN_LATER)
		reading_sweep(&reading, sweep, 0);
	else if (sweep)
		reading_sweep_all(&reading, sweep);
	for (bool more = true; more;) {
		code = reading_next(&reading, &r, NULL);
		if (code == RC_AGAIN)
			continue;
		more = code == RC_OK;
		size_t hits =
			more ? scan_record(scan, &r, SPAN("log"), &hit) : scan_settle(scan, &hit);
		for (size_t i = 0; i < hits; i++) {
			uint64_t number;
			assert_true(span_to_u64(span_sub(hit[i].indicator, 11, SIZE_MAX), &number));
			matched |= 1u << number;
			buf_printf(text, "%llu:%llu %llu %s", (unsigned long long)hit[i].line,
				(unsigned long long)hit[i].offset, (unsigned long long)number,
				hit_match_word(hit[i].match));
			for (size_t k = 0; k < hit[i].parts; k++)
				buf_printf(text, " %llu", (unsigned long long)hit[i].part[k].line);
			buf_add_byte(text, ';');
		}
	}
	struct stream_counts c = scan_patterns(scan);
	assert_false(stream_counts_matter(&c));
	return matched;
}

static unsigned again_read; /* logs */

/* Which indicators had a hit, as bits; the hits as text. */
static unsigned
scan_log(const struct match_set *set, struct sweep *sweep, struct span log, struct buf *text)
{
	struct scan scan, second;
	scan_init(&scan, set, (struct clock){noon_now, NULL});
	scan.open = STREAM_OPEN_LATER;
	unsigned matched = read_log(&scan, sweep, log, text);
	struct again *again = again_new(&scan);
	if (again) {
		again_read++;
		again_begin(again, &scan, &second);
		own_sweep struct sweep *beside = sweep ? sweep_new(second.set) : NULL;
		unsigned more = read_log(&second, beside, log, text);
		assert_int_equal(matched & more, 0);
		matched |= more;
		scan_fini(&second);
	}
	again_free(&again);
	scan_fini(&scan);
	return matched;
}

/* The same where nothing can be read twice. */
static unsigned
scan_once(const struct match_set *set, struct sweep *sweep, struct span log)
{
	own_buf struct buf text = {};
	struct scan scan;
	scan_init(&scan, set, (struct clock){noon_now, NULL});
	unsigned matched = read_log(&scan, sweep, log, &text);
	scan_fini(&scan);
	return matched;
}

static int
by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	return x->time < y->time ? -1 : x->time > y->time;
}

static void
write_both(struct buf *log, struct buf *bundle)
{
	size_t count = event_count = 3 + chance(RECORDS_MOST - 3);
	for (size_t i = 0; i < count; i++)
		events[i] = make_event();
	if (chance(4))
		qsort(events, count, sizeof *events, by_time);
	if (chance(2)) { /* slightly out of order */
		size_t at = chance(count - 1);
		struct event e = events[at];
		events[at] = events[at + 1];
		events[at + 1] = e;
	}
	for (size_t i = 0; i < count; i++) {
		write_line(&events[i], log);
		buf_add(bundle, i ? SPAN(",") : SPAN("["));
		write_observed(&events[i], bundle);
	}
	buf_add(bundle, SPAN("]"));
}

static void
agree_on_a_log(unsigned number, unsigned *matches)
{
	own_buf struct buf log = {}, bundle = {}, slow = {}, fast = {};
	own_json yyjson_doc *doc = NULL;
	own_observations struct observations *o = observations_new();
	own_match_set struct match_set *set = match_set_new(number);
	struct pair pairs[PATTERNS] = {};
	unsigned expected = 0;
	write_both(&log, &bundle);
	assert_rc(json_read(buf_span(&bundle), NULL, &doc, NULL), RC_OK);
	assert_rc(observations_add(o, yyjson_doc_get_root(doc), NULL), RC_OK);
	for (unsigned i = 0; i < PATTERNS; i++) {
		make_pair(&pairs[i], set, i, o);
		expected |= (unsigned)(pairs[i].expected == RC_OK) << i;
	}
	struct sweep *sweep = sweep_new(set);
	unsigned plain = scan_log(set, NULL, buf_span(&log), &slow);
	unsigned swept = scan_log(set, sweep, buf_span(&log), &fast);
	unsigned once = scan_once(set, number % 2 ? sweep : NULL, buf_span(&log));
	sweep_free(&sweep);
	for (unsigned i = 0; i < PATTERNS; i++) {
		if ((plain ^ expected) >> i & 1) {
			fprintf(stderr, "# %.*s\n# %.*s\n", (int)pairs[i].text.len,
				pairs[i].text.ptr, (int)log.len, log.ptr);
			fail_msg("log %u, pattern %u: pattern match says %s, scan does not", number,
				i, expected >> i & 1 ? "match" : "none");
		}
		*matches += expected >> i & 1;
		buf_fini(&pairs[i].text);
	}
	assert_int_equal(plain, swept);
	assert_int_equal(plain, once);
	buf_add_byte(&slow, 0);
	buf_add_byte(&fast, 0);
	assert_string_equal(slow.ptr, fast.ptr);
}

static void
scan_and_pattern_match_agree_on_ten_thousand_pairs(void **state)
{
	(void)state;
	unsigned matches = 0;
	const char *said = getenv("TOCSIN_SEED");
	seed = said ? strtoull(said, NULL, 10) : seed;
	printf("# seed %llu\n", (unsigned long long)seed);
	for (unsigned i = 0; i < LOGS; i++)
		agree_on_a_log(i, &matches);
	printf("# said: %u pairs of open patterns, %u times all was read again\n", open_pairs,
		again_read);
	assert_true(open_pairs > 500 && again_read > 500);
	printf("# %u of %u pairs match\n# operator: in so many pairs, decides so many\n", matches,
		LOGS * PATTERNS);
	for (unsigned op = 0; op < OPS; op++)
		printf("# %-10s %6llu %6llu\n", op_words[op], (unsigned long long)made[op],
			(unsigned long long)decided[op]);
	assert_in_range(matches, LOGS * PATTERNS / 5, LOGS * PATTERNS * 4 / 5);
	for (unsigned op = 0; op < OPS; op++)
		assert_true(decided[op] >= FLOOR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scan_and_pattern_match_agree_on_ten_thousand_pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
