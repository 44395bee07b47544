#include "stix/lang.h"

#include "base/ascii.h"
#include "stix/table-internal.h"

/* Irregular and regular tags of old that the grammar below would refuse, or take for something
 * else. */
static const char *const grandfathered[] = {"en-gb-oed", "i-ami", "i-bnn", "i-default",
	"i-enochian", "i-hak", "i-klingon", "i-lux", "i-mingo", "i-navajo", "i-pwn", "i-tao",
	"i-tay", "i-tsu", "sgn-be-fr", "sgn-be-nl", "sgn-ch-de", "art-lojban", "cel-gaulish",
	"no-bok", "no-nyn", "zh-guoyu", "zh-hakka", "zh-min", "zh-min-nan", "zh-xiang"};

static bool
is_alpha(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alpha(s.ptr[i]))
			return false;
	return true;
}

static bool
is_alnum(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_alnum(s.ptr[i]))
			return false;
	return true;
}

static bool
is_digits(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!ascii_is_digit(s.ptr[i]))
			return false;
	return true;
}

/* The parts of a langtag in their order; what a subtag may be depends on what stood before. */
enum stage { LANGUAGE, EXTLANG, SCRIPT, REGION, VARIANT, EXTENSION, PRIVATE };

struct state {
	enum stage stage;
	unsigned extlangs;
	bool wants;	      /* a singleton needs at least one subtag */
	uint64_t singles;     /* those that stood before, by their letter or digit */
	struct span variants; /* from the first to the end of the last */
};

/* Whether the registry has it, or reserves it for private use from `first` to `last`. */
static bool
is_registered(struct span sub, const struct stix_words *words, const char *first, const char *last)
{
	char lower[8];
	if (sub.len > sizeof lower)
		return false;
	for (size_t i = 0; i < sub.len; i++)
		lower[i] = ascii_lower(sub.ptr[i]);
	struct span low = {lower, sub.len};
	return stix_words_have(words, low) ||
	       (span_cmp(low, span_of(first)) >= 0 && span_cmp(low, span_of(last)) <= 0);
}

static bool
is_language(struct span sub)
{
	return is_registered(sub, &stix_words_language_subtags, "qaa", "qtz");
}

static bool
is_script(struct span sub)
{
	return sub.len == 4 && is_alpha(sub) &&
	       is_registered(sub, &stix_words_language_scripts, "qaaa", "qabx");
}

static bool
is_region(struct span sub)
{
	return ((sub.len == 2 && is_alpha(sub)) || (sub.len == 3 && is_digits(sub))) &&
	       (is_registered(sub, &stix_words_language_regions, "qm", "qz") ||
		       is_registered(sub, &stix_words_language_regions, "xa", "xz"));
}

/* RFC 5646 section 2.2.9: registered, and none stands twice. */
static bool
take_variant(struct state *s, struct span sub)
{
	struct span rest = s->variants, before;
	if (!(sub.len >= 5 || (sub.len == 4 && ascii_is_digit(sub.ptr[0]))) ||
		!is_registered(sub, &stix_words_language_variants, "~", ""))
		return false;
	while (rest.ptr && span_cut(&rest, '-', &before))
		if (span_eq_fold(before, sub))
			return false;
	const char *from = s->variants.ptr ? s->variants.ptr : sub.ptr;
	s->variants = (struct span){from, (size_t)(sub.ptr + sub.len - from)};
	s->stage = VARIANT;
	return true;
}

/* The letter or digit that opens an extension or what is private; each once. */
static bool
take_single(struct state *s, char c)
{
	char low = ascii_lower(c);
	uint64_t bit = UINT64_C(1) << (ascii_is_digit(low) ? low - '0' + 26 : low - 'a');
	if (s->wants || s->singles & bit)
		return false;
	s->singles |= bit;
	s->stage = low == 'x' ? PRIVATE : EXTENSION;
	s->wants = true;
	return true;
}

static bool
take_subtag(struct state *s, struct span sub)
{
	if (s->stage == PRIVATE) {
		s->wants = false;
		return true;
	}
	if (sub.len == 1)
		return take_single(s, sub.ptr[0]);
	if (s->stage == EXTENSION) {
		s->wants = false;
		return true;
	}
	if (s->stage <= EXTLANG && s->extlangs < 3 &&
		is_registered(sub, &stix_words_language_extlangs, "~", "")) {
		s->stage = EXTLANG;
		s->extlangs++;
		return true;
	}
	if (s->stage < SCRIPT && is_script(sub)) {
		s->stage = SCRIPT;
		return true;
	}
	if (s->stage < REGION && is_region(sub)) {
		s->stage = REGION;
		return true;
	}
	return s->stage <= VARIANT && take_variant(s, sub);
}

bool
lang_is_tag(struct span tag)
{
	struct span rest = tag, sub;
	struct state s = {};
	for (size_t i = 0; i < sizeof grandfathered / sizeof grandfathered[0]; i++)
		if (span_eq_fold(tag, span_of(grandfathered[i])))
			return true;
	if (!tag.len || !span_cut(&rest, '-', &sub))
		return false;
	if (sub.len == 1 && ascii_lower(sub.ptr[0]) == 'x')
		s = (struct state){.stage = PRIVATE, .wants = true};
	else if (!is_language(sub))
		return false;
	while (span_cut(&rest, '-', &sub))
		if (sub.len < 1 || sub.len > 8 || !is_alnum(sub) || !take_subtag(&s, sub))
			return false;
	return !s.wants;
}
