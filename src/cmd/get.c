/* get, search: what this node holds, for its own analysts on their own terminal. */
#include <stdio.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "cmd/cmd.h"
#include "cmd/row.h"
#include "codec/json.h"
#include "node/node.h"
#include "vault/search.h"

/* Alias of a collection; its number where it is gone meanwhile. */
static void
show_collection(struct row *row, struct node *n, uint32_t number)
{
	struct vault_collection c;
	uint32_t before = number - 1;
	struct diag ignored;
	enum rc code = vault_collection_next(n->vault, &before, &c, &ignored);
	if (code == RC_OK && before == number)
		row_text(row, "collection", c.alias);
	else
		row_number(row, "collection", number);
}

static void
show_row(struct node *n, const struct vault_item *item, struct span json)
{
	struct row row;
	row_begin(&row);
	row_text(&row, "id", item->object.id);
	row_text(&row, "version", item->object.version);
	row_time(&row, "added", item->added);
	show_collection(&row, n, item->collection);
	row_text(&row, "source", item->source);
	row_flag(&row, "revoked", item->object.revoked);
	row_raw(&row, "object", json);
	row_end(&row);
}

static enum cmd_exit
get_run(struct cmd_env *env)
{
	own_node struct node n = {};
	own_arena struct arena a = {};
	struct diag why = {};
	struct vault_item item;
	struct node_options o = {
		.dir = env->node, .clock = env->clock, .rng = env->rng, .mode = STORE_READ};
	enum rc code = node_open(&n, &o, &why);
	if (code)
		return cmd_fail(&why);
	code = vault_get(n.vault, span_of(env->word[0]), &a, &item, &why);
	if (code == RC_NONE) {
		cmd_say(env, "no such object");
		return CMD_NO;
	}
	if (code)
		return cmd_fail(&why);
	struct span json = item.object.bytes;
	if (env->json)
		show_row(&n, &item, json);
	else
		printf("%.*s\n", (int)json.len, json.ptr);
	return CMD_YES;
}

/* The first of the properties by which a person knows an object. */
static struct span
title_of(yyjson_doc *doc)
{
	static const char *const keys[] = {"name", "value", "pattern", "abstract", "opinion",
		"relationship_type", "content", "definition_type", "path", "key", "user_id"};
	yyjson_val *root = yyjson_doc_get_root(doc);
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		struct span text = json_get_span(root, keys[i]);
		if (text.len)
			return span_sub(text, 0, 200);
	}
	return SPAN("");
}

static void
show_hit(const struct cmd_env *env, struct node *n, const struct vault_item *item, struct span json)
{
	if (env->json) {
		show_row(n, item, json);
		return;
	}
	own_json yyjson_doc *doc = NULL;
	char added[TIME_TEXT];
	struct diag ignored;
	time_text(item->added, added);
	printf("%s  %-60.*s  ", added, (int)item->object.id.len, item->object.id.ptr);
	if (json_read(json, NULL, &doc, &ignored) == RC_OK)
		row_plain(stdout, title_of(doc));
	puts(item->object.revoked ? "  (revoked)" : "");
}

/* Nobody else may be filling the index: a node that is not served has only its commands. */
static enum rc
catch_up(struct cmd_env *env, struct node *n, struct diag *why)
{
	enum { PATIENCE = 10, SOME = 2000 };
	uint64_t behind;
	int64_t since, start = clock_monotonic();
	enum rc code = RC_OK;
	while (!code && clock_monotonic() - start < PATIENCE * SECOND)
		code = vault_search_fill(n->vault, SOME, why);
	if (code == RC_NONE)
		return RC_OK;
	if (!code)
		code = vault_search_lag(n->vault, &behind, &since, why);
	if (!code && behind)
		cmd_say(env, "%llu versions are not searched yet; try again in a moment",
			(unsigned long long)behind);
	return code;
}

/* Whether the index knows anything of it: letters, digits, whatever lies beyond ASCII. */
static bool
has_word(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (ascii_is_alnum(text.ptr[i]) || (unsigned char)text.ptr[i] >= 0x80)
			return true;
	return false;
}

/*
 * Whatever was typed is words: a quote that nobody closes is none, and what holds no letter or digit is
 * nothing to look for, so that "evil.example *" finds evil.example.
 */
static void
make_text(const struct cmd_env *env, struct buf *out)
{
	own_buf struct buf all = {};
	size_t quotes = 0, last = 0;
	for (size_t i = 0; i < env->words; i++) {
		buf_add(&all, span_of(env->word[i]));
		buf_add_byte(&all, ' ');
	}
	for (size_t i = 0; i < all.len; i++) {
		if (all.ptr[i] != '"')
			continue;
		quotes++;
		last = i;
	}
	if (quotes % 2)
		all.ptr[last] = ' ';
	bool phrase = false;
	struct span rest = buf_span(&all), piece, word;
	for (; span_cut(&rest, '"', &piece); phrase = !phrase) {
		if (phrase && has_word(piece)) {
			buf_printf(out, "\"%.*s\" ", (int)piece.len, piece.ptr);
			continue;
		}
		while (!phrase && span_cut(&piece, ' ', &word)) {
			if (!has_word(word))
				continue;
			buf_add(out, word);
			buf_add_byte(out, ' ');
		}
	}
}

/* CMD_YES: it can be asked for. */
static enum cmd_exit
judge_text(struct cmd_env *env, struct span text)
{
	enum { TEXT_MOST = 1000 };
	if (!span_is_utf8(text))
		return cmd_usage(env, "TEXT is no UTF-8");
	if (text.len > TEXT_MOST)
		return cmd_usage(env, "TEXT is longer than %d bytes", TEXT_MOST);
	if (text.len)
		return CMD_YES;
	cmd_say(env, "nothing to look for: no letter and no digit in it");
	return CMD_NO;
}

static enum cmd_exit
search_run(struct cmd_env *env)
{
	own_node struct node n = {};
	own_buf struct buf text = {};
	own_vault_hits struct vault_hits *hits = NULL;
	struct diag why = {};
	struct vault_item item;
	struct node_options o = {
		.dir = env->node, .clock = env->clock, .rng = env->rng, .mode = STORE_WRITE};
	uint64_t most = 1000, count = 0;
	if (!cmd_number(env, "top", 1, 1000000, &most))
		return CMD_USAGE;
	make_text(env, &text);
	enum cmd_exit fits = judge_text(env, buf_span(&text));
	if (fits != CMD_YES)
		return fits;
	enum rc code = node_open(&n, &o, &why);
	if (!code)
		code = catch_up(env, &n, &why);
	if (!code)
		code = vault_search_open(n.vault, buf_span(&text), &hits, &why);
	while (!code && count < most && !(code = vault_search_next(hits, &item, &why))) {
		struct span json = item.object.bytes;
		show_hit(env, &n, &item, json);
		count++;
	}
	vault_search_close(&hits);
	if (code && code != RC_NONE)
		return cmd_fail(&why);
	if (!n.vault)
		return cmd_fail(&why);
	return count ? CMD_YES : CMD_NO;
}

const struct command command_get = {
	.name = "get",
	.args = "ID",
	.summary = "print the latest version of an object; exit 1 when there is none",
	.needs = NEED_CONF,
	.run = get_run,
	.more = "Prints the object byte for byte as it came. With --json also when it came, from "
		"whom, and its version.",
};

static const struct cmd_option search_options[] = {
	{"top", "N", "at most so many (1000)", 0, false},
	{},
};

const struct command command_search = {
	.name = "search",
	.args = "TEXT...",
	.summary = "find objects by the words in them; exit 1 when none is found",
	.needs = NEED_CONF,
	.run = search_run,
	.options = search_options,
	.more = "Finds the latest versions of objects that hold every word, newest first. Words in "
		"double quotes must "
		"stand in that order; nothing else in TEXT is an operator. Names, addresses and "
		"hashes are found as they are written.",
};
