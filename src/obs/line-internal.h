#pragma once
/* What the parts of reading a list's line share. */
#include "obs/line.h"

/* A line under work. */
struct line_reading {
	struct arena *arena;
	struct obs_list *out;
	struct diag *why;
	enum obs_kind kind; /* that a label gave */
};

/* RC_UNKNOWN: it covers every address; RC_LIMIT: too many. */
enum rc line_add(struct line_reading *r, struct observable o);
/* Up to the first blank. */
struct span line_word(struct span text);
/*
 * "192.0.2.0-192.0.2.255" (blanks around the hyphen, "192.0.2.0-255", zeros in front, IPv6 too),
 * "192.0.2.*", "192.0.2.0/255.255.255.0": the networks that make it up. RC_NONE: none of these.
 */
enum rc line_net(struct line_reading *r, struct span text);
/*
 * The same where something stands before: "somebody:192.0.2.0-192.0.2.9" of peer-to-peer filters; and two
 * ends and a prefix length in columns, as DShield has them.
 */
enum rc line_net_columns(struct line_reading *r, struct span text);
