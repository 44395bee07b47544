/* What the scan command prints: lines as grep does, JSON lines, counts, groups. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/row.h"
#include "cmd/scan-internal.h"
#include "match/hit_json.h"

static const char red[] = "\033[1;31m", violet[] = "\033[35m", green[] = "\033[32m",
		  plain[] = "\033[m";

/* What is printed is gathered: printing each piece by itself takes longer than finding it. */
enum { GATHERED = 128 << 10 };

static void
put_out(struct scan_job *job)
{
	if (job->out.len)
		fwrite(job->out.ptr, 1, job->out.len, stdout);
	buf_reset(&job->out);
}

static void
put(struct scan_job *job, const char *text)
{
	buf_add(&job->out, span_of(text));
}

void
scan_put_text(struct scan_job *job, struct span text)
{
	if (!job->terminal) {
		buf_add(&job->out, text);
		return;
	}
	put_out(job);
	row_plain(stdout, text);
}

static void
put_place(struct scan_job *job, uint64_t line, char mark)
{
	if (job->names) {
		put(job, job->colour ? violet : "");
		scan_put_text(job, job->file);
		put(job, job->colour ? plain : "");
		buf_add_byte(&job->out, mark);
	}
	if (job->colour)
		put(job, green);
	buf_add_u64(&job->out, line);
	if (job->colour)
		put(job, plain);
	buf_add_byte(&job->out, mark);
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
put_gap(struct scan_job *job, struct span text)
{
	enum { EDGE = 160 };
	if (!job->terminal || text.len <= 4 * EDGE) {
		scan_put_text(job, text);
		return;
	}
	scan_put_text(job, span_sub(text, 0, EDGE));
	buf_printf(&job->out, " ... %zu bytes ... ", text.len - 2 * EDGE);
	scan_put_text(job, span_sub(text, text.len - EDGE, SIZE_MAX));
}

/* The line, on a terminal with what was seen in colour. */
static void
put_line(struct scan_job *job, const struct record *r, const struct hit *hit, size_t hits)
{
	size_t at = 0;
	put_place(job, r->line, ':');
	for (size_t i = 0; job->terminal && i < hits; i++) {
		size_t from = (size_t)(hit[i].offset - r->offset), len = hit[i].length;
		if (from < at || from + len > r->text.len || len == 0)
			continue;
		put_gap(job, span_sub(r->text, at, from - at));
		put(job, job->colour ? red : "");
		scan_put_text(job, span_sub(r->text, from, len));
		put(job, job->colour ? plain : "");
		at = from + len;
	}
	put_gap(job, span_sub(r->text, at, SIZE_MAX));
	buf_add_byte(&job->out, '\n');
}

/* "    2 of 3: dns.log:7 at 2026-01-01T12:00:00.000000Z: domain evil.example" */
static void
put_parts(struct scan_job *job, const struct hit *h)
{
	for (size_t i = 0; h->records > 1 && i < h->parts; i++) {
		const struct hit_part *p = &h->part[i];
		char time[TIME_TEXT];
		bool last = i + 1 == h->parts;
		if (p->time != TIME_NONE)
			time_text(p->time, time);
		if (last && h->records > h->parts)
			buf_printf(
				&job->out, "    ... %" PRIu64 " more ...\n", h->records - h->parts);
		buf_printf(&job->out, "    %" PRIu64 " of %" PRIu64 ": ", last ? h->records : i + 1,
			h->records);
		scan_put_text(job, p->file);
		buf_printf(&job->out, ":%" PRIu64 "%s%s", p->line,
			p->time != TIME_NONE ? " at " : "", p->time != TIME_NONE ? time : "");
		if (p->seen.kind != OBS_NONE) {
			buf_printf(&job->out, ": %s ", obs_word(p->seen.kind));
			scan_put_text(job, p->seen.value);
		}
		buf_add_byte(&job->out, '\n');
	}
}

/* "  ^ subdomain: a.evil.example under evil.example, NAME (PARTY, TLP)" */
static void
put_why(struct scan_job *job, const struct hit *h)
{
	buf_add(&job->out, SPAN("  ^ "));
	put(job, hit_match_word(h->match));
	buf_add(&job->out, SPAN(": "));
	put(job, obs_word(h->seen.kind));
	buf_add_byte(&job->out, ' ');
	scan_put_text(job, h->seen.value);
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
		put(job, how[h->match]);
		scan_put_text(job, h->about.value);
	}
	if (h->name.len && !span_eq(h->name, h->about.value)) {
		buf_add(&job->out, SPAN(", "));
		scan_put_text(job, h->name);
	}
	if (h->indicator.len) {
		buf_add(&job->out, SPAN(", "));
		scan_put_text(job, h->indicator);
	}
	if (h->party.len || h->tlp.len) {
		buf_add(&job->out, SPAN(" ("));
		scan_put_text(job, h->party);
		buf_add(&job->out, h->party.len && h->tlp.len ? SPAN(", ") : SPAN(""));
		scan_put_text(job, h->tlp);
		buf_add_byte(&job->out, ')');
	}
	buf_add_byte(&job->out, '\n');
	put_parts(job, h);
}

static void
put_context(struct scan_job *job, uint64_t line, struct span text)
{
	put_place(job, line, '-');
	put_gap(job, text);
	buf_add_byte(&job->out, '\n');
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
		put(job, "--\n");
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

/* Whether anybody will hear how often which indicator was seen. */
static bool
counts_are_told(const struct scan_job *job)
{
	return job->show == SHOW_GROUPS || !job->env->quiet;
}

void
scan_show_now(struct scan_job *job)
{
	if (job->told && job->out.len)
		scan_told_leave_out(job, job->show == SHOW_LINES);
	put_out(job);
	fflush(stdout);
}

void
scan_show_record(struct scan_job *job, const struct record *r, const struct hit *hit, size_t hits)
{
	job->hit_files += hits && !job->file_lines;
	job->file_lines += hits > 0;
	bool counted = hits && counts_are_told(job);
	if (counted)
		scan_groups_soon(job, hit, hits);
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
			scan_put_text(job, hit[i].seen.value);
			buf_add_byte(&job->out, '\n');
		}
		break;
	case SHOW_JSON:
		for (size_t i = 0; i < hits; i++)
			hit_json(&hit[i], &job->out);
		break;
	}
	if (counted)
		scan_groups_count(job, hit, hits);
	if (hits && (job->follow || job->terminal))
		scan_show_now(job);
	else if (job->out.len >= GATHERED)
		put_out(job);
}

void
scan_show_late(struct scan_job *job, const struct hit *hit, size_t hits)
{
	struct span file = job->file;
	if (counts_are_told(job))
		scan_groups_count(job, hit, hits);
	if (job->show == SHOW_ASSETS)
		scan_assets_count(job, NULL, hit, hits);
	if (job->terminal)
		progress_fini(&job->progress);
	for (size_t i = 0; i < hits; i++) {
		job->file = hit[i].file;
		if (job->show == SHOW_LINES || job->show == SHOW_MATCHES)
			put_place(job, hit[i].line, ':');
		if (job->show == SHOW_LINES) {
			buf_add_byte(&job->out, '\n');
			put_why(job, &hit[i]);
		} else if (job->show == SHOW_MATCHES) {
			scan_put_text(job, hit[i].seen.value);
			buf_add_byte(&job->out, '\n');
		} else if (job->show == SHOW_JSON) {
			hit_json(&hit[i], &job->out);
		}
		if (job->follow || job->terminal)
			scan_show_now(job);
	}
	job->file = file;
}

void
scan_show_end_patterns(struct scan_job *job, const struct stream_counts *c)
{
	struct row row;
	if (job->show != SHOW_JSON)
		return;
	put_out(job);
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
	put_out(job);
	if (job->show == SHOW_COUNT && job->env->json) {
		struct row row;
		row_begin(&row);
		row_text(&row, "file", job->file);
		row_number(&row, "lines", (int64_t)job->file_lines);
		row_end(&row);
	} else if (job->show == SHOW_COUNT) {
		if (job->names) {
			scan_put_text(job, job->file);
			buf_add_byte(&job->out, ':');
		}
		buf_add_u64(&job->out, job->file_lines);
		buf_add_byte(&job->out, '\n');
	} else if (job->show == SHOW_FILES && job->file_lines && job->env->json) {
		struct row row;
		row_begin(&row);
		row_text(&row, "file", job->file);
		row_end(&row);
	} else if (job->show == SHOW_FILES && job->file_lines) {
		scan_put_text(job, job->file);
		buf_add_byte(&job->out, '\n');
	}
}

void
scan_show_end(struct scan_job *job)
{
	if (job->show == SHOW_GROUPS)
		scan_groups_show(job);
	put_out(job);
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
	scan_groups_free(job);
	buf_fini(&job->out);
}
