/* Hits by the machine on this side that they are about, for --assets. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/once.h"
#include "cmd/row.h"
#include "cmd/scan-internal.h"
#include "match/asset.h"

enum { PATTERNS_SHOWN = 3, PATTERNS_KEPT = 20 };

/* One machine, or the logs in which nobody can tell. */
struct scan_asset {
	struct span name, file; /* owned by the table's arena; the file where the name is empty */
	uint64_t hits, indicators;
	int64_t first, last;		     /* event times, TIME_NONE: none had one */
	struct span patterns[PATTERNS_KEPT]; /* the first of the indicators */
};

/* Hashed: machines, and of which indicators each has hits already. */
struct scan_assets {
	struct arena arena;
	vec_of(struct scan_asset) list;
	uint32_t *slot; /* index + 1 */
	size_t slots;
	struct once pairs; /* machine and indicator, hashed */
};

static uint64_t
hash_of(struct span name, struct span file)
{
	return name.len ? hash64(name, 0) : hash64(file, 1);
}

static void
grow(struct scan_assets *t)
{
	t->slots = t->slots ? t->slots * 2 : 256;
	free(t->slot);
	t->slot = mem_new(t->slots * sizeof *t->slot);
	for (size_t i = 0; i < t->list.len; i++) {
		size_t at = hash_of(t->list.at[i].name, t->list.at[i].file);
		while (t->slot[at & (t->slots - 1)])
			at++;
		t->slot[at & (t->slots - 1)] = (uint32_t)i + 1;
	}
}

static size_t
find(struct scan_assets *t, struct span name, struct span file)
{
	if ((t->list.len + 1) * 2 > t->slots)
		grow(t);
	size_t at = hash_of(name, file);
	for (uint32_t index; (index = t->slot[at & (t->slots - 1)]); at++) {
		const struct scan_asset *one = &t->list.at[index - 1];
		if (span_eq(one->name, name) && (name.len || span_eq(one->file, file)))
			return index - 1;
	}
	*vec_add(&t->list) = (struct scan_asset){.name = arena_dup(&t->arena, name),
		.file = name.len ? (struct span){} : arena_dup(&t->arena, file),
		.first = TIME_NONE,
		.last = TIME_NONE};
	t->slot[at & (t->slots - 1)] = (uint32_t)t->list.len;
	return t->list.len - 1;
}

/* Whether it is the first hit of this indicator there. */
static bool
is_first(struct scan_assets *t, size_t asset, const struct hit *h)
{
	return once_first(&t->pairs, hash64(h->indicator.len ? h->indicator : h->pattern, asset));
}

void
scan_assets_count(struct scan_job *job, const struct record *r, const struct hit *hit, size_t hits)
{
	if (!job->assets)
		job->assets = mem_new(sizeof *job->assets);
	struct scan_assets *t = job->assets;
	for (size_t i = 0; i < hits; i++) {
		const struct hit *h = &hit[i];
		size_t index = find(t, r ? asset_of(r, h) : (struct span){}, h->file);
		struct scan_asset *one = &t->list.at[index];
		one->hits++;
		if (is_first(t, index, h) && one->indicators++ < PATTERNS_KEPT)
			one->patterns[one->indicators - 1] = arena_dup(&t->arena, h->pattern);
		if (h->time == TIME_NONE)
			continue;
		if (one->first == TIME_NONE || h->time < one->first)
			one->first = h->time;
		if (one->last == TIME_NONE || h->time > one->last)
			one->last = h->time;
	}
}

/* Who met most of what is known to be bad comes first. */
static int
by_indicators(const void *a, const void *b)
{
	const struct scan_asset *x = a, *y = b;
	if (x->indicators != y->indicators)
		return x->indicators > y->indicators ? -1 : 1;
	if (x->hits != y->hits)
		return x->hits > y->hits ? -1 : 1;
	int order = span_cmp(x->name, y->name);
	return order ? order : span_cmp(x->file, y->file);
}

static void
show_json(const struct scan_asset *one)
{
	struct row row;
	row_begin(&row);
	row_text(&row, "asset", one->name.len ? one->name : (struct span){});
	row_text(&row, "file", one->name.len ? (struct span){} : one->file);
	row_number(&row, "indicators", (int64_t)one->indicators);
	row_number(&row, "hits", (int64_t)one->hits);
	row_time(&row, "first", one->first);
	row_time(&row, "last", one->last);
	row_list_open(&row, "patterns");
	for (size_t i = 0; i < one->indicators && i < PATTERNS_KEPT; i++)
		row_text(&row, NULL, one->patterns[i]);
	row_list_close(&row);
	row_end(&row);
}

static void
show_text(const struct scan_asset *one, int width)
{
	printf("%10" PRIu64 " hit%s  %5" PRIu64 " indicator%s  ", one->hits, row_plural(one->hits),
		one->indicators, row_plural(one->indicators));
	if (one->name.len) {
		row_plain(stdout, one->name);
	} else {
		fputs("not told in ", stdout);
		row_plain(stdout, one->file);
	}
	for (int at = one->name.len ? (int)one->name.len : 12 + (int)one->file.len; at < width;
		at++)
		putchar(' ');
	for (size_t i = 0; i < one->indicators && i < PATTERNS_SHOWN; i++) {
		fputs(i ? ", " : "  ", stdout);
		row_plain(stdout, one->patterns[i]);
	}
	fputs(one->indicators > PATTERNS_SHOWN ? ", ...\n" : "\n", stdout);
}

void
scan_assets_show(struct scan_job *job)
{
	enum { WIDEST = 40 };
	struct scan_assets *t = job->assets;
	int width = 0;
	if (!t)
		return;
	if (t->list.len)
		qsort(t->list.at, t->list.len, sizeof *t->list.at, by_indicators);
	size_t shown = job->top && job->top < t->list.len ? job->top : t->list.len;
	for (size_t i = 0; i < shown; i++) {
		const struct scan_asset *one = &t->list.at[i];
		size_t len = one->name.len ? one->name.len : 12 + one->file.len;
		if (len <= WIDEST && (int)len > width)
			width = (int)len;
	}
	for (size_t i = 0; i < shown; i++)
		if (job->env->json)
			show_json(&t->list.at[i]);
		else
			show_text(&t->list.at[i], width);
}

void
scan_assets_free(struct scan_job *job)
{
	struct scan_assets *t = job->assets;
	if (!t)
		return;
	free(t->slot);
	once_fini(&t->pairs);
	free(t->list.at);
	arena_fini(&t->arena);
	free(t);
	job->assets = NULL;
}
