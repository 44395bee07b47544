#include "stix/lang.h"

#include "base/ascii.h"

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
	bool wants; /* a singleton needs at least one subtag */
};

static bool
is_variant(struct span sub)
{
	return sub.len >= 5 || (sub.len == 4 && ascii_is_digit(sub.ptr[0]));
}

static bool
take_subtag(struct state *s, struct span sub)
{
	if (s->stage == PRIVATE) {
		s->wants = false;
		return true;
	}
	if (sub.len == 1) {
		if (s->wants)
			return false;
		s->stage = ascii_lower(sub.ptr[0]) == 'x' ? PRIVATE : EXTENSION;
		s->wants = true;
		return true;
	}
	if (s->stage == EXTENSION) {
		s->wants = false;
		return true;
	}
	if (s->stage <= EXTLANG && sub.len == 3 && is_alpha(sub) && s->extlangs < 3) {
		s->stage = EXTLANG;
		s->extlangs++;
		return true;
	}
	if (s->stage < SCRIPT && sub.len == 4 && is_alpha(sub)) {
		s->stage = SCRIPT;
		return true;
	}
	if (s->stage < REGION &&
		((sub.len == 2 && is_alpha(sub)) || (sub.len == 3 && is_digits(sub)))) {
		s->stage = REGION;
		return true;
	}
	if (s->stage <= VARIANT && is_variant(sub)) {
		s->stage = VARIANT;
		return true;
	}
	return false;
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
	else if (sub.len < 2 || sub.len > 8 || !is_alpha(sub))
		return false;
	else if (sub.len > 3)
		s = (struct state){.stage = EXTLANG, .extlangs = 3};
	while (span_cut(&rest, '-', &sub))
		if (sub.len < 1 || sub.len > 8 || !is_alnum(sub) || !take_subtag(&s, sub))
			return false;
	return !s.wants;
}
