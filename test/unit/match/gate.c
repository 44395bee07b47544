/* Kernels of the gate: each marks what the plain one marks, and finds the lines that looking up at once finds. */
#include "../seed.h"
#include "../test.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/rng.h"
#include "match/strings-internal.h"

static const struct gate_kernel *const kernels[] = {
#if defined __x86_64__
	&gate_kernel_avx2,
	&gate_kernel_avx512,
#endif
	&gate_kernel_pairs,
	&gate_kernel_bytes,
};

enum { KERNELS = sizeof kernels / sizeof *kernels };

static const struct gate_kernel *
plain_of(const struct gate_kernel *kernel)
{
	return kernel->way == GATE_BY_PAIRS ? &gate_kernel_pairs : &gate_kernel_bytes;
}

/* Bytes of all kinds, most of them such as pieces and escapes are made of. */
static char
some_byte(struct rng rng)
{
	static const char often[] = "evilEVIL01.-_ %%%\\\\ux25\n\"/";
	if (rng_below(rng, 8) == 0)
		return (char)rng_below(rng, 256);
	return often[rng_below(rng, sizeof often - 1)];
}

/* Tables for some pieces, and those in a row. */
static void
fill_tables(
	struct rng rng, const struct gate_kernel *kernel, struct gate_tables *t, struct buf *pieces)
{
	buf_reset(pieces);
	struct gate_anchors a;
	bool spans = rng_below(rng, 2), begin = rng_below(rng, 2);
	own_mem struct gate_likely *likely = gate_likely_new(SPAN(""), kernel->way, spans);
	unsigned grams = 1u << rng_below(rng, 9), bucket;
	gate_anchors_init(&a, kernel->way, spans, t, likely);
	while (grams--) {
		char text[LITERAL_LONGEST];
		static const char plain[] = "evil01.-_abcdefghijklmnopqrstuvwxyz";
		for (size_t i = 0; i < sizeof text; i++)
			text[i] = plain[rng_below(rng, sizeof plain - 1)];
		const struct gate_piece piece = {.text = {text, GATE_SPAN + rng_below(rng, 8)},
			.begins = begin || rng_below(rng, 8) == 0};
		size_t at = rng_below(rng, 2) ? 0 : rng_below(rng, piece.text.len - GATE_SPAN + 1);
		gate_anchor_cost(&a, &piece, at, &bucket);
		gate_anchor_add(&a, &piece, at, bucket);
		buf_add(pieces, span_sub(piece.text, at, SIZE_MAX));
	}
}

static void
each_kernel_marks_what_the_plain_one_does(void **state)
{
	(void)state;
	enum { TURNS = 3000, WORDS = STRINGS_STRETCH / 64 };
	uint64_t seed = seed_of_run();
	struct rng rng = rng_seeded(&seed);
	static char room[64 * (WORDS + 2)];
	uint64_t want[WORDS], got[WORDS];
	own_buf struct buf pieces = {};
	for (unsigned turn = 0; turn < TURNS; turn++) {
		const struct gate_kernel *kernel = kernels[rng_below(rng, KERNELS)];
		struct gate_tables t;
		size_t words = 1 + rng_below(rng, turn % 8 ? 3 : WORDS), at = rng_below(rng, 64);
		if (!kernel->runs())
			continue;
		fill_tables(rng, kernel, &t, &pieces);
		for (size_t i = 0; i < at + 64 * words + GATE_AHEAD; i++)
			room[i] = some_byte(rng);
		for (size_t i = at + rng_below(rng, 8); i + GATE_SPAN < at + 64 * words;
			i += GATE_SPAN + rng_below(rng, 16))
			memcpy(room + i, pieces.ptr + rng_below(rng, pieces.len - GATE_SPAN + 1),
				GATE_SPAN);
		bool high = plain_of(kernel)->mark(&t, room + at, words, want);
		assert_int_equal(kernel->mark(&t, room + at, words, got), high);
		for (size_t i = 0; i < words; i++)
			if (want[i] != got[i])
				fail_msg("%s, turn %u: word %zu of %zu is %llx, not %llx",
					kernel->name, turn, i, words, (unsigned long long)got[i],
					(unsigned long long)want[i]);
	}
}

static const char *const words[] = {"evil", "quux", "evil.exe", "miner-one", "a1b2c3d4e5",
	"kernel_task", "Evil-Mutex-Name", "svchost32.dll", "zzzz", "gate.php"};

enum { WORDS = sizeof words / sizeof *words };

/* Texts, the gate's kernel asked for by name, also where it is made anew. */
static struct strings *
strings_for(const char *cpu, enum pattern_form form)
{
	struct strings *s = strings_new(1, 1);
	for (size_t i = 0; i < WORDS; i++) {
		struct indicator what = {.about = {OBS_TEXT, span_of(words[i])},
			.text = {PROPERTY_MUTEX, form, true},
			.valid_from = TIME_NONE,
			.valid_until = TIME_NONE,
			.confidence = -1};
		assert_rc(strings_add(s, &what, NULL), RC_OK);
	}
	setenv("TOCSIN_CPU", cpu, 1);
	strings_ready(s);
	unsetenv("TOCSIN_CPU");
	return s;
}

/* Words as they are, in other cases, cut, behind escapes of all kinds; blanks up to anywhere. */
static void
add_word(struct rng rng, struct buf *out)
{
	const char *word = words[rng_below(rng, WORDS)];
	size_t len = strlen(word), odd = rng_below(rng, len);
	unsigned kind = (unsigned)rng_below(rng, 8);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)word[i];
		if (i == odd && kind == 0)
			buf_printf(out, "%%%02x", c);
		else if (i == odd && kind == 1)
			buf_printf(out, "\\u%04x", c);
		else if (i == odd && kind == 2)
			buf_printf(out, "\\x%02x", c);
		else if (i == odd && kind == 3)
			buf_add_byte(out, 'x');
		else if (c == 'k' && kind == 4)
			buf_add(out, SPAN("\xe2\x84\xaa"));
		else if (c == 's' && kind == 5)
			buf_add(out, SPAN("%c5%bf"));
		else
			buf_add_byte(out, (char)(kind == 6 && c >= 'a' && c <= 'z' ? c - 32 : c));
	}
}

static void
make_text(struct rng rng, struct buf *out)
{
	size_t long_one = rng_below(rng, 3) ? 600 : 2 * STRINGS_STRETCH + 300;
	size_t len = 1 + rng_below(rng, long_one);
	unsigned dense = 1 + (unsigned)rng_below(rng, 200);
	buf_reset(out);
	while (out->len < len) {
		if (rng_below(rng, dense) == 0)
			add_word(rng, out);
		else
			buf_add_byte(out, rng_below(rng, 40) ? ' ' : some_byte(rng));
		if (rng_below(rng, 60) == 0)
			buf_add_byte(out, '\n');
	}
}

/* Ends of the lines found. */
static void
find_lines(struct strings *s, const char *cpu, struct span text, struct buf *out)
{
	struct strings_walk walk = {};
	buf_reset(out);
	setenv("TOCSIN_CPU", cpu, 1);
	while (strings_next_line(s, text, &walk))
		buf_printf(out, "%zu ", walk.at);
	unsetenv("TOCSIN_CPU");
	buf_add_byte(out, 0);
}

static void
each_kernel_finds_the_lines_that_looking_up_finds(void **state)
{
	(void)state;
	enum { TURNS = 1500 };
	static const char *const cpus[] = {"avx2", "avx512"};
	uint64_t seed = seed_of_run();
	struct rng rng = rng_seeded(&seed);
	own_buf struct buf text = {}, want = {}, got = {};
	struct strings *plain = strings_for("c", FORM_LIKE);
	size_t found = 0;
	assert_null(gate_of(plain)->kernel);
	for (size_t i = 0; i < 2; i++) {
		struct strings *fast = strings_for(cpus[i], FORM_LIKE);
		for (unsigned turn = 0; turn < TURNS; turn++) {
			make_text(rng, &text);
			/* On the heap of its own, so that a sanitizer sees what is read behind it. */
			char *bytes = mem_dup(buf_span(&text));
			char *copy = memcpy(mem_new(text.len), bytes, text.len);
			struct span span = {copy, text.len};
			find_lines(plain, "c", span, &want);
			find_lines(fast, cpus[i], span, &got);
			if (strcmp(want.ptr, got.ptr) != 0)
				fail_msg("%s, turn %u: %s instead of %s in %.*s", cpus[i], turn,
					got.ptr, want.ptr, (int)text.len, text.ptr);
			found += want.len;
			free(bytes);
			free(copy);
		}
		strings_free(&fast);
	}
	assert_true(found > TURNS);
	strings_free(&plain);
}

/* Of each gate the places of its kernel are the plain kernel's. */
static void
places_are_the_plain_kernels(void **state)
{
	(void)state;
	enum { TURNS = 300, MOST = 8 };
	static const char *const cpus[] = {"avx2", "avx512"};
	static uint16_t want[64 * MOST + 64], got[64 * MOST + 64];
	uint64_t seed = seed_of_run();
	struct rng rng = rng_seeded(&seed);
	own_buf struct buf text = {};
	for (size_t i = 0; i < 4; i++) {
		struct strings *s = strings_for(cpus[i % 2], i < 2 ? FORM_EQUAL : FORM_LIKE);
		const struct gate *g = gate_of(s);
		if (g->kernel)
			assert_string_equal(g->kernel->name, cpus[i % 2]);
		for (unsigned turn = 0; g->kernel && turn < TURNS; turn++) {
			struct gate other = *g;
			bool high[2] = {};
			size_t many = 1 + rng_below(rng, MOST);
			other.kernel = plain_of(g->kernel);
			buf_reset(&text);
			while (text.len < 64 * MOST + GATE_GRAM)
				add_word(rng, &text);
			size_t count = other.kernel->places(&other, text.ptr, many, 7, want, high);
			assert_int_equal(
				g->kernel->places(g, text.ptr, many, 7, got, high + 1), count);
			assert_int_equal(high[0], high[1]);
			assert_memory_equal(want, got, count * sizeof *want);
		}
		strings_free(&s);
	}
}

/* The sign of a kelvin is a "k" and the long "s" an "s": nothing else on the line says that a text is there. */
static void
letters_that_fold_to_ascii_are_seen(void **state)
{
	(void)state;
	static const char *const cpus[] = {"c", "avx2", "avx512"};
	static const char *const lines[][2] = {{"\xe2\x84\xaa", "ernel_task"},
		{"kernel_tas", "\xe2\x84\xaa"}, {"\xc5\xbf", "vchost32.dll"},
		{"evil-mutex", "-name"}};
	for (size_t cpu = 0; cpu < 3; cpu++) {
		struct strings *s = strings_for(cpus[cpu], FORM_LIKE);
		for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
			for (size_t blanks = 0; blanks < 130; blanks += 1 + blanks % 7) {
				own_buf struct buf text = {};
				buf_printf(&text, "quiet\n%*s%s%s\nquiet\n", (int)blanks, "",
					lines[i][0], lines[i][1]);
				struct strings_walk walk = {};
				assert_true(strings_next_line(s, buf_span(&text), &walk));
				assert_int_equal(walk.at, text.len - strlen("quiet\n"));
			}
		strings_free(&s);
	}
}

/* Each text stands at each place of a short line, of every length: none is passed over, nor where it ends the text. */
static void
no_place_of_a_text_is_passed_over(void **state)
{
	(void)state;
	static const char *const cpus[] = {"c", "avx2", "avx512"};
	char line[300];
	for (size_t cpu = 0; cpu < 3; cpu++) {
		struct strings *s = strings_for(cpus[cpu], FORM_EQUAL);
		for (size_t before = 0; before < 140; before++)
			for (size_t behind = 0; behind < 70; behind += 1 + behind / 8 * 8) {
				const char *word = words[(before + behind) % WORDS];
				size_t len = strlen(word);
				memset(line, ' ', sizeof line);
				memcpy(line + before, word, len);
				struct strings_walk walk = {};
				struct span text = {line, before + len + behind};
				if (!strings_next_line(s, text, &walk) || walk.at != text.len)
					fail_msg("%s: %s behind %zu, before %zu", cpus[cpu], word,
						before, behind);
			}
		strings_free(&s);
	}
}

/* Of a text that is compared as a whole no letter stands before; unless it may be what an escape ends with. */
static void
what_may_stand_before_a_text_hides_none(void **state)
{
	(void)state;
	static const char *const cpus[] = {"c", "avx2", "avx512"};
	static const char *const before[] = {" ", "\"", "\t", "_", "-", ".", "@", "\x7f", "\x01",
		"\xc3\xa9", "\xff", "\\", "\\\\", "\\n", "\\u005c", "\\\\u005c", "\\x5c", "\\134",
		"%5c", "%u005C", "%255c", "%C3%A9", "&quot;", "&#92;"};
	for (size_t cpu = 0; cpu < 3; cpu++) {
		struct strings *s = strings_for(cpus[cpu], FORM_EQUAL);
		for (size_t i = 0; i < sizeof before / sizeof *before; i++)
			for (size_t blanks = 0; blanks < 140; blanks++) {
				own_buf struct buf text = {};
				buf_printf(&text, "quiet\n%*s%s%s and what follows\nquiet\n",
					(int)blanks, "", before[i], words[i % WORDS]);
				struct strings_walk walk = {};
				if (!strings_next_line(s, buf_span(&text), &walk) ||
					walk.at != text.len - strlen("quiet\n"))
					fail_msg("%s: \"%s\" behind \"%s\", blanks %zu", cpus[cpu],
						words[i % WORDS], before[i], blanks);
			}
		strings_free(&s);
	}
}

/* What is in the middle of a word is not looked at, by the kernel that can tell. */
static void
a_text_within_a_word_is_passed_over(void **state)
{
	(void)state;
	struct strings *s = strings_for("avx512", FORM_EQUAL);
	struct strings_walk walk = {};
	if (gate_of(s)->kernel)
		assert_false(strings_next_line(s,
			SPAN("so quiet a line: notevil.exe 9quux Xa1b2c3d4e5 kernelkernel_task\n"),
			&walk));
	strings_free(&s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kernel_marks_what_the_plain_one_does),
		cmocka_unit_test(places_are_the_plain_kernels),
		cmocka_unit_test(each_kernel_finds_the_lines_that_looking_up_finds),
		cmocka_unit_test(letters_that_fold_to_ascii_are_seen),
		cmocka_unit_test(no_place_of_a_text_is_passed_over),
		cmocka_unit_test(what_may_stand_before_a_text_hides_none),
		cmocka_unit_test(a_text_within_a_word_is_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
