#include "node/keeper.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/must.h"
#include "memo/grant.h"
#include "memo/role.h"
#include "node/keeper-internal.h"
#include "node/layout.h"
#include "node/talk.h"

static void
reply(struct keeper *k, enum talk type, uint64_t id, const struct buf *payload)
{
	struct message m = {type, id, buf_span(payload)};
	if (pipe_send(k->options.front, &m, 30 * SECOND))
		atomic_store(&k->lost, true);
}

void
keeper_wrote(struct keeper *k, uint64_t id, enum rc code, const struct diag *why)
{
	static const struct diag none;
	own_buf struct buf out = {};
	pack_number(&out, code);
	talk_diag(&out, why ? why : &none);
	reply(k, TALK_WROTE, id, &out);
}

static void
pass_make(struct keeper *k, const struct message *m)
{
	struct release_ask ask;
	struct diag why = {};
	own_pass struct pass *pass = NULL;
	own_buf struct buf out = {};
	enum rc code = talk_ask_unpack(m->payload, &ask);
	if (code) {
		atomic_store(&k->lost, true);
		return;
	}
	ask.now = clock_now(k->options.clock);
	code = memo_release(k->reader.store, &ask, &pass, &why);
	meter_add(code ? &k->options.meter->passes_denied : &k->options.meter->passes, 1);
	pack_number(&out, code);
	talk_diag(&out, &why);
	own_buf struct buf packed = {};
	if (!code)
		pass_pack(pass, &k->reader.ring.pass, &packed);
	pack_span(&out, buf_span(&packed));
	reply(k, TALK_PASSED, m->id, &out);
}

/* The front says what it judged; the keeper judges again. */
static enum rc
write_allowed(
	struct keeper *k, struct span name, uint32_t collection, struct arena *a, struct user *u)
{
	uint32_t at = 0;
	struct vault_collection c;
	enum grant rights;
	char id[UUID_TEXT];
	struct diag ignored;
	enum rc code = user_get(k->reader.store, name, a, u, &ignored);
	if (code)
		return code == RC_NONE ? RC_DENIED : code;
	if (!role_may(u->roles, ACT_WRITE))
		return RC_DENIED;
	while (!(code = vault_collection_next(k->reader.vault, &at, &c, &ignored)))
		if (c.number == collection)
			break;
	if (code)
		return code;
	uuid_text(&c.id, id);
	code = grant_get(k->reader.store, span_of(id), name, &rights, &ignored);
	if (code)
		return code;
	return rights & GRANT_WRITE ? RC_OK : RC_DENIED;
}

static void
write_take(struct keeper *k, const struct message *m)
{
	own_arena struct arena a = {};
	struct talk_write w;
	struct user u = {};
	if (talk_write_unpack(m->payload, &w)) {
		atomic_store(&k->lost, true);
		return;
	}
	enum rc code = write_allowed(k, w.user, w.collection, &a, &u);
	if (!code && keeper_queue_full(k, m->payload.len))
		code = RC_LIMIT;
	if (code) {
		keeper_wrote(k, m->id, code, NULL);
		return;
	}
	struct job *j = job_new(m->id, m->payload);
	must(talk_write_unpack(buf_span(&j->payload), &j->write) == RC_OK);
	struct diag why = {};
	code = node_source_user(&k->reader, &u, &j->text, &j->source, &why);
	if (code) {
		keeper_wrote(k, m->id, code, &why);
		job_free(j);
		return;
	}
	keeper_queue(k, j);
}

static void
reloaded(struct keeper *k, const struct message *m)
{
	struct unpack u = {m->payload, false};
	struct diag why = {};
	bool failed = unpack_number(&u) != RC_OK;
	talk_diag_read(&u, &why);
	k->options.log(failed ? "reload.failed" : "reload.done", failed ? &why : NULL);
}

static void
front_message(struct keeper *k, const struct message *m)
{
	if (m->type == TALK_PASS)
		pass_make(k, m);
	else if (m->type == TALK_WRITE)
		write_take(k, m);
	else if (m->type == TALK_RELOADED)
		reloaded(k, m);
	else
		atomic_store(&k->lost, true);
}

/* Names the keys that the file has otherwise than when we started. */
static void
tell_changed(struct keeper *k, const struct conf *now)
{
	own_buf struct buf names = {};
	for (const struct conf_key *key = conf_keys; key->name; key++) {
		own_buf struct buf before = {}, after = {};
		conf_show(k->options.written, key, &before);
		conf_show(now, key, &after);
		if (!span_eq(buf_span(&before), buf_span(&after)))
			buf_printf(&names, "%s%s", names.len ? "," : "keys=", key->name);
	}
	if (!names.len)
		return;
	struct diag line = {};
	diag_where(&line, "%.*s", (int)names.len, names.ptr);
	diag_todo(&line, "they hold from the next start on");
	k->options.log("reload.waits", &line);
}

/* The configuration is judged whole first; certificates are then read where it names them since the start. */
static void
reload(struct keeper *k)
{
	own_arena struct arena a = {};
	struct conf *now = NULL;
	struct diag why = {};
	if (conf_read(layout_path(&a, k->options.dir, LAYOUT_CONF), k->options.dir, &now, &why)) {
		k->options.log("reload.failed", &why);
		return;
	}
	tell_changed(k, now);
	conf_free(now);
	struct message m = {TALK_RELOAD, 0, {"", 0}};
	if (pipe_send(k->options.front, &m, SECOND))
		atomic_store(&k->lost, true);
}

/* False: it is time to stop. */
static bool
signal_take(struct keeper *k)
{
	struct signalfd_siginfo info;
	if (read(k->options.stop_fd, &info, sizeof info) != sizeof info)
		return true;
	if (info.ssi_signo == SIGHUP) {
		reload(k);
		return true;
	}
	if (info.ssi_signo == SIGCHLD) {
		atomic_store(&k->lost, true);
		return true;
	}
	return false;
}

static enum rc
listen_loop(struct keeper *k, struct diag *why)
{
	struct pollfd fds[] = {
		{.fd = k->options.stop_fd, .events = POLLIN},
		{.fd = pipe_fd(k->options.front), .events = POLLIN},
	};
	*why = (struct diag){}; /* what went well before names no place of a fault here */
	for (;;) {
		struct message m;
		enum rc code;
		while (!(code = pipe_receive(k->options.front, 0, &m)) && !atomic_load(&k->lost))
			front_message(k, &m);
		if (code != RC_AGAIN || atomic_load(&k->lost))
			return diag_fail(why, RC_IO, "a process of this node has gone");
		if (atomic_load(&k->failed)) {
			*why = k->failure;
			return RC_IO;
		}
		if (poll(fds, 2, 1000) < 0 && errno != EINTR)
			return diag_fail(why, RC_IO, "poll: %s", strerror(errno));
		if ((fds[0].revents & POLLIN) && !signal_take(k))
			return RC_OK;
	}
}

enum rc
keeper_open(
	struct keeper *k, struct node *n, enum store_mode mode, unsigned cache_kb, struct diag *why)
{
	struct node_options options = {
		.dir = k->options.dir,
		.clock = k->options.clock,
		.rng = k->options.rng,
		.mode = mode,
		.keys = RING_NODE | RING_MAC,
		.cache_kb = cache_kb,
	};
	return node_open(n, &options, why);
}

static enum rc
go(struct keeper *k, struct diag *why)
{
	struct message m = {TALK_GO, 0, {"", 0}};
	if (pipe_send(k->options.front, &m, 10 * SECOND) ||
		pipe_receive(k->options.front, 30 * SECOND, &m) || m.type != TALK_READY)
		return diag_fail(why, RC_IO, "the front process did not start");
	struct unpack u = {m.payload, false};
	enum rc code = unpack_number(&u) ? RC_IO : RC_OK;
	uint64_t port = unpack_number(&u);
	struct diag said = {};
	talk_diag_read(&u, &said);
	if (code && why)
		*why = said;
	if (!code) {
		struct diag line = {};
		diag_what(&line, "port=%llu landlock=%u%s%s", (unsigned long long)port,
			k->options.landlock, said.what[0] ? " jail=" : "", said.what);
		k->options.log("serve.ready", &line);
	}
	return code;
}

enum rc
keeper_run(const struct keeper_options *options, struct diag *why)
{
	struct keeper *k = mem_new(sizeof *k);
	k->options = *options;
	must(pthread_mutex_init(&k->lock, NULL) == 0 && pthread_cond_init(&k->change, NULL) == 0);
	enum rc code = keeper_open(k, &k->reader, STORE_READ, 0, why);
	if (!code)
		code = keeper_threads_start(k, why);
	if (!code)
		code = go(k, why);
	if (!code)
		code = listen_loop(k, why);
	keeper_threads_stop(k);
	node_close(&k->reader);
	pthread_mutex_destroy(&k->lock);
	pthread_cond_destroy(&k->change);
	free(k);
	return code;
}
