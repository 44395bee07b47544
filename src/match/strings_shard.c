/*
 * Expressions by Vectorscan, in shards. A shard is compiled once its expressions have been tried one by one
 * so often that compiling would have paid, so that a small log never waits for it; a child does it, and
 * the scan goes on meanwhile.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "match/strings-internal.h"
#include "match/vscan_cache.h"

enum {
	ALONE = 4,   /* tried one by one in a field before the shard is asked */
	LOOKS = 256, /* tries beyond those, before one that was compiled in another run is read */
	PAYS = 2000000,	    /* tries beyond those: about a third of what compiling takes */
	SUBJECTS_KEPT = 4,  /* of one field: the value, its last component ... */
	PATIENCE = 1 << 12, /* tries between looks at the child */
};

struct kept {
	const char *ptr;
	size_t len;
	uint64_t field;
	bool known;
	uint64_t may[VSCAN_WORDS];
};

struct shard {
	size_t of; /* expressions, when it was compiled */
	uint64_t field, here, tries;
	uint64_t version; /* of the strings, when compiling began */
	struct vscan_making *making;
	struct vscan_shard *ready;
	bool failed, looked;
	struct kept kept[SUBJECTS_KEPT];
	unsigned next_kept;
};

struct string_shards {
	const struct strings *strings;
	const struct vscan_cache *cache; /* NULL: none */
	struct vscan *vscan;
	bool absent; /* no library */
	struct diag why;
	uint32_t *place;	     /* of each text: its shard and place in it, or NOWHERE */
	vec_of(uint32_t) expression; /* the other way round */
	size_t count;
	bool eager; /* none is tried alone */
	vec_of(struct shard) shard;
	uint64_t looked;
};

enum { NOWHERE = UINT32_MAX };

struct string_shards *
string_shards_new(const struct strings *s, const struct vscan_cache *cache)
{
	struct string_shards *all = mem_new(sizeof *all);
	all->strings = s;
	all->cache = cache;
	return all;
}

void
string_shards_free(struct string_shards **p)
{
	struct string_shards *all = *p;
	*p = NULL;
	if (!all)
		return;
	for (size_t i = 0; i < all->shard.len; i++) {
		vscan_making_free(&all->shard.at[i].making);
		vscan_shard_free(&all->shard.at[i].ready);
	}
	vscan_close(&all->vscan);
	free(all->shard.at);
	free(all->expression.at);
	free(all->place);
	free(all);
}

void
string_shards_catch_up(struct string_shards *all)
{
	size_t count = all->strings->list.len;
	if (count <= all->count)
		return;
	all->place = mem_grow(all->place, count, sizeof *all->place);
	for (size_t i = all->count; i < count; i++) {
		const struct indicator *f = &all->strings->list.at[i].facts;
		all->place[i] = NOWHERE;
		if (f->text.form != FORM_MATCHES || !vscan_takes(f->about.value))
			continue;
		all->place[i] = (uint32_t)all->expression.len;
		*vec_add(&all->expression) = (uint32_t)i;
		if (all->place[i] % VSCAN_SHARD == 0)
			*vec_add(&all->shard) = (struct shard){};
	}
	all->count = count;
}

/* The library, opened when first needed. */
static bool
has_library(struct string_shards *all)
{
	if (!all->vscan && !all->absent)
		all->absent = vscan_open(&all->vscan, &all->why) != RC_OK;
	return all->vscan != NULL;
}

/* What a shard is made of; their number. */
static size_t
gather(const struct string_shards *all, size_t index, struct span out[static VSCAN_SHARD])
{
	size_t first = index * VSCAN_SHARD, count = all->expression.len - first;
	count = count < VSCAN_SHARD ? count : VSCAN_SHARD;
	for (size_t i = 0; i < count; i++) {
		const struct string *one = &all->strings->list.at[all->expression.at[first + i]];
		out[i] = one->dead ? (struct span){} : one->facts.about.value;
	}
	return count;
}

static void
begin(struct string_shards *all, size_t index)
{
	struct shard *s = &all->shard.at[index];
	struct span expression[VSCAN_SHARD];
	s->of = gather(all, index, expression);
	s->tries = 0;
	s->version = all->strings->version;
	if (!has_library(all) || vscan_begin(all->vscan, expression, s->of, &s->making, &all->why))
		s->failed = true;
}

/* What another run compiled, where there is some. */
static void
recall(struct string_shards *all, size_t index)
{
	struct shard *s = &all->shard.at[index];
	struct span expression[VSCAN_SHARD];
	struct vscan_shard *made = NULL;
	s->looked = true;
	if (!all->cache || s->ready || !has_library(all))
		return;
	size_t count = gather(all, index, expression);
	if (vscan_cache_load(all->cache, all->vscan, expression, count, &made))
		return;
	s->ready = made;
	s->of = count;
}

/* Those that came meanwhile are not in it, and what was revoked has made it another: then it is not kept. */
static void
remember(struct string_shards *all, size_t index)
{
	struct span expression[VSCAN_SHARD];
	const struct shard *s = &all->shard.at[index];
	if (all->cache && gather(all, index, expression) == s->of &&
		s->version == all->strings->version)
		(void)!vscan_cache_save(all->cache, all->vscan, expression, s->of, s->making);
}

static void
look(struct string_shards *all, size_t index, enum vscan_wait wait)
{
	struct shard *s = &all->shard.at[index];
	struct vscan_shard *made = NULL;
	enum rc code = vscan_end(s->making, wait, &made);
	if (code == RC_AGAIN)
		return;
	if (!code)
		remember(all, index);
	vscan_making_free(&s->making);
	s->failed = code != RC_OK;
	vscan_shard_free(&s->ready);
	s->ready = made;
	for (size_t i = 0; i < SUBJECTS_KEPT; i++)
		s->kept[i] = (struct kept){};
}

size_t
string_shards_compile(struct string_shards *all)
{
	size_t count = 0;
	all->eager = true;
	for (size_t i = 0; i < all->shard.len; i++) {
		struct shard *s = &all->shard.at[i];
		recall(all, i);
		if (!s->ready && !s->making && !s->failed)
			begin(all, i);
		if (s->making)
			look(all, i, VSCAN_WAIT);
		count += s->ready ? vscan_count(s->ready) : 0;
	}
	return count;
}

/* What the shard says of a text that lies in the field's value. */
static const struct kept *
ask(struct shard *s, struct span text, uint64_t field)
{
	for (size_t i = 0; i < SUBJECTS_KEPT; i++)
		if (s->kept[i].field == field && s->kept[i].ptr == text.ptr &&
			s->kept[i].len == text.len)
			return &s->kept[i];
	struct kept *k = &s->kept[s->next_kept++ % SUBJECTS_KEPT];
	*k = (struct kept){.ptr = text.ptr, .len = text.len, .field = field};
	k->known = vscan_fits(text) && vscan_scan(s->ready, text, k->may) == RC_OK;
	return k;
}

bool
string_shards_may_match(struct string_shards *all, uint32_t index, struct span text, uint64_t field)
{
	uint32_t place = all->place[index];
	if (place == NOWHERE || all->absent)
		return true;
	struct shard *s = &all->shard.at[place / VSCAN_SHARD];
	if (s->field != field) {
		s->field = field;
		s->here = 0;
	}
	if (++s->here <= ALONE && !all->eager)
		return true;
	if (s->making && ++all->looked % PATIENCE == 0)
		look(all, place / VSCAN_SHARD, VSCAN_LOOK);
	/* Of those that came since the shard was compiled nothing is known. */
	if (!s->ready || place % VSCAN_SHARD >= s->of) {
		if (++s->tries == LOOKS && !s->looked)
			recall(all, place / VSCAN_SHARD);
		if (s->tries >= PAYS && !s->making && !s->failed)
			begin(all, place / VSCAN_SHARD);
		return true;
	}
	if (!vscan_has(s->ready, place % VSCAN_SHARD))
		return true;
	const struct kept *k = ask(s, text, field);
	uint32_t at = place % VSCAN_SHARD;
	return !k->known || (k->may[at / 64] >> at % 64 & 1);
}
