#pragma once
/* Domain names: normal form, IDN (IDNA2008 with UTS 46 mapping, libidn2), public suffixes (libpsl).
 */
#include "base/arena.h"
#include "base/rc.h"

enum { NAME_LONGEST = 253, LABEL_LONGEST = 63 };

/*
 * Lower case, A-labels, one trailing dot removed. Labels of letters, digits, '-' and '_' (service
 * names are seen in logs), 1 to 63 bytes; at least two labels; the last with a letter, so that
 * addresses and version numbers are none. UTF-8 is mapped to A-labels; ideographic full stops count
 * as dots.
 */
enum rc name_normalize(struct span text, struct arena *a, struct span *out, struct diag *why);
/* The last letter of an A-label as people read it, a code point; false where it is no A-label. */
bool name_last_letter(struct span label, uint32_t *code);
/* For a name in normal form: whether strangers register names below it ("co.uk", "duckdns.org"). */
bool name_is_public_suffix(struct span name);
/* Only where a registry of the DNS root's tree does ("co.uk"): no indicator can mean all below it.
 */
bool name_is_registry_suffix(struct span name);
/* Another number where the list of suffixes, or what maps names, is another one. */
uint64_t name_rules(void);
/* The public suffix and one label more ("bbc.co.uk"); empty for a suffix itself. Borrows from name.
 */
struct span name_registrable(struct span name);
/* Whether `name` is `above` or lies under it, label by label; both in normal form. */
bool name_is_under(struct span name, struct span above);
/*
 * Whether a name cannot be resolved on the internet and so names somebody's inside: special-use
 * names (RFC 6761 and others: local, internal, localhost, home.arpa, onion excepted) and lan, corp,
 * home, intranet, private, localdomain; reverse names of internal addresses.
 */
bool name_is_internal(struct span name);
