#include "match/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/mutant.h"
#include "base/own.h"
#include "match/strings.h"
#include "match/sweep-internal.h"

/* The best first. */
static const struct sweep_kernel *const kernels[] = {
#if defined __x86_64__
	&sweep_kernel_avx512,
	&sweep_kernel_avx2,
#elif defined __aarch64__
	&sweep_kernel_neon,
#endif
	&sweep_kernel_c,
};

static struct sweep *
new_with(const struct match_set *set, const struct sweep_kernel *kernel)
{
	struct sweep *s = mem_new(sizeof *s);
	s->set = set;
	s->kernel = kernel;
	gates_make(&s->own, set);
	s->gates = &s->own;
	s->version = set->version;
	if (set->strings)
		strings_ready(set->strings);
	return s;
}

/* A text in which every pass of a kernel has something to find and something to drop. */
static const char known[] =
	"1700000000.5\tC1\t10.0.0.1\twww.evil.example\tquiet.example\t198.51.100.7\t198.51.100.70\n"
	"{\"a\":\"http:\\/\\/evil.example\\/"
	"\",\"b\":\"\\nevil.example\",\"c\":\"2001:db8::7\",\"d\":12:34:56}\n"
	"-evil.example. evil..evil.example evil.examples %2Fevil.example 1.2.3.4.5 198.51.100.7. "
	"v1.2.3\n"
	"d41d8cd98f00b204e9800998ecf8427e D41D8CD98F00B204E9800998ECF8427E0 x203.0.113.9 "
	"203.0.113.9\n"
	"a.b.c.d.e.f.g.h.evil.example "
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz.evil.example\n";

static void
add_known(struct match_set *set, enum obs_kind kind, struct span value)
{
	struct indicator what = {.about = {kind, value},
		.reach = REACH_COVERING,
		.valid_from = TIME_NONE,
		.valid_until = TIME_NONE,
		.confidence = -1};
	must(match_set_add(set, &what) == RC_OK);
}

static void
sweep_known(const struct sweep_kernel *kernel, struct match_set *set, struct buf *out)
{
	char room[2 * SWEEP_SLACK + sizeof known] = {};
	struct sweep_result r;
	own_sweep struct sweep *s = new_with(set, kernel);
	memcpy(room + SWEEP_SLACK, known, sizeof known - 1);
	sweep_text(s, (struct span){room + SWEEP_SLACK, sizeof known - 1}, &r);
	buf_add(out, (struct span){(const char *)r.place, r.places * sizeof *r.place});
	buf_add(out, (struct span){(const char *)r.line_ends, r.chunks * sizeof *r.line_ends});
}

/* Whether a kernel finds here what the plain one does: a compiler or a processor may be wrong. */
static bool
is_sound(const struct sweep_kernel *kernel)
{
	own_match_set struct match_set *set = match_set_new(1);
	own_buf struct buf plain = {}, its = {};
	add_known(set, OBS_DOMAIN, SPAN("evil.example"));
	add_known(set, OBS_IPV4, SPAN("198.51.100.7"));
	add_known(set, OBS_CIDR4, SPAN("203.0.113.0/24"));
	add_known(set, OBS_IPV6, SPAN("2001:db8::7"));
	add_known(set, OBS_MD5, SPAN("d41d8cd98f00b204e9800998ecf8427e"));
	sweep_known(&sweep_kernel_c, set, &plain);
	sweep_known(kernel, set, &its);
	return plain.len > 0 && span_eq(buf_span(&plain), buf_span(&its));
}

static const struct sweep_kernel *
choose(void)
{
	enum { KERNELS = sizeof kernels / sizeof *kernels };
	const char *asked = getenv("TOCSIN_CPU");
	for (size_t i = 0; asked && i < KERNELS; i++)
		if (strcmp(kernels[i]->name, asked) == 0 && kernels[i]->runs() &&
			is_sound(kernels[i]))
			return kernels[i];
	for (size_t i = 0; i < KERNELS; i++)
		if (kernels[i]->runs() && is_sound(kernels[i]))
			return kernels[i];
	return &sweep_kernel_c;
}

struct sweep *
sweep_new(const struct match_set *set)
{
	return new_with(set, choose());
}

void
sweep_free(struct sweep **p)
{
	struct sweep *s = *p;
	*p = NULL;
	if (!s)
		return;
	gates_fini(&s->own);
	free(s->own_signs);
	free(s->places.at);
	free(s->vague.at);
	free(s->line_ends.at);
	free(s->sorted);
	free(s->probes.at);
	free(s->answers.at);
	sweep_beside_free(s->beside);
	arena_fini(&s->arena);
	free(s);
}

struct sweep *
sweep_like(const struct sweep *other)
{
	struct sweep *s = mem_new(sizeof *s);
	s->set = other->set;
	s->kernel = other->kernel;
	s->gates = other->gates;
	s->signs = other->signs;
	return s;
}

void
sweep_defanged(struct sweep *s)
{
	if (!s->signs)
		s->signs = s->own_signs = signs_new();
}

bool
sweep_is_wanted(void)
{
	const char *asked = getenv("TOCSIN_CPU");
	return !asked || strcmp(asked, "plain") != 0;
}

const char *
sweep_cpu(const struct sweep *s)
{
	return s->kernel->name;
}

size_t
sweep_bytes(const struct sweep *s)
{
	return sizeof *s + gates_bytes(s->gates);
}

/* Before the text there is a line end. */
static void
forget_history(struct bitmaps *b)
{
	memset(b, 0, sizeof *b);
	memset(b->edge, 0xff, HISTORY * sizeof *b->edge);
}

enum { DIGIT = 11, DIGITS = 3, SLOTS = 1 << DIGIT, FEW = 48 };

/* Each moved to the left until what stands there is not larger. */
static void
sort_few(struct sweep_place *at, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct sweep_place one = at[i];
		size_t to = i;
		for (; to > 0 && at[to - 1].at > one.at; to--)
			at[to] = at[to - 1];
		at[to] = one;
	}
}

/* By one digit after the other, the lowest first; `largest` says how many there are. */
static void
sort_many(struct sweep *s, struct sweep_place *at, size_t count, uint32_t largest)
{
	struct sweep_place *from = at, *to;
	if (count > s->sorted_cap) {
		s->sorted_cap = count * 2;
		s->sorted = mem_grow(s->sorted, s->sorted_cap, sizeof *s->sorted);
	}
	to = s->sorted;
	for (unsigned digit = 0;
		digit < DIGITS && largest >> digit * DIGIT && !(digit && mutant(1854)); digit++) {
		uint32_t slot[SLOTS] = {}, sum = 0;
		for (size_t i = 0; i < count; i++)
			slot[from[i].at >> digit * DIGIT & (SLOTS - 1)]++;
		for (size_t k = 0; k < SLOTS; k++) {
			uint32_t here = slot[k];
			slot[k] = sum;
			sum += here;
		}
		for (size_t i = 0; i < count; i++)
			to[slot[from[i].at >> digit * DIGIT & (SLOTS - 1)]++] = from[i];
		struct sweep_place *swap = from;
		from = to;
		to = swap;
	}
	if (from != at)
		memcpy(at, from, count * sizeof *at);
}

/* Where each line holds a hit there are thousands, of several filters that took turns. */
static void
sort_places(struct sweep *s, struct sweep_place *at, size_t count)
{
	bool sorted = true;
	uint32_t largest = 0;
	for (size_t i = 0; i < count; i++) {
		sorted &= largest <= at[i].at;
		largest = at[i].at > largest ? at[i].at : largest;
	}
	if (sorted)
		return;
	if (count <= FEW)
		sort_few(at, count);
	else
		sort_many(s, at, count, largest);
}

void
sweep_text(struct sweep *s, struct span text, struct sweep_result *out)
{
	must(text.len < 1 << 30);
	if (s->gates == &s->own && s->version != s->set->version) {
		gates_fini(&s->own);
		gates_make(&s->own, s->set);
		s->version = s->set->version;
		if (s->set->strings)
			strings_ready(s->set->strings);
	}
	s->text = (const unsigned char *)text.ptr;
	s->text_end = s->text + text.len;
	s->escaped = s->text;
	for (enum look look = 0; look < LOOKS; look++)
		s->looked[look] = s->looked_end[look] = s->text;
	s->places.len = s->vague.len = s->line_ends.len = 0;
	s->carries = (struct carries){};
	forget_history(&s->bits);
	if (!set_is_empty(s->set))
		for (const unsigned char *at = s->text; at < s->text_end; at += SWEEP_CHUNK) {
			size_t rest = (size_t)(s->text_end - at);
			s->kernel->chunk(s, at, rest < SWEEP_CHUNK ? rest : SWEEP_CHUNK);
		}
	sweep_answers(s);
	if (s->signs && !set_is_empty(s->set))
		sweep_signs(s);
	struct strings_walk texts = {};
	while (s->set->strings && strings_next_line(s->set->strings, text, &texts))
		sweep_note_vague(s, s->text + texts.place);
	sweep_finish(s, out);
}

void
sweep_finish(struct sweep *s, struct sweep_result *out)
{
	sort_places(s, s->places.at, s->places.len);
	sort_places(s, s->vague.at, s->vague.len);
	*out = (struct sweep_result){.place = s->places.at,
		.places = s->places.len,
		.vague = s->vague.at,
		.vagues = s->vague.len,
		.line_ends = s->line_ends.at,
		.chunks = s->line_ends.len,
		.set = s->set,
		.version = s->set->version};
}
