/* An expression in the first line, a text behind it: where it matches, what must be there is there. */
#include <string.h>

#include "base/must.h"
#include "match/literal.h"
#include "pattern/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
holds(struct span text, struct span piece)
{
	for (size_t at = 0; at + piece.len <= text.len; at++)
		if (span_eq_fold(span_sub(text, at, piece.len), piece))
			return true;
	return false;
}

static void
check(const struct literals *all, struct span text)
{
	bool some = all->len == 0;
	for (size_t i = 0; i < all->len; i++)
		some |= holds(text, all->at[i]);
	for (size_t i = 0; i < all->alsos; i++)
		some &= holds(text, all->also[i]);
	must(some);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { EXPRESSION = 256, TEXT = 512 };
	own_arena struct arena a = {};
	struct literals all;
	struct regex *regex = NULL;
	struct span text = {(const char *)data, size}, expression;
	if (!span_cut(&text, '\n', &expression) || expression.len > EXPRESSION || text.len > TEXT)
		return 0;
	for (enum pattern_property p = PROPERTY_NONE; p < PROPERTIES; p++) {
		literal_of(FORM_LIKE, p, expression, NULL, &a, &all);
		literal_of(FORM_EQUAL, p, expression, NULL, &a, &all);
		literal_of(FORM_MATCHES, p, expression, NULL, &a, &all);
		for (size_t i = 0; i < all.len; i++)
			must(all.at[i].len >= LITERAL_SHORTEST && all.at[i].len <= LITERAL_LONGEST);
	}
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] >= 0x80)
			return 0; /* letters that are equal to some of ASCII but for case */
	literal_of(FORM_MATCHES, PROPERTY_NONE, expression, NULL, &a, &all);
	if (!span_is_utf8(expression) || regex_new(expression, REGEX_TEXT, &regex, NULL))
		return 0;
	if (regex_search(regex, text, NULL) == RC_OK)
		check(&all, text);
	regex_free(regex);
	return 0;
}
