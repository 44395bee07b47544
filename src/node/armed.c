#include "node/armed-internal.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mutant.h"
#include "base/vec.h"
#include "match/set_file.h"
#include "node/arrival.h"
#include "node/layout.h"

/* Where and what armed_store stores. */
struct arrival_into {
	uint32_t collection;
	struct vault_source source;
	const struct span *objects;
	size_t count;
};

const struct span armed_types[1] = {SPAN("indicator")};

/* ---- what came ---- */

enum rc
armed_take(struct refresh *r, enum versions_verdict verdict, const struct vault_item *item,
	struct diag *why)
{
	bool first = verdict == VERSION_FIRST;
	enum arming_change change = item->object.revoked
					    ? (first ? ARMING_REVOKED : ARMING_WITHDRAWS)
					    : (first ? ARMING_NEW : ARMING_REPLACES);
	return arming_add(r->arming, change, &item->object, why);
}

enum rc
armed_item(
	struct refresh *r, const struct pass *pass, const struct vault_item *item, struct diag *why)
{
	struct armed *n = r->armed;
	struct uuid object;
	enum versions_verdict verdict;
	bool permitted = node_permits(&n->node, pass, item);
	enum rc code = versions_see(n->versions, item, permitted, &verdict);
	if (code || versions_object(item->object.id, &object))
		return diag_fail(why, RC_IO, "a damaged row: no UUID in an id");
	switch (verdict) {
	case VERSION_IDLE: return RC_OK;
	case VERSION_LOST:
		*vec_add(&r->affected) = object;
		return arming_add(r->arming, ARMING_DROPS, &item->object, why);
	case VERSION_FIRST:
	case VERSION_REPLACES: break;
	}
	return armed_take(r, verdict, item, why);
}

static bool
is_stopped(const struct armed *n)
{
	return n->options.work && atomic_load(&n->options.work->stop);
}

enum rc
armed_differs(struct refresh *r, uint32_t collection, bool *differs, struct diag *why)
{
	struct armed *n = r->armed;
	struct vault_print seen = versions_print(n->versions, collection), there;
	enum rc code =
		vault_collection_print(n->node.vault, collection, armed_types[0], &there, why);
	*differs = !code && (seen.count != there.count || seen.sum != there.sum);
	return code;
}

static enum rc
arm_page(struct refresh *r, const struct vault_collection *c, const struct pass *pass,
	struct diag *why)
{
	struct armed *n = r->armed;
	struct vault_filter filter = {.types = armed_types, .type_count = 1, .after = n->seen};
	own_vault_page struct vault_page *page = NULL;
	struct vault_item item;
	enum rc code = vault_page_open(n->node.vault, c->number, &filter, VAULT_BYTES, &page, why);
	while (!code && !(code = vault_page_next(page, &item, why))) {
		code = armed_item(r, pass, &item, why);
		if (n->options.work)
			atomic_fetch_add(&n->options.work->read, 1);
		if (!code && is_stopped(n))
			code = diag_fail(why, RC_AGAIN, "stopped");
	}
	return code == RC_NONE ? RC_OK : code;
}

static enum rc
arm_collection(struct refresh *r, const struct vault_collection *c, struct diag *why)
{
	own_pass struct pass *pass = NULL;
	struct reader self = {READER_SELF, {}};
	bool differs = false;
	enum rc code = node_release(&r->armed->node, &self, c, GATE_ACT, &pass, why);
	if (code == RC_DENIED)
		return RC_OK;
	if (!code)
		code = arm_page(r, c, pass, why);
	/* What is gone comes on no page. */
	if (!code)
		code = armed_differs(r, c->number, &differs, why);
	if (!code && differs && !mutant(1771))
		code = armed_mend(r, c->number, pass, why);
	if (!code && differs && !mutant(1771))
		code = armed_differs(r, c->number, &differs, why);
	r->lost |= differs && !mutant(1771);
	return code;
}

/* Tables that know how much comes are not built eleven times over. */
static enum rc
expect(struct armed *n, struct match_set *set, const struct vault_collection *c, struct diag *why)
{
	struct vault_print there;
	enum rc code =
		vault_collection_print(n->node.vault, c->number, armed_types[0], &there, why);
	if (!code) {
		versions_expect(n->versions, there.count);
		match_set_expect(set, there.count);
	}
	if (!code && n->options.work)
		atomic_fetch_add(&n->options.work->to_read, there.count);
	return code;
}

static enum rc
arm_collections(struct refresh *r, struct match_set *set, struct diag *why)
{
	struct armed *n = r->armed;
	uint32_t at = 0;
	struct vault_collection c;
	enum rc code = RC_OK;
	while (!code && !r->lost && !(code = vault_collection_next(n->node.vault, &at, &c, why))) {
		*vec_add(&r->present) = c.number;
		if (!n->begun)
			code = expect(n, set, &c, why);
		if (!code)
			code = arm_collection(r, &c, why);
	}
	if (code == RC_NONE && !r->lost)
		return armed_mend_rest(r, why);
	return code == RC_NONE ? RC_OK : code;
}

/* ---- the whole of it ---- */

static void
forget(struct armed *n, struct match_set *set)
{
	versions_free(n->versions);
	match_set_reset(set);
	n->versions = versions_new();
	n->seen = 0;
	n->stamp = TIME_NONE;
	n->begun = n->broken = false;
}

/* Stands on the file that is there, where it is another than before and newer than what is stood on. */
static void
take_file(struct armed *n, struct match_set *set, const struct vault_now *now)
{
	own_set_file struct set_file *file = NULL;
	struct versions *versions = NULL;
	struct armed_head head;
	struct diag why = {};
	if (n->options.anew || !armed_file_is_other(n->options.dir, &n->tried))
		return;
	enum rc code = armed_file_open(n->options.dir, &file, &head, &why);
	if (!code && armed_file_judge(&head, now, NULL))
		return; /* out of date */
	if (!code && n->stamp != TIME_NONE && head.stamp <= n->stamp)
		return;
	if (!code)
		code = armed_file_versions(n->options.dir, file, &versions, &why);
	if (code) {
		n->ignored = code != RC_NONE;
		n->ignored_why = why;
		return;
	}
	forget(n, set);
	match_set_rebase(set, &file);
	if (match_set_unread(set)) { /* of another PCRE2: made anew, whole */
		versions_free(versions);
		forget(n, set);
		n->ignored = true;
		diag_where(&n->ignored_why, "%s", LAYOUT_ARMED);
		diag_what(&n->ignored_why, "expressions in it cannot be read");
		return;
	}
	versions_free(n->versions);
	n->versions = versions;
	n->seen = n->stamp = head.stamp;
	n->took = head.took;
	n->now = *now;
	n->begun = true;
}

static enum rc
arm_refresh(struct refresh *r, struct match_set *set, struct diag *why)
{
	struct armed *n = r->armed;
	enum rc code = arming_new(set, n->versions, &r->arming, why);
	if (!code)
		code = arm_collections(r, set, why);
	/* After a fault too: what was seen is in the set, and the next refresh goes on from there. */
	enum rc last_lots = r->arming ? arming_finish(r->arming, code ? NULL : why) : RC_OK;
	n->broken |= last_lots != RC_OK;
	arming_free(r->arming);
	free(r->affected.at);
	free(r->present.at);
	return code ? code : last_lots;
}

/* Whatever was stored later than what is armed, in one snapshot. *lost: that is not enough. */
static enum rc
arm_newer(struct armed *n, struct match_set *set, bool *lost, struct diag *why)
{
	struct vault_now now;
	struct refresh r = {.armed = n};
	memset(n->leaves, 0, sizeof n->leaves);
	enum rc code = store_begin_read(n->node.store, why);
	if (code)
		return code;
	code = armed_file_now(&n->node, &now, why);
	if (!code)
		take_file(n, set, &now);
	r.lost = n->begun && (now.epoch != n->now.epoch || now.last < n->seen ||
				     memcmp(&now.vault, &n->now.vault, sizeof now.vault) != 0);
	if (!code && !r.lost)
		code = arm_refresh(&r, set, why);
	store_rollback(n->node.store);
	*lost = r.lost;
	/* Of what was lost halfway nobody knows what counts. */
	n->broken |= code && n->begun && r.affected.len;
	if (code || r.lost)
		return code;
	n->seen = now.last;
	n->now = now;
	n->begun = true;
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
	rng_fill(a->options.rng, &a->seed, sizeof a->seed);
	a->versions = versions_new();
	a->stamp = TIME_NONE;
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
	struct stat known = a->tried;
	bool changed = vault_changed(a->node.vault);
	if (changed || (!a->options.anew && armed_file_is_other(a->options.dir, &known)))
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
	a->armed = match_set_count(set);
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

bool
armed_holds(struct armed *a, struct span id)
{
	struct vault_standing s = {};
	return vault_standing(a->node.vault, id, &s, NULL) == RC_OK;
}

/* What one object that there is something to say of has to say, with its text. */
static void
explain(struct armed *a, const struct versions_place *place, struct ioc_counts *counts)
{
	struct vault_filter filter = {
		.types = armed_types, .type_count = 1, .after = place->added - 1};
	own_vault_page struct vault_page *page = NULL;
	struct vault_item item;
	/* What cannot be read is told without its text. */
	if (vault_page_open(a->node.vault, place->collection, &filter, VAULT_BYTES, &page, NULL) ||
		vault_page_next(page, &item, NULL) || item.added != place->added)
		return;
	arming_explain(&item.object, counts);
}

const struct ioc_counts *
armed_counts(struct armed *a)
{
	struct versions_place first[IOC_EXAMPLES];
	struct ioc_counts said = {}, wide = {};
	const struct versions *v = a->versions;
	size_t count = versions_first(v, REMARK_UNKNOWN, IOC_EXAMPLES, first);
	for (size_t i = 0; i < count; i++)
		explain(a, &first[i], &said);
	if (versions_first(v, REMARK_WIDE, 1, first))
		explain(a, &first[0], &wide);
	a->counts = said;
	memcpy(a->counts.widest, wide.widest, sizeof wide.widest);
	a->counts.armed = a->armed;
	a->counts.repeated = versions_remarks(v, REMARK_REPEATED);
	a->counts.unknown = versions_remarks(v, REMARK_UNKNOWN);
	a->counts.revoked = versions_remarks(v, REMARK_REVOKED);
	a->counts.older = 0;
	a->counts.suffixes = versions_remarks(v, REMARK_SUFFIXES);
	a->counts.foreign = versions_remarks(v, REMARK_FOREIGN);
	a->counts.compound = versions_remarks(v, REMARK_COMPOUND);
	a->counts.partial = versions_remarks(v, REMARK_PARTIAL);
	a->counts.wanting = versions_remarks(v, REMARK_WANTING);
	a->counts.wide = versions_remarks(v, REMARK_WIDE);
	return &a->counts;
}

bool
armed_ignored(struct armed *a, struct diag *why)
{
	bool news = a->ignored;
	a->ignored = false;
	if (news)
		*why = a->ignored_why;
	return news;
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
