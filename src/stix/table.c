#include "stix/table-internal.h"

bool
stix_words_have(const struct stix_words *words, struct span word)
{
	size_t low = 0, high = words->len;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct span at = {
			words->text + words->ends[mid], words->ends[mid + 1] - words->ends[mid]};
		int order = span_cmp(word, at);
		if (order == 0)
			return true;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

const struct stix_table *
stix_table_find(struct span type)
{
	unsigned number = stix_slot(stix_object_slots, type);
	return number < stix_objects_count && span_eq(stix_objects[number]->name, type)
		       ? stix_objects[number]
		       : NULL;
}

bool
stix_type_known(struct span type, enum stix_kind *kind, enum stix_class *class)
{
	const struct stix_table *table = stix_table_find(type);
	*class = STIX_CLASS_OTHER;
	if (!table || span_eq(type, SPAN("bundle")))
		return false;
	*kind = table->kind;
	*class = table->class;
	return true;
}

const char *
stix_class_word(enum stix_class c)
{
	static const char *const words[] = {
		[STIX_CLASS_INDICATOR] = "indicator",
		[STIX_CLASS_SIGHTING] = "sighting",
		[STIX_CLASS_MALWARE] = "malware",
		[STIX_CLASS_ACTOR] = "actor",
		[STIX_CLASS_VULNERABILITY] = "vulnerability",
		[STIX_CLASS_REPORT] = "report",
		[STIX_CLASS_INCIDENT] = "incident",
		[STIX_CLASS_LINK] = "relationship",
		[STIX_CLASS_SUPPORT] = "support",
		[STIX_CLASS_OTHER] = "other",
	};
	return words[c];
}
