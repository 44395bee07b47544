/*
 * Lines of daemons whose words have a place: names for what stands there. Nothing is taken away, for the whole
 * line is read besides. Formats, as their programs document them:
 * Postfix      postfix(1) and the attributes of "NAME=VALUE" of its daemons' manual pages
 * sendmail     Sendmail Installation and Operation Guide, section 2.1.1 (System Log, Format)
 * BIND 9       Administrator Reference Manual, "logging" block, category queries, query-errors, rpz
 * unbound      unbound.conf(5): log-queries, log-replies, log-tag-queryreply
 * dnsmasq      dnsmasq(8): --log-queries and --log-queries=extra
 * PowerDNS     Recursor: quiet=no, structured-logging; Authoritative: log-dns-queries
 */
#include "base/ascii.h"
#include "match/reader-internal.h"

enum { KEY_LONGEST = 32, KEYS_MOST = 64, WITHIN = 4096 };

/* Moves *rest behind `what`; false where it is not there. */
static bool
skip_to(struct span *rest, struct span what)
{
	size_t at = span_find(*rest, what);
	if (at == SIZE_MAX)
		return false;
	*rest = span_sub(*rest, at + what.len, SIZE_MAX);
	return true;
}

static struct span
until(struct span text, const char *any)
{
	size_t end = 0;
	for (; end < text.len; end++)
		for (const char *c = any; *c; c++)
			if (text.ptr[end] == *c)
				return span_sub(text, 0, end);
	return text;
}

static struct span
without_end(struct span text, const char *any)
{
	while (text.len && until(span_sub(text, text.len - 1, 1), any).len == 0)
		text.len--;
	return text;
}

/* ---- mail ---- */

/* "name[192.0.2.1]:25", "name. [192.0.2.1]", "[IPv6:2001:db8::1]" */
static void
add_peer(struct reading *r, const struct record *out, struct span text, struct span as_name,
	struct span as_address)
{
	struct span name = until(text, "[, ;");
	struct span rest = span_sub(text, name.len, SIZE_MAX);
	if (span_starts(rest, SPAN(" [")))
		rest = span_sub(rest, 1, SIZE_MAX);
	record_part(r, out, as_name, without_end(name, ".:"));
	if (!span_starts(rest, SPAN("[")))
		return;
	struct span address = until(span_sub(rest, 1, SIZE_MAX), "] ,");
	if (span_eq_fold(span_sub(address, 0, 5), SPAN("IPv6:")))
		address = span_sub(address, 5, SIZE_MAX);
	record_part(r, out, as_address, address);
}

/* "<a@b.example>,<c@b.example>", "a@b.example," */
static void
add_paths(struct reading *r, const struct record *out, struct span name, struct span value)
{
	if (!span_starts(value, SPAN("<"))) {
		record_part(r, out, name, without_end(until(value, " ,;"), ":"));
		return;
	}
	for (unsigned i = 0; i < KEYS_MOST && span_starts(value, SPAN("<")); i++) {
		struct span path = until(span_sub(value, 1, SIZE_MAX), ">");
		record_part(r, out, name, path);
		value = span_sub(value, path.len + 2, SIZE_MAX);
		if (span_starts(value, SPAN(",")))
			value = span_sub(value, 1, SIZE_MAX);
	}
}

static void
add_attribute(struct reading *r, const struct record *out, struct span key, struct span value,
	bool *is_from)
{
	static const struct {
		struct span key, name;
	} table[] = {
		{SPAN("from"), SPAN("from")},
		{SPAN("to"), SPAN("to")},
		{SPAN("orig_to"), SPAN("to")},
		{SPAN("ctladdr"), SPAN("from")},
		{SPAN("arg1"), SPAN("arg1")},
		{SPAN("helo"), SPAN("helo")},
		{SPAN("message-id"), SPAN("message-id")},
		{SPAN("msgid"), SPAN("message-id")},
		{SPAN("sasl_username"), SPAN("user")},
	};
	/* sendmail's relay is who came where the line is about who sent, and where it went else. */
	bool relay = span_eq(key, SPAN("relay"));
	if (span_eq(key, SPAN("client")) || (relay && *is_from))
		add_peer(r, out, value, SPAN("client_name"), SPAN("client_address"));
	else if (relay)
		add_peer(r, out, value, SPAN("relay_name"), SPAN("relay_address"));
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (span_eq(key, table[i].key)) {
			add_paths(r, out, table[i].name, value);
			*is_from |= i == 0 || span_eq(key, SPAN("arg1"));
		}
}

static void
mail(struct reading *r, const struct record *out, struct span message)
{
	struct span rest = message, word = next_word(&rest), from = message;
	if (word.len > 1 && word.ptr[word.len - 1] == ':' && until(word, ":").len == word.len - 1) {
		record_part(r, out, SPAN("queueid"), span_sub(word, 0, word.len - 1));
		message = rest;
	}
	if (skip_to(&from, SPAN(" from ")) && span_find_byte(until(from, " ,;"), '[') != SIZE_MAX)
		add_peer(r, out, from, SPAN("client_name"), SPAN("client_address"));
	bool is_from = false;
	size_t at = 0;
	for (unsigned keys = 0; keys < KEYS_MOST && at < message.len; keys++) {
		size_t sign = span_find_byte(span_sub(message, at, WITHIN), '=');
		if (sign == SIZE_MAX)
			break;
		sign += at;
		size_t start = sign;
		while (start > at && sign - start < KEY_LONGEST &&
			(ascii_is_alnum(message.ptr[start - 1]) || message.ptr[start - 1] == '-' ||
				message.ptr[start - 1] == '_'))
			start--;
		struct span value = span_sub(message, sign + 1, SIZE_MAX);
		if (start < sign &&
			(start == 0 || until(span_sub(message, start - 1, 1), " ,").len == 0))
			add_attribute(
				r, out, span_sub(message, start, sign - start), value, &is_from);
		/* What stands between brackets is whoever's. */
		at = sign + 1;
		if (span_starts(value, SPAN("<")))
			at += until(value, ">").len;
	}
}

/* ---- names asked for ---- */

static void
add_question(struct reading *r, const struct record *out, struct span name, struct span type)
{
	record_part(r, out, SPAN("query"), without_end(name, ".:"));
	record_part(r, out, SPAN("query_type"), type);
}

/* "client [@0x7f] 192.0.2.1#5353 (name): [view x: ]query: NAME IN A +E(0)K (192.0.2.53)" */
static void
bind(struct reading *r, const struct record *out, struct span message)
{
	static const struct span fore[] = {SPAN(") for "), SPAN(" rewrite "), SPAN(" (cache) '")};
	struct span rest = message, name;
	if (!skip_to(&rest, SPAN("client ")))
		return;
	struct span word = next_word(&rest);
	if (span_starts(word, SPAN("@")))
		word = next_word(&rest);
	record_part(r, out, SPAN("client"), without_end(until(word, "#"), ":"));
	struct span after = rest;
	if (skip_to(&after, SPAN(" query: ")) || skip_to(&after, SPAN(" response: "))) {
		name = next_word(&after);
		record_part(r, out, SPAN("query_class"), next_word(&after));
		add_question(r, out, name, next_word(&after));
		after = span_trim(after);
		if (span_ends(after, SPAN(")"))) {
			size_t open = after.len - 1;
			while (open > 0 && after.ptr[open] != '(')
				open--;
			record_part(r, out, SPAN("server"),
				span_sub(after, open + 1, after.len - open - 2));
		}
		return;
	}
	for (size_t i = 0; i < sizeof fore / sizeof *fore; i++) {
		after = rest;
		if (skip_to(&after, fore[i])) {
			add_question(r, out, until(after, "/ '"), (struct span){});
			return;
		}
	}
}

/* "info: [query: |reply: ]192.0.2.1 NAME. A IN [NOERROR ...]" */
static void
unbound(struct reading *r, const struct record *out, struct span message)
{
	if (!skip_to(&message, SPAN("info: ")))
		return;
	struct span rest = message, client = next_word(&rest);
	if (span_eq(client, SPAN("query:")) || span_eq(client, SPAN("reply:")))
		client = next_word(&rest);
	struct span name = next_word(&rest), type = next_word(&rest), class = next_word(&rest);
	if (!span_eq(class, SPAN("IN")) && !span_eq(class, SPAN("CH")) &&
		!span_eq(class, SPAN("HS")))
		return;
	record_part(r, out, SPAN("client"), until(client, "@"));
	add_question(r, out, name, type);
}

/* "[SERIAL 192.0.2.1/5353 ]query[A] NAME from 192.0.2.1", "forwarded NAME to ...", "reply NAME is ..." */
static void
dnsmasq(struct reading *r, const struct record *out, struct span message)
{
	uint64_t serial;
	struct span rest = message, what = next_word(&rest);
	if (span_to_u64(what, &serial)) {
		record_part(r, out, SPAN("client"), until(next_word(&rest), "/"));
		what = next_word(&rest);
	}
	struct span name = next_word(&rest), link = next_word(&rest), end = next_word(&rest);
	if (span_starts(what, SPAN("query[")) && span_eq(link, SPAN("from"))) {
		add_question(r, out, name, until(span_sub(what, 6, SIZE_MAX), "]"));
		record_part(r, out, SPAN("client"), end);
	} else if (span_eq(what, SPAN("forwarded")) && span_eq(link, SPAN("to"))) {
		add_question(r, out, name, (struct span){});
		record_part(r, out, SPAN("server"), until(end, "#"));
	} else if (span_eq(link, SPAN("is"))) {
		add_question(r, out, name, (struct span){});
		if (!span_starts(end, SPAN("<")))
			record_part(r, out, SPAN("answer"), end);
	}
}

/* "question for 'NAME|A' from 192.0.2.1:5353", "Remote 192.0.2.1 wants 'NAME|A'", qname="NAME" qtype="A" remote="..." */
static void
powerdns(struct reading *r, const struct record *out, struct span message)
{
	static const struct {
		struct span key, name;
	} keys[] = {
		{SPAN("qname=\""), SPAN("query")},
		{SPAN("qtype=\""), SPAN("query_type")},
		{SPAN("remote=\""), SPAN("client")},
	};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct span value = message;
		if (skip_to(&value, keys[i].key))
			record_part(r, out, keys[i].name, until(value, "\""));
	}
	struct span rest = message, remote = message;
	if (!skip_to(&rest, SPAN("question for '")) && !skip_to(&rest, SPAN("question '")) &&
		!skip_to(&rest, SPAN(" wants '")))
		return;
	struct span name = until(rest, "|'");
	struct span type = until(span_sub(rest, name.len + 1, SIZE_MAX), "',");
	add_question(r, out, name, type);
	if (skip_to(&rest, SPAN("' from ")) || skip_to(&remote, SPAN("Remote "))) {
		struct span from = span_find(message, SPAN("' from ")) == SIZE_MAX ? remote : rest;
		record_part(r, out, SPAN("client"), next_word(&from));
	}
}

void
dissect(struct reading *r, const struct record *out, struct span program, struct span message)
{
	static const struct {
		struct span program;
		void (*run)(struct reading *r, const struct record *out, struct span message);
	} table[] = {
		{SPAN("postfix"), mail},
		{SPAN("sendmail"), mail},
		{SPAN("sm-mta"), mail},
		{SPAN("sm-msp-queue"), mail},
		{SPAN("named"), bind},
		{SPAN("unbound"), unbound},
		{SPAN("dnsmasq"), dnsmasq},
		{SPAN("pdns_recursor"), powerdns},
		{SPAN("pdns-recursor"), powerdns},
		{SPAN("pdns_server"), powerdns},
		{SPAN("pdns"), powerdns},
	};
	message = span_trim(message);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct span tail = span_sub(program, table[i].program.len, SIZE_MAX);
		/* "postfix/smtpd", "postfix-out/smtp", "dnsmasq-dhcp" */
		if (!span_starts(program, table[i].program) ||
			(tail.len && tail.ptr[0] != '/' && tail.ptr[0] != '-'))
			continue;
		table[i].run(r, out, message);
		return;
	}
}
