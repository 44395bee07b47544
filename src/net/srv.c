#include "net/srv.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"

enum { HEAD = 12, RECORD = 10, SRV_FIXED = 6, MESSAGE_MOST = 65535 };

/* A message and how far it was read. */
struct reading {
	const unsigned char *start, *at, *end;
};

static unsigned
take_u16(struct reading *r)
{
	unsigned value = (unsigned)r->at[0] << 8 | r->at[1];
	r->at += 2;
	return value;
}

static size_t
left(const struct reading *r)
{
	return (size_t)(r->end - r->at);
}

/* A name, expanded; false where it is broken. The library follows its pointers and bounds them. */
static bool
take_name(struct reading *r, char out[static NS_MAXDNAME])
{
	int len = dn_expand(r->start, r->end, r->at, out, NS_MAXDNAME);
	if (len < 0 || (size_t)len > left(r))
		return false;
	r->at += len;
	return true;
}

static bool
is_host(const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < len; i++)
		if (!ascii_is_alnum(name[i]) && !strchr("-._", name[i]))
			return false;
	return len > 0 && len < SRV_HOST && name[0] != '.' && name[0] != '-';
}

static int
order(const void *a, const void *b)
{
	const struct srv *x = a, *y = b;
	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return strcmp(x->host, y->host);
}

/* One record; false where it is broken. */
static bool
take_record(struct reading *r, struct srv_list *out)
{
	char name[NS_MAXDNAME];
	if (!take_name(r, name) || left(r) < RECORD)
		return false;
	unsigned type = take_u16(r), class = take_u16(r);
	r->at += 4; /* how long it may be kept */
	size_t len = take_u16(r);
	if (left(r) < len)
		return false;
	struct reading data = {r->start, r->at, r->at + len};
	r->at += len;
	if (type != ns_t_srv || class != ns_c_in || out->len == SRV_MOST)
		return true;
	if (len <= SRV_FIXED)
		return false;
	struct srv one = {.priority = (uint16_t)take_u16(&data),
		.weight = (uint16_t)take_u16(&data),
		.port = (uint16_t)take_u16(&data)};
	if (!take_name(&data, name))
		return false;
	if (one.port == 0 || !is_host(name))
		return true;
	memcpy(one.host, name, strlen(name) + 1);
	out->at[out->len++] = one;
	return true;
}

enum rc
srv_read(struct span message, struct srv_list *out, struct diag *why)
{
	const unsigned char *bytes = (const unsigned char *)message.ptr;
	struct reading r = {bytes, bytes, bytes + message.len};
	char name[NS_MAXDNAME];
	*out = (struct srv_list){};
	if (message.len < HEAD || message.len > MESSAGE_MOST || !(bytes[2] & 0x80))
		return diag_fail(why, RC_BAD, "no DNS answer");
	r.at += 4;
	unsigned questions = take_u16(&r), answers = take_u16(&r);
	r.at += 4;
	while (questions--) {
		if (!take_name(&r, name) || left(&r) < 4)
			return diag_fail(why, RC_BAD, "a broken DNS answer");
		r.at += 4;
	}
	while (answers-- && take_record(&r, out))
		;
	if (out->len == 0)
		return RC_NONE;
	qsort(out->at, out->len, sizeof out->at[0], order);
	return RC_OK;
}

enum rc
srv_lookup(struct span domain, struct srv_list *out, struct diag *why)
{
	struct __res_state state = {};
	char name[SRV_HOST + 16], host[SRV_HOST];
	*out = (struct srv_list){};
	if (domain.len >= sizeof host)
		return RC_NONE;
	span_copy(domain, host, sizeof host);
	if (!is_host(host))
		return RC_NONE;
	snprintf(name, sizeof name, "_taxii2._tcp.%s", host);
	if (res_ninit(&state))
		return diag_fail(why, RC_AGAIN, "no resolver on this machine");
	static _Thread_local unsigned char answer[MESSAGE_MOST];
	int len = res_nquery(&state, name, ns_c_in, ns_t_srv, answer, sizeof answer);
	int failed = state.res_h_errno;
	res_nclose(&state);
	if (len < 0 && (failed == HOST_NOT_FOUND || failed == NO_DATA))
		return RC_NONE;
	if (len < 0)
		return diag_fail(why, RC_AGAIN, "DNS did not answer for %s", name);
	return srv_read((struct span){(const char *)answer, (size_t)len}, out, why);
}
