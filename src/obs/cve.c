#include "obs/cve.h"

#include "base/ascii.h"

enum { YEAR = 4, NUMBER = 9, SHORTEST = 4, MOST = 19 };

size_t
cve_length(struct span text)
{
	if (text.len < NUMBER + SHORTEST || !span_eq_fold(span_sub(text, 0, 3), SPAN("cve")))
		return 0;
	char mark = text.ptr[3];
	if ((mark != '-' && mark != '_') || text.ptr[NUMBER - 1] != mark)
		return 0;
	for (size_t i = YEAR; i < NUMBER - 1; i++)
		if (!ascii_is_digit(text.ptr[i]))
			return 0;
	size_t end = NUMBER;
	while (end < text.len && end <= NUMBER + MOST && ascii_is_digit(text.ptr[end]))
		end++;
	size_t digits = end - NUMBER;
	/* Zeros only fill up to four. */
	bool padded = digits > SHORTEST && text.ptr[NUMBER] == '0';
	return digits < SHORTEST || digits > MOST || padded ? 0 : end;
}

size_t
cve_normalize(struct span text, char out[static CVE_LONGEST])
{
	size_t len = cve_length(text);
	if (len != text.len)
		return 0;
	for (size_t i = 0; i < len; i++) {
		char c = text.ptr[i];
		out[i] = ascii_is_digit(c) ? c : (char)(c & ~0x20);
	}
	for (size_t i = 3; len && i < NUMBER; i += NUMBER - 1 - 3)
		out[i] = '-';
	return len;
}
