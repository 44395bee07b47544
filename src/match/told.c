#include "match/told.h"

#include "base/ascii.h"
#include "match/role.h"

/* Sorted by name, for the search by halves; the test sees to it. */
static const struct {
	struct span name;
	enum told told;
} names[] = {
	{SPAN("app_proto"), TOLD_PROTOCOL},
	{SPAN("bytes_toclient"), TOLD_DST_BYTES},
	{SPAN("bytes_toserver"), TOLD_SRC_BYTES},
	{SPAN("c-port"), TOLD_SRC_PORT},
	{SPAN("certificate.issuer"), TOLD_CERTIFICATE_ISSUER},
	{SPAN("certificate.serial"), TOLD_CERTIFICATE_SERIAL},
	{SPAN("certificate.subject"), TOLD_CERTIFICATE_SUBJECT},
	{SPAN("client.bytes"), TOLD_SRC_BYTES},
	{SPAN("client.port"), TOLD_SRC_PORT},
	{SPAN("commandline"), TOLD_COMMAND},
	{SPAN("cs-bytes"), TOLD_SRC_BYTES},
	{SPAN("cs-method"), TOLD_METHOD},
	{SPAN("currentdirectory"), TOLD_FOLDER},
	{SPAN("dest_port"), TOLD_DST_PORT},
	{SPAN("destination.bytes"), TOLD_DST_BYTES},
	{SPAN("destination.packets"), TOLD_DST_PACKETS},
	{SPAN("destination.port"), TOLD_DST_PORT},
	{SPAN("destinationport"), TOLD_DST_PORT},
	{SPAN("details"), TOLD_DATA},
	{SPAN("dst_port"), TOLD_DST_PORT},
	{SPAN("email.subject"), TOLD_SUBJECT},
	{SPAN("file.mime_type"), TOLD_MEDIA_TYPE},
	{SPAN("file.size"), TOLD_SIZE},
	{SPAN("fileinfo.size"), TOLD_SIZE},
	{SPAN("flow.bytes_toclient"), TOLD_DST_BYTES},
	{SPAN("flow.bytes_toserver"), TOLD_SRC_BYTES},
	{SPAN("flow.pkts_toclient"), TOLD_DST_PACKETS},
	{SPAN("flow.pkts_toserver"), TOLD_SRC_PACKETS},
	{SPAN("http.http_method"), TOLD_METHOD},
	{SPAN("http.request.method"), TOLD_METHOD},
	{SPAN("id.orig_p"), TOLD_SRC_PORT},
	{SPAN("id.resp_p"), TOLD_DST_PORT},
	{SPAN("image"), TOLD_IMAGE},
	{SPAN("ipport"), TOLD_SRC_PORT},
	{SPAN("message-subject"), TOLD_SUBJECT},
	{SPAN("method"), TOLD_METHOD},
	{SPAN("mime_type"), TOLD_MEDIA_TYPE},
	{SPAN("network.application"), TOLD_PROTOCOL},
	{SPAN("network.protocol"), TOLD_PROTOCOL},
	{SPAN("network.transport"), TOLD_PROTOCOL},
	{SPAN("network.type"), TOLD_PROTOCOL},
	{SPAN("newprocessname"), TOLD_IMAGE},
	{SPAN("orig_bytes"), TOLD_SRC_BYTES},
	{SPAN("orig_pkts"), TOLD_SRC_PACKETS},
	{SPAN("parentcommandline"), TOLD_PARENT_COMMAND},
	{SPAN("parentimage"), TOLD_PARENT_IMAGE},
	{SPAN("parentprocessid"), TOLD_PARENT_PID},
	{SPAN("parentprocessname"), TOLD_PARENT_IMAGE},
	{SPAN("process.command_line"), TOLD_COMMAND},
	{SPAN("process.executable"), TOLD_IMAGE},
	{SPAN("process.name"), TOLD_IMAGE},
	{SPAN("process.parent.command_line"), TOLD_PARENT_COMMAND},
	{SPAN("process.parent.executable"), TOLD_PARENT_IMAGE},
	{SPAN("process.parent.pid"), TOLD_PARENT_PID},
	{SPAN("process.pid"), TOLD_PID},
	{SPAN("process.working_directory"), TOLD_FOLDER},
	{SPAN("processid"), TOLD_PID},
	{SPAN("processname"), TOLD_IMAGE},
	{SPAN("proto"), TOLD_PROTOCOL},
	{SPAN("protocol"), TOLD_PROTOCOL},
	{SPAN("registry.data.strings"), TOLD_DATA},
	{SPAN("registry.path"), TOLD_KEY},
	{SPAN("resp_bytes"), TOLD_DST_BYTES},
	{SPAN("resp_pkts"), TOLD_DST_PACKETS},
	{SPAN("s-port"), TOLD_DST_PORT},
	{SPAN("sc-bytes"), TOLD_DST_BYTES},
	{SPAN("server.bytes"), TOLD_DST_BYTES},
	{SPAN("server.port"), TOLD_DST_PORT},
	{SPAN("service"), TOLD_PROTOCOL},
	{SPAN("source.bytes"), TOLD_SRC_BYTES},
	{SPAN("source.packets"), TOLD_SRC_PACKETS},
	{SPAN("source.port"), TOLD_SRC_PORT},
	{SPAN("sourceport"), TOLD_SRC_PORT},
	{SPAN("src_port"), TOLD_SRC_PORT},
	{SPAN("subject"), TOLD_SUBJECT},
	{SPAN("targetobject"), TOLD_KEY},
	{SPAN("tls.issuerdn"), TOLD_CERTIFICATE_ISSUER},
	{SPAN("tls.serial"), TOLD_CERTIFICATE_SERIAL},
	{SPAN("tls.server.issuer"), TOLD_CERTIFICATE_ISSUER},
	{SPAN("tls.server.subject"), TOLD_CERTIFICATE_SUBJECT},
	{SPAN("tls.subject"), TOLD_CERTIFICATE_SUBJECT},
};

enum told
field_tells(struct span name)
{
	name = field_bare_name(name);
	size_t low = 0, high = sizeof names / sizeof *names;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = field_name_order(name, names[middle].name);
		if (order == 0)
			return names[middle].told;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return TOLD_NOTHING;
}

bool
told_is_number(enum told t)
{
	switch (t) {
	case TOLD_SRC_PORT:
	case TOLD_DST_PORT:
	case TOLD_SRC_BYTES:
	case TOLD_DST_BYTES:
	case TOLD_SRC_PACKETS:
	case TOLD_DST_PACKETS:
	case TOLD_PID:
	case TOLD_PARENT_PID:
	case TOLD_SIZE: return true;
	default: return false;
	}
}
