/* Hits by indicator, for --count, --top and what is said at the end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mutant.h"
#include "cmd/row.h"
#include "cmd/scan-internal.h"

static struct scan_group *
find_group(struct scan_groups *g, const struct hit *h)
{
	struct span key = h->indicator.len ? h->indicator : h->pattern;
	if ((g->list.len + 1) * 2 > g->slots) {
		g->slots = g->slots ? g->slots * 2 : 256;
		free(g->slot);
		g->slot = mem_new(g->slots * sizeof *g->slot);
		for (size_t i = 0; i < g->list.len; i++) {
			const struct scan_group *one = &g->list.at[i];
			size_t at = hash64(one->indicator.len ? one->indicator : one->pattern, 0);
			while (g->slot[at & (g->slots - 1)])
				at++;
			g->slot[at & (g->slots - 1)] = (uint32_t)i + 1;
		}
	}
	size_t at = hash64(key, 0);
	for (uint32_t index; (index = g->slot[at & (g->slots - 1)]); at++) {
		struct scan_group *one = &g->list.at[index - 1];
		if (span_eq(one->indicator.len ? one->indicator : one->pattern, key))
			return one;
	}
	struct scan_group *made = vec_add(&g->list);
	*made = (struct scan_group){
		.indicator = arena_dup(&g->arena, h->indicator),
		.name = arena_dup(&g->arena, h->name),
		.pattern = arena_dup(&g->arena, h->pattern),
		.first = TIME_NONE,
		.last = TIME_NONE,
	};
	g->slot[at & (g->slots - 1)] = (uint32_t)g->list.len;
	return made;
}

/* ---- by item of the set: what is counted often lies close together ---- */

static void
add_time(int64_t *first, int64_t *last, int64_t from, int64_t to)
{
	if (from != TIME_NONE && (*first == TIME_NONE || from < *first))
		*first = from;
	if (to != TIME_NONE && (*last == TIME_NONE || to > *last))
		*last = to;
}

static size_t
item_place(const struct scan_groups *g, uint32_t item)
{
	return (size_t)((item * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (g->items - 1);
}

static struct scan_item *
find_item(struct scan_groups *g, uint32_t item)
{
	size_t at = item_place(g, item);
	while (g->item[at].item && g->item[at].item != item)
		at = (at + 1) & (g->items - 1);
	return &g->item[at];
}

static void
grow_items(struct scan_groups *g)
{
	size_t old = g->items;
	struct scan_item *was = g->item;
	g->items = old ? old * 2 : 256;
	g->item = mem_new(g->items * sizeof *g->item);
	for (size_t i = 0; i < old; i++)
		if (was[i].item)
			*find_item(g, was[i].item) = was[i];
	free(was);
}

void
scan_groups_settle(struct scan_job *job)
{
	struct scan_groups *g = &job->groups;
	for (size_t i = 0; i < g->items; i++) {
		struct scan_item *one = &g->item[i];
		if (!one->item)
			continue;
		struct scan_group *to = &g->list.at[one->group];
		to->hits += one->hits;
		add_time(&to->first, &to->last, one->first, one->last);
		*one = (struct scan_item){};
	}
	g->items_used = 0;
}

/* Numbers of items mean another thing once the set was changed, and in another set. */
static void
check_items(struct scan_job *job)
{
	struct scan_groups *g = &job->groups;
	const struct match_set *set = job->scan.set;
	uint64_t version = match_set_version(set);
	bool other = (g->version != version && !mutant(1843)) || (g->set != set && !mutant(1846));
	if (other)
		scan_groups_settle(job);
	g->set = set;
	g->version = version;
}

void
scan_groups_soon(const struct scan_job *job, const struct hit *hit, size_t hits)
{
	const struct scan_groups *g = &job->groups;
	for (size_t i = 0; g->items && i < hits; i++)
		__builtin_prefetch(&g->item[item_place(g, hit[i].item)]);
}

static struct scan_item *
item_of(struct scan_job *job, const struct hit *h)
{
	struct scan_groups *g = &job->groups;
	check_items(job);
	if ((g->items_used + 1) * 4 > g->items * 3)
		grow_items(g);
	struct scan_item *one = find_item(g, h->item);
	if (!one->item) {
		size_t group = (size_t)(find_group(g, h) - g->list.at);
		*one = (struct scan_item){h->item, (uint32_t)group, 0, TIME_NONE, TIME_NONE};
		g->items_used++;
	}
	return one;
}

void
scan_groups_count(struct scan_job *job, const struct hit *hit, size_t hits)
{
	for (size_t i = 0; i < hits; i++)
		if (hit[i].item) {
			struct scan_item *one = item_of(job, &hit[i]);
			one->hits++;
			add_time(&one->first, &one->last, hit[i].time, hit[i].time);
		} else {
			struct scan_group *one = find_group(&job->groups, &hit[i]);
			one->hits++;
			add_time(&one->first, &one->last, hit[i].time, hit[i].time);
		}
}

static int
by_hits(const void *a, const void *b)
{
	const struct scan_group *x = a, *y = b;
	if (x->hits != y->hits)
		return x->hits > y->hits ? -1 : 1;
	int order = span_cmp(x->pattern, y->pattern);
	return order ? order : span_cmp(x->indicator, y->indicator);
}

/* By number of hits; no look-up after it. */
static void
sort_groups(struct scan_job *job)
{
	struct scan_groups *g = &job->groups;
	scan_groups_settle(job);
	if (g->list.len)
		qsort(g->list.at, g->list.len, sizeof *g->list.at, by_hits);
}

void
scan_say_groups(struct scan_job *job)
{
	enum { FEW = 20, SHOWN = 5 };
	struct scan_groups *g = &job->groups;
	uint64_t hits = job->scan.counts.hits;
	if (hits <= FEW || job->show == SHOW_GROUPS || job->env->quiet)
		return;
	sort_groups(job);
	cmd_say(job->env, "on %zu indicator%s, in %llu file%s; most often:", g->list.len,
		g->list.len == 1 ? "" : "s", (unsigned long long)job->hit_files,
		job->hit_files == 1 ? "" : "s");
	for (size_t i = 0; i < g->list.len && i < SHOWN; i++) {
		const struct scan_group *one = &g->list.at[i];
		fprintf(stderr, "%10" PRIu64 "  ", one->hits);
		row_plain(stderr, one->pattern);
		fputs(one->name.len ? "  " : "", stderr);
		row_plain(stderr, one->name);
		fputc('\n', stderr);
	}
	if (g->list.len > SHOWN)
		cmd_say(job->env, "all of them: --count");
}

void
scan_groups_show(struct scan_job *job)
{
	struct scan_groups *g = &job->groups;
	sort_groups(job);
	for (size_t i = 0; i < g->list.len && (!job->top || i < job->top); i++) {
		const struct scan_group *one = &g->list.at[i];
		if (job->env->json) {
			struct row row;
			row_begin(&row);
			row_text(&row, "indicator",
				one->indicator.len ? one->indicator : (struct span){});
			row_text(&row, "name", one->name.len ? one->name : (struct span){});
			row_text(&row, "pattern", one->pattern);
			row_number(&row, "hits", (int64_t)one->hits);
			row_time(&row, "first", one->first);
			row_time(&row, "last", one->last);
			row_end(&row);
			continue;
		}
		buf_printf(&job->out, "%10" PRIu64 "  ", one->hits);
		scan_put_text(job, one->pattern);
		if (one->name.len) {
			buf_add(&job->out, SPAN("  "));
			scan_put_text(job, one->name);
		}
		buf_add_byte(&job->out, '\n');
	}
}

void
scan_groups_free(struct scan_job *job)
{
	free(job->groups.slot);
	free(job->groups.item);
	free(job->groups.list.at);
	arena_fini(&job->groups.arena);
}
