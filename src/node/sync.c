#include "node/sync.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/own.h"
#include "keys/keyfile.h"
#include "node/arrival.h"
#include "node/layout.h"
#include "node/pack.h"
#include "node/sync-internal.h"
#include "node/sync_misp.h"

void
link_free(struct link *l)
{
	find_fini(&l->find);
	pull_fini(&l->pull); /* also of one that a fault has ended; empty before it began */
	if (l->pushing)
		push_fini(&l->push);
	misp_link_free(l->misp);
	free(l->items);
	arena_fini(&l->outgoing);
	arena_fini(&l->text);
	arena_fini(&l->saved);
	arena_fini(&l->mem);
	free(l);
}

struct sync *
sync_new(const struct sync_options *options)
{
	struct sync *s = mem_new(sizeof *s);
	s->node = options->node;
	s->conf = options->conf;
	s->fetch = options->fetch;
	s->follow = options->follow;
	s->parcel = parcel_new();
	s->batch = vault_batch_new(options->node->vault);
	return s;
}

void
sync_free(struct sync *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->links.len; i++)
		link_free(s->links.at[i]);
	free(s->links.at);
	parcel_free(s->parcel);
	vault_batch_free(&s->batch);
	free(s);
}

/* The peer's secret (password, token or private key) from NODE/keys; empty where it has none. */
static enum rc
secret_read(struct sync *s, const struct peer *p, struct buf *out, struct diag *why)
{
	own_arena struct arena a = {};
	own_fd int dir = keyfile_dir(layout_path(&a, s->node->dir, LAYOUT_KEYS), why);
	if (dir < 0)
		return RC_IO;
	const char *name = arena_printf(&a, "peer-%.*s", (int)p->name.len, p->name.ptr).ptr;
	return keyfile_read(dir, name, out, why);
}

/* How to reach a peer, as the fetch process wants it; holds the secret: secret_wipe it. */
static enum rc
channel_pack(
	struct sync *s, uint64_t number, const struct peer *p, struct buf *out, struct diag *why)
{
	own_buf struct buf secret = {};
	uint8_t pin[CERT_PIN];
	struct fetch_peer f = {
		.number = number, .config = {.ca = p->ca, .cert = p->cert}, .user = p->user};
	f.config.slow_seconds = (unsigned)(s->conf->sync_timeout / SECOND);
	if (p->auth != PEER_AUTH_NONE) {
		enum rc code = secret_read(s, p, &secret, why);
		if (code)
			return code;
	}
	if (p->pin.len) {
		struct span hex = span_starts(p->pin, SPAN("sha256:"))
					  ? span_sub(p->pin, 7, SIZE_MAX)
					  : p->pin;
		if (cert_pin_parse(hex, pin))
			return diag_fail(why, RC_BAD, "the peer's pin is no SHA-256");
		f.config.pin = pin;
	}
	if (p->auth == PEER_AUTH_BASIC)
		f.auth = CLIENT_AUTH_BASIC;
	if (p->auth == PEER_AUTH_BEARER)
		f.auth = p->kind == PEER_MISP ? CLIENT_AUTH_KEY : CLIENT_AUTH_BEARER;
	if (p->auth == PEER_AUTH_CERT)
		f.config.key = buf_span(&secret);
	else
		f.secret = buf_span(&secret);
	fetch_peer_pack(&f, out);
	secret_wipe(secret.ptr, secret.len);
	return RC_OK;
}

/* Each link has a connection of its own. */
static enum rc
channel_open(struct sync *s, struct link *l, const struct peer *p, struct diag *why)
{
	own_buf struct buf out = {};
	enum rc code = channel_pack(s, l->number, p, &out, why);
	if (code)
		return code;
	struct message m = {FETCH_PEER, l->number, buf_span(&out)};
	code = pipe_send(s->fetch->pipe, &m, 10 * SECOND);
	secret_wipe(out.ptr, out.len);
	return code ? diag_fail(why, RC_IO, "the fetch process is gone") : RC_OK;
}

enum rc
channel_digest(struct sync *s, const struct peer *p, uint8_t *out, struct diag *why)
{
	own_buf struct buf text = {};
	enum rc code = channel_pack(s, 0, p, &text, why);
	if (code)
		return code;
	pack_span(&text, p->url);
	pack_number(&text, (uint64_t)p->every);
	sha256_of(buf_span(&text), out);
	secret_wipe(text.ptr, text.len);
	return RC_OK;
}

static uint64_t
number_free(const struct sync *s)
{
	uint64_t number = 0;
	for (size_t i = 0; i < s->links.len; i++)
		if (s->links.at[i]->number == number) {
			number++;
			i = SIZE_MAX; /* once more from the start */
		}
	return number;
}

static void
row_copy(struct arena *a, const struct peer_link *from, struct peer_link *to)
{
	*to = *from;
	to->peer = arena_dup(a, from->peer);
	to->remote = arena_dup(a, from->remote);
	to->local = arena_dup(a, from->local);
	to->state = arena_dup(a, from->state);
	to->saved = arena_dup(a, from->saved);
	to->fault = arena_dup(a, from->fault);
}

struct backoff
link_backoff(const struct sync *s)
{
	return (struct backoff){
		.first = s->conf->sync_backoff_first, .most = s->conf->sync_backoff_most};
}

enum rc
link_add(struct sync *s, const struct peer *p, const struct peer_link *row, struct diag *why)
{
	struct vault_collection local;
	if (s->links.len == FETCH_PEERS_MOST)
		return diag_fail(why, RC_LIMIT, "more than %d links", FETCH_PEERS_MOST);
	enum rc code = node_collection(s->node, row->local, &local, why);
	if (code)
		return code;
	struct link *l = mem_new(sizeof *l);
	l->number = number_free(s);
	row_copy(&l->mem, row, &l->row);
	l->local = local.number;
	l->every = p->every ? p->every : s->conf->sync_every;
	l->peer_url = arena_dup(&l->mem, p->url);
	l->kept = true;
	l->backoff = link_backoff(s);
	code = channel_digest(s, p, l->channel, why);
	if (!code)
		code = channel_open(s, l, p, why);
	if (!code)
		code = p->kind == PEER_MISP ? misp_link_new(s, l, why)
					    : find_init(&l->find, l->peer_url, l->row.remote, why);
	if (code) {
		link_free(l);
		return code;
	}
	*vec_add(&s->links) = l;
	return RC_OK;
}

static enum rc
peer_load(struct sync *s, const struct peer *p, struct arena *a, enum rc *first, struct diag *why)
{
	struct peer_links rows = {};
	enum rc code = peer_link_list(s->node->store, p->name, a, &rows, why);
	for (size_t i = 0; !code && i < rows.all.len; i++) {
		struct diag fault = {};
		enum rc one = link_add(s, p, &rows.all.at[i], &fault);
		if (!one || *first)
			continue;
		*first = one;
		*why = fault;
		diag_where(why, "%.*s, %.*s", (int)p->name.len, p->name.ptr,
			(int)rows.all.at[i].local.len, rows.all.at[i].local.ptr);
	}
	free(rows.all.at);
	return code;
}

enum rc
sync_load(struct sync *s, struct span name, struct diag *why)
{
	own_arena struct arena a = {};
	struct peer_list peers = {};
	struct peer one;
	enum rc code, first = RC_OK; /* of those that cannot start */
	if (name.len) {
		code = peer_get(s->node->store, name, &a, &one, why);
		if (!code)
			code = peer_load(s, &one, &a, &first, why);
	} else {
		code = peer_list(s->node->store, &a, &peers, why);
		for (size_t i = 0; !code && i < peers.all.len; i++)
			code = peer_load(s, &peers.all.at[i], &a, &first, why);
		free(peers.all.at);
	}
	s->left_out = first != RC_OK;
	if (!code && first && s->links.len == 0)
		return first;
	if (!code && s->links.len == 0) {
		diag_todo(why, "\"tocsin sync add NAME URL --collection REMOTE=LOCAL\"");
		return diag_fail(why, RC_NONE, "nothing to sync");
	}
	return code;
}

enum rc
link_save(struct sync *s, struct link *l, struct diag *why)
{
	enum rc code = store_begin(s->node->store, why);
	if (code)
		return code;
	code = peer_link_save(s->node->store, &l->row, why);
	if (code) {
		store_rollback(s->node->store);
		return code == RC_NONE
			       ? RC_OK
			       : code; /* whose link this is no more remembers nothing of it */
	}
	code = store_commit(s->node->store, why);
	if (code)
		return code;
	arena_reset(&l->saved);
	l->row.saved = arena_dup(&l->saved, l->row.state);
	l->row.saved_at = l->row.at;
	return RC_OK;
}

void
link_event(struct sync *s, const struct link *l, enum sync_event_kind kind, struct sync_event *out)
{
	(void)s;
	*out = (struct sync_event){
		.kind = kind,
		.peer = l->row.peer,
		.remote = l->row.remote,
		.local = l->row.local,
		.way = l->row.way,
	};
}

/* Whether the one exchange of a link without follow goes on after a pause that a busy peer asked for. */
static bool
waits(struct link *l, int64_t sleep, struct sync_event *out)
{
	if (!l->busy)
		return false;
	if (l->waited + sleep > SYNC_PATIENCE) {
		diag_todo(&out->why,
			"it is busy for %lld s or more: run \"tocsin sync\" again after that",
			(long long)(sleep / SECOND));
		return false;
	}
	l->waited += sleep;
	l->next_at = clock_monotonic() + sleep;
	out->kind = SYNC_WAITS;
	out->pause = sleep;
	return true;
}

/*
 * The try failed. With follow the link tries again after `sleep`, else it has ended, unless the peer is busy and
 * says how long.
 */
void
link_fault(struct sync *s, struct link *l, int64_t sleep, struct sync_event *out)
{
	struct diag ignored;
	l->failed = true;
	l->row.tried = clock_now(s->node->clock);
	snprintf(l->fault, sizeof l->fault, "%s", out->why.what);
	l->row.fault = span_of(l->fault);
	out->kind = SYNC_FAULT;
	if (link_save(s, l, &ignored))
		l->row.fault = SPAN("");
	if (s->follow)
		l->next_at = clock_monotonic() + (sleep > 0 ? sleep : s->conf->sync_backoff_first);
	else if (!waits(l, sleep, out))
		l->phase = LINK_ENDED;
}

void
link_success(struct sync *s, struct link *l)
{
	l->failed = false;
	l->row.tried = l->row.succeeded = clock_now(s->node->clock);
	l->row.fault = SPAN("");
}

/* Sends what a machine wants asked. */
static enum rc
send_ask(struct sync *s, struct link *l, const struct ask *ask, struct diag *why)
{
	own_buf struct buf out = {};
	char prefer[32];
	int len = ask->wait ? snprintf(prefer, sizeof prefer, "wait=%llu",
				      (unsigned long long)ask->wait)
			    : 0;
	struct fetch_ask f = {
		.peer = l->number,
		.method = ask->method,
		.url = ask->url,
		.accept = ask->accept,
		.content_type = ask->content_type,
		.body = ask->body,
		.prefer = {prefer, (size_t)len},
		.body_limit = ask->body_limit,
		.seconds = ask->seconds,
		.silence = (uint64_t)(s->conf->sync_timeout / SECOND) + ask->wait,
	};
	fetch_ask_pack(&f, &out);
	l->asked = ++s->last_ask;
	struct message m = {FETCH_ASK, l->asked, buf_span(&out)};
	if (pipe_send(s->fetch->pipe, &m, 60 * SECOND))
		return diag_fail(why, RC_IO, "the fetch process is gone");
	l->in_flight = true;
	return RC_OK;
}

static enum rc
link_ask(struct sync *s, struct link *l, struct sync_event *out, struct diag *why)
{
	struct ask ask = {};
	if (l->phase == LINK_MISP) {
		enum rc code = misp_link_ask(s, l, &ask, out);
		if (code)
			return code;
	} else if (l->phase == LINK_FIND)
		find_ask(&l->find, &ask);
	else if (l->phase == LINK_PULL)
		pull_ask(&l->pull, &ask);
	else {
		enum rc code = push_gather(s, l, out, why);
		if (code)
			return code; /* RC_NONE: nothing to send; an event says so */
		push_ask(&l->push, &ask);
	}
	return send_ask(s, l, &ask, why);
}

/* What may pass is tried again soon, then ever later; what a person has to mend, at the usual pace. */
static void
find_reply(struct sync *s, struct link *l, const struct reply *r, struct sync_event *out)
{
	enum rc code = RC_OK;
	enum find_step step = find_take(&l->find, r, &code, &out->why);
	if (step == FIND_ASK)
		return;
	if (step == FIND_FAILED) {
		int64_t sleep = s->conf->sync_every;
		if (code == RC_AGAIN)
			sleep = backoff_next(&l->backoff, r->retry_after, &s->node->rng);
		link_fault(s, l, sleep, out);
		find_fini(&l->find);
		if (find_init(&l->find, l->peer_url, l->row.remote, &out->why))
			l->phase = LINK_ENDED;
		return;
	}
	backoff_reset(&l->backoff);
	if (l->row.way == PEER_PULL)
		pull_start(s, l);
	else
		l->phase = LINK_PUSH;
}

static void
skew_note(struct sync *s, struct link *l, const struct fetch_reply *f)
{
	char text[STAMP_TEXT];
	int64_t theirs;
	struct span date = fetch_reply_header(f, SPAN("date"));
	if (date.len && !stamp_read(date, text) && !time_parse(span_of(text), &theirs, NULL))
		l->row.skew = theirs - clock_now(s->node->clock);
}

/* Who asked; NULL where it is gone since. */
static struct link *
link_asking(const struct sync *s, uint64_t id)
{
	for (size_t i = 0; i < s->links.len; i++)
		if (s->links.at[i]->in_flight && s->links.at[i]->asked == id)
			return s->links.at[i];
	return NULL;
}

/* RC_AGAIN: an answer nobody waits for any more. */
static enum rc
take_reply(struct sync *s, const struct message *m, struct link **asker, struct sync_event *out,
	struct diag *why)
{
	struct fetch_reply f;
	if (m->type != FETCH_REPLY || fetch_reply_unpack(m->payload, &f))
		return diag_fail(why, RC_IO, "the fetch process sent nonsense");
	struct link *l = *asker = link_asking(s, m->id);
	if (!l)
		return RC_AGAIN;
	struct reply r = {
		.code = f.code,
		.status = (unsigned)f.status,
		.body = f.body,
		.date_first = fetch_reply_header(&f, SPAN("x-taxii-date-added-first")),
		.date_last = fetch_reply_header(&f, SPAN("x-taxii-date-added-last")),
		.applied = fetch_reply_header(&f, SPAN("preference-applied")),
		.location = fetch_reply_header(&f, SPAN("location")),
		.retry_after = f.retry_after,
		.elapsed = (int64_t)f.elapsed,
	};
	l->in_flight = false;
	l->busy = !f.code && (f.status == 429 || f.status == 503);
	link_event(s, l, SYNC_QUIET, out);
	out->why = f.why;
	if (!f.code)
		skew_note(s, l, &f);
	if (l->phase == LINK_MISP)
		misp_link_reply(s, l, &r, out);
	else if (l->phase == LINK_FIND)
		find_reply(s, l, &r, out);
	else if (l->phase == LINK_PULL)
		pull_reply(s, l, &r, out);
	else
		push_reply(s, l, &r, out);
	return RC_OK;
}

/* The link that is due next, NULL when none may be asked now; *at: when. */
static struct link *
link_due(struct sync *s, int64_t *at, bool *alive)
{
	struct link *due = NULL;
	*at = INT64_MAX;
	*alive = false;
	for (size_t i = 0; i < s->links.len; i++) {
		struct link *l = s->links.at[i];
		if (l->phase == LINK_ENDED)
			continue;
		*alive = true;
		if (!l->in_flight && l->next_at < *at) {
			*at = l->next_at;
			due = l;
		}
	}
	return due;
}

/* Whether an event is worth telling: finding a collection is not. */
static bool
told(const struct sync_event *e, const struct link *l)
{
	return e->kind != SYNC_QUIET || l->phase == LINK_ENDED;
}

enum rc
sync_next(struct sync *s, int64_t timeout, struct sync_event *out, struct diag *why)
{
	int64_t until = timeout < 0 ? INT64_MAX : clock_monotonic() + timeout;
	for (;;) {
		int64_t at, now = clock_monotonic();
		bool alive;
		struct link *l = link_due(s, &at, &alive);
		if (!alive)
			return RC_NONE;
		if (l && at <= now) {
			link_event(s, l, SYNC_QUIET, out);
			enum rc code = link_ask(s, l, out, why);
			if (code == RC_NONE)
				return RC_OK;
			if (code)
				return code;
			continue;
		}
		int64_t wake = at < until ? at : until,
			left = wake == INT64_MAX ? INT64_MAX : wake - now;
		struct message m;
		enum rc code = pipe_receive(s->fetch->pipe,
			left == INT64_MAX ? -1
			: left < 0	  ? 0
					  : left,
			&m);
		if (code == RC_AGAIN) {
			if (clock_monotonic() >= until)
				return RC_AGAIN;
			continue;
		}
		if (code)
			return diag_fail(why, RC_IO, "the fetch process is gone");
		code = take_reply(s, &m, &l, out, why);
		if (code != RC_AGAIN && (code || told(out, l)))
			return code;
	}
}

static bool
is_pusher(const struct link *l)
{
	return l->phase == LINK_PUSH || (l->phase == LINK_MISP && l->row.way == PEER_PUSH);
}

void
sync_poke(struct sync *s)
{
	for (size_t i = 0; i < s->links.len; i++)
		if (is_pusher(s->links.at[i]) && !s->links.at[i]->failed)
			s->links.at[i]->next_at = 0;
}

bool
sync_failed(const struct sync *s)
{
	for (size_t i = 0; i < s->links.len; i++)
		if (s->links.at[i]->failed)
			return true;
	return s->left_out;
}
