/* Texts and expressions of a compiled set: compared, not looked up, so they are put beside it when it is opened. */
#include "base/mutant.h"
#include "match/set_file-internal.h"
#include "match/strings.h"

/* Their numbers stand in files: what is put between them needs another SET_FILE_VERSION. */
static_assert((int)PROPERTIES == 21 && (int)FORM_EQUAL == 0 && (int)FORM_MATCHES == 2);

bool
set_file_string(const struct set_file *f, uint32_t index, struct indicator *out)
{
	if (index >= f->strings)
		return false;
	struct file_string s = f->string[index]; /* once: the file may change under us */
	if (s.property == PROPERTY_NONE || s.property >= PROPERTIES || s.form > FORM_MATCHES ||
		s.bits > (STRING_FOLD | STRING_PART) || s.source >= f->sources)
		return false;
	const struct file_source source = f->source[s.source];
	*out = (struct indicator){
		.about = {OBS_TEXT, set_file_say(f, s.text)},
		.text = {(enum pattern_property)s.property, (enum pattern_form)s.form,
			s.bits & STRING_FOLD},
		.id = set_file_say(f, s.id),
		.name = set_file_say(f, s.name),
		.pattern = set_file_say(f, s.pattern),
		.party = set_file_say(f, source.party),
		.memo = set_file_say(f, source.memo),
		.tlp = set_file_say(f, source.tlp),
		.valid_from = s.from,
		.valid_until = s.until,
		.confidence =
			source.confidence < -1 || source.confidence > 100 ? -1 : source.confidence,
		.part = s.bits & STRING_PART,
	};
	return out->about.value.len > 0;
}

void
set_take_strings(struct match_set *set)
{
	struct indicator one;
	set->unread = 0;
	for (uint32_t i = 0; i < set->base->strings && !mutant(1813); i++) {
		enum rc code = set_file_string(set->base, i, &one)
				       ? match_set_add_text(set, &one, NULL)
				       : RC_BAD;
		set->unread += code && code != RC_CONFLICT;
		if (code == RC_LIMIT) {
			set->unread += set->base->strings - i - 1;
			return;
		}
	}
}

size_t
match_set_unread(const struct match_set *set)
{
	return set->unread;
}
