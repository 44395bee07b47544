#pragma once
/* Rules that data/stix/objects.txt names by "code NAME": each judges one object as a whole. */
#include <yyjson.h>

struct check;

void rule_email_message(struct check *c, yyjson_val *object);
void rule_extension_definition(struct check *c, yyjson_val *object);
void rule_external_reference(struct check *c, yyjson_val *object);
void rule_http_request(struct check *c, yyjson_val *object);
void rule_indicator(struct check *c, yyjson_val *object);
void rule_malware(struct check *c, yyjson_val *object);
void rule_marking_definition(struct check *c, yyjson_val *object);
void rule_network_traffic(struct check *c, yyjson_val *object);
void rule_observed_data(struct check *c, yyjson_val *object);
void rule_pdf(struct check *c, yyjson_val *object);
void rule_raster_image(struct check *c, yyjson_val *object);
void rule_relationship(struct check *c, yyjson_val *object);
void rule_socket(struct check *c, yyjson_val *object);
void rule_windows_process(struct check *c, yyjson_val *object);
