#include "net/server.h"
#include "base/mutant.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/own.h"
#include "net/server-internal.h"
#include "net/url.h"

/* ---- Listening ---- */

static int
listen_on(const struct addrinfo *one)
{
	int yes = 1, no = 0;
	own_fd int fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (one->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
	if (bind(fd, one->ai_addr, one->ai_addrlen) < 0 || listen(fd, 1024) < 0)
		return -1;
	return own_fd_take(&fd);
}

static enum rc
listen_at(struct span text, int *out, struct diag *why)
{
	struct span host;
	uint16_t port;
	char host_text[256], port_text[8];
	struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM,
					       .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	diag_where(why, "%.*s", (int)(text.len < 100 ? text.len : 100), text.ptr);
	enum rc code = address_parse(text, &host, &port, why);
	if (code != RC_OK)
		return code;
	span_copy(host, host_text, sizeof host_text);
	snprintf(port_text, sizeof port_text, "%u", port);
	/* Without a name: the IPv6 wildcard, which takes IPv4 as well, where there is IPv6. */
	if (host.len == 0)
		hints.ai_family = AF_INET6;
	int failed = getaddrinfo(host.len ? host_text : NULL, port_text, &hints, &found);
	int fd = failed ? -1 : listen_on(found);
	if (fd < 0 && host.len == 0) {
		if (!failed)
			freeaddrinfo(found);
		hints.ai_family = AF_INET;
		failed = getaddrinfo(NULL, port_text, &hints, &found);
		fd = failed ? -1 : listen_on(found);
	}
	int reason = errno;
	if (!failed)
		freeaddrinfo(found);
	if (failed)
		return diag_fail(why, RC_BAD, "no such address here: %s", gai_strerror(failed));
	if (fd < 0) {
		if (reason == EADDRINUSE)
			diag_todo(why, "choose another port, or end what listens there (ss -ltnp)");
		else if (reason == EACCES)
			diag_todo(why, "choose a port above 1023, or give CAP_NET_BIND_SERVICE");
		return diag_fail(why, RC_IO, "cannot listen: %s", strerror(reason));
	}
	*out = fd;
	return RC_OK;
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof address;
	if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return 0;
	if (address.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
	return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

/* ---- Connections come and go ---- */

struct tls *
server_tls_now(struct server *s)
{
	pthread_mutex_lock(&s->tls_lock);
	struct tls *t = s->tls ? tls_hold(s->tls) : NULL;
	pthread_mutex_unlock(&s->tls_lock);
	return t;
}

static void
conn_start(struct server *s, struct MHD_Connection *mhd, void **context)
{
	struct conn *c = mem_new(sizeof *c);
	c->server = s;
	c->mhd = mhd;
	c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	c->slot = slot_take(s);
	c->since = clock_monotonic();
	must(pthread_mutex_init(&c->lock, NULL) == 0);
	c->tls = server_tls_now(s);
	if (c->tls) {
		c->session = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)
				     ->tls_session;
		push_prepare(c);
		/* A session that could not be set up has no certificate and fails its handshake. */
		if (tls_prepare(c->tls, c->session, &s->ticket_key) != RC_OK)
			shutdown(c->fd, SHUT_RDWR);
	}
	*context = c;
	atomic_fetch_add(&s->connections, 1);
	pthread_mutex_lock(&s->conns_lock);
	c->next = s->conns;
	if (c->next)
		c->next->prev = c;
	s->conns = c;
	s->open++;
	pthread_mutex_unlock(&s->conns_lock);
}

static void
conn_end(struct server *s, struct conn *c)
{
	exchange_abandon(c);
	pthread_mutex_lock(&s->conns_lock);
	if (c->prev)
		c->prev->next = c->next;
	else
		s->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	s->open--;
	pthread_mutex_unlock(&s->conns_lock);
	slot_give_back(s, c->slot);
	pthread_mutex_destroy(&c->lock);
	tls_free(c->tls);
	tls_free(c->judged);
	free(c->cert);
	free(c);
	accept_give_back(s);
}

static void
conn_notice(void *server, struct MHD_Connection *mhd, void **context,
	enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		conn_start(server, mhd, context);
	else
		conn_end(server, *context);
}

/* ---- The daemon ---- */

/* Paths are decoded by head_target: the library leaves them and the query as they came. */
static size_t
leave_as_is(void *ctx, struct MHD_Connection *mhd, char *text)
{
	(void)ctx;
	(void)mhd;
	return strlen(text);
}

/* The library wants a source of certificates to start with; each session's own is set in
 * conn_start. */
static int
no_certificate(gnutls_session_t session, const gnutls_datum_t *issuers, int issuers_len,
	const gnutls_pk_algorithm_t *algorithms, int algorithms_len, gnutls_pcert_st **chain,
	unsigned *chain_len, gnutls_privkey_t *key)
{
	(void)session;
	(void)issuers;
	(void)issuers_len;
	(void)algorithms;
	(void)algorithms_len;
	(void)chain;
	(void)chain_len;
	(void)key;
	return -1;
}

static enum rc
start_daemon(struct server *s, struct diag *why)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC;
	/* accept.c keeps the cap over all threads; the library's own, a thread, must never bite. */
	unsigned most = s->config.connections * s->config.threads + s->config.threads;
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_PRIORITIES, 0,
			(void *)(mutant(160) ? "NORMAL:-VERS-ALL:+VERS-TLS1.3" : tls_priorities)},
		{MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(intptr_t)no_certificate},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem pool[] = {
		{MHD_OPTION_THREAD_POOL_SIZE, s->config.threads, NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	if (s->tls)
		flags |= MHD_USE_TLS;
	if (MHD_get_version()[0] == '0')
		flags |= MHD_USE_ERROR_LOG; /* to mend_log alone */
	s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, exchange_step, s,
		MHD_OPTION_CONNECTION_LIMIT, most, MHD_OPTION_CONNECTION_TIMEOUT, 0U,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SERVER_POOL,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, s->config.per_address,
		MHD_OPTION_NOTIFY_CONNECTION, conn_notice, s, MHD_OPTION_NOTIFY_COMPLETED,
		exchange_end, s, MHD_OPTION_URI_LOG_CALLBACK, exchange_new, s,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_as_is, NULL, MHD_OPTION_EXTERNAL_LOGGER,
		mend_log, s,
#if MHD_VERSION >= 0x00097701
		MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
#endif
		MHD_OPTION_ARRAY, s->tls ? tls : none, MHD_OPTION_ARRAY,
		s->config.threads > 1 ? pool : none, MHD_OPTION_END);
	if (s->daemon)
		return RC_OK;
	return diag_fail(why, RC_IO, "the HTTP server cannot be started: %s", strerror(errno));
}

/* Every connection is a descriptor: raises the soft limit where the hard one allows it. */
static enum rc
fit_descriptors(struct server_config *config, struct diag *why)
{
	enum { SPARE = 64 };
	struct rlimit limit;
	must(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	bool chosen = config->connections != 0;
	if (!chosen)
		config->connections = 1024;
	rlim_t need = (rlim_t)config->connections + SPARE;
	if (limit.rlim_cur >= need)
		return RC_OK;
	if (limit.rlim_max >= need) {
		limit.rlim_cur = need;
		if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
			return RC_OK;
	}
	if (!chosen && limit.rlim_cur > 2 * SPARE) {
		config->connections = (unsigned)limit.rlim_cur - SPARE;
		return RC_OK;
	}
	diag_todo(why, "raise the limit of open files (ulimit -n, LimitNOFILE=) to %u",
		(unsigned)need);
	return diag_fail(why, RC_BAD, "%u connections need more open files than the %u allowed",
		config->connections, (unsigned)limit.rlim_max);
}

static void
fill_defaults(struct server_config *c)
{
	c->threads = c->threads ? c->threads : 2;
	c->idle_seconds = c->idle_seconds ? c->idle_seconds : 75;
	c->head_seconds = c->head_seconds ? c->head_seconds : 10;
	c->rate = c->rate ? c->rate : 1024;
	c->body_limit = c->body_limit ? c->body_limit : (size_t)1 << 20;
	c->bodies_limit = c->bodies_limit ? c->bodies_limit : (size_t)256 << 20;
	c->answers_limit = c->answers_limit ? c->answers_limit : (size_t)512 << 20;
}

static void
server_wipe(struct server *s)
{
	tls_free(s->tls);
	if (s->accept_wake >= 0)
		close(s->accept_wake);
	if (s->ticket_key.data) {
		gnutls_memset(s->ticket_key.data, 0, s->ticket_key.size);
		gnutls_free(s->ticket_key.data);
	}
	free(s->slots.at);
	pthread_mutex_destroy(&s->tls_lock);
	pthread_mutex_destroy(&s->conns_lock);
	pthread_mutex_destroy(&s->wait_lock);
	pthread_cond_destroy(&s->wait_cond);
	free(s);
}

static struct server *
server_blank(const struct server_config *config, const struct handler *handler)
{
	struct server *s = mem_new(sizeof *s);
	pthread_condattr_t monotonic;
	s->handler = *handler;
	s->config = *config;
	s->free_slot = UINT32_MAX;
	s->next_deadline = INT64_MAX;
	s->accept_wake = -1;
	must(pthread_mutex_init(&s->tls_lock, NULL) == 0);
	must(pthread_mutex_init(&s->conns_lock, NULL) == 0);
	must(pthread_mutex_init(&s->wait_lock, NULL) == 0);
	must(pthread_condattr_init(&monotonic) == 0);
	must(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
	must(pthread_cond_init(&s->wait_cond, &monotonic) == 0);
	pthread_condattr_destroy(&monotonic);
	fill_defaults(&s->config);
	return s;
}

enum rc
server_new(const struct server_config *config, const struct handler *handler, struct server **out,
	struct diag *why)
{
	struct server *s = server_blank(config, handler);
	own_fd int fd = config->listen_fd > 0 ? config->listen_fd : -1;
	enum rc code = fit_descriptors(&s->config, why);
	if (code == RC_OK && config->tls) {
		code = tls_new(config->tls, &s->tls, why);
		if (code == RC_OK && gnutls_session_ticket_key_generate(&s->ticket_key) < 0)
			code = diag_fail(why, RC_IO, "no chance for a ticket key");
	}
	if (code == RC_OK && fd < 0)
		code = listen_at(config->listen, &fd, why);
	if (code == RC_OK) {
		s->port = port_of(fd);
		if (!accept_open(s, fd))
			code = diag_fail(why, RC_IO, "no descriptor to be woken by");
	}
	if (code == RC_OK)
		code = start_daemon(s, why);
	if (code != RC_OK) {
		server_wipe(s);
		return code;
	}
	own_fd_take(&fd);
	*out = s; /* before the first request, whose handler may wake others by it */
	must(pthread_create(&s->accepts, NULL, accept_run, s) == 0);
	must(pthread_create(&s->watch, NULL, watch_run, s) == 0);
	return RC_OK;
}

/* Lets the answers under way go out, for at most two seconds. */
static void
finish_exchanges(struct server *s)
{
	for (int rounds = 0; rounds < 200; rounds++) {
		bool busy = false;
		pthread_mutex_lock(&s->wait_lock);
		for (size_t i = 0; i < s->slots.len && !busy; i++)
			busy = s->slots.at[i].x != NULL;
		pthread_mutex_unlock(&s->wait_lock);
		if (!busy)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
}

void
server_free(struct server *s)
{
	if (!s)
		return;
	atomic_store(&s->accept_ends, true);
	accept_nudge(s);
	pthread_join(s->accepts, NULL);
	close(s->listen_fd);
	pthread_mutex_lock(&s->wait_lock);
	s->stopping = true; /* from here on nobody goes to sleep */
	pthread_mutex_unlock(&s->wait_lock);
	server_wake_all(s);
	finish_exchanges(s);
	pthread_mutex_lock(&s->wait_lock);
	s->watch_ends = true;
	pthread_cond_signal(&s->wait_cond);
	pthread_mutex_unlock(&s->wait_lock);
	pthread_join(s->watch, NULL);
	MHD_stop_daemon(s->daemon);
	must(s->conns == NULL);
	server_wipe(s);
}

uint16_t
server_port(const struct server *s)
{
	return s->port;
}

enum rc
server_reload(struct server *s, const struct server_tls *tls, struct diag *why)
{
	struct tls *fresh;
	if (!s->tls)
		return diag_fail(why, RC_BAD, "this server speaks plain HTTP");
	enum rc code = tls_new(tls, &fresh, why);
	if (code != RC_OK)
		return code;
	pthread_mutex_lock(&s->tls_lock);
	struct tls *old = s->tls;
	s->tls = fresh;
	pthread_mutex_unlock(&s->tls_lock);
	tls_free(old);
	return RC_OK;
}

void
server_stats(struct server *s, struct server_stats *out)
{
	*out = (struct server_stats){
		.connections = atomic_load(&s->connections),
		.requests = atomic_load(&s->requests),
		.refused = atomic_load(&s->refused),
		.cut = atomic_load(&s->cut),
		.body_bytes = atomic_load(&s->body_bytes),
	};
	pthread_mutex_lock(&s->conns_lock);
	out->open = s->open;
	pthread_mutex_unlock(&s->conns_lock);
	pthread_mutex_lock(&s->wait_lock);
	out->waiting = s->waiting;
	pthread_mutex_unlock(&s->wait_lock);
}
