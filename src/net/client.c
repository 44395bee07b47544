#include "net/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/mutant.h"
#include "base/own.h"
#include "net/curl-internal.h"
#include "net/request-internal.h"
#include "net/tls-internal.h"
#include "net/url.h"

enum { SLOW_BYTES = 1024, HEAD_MAX = 65536 };

struct client {
	CURLM *multi;
	CURL *easy;
	atomic_bool cancelled;
	/* The configuration. This flavour of libcurl reads certificates from files only: memory
	 * files. */
	int ca_fd, cert_fd, key_fd; /* -1: none */
	bool pinned, has_ca;
	uint8_t pin[CERT_PIN];
	char *proxy, *user_agent;
	unsigned connect_seconds, slow_seconds;
};

/* One request under way. */
struct work {
	struct client *client;
	const struct client_request *request;
	struct client_answer *answer;
	size_t body_limit;
	enum {
		STOP_NONE,
		STOP_LIMIT,
		STOP_HEAD,
		STOP_PIN,
		STOP_SUITE,
		STOP_SLOW,
		STOP_SILENT
	} stop;
	bool head_in;
	int64_t window_start;
	curl_off_t window_bytes;
	int64_t last_byte; /* when one came or went */
	curl_off_t bytes;
};

/* ---- Making and configuring ---- */

/* A file without a name, read by its /proc path each time a connection is made. */
static enum rc
memory_file(const char *name, struct span text, int *out, struct diag *why)
{
	own_fd int fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0 || !fd_write(fd, text))
		return diag_fail(why, RC_IO, "no memory for %s: %s", name, strerror(errno));
	*out = own_fd_take(&fd);
	return RC_OK;
}

static void
set_path(CURL *easy, CURLoption option, int fd)
{
	char path[40];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	must(curl_easy_setopt(easy, option, path) == CURLE_OK);
}

static enum rc
check_proxy(struct span proxy, struct diag *why)
{
	struct http_url u;
	if (proxy.len == 0)
		return RC_OK;
	enum rc code = http_url_parse(proxy, &u, why);
	if (code != RC_OK)
		diag_todo(why, "write the proxy as http://HOST:PORT");
	return code;
}

static enum rc
load_keys(struct client *c, const struct client_config *config, struct diag *why)
{
	enum rc code = RC_OK;
	if (config->ca.len) {
		struct cert first;
		code = cert_read(config->ca, &first, why);
		if (code == RC_OK)
			code = memory_file("ca", config->ca, &c->ca_fd, why);
	}
	if (code == RC_OK && config->cert.len) {
		code = cert_check_key(config->cert, config->key, why);
		if (code == RC_OK)
			code = memory_file("certificate", config->cert, &c->cert_fd, why);
		if (code == RC_OK)
			code = memory_file("key", config->key, &c->key_fd, why);
	}
	return code;
}

enum rc
client_load(struct diag *why)
{
	return curl_load(why);
}

enum rc
client_new(const struct client_config *config, struct client **out, struct diag *why)
{
	enum rc code = curl_load(why);
	if (code == RC_OK)
		code = check_proxy(config->proxy, why);
	if (code != RC_OK)
		return code;
	struct client *c = mem_new(sizeof *c);
	c->ca_fd = c->cert_fd = c->key_fd = -1;
	c->has_ca = config->ca.len > 0;
	c->pinned = config->pin != NULL;
	if (c->pinned)
		memcpy(c->pin, config->pin, CERT_PIN);
	c->proxy = mem_dup(config->proxy);
	c->user_agent = mem_dup(
		config->user_agent.len ? config->user_agent : SPAN("tocsin/" TOCSIN_VERSION));
	c->connect_seconds = config->connect_seconds ? config->connect_seconds : 15;
	c->slow_seconds = config->slow_seconds ? config->slow_seconds : 30;
	code = load_keys(c, config, why);
	if (code == RC_OK) {
		c->multi = curl_multi_init();
		c->easy = curl_easy_init();
		must(c->multi && c->easy);
		*out = c;
	} else {
		client_free(c);
	}
	return code;
}

void
client_free(struct client *c)
{
	if (!c)
		return;
	if (c->easy)
		curl_easy_cleanup(c->easy);
	if (c->multi)
		curl_multi_cleanup(c->multi);
	if (c->ca_fd >= 0)
		close(c->ca_fd);
	if (c->cert_fd >= 0)
		close(c->cert_fd);
	if (c->key_fd >= 0)
		close(c->key_fd);
	free(c->proxy);
	free(c->user_agent);
	free(c);
}

void
client_cancel(struct client *c)
{
	atomic_store(&c->cancelled, true);
	curl_multi_wakeup(c->multi);
}

void
client_uncancel(struct client *c)
{
	atomic_store(&c->cancelled, false);
}

/* ---- The answer ---- */

void
client_answer_fini(struct client_answer *a)
{
	buf_fini(&a->head);
	buf_fini(&a->body);
	*a = (struct client_answer){};
}

static void
answer_reset(struct client_answer *a)
{
	a->status = 0;
	buf_reset(&a->head);
	buf_reset(&a->body);
	a->peer = (struct cert){};
}

bool
client_header(const struct client_answer *a, struct span name, unsigned nth, struct span *value)
{
	struct span rest = buf_span(&a->head), line;
	while (rest.ptr && span_cut(&rest, '\n', &line)) {
		size_t colon = span_find_byte(line, ':');
		if (colon == SIZE_MAX || !span_eq_fold(span_sub(line, 0, colon), name) || nth-- > 0)
			continue;
		*value = span_trim(span_sub(line, colon + 1, SIZE_MAX));
		return true;
	}
	return false;
}

uint64_t
client_retry_after(const struct client_answer *a, int64_t now)
{
	struct span value;
	uint64_t seconds;
	char text[64];
	if (!client_header(a, SPAN("retry-after"), 0, &value))
		return 0;
	if (span_to_u64(value, &seconds))
		return seconds;
	span_copy(value, text, sizeof text);
	time_t at = curl_load(NULL) ? -1 : curl_getdate(text, NULL);
	if (at == -1 || at <= now / SECOND)
		return 0;
	return (uint64_t)(at - now / SECOND);
}

static size_t
on_head(char *bytes, size_t one, size_t len, void *ctx)
{
	struct work *w = ctx;
	struct span line = {bytes, one * len};
	if (!w->head_in)
		w->window_start =
			0; /* what is slow is judged from here on, not from the last look before */
	w->head_in = true;
	if (span_starts(line, SPAN("HTTP/"))) {
		/* An interim answer (100 Continue) is followed by the one that counts. */
		buf_reset(&w->answer->head);
		return len;
	}
	if (w->answer->head.len + line.len > HEAD_MAX) {
		w->stop = STOP_HEAD;
		return 0;
	}
	struct span text = span_trim(line);
	uint64_t length;
	if (text.len > 15 && span_eq_fold(span_sub(text, 0, 15), SPAN("content-length:")) &&
		span_to_u64(span_trim(span_sub(text, 15, SIZE_MAX)), &length) &&
		length > w->body_limit && !span_eq(w->request->method, SPAN("HEAD"))) {
		w->stop = STOP_LIMIT; /* no need to wait for the bytes */
		return 0;
	}
	if (text.len) {
		buf_add(&w->answer->head, text);
		buf_add_byte(&w->answer->head, '\n');
	}
	return len;
}

static size_t
on_body(char *bytes, size_t one, size_t len, void *ctx)
{
	struct work *w = ctx;
	if (w->answer->body.len + one * len > w->body_limit) {
		w->stop = STOP_LIMIT;
		return 0;
	}
	buf_add(&w->answer->body, (struct span){bytes, one * len});
	return len;
}

/*
 * TLS 1.2 without forward secrecy or AEAD: all that appendix A of RFC 7540 lists. The library offers
 * such suites and has no way to be told not to.
 */
static bool
suite_is_weak(gnutls_session_t session)
{
	gnutls_kx_algorithm_t kx = gnutls_kx_get(session);
	if (gnutls_protocol_get_version(session) != GNUTLS_TLS1_2)
		return false;
	bool forward =
		kx == GNUTLS_KX_ECDHE_RSA || kx == GNUTLS_KX_ECDHE_ECDSA || kx == GNUTLS_KX_DHE_RSA;
	return !forward || gnutls_mac_get(session) != GNUTLS_MAC_AEAD;
}

/* The handshake is done, nothing was sent yet: this certificate, or no request. */
static int
on_connected(void *ctx, char *to, char *from, int to_port, int from_port)
{
	struct work *w = ctx;
	struct curl_tlssessioninfo *tls = NULL;
	gnutls_x509_crt_t crt;
	bool same = !w->client->pinned;
	(void)to;
	(void)from;
	(void)to_port;
	(void)from_port;
	if (curl_easy_getinfo(w->client->easy, CURLINFO_TLS_SSL_PTR, &tls) == CURLE_OK && tls &&
		tls->backend == CURLSSLBACKEND_GNUTLS && tls->internals) {
		unsigned len = 0;
		const gnutls_datum_t *chain = gnutls_certificate_get_peers(tls->internals, &len);
		if (chain && len && gnutls_x509_crt_init(&crt) == 0) {
			if (gnutls_x509_crt_import(crt, &chain[0], GNUTLS_X509_FMT_DER) == 0 &&
				tls_describe(crt, &w->answer->peer) == RC_OK && w->client->pinned)
				same = memcmp(w->answer->peer.pin, w->client->pin, CERT_PIN) == 0;
			gnutls_x509_crt_deinit(crt);
		}
	}
	if (!same)
		w->stop = STOP_PIN;
	else if (tls && tls->internals && suite_is_weak(tls->internals) && !mutant(166))
		w->stop = STOP_SUITE;
	return w->stop == STOP_NONE ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* Too slow is judged only while bytes are due: a held answer (Prefer: wait) is not slow. */
static int
on_progress(void *ctx, curl_off_t total, curl_off_t got, curl_off_t up_total, curl_off_t sent)
{
	struct work *w = ctx;
	int64_t now = clock_monotonic();
	(void)total;
	if (got + sent != w->bytes || w->last_byte == 0) {
		w->bytes = got + sent;
		w->last_byte = now;
	} else if (w->request->silence && now - w->last_byte > w->request->silence * SECOND) {
		w->stop = STOP_SILENT;
		return 1;
	}
	bool due = w->head_in || (up_total > 0 && sent < up_total);
	if (!due || w->window_start == 0) {
		w->window_start = now;
		w->window_bytes = got + sent;
		return 0;
	}
	if (now - w->window_start < w->client->slow_seconds * SECOND)
		return 0;
	if (got + sent - w->window_bytes < (curl_off_t)w->client->slow_seconds * SLOW_BYTES) {
		w->stop = STOP_SLOW;
		return 1;
	}
	w->window_start = now;
	w->window_bytes = got + sent;
	return 0;
}

/* ---- The request ---- */

static void
set_tls(struct client *c)
{
	CURL *easy = c->easy;
	/* A pin says more than any issuer; with both, both must hold. */
	bool verify = c->has_ca || !c->pinned;
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
	if (c->ca_fd >= 0)
		set_path(easy, CURLOPT_CAINFO, c->ca_fd);
	if (c->ca_fd >= 0)
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (c->cert_fd >= 0) {
		set_path(easy, CURLOPT_SSLCERT, c->cert_fd);
		set_path(easy, CURLOPT_SSLKEY, c->key_fd);
	}
}

static void
set_up(struct work *w, struct span url, struct curl_slist *headers, struct arena *a)
{
	struct client *c = w->client;
	const struct client_request *q = w->request;
	CURL *easy = c->easy;
	curl_easy_reset(easy); /* keeps live connections and sessions */
	curl_easy_setopt(easy, CURLOPT_URL, arena_dup(a, url).ptr);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, c->proxy); /* "" also keeps the environment out */
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, c->user_agent);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)c->connect_seconds);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)(q->seconds ? q->seconds : 300));
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, w);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, w);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, w);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, w);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 131072L);
	set_tls(c);
	request_method(easy, q, a);
	if (q->auth == CLIENT_AUTH_BASIC) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME, arena_dup(a, q->user).ptr);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, arena_dup(a, q->secret).ptr);
	}
}

/* ---- Running it ---- */

static enum rc
explain(CURLcode code, const char *detail, struct diag *why)
{
	const char *text = detail[0] ? detail : curl_easy_strerror(code);
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		diag_todo(why, "check the name and this machine's DNS");
		return diag_fail(why, RC_AGAIN, "%s", text);
	case CURLE_COULDNT_CONNECT:
		diag_todo(why, "check address, port and firewall; is the server running?");
		return diag_fail(why, RC_AGAIN, "%s", text);
	case CURLE_PEER_FAILED_VERIFICATION:
		diag_todo(why, "trust its issuer (--ca FILE) or this certificate (--pin SHA-256)");
		return diag_fail(
			why, RC_DENIED, "the server's certificate is not trusted: %s", text);
	case CURLE_SSL_CONNECT_ERROR:
		diag_todo(why, "does the server speak TLS 1.2 or 1.3 on this port?");
		return diag_fail(why, RC_DENIED, "no TLS connection: %s", text);
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CIPHER:
		diag_todo(why, "check certificate, key and issuers");
		return diag_fail(why, RC_DENIED, "%s", text);
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING: return diag_fail(why, RC_BAD, "%s", text);
	case CURLE_OPERATION_TIMEDOUT:
		diag_todo(why, "it is tried again; allow more time where the link is slow");
		return diag_fail(why, RC_AGAIN, "%s", text);
	default: break;
	}
	return diag_fail(why, RC_AGAIN, "%s", text);
}

static enum rc
explain_stop(struct work *w, CURLcode code, const char *detail, struct diag *why)
{
	char pin[CERT_PIN_TEXT];
	switch (w->stop) {
	case STOP_NONE: break;
	case STOP_LIMIT:
		return diag_fail(
			why, RC_LIMIT, "the answer is larger than %zu bytes", w->body_limit);
	case STOP_HEAD:
		return diag_fail(
			why, RC_LIMIT, "the answer's headers are larger than %d bytes", HEAD_MAX);
	case STOP_SLOW:
		diag_todo(why, "it is tried again; check the link");
		return diag_fail(why, RC_AGAIN, "slower than 1 KB/s for %u seconds",
			w->client->slow_seconds);
	case STOP_SILENT:
		diag_todo(why, "it is tried again; is the server busy?");
		return diag_fail(why, RC_AGAIN, "no byte in %u seconds", w->request->silence);
	case STOP_SUITE:
		diag_todo(why, "its operator has to allow TLS 1.3, or ECDHE with AES-GCM");
		return diag_fail(why, RC_DENIED,
			"the server chose a cipher suite that RFC 7540 appendix A forbids");
	case STOP_PIN:
		cert_pin_text(w->answer->peer.pin, pin);
		diag_todo(why,
			"ask the peer by another way whether its certificate changed; if so, pin "
			"%s",
			pin);
		return diag_fail(why, RC_DENIED, "the server's certificate is not the pinned one");
	}
	return explain(code, detail, why);
}

static CURLcode
drive(struct client *c)
{
	int running = 1;
	CURLcode code = CURLE_ABORTED_BY_CALLBACK;
	must(curl_multi_add_handle(c->multi, c->easy) == CURLM_OK);
	while (running && !atomic_load(&c->cancelled)) {
		CURLMcode failed = curl_multi_perform(c->multi, &running);
		if (!failed && running)
			failed = curl_multi_poll(c->multi, NULL, 0, 1000, NULL);
		if (failed)
			break;
	}
	int left;
	for (CURLMsg *m; (m = curl_multi_info_read(c->multi, &left));)
		if (m->msg == CURLMSG_DONE)
			code = m->data.result;
	curl_multi_remove_handle(c->multi, c->easy);
	return code;
}

static enum rc
fetch_one(struct client *c, const struct client_request *q, struct span url,
	struct client_answer *a, struct diag *why)
{
	own_arena struct arena arena = {};
	char detail[CURL_ERROR_SIZE] = "";
	struct work w = {
		.client = c,
		.request = q,
		.answer = a,
		.body_limit = q->body_limit ? q->body_limit : (size_t)16 << 20,
	};
	answer_reset(a);
	struct curl_slist *headers = request_headers(q, &arena);
	set_up(&w, url, headers, &arena);
	curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, detail);
	CURLcode code = drive(c);
	curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	if (code == CURLE_OK) {
		long status = 0;
		curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
		a->status = (unsigned)status;
		return RC_OK;
	}
	if (atomic_load(&c->cancelled))
		return diag_fail(why, RC_AGAIN, "cancelled");
	return explain_stop(&w, code, detail, why);
}

/* Where a redirect leads, if we may go there. The URL lies in the arena. */
static bool
next_url(struct arena *arena, const struct http_url *from, const struct client_answer *a,
	struct span *out)
{
	struct span location;
	struct http_url to;
	if (a->status != 301 && a->status != 302 && a->status != 307 && a->status != 308)
		return false;
	if (!client_header(a, SPAN("location"), 0, &location))
		return false;
	if (span_starts(location, SPAN("/")) && !span_starts(location, SPAN("//"))) {
		bool six = span_find_byte(from->host, ':') != SIZE_MAX;
		location = arena_printf(arena, "%s://%s%.*s%s:%u%.*s", from->tls ? "https" : "http",
			six ? "[" : "", (int)from->host.len, from->host.ptr, six ? "]" : "",
			from->port, (int)location.len, location.ptr);
	} else {
		location = arena_dup(arena, location);
	}
	if (http_url_parse(location, &to, NULL) != RC_OK || !url_same_origin(from, &to))
		return false;
	*out = location;
	return true;
}

enum rc
client_fetch(
	struct client *c, const struct client_request *q, struct client_answer *a, struct diag *why)
{
	own_arena struct arena arena = {};
	struct span url = q->url;
	struct http_url parts;
	diag_where(why, "%.*s", (int)(url.len < 150 ? url.len : 150), url.ptr);
	enum rc code = http_url_parse(url, &parts, why);
	if (code == RC_OK)
		code = request_check(q, &parts, why);
	bool may_follow = q->method.len == 0 || span_eq(q->method, SPAN("GET")) ||
			  span_eq(q->method, SPAN("HEAD"));
	for (unsigned left = may_follow ? q->redirects : 0; code == RC_OK; left--) {
		code = fetch_one(c, q, url, a, why);
		if (code != RC_OK || left == 0 || !next_url(&arena, &parts, a, &url) ||
			http_url_parse(url, &parts, NULL) != RC_OK)
			break;
	}
	return code;
}
