#include "node/fetch.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "keys/mac.h"
#include "node/pack.h"

enum { REDIRECTS = 3 }; /* followed within the peer's own origin only */

static void
pack_diag(struct buf *out, const struct diag *why)
{
	pack_span(out, span_of(why->where));
	pack_span(out, span_of(why->what));
	pack_span(out, span_of(why->todo));
}

static void
unpack_diag(struct unpack *u, struct diag *why)
{
	span_copy(unpack_span(u), why->where, sizeof why->where);
	span_copy(unpack_span(u), why->what, sizeof why->what);
	span_copy(unpack_span(u), why->todo, sizeof why->todo);
}

void
fetch_peer_pack(const struct fetch_peer *p, struct buf *out)
{
	pack_number(out, p->number);
	pack_span(out, p->config.ca);
	pack_span(out, (struct span){(const char *)p->config.pin, p->config.pin ? CERT_PIN : 0});
	pack_span(out, p->config.cert);
	pack_span(out, p->config.key);
	pack_span(out, p->config.proxy);
	pack_number(out, p->config.slow_seconds);
	pack_number(out, p->auth);
	pack_span(out, p->user);
	pack_span(out, p->secret);
}

enum rc
fetch_peer_unpack(struct span payload, struct fetch_peer *out)
{
	struct unpack u = {payload, false};
	struct fetch_peer p = {.number = unpack_number(&u)};
	p.config.ca = unpack_span(&u);
	struct span pin = unpack_span(&u);
	p.config.cert = unpack_span(&u);
	p.config.key = unpack_span(&u);
	p.config.proxy = unpack_span(&u);
	uint64_t slow = unpack_number(&u);
	uint64_t auth = unpack_number(&u);
	p.user = unpack_span(&u);
	p.secret = unpack_span(&u);
	if (!unpack_done(&u) || p.number >= FETCH_PEERS_MOST || auth > CLIENT_AUTH_KEY ||
		slow > 24 * 3600 || (pin.len && pin.len != CERT_PIN))
		return RC_BAD;
	p.auth = (enum client_auth)auth;
	p.config.slow_seconds = (unsigned)slow;
	p.config.pin = pin.len ? (const uint8_t *)pin.ptr : NULL;
	*out = p;
	return RC_OK;
}

void
fetch_ask_pack(const struct fetch_ask *a, struct buf *out)
{
	pack_number(out, a->peer);
	pack_number(out, a->delay);
	pack_span(out, a->method);
	pack_span(out, a->url);
	pack_span(out, a->accept);
	pack_span(out, a->content_type);
	pack_span(out, a->body);
	pack_span(out, a->prefer);
	pack_number(out, a->body_limit);
	pack_number(out, a->seconds);
	pack_number(out, a->silence);
}

enum rc
fetch_ask_unpack(struct span payload, struct fetch_ask *out)
{
	struct unpack u = {payload, false};
	struct fetch_ask a = {.peer = unpack_number(&u), .delay = unpack_number(&u)};
	a.method = unpack_span(&u);
	a.url = unpack_span(&u);
	a.accept = unpack_span(&u);
	a.content_type = unpack_span(&u);
	a.body = unpack_span(&u);
	a.prefer = unpack_span(&u);
	a.body_limit = unpack_number(&u);
	a.seconds = unpack_number(&u);
	a.silence = unpack_number(&u);
	if (!unpack_done(&u) || a.peer >= FETCH_PEERS_MOST || a.body_limit > FETCH_MESSAGE_MOST)
		return RC_BAD;
	*out = a;
	return RC_OK;
}

void
fetch_reply_pack(const struct fetch_reply *r, struct buf *out)
{
	pack_number(out, r->code);
	pack_number(out, r->status);
	pack_number(out, r->elapsed);
	pack_number(out, r->retry_after);
	pack_span(out, r->head);
	pack_span(out, r->body);
	pack_span(out, r->pin);
	pack_diag(out, &r->why);
}

enum rc
fetch_reply_unpack(struct span payload, struct fetch_reply *out)
{
	struct unpack u = {payload, false};
	struct fetch_reply r = {};
	uint64_t code = unpack_number(&u);
	r.status = unpack_number(&u);
	r.elapsed = unpack_number(&u);
	r.retry_after = unpack_number(&u);
	r.head = unpack_span(&u);
	r.body = unpack_span(&u);
	r.pin = unpack_span(&u);
	unpack_diag(&u, &r.why);
	if (!unpack_done(&u) || code > RC_UNKNOWN || r.status > 999)
		return RC_BAD;
	r.code = (enum rc)code;
	*out = r;
	return RC_OK;
}

struct span
fetch_reply_header(const struct fetch_reply *r, struct span name)
{
	struct span rest = r->head, line;
	while (rest.ptr && span_cut(&rest, '\n', &line)) {
		size_t colon = span_find_byte(line, ':');
		if (colon != SIZE_MAX && span_eq_fold(span_sub(line, 0, colon), name))
			return span_trim(span_sub(line, colon + 1, SIZE_MAX));
	}
	return (struct span){"", 0};
}

/* One peer's thread in the fetch process: sleeps until it is asked something. */
struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct client *client;
	struct pipe *pipe;
	struct buf peer, next, busy; /* payloads: configuration, the waiting ask, the running one */
	uint64_t next_id;
	bool started, waiting, stop;
};

static void
send_reply(struct worker *w, uint64_t id, const struct fetch_reply *reply)
{
	own_buf struct buf out = {};
	fetch_reply_pack(reply, &out);
	struct message m = {FETCH_REPLY, id, buf_span(&out)};
	if (out.len > FETCH_MESSAGE_MOST || pipe_send(w->pipe, &m, -1) == RC_LIMIT) {
		struct fetch_reply small = {.code = RC_LIMIT, .status = reply->status};
		diag_what(&small.why, "the answer is larger than %zu bytes", FETCH_MESSAGE_MOST);
		buf_reset(&out);
		fetch_reply_pack(&small, &out);
		m.payload = buf_span(&out);
		if (pipe_send(w->pipe, &m, -1))
			_exit(3);
	}
}

/* Sleeps, unless told to stop. */
static void
delay(struct worker *w, uint64_t micro)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	uint64_t nano = (uint64_t)until.tv_nsec + micro % SECOND * 1000;
	until.tv_sec += (time_t)(micro / SECOND + nano / 1000000000);
	until.tv_nsec = (long)(nano % 1000000000);
	pthread_mutex_lock(&w->lock);
	while (!w->stop && pthread_cond_timedwait(&w->change, &w->lock, &until) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&w->lock);
}

static void
do_ask(struct worker *w, uint64_t id)
{
	struct fetch_ask ask;
	struct fetch_peer peer;
	must(fetch_ask_unpack(buf_span(&w->busy), &ask) == RC_OK);
	must(fetch_peer_unpack(buf_span(&w->peer), &peer) == RC_OK);
	if (ask.delay)
		delay(w, ask.delay);
	struct client_header headers[3];
	size_t count = 0;
	if (ask.accept.len)
		headers[count++] = (struct client_header){SPAN("Accept"), ask.accept};
	if (ask.content_type.len)
		headers[count++] = (struct client_header){SPAN("Content-Type"), ask.content_type};
	if (ask.prefer.len)
		headers[count++] = (struct client_header){SPAN("Prefer"), ask.prefer};
	struct client_request q = {
		.method = ask.method,
		.url = ask.url,
		.headers = headers,
		.headers_len = count,
		.body = ask.body,
		.auth = peer.auth,
		.user = peer.user,
		.secret = peer.secret,
		.body_limit = ask.body_limit,
		.seconds = (unsigned)ask.seconds,
		.silence = (unsigned)ask.silence,
		.redirects = span_eq(ask.method, SPAN("GET")) ? REDIRECTS : 0,
	};
	own_answer struct client_answer answer = {};
	struct fetch_reply reply = {};
	int64_t start = clock_monotonic();
	reply.code = client_fetch(w->client, &q, &answer, &reply.why);
	reply.elapsed = (uint64_t)(clock_monotonic() - start);
	if (!reply.code) {
		reply.status = answer.status;
		reply.retry_after = client_retry_after(&answer, clock_now(clock_system()));
		reply.head = buf_span(&answer.head);
		reply.body = buf_span(&answer.body);
		reply.pin = (struct span){(const char *)answer.peer.pin, CERT_PIN};
	}
	send_reply(w, id, &reply);
}

static void *
work(void *ctx)
{
	struct worker *w = ctx;
	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->waiting && !w->stop)
			pthread_cond_wait(&w->change, &w->lock);
		if (w->stop)
			break;
		uint64_t id = w->next_id;
		struct buf old = w->busy;
		w->busy = w->next;
		w->next = old;
		w->waiting = false;
		pthread_mutex_unlock(&w->lock);
		do_ask(w, id);
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void
worker_stop(struct worker *w)
{
	if (!w->started)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->change);
	pthread_mutex_unlock(&w->lock);
	client_cancel(w->client);
	pthread_join(w->thread, NULL);
	client_free(w->client);
	secret_wipe(w->peer.ptr, w->peer.len);
	buf_fini(&w->peer);
	buf_fini(&w->next);
	buf_fini(&w->busy);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->change);
	*w = (struct worker){};
}

static void
peer_set(struct worker *workers, struct pipe *pipe, struct span payload)
{
	struct fetch_peer peer;
	struct diag why = {};
	if (fetch_peer_unpack(payload, &peer))
		_exit(3);
	struct worker *w = &workers[peer.number];
	worker_stop(w);
	w->pipe = pipe;
	buf_add(&w->peer, payload);
	must(fetch_peer_unpack(buf_span(&w->peer), &peer) == RC_OK);
	if (client_new(&peer.config, &w->client, &why)) {
		buf_fini(&w->peer);
		return;
	}
	must(pthread_mutex_init(&w->lock, NULL) == 0 && pthread_cond_init(&w->change, NULL) == 0);
	w->started = true;
	must(pthread_create(&w->thread, NULL, work, w) == 0);
}

static void
ask_take(struct worker *workers, struct pipe *pipe, const struct message *m)
{
	struct fetch_ask ask;
	if (fetch_ask_unpack(m->payload, &ask))
		_exit(3);
	struct worker *w = &workers[ask.peer];
	if (!w->started) {
		struct worker stray = {.pipe = pipe};
		struct fetch_reply reply = {.code = RC_BAD};
		diag_what(&reply.why, "its certificate, key or proxy cannot be used");
		diag_todo(
			&reply.why, "\"tocsin sync remove\" it and add it again with other files");
		send_reply(&stray, m->id, &reply);
		return;
	}
	pthread_mutex_lock(&w->lock);
	buf_reset(&w->next);
	buf_add(&w->next, m->payload);
	w->next_id = m->id;
	w->waiting = true;
	pthread_cond_broadcast(&w->change);
	pthread_mutex_unlock(&w->lock);
}

void
fetch_main(struct pipe *pipe, const struct jail *jail)
{
	struct jail_state state = {};
	struct diag why = {};
	struct jail own = *jail;
	if (own.read == jail_resolver_paths && geteuid() != 0)
		own.read = jail_resolver_tree;
	enum rc code = client_load(&why);
	if (!code)
		code = jail_enter(&own, &state, &why);
	own_buf struct buf out = {};
	pack_number(&out, code);
	pack_number(&out, state.landlock);
	pack_number(&out, state.seccomp);
	pack_diag(&out, &why);
	struct message ready = {FETCH_READY, 0, buf_span(&out)}, m;
	if (pipe_send(pipe, &ready, -1) || code)
		_exit(3);
	static struct worker workers[FETCH_PEERS_MOST];
	while (!(code = pipe_receive(pipe, -1, &m))) {
		if (m.type == FETCH_PEER)
			peer_set(workers, pipe, m.payload);
		else if (m.type == FETCH_DROP && m.id < FETCH_PEERS_MOST)
			worker_stop(&workers[m.id]);
		else if (m.type == FETCH_ASK)
			ask_take(workers, pipe, &m);
		else
			_exit(3);
	}
	jail_exit(code == RC_NONE ? 0 : 3);
}

enum rc
fork_bound(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return RC_IO;
	return getppid() == parent ? RC_OK : RC_NONE;
}

static enum rc
await_ready(struct fetch *f, struct jail_state *state, struct diag *why)
{
	struct message m;
	enum rc code = pipe_receive(f->pipe, 10 * SECOND, &m);
	if (code || m.type != FETCH_READY)
		return diag_fail(why, RC_IO, "the fetch process did not start");
	struct unpack u = {m.payload, false};
	uint64_t said = unpack_number(&u);
	struct jail_state got = {.landlock = (unsigned)unpack_number(&u)};
	got.seccomp = unpack_number(&u);
	struct diag detail = {};
	unpack_diag(&u, &detail);
	if (state)
		*state = got;
	if (said && why)
		*why = detail;
	return said ? RC_IO : RC_OK;
}

enum rc
fetch_start(struct fetch *f, const struct jail *jail, struct jail_state *state, struct diag *why)
{
	struct pipe *theirs = NULL;
	*f = (struct fetch){};
	enum rc code = pipe_pair(FETCH_MESSAGE_MOST, &f->pipe, &theirs, why);
	if (code)
		return code;
	fflush(NULL);
	pid_t parent = getpid();
	f->pid = fork();
	if (f->pid == 0) {
		pipe_free(f->pipe);
		if (fork_bound(parent))
			_exit(3);
		fetch_main(theirs, jail);
	}
	pipe_free(theirs);
	if (f->pid < 0) {
		f->pid = 0;
		pipe_free(f->pipe);
		f->pipe = NULL;
		return diag_fail(why, RC_IO, "cannot start the fetch process: %s", strerror(errno));
	}
	code = await_ready(f, state, why);
	if (code)
		fetch_stop(f);
	return code;
}

void
fetch_stop(struct fetch *f)
{
	pipe_free(f->pipe);
	f->pipe = NULL;
	if (f->pid > 0) {
		kill(f->pid, SIGKILL);
		while (waitpid(f->pid, NULL, 0) < 0 && errno == EINTR)
			;
		f->pid = 0;
	}
}
