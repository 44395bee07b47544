#include "net/request-internal.h"

#include "base/must.h"

static bool
is_clean(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
			return false;
	return true;
}

enum rc
request_check(const struct client_request *q, const struct http_url *u, struct diag *why)
{
	if (q->auth != CLIENT_AUTH_NONE && !u->tls && !url_is_local(u)) {
		diag_todo(why, "use https://");
		return diag_fail(why, RC_BAD, "credentials would travel in clear");
	}
	if (!is_clean(q->user) || !is_clean(q->secret) || span_find_byte(q->user, ':') != SIZE_MAX)
		return diag_fail(
			why, RC_BAD, "user or password holds a byte it cannot be sent with");
	for (size_t i = 0; i < q->headers_len; i++)
		must(is_clean(q->headers[i].name) && is_clean(q->headers[i].value));
	return RC_OK;
}

struct curl_slist *
request_headers(const struct client_request *q, struct arena *a)
{
	struct curl_slist *list = NULL;
	for (size_t i = 0; i < q->headers_len; i++) {
		struct span name = q->headers[i].name, value = q->headers[i].value;
		list = curl_slist_append(list, arena_printf(a, "%.*s: %.*s", (int)name.len,
						       name.ptr, (int)value.len, value.ptr)
						       .ptr);
		must(list);
	}
	if (q->auth == CLIENT_AUTH_BEARER || q->auth == CLIENT_AUTH_KEY) {
		const char *scheme = q->auth == CLIENT_AUTH_BEARER ? "Bearer " : "";
		list = curl_slist_append(list, arena_printf(a, "Authorization: %s%.*s", scheme,
						       (int)q->secret.len, q->secret.ptr)
						       .ptr);
		must(list);
	}
	/* One round trip more for each POST, and some servers wait a second: not asked for. */
	list = curl_slist_append(list, "Expect:");
	must(list);
	/* Without the field any coding would be acceptable (RFC 9110 section 12.5.3). */
	list = curl_slist_append(list, "Accept-Encoding: identity");
	must(list);
	return list;
}

void
request_method(CURL *easy, const struct client_request *q, struct arena *a)
{
	struct span method = q->method.len ? q->method : SPAN("GET");
	bool carries = q->body.len || span_eq(method, SPAN("POST")) || span_eq(method, SPAN("PUT"));
	if (carries) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, q->body.len ? q->body.ptr : "");
	} else if (span_eq(method, SPAN("HEAD"))) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	} else {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	}
	if (!span_eq(method, SPAN("HEAD")))
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, arena_dup(a, method).ptr);
}
