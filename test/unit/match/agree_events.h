#pragma once
/* Events of chance, each written twice from one model: as a line of a log, and as the objects of observed-data. */
#include "chance.h"
#include "world.h"

enum { SPREAD = 120 }; /* seconds */

enum kind { CONN, DNS, HTTP, FILEINFO, PLAIN, MAIL, PROCESS, KINDS };

struct event {
	enum kind kind;
	int64_t time;
	unsigned source, destination, port, domain, answer[2], answers, path, agent, hash, size,
		file, sender, recipient, subject, command;
	bool udp;
};

static const unsigned ports[] = {22, 80, 443, 4444};
static const char *const files[] = {"a.exe", "b.dll", "run.ps1"};
static const char *const agents[] = {"curl/8.0", "Mozilla/5.0", "evil-bot"};
static const char *const subjects[] = {"Invoice 17", "Lunch", "Your parcel"};
static const char *const commands[] = {"-enc SQBFAFgA", "-nop -w hidden", "--help"};

static inline void
stamp(const struct event *e, struct buf *out)
{
	char text[TIME_TEXT];
	time_text(e->time, text);
	buf_printf(out, "%s", text);
}

static inline void
zeek_head(const struct event *e, struct buf *out)
{
	buf_printf(out,
		"{\"ts\":%lld.%06lld,\"uid\":\"C\",\"id.orig_h\":\"203.0.113.%u\",\"id.orig_p\":"
		"50000,"
		"\"id.resp_h\":\"203.0.113.%u\",\"id.resp_p\":%u,\"proto\":\"%s\"",
		(long long)(e->time / SECOND), (long long)(e->time % SECOND), e->source,
		e->destination, ports[e->port], e->udp ? "udp" : "tcp");
}

static inline void
eve_head(const struct event *e, const char *type, struct buf *out)
{
	buf_add(out, SPAN("{\"timestamp\":\""));
	stamp(e, out);
	buf_printf(out,
		"\",\"event_type\":\"%s\",\"src_ip\":\"203.0.113.%u\",\"src_port\":50000,\"dest_"
		"ip\":"
		"\"203.0.113.%u\",\"dest_port\":%u,\"proto\":\"%s\"",
		type, e->source, e->destination, ports[e->port], e->udp ? "UDP" : "TCP");
}

static inline void
write_line(const struct event *e, struct buf *out)
{
	switch (e->kind) {
	case CONN:
		zeek_head(e, out);
		buf_add(out, SPAN("}"));
		break;
	case DNS:
		zeek_head(e, out);
		buf_printf(out, ",\"query\":\"d%u.evil.example\",\"answers\":[", e->domain);
		for (unsigned i = 0; i < e->answers; i++)
			buf_printf(out, "%s\"203.0.113.%u\"", i ? "," : "", e->answer[i]);
		buf_add(out, SPAN("]}"));
		break;
	case HTTP:
		eve_head(e, "http", out);
		buf_printf(out,
			",\"http\":{\"hostname\":\"d%u.evil.example\",\"url\":\"/"
			"p%u\",\"http_method\":"
			"\"GET\",\"http_user_agent\":\"%s\"}}",
			e->domain, e->path, agents[e->agent]);
		break;
	case FILEINFO:
		eve_head(e, "fileinfo", out);
		buf_printf(out,
			",\"fileinfo\":{\"filename\":\"/tmp/"
			"%s\",\"sha256\":\"%064x\",\"size\":%u}}",
			files[e->file], e->hash + 0xabc0, e->size);
		break;
	case PLAIN:
		stamp(e, out);
		buf_printf(
			out, " gw note: d%u.evil.example and 203.0.113.%u", e->domain, e->source);
		break;
	case MAIL:
		buf_add(out, SPAN("{\"timestamp\":\""));
		stamp(e, out);
		buf_printf(out,
			"\",\"mailfrom\":\"u%u@mail.example\",\"rcptto\":\"u%u@mail.example\","
			"\"subject\":\"%s\"}",
			e->sender, e->recipient, subjects[e->subject]);
		break;
	default:
		buf_add(out, SPAN("{\"timestamp\":\""));
		stamp(e, out);
		buf_printf(out,
			"\",\"Image\":\"C:\\\\Windows\\\\%s\",\"CommandLine\":\"%s %s\",\"Hashes\":"
			"\"SHA256=%064X\",\"ProcessId\":%u}",
			files[e->file], files[e->file], commands[e->command], e->hash + 0xabc0,
			e->size);
	}
	buf_add_byte(out, '\n');
}

/* Traffic from object `source` to object `destination`, and what else is told of it. */
static inline void
traffic(const struct event *e, const char *source, const char *destination, struct buf *out)
{
	buf_printf(out,
		"{\"type\":\"network-traffic\",\"src_ref\":\"%s\",\"dst_ref\":\"%s\",\"src_port\":"
		"50000,"
		"\"dst_port\":%u,\"protocols\":[\"%s\"]",
		source, destination, ports[e->port], e->udp ? "udp" : "tcp");
	if (e->kind == HTTP)
		buf_printf(out,
			",\"extensions\":{\"http-request-ext\":{\"request_method\":\"get\","
			"\"request_value\":\"/"
			"p%u\",\"request_header\":{\"Host\":[\"d%u.evil.example\"],"
			"\"User-Agent\":[\"%s\"]}}}",
			e->path, e->domain, agents[e->agent]);
	buf_add(out, SPAN("}"));
}

/* Of a line without fields, each end may be either. */
static inline void
either(struct buf *out)
{
	static const char *const names[] = {"a", "d"};
	for (unsigned i = 0; i < 2; i++)
		buf_printf(out,
			",\"s%u\":{\"type\":\"network-traffic\",\"src_ref\":\"%s\"},\"t%u\":{"
			"\"type\":"
			"\"network-traffic\",\"dst_ref\":\"%s\"},\"b%u\":{\"type\":\"network-"
			"traffic\","
			"\"src_ref\":\"%s\",\"dst_ref\":\"%s\"}",
			i, names[i], i, names[i], i, names[i], names[!i]);
}

static inline void
write_objects(const struct event *e, struct buf *out)
{
	bool net = e->kind == CONN || e->kind == DNS || e->kind == HTTP || e->kind == FILEINFO;
	if (net) {
		buf_printf(out,
			"\"a\":{\"type\":\"ipv4-addr\",\"value\":\"203.0.113.%u\"},\"b\":{\"type\":"
			"\"ipv4-addr\",\"value\":\"203.0.113.%u\"},\"t\":",
			e->source, e->destination);
		traffic(e, "a", "b", out);
	}
	switch (e->kind) {
	case DNS:
		for (unsigned i = 0; i < e->answers; i++)
			buf_printf(out,
				",\"r%u\":{\"type\":\"ipv4-addr\",\"value\":\"203.0.113.%u\"}", i,
				e->answer[i]);
		buf_printf(out, ",\"d\":{\"type\":\"domain-name\",\"value\":\"d%u.evil.example\"",
			e->domain);
		if (e->answers)
			buf_printf(out, ",\"resolves_to_refs\":[\"r0\"%s]",
				e->answers > 1 ? ",\"r1\"" : "");
		buf_add(out, SPAN("}"));
		break;
	case HTTP:
		buf_printf(out,
			",\"d\":{\"type\":\"domain-name\",\"value\":\"d%u.evil.example\"},\"u\":"
			"{\"type\":\"url\",\"value\":\"http://d%u.evil.example/p%u\"},\"t2\":",
			e->domain, e->domain, e->path);
		traffic(e, "a", "d", out);
		break;
	case FILEINFO:
		buf_printf(out,
			",\"f\":{\"type\":\"file\",\"name\":\"%s\",\"size\":%u,\"hashes\":{\"SHA-"
			"256\":"
			"\"%064x\"},\"parent_directory_ref\":\"p\"},\"p\":{\"type\":\"directory\","
			"\"path\":"
			"\"/tmp\"}",
			files[e->file], e->size, e->hash + 0xabc0);
		break;
	case PLAIN:
		buf_printf(out,
			"\"d\":{\"type\":\"domain-name\",\"value\":\"d%u.evil.example\"},\"a\":{"
			"\"type\":"
			"\"ipv4-addr\",\"value\":\"203.0.113.%u\"}",
			e->domain, e->source);
		either(out);
		break;
	case MAIL:
		buf_printf(out,
			"\"s\":{\"type\":\"email-addr\",\"value\":\"u%u@mail.example\"},\"r\":{"
			"\"type\":"
			"\"email-addr\",\"value\":\"u%u@mail.example\"},\"d\":{\"type\":\"domain-"
			"name\","
			"\"value\":\"mail.example\"},\"m\":{\"type\":\"email-message\",\"from_"
			"ref\":\"s\","
			"\"to_refs\":[\"r\"],\"subject\":\"%s\"}",
			e->sender, e->recipient, subjects[e->subject]);
		break;
	case PROCESS:
		buf_printf(out,
			"\"f\":{\"type\":\"file\",\"name\":\"%s\",\"hashes\":{\"SHA-256\":\"%"
			"064x\"}},\"p\":"
			"{\"type\":\"process\",\"command_line\":\"%s "
			"%s\",\"pid\":%u,\"image_ref\":\"f\"}",
			files[e->file], e->hash + 0xabc0, files[e->file], commands[e->command],
			e->size);
		break;
	default: break;
	}
}

static inline void
write_observed(const struct event *e, struct buf *out)
{
	buf_add(out, SPAN("{\"type\":\"observed-data\",\"first_observed\":\""));
	stamp(e, out);
	buf_add(out, SPAN("\",\"last_observed\":\""));
	stamp(e, out);
	buf_add(out, SPAN("\",\"number_observed\":1,\"objects\":{"));
	write_objects(e, out);
	buf_add(out, SPAN("}}"));
}

static inline struct event
make_event(void)
{
	return (struct event){
		.kind = (enum kind)chance(KINDS),
		.time = NOON + (int64_t)chance(SPREAD) * SECOND + (int64_t)chance(4) * 250000,
		.source = 1 + (unsigned)chance(5),
		.destination = 1 + (unsigned)chance(5),
		.port = (unsigned)chance(4),
		.domain = (unsigned)chance(4),
		.answer = {1 + (unsigned)chance(5), 1 + (unsigned)chance(5)},
		.answers = (unsigned)chance(3),
		.path = (unsigned)chance(3),
		.agent = (unsigned)chance(3),
		.hash = (unsigned)chance(3),
		.size = 1 + (unsigned)chance(5),
		.file = (unsigned)chance(3),
		.sender = (unsigned)chance(3),
		.recipient = (unsigned)chance(3),
		.subject = (unsigned)chance(3),
		.command = (unsigned)chance(3),
		.udp = chance(3) == 0,
	};
}
