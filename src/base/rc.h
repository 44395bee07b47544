#pragma once
/*
 * Result codes and diagnoses. A code tells the caller what to do; a diagnosis tells a person where,
 * what and what to do next. Zero is success. On failure outputs are untouched unless a header says
 * so.
 */
#include "base/span.h"

enum [[nodiscard]] rc{
	RC_OK = 0, RC_NONE, /* not there: no such thing, or the end */
	RC_BAD,		    /* malformed or forbidden input; the input's author must change it */
	RC_LIMIT,	    /* larger, deeper or longer than we accept */
	RC_DENIED,	    /* this party or user may not */
	RC_CONFLICT,	    /* contradicts what is there */
	RC_AGAIN,   /* not now: busy, timed out, unreachable; the same call may succeed later */
	RC_FULL,    /* no space left; nothing was half written */
	RC_IO,	    /* the system failed us: files, sockets, database */
	RC_NEWER,   /* made by a newer version than this */
	RC_UNKNOWN, /* well formed, but nothing we understand */
};

struct diag {
	char where[160]; /* file, line, column, JSON path, object id: what applies */
	char what[320];
	char todo[256]; /* empty where there is nothing to advise */
};

/* Stable lower-case word for a code: "ok", "none", "bad", ... */
const char *rc_word(enum rc code);

/* Each fills its part (printf form) and leaves the others; why may be NULL. */
void diag_where(struct diag *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
void diag_what(struct diag *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
void diag_todo(struct diag *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * Sets `what` and is `code`, so that a refusal is one statement:
 *     return diag_fail(why, RC_BAD, "%s is no hash", text);
 * A macro, so that whoever reads the caller, a static analyser too, sees that it fails.
 */
#define diag_fail(why, code, ...) \
	({ \
		enum rc code_ = (code); \
		diag_what((why), __VA_ARGS__); \
		code_; \
	})
