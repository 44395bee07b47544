#include "taxii/client.h"

#include <stdio.h>

void
taxii_send(const struct taxii_peer *peer, const struct ask *ask, struct client_answer *answer,
	struct reply *reply, struct diag *why)
{
	char prefer[32];
	struct client_header headers[3] = {{SPAN("Accept"), ask->accept}};
	struct client_request q = {
		.method = ask->method,
		.url = ask->url,
		.headers = headers,
		.headers_len = 1,
		.body = ask->body,
		.auth = peer->auth,
		.user = peer->user,
		.secret = peer->secret,
		.body_limit = ask->body_limit,
		.seconds = ask->seconds,
		.redirects = span_eq(ask->method, SPAN("GET")) ? 3 : 0,
	};
	if (ask->content_type.len)
		headers[q.headers_len++] =
			(struct client_header){SPAN("Content-Type"), ask->content_type};
	if (ask->wait) {
		snprintf(prefer, sizeof prefer, "wait=%llu", (unsigned long long)ask->wait);
		headers[q.headers_len++] = (struct client_header){SPAN("Prefer"), span_of(prefer)};
	}
	int64_t start = clock_monotonic();
	*reply = (struct reply){};
	reply->code = client_fetch(peer->client, &q, answer, why);
	reply->elapsed = clock_monotonic() - start;
	if (reply->code)
		return;
	reply->status = answer->status;
	reply->body = buf_span(&answer->body);
	reply->retry_after = client_retry_after(answer, clock_now(peer->clock));
	client_header(answer, SPAN("X-TAXII-Date-Added-First"), 0, &reply->date_first);
	client_header(answer, SPAN("X-TAXII-Date-Added-Last"), 0, &reply->date_last);
	client_header(answer, SPAN("Preference-Applied"), 0, &reply->applied);
}
