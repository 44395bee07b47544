#pragma once
/*
 * The node's configuration: one typed table (conf_keys), one file of "name = value" lines. A file
 * is read and validated whole into a new struct conf, which nothing changes afterwards; a reload
 * reads a new one and swaps it in. Any thread may read a struct conf; its owner frees it.
 *
 * A new key is one member here and one row in table.c.
 */
#include "base/rc.h"

struct buf;

enum { CONF_LINE = 190 }; /* bytes of a line at most */

/* ADDR:PORT; IPv6 in brackets. host is empty where nothing was configured. */
struct conf_address {
	char host[64];
	uint16_t port;
	bool loopback;
};

struct conf {
	struct conf_address listen;		    /* TAXII */
	struct conf_address local;		    /* metrics and health; host empty: off */
	const char *tls_cert, *tls_key, *client_ca; /* absolute paths; NULL: none */
	const char *title, *contact, *country, *kind, *sightings;
	bool require_jail;
	int64_t max_connections, max_connections_per_address; /* of the latter 0: no limit */
	int64_t max_content_length;			      /* bytes */
	int64_t page_default, page_cap;			      /* objects */
	int64_t wait_cap;     /* us; 0: Prefer: wait is not honoured */
	int64_t login_memory; /* us */
	int64_t status_keep;  /* us */
	int64_t sync_every, sync_timeout, sync_backoff_first, sync_backoff_most; /* us */
	const char *const *warninglists; /* absolute paths, ends with NULL; never NULL itself */
	struct conf_given *given;
};

enum conf_type {
	CONF_TEXT,    /* const char *; NULL where empty */
	CONF_PATH,    /* const char *; absolute, or taken from the node's folder */
	CONF_PATHS,   /* const char *const *; the key may be repeated */
	CONF_ADDRESS, /* struct conf_address */
	CONF_COUNT,   /* int64_t */
	CONF_BYTES,   /* int64_t; K, M, G are powers of 1024 */
	CONF_TIME,    /* int64_t, us */
	CONF_FLAG,    /* bool: yes or no */
};

struct conf_key {
	const char *name;
	enum conf_type type;
	size_t offset;	    /* of the member in struct conf */
	int64_t min, max;   /* of numbers, bytes and times; length in bytes of texts */
	const char *normal; /* default, as one would write it; "" none */
	const char *help;
};

/* In the order of the manual; ends with {}. */
extern const struct conf_key conf_keys[];

/*
 * Reads and validates PATH. `node` is the folder that relative paths start from. RC_NONE: no such
 * file; RC_BAD: unknown key, bad value, a contradiction between keys (why->where "PATH:LINE");
 * RC_LIMIT: larger than 1 MiB; RC_IO. Free with conf_free.
 */
enum rc conf_read(const char *path, const char *node, struct conf **out, struct diag *why);
/* The same from memory; `name` stands for the path in diagnoses. */
enum rc conf_parse(
	struct span text, const char *name, const char *node, struct conf **out, struct diag *why);
void conf_free(struct conf *conf); /* NULL accepted */

/* The value in force, as one would write it; a repeated key's values one a line. */
void conf_show(const struct conf *conf, const struct conf_key *key, struct buf *out);
/* Line of the file that set it, 0 where the default is in force. */
unsigned conf_line(const struct conf *conf, const struct conf_key *key);
/* "bytes, 64K to 1G": what a key takes. */
void conf_bounds(const struct conf_key *key, struct buf *out);
/* "127.0.0.1:80", "[::1]:80", "localhost:80". Names other than localhost are refused. */
enum rc conf_address_parse(struct span text, struct conf_address *out);
