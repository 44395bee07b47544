#pragma once
/*
 * What a client_request says, in the words of libcurl: checked, its headers, its method and body. Text lies in
 * the arena until the request has ended. Of the client's thread.
 */
#include <curl/curl.h>

#include "base/arena.h"
#include "net/client.h"
#include "net/url.h"

/* RC_BAD: credentials that would travel in clear, or that cannot be sent. */
enum rc request_check(const struct client_request *q, const struct http_url *u, struct diag *why);
/* Freed with curl_slist_free_all. */
struct curl_slist *request_headers(const struct client_request *q, struct arena *a);
void request_method(CURL *easy, const struct client_request *q, struct arena *a);
