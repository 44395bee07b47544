#include <arpa/inet.h>
#include <string.h>

#include "conf/conf.h"

enum rc
conf_address_parse(struct span text, struct conf_address *out)
{
	size_t colon = text.len;
	while (colon && text.ptr[colon - 1] != ':')
		colon--;
	if (!colon)
		return RC_BAD;
	uint64_t port;
	struct span host = span_sub(text, 0, colon - 1);
	if (!span_to_u64(span_sub(text, colon, SIZE_MAX), &port) || port > 65535)
		return RC_BAD;
	bool bracketed = span_starts(host, SPAN("[")) && span_ends(host, SPAN("]"));
	if (bracketed)
		host = span_sub(host, 1, host.len - 2);
	struct conf_address made = {.port = (uint16_t)port};
	if (!host.len || host.len >= sizeof made.host || span_find_byte(host, 0) != SIZE_MAX)
		return RC_BAD;
	span_copy(span_eq(host, SPAN("localhost")) ? SPAN("127.0.0.1") : host, made.host,
		sizeof made.host);
	unsigned char bytes[16];
	static const unsigned char v6_loopback[16] = {[15] = 1};
	if (bracketed && inet_pton(AF_INET6, made.host, bytes) == 1)
		made.loopback = !memcmp(bytes, v6_loopback, 16);
	else if (!bracketed && inet_pton(AF_INET, made.host, bytes) == 1)
		made.loopback = bytes[0] == 127;
	else
		return RC_BAD;
	*out = made;
	return RC_OK;
}
