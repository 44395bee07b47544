/* The pulling way of a link: pages come, are checked and stored, then the cursor is saved. */
#include <string.h>

#include "codec/json.h"
#include "node/pack.h"
#include "node/sync-internal.h"

static struct pull_cursor
cursor_read(struct span state)
{
	struct pull_cursor c = {};
	struct unpack u = {state, state.len == 0};
	struct span after = unpack_span(&u), last = unpack_span(&u), next = unpack_span(&u);
	if (unpack_done(&u) && after.len < sizeof c.added_after && last.len < sizeof c.last &&
		next.len < sizeof c.next) {
		span_copy(after, c.added_after, sizeof c.added_after);
		span_copy(last, c.last, sizeof c.last);
		span_copy(next, c.next, sizeof c.next);
	}
	return c;
}

static void
cursor_note(struct link *l, const struct pull_cursor *c)
{
	own_buf struct buf out = {};
	pack_span(&out, span_of(c->added_after));
	pack_span(&out, span_of(c->last));
	pack_span(&out, span_of(c->next));
	arena_reset(&l->text);
	l->row.state = arena_dup(&l->text, buf_span(&out));
	l->row.fault = SPAN("");
}

static void
machine_start(struct sync *s, struct link *l)
{
	if (!l->objects_url.ptr)
		l->objects_url = arena_printf(&l->mem, "%.*sobjects/",
			(int)l->find.found.at[0].url.len, l->find.found.at[0].url.ptr);
	struct pull_config config = {
		.url = l->objects_url,
		.wait = s->follow ? (uint64_t)(s->conf->wait_cap / SECOND) : 0,
		.every = l->every,
		.backoff = link_backoff(s),
		.chance = s->node->rng,
	};
	struct pull_cursor stored = cursor_read(l->row.state);
	pull_init(&l->pull, &config, &stored);
}

void
pull_start(struct sync *s, struct link *l)
{
	l->phase = LINK_PULL;
	l->next_at = 0;
	machine_start(s, l);
}

/* Puts one page's objects into the vault. */
static enum rc
page_store(struct sync *s, struct link *l, struct span objects, struct vault_counts *counts,
	struct diag *why)
{
	own_arena struct arena a = {};
	struct json_slice it;
	struct span text;
	parcel_reset(s->parcel);
	s->parcel->collection = l->local;
	enum rc code = node_source_peer(s->node, l->row.peer, &a, &s->parcel->source, why);
	if (code)
		return code;
	json_slice_init(&it, objects);
	code = json_slice_array(&it, why);
	while (!code && !(code = json_slice_next(&it, &text, why)))
		parcel_add(s->parcel, text);
	if (code != RC_NONE)
		return code;
	code = parcel_store(s->node->vault, s->batch, &s->parcel, 1, why);
	if (!code)
		*counts = vault_batch_counts(s->batch);
	return code;
}

void
pull_reply(struct sync *s, struct link *l, const struct reply *r, struct sync_event *out)
{
	struct pull_turn turn = {};
	enum pull_step step = pull_take(&l->pull, r, &turn, &out->why);
	enum rc code = RC_OK;
	if (step == PULL_FAULT) {
		struct diag ignored = {};
		if (turn.objects.len)
			(void)page_store(s, l, turn.objects, &out->counts, &ignored);
		link_fault(s, l, turn.sleep, out);
		return;
	}
	if (step == PULL_PAGE && turn.objects.len)
		code = page_store(s, l, turn.objects, &out->counts, &out->why);
	if (!code && step == PULL_PAGE) {
		link_success(s, l);
		cursor_note(l, &turn.cursor);
		l->row.objects += (int64_t)out->counts.added;
		code = link_save(s, l, &out->why);
	}
	if (code) {
		/* The page was not stored: go back to the cursor that was. */
		link_fault(s, l, s->conf->sync_backoff_first, out);
		pull_fini(&l->pull);
		machine_start(s, l);
		return;
	}
	if (step == PULL_QUIET)
		link_success(s, l);
	l->next_at = clock_monotonic() + turn.sleep;
	out->kind = step == PULL_PAGE && turn.count ? SYNC_PULLED : SYNC_QUIET;
	out->objects = turn.count;
	if (!s->follow && !turn.more) {
		struct diag ignored;
		if (step == PULL_QUIET && link_save(s, l, &ignored))
			l->failed = true;
		pull_fini(&l->pull);
		l->phase = LINK_ENDED;
	}
}
