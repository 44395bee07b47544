#include "node/init.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "codec/json.h"
#include "keys/ring.h"
#include "memo/user.h"
#include "node/layout.h"
#include "node/peer.h"
#include "stix/object.h"
#include "store/store.h"
#include "vault/vault.h"

const struct store_schema *const node_schemas[] = {
	&vault_schema,
	&memo_schema,
	&peer_schema,
	NULL,
};

static enum rc
plan_check(const struct init_plan *plan, struct diag *why)
{
	if (plan->name.len < 1 || plan->name.len > 64 || !span_is_utf8(plan->name)) {
		diag_where(why, "--name");
		return diag_fail(why, RC_BAD, "a name has 1 to 64 bytes of UTF-8");
	}
	for (size_t i = 0; i < plan->name.len; i++)
		if ((unsigned char)plan->name.ptr[i] < 0x20 || plan->name.ptr[i] == 0x7f)
			return diag_fail(why, RC_BAD, "a name holds no control characters");
	bool upper = true;
	for (size_t i = 0; i < plan->country.len; i++)
		upper &= plan->country.ptr[i] >= 'A' && plan->country.ptr[i] <= 'Z';
	if (plan->country.len && (plan->country.len != 2 || !upper)) {
		diag_where(why, "--country");
		return diag_fail(
			why, RC_BAD, "a country is two capital letters (ISO 3166-1), such as JP");
	}
	return RC_OK;
}

static enum rc
make_folder(const char *path, struct diag *why)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return RC_OK;
	diag_where(why, "%s", path);
	return diag_fail(why, RC_IO, "cannot make the folder: %s", strerror(errno));
}

static enum rc
make_identity(struct arena *a, const char *dir, const struct init_plan *plan, struct diag *why)
{
	const char *path = layout_path(a, dir, LAYOUT_IDENTITY);
	if (access(path, F_OK) == 0)
		return RC_OK;
	char id[UUID_TEXT], now[TIME_TEXT];
	struct uuid fresh = uuid_v4(plan->rng);
	uuid_text(&fresh, id);
	time_text_ms(clock_now(plan->clock), now);
	own_buf struct buf text = {};
	buf_printf(&text,
		"{\"type\":\"identity\",\"spec_version\":\"2.1\",\"id\":\"identity--%s\","
		"\"created_by_ref\":\"identity--%s\",\"created\":\"%s\",\"modified\":\"%s\","
		"\"name\":",
		id, id, now, now);
	json_write_string(&text, plan->name);
	buf_add(&text, SPAN(",\"roles\":["));
	json_write_string(&text, plan->kind);
	buf_add(&text, SPAN("],\"identity_class\":\"organization\"}"));
	return layout_write(path, buf_span(&text), 0644, why);
}

static enum rc
make_conf(struct arena *a, const char *dir, const struct init_plan *plan, struct diag *why)
{
	const char *path = layout_path(a, dir, LAYOUT_CONF);
	if (access(path, F_OK) == 0)
		return RC_OK;
	own_buf struct buf text = {};
	buf_add(&text, SPAN("# \"tocsin config describe\" explains every key; \"tocsin config "
			    "check\" validates "
			    "this file.\n\ntitle = "));
	buf_add(&text, plan->name);
	buf_add(&text, SPAN("\n"));
	if (plan->country.len)
		buf_printf(&text, "country = %.*s\n", (int)plan->country.len, plan->country.ptr);
	buf_printf(&text, "kind = %.*s\n", (int)plan->kind.len, plan->kind.ptr);
	buf_add(&text, SPAN("listen = 127.0.0.1:6210\ntls-cert = keys/server.pem\ntls-key = "
			    "keys/server.key\n"));
	return layout_write(path, buf_span(&text), 0644, why);
}

/* What a node with a database lacks and may be made again. RC_CONFLICT: nothing, or what must not. */
static enum rc
mend(struct arena *a, const char *dir, const struct init_plan *plan, struct diag *why)
{
	const char *keys = layout_path(a, dir, LAYOUT_KEYS), *missing;
	struct identity me;
	struct init_plan again = *plan;
	enum rc code = identity_read(dir, a, &me, why);
	if (!code)
		code = ring_missing(keys, &missing, why);
	if (code)
		return code;
	bool no_conf = access(layout_path(a, dir, LAYOUT_CONF), F_OK) < 0;
	if (missing && strcmp(missing, "node.key") == 0) {
		diag_where(why, "%s/node.key", keys);
		diag_todo(why,
			"bring it back from your copy of keys/: partners know this node by it");
		return diag_fail(why, RC_CONFLICT, "the node's key is missing");
	}
	if (!missing && !no_conf) {
		diag_where(why, "%s", dir);
		diag_todo(why, "name another folder with --node DIR");
		return diag_fail(why, RC_CONFLICT, "there is a node already");
	}
	again.name = me.name;
	struct ring_plan ring = {me.name, plan->hosts, plan->host_count, clock_now(plan->clock)};
	code = ring_create(keys, &ring, plan->rng, why);
	return code ? code : make_conf(a, dir, &again, why);
}

enum rc
node_init(const char *dir, const struct init_plan *plan, struct diag *why)
{
	own_arena struct arena a = {};
	enum rc code = plan_check(plan, why);
	if (code)
		return code;
	if (access(layout_path(&a, dir, LAYOUT_STORE), F_OK) == 0)
		return mend(&a, dir, plan, why);
	code = make_folder(dir, why);
	if (!code)
		code = make_folder(layout_path(&a, dir, LAYOUT_RUN), why);
	const char *keys = layout_path(&a, dir, LAYOUT_KEYS);
	struct ring_plan ring = {plan->name, plan->hosts, plan->host_count, clock_now(plan->clock)};
	if (!code)
		code = ring_create(keys, &ring, plan->rng, why);
	if (!code)
		code = make_identity(&a, dir, plan, why);
	if (!code)
		code = make_conf(&a, dir, plan, why);
	own_store struct store *s = NULL;
	struct store_options options = {.path = layout_path(&a, dir, LAYOUT_STORE),
		.mode = STORE_CREATE,
		.schemas = node_schemas};
	if (!code)
		code = store_open(&options, &s, why);
	return code;
}

enum rc
identity_read(const char *dir, struct arena *a, struct identity *out, struct diag *why)
{
	const char *path = layout_path(a, dir, LAYOUT_IDENTITY);
	own_stix struct stix_object object = {};
	struct span text;
	enum rc code = layout_read(a, path, 1 << 20, &text, why);
	if (code == RC_NONE)
		diag_todo(why, "restore it from a backup: what this node published is bound to it");
	if (code)
		return code;
	code = stix_read(text, &object, why);
	if (code || !span_eq(object.type, SPAN("identity"))) {
		diag_where(why, "%s", path);
		diag_todo(why, "restore it from a backup: what this node published is bound to it");
		return diag_fail(why, RC_BAD, "no STIX identity object");
	}
	*out = (struct identity){
		arena_dup(a, object.id), arena_dup(a, json_get_span(object.root, "name")), text};
	return RC_OK;
}
