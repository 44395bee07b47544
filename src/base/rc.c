#include "base/rc.h"

#include <stdarg.h>
#include <stdio.h>

const char *
rc_word(enum rc code)
{
	static const char *const words[] = {
		[RC_OK] = "ok",
		[RC_NONE] = "none",
		[RC_BAD] = "bad",
		[RC_LIMIT] = "limit",
		[RC_DENIED] = "denied",
		[RC_CONFLICT] = "conflict",
		[RC_AGAIN] = "again",
		[RC_FULL] = "full",
		[RC_IO] = "io",
		[RC_NEWER] = "newer",
		[RC_UNKNOWN] = "unknown",
	};
	return (unsigned)code < sizeof words / sizeof words[0] ? words[code] : "invalid";
}

/* The bytes come from outside as often as not: control bytes would let them write to a terminal. */
__attribute__((format(printf, 3, 0))) static void
put(char *out, size_t size, const char *format, va_list args)
{
	vsnprintf(out, size, format, args);
	for (char *p = out; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
}

void
diag_where(struct diag *why, const char *format, ...)
{
	if (!why)
		return;
	va_list args;
	va_start(args, format);
	put(why->where, sizeof why->where, format, args);
	va_end(args);
}

void
diag_what(struct diag *why, const char *format, ...)
{
	if (!why)
		return;
	va_list args;
	va_start(args, format);
	put(why->what, sizeof why->what, format, args);
	va_end(args);
}

void
diag_todo(struct diag *why, const char *format, ...)
{
	if (!why)
		return;
	va_list args;
	va_start(args, format);
	put(why->todo, sizeof why->todo, format, args);
	va_end(args);
}
