#pragma once
/*
 * What a field is of an event: the table of names by which readers and those who write logs call the same
 * thing - Zeek, Suricata's EVE, the Elastic Common Schema 8, the W3C extended log, Exchange message tracking,
 * Sysmon and Windows' security log, and this module's own readers of text. So a destination can be told from
 * a source. Pure function.
 */
#include "base/span.h"

enum field_role {
	ROLE_NONE, /* not known */
	ROLE_SOURCE,
	ROLE_DESTINATION,
	ROLE_QUERY,  /* the name asked for */
	ROLE_ANSWER, /* what it was answered with */
	ROLE_HOST,   /* whom a client said it wants: HTTP's Host, TLS's server name */
	ROLE_URL,
	ROLE_REFERRER,
	ROLE_AGENT,
	ROLE_SENDER,
	ROLE_RECIPIENT,
	ROLE_FILE,
	ROLE_PROCESS,
	ROLE_HASH, /* of a file, a certificate or a handshake */
	ROLE_USER,
	ROLE_ASSET, /* the machine that the record is about, as it calls itself */
};

/* name: as struct field has it, a column or a path; ASCII case is ignored. */
enum field_role field_role(struct span name);
/* "source", "destination" ...; "none". */
const char *field_role_word(enum field_role role);
/* The name without what exporters put before it ("winlog.event_data."). */
struct span field_bare_name(struct span name);
/* Byte order of a name, its ASCII letters made small, and of one in small letters: for such tables. */
int field_name_order(struct span name, struct span small);
