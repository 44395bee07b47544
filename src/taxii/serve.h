#pragma once
/*
 * Joins the TAXII server with net/server.h: hands each exchange to taxii_handle with a reader of a
 * pool, sleeps and wakes it, answers what net refuses by itself in TAXII's media type. Give
 * taxii_serve_handler to server_new (or call its functions from a handler of your own that serves
 * other paths too); wake exchanges with server_wake by taxii_request.exchange, and with
 * server_wake_all after each commit.
 */
#include "net/server.h"
#include "taxii/server.h"

struct taxii_serve;

/*
 * Everything is borrowed until taxii_serve_free. At least as many readers as the server has
 * threads, or they wait for each other.
 */
struct taxii_serve *taxii_serve_new(
	struct taxii_server *server, struct taxii_reader *readers, size_t count);
/* After server_free. NULL accepted. */
void taxii_serve_free(struct taxii_serve *s);
struct handler taxii_serve_handler(struct taxii_serve *s);
