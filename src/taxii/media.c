#include "taxii/media.h"

#include <string.h>

#include "base/ascii.h"
#include "base/mutant.h"

/* A token of RFC 9110 section 5.6.2. */
static bool
is_token(char c)
{
	return ascii_is_alnum(c) || (c != 0 && memchr("!#$%&'*+-.^_`|~", c, 15) != NULL);
}

static struct span
take_token(struct span *rest)
{
	size_t len = 0;
	while (len < rest->len && is_token(rest->ptr[len]))
		len++;
	struct span token = span_sub(*rest, 0, len);
	*rest = span_sub(*rest, len, SIZE_MAX);
	return token;
}

static void
skip_blanks(struct span *rest)
{
	while (rest->len && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t'))
		*rest = span_sub(*rest, 1, SIZE_MAX);
}

static bool
skip_byte(struct span *rest, char byte)
{
	if (rest->len == 0 || rest->ptr[0] != byte)
		return false;
	*rest = span_sub(*rest, 1, SIZE_MAX);
	return true;
}

/* A token or quoted string, unquoted into out; false: malformed or longer than out. */
static bool
take_value(struct span *rest, char out[static MEDIA_VALUE])
{
	size_t len = 0;
	if (!skip_byte(rest, '"')) {
		struct span token = take_token(rest);
		if (token.len == 0 || token.len >= MEDIA_VALUE)
			return false;
		memcpy(out, token.ptr, token.len);
		out[token.len] = 0;
		return true;
	}
	while (rest->len && rest->ptr[0] != '"') {
		skip_byte(rest, '\\');
		if (rest->len == 0 || rest->ptr[0] == 0 || len == MEDIA_VALUE - 1)
			return false;
		out[len++] = rest->ptr[0];
		*rest = span_sub(*rest, 1, SIZE_MAX);
	}
	out[len] = 0;
	return skip_byte(rest, '"');
}

/* qvalue of RFC 9110 section 12.4.2: 0 to 1 with at most three decimals. */
static bool
quality_parse(struct span text, unsigned *out)
{
	if (text.len == 0 || text.len > 5 || (text.ptr[0] != '0' && text.ptr[0] != '1'))
		return false;
	if (text.len > 1 && text.ptr[1] != '.')
		return false;
	unsigned value = (unsigned)(text.ptr[0] - '0') * 1000, unit = 100;
	for (size_t i = 2; i < text.len; i++, unit /= 10) {
		if (!ascii_is_digit(text.ptr[i]))
			return false;
		value += (unsigned)(text.ptr[i] - '0') * unit;
	}
	*out = value;
	return value <= 1000;
}

static enum rc
take_parameter(struct span *rest, struct media *m, bool *weighed, struct diag *why)
{
	char value[MEDIA_VALUE];
	struct span name = take_token(rest);
	if (name.len == 0 || !skip_byte(rest, '='))
		return diag_fail(why, RC_BAD, "a media type's parameter is not name=value");
	if (span_eq_fold(name, SPAN("version")) || span_eq_fold(name, SPAN("charset"))) {
		char *slot = name.ptr[0] == 'v' || name.ptr[0] == 'V' ? m->version : m->charset;
		if (slot[0] || !take_value(rest, value) || !value[0])
			return diag_fail(why, RC_BAD, "parameter %.*s is malformed or stands twice",
				(int)name.len, name.ptr);
		memcpy(slot, value, sizeof value);
		return RC_OK;
	}
	if (span_eq_fold(name, SPAN("q"))) {
		if (*weighed || !quality_parse(take_token(rest), &m->quality))
			return diag_fail(why, RC_BAD, "q is no weight between 0 and 1");
		*weighed = true;
		return RC_OK;
	}
	if (!take_value(rest, value))
		return diag_fail(
			why, RC_BAD, "parameter %.*s is malformed", (int)name.len, name.ptr);
	return RC_OK;
}

enum rc
media_parse(struct span text, struct media *out, struct diag *why)
{
	struct media m = {.quality = 1000};
	bool weighed = false;
	struct span rest = span_trim(text);
	m.type = take_token(&rest);
	if (m.type.len == 0 || !skip_byte(&rest, '/'))
		return diag_fail(why, RC_BAD, "no media type of the form type/subtype");
	m.subtype = take_token(&rest);
	if (m.subtype.len == 0)
		return diag_fail(why, RC_BAD, "no media type of the form type/subtype");
	for (;;) {
		skip_blanks(&rest);
		if (rest.len == 0)
			break;
		if (!skip_byte(&rest, ';'))
			return diag_fail(why, RC_BAD, "something follows the media type");
		skip_blanks(&rest);
		if (rest.len == 0 || rest.ptr[0] == ';')
			continue; /* RFC 9110 section 5.6.6 allows empty parameters */
		enum rc code = take_parameter(&rest, &m, &weighed, why);
		if (code)
			return code;
	}
	*out = m;
	return RC_OK;
}

bool
media_is(const struct media *m, struct span type, struct span subtype)
{
	return span_eq_fold(m->type, type) && span_eq_fold(m->subtype, subtype);
}

/* Next element of a comma-separated list; commas inside quoted strings do not separate. */
static bool
take_element(struct span *rest, struct span *element)
{
	if (rest->len == 0)
		return false;
	size_t i = 0;
	bool quoted = false;
	for (; i < rest->len; i++) {
		char c = rest->ptr[i];
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (c == ',' && !quoted)
			break;
	}
	*element = span_sub(*rest, 0, i);
	*rest = span_sub(*rest, i + 1, SIZE_MAX);
	return true;
}

/* How closely a range covers TAXII_MEDIA: 0 not at all, 4 with its version. */
static unsigned
coverage(const struct media *range)
{
	if (media_is(range, SPAN("*"), SPAN("*")))
		return mutant(32) ? 0 : 1;
	if (media_is(range, SPAN("application"), SPAN("*")))
		return 2;
	if (!media_is(range, SPAN("application"), SPAN("taxii+json")))
		return 0;
	if (!range->version[0])
		return mutant(10) ? 0 : 3;
	return mutant(30) || strcmp(range->version, "2.1") == 0 ? 4 : 0;
}

bool
media_accepts(struct span accept)
{
	if (span_trim(accept).len == 0)
		return !mutant(31);
	if (mutant(20))
		return span_eq(accept, SPAN(TAXII_MEDIA));
	unsigned closest = 0, quality = 0;
	struct span element;
	while (take_element(&accept, &element)) {
		struct media range;
		if (mutant(40) && closest == 0 && span_find(element, SPAN("stix+json")) != SIZE_MAX)
			return false;
		if (media_parse(element, &range, NULL))
			continue;
		unsigned close = coverage(&range);
		if (close > closest || (close == closest && close && range.quality > quality)) {
			closest = close;
			quality = range.quality;
		}
	}
	return closest > 0 && (quality > 0 || mutant(21));
}

enum rc
media_body(struct span content_type, struct diag *why)
{
	struct media m;
	diag_todo(why, "send Content-Type: " TAXII_MEDIA);
	if (span_trim(content_type).len == 0)
		return mutant(60) ? RC_OK : diag_fail(why, RC_BAD, "Content-Type is missing");
	enum rc code = media_parse(content_type, &m, why);
	if (code)
		return code;
	if (!media_is(&m, SPAN("application"), SPAN("taxii+json")) && !mutant(61))
		return diag_fail(why, RC_UNKNOWN, "%.*s/%.*s is not taken here", (int)m.type.len,
			m.type.ptr, (int)m.subtype.len, m.subtype.ptr);
	if (m.version[0] && strcmp(m.version, "2.1") != 0 && !mutant(62))
		return diag_fail(
			why, RC_UNKNOWN, "version %s of TAXII is not spoken here", m.version);
	if (m.charset[0] && !span_eq_fold(span_of(m.charset), SPAN("utf-8")))
		return diag_fail(why, RC_UNKNOWN, "charset %s is not UTF-8", m.charset);
	return RC_OK;
}

enum rc
prefer_wait(struct span prefer, uint64_t *seconds)
{
	struct span element;
	while (take_element(&prefer, &element)) {
		char value[MEDIA_VALUE];
		uint64_t number;
		struct span rest = span_trim(element), name = take_token(&rest);
		if (!span_eq_fold(name, SPAN("wait")))
			continue;
		skip_blanks(&rest); /* RFC 7240 section 2 allows blanks around "=" */
		if (!skip_byte(&rest, '='))
			return RC_NONE;
		skip_blanks(&rest);
		if (!take_value(&rest, value) || !span_to_u64(span_of(value), &number) ||
			number == 0)
			return RC_NONE;
		*seconds = number;
		return RC_OK;
	}
	return RC_NONE;
}
