#include "obs/line.h"

#include <string.h>

#include "base/ascii.h"
#include "obs/url.h"

enum { LINE_LONGEST = 64 << 10 };

/* "ja3: ...", "sha256=...", "domain ..." as lists label their entries. */
static const struct {
	struct span word;
	enum obs_kind kind;
} labels[] = {
	{SPAN("ip"), OBS_NONE},
	{SPAN("ipv4"), OBS_NONE},
	{SPAN("ipv6"), OBS_NONE},
	{SPAN("ip-src"), OBS_NONE},
	{SPAN("ip-dst"), OBS_NONE},
	{SPAN("cidr"), OBS_NONE},
	{SPAN("domain"), OBS_DOMAIN},
	{SPAN("hostname"), OBS_DOMAIN},
	{SPAN("host"), OBS_NONE},
	{SPAN("fqdn"), OBS_DOMAIN},
	{SPAN("url"), OBS_URL},
	{SPAN("uri"), OBS_URL},
	{SPAN("email"), OBS_EMAIL},
	{SPAN("mail"), OBS_EMAIL},
	{SPAN("mailto"), OBS_EMAIL},
	{SPAN("md5"), OBS_MD5},
	{SPAN("sha1"), OBS_SHA1},
	{SPAN("sha-1"), OBS_SHA1},
	{SPAN("sha224"), OBS_SHA224},
	{SPAN("sha256"), OBS_SHA256},
	{SPAN("sha-256"), OBS_SHA256},
	{SPAN("sha384"), OBS_SHA384},
	{SPAN("sha512"), OBS_SHA512},
	{SPAN("sha-512"), OBS_SHA512},
	{SPAN("ja3"), OBS_JA3},
	{SPAN("ja3s"), OBS_JA3},
	{SPAN("ja4"), OBS_JA4},
};

/* Cuts a label off; what it says goes into *kind. The value behind "ip:" is detected all the same.
 */
static struct span
drop_label(struct span text, enum obs_kind *kind)
{
	size_t end = 0;
	while (end < text.len && (ascii_is_alnum(text.ptr[end]) || text.ptr[end] == '-'))
		end++;
	if (end == 0 || end == text.len || !strchr(":= \t", text.ptr[end]) || !text.ptr[end])
		return text;
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		if (span_eq_fold(span_sub(text, 0, end), labels[i].word)) {
			struct span rest = span_trim(span_sub(text, end + 1, SIZE_MAX));
			if (rest.len == 0 || rest.ptr[0] == '/')
				return text;
			*kind = labels[i].kind;
			return rest;
		}
	return text;
}

static struct span
drop_quotes(struct span text)
{
	while (text.len && (text.ptr[text.len - 1] == ',' || text.ptr[text.len - 1] == ';'))
		text.len--;
	if (text.len >= 2 && text.ptr[0] == text.ptr[text.len - 1] &&
		(text.ptr[0] == '"' || text.ptr[0] == '\'' || text.ptr[0] == '`'))
		text = span_trim(span_sub(text, 1, text.len - 2));
	if (text.len >= 2 && text.ptr[0] == '<' && text.ptr[text.len - 1] == '>')
		text = span_trim(span_sub(text, 1, text.len - 2));
	return text;
}

/* A hosts file's "0.0.0.0 evil.example": the name is meant. */
static struct span
drop_sink(struct span text)
{
	static const struct span sinks[] = {
		SPAN("0.0.0.0"), SPAN("127.0.0.1"), SPAN("::"), SPAN("::1")};
	for (size_t i = 0; i < sizeof sinks / sizeof *sinks; i++) {
		size_t len = sinks[i].len;
		if (text.len > len && span_starts(text, sinks[i]) &&
			ascii_is_blank(text.ptr[len])) {
			struct span rest = span_trim(span_sub(text, len, SIZE_MAX));
			if (rest.len && rest.ptr[0] != '#')
				return rest;
		}
	}
	return text;
}

enum rc
obs_line(struct span line, struct arena *a, struct observable *out, struct diag *why)
{
	enum obs_kind kind = OBS_NONE;
	if (span_starts(line, SPAN("\xef\xbb\xbf")))
		line = span_sub(line, 3, SIZE_MAX);
	struct span text = span_trim(line);
	if (text.len == 0 || text.ptr[0] == '#' || text.ptr[0] == ';' ||
		span_starts(text, SPAN("//")))
		return RC_NONE;
	if (text.len > LINE_LONGEST)
		return diag_fail(
			why, RC_LIMIT, "a line of %zu bytes, at most %d", text.len, LINE_LONGEST);
	text = drop_sink(drop_label(drop_quotes(text), &kind));
	/* What follows a blank is a comment, a count, a date. */
	for (size_t i = 0; i < text.len; i++)
		if (ascii_is_blank(text.ptr[i])) {
			text.len = i;
			break;
		}
	text = obs_refang(drop_quotes(text), a);
	if (text.len == 0)
		return diag_fail(why, RC_UNKNOWN, "nothing but quotes");
	return kind == OBS_NONE ? obs_detect(text, a, out, why)
				: obs_normalize(kind, text, a, out, why);
}
