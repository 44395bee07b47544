#pragma once
/* The formats of feed/out.h, each in its own file, and what they share. */
#include "feed/out.h"

extern const struct out_format out_list, out_csv, out_rpz, out_suricata, out_yara, out_zeek,
	out_nft;

/* Text with control bytes as blanks. */
void out_word(struct buf *to, struct span text);
/* For sensors and filters: whether an entry covers more than anybody can have meant to say. */
bool out_is_wide(const struct out_entry *e);
