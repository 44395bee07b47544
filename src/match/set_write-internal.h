#pragma once
/*
 * Compiling a set into a file, front to back: the places that write it (set_write.c), what indicators say in it
 * (set_write_says.c) and the name it gets in the end (set_save.c) share one writer.
 */
#include "keys/digest.h"
#include "match/set_file-internal.h"

struct strings;

struct writer {
	const struct match_set *set; /* stands on no file */
	int fd, fault;		     /* errno of the first write that failed */
	bool full;		     /* more text than a file holds */
	struct span annex;
	uint64_t at;
	struct digest_run *digest;
	struct buf out;
	struct file_head head;
	uint32_t *number; /* of a set's item, in the file; NONE: left out */
	uint64_t *placed; /* of a file's items, a bit each: its key has a text */
	uint64_t *behind; /* it is not the first of its key */
	struct file_item *item;
	uint32_t items;
	const struct strings *strings; /* NULL: none */
	vec_of(struct file_chain) chains;
	/* What indicators say: texts once each, by a table of where they are. */
	struct buf says;
	uint32_t *say_slot;
	size_t say_slots, say_count;
	vec_of(struct file_source) sources;
	vec_of(struct file_string) made; /* of the strings */
	vec_of(struct file_detail) details;
};

/* A section of its bytes, at the next place where one may lie. */
void set_write_section(struct writer *w, enum section which, const void *bytes, size_t len);
/* One detail; of an indicator that is about one thing, what this thing says already is left out. */
void set_write_detail(struct writer *w, uint32_t index, uint32_t first, const struct item *only);
/* Details by the hash of their id: the section. */
void set_write_ids(struct writer *w);
/* Texts and expressions, not written yet; those of a file that the set stood on are among them. */
void set_write_strings(struct writer *w);
/* Into a file that nobody sees yet; errno of what failed, 0: nothing did. */
int set_write_all(const struct match_set *set, const struct strings *strings, struct span annex,
	int fd, int64_t now, bool *full);
