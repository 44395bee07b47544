#include "obs/name.h"

#include <idn2.h>
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "base/ascii.h"
#include "base/hash.h"
#include "obs/addr.h"

static bool
is_label_byte(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

/* ASCII, the trailing dot already gone; lower-cased into out, which has room for text.len bytes. */
static enum rc
check_labels(struct span text, char *out, struct diag *why)
{
	size_t label = 0, dots = 0;
	bool letter = false;
	if (text.len > NAME_LONGEST)
		return diag_fail(
			why, RC_BAD, "a name of %zu bytes; %d are allowed", text.len, NAME_LONGEST);
	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && text.ptr[i] != '.') {
			if (!is_label_byte(text.ptr[i]))
				return diag_fail(why, RC_BAD, "byte 0x%02x has no place in a name",
					(unsigned char)text.ptr[i]);
			letter |= ascii_is_alpha(text.ptr[i]);
			out[i] = ascii_lower(text.ptr[i]);
			continue;
		}
		if (i == label)
			return diag_fail(why, RC_BAD, "an empty label in a name");
		if (i - label > LABEL_LONGEST)
			return diag_fail(why, RC_BAD, "a label of %zu bytes; %d are allowed",
				i - label, LABEL_LONGEST);
		if (i < text.len) {
			out[i] = '.';
			label = i + 1;
			dots++;
			letter = false;
		}
	}
	if (!dots)
		return diag_fail(why, RC_BAD, "a name of one label");
	if (!letter)
		return diag_fail(why, RC_BAD, "the last label of a name has no letter");
	return RC_OK;
}

static enum rc
to_ascii(struct span text, struct arena *a, struct span *out, struct diag *why)
{
	/* Longest UTF-8 form of 253 bytes of A-labels, generously. */
	if (text.len > 4 * NAME_LONGEST || memchr(text.ptr, 0, text.len))
		return diag_fail(why, RC_BAD, "a name of %zu bytes", text.len);
	if (!span_is_utf8(text))
		return diag_fail(why, RC_BAD, "a name that is not UTF-8");
	struct span copy = arena_dup(a, text);
	char *ascii = NULL;
	int fault = idn2_to_ascii_8z(copy.ptr, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
	if (fault != IDN2_OK)
		return diag_fail(
			why, RC_BAD, "no internationalized name: %s", idn2_strerror(fault));
	*out = arena_dup(a, span_of(ascii));
	free(ascii);
	return RC_OK;
}

enum rc
name_normalize(struct span text, struct arena *a, struct span *out, struct diag *why)
{
	bool wide = false;
	for (size_t i = 0; i < text.len && !wide; i++)
		wide = (unsigned char)text.ptr[i] >= 0x80;
	if (wide) {
		enum rc code = to_ascii(text, a, &text, why);
		if (code)
			return code;
	}
	if (text.len && text.ptr[text.len - 1] == '.')
		text.len--;
	if (text.len == 0)
		return diag_fail(why, RC_BAD, "an empty name");
	if (text.len > NAME_LONGEST)
		return diag_fail(
			why, RC_BAD, "a name of %zu bytes; %d are allowed", text.len, NAME_LONGEST);
	char *lower = arena_bytes(a, text.len + 1);
	enum rc code = check_labels(text, lower, why);
	if (code)
		return code;
	lower[text.len] = 0;
	*out = (struct span){lower, text.len};
	return RC_OK;
}

bool
name_last_letter(struct span label, uint32_t *code)
{
	char copy[LABEL_LONGEST + 1], *text = NULL;
	if (label.len > LABEL_LONGEST)
		return false;
	span_copy(label, copy, sizeof copy);
	if (idn2_to_unicode_8z8z(copy, &text, 0) != IDN2_OK)
		return false;
	const uint8_t *end = (const uint8_t *)text + strlen(text), *at = end;
	while (at > (const uint8_t *)text && (*--at & 0xc0) == 0x80)
		;
	ucs4_t letter = 0;
	bool wide = at < end && u8_mbtoucr(&letter, at, (size_t)(end - at)) > 0 && letter >= 0x80;
	*code = letter;
	free(text);
	return wide;
}

static bool
is_suffix(struct span name, int types)
{
	char copy[NAME_LONGEST + 1];
	if (name.len > NAME_LONGEST)
		return false;
	span_copy(name, copy, sizeof copy);
	return psl_is_public_suffix2(psl_builtin(), copy, types | PSL_TYPE_NO_STAR_RULE);
}

bool
name_is_public_suffix(struct span name)
{
	return is_suffix(name, PSL_TYPE_ANY);
}

bool
name_is_registry_suffix(struct span name)
{
	return is_suffix(name, PSL_TYPE_ICANN);
}

uint64_t
name_rules(void)
{
	const char *idna = idn2_check_version(NULL);
	uint64_t suffixes = hash64(span_of(psl_builtin_sha1sum()), 0);
	return idna ? hash64(span_of(idna), suffixes) : suffixes;
}

struct span
name_registrable(struct span name)
{
	char copy[NAME_LONGEST + 1];
	if (name.len > NAME_LONGEST)
		return (struct span){};
	span_copy(name, copy, sizeof copy);
	const char *found = psl_registrable_domain(psl_builtin(), copy);
	return found ? span_sub(name, (size_t)(found - copy), SIZE_MAX) : (struct span){};
}

bool
name_is_under(struct span name, struct span above)
{
	if (name.len == above.len || above.len == 0)
		return span_eq(name, above);
	return span_ends(name, above) && name.ptr[name.len - above.len - 1] == '.';
}

bool
name_is_internal(struct span name)
{
	static const struct span inside[] = {
		SPAN("local"),
		SPAN("localhost"),
		SPAN("localdomain"),
		SPAN("internal"),
		SPAN("intranet"),
		SPAN("private"),
		SPAN("corp"),
		SPAN("home"),
		SPAN("lan"),
		SPAN("home.arpa"),
		SPAN("10.in-addr.arpa"),
		SPAN("168.192.in-addr.arpa"),
		SPAN("127.in-addr.arpa"),
		SPAN("254.169.in-addr.arpa"),
		SPAN("d.f.ip6.arpa"),
	};
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
		if (name_is_under(name, inside[i]))
			return true;
	if (!name_is_under(name, SPAN("172.in-addr.arpa")))
		return false;
	for (unsigned i = 16; i < 32; i++) {
		char zone[] = "16.172.in-addr.arpa";
		zone[0] = (char)('0' + i / 10);
		zone[1] = (char)('0' + i % 10);
		if (name_is_under(name, span_of(zone)))
			return true;
	}
	return false;
}
