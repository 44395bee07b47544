#include "match/strings-internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/must.h"
#include "base/own.h"
#include "pattern/regex.h"

struct strings *
strings_new(uint64_t seed, uint64_t birth)
{
	struct strings *s = mem_new(sizeof *s);
	s->seed = seed;
	s->birth = birth;
	s->version = 1;
	must(pthread_mutex_init(&s->lock, NULL) == 0);
	return s;
}

static void
drop_gates(struct strings *s)
{
	for (size_t i = 0; i < s->old.len; i++)
		gate_free(&s->old.at[i]);
	gate_free(&s->gate);
	free(s->old.at);
	s->old.at = NULL;
	s->old.len = s->old.cap = 0;
}

void
strings_free(struct strings **p)
{
	struct strings *s = *p;
	*p = NULL;
	if (!s)
		return;
	drop_gates(s);
	pthread_mutex_destroy(&s->lock);
	arena_fini(&s->learned);
	free(s->list.at);
	free(s->bucket);
	free(s->same);
	free(s->common.at);
	buf_fini(&s->sample);
	arena_fini(&s->arena);
	free(s);
}

static uint64_t
hash_id(const struct strings *s, struct span id)
{
	return hash64(id, s->seed);
}

static uint64_t
hash_same(const struct strings *s, const struct indicator *what)
{
	return hash64(what->about.value, hash_id(s, what->id) + what->text.property);
}

static uint32_t *
same_slot(const struct strings *s, const struct indicator *what)
{
	size_t at = hash_same(s, what) & (s->buckets - 1);
	for (; s->same[at] != UINT32_MAX; at = (at + 1) & (s->buckets - 1)) {
		const struct string *one = &s->list.at[s->same[at]];
		const struct indicator *f = &one->facts;
		if (!one->dead && f->text.form == what->text.form &&
			f->text.property == what->text.property &&
			f->text.fold == what->text.fold &&
			span_eq(f->about.value, what->about.value) && set_same_facts(f, what))
			break;
	}
	return &s->same[at];
}

static void
grow(struct strings *s)
{
	size_t count = s->buckets ? s->buckets * 2 : 256;
	if (s->list.len * 2 < s->buckets)
		return;
	s->buckets = count;
	s->bucket = mem_grow(s->bucket, count, sizeof *s->bucket);
	s->same = mem_grow(s->same, count, sizeof *s->same);
	memset(s->bucket, 0xff, count * sizeof *s->bucket);
	memset(s->same, 0xff, count * sizeof *s->same);
	for (size_t i = 0; i < s->list.len; i++) {
		struct string *one = &s->list.at[i];
		uint32_t *first = &s->bucket[hash_id(s, one->facts.id) & (count - 1)];
		one->next_id = *first;
		*first = (uint32_t)i;
		size_t at = hash_same(s, &one->facts) & (count - 1);
		while (s->same[at] != UINT32_MAX)
			at = (at + 1) & (count - 1);
		s->same[at] = (uint32_t)i;
	}
}

static enum rc
check_expression(const struct indicator *what, struct diag *why)
{
	struct regex *regex = NULL;
	if (what->text.form != FORM_MATCHES)
		return RC_OK;
	enum rc code = regex_new(what->about.value, REGEX_TEXT, &regex, why);
	regex_free(regex);
	return code ? RC_BAD : RC_OK;
}

static size_t
bytes_of(const struct indicator *what)
{
	return what->about.value.len + what->id.len + what->name.len + what->pattern.len +
	       what->party.len + what->memo.len + what->tlp.len;
}

/* What neighbours say alike is kept once. */
static struct span
keep(struct strings *s, struct span text, struct span before)
{
	if (!text.len)
		return SPAN("");
	return span_eq(text, before) ? before : arena_dup(&s->arena, text);
}

enum rc
strings_add(struct strings *s, const struct indicator *what, struct diag *why)
{
	if (what->revoked)
		return RC_NONE;
	if (!what->about.value.len || what->about.value.len > STRING_LONGEST)
		return diag_fail(
			why, RC_BAD, "a text of no or of more than %d bytes", STRING_LONGEST);
	grow(s);
	if (*same_slot(s, what) != UINT32_MAX)
		return RC_CONFLICT;
	if (s->list.len >= STRINGS_MAX || s->arena.total + bytes_of(what) > STRINGS_BYTES_MAX)
		return diag_fail(
			why, RC_LIMIT, "more than %d texts, or too long ones", STRINGS_MAX);
	enum rc code = check_expression(what, why);
	if (code)
		return code;
	static const struct indicator none = {};
	const struct indicator *last = s->list.len ? &s->list.at[s->list.len - 1].facts : &none;
	struct indicator f = *what;
	f.id = keep(s, what->id, last->id);
	f.name = keep(s, what->name, last->name);
	f.pattern = keep(s, what->pattern, last->pattern);
	f.party = keep(s, what->party, last->party);
	f.memo = keep(s, what->memo, last->memo);
	f.tlp = keep(s, what->tlp, last->tlp);
	f.about.value = arena_dup(&s->arena, what->about.value);
	uint32_t *slot = same_slot(s, what),
		 *first = &s->bucket[hash_id(s, f.id) & (s->buckets - 1)];
	*slot = (uint32_t)s->list.len;
	*vec_add(&s->list) = (struct string){.facts = f, .next_id = *first};
	*first = *slot;
	s->armed++;
	s->expressions += f.text.form == FORM_MATCHES;
	s->version++;
	return RC_OK;
}

size_t
strings_revoke(struct strings *s, struct span id)
{
	size_t count = 0;
	if (!s->buckets || !id.len)
		return 0;
	for (uint32_t i = s->bucket[hash_id(s, id) & (s->buckets - 1)]; i != UINT32_MAX;
		i = s->list.at[i].next_id) {
		struct string *one = &s->list.at[i];
		if (one->dead || !span_eq(one->facts.id, id))
			continue;
		one->dead = true;
		s->armed--;
		s->expressions -= one->facts.text.form == FORM_MATCHES;
		count++;
	}
	s->version += count > 0;
	return count;
}

bool
strings_find(const struct strings *s, struct span id, struct span pattern, struct indicator *out)
{
	uint32_t i = s->buckets ? s->bucket[hash_id(s, id) & (s->buckets - 1)] : UINT32_MAX;
	for (; i != UINT32_MAX; i = s->list.at[i].next_id) {
		const struct string *one = &s->list.at[i];
		if (one->dead || !span_eq(one->facts.id, id) ||
			!span_eq(one->facts.pattern, pattern))
			continue;
		*out = one->facts;
		return true;
	}
	return false;
}

struct strings_counts
strings_counts(const struct strings *s)
{
	return (struct strings_counts){s->armed, s->expressions, s->gate ? s->gate->bare.len : 0};
}

size_t
strings_length(const struct strings *s)
{
	return s->list.len;
}

struct indicator
strings_get(const struct strings *s, uint32_t index)
{
	struct indicator made = s->list.at[index].facts;
	made.revoked = s->list.at[index].dead;
	return made;
}

void
strings_ready(struct strings *s)
{
	if (s->gate_version == s->version)
		return;
	drop_gates(s);
	s->gate = gate_new(s);
	s->gate_version = s->version;
}
