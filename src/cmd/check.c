/* check: verdicts on STIX objects in files: bundles, arrays, single objects, JSON lines. */
#include <stdio.h>

#include "base/buf.h"
#include "cmd/cmd.h"
#include "cmd/input.h"
#include "cmd/row.h"
#include "codec/json.h"
#include "stix/across.h"

struct tally {
	struct cmd_env *env;
	const char *file;
	struct stix_options options;
	struct stix_verdicts verdicts;
	size_t objects, bad;
	bool in_bundle; /* what is judged stands in one */
};

static void
print_list(struct row *row, const char *name, const struct stix_verdicts *v, enum stix_level level)
{
	row_list_open(row, name);
	for (size_t i = 0; i < v->all.len; i++) {
		const struct stix_verdict *one = &v->all.at[i];
		if (one->level != level)
			continue;
		row_open(row, NULL);
		row_text(row, "code", span_of(one->code));
		row_text(row, "path", one->path);
		row_text(row, "what", one->what);
		row_text(row, "clause", span_of(one->clause));
		row_close(row);
	}
	row_list_close(row);
}

/* place: "objects[3]", "line 7", "" for a single object. */
static void
print_json(const struct tally *t, const char *place, struct span element, bool valid)
{
	own_json yyjson_doc *doc = NULL;
	struct row row;
	row_begin(&row);
	row_text(&row, "file", span_of(t->file));
	if (*place)
		row_text(&row, "place", span_of(place));
	if (json_read(element, NULL, &doc, NULL) == RC_OK) {
		row_text(&row, "id", json_get_span(yyjson_doc_get_root(doc), "id"));
		row_text(&row, "type", json_get_span(yyjson_doc_get_root(doc), "type"));
	}
	row_flag(&row, "valid", valid);
	print_list(&row, "errors", &t->verdicts, STIX_MUST);
	print_list(&row, "warnings", &t->verdicts, STIX_SHOULD);
	row_end(&row);
}

static void
print_text(const struct tally *t, const char *place)
{
	for (size_t i = 0; i < t->verdicts.all.len; i++) {
		const struct stix_verdict *one = &t->verdicts.all.at[i];
		row_plain(stdout, span_of(t->file));
		printf(": %s%s", place, *place ? " " : "");
		if (one->id.len)
			row_plain(stdout, one->id);
		else
			printf("(no id)");
		printf(": %s %s", one->level == STIX_MUST ? "MUST" : "SHOULD", one->code);
		if (one->path.len) {
			printf(" at ");
			row_plain(stdout, one->path);
		}
		printf(": ");
		row_plain(stdout, one->what);
		if (*one->clause)
			printf(" [STIX 2.1 section %s]", one->clause);
		putchar('\n');
	}
	size_t said = t->verdicts.all.len, all = t->verdicts.musts + t->verdicts.shoulds;
	if (all > said)
		printf("%s: %s: %zu more\n", t->file, place, all - said);
}

static void
judge(struct tally *t, const char *place, struct span element)
{
	stix_verdicts_reset(&t->verdicts);
	struct stix_options options = t->options;
	options.flags |= t->in_bundle ? STIX_IN_BUNDLE : 0;
	bool valid = stix_check_text(element, &options, &t->verdicts) == RC_OK;
	t->objects++;
	t->bad += !valid;
	if (t->env->json)
		print_json(t, place, element, valid);
	else
		print_text(t, place);
}

/* What is malformed beyond single objects counts as one more bad one. */
static void
broken(struct tally *t, const struct diag *why)
{
	t->bad++;
	if (t->env->json) {
		struct row row;
		row_begin(&row);
		row_text(&row, "file", span_of(t->file));
		row_text(&row, "place", span_of(why->where));
		row_flag(&row, "valid", false);
		row_text(&row, "error", span_of(why->what));
		row_end(&row);
		return;
	}
	row_plain(stdout, span_of(t->file));
	printf(": %s: %s\n", why->where, why->what);
}

/* What the list as a whole shows: of a bundle itself, and of its objects together. */
static void
judge_together(struct tally *t, const char *place, struct stix_across *set, struct span envelope)
{
	struct stix_options options = t->options;
	options.flags |= STIX_ACROSS_ONLY;
	stix_verdicts_reset(&t->verdicts);
	enum rc own = envelope.len ? stix_check_text(envelope, &options, &t->verdicts) : RC_OK;
	enum rc all = stix_across_judge(set, &t->options, &t->verdicts);
	if (!own && !all)
		return;
	t->bad++;
	if (t->env->json)
		print_json(t, place, envelope, false);
	else
		print_text(t, place);
}

/* The elements of an array that `it` stands before, one by one, then all together. */
static enum rc
judge_elements(struct tally *t, struct json_slice *it, const char *array, struct diag *why)
{
	own_across struct stix_across *set = stix_across_new(array);
	own_buf struct buf envelope = {};
	struct span element;
	size_t open = it->at, i = 0;
	enum rc code;
	t->in_bundle = *array;
	for (; (code = json_slice_next(it, &element, why)) == RC_OK; i++) {
		char place[48];
		snprintf(place, sizeof place, "%s[%zu]", array, i);
		judge(t, place, element);
		stix_across_add(set, i, element);
	}
	size_t close = it->at;
	t->in_bundle = false;
	code = code == RC_NONE ? json_slice_end(it, SPAN("objects"), why) : code;
	if (code)
		return code;
	/* A bundle's own properties are read without its objects, which may be very many. */
	if (*array) {
		buf_add(&envelope, span_sub(it->text, 0, open));
		buf_add(&envelope, i ? SPAN("0") : SPAN(""));
		buf_add(&envelope, span_sub(it->text, close - 1, SIZE_MAX));
	}
	judge_together(t, *array ? "bundle" : "array", set, buf_span(&envelope));
	return RC_OK;
}

static void
judge_lines(struct tally *t, struct span text)
{
	own_across struct stix_across *set = stix_across_new("");
	struct span rest = text, line;
	for (size_t number = 1; span_cut(&rest, '\n', &line); number++) {
		char place[32];
		snprintf(place, sizeof place, "line %zu", number);
		if (!span_trim(line).len)
			continue;
		judge(t, place, line);
		stix_across_add(set, number, line);
	}
	judge_together(t, "lines", set, (struct span){});
}

/*
 * Several values, one a line: a line that opens and closes an object has one below it that opens,
 * which no single value has, sound or not; or the first line is a whole value and something follows.
 */
static bool
is_lines(struct span text)
{
	own_json yyjson_doc *doc = NULL;
	size_t end = span_find_byte(text, '\n');
	struct span first = span_trim(span_sub(text, 0, end == SIZE_MAX ? 0 : end));
	struct span rest = span_trim(span_sub(text, end == SIZE_MAX ? text.len : end, SIZE_MAX));
	if (!first.len || !rest.len)
		return false;
	if (first.ptr[0] == '{' && first.ptr[first.len - 1] == '}' && rest.ptr[0] == '{')
		return true;
	return json_read(first, NULL, &doc, NULL) == RC_OK;
}

static void
judge_text(struct tally *t, struct span text)
{
	struct json_slice it;
	struct diag why = {};
	struct span body = span_trim(text);
	json_slice_init(&it, text);
	if (is_lines(body)) {
		judge_lines(t, text);
	} else if (body.len && body.ptr[0] == '[') {
		if (json_slice_array(&it, &why) || judge_elements(t, &it, "", &why))
			broken(t, &why);
	} else if (json_slice_member(&it, SPAN("objects"), NULL) == RC_OK) {
		if (judge_elements(t, &it, "objects", &why))
			broken(t, &why);
	} else {
		judge(t, "", text);
	}
}

static bool
select_checks(struct cmd_env *env, const char *option, uint64_t *set)
{
	const char *name;
	for (size_t at = 0; (name = cmd_next(env, option, &at));) {
		struct span rest = span_of(name), piece;
		while (span_cut(&rest, ',', &piece))
			if (stix_options_select(set, piece))
				return false;
	}
	return true;
}

static enum cmd_exit
run(struct cmd_env *env)
{
	struct tally t = {.env = env, .options = {.flags = STIX_ACCEPT_2_0}};
	enum cmd_exit result = CMD_YES;
	static const struct {
		const char *name;
		unsigned flag;
	} flags[] = {{"strict-types", STIX_STRICT_TYPES},
		{"strict-properties", STIX_STRICT_PROPERTIES}, {"enforce-refs", STIX_ENFORCE_REFS},
		{"interop", STIX_INTEROP}, {"stix-2.0", STIX_AS_2_0}};
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (cmd_flag(env, flags[i].name))
			t.options.flags |= flags[i].flag;
	if (cmd_flag(env, "strict"))
		t.options.level = STIX_SHOULD;
	if (!select_checks(env, "disable", &t.options.disabled) ||
		!select_checks(env, "enable", &t.options.enabled))
		return cmd_usage(
			env, "no such check; \"tocsin help check\" tells where their names stand");
	for (size_t i = 0; i < env->words; i++) {
		own_input struct input text = {};
		struct diag why = {};
		t.file = env->word[i];
		if (input_open(&text, t.file, &why)) {
			cmd_warn(&why);
			result = CMD_FAIL;
			continue;
		}
		judge_text(&t, text.span);
	}
	cmd_say(env, "%zu objects, %zu not valid", t.objects, t.bad);
	stix_verdicts_fini(&t.verdicts);
	return result == CMD_FAIL ? result : t.bad ? CMD_NO : CMD_YES;
}

const struct command command_check = {
	.name = "check",
	.args = "FILE...",
	.summary = "judge STIX 2.1 objects",
	.run = run,
	.options =
		(const struct cmd_option[]){
			{"strict", NULL, "also what the standard says a producer should do", 0,
				false},
			{"disable", "CHECK", "leave out a check of --strict, by name or number", 0,
				true},
			{"enable", "CHECK", "only these checks of --strict", 0, true},
			{"strict-types", NULL, "no types but those of the standard", 0, false},
			{"strict-properties", NULL, "no properties but those of the standard", 0,
				false},
			{"enforce-refs", NULL, "relationships lead to objects of the same bundle",
				0, false},
			{"interop", NULL, "also what the interoperability test document asks", 0,
				false},
			{"stix-2.0", NULL, "every object must be STIX 2.0", 0, false},
			{},
		},
	.more = "Files hold a bundle, an object, an array of objects or one object a line, plain "
		"or "
		"packed (gzip, xz, zstd). Each violated MUST is one line on stdout: file, place, "
		"id, "
		"code, path, reason, section of the standard; with --json each object is one line "
		"with "
		"its errors and warnings. What the objects of one file show only together - "
		"versions "
		"that disagree, translations that do not fit, markings in a circle - stands under "
		"the "
		"place \"bundle\", \"array\" or \"lines\". Exit status 0: all valid, 1: some are "
		"not.\n\n"
		"The checks of --strict bear the names and numbers of the OASIS validator: "
		"custom-prefix "
		"(101), uuid-check (103), open-vocab-format (111), relationship-types (202), the "
		"vocabularies (210), extref-hashes (302), extensions-use (401) and so on.",
};
