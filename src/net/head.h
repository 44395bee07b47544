#pragma once
/*
 * What a request's head must look like before anybody acts on it (RFC 9110, 9112): the rules that
 * keep two readers of one stream from seeing different requests. Everything borrows from the
 * caller's bytes. Pure functions; any thread.
 */
#include "base/arena.h"
#include "base/rc.h"

struct head_field {
	struct span name, value;
};

struct head {
	struct span method, target, version;
	const struct head_field *fields;
	size_t len;
};

struct framing {
	bool chunked;
	bool has_length;
	uint64_t length;
	bool expects; /* Expect: 100-continue: the client sends its body only when told to */
};

/* A request target cut into its parts. */
struct target {
	struct span raw_path, path; /* path is decoded, from the arena where it differs */
	struct span query;	    /* raw; ptr NULL where the target has no "?" */
};

/*
 * 0 when the head is sound, else the status to refuse it with (400, 417, 501, 505) and why in one
 * line: Content-Length with Transfer-Encoding or repeated, codings other than "chunked",
 * Transfer-Encoding in HTTP/1.0, Host missing or repeated in HTTP/1.1, names that are no tokens,
 * control bytes in values.
 */
unsigned head_check(const struct head *h, struct framing *out, const char **why);
/*
 * Cuts and decodes a request target in origin form, absolute form or "*". 0, or 400 and why:
 * control bytes, blanks, bytes above 0x7e, malformed escapes, an encoded "/", control bytes or bad
 * UTF-8 once decoded, "." and
 * ".." segments, fragments.
 */
unsigned head_target(struct arena *a, struct span text, struct target *out, const char **why);
/*
 * Whether a head that was cut up in place is nothing but its parts: raw runs from the method to
 * behind the empty line, with each line end replaced by two NULs, blanks behind the method and the
 * target and each colon by one. Everything else a tolerant parser skipped shows here as a surplus
 * byte: bare LF, folded lines, blanks before a colon, NUL. The target's own bytes are not looked at
 * (they may be decoded in place), only its place and length.
 */
bool head_layout(struct span raw, const struct head *h);
