/* Keys that are looked up together are found as each of them alone is, in their order, however many there are. */
#include "../test.h"

#include "base/own.h"
#include "base/rng.h"
#include "match/set_file-internal.h"
#include "match/sweep.h"
#include "world.h"

/* What a set may stand on: the heap, a file, and a file with as much added. */
enum stand { HEAP, MAPPED, BOTH, STANDS };

/* A list as a set that stands so. */
static struct match_set *
standing(const char *list, enum stand stand)
{
	if (stand == BOTH) {
		size_t lines = 0;
		for (const char *p = list; *p; p++)
			lines += *p == '\n';
		return parted_of(list, lines / 2);
	}
	own_match_set struct match_set *set = set_of(list);
	return stand == HEAP ? take(&set) : mapped_of(set);
}

/* "a.a.….x.example" with so many labels before the last two. */
static size_t
name_of(char *to, unsigned labels)
{
	size_t at = 0;
	for (unsigned i = 0; i < labels; i++) {
		to[at++] = (char)('a' + i % 26);
		to[at++] = '.';
	}
	memcpy(to + at, "x.example", 10);
	return at + 9;
}

static void
many_labels_answer_in_their_order(void **state)
{
	(void)state;
	enum { MOST = 122 };
	own_buf struct buf list = {};
	char name[NAME_LONGEST + 1];
	size_t len = name_of(name, MOST);
	/* Each name that the longest is below, but for every third. */
	for (size_t at = 0, i = 0; at + 9 <= len; at += 2, i++)
		if (i % 3)
			buf_printf(&list, "%s\n", name + at);
	buf_add_byte(&list, 0);
	for (enum stand stand = 0; stand < STANDS; stand++) {
		own_match_set struct match_set *set = standing(list.ptr, stand);
		own_arena struct arena a = {};
		struct match_answers answers = {};
		for (unsigned labels = 0; labels <= MOST; labels++) {
			size_t from = 2 * (size_t)(MOST - labels), k = 0;
			struct found f = {.kind = OBS_DOMAIN, .value = {name + from, len - from}};
			arena_reset(&a);
			answers.len = 0;
			match_set_probe(set, (struct span){}, &f, CONTEXT_PLAIN, &a, &answers);
			for (size_t at = from, i = MOST - labels; at + 9 <= len; at += 2, i++) {
				if (i % 3 == 0)
					continue;
				assert_true(k < answers.len);
				struct indicator got = match_set_get(set, answers.at[k].item, &a);
				assert_true(span_eq(got.about.value, span_of(name + at)));
				assert_int_equal(answers.at[k].match,
					at == from ? HIT_EXACT : HIT_SUBDOMAIN);
				k++;
			}
			assert_int_equal(k, answers.len);
		}
		free(answers.at);
	}
}

static struct span
random_name(struct rng rng, char *to)
{
	uint32_t n;
	rng_fill(rng, &n, sizeof n);
	return (struct span){to, (size_t)sprintf(to, "h%u.example", n % 60000)};
}

static void
keys_together_are_found_as_each_alone(void **state)
{
	(void)state;
	own_buf struct buf list = {};
	for (unsigned i = 0; i < 60000; i += 2)
		buf_printf(&list, "h%u.example\n", i);
	buf_add_byte(&list, 0);
	uint64_t seed = 11;
	struct rng rng = rng_seeded(&seed);
	for (enum stand stand = 0; stand < STANDS; stand++) {
		own_match_set struct match_set *set = standing(list.ptr, stand);
		for (size_t turn = 0; turn < 20 * (SET_KEYS + 1); turn++) {
			size_t count = turn % (SET_KEYS + 1);
			char name[SET_KEYS][20];
			struct set_key keys[SET_KEYS];
			for (size_t i = 0; i < count; i++)
				keys[i] = set_key_ahead(set, KEY_NAME, random_name(rng, name[i]));
			set_find_all(set, keys, count);
			for (size_t i = 0; i < count; i++) {
				struct set_walk want, got;
				struct item item;
				set_walk(set, KEY_NAME, keys[i].bytes, &want);
				set_walk_from(set, &keys[i], &got);
				assert_int_equal(got.base, want.base);
				assert_int_equal(got.own, want.own);
				uint32_t number = atoi(name[i] + 1) % 2 ? 0 : 1;
				assert_int_equal(set_next(&got, &item) != NONE, number);
			}
		}
	}
}

/* `count` lines, each with what the set knows; every place, and no other, must be named. */
static void
sweep_lines_of(struct sweep *s, unsigned count, size_t width)
{
	own_buf struct buf log = {};
	vec_of(size_t) starts = {};
	memset(buf_room(&log, SWEEP_SLACK), 0, SWEEP_SLACK);
	log.len = SWEEP_SLACK;
	for (unsigned i = 0; i < count; i++) {
		*vec_add(&starts) = log.len - SWEEP_SLACK;
		switch (i % 4) {
		case 0: buf_printf(&log, "H%u.EXAMPLE unknown.example\n", i % 200 * 2); break;
		case 1: buf_printf(&log, "192.0.2.%u 192.0.3.1\n", i % 200 + 1); break;
		case 2: buf_printf(&log, "%032X\n", i % 200 + 1); break;
		default: buf_printf(&log, "%0*u.%0*u.long.example\n", (int)width, 0, (int)width, 0);
		}
		for (unsigned j = 0; j < i % 7; j++)
			buf_printf(&log, "quiet.example\n");
	}
	size_t len = log.len - SWEEP_SLACK;
	memset(buf_room(&log, SWEEP_SLACK), 0, SWEEP_SLACK);
	struct sweep_result r;
	sweep_text(s, (struct span){log.ptr + SWEEP_SLACK, len}, &r);
	for (size_t i = 0, k = 0; i < starts.len; i++) {
		size_t end = i + 1 < starts.len ? starts.at[i + 1] : len;
		assert_true(k < r.places && r.place[k].at >= starts.at[i] && r.place[k].at < end);
		while (k < r.places && r.place[k].at < end)
			k++;
		assert_true(i + 1 < starts.len || k == r.places);
	}
	free(starts.at);
}

static void
what_the_filters_let_through_is_asked_at_any_count(void **state)
{
	(void)state;
	own_buf struct buf list = {};
	for (unsigned i = 0; i < 200; i++)
		buf_printf(&list, "h%u.example\n192.0.2.%u\n%032x\n", i * 2, i + 1, i + 1);
	for (size_t width = 1; width <= 61; width += 12)
		buf_printf(&list, "%0*u.%0*u.long.example\n", (int)width, 0, (int)width, 0);
	buf_printf(&list, "192.0.3.128/25\n");
	buf_add_byte(&list, 0);
	for (enum stand stand = 0; stand < STANDS; stand++) {
		own_match_set struct match_set *set = standing(list.ptr, stand);
		own_sweep struct sweep *s = sweep_new(set);
		for (size_t width = 1; width <= 61; width += 12)
			for (unsigned count = 0; count <= 3 * SET_KEYS + 2; count++)
				sweep_lines_of(s, count, width);
	}
}

/* A file whose slots were all written by an enemy is asked, and each search ends. */
static void
slots_that_lead_astray_harm_nobody(void **state)
{
	(void)state;
	own_match_set struct match_set *first =
		set_of("evil.org\nworse.org\n192.0.2.1\nd41d8cd98f00b204e9800998ecf8427e\nhttp://"
		       "url.example/a\n");
	own_match_set struct match_set *mapped = mapped_of(first);
	size_t len = mapped->base->size;
	own_mem char *copy = aligned_alloc(SET_FILE_ALIGN, (len + 63) / 64 * 64);
	memcpy(copy, mapped->base->map, len);
	struct file_section slots = mapped->base->head->section[SECTION_SLOTS];
	uint32_t *slot = (void *)(copy + slots.offset), count = (uint32_t)(slots.len / 4);
	const uint32_t items = mapped->base->items,
		       mask = (UINT32_C(1) << set_file_number_bits(items)) - 1;
	for (uint32_t number = 0; number <= mask; number++) {
		struct set_file *file = NULL;
		assert_rc(set_file_of((struct span){copy, len}, &file, NULL), RC_OK);
		own_match_set struct match_set *set = match_set_over(&file);
		struct set_key keys[SET_KEYS];
		struct span bytes = SPAN("worse.org");
		/* None is free, and all of them have the hash's bits. */
		uint32_t hash = set_hash(set->seed, KEY_NAME, bytes);
		bool free_too = number == mask;
		for (uint32_t i = 0; i < count; i++)
			slot[i] = free_too ? UINT32_MAX
					   : number | hash << set_file_number_bits(items);
		for (size_t i = 0; i < SET_KEYS; i++)
			keys[i] = set_key_ahead(set, KEY_NAME, i % 2 ? bytes : SPAN("none.org"));
		set_find_all(set, keys, SET_KEYS);
		struct span known = {};
		char room[SET_FILE_ROOM];
		if (number < items)
			known = set_file_bytes(set->base, number, room);
		for (size_t i = 0; i < SET_KEYS; i++)
			assert_int_equal(
				keys[i].base, i % 2 && span_eq(known, bytes) ? number : NONE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_labels_answer_in_their_order),
		cmocka_unit_test(keys_together_are_found_as_each_alone),
		cmocka_unit_test(what_the_filters_let_through_is_asked_at_any_count),
		cmocka_unit_test(slots_that_lead_astray_harm_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
