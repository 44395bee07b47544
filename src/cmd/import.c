/* import: puts objects into a collection, from STIX, lists, tables and MISP events. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/uuid.h"
#include "cmd/cmd.h"
#include "cmd/guess.h"
#include "cmd/input.h"
#include "cmd/progress.h"
#include "cmd/row.h"
#include "codec/json.h"
#include "codec/utf16.h"
#include "feed/in.h"
#include "node/arrival.h"
#include "node/node.h"
#include "node/settle.h"
#include "stix/tlp.h"

enum { RULES = 12 };

struct job {
	struct cmd_env *env;
	struct node node, look; /* writing; and a handle that looks up ids meanwhile */
	uint32_t collection;
	struct in_plan plan;
	struct span format;
	struct arena text;
	struct settle settle;
	struct {
		char word[24];
		uint64_t count;
	} rules[RULES]; /* by pattern_type */
	struct vault_counts counts;
	uint64_t left_out, wide;
	bool stopped;
};

static void
tell_left_out(struct job *j, const char *path, const struct diag *why)
{
	j->left_out++;
	if (j->left_out > 10)
		return;
	struct diag line = *why;
	diag_where(&line, "%s, %s", path, why->where[0] ? why->where : "?");
	if (j->left_out == 10)
		diag_todo(&line, "more are counted, not shown");
	cmd_warn(&line);
}

/* Taken all the same: whoever published it may mean it, and whoever arms it is warned again. */
static void
tell_wide(struct job *j, const char *path, const struct in_object *o)
{
	if (j->wide++ == 0)
		cmd_say(j->env,
			"%s, line %llu: a range of much of the internet; exports to sensors leave "
			"it out",
			path, (unsigned long long)o->wide);
}

static void
tell_faults(const struct arrival *a, const char *path)
{
	struct arrival_fault fault;
	for (size_t at = 0, n = 0; n < 10 && !arrival_fault(a, &at, &fault); n++) {
		struct diag line = {};
		diag_where(&line, "%s, object %llu %.*s", path, (unsigned long long)fault.number,
			(int)fault.id.len, fault.id.ptr ? fault.id.ptr : "");
		diag_what(&line, "%s: %.*s",
			fault.verdict == VAULT_QUARANTINED ? "quarantined" : "refused",
			(int)fault.reason.len, fault.reason.ptr);
		cmd_warn(&line);
	}
}

/* Rules in languages that nothing here arms, counted by language: "yara", "sigma", ... */
static void
count_rule(struct job *j, struct span text)
{
	size_t at = span_find(text, SPAN("\"pattern_type\""));
	if (at == SIZE_MAX)
		return;
	struct span rest = span_trim(span_sub(text, at + 14, SIZE_MAX));
	if (rest.len == 0 || rest.ptr[0] != ':')
		return;
	rest = span_trim(span_sub(rest, 1, SIZE_MAX));
	struct span word = span_sub(rest, 1, span_find_byte(span_sub(rest, 1, SIZE_MAX), '"'));
	if (rest.len == 0 || rest.ptr[0] != '"' || span_eq(word, SPAN("stix")))
		return;
	size_t i = 0;
	while (i < RULES && j->rules[i].count && !span_eq(span_of(j->rules[i].word), word))
		i++;
	if (i == RULES)
		i--; /* the last row counts all others */
	if (j->rules[i].count++ == 0)
		span_copy(i == RULES - 1 ? SPAN("other") : word, j->rules[i].word,
			sizeof j->rules[i].word);
}

static enum rc
take_object(struct job *j, struct arrival *a, const struct in_object *o, const char *path,
	struct diag *why)
{
	struct span text;
	struct diag note = {};
	enum rc code = settle_object(&j->settle, &j->look, j->collection, o, &text, &note);
	if (code == RC_NONE) {
		j->counts.duplicate++;
		return RC_OK;
	}
	if (code == RC_CONFLICT) {
		tell_left_out(j, path, &note);
		return RC_OK;
	}
	if (code) {
		*why = note;
		return code;
	}
	count_rule(j, text);
	return arrival_add(a, text, why);
}

static enum rc
read_all(struct job *j, const char *path, size_t size, struct in *in, struct arrival *a,
	struct diag *why)
{
	struct in_object o;
	struct progress bar;
	struct diag note = {};
	uint64_t shown = 0;
	enum rc code;
	progress_init(&bar, j->env, "import", "bytes", size);
	while ((code = in_next(in, &o, &note)) == RC_OK || code == RC_UNKNOWN) {
		if (code == RC_UNKNOWN) {
			tell_left_out(j, path, &note);
			note = (struct diag){};
			continue;
		}
		if (o.wide)
			tell_wide(j, path, &o);
		code = take_object(j, a, &o, path, why);
		if (code)
			break;
		progress_add(&bar, in_at(in) - shown);
		shown = in_at(in);
	}
	progress_fini(&bar);
	if (code == RC_NONE)
		return RC_OK;
	if (note.what[0])
		*why = note;
	return code;
}

/* Spreadsheets and PowerShell write UTF-16 with its mark; STIX would have to be UTF-8, lists may be. */
static struct span
as_utf8(struct span text, struct buf *room)
{
	enum utf16 order = utf16_by_start(text);
	if (order == UTF16_NONE)
		return text;
	utf16_read(order, text, room);
	return buf_span(room);
}

static enum rc
import_file(struct job *j, const char *path, struct diag *why)
{
	struct input text = {};
	struct vault_source source;
	const struct in_format *format;
	struct in *in = NULL;
	own_buf struct buf room = {};
	enum rc code = input_open(&text, path, why);
	struct span plain = code ? (struct span){} : as_utf8(text.span, &room);
	if (!code)
		code = in_format_find(j->format, plain, &format, why);
	if (!code)
		code = in_open(&j->plan, format, plain, &in, why);
	if (!code)
		code = node_source_local(&j->node, &j->text, &source, why);
	if (code) {
		input_fini(&text);
		return code;
	}
	if (!j->format.len)
		cmd_say(j->env, "%s: read as %s", strcmp(path, "-") ? path : "standard input",
			format->name);
	struct arrival *a = arrival_new(j->node.vault, j->look.vault, j->collection, &source);
	code = read_all(j, path, plain.len, in, a, why);
	/* What was read before a fault is stored all the same. */
	struct diag later;
	enum rc stored = arrival_finish(a, code ? &later : why);
	struct vault_counts c = arrival_counts(a);
	j->counts.added += c.added;
	j->counts.duplicate += c.duplicate;
	j->counts.quarantined += c.quarantined;
	j->counts.refused += c.refused;
	tell_faults(a, path);
	arrival_free(a);
	in_close(&in);
	input_fini(&text);
	return code ? code : stored;
}

/* Path of a feed's file: as it is, or packed; NULL where it is in none of these forms. */
static const char *
feed_path(struct arena *a, const char *folder, struct span name)
{
	static const char *const endings[] = {"", ".gz", ".zst", ".xz"};
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		struct span path = arena_printf(
			a, "%s/%.*s.json%s", folder, (int)name.len, name.ptr, endings[i]);
		if (access(path.ptr, F_OK) == 0)
			return path.ptr;
	}
	return NULL;
}

static enum rc
feed_file(struct job *j, const char *folder, struct span name, struct diag *why)
{
	own_arena struct arena a = {};
	const char *path = feed_path(&a, folder, name);
	return path ? import_file(j, path, why)
		    : diag_fail(why, RC_NONE, "named by the manifest and not there");
}

/*
 * A MISP feed as a folder: manifest.json names the events, each a file UUID.json. One that is missing or
 * cannot be read costs itself only.
 */
static enum rc
import_folder(struct job *j, const char *folder, struct diag *why)
{
	own_arena struct arena a = {};
	own_json yyjson_doc *doc = NULL;
	struct input text = {};
	const char *path = feed_path(&a, folder, SPAN("manifest"));
	enum rc code = input_open(
		&text, path ? path : arena_printf(&a, "%s/manifest.json", folder).ptr, why);
	if (!code)
		code = json_read(text.span,
			&(struct json_limits){.bytes = 256 << 20, .any_ints = true}, &doc, why);
	input_fini(&text);
	if (code == RC_NONE)
		diag_todo(why, "a folder is read as a MISP feed, which has a manifest.json");
	if (code)
		return code;
	yyjson_obj_iter it = yyjson_obj_iter_with(yyjson_doc_get_root(doc));
	yyjson_val *key;
	struct span format = j->format;
	j->format = SPAN("misp");
	while (code != RC_FULL && code != RC_IO && (key = yyjson_obj_iter_next(&it)) != NULL) {
		struct span name = json_span(key);
		struct diag fault = {};
		struct uuid u;
		enum rc one = uuid_parse(name, &u)
				      ? diag_fail(&fault, RC_BAD, "no event's uuid in the manifest")
				      : feed_file(j, folder, name, &fault);
		if (!one)
			continue;
		diag_where(&fault, "%.*s", (int)(name.len < 60 ? name.len : 60), name.ptr);
		tell_left_out(j, folder, &fault);
		*why = fault;
		code = one;
	}
	j->format = format;
	return code;
}

static bool
is_folder(const char *path)
{
	struct stat st;
	return strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void
show_rules(const struct job *j)
{
	uint64_t all = 0;
	own_buf struct buf words = {};
	for (size_t i = 0; i < RULES && j->rules[i].count; i++) {
		buf_printf(&words, "%s%llu %s", all ? ", " : "",
			(unsigned long long)j->rules[i].count, j->rules[i].word);
		all += j->rules[i].count;
	}
	if (all)
		cmd_say(j->env, "%llu rules in other languages (%.*s): stored, never armed",
			(unsigned long long)all, (int)words.len, words.ptr);
}

static void
show(const struct job *j)
{
	const struct vault_counts *c = &j->counts;
	if (j->env->json) {
		uint64_t rules = 0;
		for (size_t i = 0; i < RULES; i++)
			rules += j->rules[i].count;
		struct row row;
		row_begin(&row);
		row_number(&row, "added", (int64_t)c->added);
		row_number(&row, "duplicate", (int64_t)c->duplicate);
		row_number(&row, "quarantined", (int64_t)c->quarantined);
		row_number(&row, "refused", (int64_t)c->refused);
		row_number(&row, "left_out", (int64_t)j->left_out);
		row_number(&row, "foreign", (int64_t)rules);
		row_end(&row);
		return;
	}
	printf("%llu added, %llu known already", (unsigned long long)c->added,
		(unsigned long long)c->duplicate);
	if (c->quarantined)
		printf(", %llu quarantined", (unsigned long long)c->quarantined);
	if (c->refused)
		printf(", %llu refused", (unsigned long long)c->refused);
	if (j->left_out)
		printf(", %llu left out", (unsigned long long)j->left_out);
	putchar('\n');
}

static enum rc
job_open(struct job *j, struct diag *why)
{
	struct cmd_env *env = j->env;
	struct vault_collection c;
	struct node_options options = {.dir = env->node,
		.clock = env->clock,
		.rng = env->rng,
		.mode = STORE_WRITE,
		.cache_kb = 64 << 10};
	enum rc code = node_open(&j->node, &options, why);
	options.mode = STORE_READ;
	if (!code)
		code = node_open(&j->look, &options, why);
	if (!code)
		code = guess_collection(&j->node, span_of(cmd_option(env, "collection")), &c, why);
	if (code)
		return code;
	j->collection = c.number;
	j->plan.author = j->node.me.id;
	j->plan.now = clock_now(env->clock);
	return RC_OK;
}

static enum cmd_exit
plan_read(struct job *j)
{
	struct cmd_env *env = j->env;
	uint64_t confidence = 101;
	enum tlp tlp;
	struct diag why = {};
	const char *marking = cmd_option(env, "tlp");
	if (!cmd_option(env, "collection"))
		return cmd_usage(env, "--collection ALIAS says where they go");
	if (!cmd_number(env, "confidence", 0, 100, &confidence) ||
		!cmd_duration(env, "valid-for", &j->plan.valid_for) ||
		!cmd_instant(env, "valid-from", EDGE_START, &j->plan.valid_from))
		return CMD_USAGE;
	if (marking && tlp_parse(span_of(marking), &tlp, &why))
		return cmd_usage(env, "--tlp is clear, green, amber, amber+strict or red");
	if (marking)
		j->plan.tlp_marking = tlp_marking_of(tlp)->id;
	j->plan.confidence = confidence > 100 ? -1 : (int)confidence;
	j->plan.label = span_of(cmd_option(env, "label"));
	j->format = span_of(cmd_option(env, "format"));
	if (span_eq(j->format, SPAN("auto")))
		j->format = (struct span){};
	return CMD_YES;
}

/* "byte 540" is somewhere in a file. */
static void
in_file(struct diag *why, const char *path)
{
	struct diag whole = *why;
	if (!why->where[0])
		diag_where(why, "%s", path);
	else if (!span_starts(span_of(why->where), span_of(path)))
		diag_where(why, "%s, %s", path, whole.where);
}

static enum cmd_exit
run(struct cmd_env *env)
{
	struct job j = {.env = env};
	struct diag why = {};
	enum cmd_exit exit = plan_read(&j);
	if (exit != CMD_YES)
		return exit;
	enum rc code = job_open(&j, &why);
	if (code) {
		exit = cmd_fail(&why);
	} else {
		for (size_t i = 0; i < env->words; i++) {
			why = (struct diag){};
			code = is_folder(env->word[i]) ? import_folder(&j, env->word[i], &why)
						       : import_file(&j, env->word[i], &why);
			if (code) {
				in_file(&why, env->word[i]);
				exit = cmd_fail(&why);
			}
			if (code == RC_FULL || code == RC_IO)
				break;
		}
		show_rules(&j);
		show(&j);
	}
	if (exit == CMD_YES && (j.counts.refused + j.counts.quarantined > 0 ||
				       (j.left_out && j.counts.added + j.counts.duplicate == 0)))
		exit = CMD_NO;
	arena_fini(&j.text);
	settle_fini(&j.settle);
	node_close(&j.look);
	node_close(&j.node);
	return exit;
}

static const struct cmd_option options[] = {
	{"collection", "ALIAS", "where they go", 0, false},
	{"format", "auto|stix|misp|csv|list", "of the files (told by each itself)", 0, false},
	{"tlp", "LABEL", "marking of objects made from lists and tables", 0, false},
	{"confidence", "N", "0 to 100, of objects made from lists and tables", 0, false},
	{"valid-from", "TIME", "since when they are valid (no list says: since ever)", 0, false},
	{"valid-for", "TIME", "how long they are valid, such as 90d (for ever)", 0, false},
	{"label", "WORD", "label of objects made from lists and tables", 0, false},
	{},
};

const struct command command_import = {
	.name = "import",
	.args = "FILE|FOLDER...",
	.summary = "put objects into a collection",
	.needs = NEED_CONF,
	.run = run,
	.options = options,
	.more = "Reads STIX 2.1 (bundle, array, JSON lines), plain lists (defanged too), CSV and "
		"MISP events (a feed's folder too, by its manifest.json), each also "
		"as .gz, .zst or .xz. Every object is checked; what violates the standard is "
		"refused and named, what "
		"contradicts what is there is quarantined. What was read is durable when the "
		"command ends; after a crash "
		"run it again: what is there already is counted, not doubled.\n\n"
		"Exit 0: it is there; 1: some was refused or quarantined, or nothing of it was "
		"understood; 3: a file could "
		"not be read.",
};
