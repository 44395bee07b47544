#pragma once
/* Judges of single values that lie beside value.c, whose table names them: strings of a form or a list of words. */
#include "stix/check-internal.h"

/* False, with the verdict, when val is no string. */
bool value_wants_string(struct check *c, yyjson_val *val);

void value_registry_key(struct check *c, const struct stix_property *property, yyjson_val *val);
void value_format(struct check *c, const struct stix_property *property, yyjson_val *val);
void value_charset(struct check *c, const struct stix_property *property, yyjson_val *val);
void value_should(struct check *c, const struct stix_property *property, yyjson_val *val);
