#pragma once
/*
 * Indicators as people write them: one a line, often defanged so that nobody clicks. Pure
 * functions.
 */
#include "obs/obs.h"

/*
 * Reads one line of a list: blanks trimmed, "#", ";" and "//" comments, quotes and a trailing comma
 * dropped, words of what it is ("domain: evil.example", "ja3:...") obeyed, defanging undone, kind
 * detected. A comment may follow the value after a blank. RC_NONE: nothing on it (blank or
 * comment); RC_UNKNOWN: something, but nothing we know; RC_BAD: malformed.
 */
enum rc obs_line(struct span line, struct arena *a, struct observable *out, struct diag *why);

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
