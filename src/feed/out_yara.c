/* YARA rules: one a indicator; hashes through the hash module, names and URLs as strings. */
#include "base/hash.h"
#include "feed/out-internal.h"

static void
yara_begin(struct buf *to, const struct out_meta *meta)
{
	buf_add(to, SPAN("// exported by "));
	out_word(to, meta->title);
	buf_add(to, SPAN("\nimport \"hash\"\n"));
}

static void
quoted(struct buf *to, struct span text)
{
	buf_add_byte(to, '"');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c == '"' || c == '\\')
			buf_printf(to, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			buf_printf(to, "\\x%02x", c);
		else
			buf_add_byte(to, (char)c);
	}
	buf_add_byte(to, '"');
}

/* Rules are named for what they are about, so that the next export names them alike. */
static uint64_t
rule_number(struct out *o, const struct out_entry *e)
{
	uint64_t number = hash64(e->about.value, (uint64_t)e->about.kind);
	while (seen_has(&o->numbers, number))
		number++;
	seen_add(&o->numbers, number);
	return number;
}

static enum out_fate
yara_add(struct out *o, const struct out_entry *e, struct buf *to)
{
	const char *hash = NULL;
	switch (e->about.kind) {
	case OBS_MD5: hash = "md5"; break;
	case OBS_SHA1: hash = "sha1"; break;
	case OBS_SHA256: hash = "sha256"; break;
	case OBS_DOMAIN:
	case OBS_URL:
	case OBS_EMAIL:
	case OBS_IPV4: break;
	default: return OUT_NO_WORD;
	}
	buf_printf(to, "rule tocsin_%016llx {\n\tmeta:\n\t\tindicator = ",
		(unsigned long long)rule_number(o, e));
	quoted(to, e->id);
	if (e->name.len) {
		buf_add(to, SPAN("\n\t\tname = "));
		quoted(to, e->name);
	}
	if (hash) {
		buf_printf(to, "\n\tcondition:\n\t\thash.%s(0, filesize) == ", hash);
		quoted(to, e->about.value);
		buf_add(to, SPAN("\n}\n"));
		return OUT_WRITTEN;
	}
	buf_add(to, SPAN("\n\tstrings:\n\t\t$a = "));
	quoted(to, e->about.value);
	buf_add(to, e->about.kind == OBS_URL
			    ? SPAN(" ascii wide nocase\n\tcondition:\n\t\t$a\n}\n")
			    : SPAN(" ascii wide nocase fullword\n\tcondition:\n\t\t$a\n}\n"));
	return OUT_WRITTEN;
}

const struct out_format out_yara = {"yara", "YARA rules", OUT_VALUE, false, yara_begin, yara_add};
