#include "match/column.h"

#include <string.h>

#include "match/time.h"

enum column
column_of(struct span name)
{
	static const struct {
		struct span name;
		enum column column;
	} table[] = {
		{SPAN("value"), COLUMN_VALUE},
		{SPAN("indicator"), COLUMN_VALUE},
		{SPAN("indicator_value"), COLUMN_VALUE},
		{SPAN("ioc"), COLUMN_VALUE},
		{SPAN("ioc_value"), COLUMN_VALUE},
		{SPAN("observable"), COLUMN_VALUE},
		{SPAN("domain"), COLUMN_VALUE},
		{SPAN("hostname"), COLUMN_VALUE},
		{SPAN("ip"), COLUMN_VALUE},
		{SPAN("ip_address"), COLUMN_VALUE},
		{SPAN("ipaddress"), COLUMN_VALUE},
		{SPAN("dst_ip"), COLUMN_VALUE},
		{SPAN("url"), COLUMN_VALUE},
		{SPAN("hash"), COLUMN_VALUE},
		{SPAN("md5"), COLUMN_VALUE},
		{SPAN("sha1"), COLUMN_VALUE},
		{SPAN("sha256"), COLUMN_VALUE},
		{SPAN("sha512"), COLUMN_VALUE},
		{SPAN("md5_hash"), COLUMN_VALUE},
		{SPAN("sha1_hash"), COLUMN_VALUE},
		{SPAN("sha256_hash"), COLUMN_VALUE},
		{SPAN("file_hash"), COLUMN_VALUE},
		{SPAN("ja3"), COLUMN_JA3},
		{SPAN("ja3_md5"), COLUMN_JA3},
		{SPAN("ja3_hash"), COLUMN_JA3},
		{SPAN("ja4"), COLUMN_VALUE},
		{SPAN("cve"), COLUMN_CVE},
		{SPAN("cve_id"), COLUMN_CVE},
		{SPAN("cveid"), COLUMN_CVE},
		{SPAN("mac"), COLUMN_MAC},
		{SPAN("mac_addr"), COLUMN_MAC},
		{SPAN("mac_address"), COLUMN_MAC},
		{SPAN("macaddress"), COLUMN_MAC},
		{SPAN("ipv4"), COLUMN_VALUE},
		{SPAN("ipv6"), COLUMN_VALUE},
		{SPAN("src_ip"), COLUMN_VALUE},
		{SPAN("cidr"), COLUMN_VALUE},
		{SPAN("network"), COLUMN_VALUE},
		{SPAN("domain_name"), COLUMN_VALUE},
		{SPAN("fqdn"), COLUMN_VALUE},
		{SPAN("host"), COLUMN_VALUE},
		{SPAN("type"), COLUMN_TYPE},
		{SPAN("ioc_type"), COLUMN_TYPE},
		{SPAN("indicator_type"), COLUMN_TYPE},
		{SPAN("kind"), COLUMN_TYPE},
		{SPAN("id"), COLUMN_ID},
		{SPAN("uuid"), COLUMN_ID},
		{SPAN("name"), COLUMN_NAME},
		{SPAN("title"), COLUMN_NAME},
		{SPAN("description"), COLUMN_DESCRIPTION},
		{SPAN("comment"), COLUMN_DESCRIPTION},
		{SPAN("malware"), COLUMN_NAME},
		{SPAN("malware_printable"), COLUMN_NAME},
		{SPAN("signature"), COLUMN_NAME},
		{SPAN("listingreason"), COLUMN_NAME},
		{SPAN("threat"), COLUMN_NAME},
		{SPAN("valid_from"), COLUMN_FROM},
		{SPAN("valid_until"), COLUMN_UNTIL},
		{SPAN("expires"), COLUMN_UNTIL},
		{SPAN("expires_at"), COLUMN_UNTIL},
		{SPAN("expiration"), COLUMN_UNTIL},
		{SPAN("confidence"), COLUMN_CONFIDENCE},
		{SPAN("confidence_level"), COLUMN_CONFIDENCE},
		{SPAN("tlp"), COLUMN_TLP},
		{SPAN("party"), COLUMN_PARTY},
		{SPAN("source"), COLUMN_PARTY},
		{SPAN("org"), COLUMN_PARTY},
		{SPAN("reference"), COLUMN_REFERENCE},
		{SPAN("references"), COLUMN_REFERENCE},
		{SPAN("link"), COLUMN_REFERENCE},
		{SPAN("urlhaus_link"), COLUMN_REFERENCE},
		{SPAN("tag"), COLUMN_LABEL},
		{SPAN("tags"), COLUMN_LABEL},
		{SPAN("attribute_tag"), COLUMN_LABEL},
		{SPAN("label"), COLUMN_LABEL},
		{SPAN("labels"), COLUMN_LABEL},
		{SPAN("to_ids"), COLUMN_TO_IDS},
		/* Zeek's intelligence framework */
		{SPAN("meta.source"), COLUMN_PARTY},
		{SPAN("meta.desc"), COLUMN_DESCRIPTION},
		{SPAN("meta.url"), COLUMN_REFERENCE},
	};
	while (name.len && (name.ptr[0] == '#' || name.ptr[0] == ' '))
		name = span_sub(name, 1, SIZE_MAX);
	name = span_trim(name);
	char word[24]; /* "Indicator type" is "indicator_type" */
	if (name.len > sizeof word)
		return COLUMN_NONE;
	for (size_t i = 0; i < name.len; i++)
		word[i] = name.ptr[i] == ' ' ? '_' : name.ptr[i];
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (span_eq_fold((struct span){word, name.len}, table[i].name))
			return table[i].column;
	return COLUMN_NONE;
}

int64_t
column_time(struct span cell)
{
	int64_t at = time_any(cell);
	if (at == TIME_NONE && cell.len == 10) {
		char day[21];
		memcpy(day, cell.ptr, 10);
		memcpy(day + 10, "T00:00:00Z", 11);
		at = time_any((struct span){day, 20});
	}
	return at;
}

bool
column_is_value(enum column column)
{
	return column == COLUMN_VALUE || column == COLUMN_JA3 || column == COLUMN_MAC ||
	       column == COLUMN_CVE;
}

struct span
column_unguarded(struct span cell)
{
	bool guarded =
		cell.len > 1 && cell.ptr[0] == '\'' && cell.ptr[1] && strchr("=+-@", cell.ptr[1]);
	return guarded ? span_sub(cell, 1, SIZE_MAX) : cell;
}
