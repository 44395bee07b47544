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

/* ---- which group an item of the set is in ---- */

static uint64_t *
find_item(struct scan_groups *g, uint32_t item)
{
	size_t at = (size_t)((item * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
	while (g->item[at & (g->items - 1)] && g->item[at & (g->items - 1)] >> 32 != item)
		at++;
	return &g->item[at & (g->items - 1)];
}

static void
grow_items(struct scan_groups *g)
{
	size_t old = g->items;
	uint64_t *was = g->item;
	g->items = old ? old * 2 : 256;
	g->item = mem_new(g->items * sizeof *g->item);
	for (size_t i = 0; i < old; i++)
		if (was[i])
			*find_item(g, (uint32_t)(was[i] >> 32)) = was[i];
	free(was);
}

/* Numbers of items mean another thing once the set was changed. */
static void
check_items(struct scan_groups *g, uint64_t version)
{
	if (g->version == version || mutant(1843))
		return;
	if (g->items)
		memset(g->item, 0, g->items * sizeof *g->item);
	g->items_used = 0;
	g->version = version;
}

static struct scan_group *
group_of(struct scan_job *job, const struct hit *h)
{
	struct scan_groups *g = &job->groups;
	if (!h->item)
		return find_group(g, h);
	check_items(g, match_set_version(job->set));
	if ((g->items_used + 1) * 2 > g->items)
		grow_items(g);
	uint64_t *slot = find_item(g, h->item);
	if (!*slot) {
		struct scan_group *one = find_group(g, h);
		*slot = (uint64_t)h->item << 32 | (uint64_t)(one - g->list.at + 1);
		g->items_used++;
	}
	return &g->list.at[(uint32_t)*slot - 1];
}

void
scan_groups_count(struct scan_job *job, const struct hit *hit, size_t hits)
{
	for (size_t i = 0; i < hits; i++) {
		struct scan_group *g = group_of(job, &hit[i]);
		g->hits++;
		if (hit[i].time == TIME_NONE)
			continue;
		if (g->first == TIME_NONE || hit[i].time < g->first)
			g->first = hit[i].time;
		if (g->last == TIME_NONE || hit[i].time > g->last)
			g->last = hit[i].time;
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
sort_groups(struct scan_groups *g)
{
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
	sort_groups(g);
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
	sort_groups(g);
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
