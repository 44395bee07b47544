#include "pattern/hash_length.h"

#include <string.h>

#include "base/ascii.h"
#include "base/mutant.h"

static const struct algorithm {
	struct span name; /* without hyphens, upper case */
	uint16_t digits;  /* hexadecimal; 0: MD6 of any of its lengths; 1: ssdeep */
} algorithms[] = {
	{SPAN("MD5"), 32},
	{SPAN("MD6"), 0},
	{SPAN("RIPEMD160"), 40},
	{SPAN("SHA1"), 40},
	{SPAN("SHA224"), 56},
	{SPAN("SHA256"), 64},
	{SPAN("SHA384"), 96},
	{SPAN("SHA512"), 128},
	{SPAN("SHA3224"), 56},
	{SPAN("SHA3256"), 64},
	{SPAN("SHA3384"), 96},
	{SPAN("SHA3512"), 128},
	{SPAN("SSDEEP"), 1},
	{SPAN("WHIRLPOOL"), 128},
};

/* The algorithm whatever the case and the hyphens: "sha256", "SHA-256". */
static const struct algorithm *
algorithm_find(struct span key)
{
	char name[16];
	size_t len = 0;
	for (size_t i = 0; i < key.len; i++) {
		if (key.ptr[i] == '-')
			continue;
		if (len == sizeof name)
			return NULL;
		name[len++] = ascii_upper(key.ptr[i]);
	}
	for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
		if (span_eq(algorithms[i].name, (struct span){name, len}))
			return &algorithms[i];
	return NULL;
}

static bool
is_ssdeep(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (!ascii_is_alnum(c) && c != '/' && c != '+' && c != ':' && c != '.')
			return false;
	}
	return s.len >= 1 && s.len <= 128;
}

static bool
is_digest(struct span s, unsigned digits)
{
	static const uint16_t md6[] = {32, 40, 56, 64, 96, 128};
	if (digits == 1)
		return is_ssdeep(s);
	bool fits = digits && s.len == digits;
	for (size_t i = 0; !digits && i < sizeof md6 / sizeof md6[0]; i++)
		fits |= s.len == md6[i];
	static const bool hex[256] = {
		['0' ... '9'] = true, ['A' ... 'F'] = true, ['a' ... 'f'] = true};
	for (size_t i = 0; fits && i < s.len; i++)
		fits = hex[(unsigned char)s.ptr[i]];
	return fits;
}

enum rc
hash_length_check(const struct pattern_test *test, size_t *at, struct diag *why)
{
	if (test->op != PATTERN_EQ && test->op != PATTERN_NE && test->op != PATTERN_IN)
		return RC_OK;
	bool hashes = false;
	const struct pattern_step *last = NULL;
	for (const struct pattern_step *step = test->path.steps; step; step = step->next) {
		if (step->kind == PATTERN_KEY && step->key.len == 6 &&
			!memcmp(step->key.ptr, "hashes", 6))
			hashes = true;
		last = step;
	}
	if (!hashes || last->kind != PATTERN_KEY)
		return RC_OK;
	const struct algorithm *algorithm = algorithm_find(last->key);
	if (!algorithm)
		return RC_OK;
	for (const struct pattern_const *c = test->constants; c; c = c->next) {
		if (mutant(1642) ||
			(c->type == PATTERN_STRING && is_digest(c->text, algorithm->digits)))
			continue;
		*at = c->at;
		if (algorithm->digits > 1)
			return diag_fail(why, RC_BAD, "%.*s is a string of %u hexadecimal digits",
				(int)last->key.len, last->key.ptr, algorithm->digits);
		return diag_fail(
			why, RC_BAD, "this is no %.*s value", (int)last->key.len, last->key.ptr);
	}
	return RC_OK;
}
