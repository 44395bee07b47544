/* Formats that name what stands where: samples as their programs' manuals show them, and hostile ones. */
#include "format_world.h"

#include "match/role.h"

static void
squid_says_client_url_and_peer(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{"1764228430.250    412 10.0.0.5 TCP_MISS/200 5120 GET http://evil.org/a?b alice "
		 "HIER_DIRECT/192.0.2.7 text/html\n"
		 "1764228431.000     -3 2001:db8::5 TCP_TUNNEL/200 39 CONNECT evil.org:443 - "
		 "FIRSTUP_PARENT/proxy.example - extra\n",
			"squid|2025-11-27T07:27:10.250000Z client=10.0.0.5; code=TCP_MISS; "
			"status=200; "
			"bytes=5120; method=GET; url=http://evil.org/a?b; user=alice; "
			"peerstatus=HIER_DIRECT; peerhost=192.0.2.7; type=text/html;|"
			"2025-11-27T07:27:11.000000Z client=2001:db8::5; code=TCP_TUNNEL; "
			"status=200; "
			"bytes=39; method=CONNECT; url=evil.org:443; peerstatus=FIRSTUP_PARENT; "
			"peerhost=proxy.example;|"},
		/* Cut off, and what only looks alike. */
		{"1764228430.250 1 10.0.0.5 TCP_MISS/200 1 GET http://a.example/ - NONE/- "
		 "text/plain\n"
		 "1764228431.000 412 10.0.0.5 TCP_MI\n\n",
			"squid|2025-11-27T07:27:10.250000Z client=10.0.0.5; code=TCP_MISS; "
			"status=200; "
			"bytes=1; method=GET; url=http://a.example/; peerstatus=NONE; "
			"type=text/plain;|"
			"2025-11-27T07:27:11.000000Z|-|"},
		{"1764228430.2 1 10.0.0.5 TCP_MISS/200 1 GET http://a.example/ - NONE/- "
		 "text/plain\n",
			"lines|2025-11-27T07:27:10.200000Z|"},
	};
	assert_samples(samples, NULL);
}

static void
access_logs_say_client_url_and_agent(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{"192.0.2.1 - bob [17/May/2015:10:05:03 +0000] \"GET /a?b=c HTTP/1.1\" 200 12 "
		 "\"http://ref.example/\" \"Agent \\\"x\\\" 1\"\n",
			"clf|2015-05-17T10:05:03.000000Z client=192.0.2.1; user=bob; method=GET; "
			"url=/a?b=c; status=200; bytes=12; referrer=http://ref.example/; "
			"user_agent=Agent \\\"x\\\" 1;|"},
		{"www.example:80 192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"\" 400 0 \"-\" "
		 "\"-\"\n",
			"clf|2015-05-17T10:05:03.000000Z cs-host=www.example:80; client=192.0.2.1; "
			"status=400; bytes=0;|"},
		/* An open quote, a bracket and no more. */
		{"192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET /\\\n",
			"clf|2015-05-17T10:05:03."
			"000000Z client=192.0.2.1; method=GET; url=/\\;|"},
	};
	assert_samples(samples, NULL);
}

static void
syslog_headers_have_names(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		/* RFC 3164 section 5.4, example 1; RFC 5424 section 6.5, examples 1, 3 and 4. */
		{"<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8\n",
			"syslog|2025-10-11T22:14:15.000000Z hostname=mymachine; appname=su; "
			"message='su root' failed for lonvick on /dev/pts/8;|"},
		{"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xef\xbb\xbf'su "
		 "root'\n"
		 "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
		 "[exampleSDID@32473 iut=\"3\" eventSource=\"Application\" eventID=\"1011\"] An "
		 "entry\n"
		 "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog 7 ID47 "
		 "[exampleSDID@32473 iut=\"3\"][examplePriority@32473 class=\"high\"]\n",
			"syslog|2003-10-11T22:14:15.003000Z hostname=mymachine.example.com; "
			"appname=su; "
			"msgid=ID47; message='su root';|"
			"2003-10-11T22:14:15.003000Z hostname=mymachine.example.com; "
			"appname=evntslog; "
			"msgid=ID47; exampleSDID@32473.iut=3; "
			"exampleSDID@32473.eventSource=Application; "
			"exampleSDID@32473.eventID=1011; message=An entry;|"
			"2003-10-11T22:14:15.003000Z hostname=mymachine.example.com; "
			"appname=evntslog; "
			"procid=7; msgid=ID47; exampleSDID@32473.iut=3; "
			"examplePriority@32473.class=high;|"},
		/* Section 6.3.3: escapes; a backslash before anything else is itself. */
		{"<1>1 - - - - - [a b=\"x\\\"y\\]z\\\\w\\n\" c=\"]\"] end\n",
			"syslog|- a.b=x\"y]z\\w\\n; a.c=]; message=end;|"},
		/* Malformed: what could be read has a name, the rest is text. */
		{"<1>1 2003-10-11T22:14:15Z h a p m [x y=\"open\n"
		 "<1>1 2003-10-11T22:14:15Z h a p m [x y=\"1\"\n"
		 "<1>1 2003-10-11T22:14:15Z h a p m [x y]z\n"
		 "<1>1 2003-10-11T22:14:15Z\n"
		 "<1>1\n<1>\n<\n",
			"syslog|2003-10-11T22:14:15.000000Z hostname=h; appname=a; procid=p; "
			"msgid=m; "
			"message=[x y=\"open;|"
			"2003-10-11T22:14:15.000000Z hostname=h; appname=a; procid=p; msgid=m; "
			"x.y=1; "
			"message=[x y=\"1\";|"
			"2003-10-11T22:14:15.000000Z hostname=h; appname=a; procid=p; msgid=m; "
			"message=[x y]z;|"
			"2003-10-11T22:14:15.000000Z|-|-|-|"},
		/* RFC 3339 times without a priority, no process, no tag, no host. */
		{"Nov 22 07:37:10 host kernel: x\nNov  2 2024 07:37:10 host app[12]: y\n"
		 "2025-11-22T07:37:10.5+01:00 host app[12]: z\nNov 22 07:37:10 host no tag\n"
		 "Nov 22 07:37:10 app[1]: w\n"
		 "Nov 22 07:37:10 unbound[1:0] info: 192.0.2.5 evil.org. A IN\n",
			"syslog|2025-11-22T07:37:10.000000Z hostname=host; appname=kernel; "
			"message=x;|"
			"2024-11-02T07:37:10.000000Z hostname=host; procid=12; appname=app; "
			"message=y;|"
			"2025-11-22T06:37:10.500000Z hostname=host; procid=12; appname=app; "
			"message=z;|"
			"2025-11-22T07:37:10.000000Z hostname=host; message=no tag;|"
			"2025-11-22T07:37:10.000000Z procid=1; appname=app; message=w;|"
			"2025-11-22T07:37:10.000000Z procid=1:0; appname=unbound; message=info: "
			"192.0.2.5 "
			"evil.org. A IN; client=192.0.2.5; query=evil.org; query_type=A;|"},
	};
	assert_samples(samples, NULL);
}

/* What lies behind a syslog header of a mail or DNS server. */
static const char *
message(const char *program, const char *text)
{
	own_buf struct buf log = {};
	buf_printf(&log, "Nov 22 07:37:10 h %s: %s\n", program, text);
	buf_add_byte(&log, 0);
	const char *all = told(log.ptr, "syslog"), *from = strstr(all, " message=");
	assert_non_null(from);
	from += strlen(" message=") + strlen(text) + 1;
	return from;
}

static void
mail_servers_say_who_sent_and_where_it_went(void **state)
{
	(void)state;
	static const struct {
		const char *program, *text, *want;
	} table[] = {
		{"postfix/smtpd[12]", "connect from mx.evil.org[192.0.2.1]",
			" client_name=mx.evil.org; client_address=192.0.2.1;|"},
		{"postfix/smtpd[12]", "4F2A: client=unknown[2001:db8::1], sasl_username=bob",
			" queueid=4F2A; client_name=unknown; client_address=2001:db8::1; "
			"user=bob;|"},
		{"postfix/qmgr[12]", "4F2A: from=<a@b.example>, size=1, nrcpt=1 (queue active)",
			" queueid=4F2A; from=a@b.example;|"},
		{"postfix/qmgr[12]", "4F2A: from=<>, size=1, nrcpt=1 (queue active)",
			" queueid=4F2A;|"},
		{"postfix-out/smtp[12]",
			"4F2A: to=<c@d.example>, orig_to=<root>, relay=mx.d.example[192.0.2.9]:25, "
			"delay=1, dsn=2.0.0, status=sent (250 ok)",
			" queueid=4F2A; to=c@d.example; to=root; relay_name=mx.d.example; "
			"relay_address=192.0.2.9;|"},
		{"postfix/smtp[12]", "4F2A: to=<c@d.example>, relay=none, status=deferred",
			" queueid=4F2A; to=c@d.example; relay_name=none;|"},
		{"postfix/cleanup[12]", "4F2A: message-id=<1@b.example>",
			" queueid=4F2A; message-id=1@b.example;|"},
		{"postfix/smtpd[12]",
			"NOQUEUE: reject: RCPT from x.example[192.0.2.1]: 554 5.7.1 <x>: no; "
			"from=<a@b.example> to=<c@d.example> proto=ESMTP helo=<evil.org>",
			" queueid=NOQUEUE; client_name=x.example; client_address=192.0.2.1; "
			"from=a@b.example; to=c@d.example; helo=evil.org;|"},
		{"sendmail[12]",
			"k1A: from=<a@b.example>, size=9, msgid=<2@b.example>, relay=mx.evil.org "
			"[192.0.2.1] (may be forged)",
			" queueid=k1A; from=a@b.example; message-id=2@b.example; "
			"client_name=mx.evil.org; client_address=192.0.2.1;|"},
		{"sm-mta[12]",
			"k1A: to=<c@d.example>,<e@d.example>, ctladdr=<a@b.example> (1/2), "
			"relay=mx.d.example. [IPv6:2001:db8::9], dsn=2.0.0, stat=Sent",
			" queueid=k1A; to=c@d.example; to=e@d.example; from=a@b.example; "
			"relay_name=mx.d.example; relay_address=2001:db8::9;|"},
		{"sendmail[12]", "k1A: ruleset=check_rcpt, arg1=<c@d.example>, relay=[192.0.2.1]",
			" queueid=k1A; arg1=c@d.example; client_address=192.0.2.1;|"},
		/* Keys inside a path are the sender's words. */
		{"postfix/qmgr[12]", "4F2A: from=<\"x, to=y\"@b.example>, to=<",
			" queueid=4F2A; "
			"from=\"x, to=y\"@b.example;|"},
		{"postfix/smtpd[12]", "=, ==from=<a>,relay=,client=[", "|"},
		{"sshd[12]", "from=<a@b.example>", "|"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_string_equal(message(table[i].program, table[i].text), table[i].want);
}

static void
resolvers_say_who_asked_for_what(void **state)
{
	(void)state;
	static const struct {
		const char *program, *text, *want;
	} table[] = {
		{"named[1]",
			"client @0x7f01 192.0.2.5#53124 (evil.org): query: evil.org IN A +E(0)K "
			"(192.0.2.53)",
			" client=192.0.2.5; query_class=IN; query=evil.org; query_type=A; "
			"server=192.0.2.53;|"},
		{"named[1]",
			"queries: info: client 2001:db8::5#1 (a.evil.org): view in: query: "
			"a.evil.org IN "
			"AAAA + (2001:db8::53)",
			" client=2001:db8::5; query_class=IN; query=a.evil.org; query_type=AAAA; "
			"server=2001:db8::53;|"},
		{"named[1]", "client 192.0.2.5#1 (evil.org): query (cache) 'evil.org/A/IN' denied",
			" client=192.0.2.5; query=evil.org;|"},
		{"named[1]",
			"client @0x1 192.0.2.5#1 (evil.org): rpz QNAME NXDOMAIN rewrite "
			"evil.org/A/IN via evil.org.rpz",
			" client=192.0.2.5; query=evil.org;|"},
		{"named[1]",
			"client @0x1 192.0.2.5#1 (evil.org): query failed (SERVFAIL) for "
			"evil.org/IN/A "
			"at query.c:1",
			" client=192.0.2.5; query=evil.org;|"},
		{"unbound", "[1:0] info: 192.0.2.5 evil.org. A IN",
			" client=192.0.2.5; query=evil.org; query_type=A;|"},
		{"unbound", "[1:0] info: reply: 192.0.2.5@5353 evil.org. A IN NOERROR 0.01 0 45",
			" client=192.0.2.5; query=evil.org; query_type=A;|"},
		{"unbound", "[1:0] info: server stats for thread 0", "|"},
		{"dnsmasq[9]", "query[A] evil.org from 192.0.2.5",
			" query=evil.org; query_type=A; client=192.0.2.5;|"},
		{"dnsmasq[9]", "17 192.0.2.5/40000 query[AAAA] evil.org from 192.0.2.5",
			" client=192.0.2.5; query=evil.org; query_type=AAAA; client=192.0.2.5;|"},
		{"dnsmasq[9]", "forwarded evil.org to 192.0.2.53#53",
			" query=evil.org; server=192.0.2.53;|"},
		{"dnsmasq[9]", "reply evil.org is 192.0.2.66",
			" query=evil.org; answer=192.0.2.66;|"},
		{"dnsmasq[9]", "cached evil.org is <CNAME>", " query=evil.org;|"},
		{"pdns_recursor[7]", "3 [5/1] question for 'evil.org|A' from 192.0.2.5:5353",
			" query=evil.org; query_type=A; client=192.0.2.5:5353;|"},
		{"pdns_recursor[7]", "answer to question 'evil.org|AAAA': 1 answers",
			" query=evil.org; query_type=AAAA;|"},
		{"pdns-recursor[7]",
			"msg=\"Question\" subsystem=\"syncres\" qname=\"evil.org\" qtype=\"A\" "
			"remote=\"192.0.2.5:5353\"",
			" query=evil.org; query_type=A; client=192.0.2.5:5353;|"},
		{"pdns[7]", "Remote 192.0.2.5 wants 'evil.org|A', do = 0, bufsize = 512",
			" query=evil.org; query_type=A; client=192.0.2.5;|"},
		{"named[1]", "client", "|"},
		{"named[1]", "client @", "|"},
		{"named[1]", "client 192.0.2.5 query: x", " client=192.0.2.5; query=x;|"},
		{"named[1]", "client 192.0.2.5 query: a IN A )",
			" client=192.0.2.5; query_class=IN; "
			"query=a; query_type=A;|"},
		{"dnsmasq[9]", "query[", "|"},
		{"pdns[7]", "question for '", "|"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_string_equal(message(table[i].program, table[i].text), table[i].want);
}

static void
w3c_logs_have_the_columns_of_their_directive(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		/* IIS; the columns change within the file. */
		{"#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n"
		 "#Date: 2025-11-22 07:00:00\r\n"
		 "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) "
		 "cs-host sc-status\r\n"
		 "2025-11-22 07:37:10 192.0.2.80 GET /a.aspx b=c 192.0.2.5 Mozilla/5.0+(X) "
		 "evil.org "
		 "200\r\n"
		 "#Fields: time c-ip cs-uri\r\n"
		 "07:37:11 192.0.2.6 http://evil.org/x\r\n"
		 "07:37:12 ragged\r\n",
			"w3c|-|-|2025-11-22T07:00:00.000000Z|-|2025-11-22T07:37:10.000000Z "
			"date=2025-11-22; "
			"time=07:37:10; s-ip=192.0.2.80; cs-method=GET; cs-uri-stem=/a.aspx; "
			"cs-uri-query=b=c; "
			"c-ip=192.0.2.5; cs(User-Agent)=Mozilla/5.0+(X); cs-host=evil.org; "
			"sc-status=200; "
			"url=//evil.org/a.aspx?b=c;|-|2025-11-22T07:37:11.000000Z "
			"time=07:37:11; c-ip=192.0.2.6; cs-uri=http://evil.org/x;|-|"},
		/* The draft's own example. */
		{"#Version: 1.0\n#Date: 12-Jan-1996 00:00:00\n#Fields: time cs-method cs-uri\n"
		 "00:34:23 GET /foo/bar.html\n",
			"w3c|-|1996-01-12T00:00:00.000000Z|-|1996-01-12T00:34:23.000000Z "
			"time=00:34:23; "
			"cs-method=GET; cs-uri=/foo/bar.html;|"},
		/* CloudFront: tabs, and the header parted by blanks. */
		{"#Version: 1.0\n#Fields: date time c-ip cs-uri-stem x-host-header\n"
		 "2025-11-22\t07:37:10\t192.0.2.5\t/a\tevil.org\n",
			"w3c|-|-|2025-11-22T07:37:10.000000Z date=2025-11-22; time=07:37:10; "
			"c-ip=192.0.2.5; cs-uri-stem=/a; x-host-header=evil.org; "
			"url=//evil.org/a;|"},
		/* Quoted words of proxies; nothing is "-". */
		{"#Fields: date time c-ip cs(User-Agent) cs-host\n"
		 "2025-11-22 07:37:10 192.0.2.5 \"Agent of evil.org\" -\n",
			"w3c|-|2025-11-22T07:37:10.000000Z date=2025-11-22; time=07:37:10; "
			"c-ip=192.0.2.5; cs(User-Agent)=Agent of evil.org; cs-host=;|"},
		/* Exchange message tracking. */
		{"#Software: Microsoft Exchange Server\r\n#Version: 15.01.2507.006\r\n"
		 "#Log-type: Message Tracking Log\r\n"
		 "#Fields: date-time,client-ip,server-hostname,recipient-address,message-subject,"
		 "sender-address\r\n"
		 "2025-11-22T07:37:10.123Z,192.0.2.5,EX01,a@b.example;c@b.example,"
		 "\"Hello, \"\"you\"\"\",x@evil.org\r\n",
			"w3c|-|-|-|-|2025-11-22T07:37:10.123000Z "
			"date-time=2025-11-22T07:37:10.123Z; "
			"client-ip=192.0.2.5; server-hostname=EX01; "
			"recipient-address=a@b.example;c@b.example; message-subject=Hello, "
			"\"you\"; "
			"sender-address=x@evil.org;|"},
		/* No columns; more fields than there are; an open quote. */
		{"#Fields:\na b\n", "w3c|-|-|"},
		{"#Fields: a b\n1 2 3\n\n1\n#\n", "w3c|-|-|-|-|-|"},
		{"#Fields: a,b\n\"1,2\n1,2,3\n", "w3c|-|-|-|"},
	};
	assert_samples(samples, NULL);
}

static void
elastic_documents_have_paths_times_and_urls(void **state)
{
	(void)state;
	static const struct sample samples[] = {
		{"{\"@timestamp\":\"2025-11-22T07:37:10.000Z\",\"source\":{\"ip\":\"192.0.2.5\"},"
		 "\"url\":{\"domain\":\"evil.org\",\"path\":\"/a\",\"query\":\"b=c\"}}\n",
			"ecs|2025-11-22T07:37:10.000000Z @timestamp=2025-11-22T07:37:10.000Z; "
			"source.ip=192.0.2.5; url.domain=evil.org; url.path=/a; url.query=b=c; "
			"url=//evil.org/a?b=c;|"},
		{"{\"@timestamp\":\"2025-11-22T07:37:10Z\",\"source.ip\":\"192.0.2.5\","
		 "\"destination.domain\":\"evil.org\",\"url.path\":\"/a\"}\n",
			"ecs|2025-11-22T07:37:10.000000Z @timestamp=2025-11-22T07:37:10Z; "
			"source.ip=192.0.2.5; destination.domain=evil.org; url.path=/a; "
			"url=//evil.org/a;|"},
		{"{\"@timestamp\":\"2025-11-22T07:37:10Z\",\"message\":\"x\"}\n",
			"json|2025-11-22T07:37:10.000000Z @timestamp=2025-11-22T07:37:10Z; "
			"message=x;|"},
	};
	assert_samples(samples, NULL);
	assert_string_equal(told("[\n{\"@timestamp\":\"2025-11-22T07:37:10Z\",\"source\":{\"ip\":"
				 "\"192.0.2.5\"}}\n]\n",
				    "ecs"),
		"json-documents|2025-11-22T07:37:10.000000Z @timestamp=2025-11-22T07:37:10Z; "
		"source.ip=192.0.2.5;|");
}

static void
names_have_roles_in_every_spelling(void **state)
{
	(void)state;
	static const struct {
		const char *name, *role;
	} table[] = {
		{"id.orig_h", "source"},
		{"id.resp_h", "destination"},
		{"src_ip", "source"},
		{"dest_ip", "destination"},
		{"source.ip", "source"},
		{"destination.domain", "destination"},
		{"_source.destination.ip", "destination"},
		{"Event.EventData.DestinationIp", "destination"},
		{"winlog.event_data.QueryName", "query"},
		{"EventData.Image", "process"},
		{"c-ip", "source"},
		{"s-ip", "destination"},
		{"cs(User-Agent)", "agent"},
		{"CS(REFERER)", "referrer"},
		{"client-ip", "source"},
		{"sender-address", "sender"},
		{"recipient-address", "recipient"},
		{"url.full", "url"},
		{"dns.rrname", "query"},
		{"dns.question.name", "query"},
		{"query", "query"},
		{"answers", "answer"},
		{"relay_address", "destination"},
		{"from", "sender"},
		{"to", "recipient"},
		{"hostname", "asset"},
		{"host", "host"},
		{"x-forwarded-for", "source"},
		{"agent", "agent"},
		{"", "none"},
		{"_source.", "none"},
		{"source.ipx", "none"},
		{"source.i", "none"},
		{"\xff", "none"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_string_equal(
			field_role_word(field_role(span_of(table[i].name))), table[i].role);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(squid_says_client_url_and_peer),
		cmocka_unit_test(access_logs_say_client_url_and_agent),
		cmocka_unit_test(syslog_headers_have_names),
		cmocka_unit_test(mail_servers_say_who_sent_and_where_it_went),
		cmocka_unit_test(resolvers_say_who_asked_for_what),
		cmocka_unit_test(w3c_logs_have_the_columns_of_their_directive),
		cmocka_unit_test(elastic_documents_have_paths_times_and_urls),
		cmocka_unit_test(names_have_roles_in_every_spelling),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&out);
	return failed;
}
