#include <stddef.h>

#include "base/clock.h"
#include "conf/conf.h"

#define KEY(member) offsetof(struct conf, member)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define MIB (INT64_C(1) << 20)

const struct conf_key conf_keys[] = {
	{"listen", CONF_ADDRESS, KEY(listen), 0, 0, "127.0.0.1:6210",
		"where TAXII is served; plain HTTP on loopback only, else tls-cert and tls-key are "
		"needed"},
	{"tls-cert", CONF_PATH, KEY(tls_cert), 0, 4096, "", "server certificate chain, PEM"},
	{"tls-key", CONF_PATH, KEY(tls_key), 0, 4096, "", "its private key, PEM"},
	{"client-ca", CONF_PATH, KEY(client_ca), 0, 4096, "",
		"issuers of the client certificates we accept, PEM; read again on reload"},
	{"local", CONF_ADDRESS, KEY(local), 0, 0, "",
		"loopback address of /metrics and /health; none: not served"},
	{"title", CONF_TEXT, KEY(title), 0, 200, "Tocsin", "title of the TAXII discovery answer"},
	{"contact", CONF_TEXT, KEY(contact), 0, 200, "", "contact of the TAXII discovery answer"},
	{"country", CONF_TEXT, KEY(country), 0, 2, "",
		"ISO 3166-1 code of the organisation's country"},
	{"kind", CONF_TEXT, KEY(kind), 0, 16, "cert",
		"what the organisation is: cert, isac, operator or private"},
	{"sightings", CONF_TEXT, KEY(sightings), 1, 64, "sightings",
		"collection that \"scan --sight\" stores sightings in; made when it is not there"},
	{"require-jail", CONF_FLAG, KEY(require_jail), 0, 0, "no",
		"refuse to serve where the kernel cannot confine the processes"},
	{"max-connections", CONF_COUNT, KEY(max_connections), 16, 100000, "12000",
		"open connections; more wait outside, and half may hold requests"},
	{"max-connections-per-address", CONF_COUNT, KEY(max_connections_per_address), 0, 100000,
		"4000", "of those from one address; more are closed at once; 0: as many as all"},
	{"max-content-length", CONF_BYTES, KEY(max_content_length), 64 << 10, 64 * MIB, "32M",
		"largest request body; a larger one is answered 413"},
	{"page-default", CONF_COUNT, KEY(page_default), 1, 100000, "1000",
		"objects of a page when the client names no limit"},
	{"page-cap", CONF_COUNT, KEY(page_cap), 1, 100000, "10000",
		"objects of a page at most, whatever the client asks"},
	{"wait-cap", CONF_TIME, KEY(wait_cap), 0, 10 * MINUTE, "60s",
		"longest \"Prefer: wait\" an empty answer is held; 0s: never"},
	{"login-memory", CONF_TIME, KEY(login_memory), SECOND, HOUR, "5m",
		"how long a verified password is remembered under a keyed hash"},
	{"status-keep", CONF_TIME, KEY(status_keep), DAY, 3650 * DAY, "7d",
		"how long the status of a POST can be asked for"},
	{"sync-every", CONF_TIME, KEY(sync_every), SECOND, 30 * DAY, "5m",
		"pause between polls of a peer that cannot hold an empty answer"},
	{"sync-timeout", CONF_TIME, KEY(sync_timeout), SECOND, HOUR, "60s",
		"a peer that sends less than 1 KB/s for so long is given up"},
	{"sync-backoff-first", CONF_TIME, KEY(sync_backoff_first), SECOND, HOUR, "1s",
		"pause after a peer's first failure; doubles with jitter"},
	{"sync-backoff-most", CONF_TIME, KEY(sync_backoff_most), SECOND, 7 * DAY, "15m",
		"longest pause after failures"},
	{"warninglist", CONF_PATHS, KEY(warninglists), 0, 4096, "",
		"file of values that must not alarm (MISP warninglist or one a line); repeatable"},
	{},
};
