/*
 * Logs that DNS servers write to files of their own; behind a syslog header see reader_syslog.c. dissect.c says
 * which documents. Microsoft's debug log ("DNS Logging and Diagnostics", packet lines) writes a name as counted
 * labels: (3)www(4)evil(7)example(0). No fast pass reads those, so all its lines are read.
 */
#include <string.h>

#include "base/ascii.h"
#include "match/reader-internal.h"
#include "match/time.h"

enum { FIRST_LINES = 20, HEAD_LOOKED_AT = 16384 };

static bool
has(struct span line, struct span what)
{
	return span_find(line, what) != SIZE_MAX;
}

/* Which server's line this is, as dissect takes it; empty where it is none's. */
static struct span
server_of(struct span line)
{
	if (has(line, SPAN("] unbound[")))
		return SPAN("unbound");
	if (has(line, SPAN("question for '")) || has(line, SPAN("qname=\"")) ||
		has(line, SPAN(" wants '")))
		return SPAN("pdns");
	if (has(line, SPAN("client ")) &&
		(has(line, SPAN("): query: ")) || has(line, SPAN("): view ")) ||
			has(line, SPAN("): rpz ")) || has(line, SPAN("): query "))))
		return SPAN("named");
	return (struct span){};
}

static int
dns_sniff(struct span head)
{
	struct span line;
	head = span_sub(span_without_mark(head), 0, HEAD_LOOKED_AT);
	for (unsigned i = 0; i < FIRST_LINES && head.ptr && span_cut(&head, '\n', &line); i++) {
		/* With a program's name it is syslog's, in braces JSON's. */
		if (has(line, SPAN("named[")) || has(line, SPAN("pdns")) ||
			span_starts(line, SPAN("{")) || span_starts(line, SPAN("<")))
			return 0;
		if (server_of(line).len)
			return 75;
	}
	return 0;
}

static enum rc
dns_next(struct reading *r, struct record *out, struct diag *why)
{
	enum rc code = record_line(r, out, why);
	if (code)
		return code;
	if (span_starts(out->text, SPAN("["))) {
		struct span epoch = span_sub(out->text, 1, 32);
		out->time = time_epoch(span_sub(epoch, 0, span_find_byte(epoch, ']')));
	}
	if (record_text(r, out)) {
		dissect(r, out, server_of(out->text), out->text);
		record_finish(r, out);
	}
	return RC_OK;
}

/* ---- Microsoft ---- */

/*
 * Behind "PACKET" and its address: "UDP Rcv 192.0.2.5 0002 R Q [8081 DR NOERROR] A NAME", without R for a
 * query. What we receive queries from and send answers to is a client, the other a server.
 */
static void
packet_parts(struct reading *r, const struct record *out)
{
	struct span rest = out->text, word;
	unsigned words = 0;
	while ((word = next_word(&rest)).len && !span_eq(word, SPAN("PACKET")))
		if (++words == 6)
			return;
	next_word(&rest);
	struct span protocol = next_word(&rest), way = next_word(&rest), peer = next_word(&rest);
	bool sent = span_eq(way, SPAN("Snd"));
	if (!sent && !span_eq(way, SPAN("Rcv")))
		return;
	next_word(&rest);
	struct span ahead = rest;
	bool answer = span_eq(next_word(&ahead), SPAN("R"));
	record_part(r, out, SPAN("protocol"), protocol);
	record_part(r, out, sent == answer ? SPAN("client") : SPAN("server"), peer);
	size_t close = span_find_byte(rest, ']');
	if (close == SIZE_MAX)
		return;
	rest = span_sub(rest, close + 1, SIZE_MAX);
	record_part(r, out, SPAN("query_type"), next_word(&rest));
}

static enum rc
windows_dns_next(struct reading *r, struct record *out, struct diag *why)
{
	enum rc code = record_line(r, out, why);
	if (code || !record_text(r, out))
		return code;
	for (size_t i = 1; i < r->fields; i++)
		r->field[i].name = SPAN("query");
	packet_parts(r, out);
	record_finish(r, out);
	return RC_OK;
}

static int
windows_dns_sniff(struct span head)
{
	struct span line = head_line(head);
	head = span_sub(head, 0, HEAD_LOOKED_AT);
	if (has(head, SPAN("DNS Server log file creation at ")) ||
		has(head, SPAN("Message logging key (for packets")))
		return 96;
	return line.len && ascii_is_digit(line.ptr[0]) && has(line, SPAN(" PACKET ")) &&
			       (has(line, SPAN("P Rcv ")) || has(line, SPAN("P Snd ")))
		       ? 90
		       : 0;
}

const struct reader reader_dns = {"dns", dns_sniff, dns_next, LINES_KEEP_LIKELY};
const struct reader reader_windows_dns = {
	"windows-dns", windows_dns_sniff, windows_dns_next, LINES_KEEP_LIKELY};
