#pragma once
/*
 * Indicators as people write them: one a line, often defanged so that nobody clicks. Pure
 * functions.
 */
#include "obs/obs.h"

/* Values of a line, in the arena it was read with. */
struct obs_list {
	struct observable *at;
	size_t len;
};

/*
 * Reads one line of a list as lists occur: blanks trimmed, "#", ";", "!" and "//" comments, bullets,
 * quotes and a trailing comma dropped, words of what it is ("domain: evil.example", "ja3:...", "deny
 * ...") obeyed, defanging undone, kind detected. Several values in a row are all meant, parted by blanks,
 * commas, semicolons or bars; the first word or field that is none ends them, and what follows it is a
 * comment. Beside anything else a CVE is not meant. Between separators what stands before the first value is passed over (a date). Beside a
 * digest only digests are meant, and nowhere the name of a file. Also a hosts file's line with all its
 * names, an ad blocker's "||evil.example^", dnsmasq's and unbound's blocks, and "192.0.2.0-192.0.2.9",
 * "192.0.2.*" and network masks as the networks that make them up. RC_OK: one value or more; RC_NONE:
 * nothing on it (blank or comment); RC_UNKNOWN: something, but nothing we know, or every address there
 * is; RC_BAD: malformed; RC_LIMIT: too long or more than 256 values.
 */
enum rc obs_line(struct span line, struct arena *a, struct obs_list *out, struct diag *why);
/* The same for a cell of a table: RC_UNKNOWN too where it is several values. */
enum rc obs_value(struct span text, struct arena *a, struct observable *out, struct diag *why);

/*
 * Undoes defanging: hxxp, h**p, hXXp, meow before a colon; [.] (.) {.} [dot] (dot) and the
 * backslash before a dot; [:] [://] [/]; [at] (at) [@]. Returns the text itself where nothing is
 * defanged, else a copy, never longer.
 */
struct span obs_refang(struct span text, struct arena *a);
/*
 * One step of that: looks at text[*at], says which single byte or short run it stands for in `out`
 * (1 to 8 bytes, their number returned) and moves *at behind it.
 */
size_t obs_refang_step(struct span text, size_t *at, char out[static 8]);

/*
 * Where that may change anything, in the bytes of a log as they stand, whose reader may undo a backslash
 * before a slash: a value in which no sign stands is its own refanging. Other escapes of a sign's bytes are the
 * caller's. Whether what stands around text[at] is a sign that is looked for by this byte.
 */
bool obs_refang_is_sign(struct span text, size_t at);
/* Whether that may be, by this byte and the next. */
bool obs_refang_may_begin(char c, char next);
/* Whether some sign holds this byte. */
bool obs_refang_has_byte(char c);
