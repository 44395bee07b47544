#pragma once
/*
 * What the OASIS validator refuses beyond its grammar: the value of a known hash algorithm that has
 * another length or other digits than that algorithm yields. Any thread.
 */
#include "pattern/syntax.h"

/*
 * Judges a test on a path with a key "hashes" that ends in an algorithm's name, for "=", "!=" and
 * IN (LIKE and MATCHES take parts of a hash). RC_BAD: *at is the constant's byte in the pattern.
 */
enum rc hash_length_check(const struct pattern_test *test, size_t *at, struct diag *why);
