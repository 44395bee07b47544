#pragma once
/*
 * What a field tells of an event beside observables: the table of names by which readers and those who write
 * logs call ports, protocols, command lines and such, and the property of STIX that each is. Pure function.
 */
#include "base/span.h"

enum told {
	TOLD_NOTHING,
	/* of network traffic */
	TOLD_SRC_PORT,
	TOLD_DST_PORT,
	TOLD_PROTOCOL,
	TOLD_SRC_BYTES,
	TOLD_DST_BYTES,
	TOLD_SRC_PACKETS,
	TOLD_DST_PACKETS,
	TOLD_METHOD, /* of HTTP */
	/* of processes */
	TOLD_COMMAND,
	TOLD_IMAGE,
	TOLD_PID,
	TOLD_FOLDER, /* it works in */
	TOLD_PARENT_COMMAND,
	TOLD_PARENT_IMAGE,
	TOLD_PARENT_PID,
	/* of files, the registry, mail, certificates */
	TOLD_SIZE,
	TOLD_MEDIA_TYPE,
	TOLD_KEY,  /* of the registry, perhaps with its value's name behind it */
	TOLD_DATA, /* of the registry's value */
	TOLD_SUBJECT,
	TOLD_CERTIFICATE_SUBJECT,
	TOLD_CERTIFICATE_ISSUER,
	TOLD_CERTIFICATE_SERIAL,
	TOLDS,
};

/* name: as struct field has it; ASCII case is ignored. */
enum told field_tells(struct span name);
/* Whether the property is a number. */
bool told_is_number(enum told t);
