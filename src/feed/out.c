#include "feed/out.h"

#include "base/ascii.h"
#include "base/hash.h"
#include "feed/out-internal.h"
#include "obs/name.h"

const struct out_format *const out_formats[] = {
	&out_list, &out_csv, &out_rpz, &out_suricata, &out_yara, &out_zeek, &out_nft, NULL};

const struct out_format *
out_format_find(struct span name)
{
	for (const struct out_format *const *f = out_formats; *f; f++)
		if (span_eq(name, span_of((*f)->name)))
			return *f;
	return NULL;
}

enum rc
out_meta_check(const struct out_meta *meta, struct diag *why)
{
	struct span rest = meta->zone, label;
	enum { ZONE_LONGEST = 100 };
	if (rest.len == 0)
		return RC_OK;
	bool fine = rest.len <= ZONE_LONGEST;
	while (fine && rest.ptr && span_cut(&rest, '.', &label)) {
		fine = label.len > 0 && label.len <= LABEL_LONGEST;
		for (size_t i = 0; i < label.len; i++)
			fine = fine && (ascii_is_alnum(label.ptr[i]) || label.ptr[i] == '-' ||
					       label.ptr[i] == '_');
	}
	if (fine)
		return RC_OK;
	diag_where(why, "%.*s", (int)(meta->zone.len < 60 ? meta->zone.len : 60), meta->zone.ptr);
	diag_todo(why, "a domain name of at most %d bytes, without a dot at its end", ZONE_LONGEST);
	return diag_fail(why, RC_BAD, "no name of a zone");
}

void
out_begin(struct out *o, const struct out_format *format, const struct pass *pass,
	const struct out_meta *meta, struct buf *to)
{
	*o = (struct out){.format = format, .pass = pass, .meta = *meta};
	if (format->begin)
		format->begin(to, &o->meta);
}

void
out_fini(struct out *o)
{
	seen_fini(&o->values);
	seen_fini(&o->numbers);
	*o = (struct out){};
}

/* What is said once has this number; `exact` is of a domain. */
static uint64_t
number_of(const struct out *o, struct observable what, bool exact)
{
	bool alone = exact && o->format->once == OUT_REACH;
	return hash64(what.value, o->meta.seed + (uint64_t)what.kind * 2 + alone);
}

static bool
is_repeated(const struct out *o, const struct out_entry *e)
{
	return o->format->once != OUT_EACH &&
	       (seen_has(&o->values, number_of(o, e->about, e->exact)) ||
		       seen_has(&o->values, number_of(o, e->about, false)));
}

void
out_add(struct out *o, const struct out_entry *e, struct buf *to)
{
	if (!pass_permits(o->pass, e->facts)) {
		o->withheld++;
		return;
	}
	bool narrowed = o->format->names_alone && e->about.kind == OBS_DOMAIN && !e->exact;
	if (is_repeated(o, e)) {
		o->repeated++;
		o->narrowed += narrowed;
		return;
	}
	switch (o->format->add(o, e, to)) {
	case OUT_NO_WORD: o->unsaid++; return;
	case OUT_TOO_WIDE: o->wide++; return;
	case OUT_WRITTEN: break;
	}
	o->written++;
	o->narrowed += narrowed;
	if (o->format->once != OUT_EACH)
		seen_add(&o->values, number_of(o, e->about, e->exact));
}

/* All names below a registry's suffix count too. */
bool
out_is_wide(const struct out_entry *e)
{
	if (e->about.kind == OBS_DOMAIN)
		return !e->exact && name_is_registry_suffix(e->about.value);
	return obs_is_wide(e->about);
}

void
out_word(struct buf *to, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		buf_add_byte(to, c < 0x20 || c == 0x7f ? ' ' : (char)c);
	}
}
