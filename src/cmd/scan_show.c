/* What the scan command prints: lines as grep does, JSON lines, counts, groups. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "cmd/row.h"
#include "cmd/scan-internal.h"
#include "match/hit_json.h"

static const char red[] = "\033[1;31m", violet[] = "\033[35m", green[] = "\033[32m",
		  plain[] = "\033[m";

/* Foreign text: as it is into a pipe, made harmless for a terminal. */
static void
put_text(const struct scan_job *job, struct span text)
{
	if (job->terminal)
		row_plain(stdout, text);
	else
		fwrite(text.ptr, 1, text.len, stdout);
}

static void
put_place(const struct scan_job *job, uint64_t line, char mark)
{
	if (job->names) {
		printf("%s", job->colour ? violet : "");
		put_text(job, job->file);
		printf("%s%c", job->colour ? plain : "", mark);
	}
	printf("%s%" PRIu64 "%s%c", job->colour ? green : "", line, job->colour ? plain : "", mark);
}

void
scan_show_file(struct scan_job *job, const char *name)
{
	job->file = span_of(name);
	job->file_lines = 0;
	job->ring_used = job->ring_at = 0;
	job->after_left = 0;
	job->last_shown = 0;
	if (job->before && !job->ring)
		job->ring = mem_new(job->before * sizeof *job->ring);
}

/* What lies between hits. Lines can be long as books; on a terminal the middle is left out. */
static void
put_gap(const struct scan_job *job, struct span text)
{
	enum { EDGE = 160 };
	if (!job->terminal || text.len <= 4 * EDGE) {
		put_text(job, text);
		return;
	}
	put_text(job, span_sub(text, 0, EDGE));
	printf(" ... %zu bytes ... ", text.len - 2 * EDGE);
	put_text(job, span_sub(text, text.len - EDGE, SIZE_MAX));
}

/* The line, on a terminal with what was seen in colour. */
static void
put_line(const struct scan_job *job, const struct record *r, const struct hit *hit, size_t hits)
{
	size_t at = 0;
	put_place(job, r->line, ':');
	for (size_t i = 0; job->terminal && i < hits; i++) {
		size_t from = (size_t)(hit[i].offset - r->offset), len = hit[i].length;
		if (from < at || from + len > r->text.len || len == 0)
			continue;
		put_gap(job, span_sub(r->text, at, from - at));
		fputs(job->colour ? red : "", stdout);
		put_text(job, span_sub(r->text, from, len));
		fputs(job->colour ? plain : "", stdout);
		at = from + len;
	}
	put_gap(job, span_sub(r->text, at, SIZE_MAX));
	putchar('\n');
}

/* "    2 of 3: dns.log:7 at 2026-01-01T12:00:00.000000Z: domain evil.example" */
static void
put_parts(const struct scan_job *job, const struct hit *h)
{
	for (size_t i = 0; h->records > 1 && i < h->parts; i++) {
		const struct hit_part *p = &h->part[i];
		char time[TIME_TEXT];
		bool last = i + 1 == h->parts;
		if (p->time != TIME_NONE)
			time_text(p->time, time);
		if (last && h->records > h->parts)
			printf("    ... %" PRIu64 " more ...\n", h->records - h->parts);
		printf("    %" PRIu64 " of %" PRIu64 ": ", last ? h->records : i + 1, h->records);
		put_text(job, p->file);
		printf(":%" PRIu64 "%s%s", p->line, p->time != TIME_NONE ? " at " : "",
			p->time != TIME_NONE ? time : "");
		if (p->seen.kind != OBS_NONE) {
			printf(": %s ", obs_word(p->seen.kind));
			put_text(job, p->seen.value);
		}
		putchar('\n');
	}
}

/* "  ^ subdomain: a.evil.example under evil.example, NAME (PARTY, TLP)" */
static void
put_why(const struct scan_job *job, const struct hit *h)
{
	printf("  ^ %s: %s ", hit_match_word(h->match), obs_word(h->seen.kind));
	put_text(job, h->seen.value);
	if (!span_eq(h->seen.value, h->about.value)) {
		static const char *const how[] = {
			[HIT_EXACT] = " for ",
			[HIT_SUBDOMAIN] = " under ",
			[HIT_CIDR] = " in ",
			[HIT_URL_HOST] = " for ",
			[HIT_URL_PREFIX] = " below ",
			[HIT_REGEX] = " for ",
			[HIT_PATTERN] = " for ",
		};
		fputs(how[h->match], stdout);
		put_text(job, h->about.value);
	}
	if (h->name.len && !span_eq(h->name, h->about.value)) {
		fputs(", ", stdout);
		put_text(job, h->name);
	}
	if (h->indicator.len) {
		fputs(", ", stdout);
		put_text(job, h->indicator);
	}
	if (h->party.len || h->tlp.len) {
		fputs(" (", stdout);
		put_text(job, h->party);
		fputs(h->party.len && h->tlp.len ? ", " : "", stdout);
		put_text(job, h->tlp);
		putchar(')');
	}
	putchar('\n');
	put_parts(job, h);
}

static void
put_context(struct scan_job *job, uint64_t line, struct span text)
{
	put_place(job, line, '-');
	put_gap(job, text);
	putchar('\n');
	job->last_shown = line;
}

static void
put_before(struct scan_job *job, uint64_t line)
{
	uint64_t first = line;
	for (size_t i = 0; i < job->ring_used; i++) {
		struct scan_line *l =
			&job->ring[(job->ring_at + job->before - job->ring_used + i) % job->before];
		if (l->number < first)
			first = l->number;
	}
	if (job->last_shown && first > job->last_shown + 1 && (job->before || job->after))
		puts("--");
	for (size_t i = 0; i < job->ring_used; i++) {
		struct scan_line *l =
			&job->ring[(job->ring_at + job->before - job->ring_used + i) % job->before];
		if (l->number > job->last_shown)
			put_context(job, l->number, buf_span(&l->text));
	}
	job->ring_used = 0;
}

static void
show_line(struct scan_job *job, const struct record *r, const struct hit *hit, size_t hits)
{
	if (hits) {
		put_before(job, r->line);
		put_line(job, r, hit, hits);
		for (size_t i = 0; i < hits; i++)
			put_why(job, &hit[i]);
		job->after_left = job->after;
		job->last_shown = r->line;
	} else if (job->after_left) {
		job->after_left--;
		put_context(job, r->line, r->text);
	} else if (job->before) {
		struct scan_line *l = &job->ring[job->ring_at];
		buf_reset(&l->text);
		buf_add(&l->text, r->text);
		l->number = r->line;
		job->ring_at = (job->ring_at + 1) % job->before;
		job->ring_used += job->ring_used < job->before;
	}
}

/* ---- groups ---- */

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

static void
count_groups(struct scan_job *job, const struct hit *hit, size_t hits)
{
	for (size_t i = 0; i < hits; i++) {
		struct scan_group *g = find_group(&job->groups, &hit[i]);
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

static void
show_groups(struct scan_job *job)
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
		printf("%10" PRIu64 "  ", one->hits);
		put_text(job, one->pattern);
		if (one->name.len) {
			fputs("  ", stdout);
			put_text(job, one->name);
		}
		putchar('\n');
	}
}

void
scan_show_record(struct scan_job *job, const struct record *r, const struct hit *hit, size_t hits)
{
	job->hit_files += hits && !job->file_lines;
	job->file_lines += hits > 0;
	if (hits)
		count_groups(job, hit, hits);
	if (hits && job->show == SHOW_ASSETS)
		scan_assets_count(job, r, hit, hits);
	if (hits && job->terminal)
		progress_fini(&job->progress);
	switch (job->show) {
	case SHOW_LINES: show_line(job, r, hit, hits); break;
	case SHOW_COUNT:
	case SHOW_FILES:
	case SHOW_ASSETS:
	case SHOW_GROUPS: break;
	case SHOW_MATCHES:
		for (size_t i = 0; i < hits; i++) {
			put_place(job, hit[i].line, ':');
			put_text(job, hit[i].seen.value);
			putchar('\n');
		}
		break;
	case SHOW_JSON:
		for (size_t i = 0; i < hits; i++) {
			own_buf struct buf b = {};
			hit_json(&hit[i], &b);
			fwrite(b.ptr, 1, b.len, stdout);
		}
		break;
	}
	if (hits && (job->follow || job->terminal))
		fflush(stdout);
}

void
scan_show_late(struct scan_job *job, const struct hit *hit, size_t hits)
{
	struct span file = job->file;
	count_groups(job, hit, hits);
	if (job->show == SHOW_ASSETS)
		scan_assets_count(job, NULL, hit, hits);
	if (job->terminal)
		progress_fini(&job->progress);
	for (size_t i = 0; i < hits; i++) {
		job->file = hit[i].file;
		if (job->show == SHOW_LINES || job->show == SHOW_MATCHES)
			put_place(job, hit[i].line, ':');
		if (job->show == SHOW_LINES) {
			putchar('\n');
			put_why(job, &hit[i]);
		} else if (job->show == SHOW_MATCHES) {
			put_text(job, hit[i].seen.value);
			putchar('\n');
		} else if (job->show == SHOW_JSON) {
			own_buf struct buf b = {};
			hit_json(&hit[i], &b);
			fwrite(b.ptr, 1, b.len, stdout);
		}
	}
	job->file = file;
	if (job->follow || job->terminal)
		fflush(stdout);
}

void
scan_show_end_patterns(struct scan_job *job, const struct stream_counts *c)
{
	struct row row;
	if (job->show != SHOW_JSON)
		return;
	row_begin(&row);
	row_open(&row, "patterns");
	row_number(&row, "evaluated", (int64_t)c->patterns);
	row_number(&row, "forgetful", (int64_t)c->forgetful);
	row_number(&row, "forgotten", (int64_t)c->forgotten);
	row_number(&row, "stopped", (int64_t)c->stopped);
	row_number(&row, "undecided", (int64_t)c->undecided);
	row_number(&row, "unheld", (int64_t)c->unheld);
	row_number(&row, "untimed", (int64_t)c->untimed);
	row_close(&row);
	row_end(&row);
}

void
scan_show_file_end(struct scan_job *job)
{
	if (job->show == SHOW_COUNT && job->env->json) {
		struct row row;
		row_begin(&row);
		row_text(&row, "file", job->file);
		row_number(&row, "lines", (int64_t)job->file_lines);
		row_end(&row);
	} else if (job->show == SHOW_COUNT) {
		if (job->names) {
			put_text(job, job->file);
			putchar(':');
		}
		printf("%" PRIu64 "\n", job->file_lines);
	} else if (job->show == SHOW_FILES && job->file_lines && job->env->json) {
		struct row row;
		row_begin(&row);
		row_text(&row, "file", job->file);
		row_end(&row);
	} else if (job->show == SHOW_FILES && job->file_lines) {
		put_text(job, job->file);
		putchar('\n');
	}
}

void
scan_show_end(struct scan_job *job)
{
	if (job->show == SHOW_GROUPS)
		show_groups(job);
	if (job->show == SHOW_ASSETS)
		scan_assets_show(job);
}

void
scan_show_fini(struct scan_job *job)
{
	for (size_t i = 0; job->ring && i < job->before; i++)
		buf_fini(&job->ring[i].text);
	free(job->ring);
	scan_assets_free(job);
	free(job->groups.slot);
	free(job->groups.list.at);
	arena_fini(&job->groups.arena);
}
