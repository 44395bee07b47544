#pragma once
/*
 * What the objects of one file show only together: MUSTs over two of them. Versions of one object
 * (STIX 2.1 section 3.6), a UUID on two types (2.9), markings that mark in a circle (3.2),
 * translations and what they translate (7.1.1), extensions and their definitions (7.3), references
 * to types that the standard does not have (4.12 to 5.2), families of malware and their samples
 * (4.11). Of each object only its id and where it lies are kept; those that a rule needs are read
 * again. Memory is owned by the index; texts are borrowed until it is freed. One thread at a time.
 */
#include "stix/check.h"

struct stix_across;

#define own_across __attribute__((cleanup(stix_across_free)))

/* list: how paths begin: "objects" of a bundle gives objects[3].created, "" gives [3].created. */
struct stix_across *stix_across_new(const char *list);
void stix_across_free(struct stix_across **a); /* NULL accepted */
/* Notes one object, which is `text`, as number `index`; what is no object with an id is passed by.
 */
void stix_across_add(struct stix_across *a, size_t index, struct span text);
/* The same for a value whose document outlives the index. */
void stix_across_add_value(struct stix_across *a, size_t index, yyjson_val *object);
/*
 * Adds what all of them show; options as for stix_check. The time is bounded by the size of the
 * texts; a file that asks for more gets a verdict "limit".
 */
enum rc stix_across_judge(
	struct stix_across *a, const struct stix_options *options, struct stix_verdicts *out);
