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
	for (size_t i = 0; i < stix_objects_count; i++)
		if (span_eq(stix_objects[i]->name, type))
			return stix_objects[i];
	return NULL;
}
