#include "match/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "match/sweep-internal.h"

/* The best first. */
static const struct sweep_kernel *const kernels[] = {
#if defined __x86_64__
	&sweep_kernel_avx512,
	&sweep_kernel_avx2,
#endif
	&sweep_kernel_c,
};

static const struct sweep_kernel *
choose(void)
{
	enum { KERNELS = sizeof kernels / sizeof *kernels };
	const char *asked = getenv("TOCSIN_CPU");
	for (size_t i = 0; asked && i < KERNELS; i++)
		if (strcmp(kernels[i]->name, asked) == 0 && kernels[i]->runs())
			return kernels[i];
	for (size_t i = 0; i < KERNELS; i++)
		if (kernels[i]->runs())
			return kernels[i];
	return &sweep_kernel_c;
}

struct sweep *
sweep_new(const struct match_set *set)
{
	struct sweep *s = mem_new(sizeof *s);
	s->set = set;
	s->kernel = choose();
	gates_make(&s->own, set);
	s->gates = &s->own;
	s->version = set->version;
	return s;
}

void
sweep_free(struct sweep **p)
{
	struct sweep *s = *p;
	*p = NULL;
	if (!s)
		return;
	gates_fini(&s->own);
	free(s->places.at);
	free(s->line_ends.at);
	free(s->probes.at);
	free(s->answers.at);
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
	return s;
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

static int
ascending(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

void
sweep_text(struct sweep *s, struct span text, struct sweep_result *out)
{
	must(text.len < 1 << 30);
	if (s->gates == &s->own && s->version != s->set->version) {
		gates_fini(&s->own);
		gates_make(&s->own, s->set);
		s->version = s->set->version;
	}
	s->text = (const unsigned char *)text.ptr;
	s->text_end = s->text + text.len;
	s->escaped = s->text;
	for (enum look look = 0; look < LOOKS; look++)
		s->looked[look] = s->looked_end[look] = s->text;
	s->places.len = s->line_ends.len = 0;
	s->has_dot = s->has_quad = 0;
	forget_history(&s->bits);
	if (s->set->keys)
		for (const unsigned char *at = s->text; at < s->text_end; at += SWEEP_CHUNK) {
			size_t rest = (size_t)(s->text_end - at);
			s->kernel->chunk(s, at, rest < SWEEP_CHUNK ? rest : SWEEP_CHUNK);
		}
	bool sorted = true;
	for (size_t i = 1; i < s->places.len; i++)
		sorted &= s->places.at[i - 1] <= s->places.at[i];
	if (!sorted)
		qsort(s->places.at, s->places.len, sizeof *s->places.at, ascending);
	*out = (struct sweep_result){
		s->places.at, s->places.len, s->line_ends.at, s->line_ends.len};
}
