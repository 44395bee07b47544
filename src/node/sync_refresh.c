/* Links follow the peers' rows while the node serves: what changed starts anew, all else goes on. */
#include <stdlib.h>
#include <string.h>

#include "node/sync-internal.h"

static struct link *
link_of(const struct sync *s, const struct peer_link *row)
{
	for (size_t i = 0; i < s->links.len; i++) {
		const struct peer_link *have = &s->links.at[i]->row;
		if (have->way == row->way && span_eq(have->peer, row->peer) &&
			span_eq(have->remote, row->remote) && span_eq(have->local, row->local))
			return s->links.at[i];
	}
	return NULL;
}

/* Whether a running link is what the rows ask for. Its cursor moves with us: another one is not ours. */
static bool
is_same(struct sync *s, const struct link *l, const struct peer_link *row, const uint8_t *channel)
{
	struct vault_collection local;
	struct diag ignored;
	return memcmp(l->channel, channel, sizeof l->channel) == 0 && l->row.at == row->at &&
	       span_eq(l->row.state, row->state) &&
	       !node_collection(s->node, row->local, &local, &ignored) && local.number == l->local;
}

static void
links_mark(struct sync *s, const struct peer *p, const struct peer_links *rows)
{
	uint8_t channel[SHA256_SIZE];
	struct diag ignored;
	if (channel_digest(s, p, channel, &ignored))
		return;
	for (size_t i = 0; i < rows->all.len; i++) {
		struct link *l = link_of(s, &rows->all.at[i]);
		if (l && is_same(s, l, &rows->all.at[i], channel))
			l->kept = true;
	}
}

/* Those no longer wanted end, and their requests with them. */
static enum rc
links_drop(struct sync *s, struct diag *why)
{
	size_t kept = 0;
	enum rc code = RC_OK;
	for (size_t i = 0; i < s->links.len; i++) {
		struct link *l = s->links.at[i];
		if (l->kept) {
			s->links.at[kept++] = l;
			continue;
		}
		struct message m = {FETCH_DROP, l->number, {"", 0}};
		if (pipe_send(s->fetch->pipe, &m, 10 * SECOND))
			code = diag_fail(why, RC_IO, "the fetch process is gone");
		link_free(l);
	}
	s->links.len = kept;
	return code;
}

struct wanted {
	struct peer_list peers;
	vec_of(struct peer_links) rows; /* of each peer */
};

static enum rc
wanted_read(struct sync *s, struct arena *a, struct wanted *w, struct diag *why)
{
	enum rc code = peer_list(s->node->store, a, &w->peers, why);
	for (size_t i = 0; !code && i < w->peers.all.len; i++) {
		struct peer_links *rows = vec_add(&w->rows);
		*rows = (struct peer_links){};
		code = peer_link_list(s->node->store, w->peers.all.at[i].name, a, rows, why);
	}
	return code;
}

static void
wanted_fini(struct wanted *w)
{
	for (size_t i = 0; i < w->rows.len; i++)
		free(w->rows.at[i].all.at);
	free(w->rows.at);
	free(w->peers.all.at);
}

/* What is wanted and does not run; one that cannot start is no reason against the others. */
static enum rc
links_start(struct sync *s, const struct wanted *w, struct diag *why)
{
	enum rc first = RC_OK;
	for (size_t i = 0; i < w->rows.len; i++) {
		const struct peer *p = &w->peers.all.at[i];
		for (size_t j = 0; j < w->rows.at[i].all.len; j++) {
			const struct peer_link *row = &w->rows.at[i].all.at[j];
			struct diag fault = {};
			if (link_of(s, row))
				continue;
			enum rc code = link_add(s, p, row, &fault);
			if (!code || first)
				continue;
			first = code;
			*why = fault;
			diag_where(why, "peer=%.*s to=%.*s", (int)p->name.len, p->name.ptr,
				(int)row->local.len, row->local.ptr);
		}
	}
	return first;
}

enum rc
sync_refresh(struct sync *s, struct diag *why)
{
	own_arena struct arena a = {};
	struct wanted w = {};
	enum rc code = wanted_read(s, &a, &w, why);
	if (!code) {
		for (size_t i = 0; i < s->links.len; i++)
			s->links.at[i]->kept = false;
		for (size_t i = 0; i < w.rows.len; i++)
			if (w.rows.at[i].all.len)
				links_mark(s, &w.peers.all.at[i], &w.rows.at[i]);
		code = links_drop(s, why);
	}
	if (!code)
		code = links_start(s, &w, why);
	wanted_fini(&w);
	return code;
}
