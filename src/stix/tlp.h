#pragma once
/*
 * The Traffic Light Protocol as STIX carries it: four fixed marking-definitions of TLP 1 (STIX 2.1
 * section 7.2.1.4) and five of TLP 2.0
 * (extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d). Any thread.
 */
#include "base/rc.h"

/* Strictness rises. TLP_NONE: nothing marks it. */
enum tlp { TLP_NONE, TLP_CLEAR, TLP_GREEN, TLP_AMBER, TLP_AMBER_STRICT, TLP_RED };

struct tlp_marking {
	struct span id;	   /* marking-definition--... */
	enum tlp level;	   /* for decisions: TLP 1 AMBER is judged as AMBER+STRICT */
	unsigned version;  /* 1 or 2 */
	struct span label; /* "TLP:AMBER+STRICT"; of TLP 1 "TLP:WHITE" and so on */
	struct span json;  /* the marking-definition whole */
};

/* All nine, TLP 2.0 first, ascending. */
enum { TLP_MARKINGS = 9 };
extern const struct tlp_marking tlp_markings[TLP_MARKINGS];

/* By identifier (case ignored); NULL: no TLP marking. */
const struct tlp_marking *tlp_marking_find(struct span id);
/* The TLP 2.0 marking of a level; NULL for TLP_NONE. */
const struct tlp_marking *tlp_marking_of(enum tlp level);
/* "clear", "green", "amber", "amber+strict", "red", "none" */
const char *tlp_word(enum tlp level);
/*
 * Reads "amber", "TLP:AMBER+STRICT", "white" (= clear), any case. RC_BAD: none of these, *out is
 * untouched.
 */
enum rc tlp_parse(struct span label, enum tlp *out, struct diag *why);
static inline enum tlp
tlp_strictest(enum tlp a, enum tlp b)
{
	return a > b ? a : b;
}
