#include "match/ioc.h"

#include <string.h>

#include "base/ascii.h"
#include "base/own.h"
#include "match/table.h"

/* The beginning of a foreign text in quotes: nothing in it may steer a terminal. */
static void
add_quoted(struct span text, struct diag *why)
{
	enum { QUOTED = 72 };
	char quoted[QUOTED + 4];
	struct span start = span_sub(text, 0, QUOTED);
	start.len = span_utf8_bad(start);
	for (size_t i = 0; i < start.len; i++) {
		unsigned char c = (unsigned char)start.ptr[i];
		bool control =
			c < 0x20 || c == 0x7f ||
			(c == 0xc2 && i + 1 < start.len && (unsigned char)start.ptr[i + 1] < 0xa0);
		quoted[i] = control ? '?' : (char)c;
	}
	quoted[start.len] = 0;
	struct diag plain = *why;
	diag_what(why, "%s: \"%s%s\"", plain.what, quoted, start.len < text.len ? "..." : "");
}

void
ioc_unknown(struct ioc_counts *counts, const struct diag *why, struct span text)
{
	if (counts->unknown < IOC_EXAMPLES) {
		struct diag *example = &counts->examples[counts->unknown];
		*example = *why;
		if (text.len)
			add_quoted(text, example);
	}
	counts->unknown++;
}

void
ioc_counts_join(struct ioc_counts *counts, const struct ioc_counts *more)
{
	for (uint64_t i = 0; i < more->unknown && i < IOC_EXAMPLES; i++)
		if (counts->unknown + i < IOC_EXAMPLES)
			counts->examples[counts->unknown + i] = more->examples[i];
	counts->armed += more->armed;
	counts->repeated += more->repeated;
	counts->unknown += more->unknown;
	counts->revoked += more->revoked;
	counts->older += more->older;
	counts->suffixes += more->suffixes;
	counts->foreign += more->foreign;
	counts->compound += more->compound;
	if (!counts->partial && more->partial)
		memcpy(counts->unselected, more->unselected, sizeof counts->unselected);
	counts->open += more->open;
	counts->partial += more->partial;
	counts->wanting += more->wanting;
	if (!counts->wide)
		memcpy(counts->widest, more->widest, sizeof counts->widest);
	counts->wide += more->wide;
}

enum rc
ioc_add(struct match_set *set, struct indicator *what, struct ioc_counts *counts)
{
	/* A part alarms on nothing by itself. */
	if (what->reach != REACH_EXACT && what->about.kind == OBS_DOMAIN && !what->part &&
		name_is_registry_suffix(what->about.value)) {
		counts->suffixes++;
		if (what->reach == REACH_BELOW)
			return RC_OK;
		what->reach = REACH_EXACT;
	}
	struct diag why = {};
	diag_what(&why, "of a kind that no set holds");
	enum rc code = what->about.kind == OBS_TEXT ? match_set_add_text(set, what, &why)
						    : match_set_add(set, what);
	switch (code) {
	case RC_OK:
		counts->armed++;
		if (obs_is_wide(what->about) && counts->wide++ == 0)
			span_copy(what->about.value, counts->widest, sizeof counts->widest);
		return RC_OK;
	case RC_CONFLICT: counts->repeated++; return RC_OK;
	case RC_NONE: counts->revoked++; return RC_OK;
	case RC_LIMIT: return code;
	default: break;
	}
	if (what->id.len)
		diag_where(&why, "%.*s", (int)what->id.len, what->id.ptr);
	ioc_unknown(counts, &why, what->about.value);
	return RC_OK;
}

static struct indicator
row_facts(const struct span *cell)
{
	uint64_t number;
	struct indicator made = {.reach = REACH_COVERING,
		.id = cell[COLUMN_ID],
		.name = cell[cell[COLUMN_NAME].len ? COLUMN_NAME : COLUMN_DESCRIPTION],
		.party = cell[COLUMN_PARTY],
		.tlp = cell[COLUMN_TLP],
		.valid_from = column_time(cell[COLUMN_FROM]),
		.valid_until = column_time(cell[COLUMN_UNTIL]),
		.confidence = -1};
	if (span_to_u64(cell[COLUMN_CONFIDENCE], &number) && number <= 100)
		made.confidence = (int)number;
	return made;
}

static enum rc
add_value(struct match_set *set, struct table *t, const struct table_value *value,
	struct ioc_counts *counts)
{
	struct diag fault = {};
	struct obs_list all = {};
	enum rc code = RC_UNKNOWN;
	if (table_is_meant(t)) {
		code = table_observe(t, value, &all, &fault);
	} else {
		diag_where(&fault, "line %llu", (unsigned long long)t->line);
		diag_what(&fault, "not meant for detection (to_ids)");
	}
	if (code) {
		ioc_unknown(counts, &fault, value->text);
		return RC_OK;
	}
	struct indicator made = row_facts(t->cell);
	for (size_t k = 0; !code && k < all.len; k++) {
		struct indicator one = made;
		one.about = all.at[k];
		code = ioc_add(set, &one, counts);
	}
	return code;
}

enum rc
ioc_add_csv(struct match_set *set, struct span text, struct ioc_counts *counts, struct diag *why)
{
	struct table t;
	struct table_value value;
	struct diag fault = {};
	enum rc code = table_open(&t, text, &fault), full = RC_OK;
	if (code)
		ioc_unknown(counts, &fault, (struct span){});
	while (!full && (code == RC_OK || code == RC_UNKNOWN)) {
		fault = (struct diag){};
		code = table_next(&t, &value, &fault);
		if (code == RC_UNKNOWN)
			ioc_unknown(counts, &fault, (struct span){});
		else if (!code)
			full = add_value(set, &t, &value, counts);
	}
	table_close(&t);
	return full ? diag_fail(why, full, "too many indicators for one set") : RC_OK;
}
