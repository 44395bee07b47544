/* export: a collection as STIX, or as what other tools arm themselves with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "cmd/cmd.h"
#include "cmd/guess.h"
#include "cmd/row.h"
#include "feed/bundle.h"
#include "feed/entry.h"
#include "feed/out.h"
#include "feed/out_misp.h"
#include "node/derive.h"
#include "node/node.h"
#include "stix/object.h"
#include "stix/tlp.h"

enum { FLUSH = 1 << 20 };

struct job {
	struct cmd_env *env;
	struct node node;
	struct pass *pass;
	struct buf to;
	struct bundle bundle;
	struct out out;
	struct entry_counts counts;
	bool stix, misp, redact;
	bool mine, known; /* objects of this node's were written; its identity was */
	bool named[TLP_MARKINGS],
		brought[TLP_MARKINGS]; /* written objects bear it; it was written */
	uint64_t derived;
};

static bool
flush(struct job *j, size_t above)
{
	if (j->to.len <= above)
		return true;
	bool fine = fwrite(j->to.ptr, 1, j->to.len, stdout) == j->to.len;
	buf_reset(&j->to);
	return fine;
}

/* JSON text as a line: no line end is left, and none stands inside a string. */
static void
add_line(struct buf *to, struct span json)
{
	for (size_t i = 0; i < json.len; i++)
		buf_add_byte(to, json.ptr[i] == '\n' || json.ptr[i] == '\r' ? ' ' : json.ptr[i]);
	buf_add_byte(to, '\n');
}

static void
add_object(struct job *j, const struct vault_item *item)
{
	struct facts_source ends = node_facts(&j->node);
	uint64_t written = j->bundle.written;
	size_t before = j->to.len;
	bundle_add(&j->bundle, j->pass, item, &ends, &j->to);
	if (j->bundle.written == written)
		return;
	j->mine |= span_eq(item->object.creator, j->node.me.id);
	j->known |= span_eq(item->object.id, j->node.me.id);
	for (size_t i = 0; i < TLP_MARKINGS; i++) {
		bool itself = span_eq(item->object.id, tlp_markings[i].id);
		j->brought[i] |= itself;
		j->named[i] |=
			!itself && span_find(item->object.bytes, tlp_markings[i].id) != SIZE_MAX;
	}
	if (!j->env->json)
		return;
	j->to.len = before;
	add_line(&j->to, item->object.bytes);
}

/* An object that need not lie in the collection, as far as the gate permits. */
static void
add_fixed(struct job *j, struct span text)
{
	own_stix struct stix_object o = {};
	if (stix_read(text, &o, NULL))
		return;
	struct facts facts = facts_of(&o, NULL);
	struct vault_item item = {
		.object = {.id = o.id,
			.creator = o.created_by,
			.class = facts.class,
			.tlp = facts.tlp,
			.privacy = facts.privacy,
			.bytes = text},
		.newest_tlp = facts.tlp,
		.newest_privacy = facts.privacy,
	};
	add_object(j, &item);
}

/*
 * What the exported refer to and many a reader does not have: this node's identity, which made them, and the
 * markings of TLP 2.0, which STIX 2.1 itself does not define. Nobody else's identity is taken from elsewhere,
 * for it is another collection's to give.
 */
static void
add_company(struct job *j)
{
	if (j->mine && !j->known)
		add_fixed(j, j->node.me.text);
	for (size_t i = 0; i < TLP_MARKINGS; i++)
		if (tlp_markings[i].version == 2 && j->named[i] && !j->brought[i])
			add_fixed(j, tlp_markings[i].json);
}

/* What a tool would be told, and of what it is. */
static void
add_entry(struct job *j, const struct out_entry *e)
{
	size_t before = j->to.len;
	out_add(&j->out, e, &j->to);
	if (!j->env->json || j->to.len == before)
		return;
	struct row row;
	row_begin(&row);
	row_text(&row, "kind", span_of(obs_word(e->about.kind)));
	row_text(&row, "value", e->about.value);
	row_text(&row, "id", e->id);
	row_text(&row, "name", e->name);
	row_time(&row, "valid_from", e->valid_from);
	row_time(&row, "valid_until", e->valid_until);
	if (e->confidence >= 0)
		row_number(&row, "confidence", e->confidence);
	row_text(&row, "tlp", e->tlp);
	row_text(&row, "text", span_trim(span_sub(buf_span(&j->to), before, SIZE_MAX)));
	j->to.len = before;
	row_end(&row);
}

static void
add_item(struct job *j, const struct vault_item *stored, struct arena *a)
{
	struct vault_item made;
	const struct vault_item *item = stored;
	if (j->redact && node_derive(&j->node, j->pass, stored, a, &made) == RC_OK) {
		item = &made;
		j->derived++;
	}
	if (j->stix) {
		add_object(j, item);
		return;
	}
	struct entries entries = {};
	struct entry_ask ask = {j->pass, clock_now(j->env->clock), &j->counts};
	enum rc code = entry_add(&ask, item, a, &entries);
	if (code == RC_DENIED)
		j->out.withheld++;
	for (size_t i = 0; i < entries.all.len; i++)
		add_entry(j, &entries.all.at[i]);
	free(entries.all.at);
}

static enum rc
add_all(struct job *j, uint32_t collection, struct diag *why)
{
	own_arena struct arena a = {};
	own_vault_page struct vault_page *page = NULL;
	struct vault_filter filter = {};
	struct vault_item item;
	enum rc code = vault_page_open(j->node.vault, collection, &filter, VAULT_BYTES, &page, why);
	while (!code && !(code = vault_page_next(page, &item, why))) {
		arena_reset(&a);
		add_item(j, &item, &a);
		if (!flush(j, FLUSH))
			return diag_fail(why, RC_IO, "stdout cannot be written");
	}
	return code == RC_NONE ? RC_OK : code;
}

/* Events in the form of a MISP server's answer. */
static enum rc
add_events(struct job *j, uint32_t collection, struct diag *why)
{
	struct facts_source ends = node_facts(&j->node);
	struct out_misp_options options = {
		.vault = j->node.vault,
		.collection = collection,
		.pass = j->pass,
		.ends = &ends,
		.now = clock_now(j->env->clock),
		.me = j->node.me.id,
		.my_name = j->node.me.name,
	};
	struct out_misp *out = NULL;
	struct out_misp_item item;
	size_t count = 0;
	enum rc code = out_misp_open(&options, &out, why);
	if (!j->env->json)
		buf_add(&j->to, SPAN("{\"response\":["));
	while (!code && !(code = out_misp_next(out, &item, why))) {
		if (j->env->json) {
			add_line(&j->to, item.text);
		} else {
			buf_add(&j->to, count++ ? SPAN(",\n") : SPAN("\n"));
			buf_add(&j->to, item.text);
		}
		if (!flush(j, FLUSH))
			code = diag_fail(why, RC_IO, "stdout cannot be written");
	}
	if (!j->env->json)
		buf_add(&j->to, SPAN("\n]}\n"));
	if (out) {
		struct out_misp_counts counts = out_misp_counts(out);
		j->out.written = counts.written;
		j->out.withheld = counts.withheld;
		j->out.unsaid = counts.unsaid;
	}
	out_misp_close(&out);
	return code == RC_NONE ? RC_OK : code;
}

/* "self", "public", a user of this node, or a party. */
static struct reader
reader_of(struct job *j, const char *to)
{
	own_arena struct arena a = {};
	struct user u = {};
	struct diag ignored;
	struct span name = span_of(to);
	if (!to || span_eq(name, SPAN("self")))
		return (struct reader){READER_SELF, {}};
	if (span_eq(name, SPAN("public")))
		return (struct reader){READER_PUBLIC, {}};
	if (user_get(j->node.store, name, &a, &u, &ignored) == RC_OK)
		return (struct reader){READER_USER, name};
	return (struct reader){READER_PARTY, name};
}

static enum rc
begin(struct job *j, const struct out_format *format, struct vault_collection *c, struct diag *why)
{
	struct cmd_env *env = j->env;
	struct node_options options = {
		.dir = env->node, .clock = env->clock, .rng = env->rng, .mode = STORE_READ};
	enum rc code = node_open(&j->node, &options, why);
	if (!code)
		code = guess_collection(&j->node, span_of(cmd_option(env, "collection")), c, why);
	if (code)
		return code;
	struct reader to = reader_of(j, cmd_option(env, "to"));
	code = node_release(&j->node, &to, c, GATE_EXPORT, &j->pass, why);
	if (code == RC_BAD && to.kind == READER_PARTY) {
		diag_where(
			why, "--to %.*s", (int)(to.name.len < 80 ? to.name.len : 80), to.name.ptr);
		diag_what(why,
			"no user of this node, and no id of a party: a DNS name in lower case");
		diag_todo(why,
			"\"tocsin user list\" shows users and their parties; self and public "
			"are always there");
	}
	if (code)
		return code;
	struct out_meta meta = {.title = j->node.me.name,
		.zone = span_of(cmd_option(env, "zone")),
		.now = clock_now(env->clock)};
	rng_fill(env->rng, &meta.seed, sizeof meta.seed);
	if (j->misp)
		return RC_OK;
	if (j->stix)
		bundle_begin(&j->bundle, env->rng, &j->to);
	else
		out_begin(&j->out, format, j->pass, &meta, &j->to);
	if (env->json) /* a head is no object */
		buf_reset(&j->to);
	return RC_OK;
}

/* What the collection says and the file does not: never in silence. */
static void
say_left_out(struct job *j)
{
	const struct {
		uint64_t count;
		const char *what;
	} table[] = {
		{j->out.unsaid, "left out: this format has no word for their kind"},
		{j->out.wide, "left out: they cover too much of the internet"},
		{j->out.repeated, "said already by another indicator"},
		{j->out.narrowed, "names written without what lies below them: no word for it"},
		{j->counts.revoked, "left out: revoked"},
		{j->counts.expired, "left out: no longer valid"},
		{j->counts.early, "left out: not valid yet"},
		{j->counts.foreign, "left out: rules in other languages"},
		{j->counts.joint, "left out: no single observable decides their pattern"},
		{j->counts.partial, "say more than the observables that were written of them"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].count)
			cmd_say(j->env, "%llu %s", (unsigned long long)table[i].count,
				table[i].what);
}

static enum cmd_exit
end(struct job *j, struct diag *why)
{
	if (j->stix)
		add_company(j);
	if (j->stix && !j->env->json)
		bundle_end(&j->bundle, &j->to);
	if (!flush(j, 0)) {
		diag_what(why, "stdout cannot be written");
		return cmd_fail(why);
	}
	uint64_t written = j->stix ? j->bundle.written : j->out.written;
	uint64_t withheld = j->stix ? j->bundle.withheld : j->out.withheld;
	cmd_say(j->env, "%llu %s under %.*s, %llu withheld by the gate",
		(unsigned long long)written, j->stix ? "objects" : "entries",
		(int)pass_clause(j->pass).len, pass_clause(j->pass).ptr,
		(unsigned long long)withheld);
	if (j->derived)
		cmd_say(j->env, "%llu without the parts that may not go, as objects of this node",
			(unsigned long long)j->derived);
	say_left_out(j);
	return written ? CMD_YES : CMD_NO;
}

static enum cmd_exit
run(struct cmd_env *env)
{
	struct job j = {.env = env};
	struct diag why = {};
	struct vault_collection c;
	const char *word = cmd_option(env, "format");
	const struct out_format *format = NULL;
	if (!cmd_option(env, "collection"))
		return cmd_usage(env, "--collection ALIAS says what is exported");
	j.stix = !word || strcmp(word, "stix") == 0;
	j.misp = word && strcmp(word, "misp") == 0;
	if (!j.stix && !j.misp)
		format = out_format_find(span_of(word));
	j.redact = cmd_flag(env, "redact");
	if (j.misp && j.redact)
		return cmd_usage(env, "--redact makes STIX objects, which are no MISP events");
	must(j.stix || j.misp || format);
	struct out_meta meta = {.zone = span_of(cmd_option(env, "zone"))};
	if (out_meta_check(&meta, &why))
		return cmd_usage(env, "--zone is a domain name of at most 100 bytes");
	enum cmd_exit exit = CMD_FAIL;
	if (begin(&j, format, &c, &why) ||
		(j.misp ? add_events(&j, c.number, &why) : add_all(&j, c.number, &why)))
		cmd_fail(&why);
	else
		exit = end(&j, &why);
	pass_free(&j.pass);
	node_close(&j.node);
	out_fini(&j.out);
	buf_fini(&j.to);
	return exit;
}

static const struct cmd_option options[] = {
	{"collection", "ALIAS", "what is exported", 0, false},
	{"format", "stix|misp|list|csv|rpz|suricata|yara|zeek|nft", "as what (stix)", 0, false},
	{"to", "PARTY", "for whom: self, public, a user or a party (self)", 0, false},
	{"redact", NULL, "leave out marked parts that may not go, not the whole object", 0, false},
	{"zone", "NAME", "zone of an rpz (rpz.tocsin)", 0, false},
	{},
};

const struct command command_export = {
	.name = "export",
	.summary = "write a collection out, as far as the gate permits",
	.needs = NEED_CONF,
	.run = run,
	.options = options,
	.more = "Objects go to stdout in their exact bytes, or as rules and lists for other tools. "
		"The gate judges every "
		"object for the reader named: RED never leaves, what is unmarked counts as AMBER, "
		"public means CLEAR. With --redact an object that only marked parts keep back "
		"goes without them, under a new id and this node's name.\n\n"
		"Rules and lists hold each value once, of indicators that are valid now and whose "
		"pattern single observables "
		"decide. What a format cannot say, and what covers half the internet, is left out "
		"and "
		"counted by its reason. "
		"A csv has a row an indicator and value. With --json, one object a line: of stix "
		"each "
		"object, of misp each event, of the rest each entry with its text.\n\n"
		"Exit 0: something was written; 1: nothing was; 3: the gate denied all of it, or a "
		"failure.",
};
