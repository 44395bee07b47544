#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/clock.h"
#include "conf/conf-internal.h"

static bool
is_text_type(enum conf_type type)
{
	return type == CONF_TEXT || type == CONF_PATH || type == CONF_PATHS;
}

/* Decimal with an optional K, M or G. */
static bool
bytes_parse(struct span text, int64_t *out)
{
	unsigned shift = 0;
	if (text.len) {
		char unit = ascii_upper(text.ptr[text.len - 1]);
		shift = unit == 'K' ? 10 : unit == 'M' ? 20 : unit == 'G' ? 30 : 0;
	}
	int64_t value;
	if (!span_to_i64(span_sub(text, 0, text.len - (shift > 0)), &value) || value < 0 ||
		value > INT64_MAX >> shift)
		return false;
	*out = value << shift;
	return true;
}

static enum rc
number_set(const struct conf_key *key, struct span text, int64_t *member, struct diag *why)
{
	int64_t value;
	bool good = key->type == CONF_BYTES  ? bytes_parse(text, &value)
		    : key->type == CONF_TIME ? time_span_parse(text, &value) == RC_OK
					     : span_to_i64(text, &value);
	if (good && value >= key->min && value <= key->max) {
		*member = value;
		return RC_OK;
	}
	own_buf struct buf bounds = {};
	conf_bounds(key, &bounds);
	return diag_fail(why, RC_BAD, "%s takes %.*s, not \"%.*s\"", key->name, (int)bounds.len,
		bounds.ptr, (int)text.len, text.ptr);
}

static const char *
path_make(struct conf *conf, struct span text, const char *node)
{
	bool absolute = span_starts(text, SPAN("/"));
	return arena_printf(&conf->given->arena, "%s%s%.*s", absolute ? "" : node,
		absolute ? "" : "/", (int)text.len, text.ptr)
		.ptr;
}

static void
paths_add(struct conf *conf, const char *const **list, const char *path)
{
	size_t count = 0;
	while (*list && (*list)[count])
		count++;
	const char **longer = arena_new(&conf->given->arena, (count + 2) * sizeof *longer);
	for (size_t i = 0; i < count; i++)
		longer[i] = (*list)[i];
	longer[count] = path;
	*list = longer;
}

static enum rc
text_check(const struct conf_key *key, struct span text, struct diag *why)
{
	if (text.len > (size_t)key->max)
		return diag_fail(
			why, RC_BAD, "%s takes at most %lld bytes", key->name, (long long)key->max);
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return diag_fail(why, RC_BAD, "%s takes no control bytes", key->name);
	return RC_OK;
}

enum rc
conf_value_set(struct conf *conf, const struct conf_key *key, struct span text, const char *node,
	struct diag *why)
{
	void *member = (char *)conf + key->offset;
	if (is_text_type(key->type)) {
		enum rc rc = text_check(key, text, why);
		if (rc)
			return rc;
	}
	switch (key->type) {
	case CONF_TEXT:
		*(const char **)member = text.len ? arena_dup(&conf->given->arena, text).ptr : NULL;
		return RC_OK;
	case CONF_PATH:
		*(const char **)member = text.len ? path_make(conf, text, node) : NULL;
		return RC_OK;
	case CONF_PATHS:
		paths_add(conf, member, text.len ? path_make(conf, text, node) : NULL);
		return RC_OK;
	case CONF_ADDRESS:
		*(struct conf_address *)member = (struct conf_address){};
		if (!text.len || conf_address_parse(text, member) == RC_OK)
			return RC_OK;
		return diag_fail(why, RC_BAD,
			"%s takes ADDR:PORT, such as 127.0.0.1:6210 or [::1]:6210, "
			"not \"%.*s\"",
			key->name, (int)text.len, text.ptr);
	case CONF_FLAG:
		if (!span_eq(text, SPAN("yes")) && !span_eq(text, SPAN("no")))
			return diag_fail(why, RC_BAD, "%s takes yes or no, not \"%.*s\"", key->name,
				(int)text.len, text.ptr);
		*(bool *)member = span_eq(text, SPAN("yes"));
		return RC_OK;
	case CONF_COUNT:
	case CONF_BYTES:
	case CONF_TIME: return number_set(key, text, member, why);
	}
	return RC_UNKNOWN;
}

enum rc
conf_agree(const struct conf *conf, const struct conf_key **at, struct diag *why)
{
	const char *wrong = NULL, *key = NULL;
	if (!!conf->tls_cert != !!conf->tls_key) {
		key = conf->tls_cert ? "tls-cert" : "tls-key";
		wrong = "tls-cert and tls-key go together";
	} else if (conf->listen.host[0] && !conf->listen.loopback && !conf->tls_cert) {
		key = "listen";
		wrong = "plain HTTP is served on loopback only: set tls-cert and tls-key";
	} else if (conf->client_ca && !conf->tls_cert) {
		key = "client-ca";
		wrong = "client-ca needs tls-cert and tls-key";
	} else if (conf->local.host[0] && !conf->local.loopback) {
		key = "local";
		wrong = "local takes a loopback address: it has no password";
	} else if (conf->page_default > conf->page_cap) {
		key = "page-default";
		wrong = "page-default is larger than page-cap";
	} else if (conf->sync_backoff_first > conf->sync_backoff_most) {
		key = "sync-backoff-first";
		wrong = "sync-backoff-first is longer than sync-backoff-most";
	} else {
		return RC_OK;
	}
	for (*at = conf_keys; strcmp((*at)->name, key) != 0;)
		(*at)++;
	return diag_fail(why, RC_BAD, "%s", wrong);
}
