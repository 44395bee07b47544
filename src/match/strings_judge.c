/* Whether a field of a record holds a text, as STIX means it. */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/own.h"
#include "match/strings-internal.h"
#include "match/sweep.h"
#include "pattern/nfc.h"
#include "pattern/regex.h"
#include "pattern/wildcard.h"

enum {
	FAILURES_MOST = 3,    /* searches that took too long, of one expression */
	LIKE_WORK = 10000000, /* steps of one */
	WORDS_MOST = 4096,    /* of one line */
	SEEN_LONGEST = 1024,
};

/* What a judge keeps of each text. */
struct judged {
	uint64_t answered, tried; /* in this record; in this field */
	struct regex *regex;	  /* of MATCHES, or of LIKE in lines; made when first needed */
	uint8_t failures;
};

struct strings_judge {
	const struct strings *strings;
	const struct vscan_cache *cache;
	uint64_t birth, version; /* of the strings, for which all this is */
	struct judged *of;
	size_t count;
	uint64_t record, field;
	bool plain;		      /* every text is compared with every field */
	struct string_shards *shards; /* NULL until there are expressions */
	struct strings_trouble trouble;
	struct arena arena; /* of one field */
};

/* A field under work. */
struct trial {
	struct strings_judge *judge;
	const struct gate *gate;
	struct span value;
	struct string_use use;
	struct arena *arena;
	struct match_answers *out;
	uint32_t index;
	const struct indicator *what;
	struct judged *judged;
	size_t at, len; /* of a match */
};

struct strings_judge *
strings_judge_new(const struct strings *s, const struct vscan_cache *cache)
{
	struct strings_judge *j = mem_new(sizeof *j);
	j->strings = s;
	j->birth = s->birth;
	j->cache = cache;
	j->plain = !sweep_is_wanted();
	return j;
}

bool
strings_judge_is_of(const struct strings_judge *j, const struct strings *s)
{
	return j->strings == s && j->birth == s->birth;
}

static void
forget(struct strings_judge *j)
{
	for (size_t i = 0; i < j->count; i++)
		regex_free(j->of[i].regex);
	free(j->of);
	j->of = NULL;
	j->count = 0;
}

void
strings_judge_free(struct strings_judge **p)
{
	struct strings_judge *j = *p;
	*p = NULL;
	if (!j)
		return;
	forget(j);
	string_shards_free(&j->shards);
	arena_fini(&j->arena);
	free(j);
}

struct strings_trouble
strings_trouble(const struct strings_judge *j)
{
	return j->trouble;
}

/* Room for what was added since; numbers stay. */
static void
catch_up(struct strings_judge *j)
{
	size_t count = j->strings->list.len;
	if (j->version == j->strings->version)
		return;
	j->version = j->strings->version;
	if (count > j->count) {
		j->of = mem_grow(j->of, count, sizeof *j->of);
		memset(j->of + j->count, 0, (count - j->count) * sizeof *j->of);
		j->count = count;
	}
	if (j->plain || !j->strings->expressions)
		return;
	if (!j->shards)
		j->shards = string_shards_new(j->strings, j->cache);
	string_shards_catch_up(j->shards);
}

size_t
strings_judge_compile(struct strings_judge *j)
{
	catch_up(j);
	return j->shards ? string_shards_compile(j->shards) : 0;
}

void
strings_begin(struct strings_judge *j)
{
	catch_up(j);
	j->record++;
}

/* ---- one text ---- */

static bool
equals(const struct trial *t, struct span text)
{
	struct span wanted = t->what->about.value;
	if (t->what->text.property == PROPERTY_KEY)
		wanted = string_full_key(wanted, t->arena);
	return t->what->text.fold ? span_eq_fold(wanted, text) : span_eq(wanted, text);
}

static void
note_failure(struct trial *t)
{
	struct strings_trouble *trouble = &t->judge->trouble;
	if (++t->judged->failures < FAILURES_MOST)
		return;
	if (!trouble->stopped++)
		trouble->first = t->what->about.value;
}

/* What no text can hold becomes U+FFFD, as it does in what is told of a hit. */
static struct span
mend(struct span text, struct arena *a)
{
	if (span_is_utf8(text))
		return text;
	own_buf struct buf out = {};
	while (text.len) {
		size_t bad = span_utf8_bad(text);
		buf_add(&out, span_sub(text, 0, bad));
		if (bad < text.len)
			buf_add(&out, SPAN("\xef\xbf\xbd"));
		text = span_sub(text, bad + 1, SIZE_MAX);
	}
	return arena_dup(a, buf_span(&out));
}

static bool
searches(struct trial *t, struct span expression, struct span text, size_t *at, size_t *len)
{
	struct judged *j = t->judged;
	bool stays = text.ptr >= t->value.ptr && text.ptr <= t->value.ptr + t->value.len;
	if (j->failures >= FAILURES_MOST)
		return false;
	if (stays && t->judge->shards && t->what->text.form == FORM_MATCHES &&
		!string_shards_may_match(t->judge->shards, t->index, text, t->judge->field))
		return false;
	struct span plain = text_nfc(mend(text, &t->judge->arena), &t->judge->arena);
	if (plain.len > REGEX_SUBJECT_MAX) {
		t->judge->trouble.too_long++;
		return false;
	}
	if (!j->regex && regex_new(expression, REGEX_TEXT, &j->regex, NULL)) {
		j->failures = FAILURES_MOST;
		return false;
	}
	enum rc code = regex_search(j->regex, plain, NULL);
	if (code == RC_LIMIT)
		note_failure(t);
	if (code)
		return false;
	*at = 0;
	*len = text.len;
	if (plain.ptr == text.ptr)
		regex_place(j->regex, at, len);
	return true;
}

static bool
is_like(const struct trial *t, struct span text)
{
	uint64_t work = LIKE_WORK;
	struct span plain = text_nfc(mend(text, &t->judge->arena), &t->judge->arena);
	return wildcard_match(t->what->about.value, plain, &work) == RC_OK;
}

/* One value as a whole, or something in it by an expression. */
static bool
try_subject(struct trial *t, const struct subject *s)
{
	size_t at = 0, len = s->text.len;
	switch (t->what->text.form) {
	case FORM_EQUAL:
		if (!equals(t, s->text))
			return false;
		break;
	case FORM_LIKE:
		if (!is_like(t, s->text))
			return false;
		break;
	case FORM_MATCHES:
		if (!searches(t, t->what->about.value, s->text, &at, &len))
			return false;
		break;
	}
	t->at = s->at == SIZE_MAX ? 0 : s->at + at;
	t->len = s->at == SIZE_MAX ? t->value.len : len;
	return true;
}

static bool
try_value(struct trial *t)
{
	struct subject subjects[SUBJECTS];
	size_t count = string_subjects(t->what->text.property, t->value, t->arena, subjects);
	for (size_t i = 0; i < count; i++)
		if (try_subject(t, &subjects[i]))
			return true;
	return false;
}

/* "^" and "$" of a file's name are the ends of a word that may be a path, too. */
static bool
try_words(struct trial *t)
{
	struct span expression = t->what->about.value, word;
	enum pattern_property property = t->what->text.property;
	size_t at = 0;
	if ((property != PROPERTY_FILE && property != PROPERTY_PROGRAM) ||
		(span_find_byte(expression, '^') == SIZE_MAX &&
			span_find_byte(expression, '$') == SIZE_MAX))
		return false;
	for (unsigned i = 0; i < WORDS_MOST && string_next_word(t->value, &at, &word); i++) {
		struct subject subjects[SUBJECTS];
		size_t from = (size_t)(word.ptr - t->value.ptr),
		       count = string_subjects(property, word, t->arena, subjects);
		for (size_t k = 0; k < count; k++) {
			subjects[k].at += from;
			if (try_subject(t, &subjects[k]))
				return true;
		}
	}
	return false;
}

static bool
try_text(struct trial *t)
{
	struct subject whole = {t->value, 0};
	switch (t->what->text.form) {
	case FORM_EQUAL: return string_in_text(t->what, t->value, t->arena, &t->at, &t->len);
	case FORM_LIKE:
		return searches(
			t, string_like_in_text(t->what, t->arena), t->value, &t->at, &t->len);
	case FORM_MATCHES: break;
	}
	return try_subject(t, &whole) || try_words(t);
}

/* ---- names, URLs, addresses ---- */

enum { FOUND_MOST = 4096 };

static struct span
lower(struct span text, struct arena *a)
{
	char *out = arena_bytes(a, text.len + 1);
	for (size_t i = 0; i < text.len; i++)
		out[i] = ascii_lower(text.ptr[i]);
	return (struct span){out, text.len};
}

/* What was found is compared as it stands there, and with its name in small letters. */
static bool
try_found(struct trial *t, struct span text)
{
	struct subject one = {text, (size_t)(text.ptr - t->value.ptr)};
	if (try_subject(t, &one))
		return true;
	struct subject small = one;
	small.text = lower(text, t->arena);
	if (span_eq(small.text, text))
		return false;
	bool is = try_subject(t, &small);
	t->at = one.at;
	t->len = text.len;
	return is;
}

static bool
try_observable(struct trial *t, const struct found *f)
{
	struct span raw;
	enum found_coding coding;
	bool address = f->kind == OBS_IPV4 || f->kind == OBS_IPV6;
	struct span whole = span_sub(t->value, f->at, f->len);
	switch (t->what->text.property) {
	case PROPERTY_DOMAIN: return f->kind == OBS_DOMAIN && try_found(t, whole);
	case PROPERTY_ADDRESS: return address && try_found(t, whole);
	case PROPERTY_URL:
		return (address || f->kind == OBS_DOMAIN) &&
		       found_url(t->value, f, &raw, &coding) && try_found(t, raw);
	case PROPERTY_EMAIL:
		for (unsigned nth = 0; nth < 2; nth++)
			if ((address || f->kind == OBS_DOMAIN) &&
				found_email(t->value, f, nth, &raw) && try_found(t, raw))
				return true;
		return false;
	default: return false;
	}
}

static bool
try_observables(struct trial *t)
{
	struct extract it;
	struct found found;
	extract_init(&it, t->value, t->arena);
	for (unsigned i = 0; i < FOUND_MOST && extract_next(&it, &found); i++)
		if (try_observable(t, &found))
			return true;
	return false;
}

/* ---- which texts are tried ---- */

static void
answer(struct trial *t)
{
	static const enum hit_match match[] = {
		[FORM_EQUAL] = HIT_EXACT, [FORM_LIKE] = HIT_PATTERN, [FORM_MATCHES] = HIT_REGEX};
	struct span seen = span_sub(t->value, t->at, t->len);
	seen = span_sub(seen, 0, SEEN_LONGEST);
	t->judged->answered = t->judge->record;
	*vec_add(t->out) = (struct match_answer){
		.item = t->index | STRING_ITEM,
		.match = match[t->what->text.form],
		.seen = {OBS_TEXT, arena_dup(t->arena, seen)},
		.at = t->at,
		.len = t->len,
	};
}

static void
try_one(struct trial *t, uint32_t index, bool part)
{
	const struct string *s = &t->judge->strings->list.at[index];
	t->index = index;
	t->what = &s->facts;
	t->judged = &t->judge->of[index];
	uint32_t bit = UINT32_C(1) << t->what->text.property;
	if (s->dead || t->judged->answered == t->judge->record ||
		t->judged->tried == t->judge->field)
		return;
	t->judged->tried = t->judge->field;
	bool is = false;
	if (t->use.value & bit)
		is = try_value(t);
	if (!is && !part && (t->use.text & bit))
		is = pattern_property_is_observable(t->what->text.property) ? try_observables(t)
									    : try_text(t);
	if (is)
		answer(t);
}

static void
try_owners(struct trial *t, uint32_t piece, bool part)
{
	const struct gate *g = t->gate;
	size_t end = piece + 1 < g->pieces.len ? g->pieces.at[piece + 1].owner : g->owner.len;
	for (size_t i = g->pieces.at[piece].owner; i < end; i++)
		if (gate_fits(g, g->owner.at[i], t->value))
			try_one(t, g->owner.at[i], part);
}

static void
try_all(struct trial *t, bool part)
{
	for (uint32_t i = 0; i < t->judge->count; i++)
		try_one(t, i, part);
}

static void
try_likely(struct trial *t, bool part)
{
	const struct gate *g = t->gate;
	struct gate_place p = {.mark = GATE_NONE};
	if (g->folds && gate_has_odd_letter(t->value)) {
		try_all(t, part);
		return;
	}
	for (size_t i = 0; i < g->bare.len; i++)
		try_one(t, g->bare.at[i], part);
	while (gate_next(g, t->value, &p))
		try_owners(t, p.piece, part);
}

void
strings_field(struct strings_judge *j, const struct field *f, struct span value, struct arena *a,
	struct match_answers *out)
{
	struct trial t = {.judge = j,
		.gate = gate_of(j->strings),
		.value = value,
		.use = string_use(f),
		.arena = a,
		.out = out};
	/* A field before it holds a part's bytes as text. */
	if (f->part && !t.use.value)
		return;
	j->field++;
	arena_reset(&j->arena);
	if (j->plain)
		try_all(&t, f->part);
	else
		try_likely(&t, f->part);
}
