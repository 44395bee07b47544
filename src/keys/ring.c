#include "keys/ring.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/must.h"
#include "base/own.h"
#include "base/vec.h"
#include "keys/digest.h"
#include "keys/keyfile.h"

static const int64_t day = 86400 * SECOND;

struct ring_cert {
	enum x509_kind kind;
	const char *key, *cert;
	int64_t days;
};

/* The authority first: it signs the others. */
static const struct ring_cert ring_certs[] = {
	{X509_AUTHORITY, "ca.key", "ca.pem", 3650},
	{X509_SERVER, "server.key", "server.pem", 820},
	{X509_CLIENT, "client.key", "client.pem", 820},
};

enum { RING_CERTS = sizeof ring_certs / sizeof *ring_certs };

/* RC_OK also where another call made the file first. */
static enum rc
create_unless_there(int dir, const char *name, struct span bytes, struct diag *why)
{
	enum rc code = keyfile_create(dir, name, bytes, why);
	return code == RC_CONFLICT ? RC_OK : code;
}

/* RC_OK, RC_NONE or what is wrong with it. */
static enum rc
read_secret(int dir, const char *name, struct buf *out, struct diag *why)
{
	buf_reset(out);
	return keyfile_read(dir, name, out, why);
}

static void
wipe_buf(struct buf *b)
{
	if (b->ptr)
		secret_wipe(b->ptr, b->cap);
	buf_fini(b);
}

#define own_secret __attribute__((cleanup(wipe_buf)))

static enum rc
load_node_key(int dir, struct sign_key *out, struct diag *why)
{
	own_secret struct buf pem = {};
	enum rc code = read_secret(dir, "node.key", &pem, why);
	if (code != RC_OK)
		return code;
	diag_where(why, "node.key");
	return sign_key_from_pem(buf_span(&pem), out, why);
}

static enum rc
load_mac_key(int dir, struct mac_key *out, struct diag *why)
{
	own_secret struct buf text = {};
	enum rc code = read_secret(dir, "mac.key", &text, why);
	if (code != RC_OK)
		return code;
	diag_where(why, "mac.key");
	if (hex_parse(span_trim(buf_span(&text)), out->byte, sizeof out->byte) != RC_OK)
		return diag_fail(why, RC_BAD, "it does not hold 64 hexadecimal digits");
	return RC_OK;
}

static enum rc
create_node_key(int dir, struct rng r, struct diag *why)
{
	own_secret struct buf pem = {};
	struct sign_key key = {};
	enum rc code = load_node_key(dir, &key, why);
	if (code == RC_NONE) {
		key = sign_key_new(r);
		sign_key_pem(&key, &pem);
		code = create_unless_there(dir, "node.key", buf_span(&pem), why);
		if (code == RC_OK)
			code = load_node_key(dir, &key, why);
	}
	if (code == RC_OK) {
		struct sign_public public = sign_key_public(&key);
		buf_reset(&pem);
		sign_public_pem(&public, &pem);
		code = create_unless_there(dir, "node.pub", buf_span(&pem), why);
	}
	sign_key_fini(&key);
	return code;
}

static enum rc
create_mac_key(int dir, struct rng r, struct diag *why)
{
	struct mac_key key = {};
	char text[2 * MAC_KEY_SIZE + 1];
	enum rc code = load_mac_key(dir, &key, why);
	if (code == RC_NONE) {
		key = mac_key_new(r);
		hex_text(key.byte, sizeof key.byte, text);
		text[2 * MAC_KEY_SIZE] = '\n';
		code = create_unless_there(dir, "mac.key", (struct span){text, sizeof text}, why);
		secret_wipe(text, sizeof text);
	}
	mac_key_fini(&key);
	return code;
}

static enum rc
read_pair(int dir, const struct ring_cert *c, struct x509_pair *out, struct diag *why)
{
	enum rc code = read_secret(dir, c->key, &out->key, why);
	return code == RC_OK ? read_secret(dir, c->cert, &out->cert, why) : code;
}

/* Leaves the pair as the folder holds it in *out. */
static enum rc
create_cert(int dir, const struct ring_cert *c, const struct x509_order *order,
	const struct x509_pair *issuer, struct x509_pair *out, struct diag *why)
{
	enum rc code = read_pair(dir, c, out, why);
	if (code != RC_NONE)
		return code;
	if (!out->key.len && read_secret(dir, c->cert, &out->cert, NULL) == RC_OK) {
		diag_where(why, "%s", c->key);
		diag_todo(
			why, "bring it back from your copy of keys/, or move %s away too", c->cert);
		return diag_fail(why, RC_CONFLICT, "it is missing, and its certificate is there");
	}
	buf_reset(&out->cert);
	if ((code = x509_make(order, issuer, rng_system(), out, why)) != RC_OK)
		return code;
	if ((code = create_unless_there(dir, c->key, buf_span(&out->key), why)) != RC_OK)
		return code;
	if ((code = create_unless_there(dir, c->cert, buf_span(&out->cert), why)) != RC_OK)
		return code;
	return read_pair(dir, c, out, why);
}

static enum rc
create_certs(int dir, const struct ring_plan *plan, struct diag *why)
{
	own_x509_pair struct x509_pair authority = {}, other = {};
	vec_of(struct span) hosts = {};
	enum rc code = RC_OK;
	for (size_t i = 0; i < plan->host_count; i++)
		*vec_add(&hosts) = plan->hosts[i];
	*vec_add(&hosts) = SPAN("localhost");
	*vec_add(&hosts) = SPAN("127.0.0.1");
	*vec_add(&hosts) = SPAN("::1");
	for (size_t i = 0; i < RING_CERTS && code == RC_OK; i++) {
		const struct ring_cert *c = &ring_certs[i];
		bool server = c->kind == X509_SERVER;
		struct x509_order order = {.kind = c->kind,
			.name = plan->name,
			.hosts = hosts.at,
			.host_count = server ? hosts.len : 0,
			.from = plan->now,
			.until = plan->now + c->days * day};
		struct x509_pair *out = i == 0 ? &authority : &other;
		x509_pair_fini(&other);
		other = (struct x509_pair){};
		code = create_cert(dir, c, &order, i == 0 ? NULL : &authority, out, why);
	}
	free(hosts.at);
	return code;
}

enum rc
ring_create(const char *path, const struct ring_plan *plan, struct rng r, struct diag *why)
{
	own_fd int dir = keyfile_dir(path, why);
	if (dir < 0)
		return RC_IO;
	enum rc code = keyfile_check(dir, ".", why);
	if (code == RC_OK)
		code = create_node_key(dir, r, why);
	if (code == RC_OK)
		code = create_mac_key(dir, r, why);
	if (code == RC_OK)
		code = create_certs(dir, plan, why);
	return code;
}

enum rc
ring_missing(const char *path, const char **name, struct diag *why)
{
	const char *names[2 + 2 * RING_CERTS] = {"node.key", "mac.key"};
	own_fd int dir = keyfile_dir(path, why);
	if (dir < 0)
		return RC_IO;
	for (size_t i = 0; i < RING_CERTS; i++) {
		names[2 + 2 * i] = ring_certs[i].key;
		names[3 + 2 * i] = ring_certs[i].cert;
	}
	*name = NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names && !*name; i++) {
		own_secret struct buf text = {};
		enum rc code = read_secret(dir, names[i], &text, why);
		if (code == RC_NONE)
			*name = names[i];
		else if (code != RC_OK)
			return code;
	}
	return RC_OK;
}

enum rc
ring_open(const char *path, unsigned which, struct ring *out, struct diag *why)
{
	own_fd int dir = keyfile_dir(path, why);
	struct ring ring = {};
	struct mac_key master = {};
	enum rc code;
	if (dir < 0)
		return RC_IO;
	if ((code = keyfile_check(dir, ".", why)) != RC_OK)
		return code;
	if (which & RING_NODE && (code = load_node_key(dir, &ring.node, why)) != RC_OK)
		return code;
	if (which & RING_MAC) {
		if ((code = load_mac_key(dir, &master, why)) != RC_OK) {
			ring_fini(&ring);
			return code;
		}
		ring.cursor = mac_key_derive(&master, SPAN("tocsin cursor 1"));
		ring.pass = mac_key_derive(&master, SPAN("tocsin pass 1"));
		ring.set = mac_key_derive(&master, SPAN("tocsin set 1"));
		mac_key_fini(&master);
	}
	*out = ring;
	secret_wipe(&ring, sizeof ring);
	return RC_OK;
}

void
ring_fini(struct ring *ring)
{
	secret_wipe(ring, sizeof *ring);
}

static enum rc
fault_of_pair(int dir, const struct ring_cert *c, int64_t now, struct diag *why)
{
	own_x509_pair struct x509_pair pair = {};
	struct x509_view view;
	enum rc code = read_pair(dir, c, &pair, why);
	if (code != RC_OK)
		return code;
	diag_where(why, "%s", c->cert);
	if ((code = x509_match(&pair, why)) != RC_OK ||
		(code = x509_read(buf_span(&pair.cert), &view, why)) != RC_OK)
		return code;
	int64_t left = (view.until - now) / day;
	diag_todo(why,
		"move keys/%s away and run \"tocsin init%s\": it makes a new one for the same key",
		c->cert, c->kind == X509_SERVER ? " --host NAME" : "");
	if (now >= view.until)
		return diag_fail(why, RC_BAD, "the certificate has expired");
	if (now < view.from)
		return diag_fail(
			why, RC_BAD, "the certificate is not valid yet: is the clock right?");
	if (left < 30)
		return diag_fail(
			why, RC_BAD, "the certificate expires in %lld days", (long long)left);
	return RC_OK;
}

enum rc
ring_fault(const char *path, int64_t now, unsigned *at, struct diag *why)
{
	enum { FOLDER, NODE_KEY, MAC_KEY, FIRST_CERT, ALL = FIRST_CERT + RING_CERTS };
	own_fd int dir = keyfile_dir(path, why);
	if (dir < 0)
		return RC_IO;
	while (*at < ALL) {
		unsigned one = (*at)++;
		struct sign_key node = {};
		struct mac_key mac = {};
		enum rc code = one == FOLDER	 ? keyfile_check(dir, ".", why)
			       : one == NODE_KEY ? load_node_key(dir, &node, why)
			       : one == MAC_KEY	 ? load_mac_key(dir, &mac, why)
						 : fault_of_pair(dir, &ring_certs[one - FIRST_CERT],
							   now, why);
		sign_key_fini(&node);
		mac_key_fini(&mac);
		if (code == RC_NONE) {
			diag_todo(why, one == NODE_KEY
					       ? "bring it back from your copy of keys/: partners "
						 "know this node by it"
					       : "run \"tocsin init\": it makes what is missing");
			return RC_BAD;
		}
		if (code != RC_OK)
			return code;
	}
	return RC_NONE;
}
