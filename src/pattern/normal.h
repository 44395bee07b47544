#pragma once
/*
 * A normal form of patterns: those that share it say the same of any observations. It knows that AND
 * and OR take their parts in any order, that OR says nothing twice, that AND and FOLLOWEDBY
 * distribute over OR, that A OR (A AND B) is A, and how values are written: numbers, octets, times,
 * addresses, registry keys. What says the same for other reasons may have other forms. Any thread.
 */
#include "pattern/syntax.h"

/*
 * Appends the normal form, a pattern itself. Addresses count by value there, although "=" compares
 * texts (STIX 2.1 section 9.6.2): whoever writes 198.51.100.1/32 means 198.51.100.1. RC_LIMIT: more
 * alternatives than we write out; nothing is appended.
 */
enum rc pattern_normal(const struct pattern *p, struct buf *out, struct diag *why);
