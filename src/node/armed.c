#include "node/armed.h"

#include <stdlib.h>

#include "base/must.h"
#include "base/vec.h"
#include "feed/arm.h"
#include "node/arrival.h"
#include "node/layout.h"
#include "node/node.h"

/* Where and what armed_store stores. */
struct arrival_into {
	uint32_t collection;
	struct vault_source source;
	const struct span *objects;
	size_t count;
};

struct armed {
	struct armed_options options;
	struct node node;
	struct conf *conf;
	int64_t seen; /* newest stamp whose indicators are armed */
	bool begun;
	struct ioc_counts counts;
};

static void
arm_item(struct armed *n, struct match_set *set, const struct pass *pass,
	const struct vault_item *item)
{
	own_stix struct stix_object o = {};
	struct diag ignored;
	match_set_revoke(set, item->object.id);
	if (item->object.revoked || !node_permits(&n->node, pass, item) ||
		stix_read(item->object.bytes, &o, &ignored))
		return;
	if (arm_object(set, &o, NULL, &n->counts, &ignored) == RC_LIMIT)
		n->counts.unknown++;
}

static enum rc
arm_collection(struct armed *n, struct match_set *set, const struct vault_collection *c,
	int64_t after, struct diag *why)
{
	static const struct span indicators[] = {SPAN("indicator")};
	struct vault_filter filter = {.types = indicators, .type_count = 1, .after = after};
	own_pass struct pass *pass = NULL;
	own_vault_page struct vault_page *page = NULL;
	struct reader self = {READER_SELF, {}};
	struct vault_item item;
	enum rc code = node_release(&n->node, &self, c, GATE_ACT, &pass, why);
	if (code == RC_DENIED)
		return RC_OK;
	if (!code)
		code = vault_page_open(n->node.vault, c->number, &filter, VAULT_BYTES, &page, why);
	while (!code && !(code = vault_page_next(page, &item, why)))
		arm_item(n, set, pass, &item);
	return code == RC_NONE ? RC_OK : code;
}

/* Whatever was stored later than what is armed. */
static enum rc
arm_newer(struct armed *n, struct match_set *set, struct diag *why)
{
	int64_t last;
	uint32_t at = 0;
	struct vault_collection c;
	enum rc code = vault_last(n->node.vault, &last, why);
	while (!code && !(code = vault_collection_next(n->node.vault, &at, &c, why)))
		code = arm_collection(n, set, &c, n->seen, why);
	if (code != RC_NONE)
		return code;
	n->seen = last;
	return RC_OK;
}

enum rc
armed_open(const struct armed_options *options, struct armed **out, struct diag *why)
{
	struct armed *a = mem_new(sizeof *a);
	struct node_options node = {
		.dir = options->dir,
		.clock = options->clock,
		.rng = options->rng,
		.mode = STORE_READ,
		.cache_kb = 16 << 10,
	};
	a->options = *options;
	enum rc code = node_open(&a->node, &node, why);
	if (!code)
		code = conf_read(layout_path(&a->node.text, options->dir, LAYOUT_CONF),
			options->dir, &a->conf, why);
	if (code) {
		armed_free(a);
		return code;
	}
	*out = a;
	return RC_OK;
}

void
armed_free(struct armed *a)
{
	if (!a)
		return;
	node_close(&a->node);
	conf_free(a->conf);
	free(a);
}

enum rc
armed_refresh(struct armed *a, struct match_set *set, struct diag *why)
{
	bool changed = vault_changed(a->node.vault);
	if (!changed && a->begun)
		return RC_OK;
	a->begun = true;
	return arm_newer(a, set, why);
}

const struct ioc_counts *
armed_counts(const struct armed *a)
{
	return &a->counts;
}

const struct conf *
armed_conf(const struct armed *a)
{
	return a->conf;
}

struct span
armed_identity(const struct armed *a)
{
	return a->node.me.id;
}

static enum rc
find_or_make(struct node *n, struct span alias, struct vault_collection *c, struct diag *why)
{
	enum rc code = vault_collection_find(n->vault, alias, c, why);
	if (code != RC_NONE)
		return code;
	*c = (struct vault_collection){.id = uuid_v4(n->rng),
		.alias = alias,
		.title = SPAN("Sightings"),
		.made = clock_now(n->clock)};
	return vault_collection_add(n->vault, c, why);
}

static enum rc
store_all(struct node *n, const struct arrival_into *into, uint64_t *added, struct diag *why)
{
	struct arrival *arrival = arrival_new(n->vault, into->collection, &into->source);
	struct arrival_fault fault;
	size_t at = 0;
	/* Who saw it goes along, so that the receiver can read the name. */
	enum rc code = into->count ? arrival_add(arrival, n->me.text, why) : RC_OK;
	for (size_t i = 0; !code && i < into->count; i++)
		code = arrival_add(arrival, into->objects[i], why);
	if (!code)
		code = arrival_finish(arrival, why);
	*added = arrival_counts(arrival).added;
	if (!code && !arrival_fault(arrival, &at, &fault)) {
		diag_where(why, "%.*s", (int)fault.id.len, fault.id.ptr);
		code = diag_fail(why, RC_BAD, "%.*s", (int)fault.reason.len, fault.reason.ptr);
	}
	arrival_free(arrival);
	return code;
}

enum rc
armed_store(struct armed *a, const struct span *objects, size_t count, uint64_t *added,
	struct diag *why)
{
	own_node struct node n = {};
	own_arena struct arena mem = {};
	struct vault_collection c;
	struct arrival_into into = {.objects = objects, .count = count};
	struct node_options options = {.dir = a->options.dir,
		.clock = a->options.clock,
		.rng = a->options.rng,
		.mode = STORE_WRITE};
	enum rc code = node_open(&n, &options, why);
	if (!code)
		code = find_or_make(&n, span_of(a->conf->sightings), &c, why);
	if (!code)
		code = node_source_local(&n, &mem, &into.source, why);
	if (code)
		return code;
	into.collection = c.number;
	return store_all(&n, &into, added, why);
}
