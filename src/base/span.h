#pragma once
/*
 * A span is a borrowed run of bytes with its length: the only form in which untrusted bytes travel.
 * It owns nothing and need not end in NUL. Any thread may use these functions.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *ptr;
	size_t len;
};

#define SPAN(literal) ((struct span){"" literal, sizeof(literal) - 1})

/* A C string of our own making (an argument, a column of our own schema), never foreign bytes. */
struct span span_of(const char *text);
/* From byte `from`, at most `len` bytes; clamped to the span. */
struct span span_sub(struct span s, size_t from, size_t len);
bool span_eq(struct span a, struct span b);
/* Equal when ASCII case is ignored. */
bool span_eq_fold(struct span a, struct span b);
/* Byte order, shorter first among equals. */
int span_cmp(struct span a, struct span b);
bool span_starts(struct span s, struct span prefix);
bool span_ends(struct span s, struct span suffix);
/* Without UTF-8's byte order mark, where it begins with one. */
struct span span_without_mark(struct span s);
/* First position of a byte or a needle, SIZE_MAX where absent. */
size_t span_find_byte(struct span s, char byte);
size_t span_find(struct span s, struct span needle);
/* How often a byte occurs. */
size_t span_count(struct span s, char byte);
/* Without ASCII blanks (space, \t, \r, \n, \v, \f) at both ends. */
struct span span_trim(struct span s);
/*
 * Cuts the piece before the first `byte` off *rest into *piece; *rest becomes what follows it.
 * False once *rest is exhausted: "a,b" yields "a", "b"; "a," yields "a", ""; "" yields "".
 * Start with a span whose ptr is not NULL; the end is marked by ptr NULL.
 */
bool span_cut(struct span *rest, char byte, struct span *piece);
/* Whole span as unsigned decimal without sign or blanks; false on anything else or overflow. */
bool span_to_u64(struct span s, uint64_t *out);
/* Whole span as decimal with optional '-'; false on anything else or overflow. */
bool span_to_i64(struct span s, int64_t *out);
/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool span_is_utf8(struct span s);
/* Where the first malformed sequence starts, s.len when there is none. */
size_t span_utf8_bad(struct span s);
/* Copies into `out` of `size` bytes with a NUL, cut where too long. For diagnoses only. */
void span_copy(struct span s, char *out, size_t size);
