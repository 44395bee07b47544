/*
 * The HTTP server against nginx serving the same bytes in the same run, over TLS with keep-alive,
 * and what idle TLS connections cost. Prints one line a figure; ratios, because machines differ.
 * Exit 77 without nginx. net [SECONDS [CONNECTIONS]]
 */
#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../certificate.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/must.h"
#include "net/server.h"

enum { PAGE = 700 * 1024, CLIENTS = 4 };

static const char ciphers[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM";

struct place {
	char folder[64];
	struct pair own;
	struct buf page;
	uint16_t ours, nginx;
	pid_t our_pid, nginx_pid;
	unsigned connections;
};

/* ---- Our server, in a process of its own ---- */

static enum http_next
handle(void *ctx, struct exchange *x)
{
	exchange_answer_header(x, SPAN("Content-Type"), SPAN("application/json"));
	if (span_eq(exchange_path(x), SPAN("/page")))
		exchange_answer_shared(x, 200, http_body_hold(ctx));
	else
		exchange_answer_copy(x, 200, SPAN("{}"));
	return HTTP_DONE;
}

static void
run_ours(struct place *p, int report)
{
	struct server *s;
	struct diag why = {};
	struct http_body *page = http_body_new(&p->page);
	struct handler handler = {.handle = handle, .ctx = page};
	struct server_tls tls = {.cert = buf_span(&p->own.pem), .key = buf_span(&p->own.key)};
	struct server_config config = {.listen = SPAN("127.0.0.1:0"),
		.tls = &tls,
		.connections = p->connections * 5 / 4 + 200, /* never crowded */
		.idle_seconds = 600};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (server_new(&config, &handler, &s, &why) != RC_OK) {
		fprintf(stderr, "%s: %s; %s\n", why.where, why.what, why.todo);
		_exit(1);
	}
	uint16_t port = server_port(s);
	must(write(report, &port, sizeof port) == sizeof port);
	for (;;)
		pause();
}

static void
start_ours(struct place *p)
{
	int fds[2];
	must(pipe(fds) == 0);
	p->our_pid = fork();
	if (p->our_pid == 0)
		run_ours(p, fds[1]);
	must(read(fds[0], &p->ours, sizeof p->ours) == sizeof p->ours);
	close(fds[0]);
	close(fds[1]);
}

/* ---- nginx ---- */

static void
put_file(const struct place *p, const char *name, struct span text)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", p->folder, name);
	FILE *f = fopen(path, "w");
	must(f && fwrite(text.ptr, 1, text.len, f) == text.len && fclose(f) == 0);
}

static uint16_t
free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	must(bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
	must(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
	close(fd);
	return ntohs(at.sin_port);
}

static int
dial(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
	must(fd >= 0);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool
start_nginx(struct place *p)
{
	static const char *const paths[] = {"/usr/sbin/nginx", "/usr/local/sbin/nginx"};
	const char *nginx = NULL;
	for (size_t i = 0; i < 2 && !nginx; i++)
		nginx = access(paths[i], X_OK) == 0 ? paths[i] : NULL;
	if (!nginx)
		return false;
	own_buf struct buf conf = {};
	p->nginx = free_port();
	buf_printf(&conf,
		"daemon off; worker_processes 2; pid %s/pid; error_log %s/log;%s\n"
		"events { worker_connections 1024; }\n"
		"http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;\n"
		"default_type application/json;\n"
		"client_body_temp_path %s/b; proxy_temp_path %s/x; fastcgi_temp_path %s/f;\n"
		"uwsgi_temp_path %s/u; scgi_temp_path %s/s;\n"
		"server { listen 127.0.0.1:%u ssl; root %s; ssl_protocols TLSv1.3;\n"
		"ssl_certificate %s/pem; ssl_certificate_key %s/key; } }\n",
		p->folder, p->folder, geteuid() == 0 ? " user root;" : "", p->folder, p->folder,
		p->folder, p->folder, p->folder, p->nginx, p->folder, p->folder, p->folder);
	put_file(p, "conf", buf_span(&conf));
	put_file(p, "page", buf_span(&p->page));
	put_file(p, "pem", buf_span(&p->own.pem));
	put_file(p, "key", buf_span(&p->own.key));
	p->nginx_pid = fork();
	if (p->nginx_pid == 0) {
		char path[128];
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		snprintf(path, sizeof path, "%s/conf", p->folder);
		execl(nginx, nginx, "-q", "-c", path, (char *)NULL);
		_exit(1);
	}
	for (int i = 0; i < 100; i++) {
		int fd = dial(p->nginx);
		if (fd >= 0) {
			close(fd);
			return true;
		}
		usleep(50000);
	}
	return false;
}

/* ---- Clients ---- */

struct caller {
	int fd;
	gnutls_session_t session;
};

static gnutls_certificate_credentials_t creds;

static void
call(struct caller *c, uint16_t port)
{
	int code;
	c->fd = dial(port);
	must(c->fd >= 0);
	gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NO_TICKETS);
	must(gnutls_priority_set_direct(c->session, ciphers, NULL) == 0);
	gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, creds);
	gnutls_transport_set_int(c->session, c->fd);
	do
		code = gnutls_handshake(c->session);
	while (code < 0 && !gnutls_error_is_fatal(code));
	must(code == 0);
}

/* One GET; the body's bytes. */
static size_t
get(struct caller *c, const char *path)
{
	static _Thread_local char bytes[65536];
	char request[128];
	int len = snprintf(
		request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	must(gnutls_record_send(c->session, request, (size_t)len) == len);
	size_t have = 0, want = 0, head = 0;
	while (want == 0 || have < want) {
		ssize_t got = gnutls_record_recv(
			c->session, bytes + (want ? 0 : have), sizeof bytes - (want ? 0 : have));
		if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED)
			continue;
		must(got > 0);
		have += (size_t)got;
		struct span seen = {bytes, have};
		if (want || (head = span_find(seen, SPAN("\r\n\r\n"))) == SIZE_MAX)
			continue;
		size_t at = span_find(seen, SPAN("Content-Length: "));
		must(span_starts(seen, SPAN("HTTP/1.1 200")) && at != SIZE_MAX);
		want = head + 4 + (size_t)strtoull(bytes + at + 16, NULL, 10);
	}
	return want - head - 4;
}

struct load {
	uint16_t port;
	int64_t until;
	uint64_t pages;
};

static void *
load_run(void *ctx)
{
	struct load *l = ctx;
	struct caller c;
	call(&c, l->port);
	while (clock_monotonic() < l->until) {
		must(get(&c, "/page") == PAGE);
		l->pages++;
	}
	gnutls_deinit(c.session);
	close(c.fd);
	return NULL;
}

/* Processor seconds of a process and of its children that still live (nginx's workers). */
static double
processor_seconds(pid_t pid)
{
	char path[64], line[512];
	unsigned long user = 0, kernel = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "r");
	if (f && fgets(line, sizeof line, f))
		sscanf(strrchr(line, ')') + 1,
			"%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &user, &kernel);
	if (f)
		fclose(f);
	double seconds = (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "r");
	int child;
	while (f && fscanf(f, "%d", &child) == 1)
		seconds += processor_seconds(child);
	if (f)
		fclose(f);
	return seconds;
}

struct figure {
	double pages, pages_per_processor_second;
};

static struct figure
measure(uint16_t port, pid_t pid, double seconds)
{
	struct load loads[CLIENTS];
	pthread_t threads[CLIENTS];
	double before = processor_seconds(pid);
	int64_t start = clock_monotonic();
	uint64_t pages = 0;
	for (int i = 0; i < CLIENTS; i++) {
		loads[i] = (struct load){.port = port, .until = start + (int64_t)(seconds * 1e6)};
		must(pthread_create(&threads[i], NULL, load_run, &loads[i]) == 0);
	}
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(threads[i], NULL);
		pages += loads[i].pages;
	}
	double lasted = (double)(clock_monotonic() - start) / 1e6;
	double used = processor_seconds(pid) - before;
	return (struct figure){(double)pages / lasted, used > 0 ? (double)pages / used : 0};
}

/* Private bytes that are really there. */
static uint64_t
resident(pid_t pid)
{
	char path[64], line[256];
	uint64_t sum = 0, kb;
	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	FILE *f = fopen(path, "r");
	must(f);
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "Private_Dirty: %lu", &kb) == 1 ||
			sscanf(line, "Private_Clean: %lu", &kb) == 1)
			sum += kb * 1024;
	fclose(f);
	return sum;
}

static void
compare_pages(struct place *p, double seconds)
{
	/* In turns, so that a noisy neighbour meets both; the median of each. */
	enum { ROUNDS = 5 };
	struct figure ours[ROUNDS], theirs[ROUNDS], o, t;
	measure(p->ours, p->our_pid, 0.5);
	measure(p->nginx, p->nginx_pid, 0.5);
	for (int i = 0; i < ROUNDS; i++) {
		ours[i] = measure(p->ours, p->our_pid, seconds);
		theirs[i] = measure(p->nginx, p->nginx_pid, seconds);
	}
	for (int i = 0; i < ROUNDS; i++)
		for (int k = i + 1; k < ROUNDS; k++) {
			struct figure swap;
			if (ours[k].pages < ours[i].pages)
				swap = ours[i], ours[i] = ours[k], ours[k] = swap;
			if (theirs[k].pages < theirs[i].pages)
				swap = theirs[i], theirs[i] = theirs[k], theirs[k] = swap;
		}
	o = ours[ROUNDS / 2];
	t = theirs[ROUNDS / 2];
	printf("page 700 KiB, TLS 1.3 AES-256-GCM, %d connections kept alive, loopback, client and "
	       "server share the machine\n",
		CLIENTS);
	printf("pages a second          ours %8.0f  nginx %8.0f  ratio %.2f\n", o.pages, t.pages,
		o.pages / t.pages);
	printf("pages a processor second ours %7.0f  nginx %8.0f  ratio %.2f\n",
		o.pages_per_processor_second, t.pages_per_processor_second,
		o.pages_per_processor_second / t.pages_per_processor_second);
}

static void
count_idle(struct place *p)
{
	struct caller *all = calloc(p->connections, sizeof *all);
	struct caller warm;
	must(all);
	for (int i = 0; i < 50; i++) { /* what is allocated once does not count */
		call(&warm, p->ours);
		get(&warm, "/small");
		gnutls_deinit(warm.session);
		close(warm.fd);
	}
	usleep(300000);
	uint64_t before = resident(p->our_pid);
	int64_t start = clock_monotonic();
	for (unsigned i = 0; i < p->connections; i++) {
		call(&all[i], p->ours);
		must(get(&all[i], "/small") == 2);
	}
	double took = (double)(clock_monotonic() - start) / 1e6;
	usleep(1500000);
	uint64_t after = resident(p->our_pid);
	double busy = processor_seconds(p->our_pid);
	usleep(2000000);
	busy = (processor_seconds(p->our_pid) - busy) / 2;
	for (unsigned i = 0; i < p->connections; i++)
		must(get(&all[i], "/small") == 2); /* they are still served */
	printf("idle TLS connections    %u, each after one request: %.1f KiB private resident each "
	       "(limit 20), %.1f MiB in all\n",
		p->connections, (double)(after - before) / 1024 / p->connections,
		(double)after / 1048576);
	printf("                        made in %.1f s, watching them takes %.1f %% of one "
	       "processor\n",
		took, busy * 100);
	for (unsigned i = 0; i < p->connections; i++) {
		gnutls_deinit(all[i].session);
		close(all[i].fd);
	}
	free(all);
}

static void
prepare(struct place *p)
{
	p->own = make_cert((struct wish){"bench", CERT_SERVER, NULL, 0, 0});
	strcpy(p->folder, "/tmp/tocsin-bench-XXXXXX");
	must(mkdtemp(p->folder));
	char *page = buf_room(&p->page, PAGE);
	uint64_t state = 1;
	for (size_t i = 0; i < PAGE; i++) {
		state = state * 6364136223846793005 + 1442695040888963407;
		page[i] = (char)('a' + (state >> 60));
	}
	p->page.len = PAGE;
}

static void
clean_up(struct place *p)
{
	static const char *const names[] = {"conf", "page", "pem", "key", "log", "pid"};
	static const char *const folders[] = {"b", "x", "f", "u", "s"};
	char path[128];
	kill(p->our_pid, SIGKILL);
	waitpid(p->our_pid, NULL, 0);
	if (p->nginx_pid > 0) {
		kill(p->nginx_pid, SIGTERM);
		waitpid(p->nginx_pid, NULL, 0);
	}
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", p->folder, names[i]);
		unlink(path);
	}
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", p->folder, folders[i]);
		rmdir(path);
	}
	rmdir(p->folder);
}

int
main(int argc, char **argv)
{
	struct place p = {};
	struct rlimit limit;
	double seconds = argc > 1 ? atof(argv[1]) : 2;
	p.connections = argc > 2 ? (unsigned)atoi(argv[2]) : 10000;
	signal(SIGPIPE, SIG_IGN);
	must(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < p.connections * 5 / 4 + 300) {
		p.connections = (unsigned)(limit.rlim_max - 300) * 4 / 5;
		printf("open files are limited: %u connections only\n", p.connections);
	}
	must(gnutls_certificate_allocate_credentials(&creds) == 0);
	prepare(&p);
	start_ours(&p);
	bool rival = start_nginx(&p);
	if (rival)
		compare_pages(&p, seconds);
	else
		printf("no nginx here: pages are not compared\n");
	if (p.connections)
		count_idle(&p);
	clean_up(&p);
	gnutls_certificate_free_credentials(creds);
	return rival ? 0 : 77;
}
