#include "node/armed.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/vec.h"
#include "node/arming.h"
#include "node/arrival.h"
#include "node/layout.h"
#include "node/node.h"
#include "node/versions.h"

/* Where and what armed_store stores. */
struct arrival_into {
	uint32_t collection;
	struct vault_source source;
	const struct span *objects;
	size_t count;
};

enum { LEAVES = 1024 };

struct armed {
	struct armed_options options;
	uint64_t seed;
	struct leaves {
		uint64_t key; /* hash of an indicator's id */
		bool may;
	} leaves[LEAVES]; /* as armed_leaves found them last */
	struct node node;
	struct conf *conf;
	struct versions *versions;
	int64_t seen;	    /* newest stamp whose indicators are armed */
	int64_t epoch;	    /* of what the gate says */
	bool begun, broken; /* broken: the set lacks what `versions` says */
	bool current;	    /* nothing was committed since */
	struct ioc_counts counts;
};

/* One refresh under way. */
struct refresh {
	struct armed *armed;
	struct arming *arming;
	bool lost; /* something went that only beginning anew can tell */
};

static enum rc
arm_item(
	struct refresh *r, const struct pass *pass, const struct vault_item *item, struct diag *why)
{
	struct armed *n = r->armed;
	enum versions_verdict verdict;
	bool permitted = node_permits(&n->node, pass, item);
	enum rc code = versions_see(n->versions, item, permitted, &verdict);
	if (code)
		return diag_fail(why, RC_IO, "a damaged row: no UUID in an id");
	r->lost |= verdict == VERSION_LOST;
	if (verdict != VERSION_FIRST && verdict != VERSION_REPLACES)
		return RC_OK;
	n->counts.revoked += item->object.revoked;
	if (item->object.revoked && verdict == VERSION_FIRST)
		return RC_OK;
	enum arming_change change = item->object.revoked	  ? ARMING_WITHDRAWS
				    : verdict == VERSION_REPLACES ? ARMING_REPLACES
								  : ARMING_NEW;
	return arming_add(r->arming, change, &item->object, why);
}

static const struct span indicators[] = {SPAN("indicator")};

static enum rc
arm_collection(struct refresh *r, const struct vault_collection *c, int64_t after, struct diag *why)
{
	struct armed *n = r->armed;
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
		code = arm_item(r, pass, &item, why);
	if (code != RC_NONE || r->lost)
		return code == RC_NONE ? RC_OK : code;
	/* What is gone comes on no page. */
	struct vault_print seen = versions_print(n->versions, c->number), there;
	code = vault_collection_print(n->node.vault, c->number, indicators[0], &there, why);
	r->lost = !code && (seen.count != there.count || seen.sum != there.sum);
	return code;
}

/* Tables that know how much comes are not built eleven times over. */
static enum rc
expect(struct armed *n, struct match_set *set, const struct vault_collection *c, struct diag *why)
{
	struct vault_print there;
	enum rc code = vault_collection_print(n->node.vault, c->number, indicators[0], &there, why);
	if (!code) {
		versions_expect(n->versions, there.count);
		match_set_expect(set, there.count);
	}
	return code;
}

static enum rc
arm_collections(struct refresh *r, struct match_set *set, struct diag *why)
{
	struct armed *n = r->armed;
	uint32_t at = 0;
	struct vault_collection c;
	enum rc code = RC_OK;
	size_t known = 0;
	while (!code && !r->lost && !(code = vault_collection_next(n->node.vault, &at, &c, why))) {
		if (!n->begun)
			code = expect(n, set, &c, why);
		if (!code)
			code = arm_collection(r, &c, n->seen, why);
		known += versions_print(n->versions, c.number).count > 0;
	}
	/* A whole collection may be gone. */
	r->lost |= code == RC_NONE && known < versions_collections(n->versions);
	return code == RC_NONE ? RC_OK : code;
}

/* Whatever was stored later than what is armed, in one snapshot. *lost: that is not enough. */
static enum rc
arm_newer(struct armed *n, struct match_set *set, bool *lost, struct diag *why)
{
	int64_t last = 0, epoch = 0;
	struct refresh r = {.armed = n};
	memset(n->leaves, 0, sizeof n->leaves);
	enum rc code = store_begin_read(n->node.store, why);
	if (code)
		return code;
	code = memo_epoch(n->node.store, &epoch, why);
	if (!code)
		code = vault_last(n->node.vault, &last, why);
	r.lost = n->begun && epoch != n->epoch;
	if (!code && !r.lost)
		code = arming_new(set, &n->counts, &r.arming, why);
	if (!code && !r.lost)
		code = arm_collections(&r, set, why);
	/* After a fault too: what was seen is in the set, and the next refresh goes on from there. */
	enum rc last_lots = r.arming ? arming_finish(r.arming, code ? NULL : why) : RC_OK;
	n->broken |= last_lots != RC_OK;
	code = code ? code : last_lots;
	arming_free(r.arming);
	store_rollback(n->node.store);
	*lost = r.lost;
	if (code || r.lost)
		return code;
	n->seen = last;
	n->epoch = epoch;
	n->begun = true;
	return RC_OK;
}

static void
forget(struct armed *n, struct match_set *set)
{
	match_set_reset(set);
	versions_free(n->versions);
	n->versions = versions_new();
	n->counts = (struct ioc_counts){};
	n->seen = 0;
	n->begun = n->broken = false;
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
	rng_fill(a->options.rng, &a->seed, sizeof a->seed);
	a->versions = versions_new();
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
	versions_free(a->versions);
	free(a);
}

enum rc
armed_refresh(struct armed *a, struct match_set *set, struct diag *why)
{
	bool lost = false;
	if (vault_changed(a->node.vault))
		a->current = false;
	if (a->current)
		return RC_OK;
	if (a->broken)
		forget(a, set);
	enum rc code = arm_newer(a, set, &lost, why);
	if (!code && lost) {
		forget(a, set);
		code = arm_newer(a, set, &lost, why);
		if (!code && lost)
			code = diag_fail(why, RC_IO, "the vault's indexes contradict its objects");
	}
	a->current = !code;
	return code;
}

bool
armed_leaves(struct armed *a, struct span indicator)
{
	uint64_t key = hash64(indicator, a->seed) | 1;
	struct leaves *known = &a->leaves[key >> 1 & (LEAVES - 1)];
	struct vault_standing s = {};
	if (known->key != key) {
		/* What is gone meanwhile, or cannot be asked about, is not told. */
		*known = (struct leaves){key,
			vault_standing(a->node.vault, indicator, &s, NULL) == RC_OK && s.leaves};
	}
	return known->may;
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

struct span
armed_identity_object(const struct armed *a)
{
	return a->node.me.text;
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
	struct arrival *arrival = arrival_new(n->vault, NULL, into->collection, &into->source);
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
