#include "match/role.h"

#include "base/ascii.h"

/* What exporters put before a name. */
static const struct span before[] = {
	SPAN("_source."),
	SPAN("event.eventdata."),
	SPAN("event.userdata."),
	SPAN("winlog.event_data."),
	SPAN("payload.eventdata."),
	SPAN("eventdata."),
	SPAN("userdata."),
};

/* Sorted by name, for the search by halves; the test sees to it. */
static const struct {
	struct span name;
	enum field_role role;
} names[] = {
	{SPAN("agent"), ROLE_AGENT},
	{SPAN("answer"), ROLE_ANSWER},
	{SPAN("answers"), ROLE_ANSWER},
	{SPAN("appname"), ROLE_PROCESS},
	{SPAN("c-ip"), ROLE_SOURCE},
	{SPAN("client"), ROLE_SOURCE},
	{SPAN("client-hostname"), ROLE_SOURCE},
	{SPAN("client-ip"), ROLE_SOURCE},
	{SPAN("client.address"), ROLE_SOURCE},
	{SPAN("client.domain"), ROLE_SOURCE},
	{SPAN("client.ip"), ROLE_SOURCE},
	{SPAN("client_address"), ROLE_SOURCE},
	{SPAN("client_name"), ROLE_SOURCE},
	{SPAN("commandline"), ROLE_PROCESS},
	{SPAN("computer"), ROLE_ASSET},
	{SPAN("cs(referer)"), ROLE_REFERRER},
	{SPAN("cs(referrer)"), ROLE_REFERRER},
	{SPAN("cs(user-agent)"), ROLE_AGENT},
	{SPAN("cs-host"), ROLE_HOST},
	{SPAN("cs-uri"), ROLE_URL},
	{SPAN("cs-uri-stem"), ROLE_URL},
	{SPAN("cs-username"), ROLE_USER},
	{SPAN("dest_ip"), ROLE_DESTINATION},
	{SPAN("destination.address"), ROLE_DESTINATION},
	{SPAN("destination.domain"), ROLE_DESTINATION},
	{SPAN("destination.ip"), ROLE_DESTINATION},
	{SPAN("destinationhostname"), ROLE_DESTINATION},
	{SPAN("destinationip"), ROLE_DESTINATION},
	{SPAN("dns.answers.data"), ROLE_ANSWER},
	{SPAN("dns.answers.rdata"), ROLE_ANSWER},
	{SPAN("dns.query.rrname"), ROLE_QUERY},
	{SPAN("dns.question.name"), ROLE_QUERY},
	{SPAN("dns.resolved_ip"), ROLE_ANSWER},
	{SPAN("dns.rrname"), ROLE_QUERY},
	{SPAN("email.from.address"), ROLE_SENDER},
	{SPAN("email.sender.address"), ROLE_SENDER},
	{SPAN("email.to.address"), ROLE_RECIPIENT},
	{SPAN("file.hash.md5"), ROLE_HASH},
	{SPAN("file.hash.sha1"), ROLE_HASH},
	{SPAN("file.hash.sha256"), ROLE_HASH},
	{SPAN("file.name"), ROLE_FILE},
	{SPAN("file.path"), ROLE_FILE},
	{SPAN("fileinfo.filename"), ROLE_FILE},
	{SPAN("fileinfo.md5"), ROLE_HASH},
	{SPAN("fileinfo.sha1"), ROLE_HASH},
	{SPAN("fileinfo.sha256"), ROLE_HASH},
	{SPAN("filename"), ROLE_FILE},
	{SPAN("from"), ROLE_SENDER},
	{SPAN("hash.md5"), ROLE_HASH},
	{SPAN("hash.sha1"), ROLE_HASH},
	{SPAN("hash.sha256"), ROLE_HASH},
	{SPAN("hashes"), ROLE_HASH},
	{SPAN("host"), ROLE_HOST},
	{SPAN("host.hostname"), ROLE_ASSET},
	{SPAN("host.name"), ROLE_ASSET},
	{SPAN("hostname"), ROLE_ASSET},
	{SPAN("http.hostname"), ROLE_HOST},
	{SPAN("http.http_refer"), ROLE_REFERRER},
	{SPAN("http.http_user_agent"), ROLE_AGENT},
	{SPAN("http.request.referrer"), ROLE_REFERRER},
	{SPAN("http.url"), ROLE_URL},
	{SPAN("id.orig_h"), ROLE_SOURCE},
	{SPAN("id.resp_h"), ROLE_DESTINATION},
	{SPAN("image"), ROLE_PROCESS},
	{SPAN("imageloaded"), ROLE_FILE},
	{SPAN("ipaddress"), ROLE_SOURCE},
	{SPAN("ja3"), ROLE_HASH},
	{SPAN("ja3s"), ROLE_HASH},
	{SPAN("ja4"), ROLE_HASH},
	{SPAN("mailfrom"), ROLE_SENDER},
	{SPAN("md5"), ROLE_HASH},
	{SPAN("newprocessname"), ROLE_PROCESS},
	{SPAN("parentcommandline"), ROLE_PROCESS},
	{SPAN("parentimage"), ROLE_PROCESS},
	{SPAN("parentprocessname"), ROLE_PROCESS},
	{SPAN("peerhost"), ROLE_DESTINATION},
	{SPAN("process.command_line"), ROLE_PROCESS},
	{SPAN("process.executable"), ROLE_PROCESS},
	{SPAN("process.hash.md5"), ROLE_HASH},
	{SPAN("process.hash.sha1"), ROLE_HASH},
	{SPAN("process.hash.sha256"), ROLE_HASH},
	{SPAN("process.name"), ROLE_PROCESS},
	{SPAN("process.parent.executable"), ROLE_PROCESS},
	{SPAN("processname"), ROLE_PROCESS},
	{SPAN("query"), ROLE_QUERY},
	{SPAN("queryname"), ROLE_QUERY},
	{SPAN("queryresults"), ROLE_ANSWER},
	{SPAN("rcptto"), ROLE_RECIPIENT},
	{SPAN("recipient-address"), ROLE_RECIPIENT},
	{SPAN("referrer"), ROLE_REFERRER},
	{SPAN("relay_address"), ROLE_DESTINATION},
	{SPAN("relay_name"), ROLE_DESTINATION},
	{SPAN("remote_ip"), ROLE_DESTINATION},
	{SPAN("rx_hosts"), ROLE_DESTINATION},
	{SPAN("s-computername"), ROLE_ASSET},
	{SPAN("s-ip"), ROLE_DESTINATION},
	{SPAN("sender-address"), ROLE_SENDER},
	{SPAN("server"), ROLE_DESTINATION},
	{SPAN("server-hostname"), ROLE_DESTINATION},
	{SPAN("server-ip"), ROLE_DESTINATION},
	{SPAN("server.address"), ROLE_DESTINATION},
	{SPAN("server.domain"), ROLE_DESTINATION},
	{SPAN("server.ip"), ROLE_DESTINATION},
	{SPAN("server_name"), ROLE_HOST},
	{SPAN("sha1"), ROLE_HASH},
	{SPAN("sha256"), ROLE_HASH},
	{SPAN("source.address"), ROLE_SOURCE},
	{SPAN("source.domain"), ROLE_SOURCE},
	{SPAN("source.ip"), ROLE_SOURCE},
	{SPAN("sourcehostname"), ROLE_SOURCE},
	{SPAN("sourceip"), ROLE_SOURCE},
	{SPAN("src_ip"), ROLE_SOURCE},
	{SPAN("subjectusername"), ROLE_USER},
	{SPAN("system.computer"), ROLE_ASSET},
	{SPAN("targetfilename"), ROLE_FILE},
	{SPAN("targetusername"), ROLE_USER},
	{SPAN("tls.client.ja3"), ROLE_HASH},
	{SPAN("tls.client.server_name"), ROLE_HOST},
	{SPAN("tls.fingerprint"), ROLE_HASH},
	{SPAN("tls.ja3.hash"), ROLE_HASH},
	{SPAN("tls.ja3s.hash"), ROLE_HASH},
	{SPAN("tls.server.hash.sha256"), ROLE_HASH},
	{SPAN("tls.server.ja3s"), ROLE_HASH},
	{SPAN("tls.sni"), ROLE_HOST},
	{SPAN("to"), ROLE_RECIPIENT},
	{SPAN("tx_hosts"), ROLE_SOURCE},
	{SPAN("uri"), ROLE_URL},
	{SPAN("url"), ROLE_URL},
	{SPAN("url.domain"), ROLE_HOST},
	{SPAN("url.full"), ROLE_URL},
	{SPAN("url.original"), ROLE_URL},
	{SPAN("url.path"), ROLE_URL},
	{SPAN("user"), ROLE_USER},
	{SPAN("user.email"), ROLE_USER},
	{SPAN("user.name"), ROLE_USER},
	{SPAN("user_agent"), ROLE_AGENT},
	{SPAN("user_agent.original"), ROLE_AGENT},
	{SPAN("x-forwarded-for"), ROLE_SOURCE},
};

int
field_name_order(struct span name, struct span small)
{
	for (size_t i = 0; i < name.len && i < small.len; i++) {
		char c = ascii_lower(name.ptr[i]);
		if (c != small.ptr[i])
			return (unsigned char)c < (unsigned char)small.ptr[i] ? -1 : 1;
	}
	return (name.len > small.len) - (name.len < small.len);
}

struct span
field_bare_name(struct span name)
{
	for (size_t i = 0; i < sizeof before / sizeof *before; i++)
		if (span_eq_fold(span_sub(name, 0, before[i].len), before[i]))
			return span_sub(name, before[i].len, SIZE_MAX);
	return name;
}

enum field_role
field_role(struct span name)
{
	name = field_bare_name(name);
	size_t low = 0, high = sizeof names / sizeof *names;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = field_name_order(name, names[middle].name);
		if (order == 0)
			return names[middle].role;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return ROLE_NONE;
}

const char *
field_role_word(enum field_role role)
{
	static const char *const words[] = {"none", "source", "destination", "query", "answer",
		"host", "url", "referrer", "agent", "sender", "recipient", "file", "process",
		"hash", "user", "asset"};
	return words[role];
}
