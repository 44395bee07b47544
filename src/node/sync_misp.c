#include "node/sync_misp.h"

#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "feed/in.h"
#include "feed/misp.h"
#include "feed/out_misp.h"
#include "node/pack.h"
#include "stix/object.h"

enum { PARCEL_OBJECTS = 5000, PARCEL_BYTES = 32 << 20, PUSH_OBJECTS = 5000 };

/* ---- pulling ---- */

static void
cursor_read(struct span state, struct misp_pull_cursor *c)
{
	struct unpack u = {state, state.len == 0};
	int64_t changed = (int64_t)unpack_number(&u), sighted = (int64_t)unpack_number(&u);
	*c = (struct misp_pull_cursor){};
	if (unpack_done(&u) && changed >= 0 && sighted >= 0)
		*c = (struct misp_pull_cursor){changed, sighted};
}

static void
cursor_note(struct link *l, const struct misp_pull_cursor *c)
{
	own_buf struct buf out = {};
	pack_number(&out, (uint64_t)c->changed);
	pack_number(&out, (uint64_t)c->sighted);
	arena_reset(&l->text);
	l->row.state = arena_dup(&l->text, buf_span(&out));
	l->row.fault = SPAN("");
}

/* Whether the event is here already in this version, or started here: then only its sightings matter. */
static enum rc
is_known(struct sync *s, struct link *l, const struct misp_entry *e, bool *known, struct diag *why)
{
	own_arena struct arena a = {};
	struct vault_item item;
	bool here = false;
	struct span id = arena_printf(&a, "report--%s", e->uuid);
	*known = span_ends(s->node->me.id, span_of(e->org)) && e->org[0];
	if (*known)
		return RC_OK;
	enum rc code = vault_has(s->node->vault, l->local, id, &here, why);
	if (code || !here)
		return code;
	code = vault_get(s->node->vault, id, &a, &item, why);
	if (code)
		return code == RC_NONE ? RC_OK : code;
	*known = item.object.version_at / SECOND >= e->timestamp;
	return RC_OK;
}

static enum rc
choose(struct sync *s, struct link *l, struct misp_pull_turn *turn, struct diag *why)
{
	enum rc code = RC_OK;
	for (size_t i = 0; !code && i < turn->count; i++) {
		bool known = false;
		struct misp_entry *e = &turn->entries[i];
		if (e->sightings)
			continue;
		code = is_known(s, l, e, &known, why);
		e->wanted = !known;
	}
	return code;
}

static enum rc
parcel_flush(struct sync *s, struct vault_counts *counts, struct diag *why)
{
	if (s->parcel->items.len == 0)
		return RC_OK;
	enum rc code = parcel_store(s->node->vault, s->batch, &s->parcel, 1, why);
	if (!code) {
		struct vault_counts c = vault_batch_counts(s->batch);
		counts->added += c.added;
		counts->duplicate += c.duplicate;
		counts->quarantined += c.quarantined;
		counts->refused += c.refused;
	}
	parcel_reset(s->parcel);
	return code;
}

/* What this node itself authored and MISP only reflects. */
static bool
is_ours(struct sync *s, struct span text)
{
	own_buf struct buf mark = {};
	buf_printf(
		&mark, "\"created_by_ref\":\"%.*s\"", (int)s->node->me.id.len, s->node->me.id.ptr);
	return span_find(span_sub(text, 0, 400), buf_span(&mark)) != SIZE_MAX;
}

static enum rc
take_one(struct sync *s, struct link *l, const struct in_object *o, struct vault_counts *counts,
	struct diag *why)
{
	struct span text;
	struct diag note = {};
	if (is_ours(s, o->text)) {
		counts->duplicate++;
		return RC_OK;
	}
	enum rc code = settle_object(&l->misp->settle, s->node, l->local, o, &text, &note);
	if (code == RC_NONE) {
		counts->duplicate++;
		return RC_OK;
	}
	if (code == RC_CONFLICT) {
		counts->refused++;
		return RC_OK;
	}
	if (code) {
		*why = note;
		return code;
	}
	parcel_add_copy(s->parcel, text);
	if (s->parcel->items.len < PARCEL_OBJECTS && s->parcel->bytes < PARCEL_BYTES)
		return RC_OK;
	return parcel_flush(s, counts, why);
}

static enum rc
event_store(
	struct sync *s, struct link *l, const struct misp_pull_turn *turn, struct sync_event *out)
{
	own_arena struct arena a = {};
	struct span text = turn->event;
	struct in_plan plan = {
		.author = s->node->me.id, .confidence = -1, .event = span_of(turn->entry->uuid)};
	struct in_object o;
	const struct in_format *format;
	struct in *in = NULL;
	struct diag note = {};
	parcel_reset(s->parcel);
	s->parcel->collection = l->local;
	enum rc code = node_source_peer(s->node, l->row.peer, &a, &s->parcel->source, &out->why);
	if (!code)
		code = in_format_find(SPAN("misp"), text, &format, &out->why);
	if (!code)
		code = in_open(&plan, format, text, &in, &out->why);
	if (code)
		return code;
	enum rc read;
	while (!code && ((read = in_next(in, &o, &note)) == RC_OK || read == RC_UNKNOWN)) {
		out->objects += read == RC_OK;
		if (read == RC_UNKNOWN)
			out->left_out++;
		else
			code = take_one(s, l, &o, &out->counts, &out->why);
	}
	/* An event that cannot be read is told; it is asked for again when it changes. */
	if (!code && read != RC_NONE) {
		out->why = note;
		out->kind = SYNC_REFUSED;
		code = RC_OK;
	}
	in_close(&in);
	return code ? code : parcel_flush(s, &out->counts, &out->why);
}

static void
machine_start(struct sync *s, struct link *l)
{
	struct misp_pull_cursor stored;
	struct misp_pull_config config = {.url = l->peer_url,
		.remote = l->row.remote,
		.every = l->every,
		.chance = s->node->rng};
	cursor_read(l->row.state, &stored);
	misp_pull_init(&l->misp->pull, &config, &stored);
	l->misp->pulling = true;
}

static void
sweep_end(struct sync *s, struct link *l, const struct misp_pull_turn *turn, struct sync_event *out)
{
	link_success(s, l);
	cursor_note(l, &turn->cursor);
	l->next_at = clock_monotonic() + turn->sleep;
	if (link_save(s, l, &out->why)) {
		link_fault(s, l, s->conf->sync_backoff_first, out);
		return;
	}
	if (!s->follow)
		l->phase = LINK_ENDED;
}

static void
pull_take_reply(struct sync *s, struct link *l, const struct reply *r, struct sync_event *out)
{
	struct misp_pull_turn turn = {};
	struct misp_pull *p = &l->misp->pull;
	enum misp_pull_step step = misp_pull_take(p, r, &turn, &out->why);
	enum rc code = RC_OK;
	l->next_at = 0;
	if (step == MISP_PULL_FAULT) {
		link_fault(s, l, turn.sleep, out);
		return;
	}
	if (step == MISP_PULL_LIST)
		code = choose(s, l, &turn, &out->why);
	if (step == MISP_PULL_EVENT) {
		out->kind = SYNC_PULLED;
		code = event_store(s, l, &turn, out);
		l->row.objects += code ? 0 : (int64_t)out->counts.added;
	}
	if (step == MISP_PULL_LEFT)
		out->kind = SYNC_REFUSED;
	if (code) {
		/* The store's fault: from the last cursor once more. What is stored is known then. */
		link_fault(s, l, s->conf->sync_backoff_first, out);
		misp_pull_fini(p);
		machine_start(s, l);
		return;
	}
	if (step != MISP_PULL_ASK)
		step = misp_pull_next(p, &turn);
	if (step == MISP_PULL_SWEPT)
		sweep_end(s, l, &turn, out);
}

/* ---- pushing ---- */

static void
push_end(struct misp_link *m)
{
	if (m->pushing)
		misp_push_fini(&m->push);
	m->pushing = false;
	m->items.len = 0;
	arena_reset(&m->outgoing);
}

/* The tag that the link adds to each event: "events+tag:NAME". */
static struct span
with_tag(struct misp_link *m, struct span remote, struct span text)
{
	struct span rest = remote, term;
	while (rest.ptr && span_cut(&rest, '+', &term)) {
		size_t tags = span_find(text, SPAN("\"Tag\":[{"));
		size_t attributes = span_find(text, SPAN(",\"Attribute\":["));
		if (!span_starts(term, SPAN("tag:")) || attributes == SIZE_MAX)
			continue;
		own_buf struct buf out = {};
		bool has = tags < attributes;
		size_t at = has ? tags + strlen("\"Tag\":[") : attributes;
		buf_add(&out, span_sub(text, 0, at));
		buf_add(&out, has ? SPAN("{\"name\":") : SPAN(",\"Tag\":[{\"name\":"));
		json_write_string(&out, span_sub(term, 4, SIZE_MAX));
		buf_add(&out, has ? SPAN("},") : SPAN("}]"));
		buf_add(&out, span_sub(text, at, SIZE_MAX));
		text = arena_dup(&m->outgoing, buf_span(&out));
	}
	return text;
}

static enum rc
gather(struct sync *s, struct link *l, const struct pass *pass, struct diag *why)
{
	struct misp_link *m = l->misp;
	own_arena struct arena a = {};
	struct facts_source ends = node_facts(s->node);
	struct out_misp_options options = {
		.vault = s->node->vault,
		.collection = l->local,
		.pass = pass,
		.ends = &ends,
		.now = clock_now(s->node->clock),
		.after = l->row.at,
		.most = PUSH_OBJECTS,
		.not_from = arena_printf(&a, "sync:%.*s", (int)l->row.peer.len, l->row.peer.ptr),
		.me = s->node->me.id,
		.my_name = s->node->me.name,
		.changes = true,
	};
	struct out_misp *out = NULL;
	struct out_misp_item item;
	enum rc code = out_misp_open(&options, &out, why);
	while (!code && !(code = out_misp_next(out, &item, why))) {
		struct misp_push_item *one = vec_add(&m->items);
		*one = (struct misp_push_item){
			.sighting = item.kind == OUT_MISP_SIGHTING, .objects = item.objects};
		memcpy(one->uuid, item.uuid, sizeof one->uuid);
		one->text = arena_dup(&m->outgoing, item.text);
		if (!one->sighting)
			one->text = with_tag(m, l->row.remote, one->text);
	}
	if (code == RC_NONE) {
		m->reached = out_misp_reached(out);
		code = RC_OK;
	}
	out_misp_close(&out);
	return code;
}

/* Events first: a sighting needs the attribute it is about. */
static void
order(struct misp_link *m)
{
	size_t at = 0;
	for (size_t i = 0; i < m->items.len; i++)
		if (!m->items.at[i].sighting) {
			struct misp_push_item event = m->items.at[i];
			memmove(&m->items.at[at + 1], &m->items.at[at], (i - at) * sizeof event);
			m->items.at[at++] = event;
		}
}

static enum rc
push_quiet(struct sync *s, struct link *l, struct sync_event *out)
{
	bool moved = l->row.at != l->misp->reached;
	link_success(s, l);
	l->row.at = l->misp->reached;
	out->kind = SYNC_QUIET;
	if (link_save(s, l, &out->why))
		link_fault(s, l, 0, out);
	else if (moved)
		l->next_at = 0; /* a stretch of which nothing goes there: look at the next */
	else if (s->follow)
		l->next_at = clock_monotonic() + l->every;
	else
		l->phase = LINK_ENDED;
	return RC_NONE;
}

static enum rc
push_start(struct sync *s, struct link *l, struct sync_event *out)
{
	own_pass struct pass *pass = NULL;
	struct misp_link *m = l->misp;
	struct vault_collection c;
	struct reader to = {READER_USER, l->row.peer};
	m->reached = l->row.at;
	enum rc code = node_collection(s->node, l->row.local, &c, &out->why);
	if (!code)
		code = node_release(s->node, &to, &c, GATE_SEND, &pass, &out->why);
	if (!code)
		code = gather(s, l, pass, &out->why);
	if (code) {
		push_end(m);
		link_fault(s, l, s->conf->sync_backoff_first, out);
		return RC_NONE;
	}
	if (m->items.len == 0)
		return push_quiet(s, l, out);
	order(m);
	struct misp_push_config config = {
		.url = l->peer_url, .remote = l->row.remote, .chance = s->node->rng};
	misp_push_init(&m->push, &config, m->items.at, m->items.len);
	m->pushing = true;
	return RC_OK;
}

static void
push_done(struct sync *s, struct link *l, struct sync_event *out)
{
	struct misp_link *m = l->misp;
	uint64_t taken = 0, failed = 0;
	for (size_t i = 0; i < m->items.len; i++) {
		const struct misp_push_item *item = &m->items.at[i];
		taken += item->fate == MISP_TAKEN ? item->objects : 0;
		if (item->fate == MISP_FAILED && failed++ == 0) {
			diag_where(&out->why, "%s %s", item->sighting ? "sighting of" : "event",
				item->uuid);
			diag_what(&out->why, "refused: %.*s",
				(int)(item->message.len < 200 ? item->message.len : 200),
				item->message.ptr);
		}
	}
	out->kind = failed ? SYNC_REFUSED : SYNC_PUSHED;
	out->objects = out->counts.added = taken;
	out->counts.refused = failed;
	push_end(m);
	link_success(s, l);
	l->row.at = m->reached;
	l->row.objects += (int64_t)taken;
	l->next_at = 0;
	if (link_save(s, l, &out->why))
		link_fault(s, l, 0, out);
}

static void
push_take_reply(struct sync *s, struct link *l, const struct reply *r, struct sync_event *out)
{
	struct misp_push_turn turn = {};
	enum misp_push_step step = misp_push_take(&l->misp->push, r, &turn, &out->why);
	l->next_at = 0;
	if (step == MISP_PUSH_FAULT)
		link_fault(s, l, turn.sleep, out);
	else if (step == MISP_PUSH_DONE)
		push_done(s, l, out);
}

/* ---- for node/sync.c ---- */

enum rc
misp_link_new(struct sync *s, struct link *l, struct diag *why)
{
	bool push = l->row.way == PEER_PUSH;
	enum rc code = misp_remote_check(l->row.remote, push, why);
	l->misp = mem_new(sizeof *l->misp);
	l->phase = LINK_MISP;
	if (!code && !push)
		machine_start(s, l);
	return code;
}

void
misp_link_free(struct misp_link *m)
{
	if (!m)
		return;
	push_end(m);
	if (m->pulling)
		misp_pull_fini(&m->pull);
	settle_fini(&m->settle);
	free(m->items.at);
	arena_fini(&m->outgoing);
	free(m);
}

enum rc
misp_link_ask(struct sync *s, struct link *l, struct ask *ask, struct sync_event *out)
{
	if (l->row.way == PEER_PULL) {
		misp_pull_ask(&l->misp->pull, ask);
		return RC_OK;
	}
	enum rc code = l->misp->pushing ? RC_OK : push_start(s, l, out);
	if (!code)
		misp_push_ask(&l->misp->push, ask);
	return code;
}

void
misp_link_reply(struct sync *s, struct link *l, const struct reply *r, struct sync_event *out)
{
	if (l->row.way == PEER_PULL)
		pull_take_reply(s, l, r, out);
	else
		push_take_reply(s, l, r, out);
}
