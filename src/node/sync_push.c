/* The pushing way of a link: what arrived here since the last acknowledgement, as far as the gate lets it. */
#include <stdlib.h>

#include "node/sync-internal.h"

enum { PUSH_OBJECTS = 5000, PUSH_BYTES = 32 << 20 };

struct gather {
	vec_of(struct push_item) items;
	size_t bytes;
	int64_t reached;
	bool full;
};

/* Nothing goes back to where it came from. */
static bool
came_from(const struct link *l, struct span source)
{
	return span_starts(source, SPAN("sync:")) &&
	       span_eq(span_sub(source, 5, SIZE_MAX), l->row.peer);
}

static enum rc
gather(struct sync *s, struct link *l, const struct pass *pass, struct gather *g, struct diag *why)
{
	struct vault_filter filter = {.which = VAULT_LAST, .after = l->row.at};
	own_vault_page struct vault_page *page = NULL;
	struct vault_item item;
	enum rc code = vault_page_open(s->node->vault, l->local, &filter, VAULT_BYTES, &page, why);
	while (!code && !(code = vault_page_next(page, &item, why))) {
		if (g->items.len == PUSH_OBJECTS || g->bytes > PUSH_BYTES) {
			g->full = true;
			return RC_OK;
		}
		g->reached = item.added;
		if (came_from(l, item.source))
			continue;
		struct push_item *one = vec_add(&g->items);
		*one = (struct push_item){
			.id = arena_dup(&l->outgoing, item.object.id),
			.version = arena_dup(&l->outgoing, item.object.version),
			.text = arena_dup(&l->outgoing, item.object.bytes),
		};
		g->bytes += item.object.bytes.len;
		if (!node_permits(s->node, pass, &item))
			g->items.len--;
	}
	return code == RC_NONE ? RC_OK : code;
}

static enum rc
pass_for(struct sync *s, struct link *l, struct pass **out, struct diag *why)
{
	struct vault_collection c;
	struct reader to = {READER_USER, l->row.peer};
	enum rc code = node_collection(s->node, l->row.local, &c, why);
	return code ? code : node_release(s->node, &to, &c, GATE_SEND, out, why);
}

static void
push_end(struct link *l)
{
	if (l->pushing)
		push_fini(&l->push);
	free(l->items);
	l->items = NULL;
	l->item_count = 0;
	l->pushing = false;
	arena_reset(&l->outgoing);
}

/* Nothing (more) to send: remember how far we looked. */
static enum rc
quiet(struct sync *s, struct link *l, struct sync_event *out)
{
	link_success(s, l);
	l->row.at = l->reached;
	out->kind = SYNC_QUIET;
	if (link_save(s, l, &out->why))
		link_fault(s, l, 0, out);
	else if (s->follow)
		l->next_at = clock_monotonic() + l->every;
	else
		l->phase = LINK_ENDED;
	return RC_NONE;
}

enum rc
push_gather(struct sync *s, struct link *l, struct sync_event *out, struct diag *why)
{
	(void)why;
	if (l->pushing)
		return RC_OK;
	own_pass struct pass *pass = NULL;
	struct gather g = {.reached = l->row.at};
	enum rc code = pass_for(s, l, &pass, &out->why);
	if (!code)
		code = gather(s, l, pass, &g, &out->why);
	if (code) {
		free(g.items.at);
		arena_reset(&l->outgoing);
		link_fault(s, l, s->conf->sync_backoff_first, out);
		return RC_NONE;
	}
	l->reached = g.reached;
	if (g.items.len == 0) {
		free(g.items.at);
		return quiet(s, l, out);
	}
	const struct find_collection *there = &l->find.found.at[0];
	struct push_config config = {
		.objects_url = arena_printf(
			&l->outgoing, "%.*sobjects/", (int)there->url.len, there->url.ptr),
		.root_url = there->root,
		.max_content = there->max_content,
		.backoff = link_backoff(s),
		.chance = s->node->rng,
	};
	l->items = g.items.at;
	l->item_count = g.items.len;
	push_init(&l->push, &config, l->items, l->item_count);
	l->pushing = true;
	return RC_OK;
}

/* Every object has its fate: what the peer refused is told, what it never answered is sent again. */
static void
push_done(struct sync *s, struct link *l, struct sync_event *out)
{
	uint64_t taken = 0, failed = 0, unknown = 0;
	for (size_t i = 0; i < l->item_count; i++) {
		const struct push_item *item = &l->items[i];
		taken += item->fate == PUSH_TAKEN;
		unknown += item->fate == PUSH_UNKNOWN;
		if (item->fate == PUSH_FAILED && failed++ == 0) {
			diag_where(&out->why, "%.*s", (int)item->id.len, item->id.ptr);
			diag_what(&out->why, "refused: %.*s",
				(int)(item->message.len < 200 ? item->message.len : 200),
				item->message.ptr);
		}
	}
	out->kind = failed ? SYNC_REFUSED : SYNC_PUSHED;
	out->objects = taken;
	out->counts.added = taken;
	out->counts.refused = failed;
	push_end(l);
	if (unknown) {
		diag_what(&out->why, "the peer never said what became of %llu objects",
			(unsigned long long)unknown);
		link_fault(s, l, s->conf->sync_backoff_first, out);
		return;
	}
	link_success(s, l);
	l->row.at = l->reached;
	l->row.objects += (int64_t)taken;
	l->next_at = 0;
	if (link_save(s, l, &out->why))
		link_fault(s, l, 0, out);
}

void
push_reply(struct sync *s, struct link *l, const struct reply *r, struct sync_event *out)
{
	struct push_turn turn = {};
	enum push_step step = push_take(&l->push, r, &turn, &out->why);
	l->next_at = clock_monotonic() + turn.sleep;
	if (step == PUSH_FAULT)
		link_fault(s, l, turn.sleep, out);
	else if (step == PUSH_DONE)
		push_done(s, l, out);
}
