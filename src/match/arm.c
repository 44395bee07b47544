#include "match/arm.h"

#include <stdlib.h>
#include <string.h>

#include "match/stream.h"
#include "pattern/atoms.h"
#include "pattern/parts.h"

static const enum match_reach reaches[] = {
	[PATTERN_EXACT] = REACH_EXACT,
	[PATTERN_BELOW] = REACH_BELOW,
	[PATTERN_COVERING] = REACH_COVERING,
};

/* The facts, copied; what each comparison gives is still missing. */
static struct indicator
copy_facts(const struct indicator *facts, struct arm_batch *to)
{
	struct indicator made = *facts;
	struct span *const texts[] = {
		&made.id, &made.name, &made.pattern, &made.party, &made.memo, &made.tlp};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i]->len)
			*texts[i] = arena_dup(&to->arena, *texts[i]);
	return made;
}

static void
keep(struct indicator made, const struct indicator *facts, int64_t from, int64_t until,
	struct arm_batch *to)
{
	made.about.value = arena_dup(&to->arena, made.about.value);
	if (!made.part) { /* START and STOP of a part are of its evaluation */
		made.valid_from = time_later(facts->valid_from, from);
		made.valid_until = time_earlier(facts->valid_until, until);
	}
	if (made.valid_from == TIME_NONE || made.valid_until == TIME_NONE ||
		made.valid_from < made.valid_until)
		*vec_add(&to->all) = made;
}

static void
keep_atoms(const struct indicator *facts, const struct pattern_atoms *atoms,
	const struct pattern_strings *strings, struct arm_batch *to)
{
	struct indicator made = copy_facts(facts, to);
	for (size_t i = 0; i < atoms->len; i++) {
		const struct pattern_atom *atom = &atoms->at[i];
		made.about = atom->what;
		made.reach = reaches[atom->reach];
		keep(made, facts, atom->from, atom->until, to);
	}
	made.reach = REACH_EXACT;
	for (size_t i = 0; i < strings->len; i++) {
		const struct pattern_string *s = &strings->at[i];
		made.about = (struct observable){OBS_TEXT, s->text};
		made.text = (struct string_about){s->property, s->form, false};
		keep(made, facts, s->from, s->until, to);
	}
}

static void
unknown(const struct indicator *facts, const struct diag *why, struct arm_batch *to)
{
	struct diag fault = *why;
	if (facts->id.len)
		diag_where(&fault, "%.*s, %s", (int)facts->id.len, facts->id.ptr, why->where);
	ioc_unknown(&to->counts, &fault, facts->pattern);
}

/* For people; strangers wrote it. */
static void
name_unselected(const struct indicator *facts, struct ioc_counts *counts)
{
	char *name = counts->unselected;
	span_copy(facts->id.len ? facts->id : facts->pattern, name, sizeof counts->unselected);
	for (; *name; name++)
		if (*name < ' ' || *name > '~')
			*name = '?';
}

void
arm_pattern(const struct indicator *facts, struct arm_batch *to)
{
	struct pattern pattern;
	struct pattern_atoms atoms;
	struct pattern_strings strings = {};
	struct diag fault = {};
	if (facts->revoked) {
		to->counts.revoked++;
		return;
	}
	arena_reset(&to->scratch);
	if (pattern_parse(facts->pattern, &to->scratch, &pattern, &fault)) {
		unknown(facts, &fault, to);
		return;
	}
	pattern_atoms(&pattern, &to->scratch, &atoms);
	if (!atoms.whole)
		pattern_strings(&pattern, &to->scratch, &strings);
	if (atoms.whole || strings.whole) {
		keep_atoms(facts, &atoms, &strings, to);
		return;
	}
	enum pattern_cover cover = pattern_parts(&pattern, &to->scratch, &atoms, &strings);
	struct indicator part = *facts;
	part.part = true;
	part.open = cover == COVER_SOME;
	switch (cover == COVER_NONE ? RC_NONE : stream_check(&pattern, &fault)) {
	case RC_OK:
		keep_atoms(&part, &atoms, &strings, to);
		to->counts.compound++;
		to->counts.open += part.open;
		break;
	case RC_NONE:
		if (!to->counts.partial++)
			name_unselected(facts, &to->counts);
		break;
	case RC_LIMIT: to->counts.wanting++; break;
	default: unknown(facts, &fault, to);
	}
}

enum rc
arm_add(struct match_set *set, const struct arm_batch *from, size_t first, size_t end,
	struct ioc_counts *counts, struct diag *why)
{
	enum { AHEAD = 8 };
	enum rc code = RC_OK;
	for (size_t i = first; !code && i < end; i++) {
		if (i + AHEAD < from->all.len)
			match_set_prepare(set, &from->all.at[i + AHEAD]);
		struct indicator made = from->all.at[i];
		code = ioc_add(set, &made, counts);
	}
	return code ? diag_fail(why, code, "too many indicators for one set") : RC_OK;
}

enum rc
arm_commit(
	struct match_set *set, struct arm_batch *from, struct ioc_counts *counts, struct diag *why)
{
	ioc_counts_join(counts, &from->counts);
	enum rc code = arm_add(set, from, 0, from->all.len, counts, why);
	arm_batch_reset(from);
	return code;
}

void
arm_batch_reset(struct arm_batch *b)
{
	arena_reset(&b->arena);
	arena_reset(&b->scratch);
	b->all.len = 0;
	b->counts = (struct ioc_counts){};
}

void
arm_batch_fini(struct arm_batch *b)
{
	arena_fini(&b->arena);
	arena_fini(&b->scratch);
	free(b->all.at);
	b->all.at = NULL;
}
