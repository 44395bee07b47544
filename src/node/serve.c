#include "node/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/own.h"
#include "jail/jail.h"
#include "node/fetch.h"
#include "node/front.h"
#include "node/keeper.h"
#include "node/layout.h"
#include "node/talk.h"

static enum rc
bind_to(const struct conf_address *at, int *out, struct diag *why)
{
	char port[8];
	struct addrinfo *list = NULL,
			hints = {
				.ai_family = AF_UNSPEC,
				.ai_socktype = SOCK_STREAM,
				.ai_flags = AI_PASSIVE | AI_NUMERICSERV | AI_NUMERICHOST,
			};
	const char *host = strcmp(at->host, "localhost") == 0 ? "127.0.0.1" : at->host;
	snprintf(port, sizeof port, "%u", at->port);
	diag_where(why, "%s:%u", at->host, at->port);
	int fault = getaddrinfo(host[0] ? host : NULL, port, &hints, &list);
	if (fault)
		return diag_fail(why, RC_BAD, "no address to listen on: %s", gai_strerror(fault));
	own_fd int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;
	bool bound = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
		     bind(fd, list->ai_addr, list->ai_addrlen) == 0 && listen(fd, 1024) == 0;
	int error = errno;
	freeaddrinfo(list);
	if (!bound) {
		if (error == EADDRINUSE)
			diag_todo(why,
				"stop what listens there or choose another address with --listen");
		return diag_fail(why, RC_IO, "cannot listen: %s", strerror(error));
	}
	*out = own_fd_take(&fd);
	return RC_OK;
}

/*
 * Descriptors for every connection we promise, as far as the hard limit lets us; where that is not enough, fewer
 * connections: a node that does not start because of a limit of its machine protects nobody.
 */
static void
fit_limits(const struct serve_options *o, struct conf *conf)
{
	enum { SPARE = 128, LEAST = 16 };
	struct rlimit limit;
	rlim_t wanted = (rlim_t)conf->max_connections * 2 + 512;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_cur < wanted) {
		rlim_t before = limit.rlim_cur;
		limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
			limit.rlim_cur = before;
	}
	if (limit.rlim_cur >= (rlim_t)conf->max_connections + SPARE)
		return;
	struct diag line = {};
	rlim_t most = limit.rlim_cur > SPARE + LEAST ? limit.rlim_cur - SPARE : LEAST;
	diag_where(&line, "max-connections = %lld", (long long)conf->max_connections);
	diag_todo(&line, "ulimit -Hn %lld (LimitNOFILE= of the unit)",
		(long long)conf->max_connections + SPARE);
	conf->max_connections = (int64_t)most;
	diag_what(&line, "%llu open files are allowed: %llu connections are served at once",
		(unsigned long long)limit.rlim_cur, (unsigned long long)most);
	o->log("limits.low", &line);
}

static enum rc
front_start(const struct serve_options *o, const int fds[2], struct meter *meter,
	struct pipe **pipe, pid_t *pid, struct diag *why)
{
	struct pipe *theirs = NULL;
	enum rc code = pipe_pair(TALK_MOST, pipe, &theirs, why);
	if (code)
		return code;
	fflush(NULL);
	pid_t parent = getpid();
	*pid = fork();
	if (*pid == 0) {
		pipe_free(*pipe);
		if (fork_bound(parent))
			_exit(3);
		struct front_options front = {
			.dir = o->dir,
			.conf = o->conf,
			.clock = o->clock,
			.rng = o->rng,
			.listen_fd = fds[0],
			.local_fd = fds[1],
			.meter = meter,
			.keeper = theirs,
		};
		front_main(&front);
	}
	pipe_free(theirs);
	if (*pid < 0)
		return diag_fail(why, RC_IO, "cannot start the front process: %s", strerror(errno));
	return RC_OK;
}

static enum rc
jail_judge(const struct serve_options *o, const struct jail_state *state, const struct diag *note,
	struct diag *why)
{
	if (state->landlock && state->seccomp)
		return RC_OK;
	if (!o->conf->require_jail) {
		struct diag line = *note;
		if (!line.what[0])
			diag_what(&line, "this kernel refuses Landlock: files are not confined");
		diag_where(&line, "landlock=%u seccomp=%u", state->landlock, state->seccomp);
		o->log("jail.partial", &line);
		return RC_OK;
	}
	diag_todo(
		why, "run it on a kernel with Landlock (5.13 or later), or without --require-jail");
	return diag_fail(why, RC_IO, "this kernel cannot confine the processes");
}

static enum rc
keeper_jail(const struct serve_options *o, struct jail_state *state, struct diag *note)
{
	const char *write[] = {o->dir, NULL};
	const char *read[] = {"/etc/ssl", "/dev/urandom", "/proc/self", NULL};
	struct jail jail = jail_keeper;
	jail.read = read;
	jail.write = write;
	jail.outlives = true; /* whoever typed "serve &" may log out */
	return jail_enter(&jail, state, note);
}

static int
signals_open(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int
pid_watch(pid_t pid)
{
	return pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

/*
 * The keeper's jail lets it neither wait for processes nor end them: it sees one end by a descriptor opened
 * before. One that does not end is killed by the kernel when we do (PR_SET_PDEATHSIG).
 */
static void
await_end(int pidfd)
{
	struct pollfd fds = {.fd = pidfd, .events = POLLIN};
	if (pidfd >= 0)
		while (poll(&fds, 1, 5000) < 0 && errno == EINTR)
			;
}

static enum rc
run_children(const struct serve_options *o, int lock, const int fds[2], struct diag *why)
{
	struct meter *meter = meter_new();
	struct fetch fetch = {};
	struct pipe *front = NULL;
	pid_t front_pid = 0;
	struct jail_state state = {};
	struct diag note = {};
	(void)lock;
	atomic_store(&meter->started, clock_now(o->clock));
	enum rc code = fetch_start(&fetch, &jail_fetch, NULL, why);
	if (!code)
		code = front_start(o, fds, meter, &front, &front_pid, why);
	close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	own_fd int stop_fd = signals_open();
	own_fd int front_fd = pid_watch(front_pid), fetch_fd = pid_watch(fetch.pid);
	if (!code)
		code = keeper_jail(o, &state, &note);
	if (code && note.what[0] && why)
		*why = note;
	if (!code)
		code = jail_judge(o, &state, &note, why);
	struct keeper_options keeper = {
		.dir = o->dir,
		.conf = o->conf,
		.clock = o->clock,
		.rng = o->rng,
		.written = o->written,
		.front = front,
		.fetch = &fetch,
		.meter = meter,
		.stop_fd = stop_fd,
		.front_pid = front_pid,
		.landlock = state.landlock,
		.log = o->log,
	};
	if (!code)
		code = keeper_run(&keeper, why);
	pipe_free(front);
	await_end(front_fd);
	pipe_free(fetch.pipe);
	fetch.pipe = NULL;
	await_end(fetch_fd);
	fetch_stop(&fetch);
	return code;
}

enum rc
serve_run(const struct serve_options *o, struct diag *why)
{
	int fds[2] = {-1, -1};
	own_fd int lock = -1;
	if (!o->conf->tls_cert && !o->conf->listen.loopback) {
		diag_where(why, "%s:%u", o->conf->listen.host, o->conf->listen.port);
		diag_todo(why, "give tls-cert and tls-key, or listen on 127.0.0.1");
		return diag_fail(why, RC_BAD, "plain HTTP is served on loopback only");
	}
	enum rc code = layout_lock(o->dir, "serve", &lock, why);
	if (code == RC_AGAIN)
		diag_todo(why, "this node is being served already");
	if (!code)
		code = bind_to(&o->conf->listen, &fds[0], why);
	if (!code && o->conf->local.host[0])
		code = bind_to(&o->conf->local, &fds[1], why);
	if (code) {
		if (fds[0] >= 0)
			close(fds[0]);
		return code;
	}
	struct conf conf = *o->conf;
	struct serve_options fitted = *o;
	fitted.conf = &conf;
	fit_limits(o, &conf);
	return run_children(&fitted, lock, fds, why);
}
