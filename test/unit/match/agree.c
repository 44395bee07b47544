/*
 * Scanning a log for patterns and matching them with the same events as observed-data agree: 10,000 generated
 * pairs of a pattern and a log. What a record tells is written twice here, as a line of a log and as STIX, from
 * one model; the product's own reading of records has no part in the latter.
 */
#include "../test.h"

#include "codec/json.h"
#include "match/again.h"
#include "match/arm.h"
#include "match/sweep.h"
#include "pattern/atoms.h"
#include "pattern/match.h"
#include "pattern/strings.h"
#include "world.h"

enum {
	LOGS = 1000,
	PATTERNS = 10, /* for each log */
	RECORDS_MOST = 14,
	SPREAD = 120, /* seconds */
	NODES_MOST = 256,
	FLOOR = 100, /* each operator decides so many pairs, or more */
};

static uint64_t seed = 20260101;

static uint64_t
chance(uint64_t below)
{
	uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) % below;
}

/* ---- events, as lines and as objects ---- */

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

static void
stamp(const struct event *e, struct buf *out)
{
	char text[TIME_TEXT];
	time_text(e->time, text);
	buf_printf(out, "%s", text);
}

static void
zeek_head(const struct event *e, struct buf *out)
{
	buf_printf(out,
		"{\"ts\":%lld.%06lld,\"uid\":\"C\",\"id.orig_h\":\"203.0.113.%u\",\"id.orig_p\":"
		"50000,"
		"\"id.resp_h\":\"203.0.113.%u\",\"id.resp_p\":%u,\"proto\":\"%s\"",
		(long long)(e->time / SECOND), (long long)(e->time % SECOND), e->source,
		e->destination, ports[e->port], e->udp ? "udp" : "tcp");
}

static void
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

static void
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
static void
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
static void
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

static void
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

static void
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

static struct event
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

/* ---- patterns ---- */

enum op {
	OP_AND,
	OP_OR,
	OP_FOLLOWEDBY,
	OP_REPEATS,
	OP_WITHIN,
	OP_STARTSTOP,
	OP_ALL, /* AND in brackets */
	OP_ANY, /* OR in brackets */
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_GT,
	OP_LE,
	OP_GE,
	OP_IN,
	OP_LIKE,
	OP_MATCHES,
	OP_ISSUBSET,
	OP_ISSUPERSET,
	OP_EXISTS,
	OP_NOT, /* of a comparison, which has its own operator besides */
	OPS,
};

static const char *const op_words[] = {"AND", "OR", "FOLLOWEDBY", "REPEATS", "WITHIN", "START STOP",
	"[AND]", "[OR]", "=", "!=", "<", ">", "<=", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET",
	"ISSUPERSET", "EXISTS", "NOT"};

/* A node of a pattern; a comparison's path and constant are text. */
struct node {
	enum op op;
	bool observation; /* [ child ] stands here */
	struct node *child[3];
	unsigned children, number, until;
	char path[80], constant[120];
	bool negated, altered;
};

static struct node pool[NODES_MOST];
static unsigned used;

static struct node *
node_new(enum op op)
{
	struct node *n = &pool[used++];
	*n = (struct node){.op = op};
	return n;
}

static void
print(const struct node *n, struct buf *out)
{
	if (n->op >= OP_EQ) {
		bool negated = n->negated != n->altered;
		if (n->op == OP_EXISTS)
			buf_printf(out, "%sEXISTS %s", negated ? "NOT " : "", n->path);
		else
			buf_printf(out, "%s %s%s %s", n->path, negated ? "NOT " : "",
				op_words[n->op], n->constant);
		return;
	}
	const char *word = n->op == OP_ALL || n->op == OP_AND  ? n->altered ? "OR" : "AND"
			   : n->op == OP_ANY || n->op == OP_OR ? n->altered ? "AND" : "OR"
			   : n->altered			       ? "AND"
							       : "FOLLOWEDBY";
	bool qualifier = n->op == OP_REPEATS || n->op == OP_WITHIN || n->op == OP_STARTSTOP;
	buf_add(out, n->observation ? SPAN("[") : SPAN("("));
	for (unsigned i = 0; i < n->children; i++) {
		if (i)
			buf_printf(out, " %s ", word);
		print(n->child[i], out);
	}
	buf_add(out, n->observation ? SPAN("]") : SPAN(")"));
	if (!qualifier || n->altered)
		return;
	char from[TIME_TEXT], until[TIME_TEXT];
	time_text(NOON + n->number * SECOND, from);
	time_text(NOON + n->until * SECOND, until);
	if (n->op == OP_REPEATS)
		buf_printf(out, " REPEATS %u TIMES", n->number);
	else if (n->op == OP_WITHIN)
		buf_printf(out, " WITHIN %u SECONDS", n->number);
	else
		buf_printf(out, " START t'%s' STOP t'%s'", from, until);
}

/* What one comparison can be: atoms select candidates, others only narrow. */
struct shape {
	const char *type, *path;
	enum {
		DOMAIN,
		ADDRESS,
		PORT,
		NAME,
		URL,
		HASH,
		EMAIL,
		SUBJECT,
		SIZE,
		COMMAND,
		METHOD,
		AGENT
	} what;
	bool atom;
};

static const struct shape shapes[] = {
	{"domain-name", "value", DOMAIN, true},
	{"domain-name", "resolves_to_refs[*].value", ADDRESS, true},
	{"ipv4-addr", "value", ADDRESS, true},
	{"network-traffic", "src_ref.value", ADDRESS, true},
	{"network-traffic", "dst_ref.value", ADDRESS, true},
	{"network-traffic", "dst_port", PORT, false},
	{"network-traffic", "protocols[*]", METHOD, false},
	{"network-traffic", "extensions.'http-request-ext'.request_header.'User-Agent'[*]", AGENT,
		false},
	{"url", "value", URL, true},
	{"file", "hashes.'SHA-256'", HASH, true},
	{"file", "name", NAME, true},
	{"file", "size", SIZE, false},
	{"email-addr", "value", EMAIL, true},
	{"email-message", "from_ref.value", EMAIL, true},
	{"email-message", "to_refs[*].value", EMAIL, true},
	{"email-message", "subject", SUBJECT, true},
	{"process", "image_ref.hashes.'SHA-256'", HASH, true},
	{"process", "command_line", COMMAND, true},
	{"process", "pid", SIZE, false},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* Of the log under work; most patterns are about what one of them tells. */
static struct event events[RECORDS_MOST];
static size_t event_count;

static unsigned
address_of(const struct shape *s, const struct event *e)
{
	return strstr(s->path, "dst_ref")    ? e->destination
	       : strstr(s->path, "resolves") ? e->answer[0]
					     : e->source;
}

static unsigned
mail_of(const struct shape *s, const struct event *e)
{
	return strstr(s->path, "to_refs") ? e->recipient : e->sender;
}

static void
text_of(const struct shape *s, const struct event *focus, char *out, size_t size)
{
	struct event other = make_event();
	const struct event *e = focus && chance(8) ? focus : &other;
	switch (s->what) {
	case DOMAIN: snprintf(out, size, "'d%u.evil.example'", e->domain); break;
	case ADDRESS: snprintf(out, size, "'203.0.113.%u'", address_of(s, e)); break;
	case PORT: snprintf(out, size, "%u", ports[e->port]); break;
	case NAME: snprintf(out, size, "'%s'", files[e->file]); break;
	case URL: snprintf(out, size, "'http://d%u.evil.example/p%u'", e->domain, e->path); break;
	case HASH: snprintf(out, size, "'%064x'", e->hash + 0xabc0); break;
	case EMAIL: snprintf(out, size, "'u%u@mail.example'", mail_of(s, e)); break;
	case SUBJECT: snprintf(out, size, "'%s'", subjects[e->subject]); break;
	case SIZE: snprintf(out, size, "%u", e->size); break;
	case COMMAND: snprintf(out, size, "'%s %s'", files[e->file], commands[e->command]); break;
	case METHOD: snprintf(out, size, "'%s'", e->udp ? "udp" : "tcp"); break;
	case AGENT: snprintf(out, size, "'%s'", agents[e->agent]); break;
	}
}

/* Whether an event of this kind tells such a thing. */
static bool
is_told(const struct shape *s, enum kind kind)
{
	static const char *const types[KINDS] = {
		[CONN] = "ipv4-addr network-traffic",
		[DNS] = "ipv4-addr network-traffic domain-name",
		[HTTP] = "ipv4-addr network-traffic domain-name url",
		[FILEINFO] = "ipv4-addr network-traffic file",
		[PLAIN] = "ipv4-addr network-traffic domain-name",
		[MAIL] = "email-addr email-message",
		[PROCESS] = "file process",
	};
	return strstr(types[kind], s->type) && (s->what != AGENT || kind == HTTP) &&
	       (!strstr(s->path, "resolves") || kind == DNS) &&
	       (s->what != SIZE || kind != PROCESS || strcmp(s->type, "process") == 0);
}

static void
like_of(const struct shape *s, const struct event *focus, char *out, size_t size)
{
	switch (s->what) {
	case DOMAIN:
		snprintf(out, size, "'d%u.%%'", focus ? focus->domain : (unsigned)chance(4));
		break;
	case NAME: snprintf(out, size, "'%s'", chance(2) ? "%.exe" : "_.dll"); break;
	case SUBJECT: snprintf(out, size, "'%s'", chance(2) ? "%n%" : "Lunc_"); break;
	case COMMAND: snprintf(out, size, "'%s'", chance(2) ? "%-enc %" : "a.exe%"); break;
	case AGENT: snprintf(out, size, "'%s'", chance(2) ? "%/%" : "evil%"); break;
	default: text_of(s, focus, out, size);
	}
}

static void
regex_of(const struct shape *s, const struct event *focus, char *out, size_t size)
{
	switch (s->what) {
	case DOMAIN: snprintf(out, size, "'^d[0-%u]\\\\.'", (unsigned)chance(4)); break;
	case NAME: snprintf(out, size, "'%s'", chance(2) ? "\\\\.(exe|ps1)$" : "^[ab]"); break;
	case SUBJECT: snprintf(out, size, "'%s'", chance(2) ? "[0-9]+" : "^L"); break;
	case COMMAND: snprintf(out, size, "'%s'", chance(2) ? "-(enc|nop)" : "help$"); break;
	case AGENT: snprintf(out, size, "'%s'", chance(2) ? "/[0-9]" : "bot"); break;
	default: text_of(s, focus, out, size);
	}
}

/*
 * Texts to look for, expressions and LIKE's. In what no field explains, scanning takes whatever is like a text for
 * it; so these stand in nothing else.
 */
static const char *const distinct[3][2][2] = {
	{{"[.](exe|ps1)$", "^b[.]dll"}, {"%.exe", "run.p_1"}},
	{{"Invoice [0-9]+", "parcel$"}, {"Your par%", "Lunc_"}},
	{{"-enc SQB", "hid+en"}, {"%-nop -w%", "%--he_p"}},
};

/* A comparison; selecting: one that a candidate can be found by. */
static struct node *
make_test(const struct shape *s, const struct event *focus, bool selecting)
{
	struct node *n = node_new(OP_EQ);
	bool text = s->what != PORT && s->what != SIZE;
	snprintf(n->path, sizeof n->path, "%s:%s", s->type, s->path);
	text_of(s, focus, n->constant, sizeof n->constant);
	if (selecting) {
		char more[100];
		text_of(s, focus, more, sizeof more);
		if (chance(4) == 0) {
			char one[100];
			snprintf(one, sizeof one, "%s", n->constant);
			n->op = OP_IN;
			snprintf(n->constant, sizeof n->constant, "(%.50s, %.50s)",
				s->what == HASH ? "'x'" : one, s->what == HASH ? "'y'" : more);
			if (s->what == HASH) {
				n->op = OP_EQ;
				text_of(s, focus, n->constant, sizeof n->constant);
			}
		} else if (s->what == ADDRESS && chance(2)) {
			n->op = OP_ISSUBSET;
			snprintf(n->constant, sizeof n->constant, "'203.0.113.%u/%u'",
				(unsigned)chance(6) & 6, 30 + (unsigned)chance(3));
		} else if ((s->what == NAME || s->what == SUBJECT || s->what == COMMAND) &&
			   chance(2)) {
			n->op = chance(2) ? OP_LIKE : OP_MATCHES;
			snprintf(n->constant, sizeof n->constant, "'%s'",
				distinct[s->what == NAME      ? 0
					 : s->what == SUBJECT ? 1
							      : 2][n->op == OP_LIKE][chance(2)]);
		} else if (s->what == DOMAIN && chance(6) == 0) {
			n->op = OP_LIKE;
			snprintf(n->constant, sizeof n->constant, "'%%.evil.example'");
		}
		return n;
	}
	static const enum op orders[] = {OP_LT, OP_GT, OP_LT, OP_GT, OP_LE, OP_GE, OP_NE, OP_IN};
	static const enum op texts[] = {OP_NE, OP_LIKE, OP_LIKE, OP_MATCHES, OP_MATCHES, OP_EQ,
		OP_EXISTS, OP_LE, OP_GE, OP_LT, OP_GT};
	n->op = text ? texts[chance(11)] : orders[chance(8)];
	if (s->what == ADDRESS && chance(2))
		n->op = OP_ISSUPERSET;
	if (n->op == OP_LIKE)
		like_of(s, focus, n->constant, sizeof n->constant);
	if (n->op == OP_MATCHES)
		regex_of(s, focus, n->constant, sizeof n->constant);
	if (n->op == OP_IN) {
		char one[100];
		snprintf(one, sizeof one, "%s", n->constant);
		snprintf(n->constant, sizeof n->constant, "(%.50s)", one);
	}
	n->negated = chance(4) == 0;
	return n;
}

/* A part that nothing selects: any record may be it. */
static struct node *
make_open_expr(void)
{
	const struct event *focus = chance(10) ? &events[chance(event_count)] : NULL;
	struct node *n = node_new(chance(3) ? OP_ALL : OP_ANY);
	const struct shape *first = NULL;
	for (unsigned left = 1 + (chance(3) == 0); left;) {
		const struct shape *s = &shapes[chance(SHAPES)];
		if (focus && !is_told(s, focus->kind) && chance(4))
			continue;
		/*
		 * In a record, whatever is written like a name or a URL is one ("b.dll" is not d0.evil.example), and
		 * what no field explains may be either end: a negation says more of it than of the model.
		 */
		if (strcmp(s->type, "domain-name") == 0 || s->what == URL ||
			strstr(s->path, "_ref"))
			continue;
		if (n->op == OP_ALL && first && strcmp(first->type, s->type) != 0)
			continue;
		first = s;
		struct node *test = make_test(s, focus, false);
		/* Two hosts of a line may be traffic, of which nothing else is told. */
		if (test->op == OP_EXISTS && strcmp(s->type, "network-traffic") == 0)
			continue;
		/* What could be looked for is taken for more than the standard does, in what no field explains. */
		if (s->what != PORT && s->what != SIZE && s->what != METHOD && test->op != OP_NE &&
			test->op != OP_EXISTS)
			test->op = OP_NE;
		n->child[n->children++] = test;
		left--;
	}
	return n;
}

static struct node *
make_expr(void)
{
	if (chance(8) == 0)
		return make_open_expr();
	const struct event *focus = chance(10) ? &events[chance(event_count)] : NULL;
	const struct shape *s;
	do
		s = &shapes[chance(SHAPES)];
	while (!s->atom || (focus && !is_told(s, focus->kind)));
	struct node *first = make_test(s, focus, true);
	if (chance(3) == 0)
		return first;
	bool all = chance(4) != 0;
	struct node *n = node_new(all ? OP_ALL : OP_ANY);
	n->child[n->children++] = first;
	for (unsigned left = 1 + (chance(3) == 0); left;) {
		const struct shape *t = &shapes[chance(SHAPES)];
		if (all ? strcmp(t->type, s->type) != 0 ||
					(focus && !is_told(t, focus->kind) && chance(10))
			: !t->atom)
			continue;
		n->child[n->children++] = make_test(t, all ? focus : NULL, !all);
		left--;
	}
	return n;
}

static struct node *
make_node(unsigned depth)
{
	struct node *n;
	if (depth == 0 || used > 40 || chance(4) == 0) {
		n = node_new(OP_ALL);
		n->observation = true;
		n->child[n->children++] = make_expr();
	} else {
		static const enum op joins[] = {OP_AND, OP_OR, OP_FOLLOWEDBY, OP_FOLLOWEDBY};
		n = node_new(joins[chance(4)]);
		for (unsigned left = 2 + (chance(4) == 0); left; left--)
			n->child[n->children++] = make_node(depth - 1);
	}
	if (chance(5) > 1)
		return n;
	static const enum op qualifiers[] = {OP_REPEATS, OP_WITHIN, OP_WITHIN, OP_STARTSTOP};
	/* A window around one observation says nothing, unless that is repeated. */
	struct node *q = node_new(qualifiers[n->observation ? chance(5) % 4 : chance(3)]);
	q->child[q->children++] = n;
	q->number = q->op == OP_REPEATS	 ? 2 + (unsigned)chance(2)
		    : q->op == OP_WITHIN ? 3 + (unsigned)chance(40)
					 : (unsigned)chance(SPREAD / 2);
	q->until = q->number + 20 + (unsigned)chance(SPREAD / 2);
	return q;
}

/* ---- both ways ---- */

static enum rc
match(struct span text, const struct observations *o)
{
	own_arena struct arena a = {};
	own_matcher struct matcher *m = NULL;
	struct pattern p;
	struct diag why = {};
	if (pattern_parse(text, &a, &p, &why) || matcher_new(&p, &m, &why))
		fail_msg("%s %s: %.*s", why.where, why.what, (int)text.len, text.ptr);
	return matcher_run(m, o, NULL);
}

struct pair {
	struct buf text;
	enum rc expected;
};

static uint64_t made[OPS], decided[OPS];
static unsigned open_pairs; /* of patterns with a part that any record may be */

/* Which operators the answer hangs on. */
static void
count_decided(const struct pair *pair, const struct node *root, const struct observations *o)
{
	for (unsigned i = 0; i < used; i++) {
		struct node *n = &pool[i];
		/* An observation's bracket, and a join of one, say nothing. */
		if (n->observation)
			continue;
		own_buf struct buf other = {};
		n->altered = true;
		print(root, &other);
		n->altered = false;
		bool decides = match(buf_span(&other), o) != pair->expected;
		made[n->op]++;
		decided[n->op] += decides;
		made[OP_NOT] += n->negated;
		decided[OP_NOT] += n->negated && decides;
	}
}

/*
 * Where scanning takes a single comparison for the whole, it does not look at roles: any address is one that
 * network-traffic:src_ref.value means.
 */
static bool
is_comparable(struct span text)
{
	own_arena struct arena a = {};
	struct pattern p;
	struct pattern_atoms atoms;
	struct pattern_strings strings;
	if (pattern_parse(text, &a, &p, NULL))
		fail_msg("no pattern: %.*s", (int)text.len, text.ptr);
	pattern_atoms(&p, &a, &atoms);
	pattern_strings(&p, &a, &strings);
	if ((atoms.whole || strings.whole) && span_find(text, SPAN("_ref")) != SIZE_MAX)
		return false;
	return true;
}

static void
make_pair(struct pair *pair, struct match_set *set, unsigned number, const struct observations *o)
{
	own_arm_batch struct arm_batch batch = {};
	struct ioc_counts counts = {};
	char id[64];
	snprintf(id, sizeof id, "indicator--%u", number);
	for (;;) {
		used = 0;
		struct node *root = make_node(1 + (unsigned)chance(2));
		buf_reset(&pair->text);
		print(root, &pair->text);
		if (!is_comparable(buf_span(&pair->text)))
			continue;
		pair->expected = match(buf_span(&pair->text), o);
		assert_true(pair->expected == RC_OK || pair->expected == RC_NONE);
		struct indicator facts = {.id = span_of(id),
			.pattern = buf_span(&pair->text),
			.valid_from = TIME_NONE,
			.valid_until = TIME_NONE,
			.confidence = -1};
		arm_pattern(&facts, &batch);
		assert_rc(arm_commit(set, &batch, &counts, NULL), RC_OK);
		assert_int_equal(counts.unknown, 0);
		open_pairs += counts.open;
		if (counts.armed + counts.repeated)
			count_decided(pair, root, o);
		if (counts.armed + counts.repeated)
			return;
	}
}

/* What a scan of the log finds, behind what was found; which indicators, as bits. */
static unsigned
read_log(struct scan *scan, struct sweep *sweep, struct span log, struct buf *text)
{
	struct record r;
	const struct hit *hit;
	unsigned matched = 0;
	enum rc code;
	own_stream struct stream *s = stream_new_span(log, NULL);
	own_reading struct reading reading;
	reading_init(&reading, s, reader_find(SPAN("json")), LINES_ALL, NOON + 86400 * SECOND);
	reading.numbers = true;
	if (sweep)
		reading_sweep(&reading, sweep, 0);
	for (bool more = true; more;) {
		code = reading_next(&reading, &r, NULL);
		if (code == RC_AGAIN)
			continue;
		more = code == RC_OK;
		size_t hits =
			more ? scan_record(scan, &r, SPAN("log"), &hit) : scan_settle(scan, &hit);
		for (size_t i = 0; i < hits; i++) {
			uint64_t number;
			assert_true(span_to_u64(span_sub(hit[i].indicator, 11, SIZE_MAX), &number));
			matched |= 1u << number;
			buf_printf(text, "%llu:%llu %llu %s", (unsigned long long)hit[i].line,
				(unsigned long long)hit[i].offset, (unsigned long long)number,
				hit_match_word(hit[i].match));
			for (size_t k = 0; k < hit[i].parts; k++)
				buf_printf(text, " %llu", (unsigned long long)hit[i].part[k].line);
			buf_add_byte(text, ';');
		}
	}
	struct stream_counts c = scan_patterns(scan);
	assert_false(stream_counts_matter(&c));
	return matched;
}

static unsigned again_read; /* logs */

/* Which indicators had a hit, as bits; the hits as text. */
static unsigned
scan_log(const struct match_set *set, struct sweep *sweep, struct span log, struct buf *text)
{
	struct scan scan, second;
	scan_init(&scan, set, (struct clock){noon_now, NULL});
	scan.open = STREAM_OPEN_LATER;
	unsigned matched = read_log(&scan, sweep, log, text);
	struct again *again = again_new(&scan);
	if (again) {
		again_read++;
		again_begin(again, &scan, &second);
		unsigned more = read_log(&second, NULL, log, text);
		assert_int_equal(matched & more, 0);
		matched |= more;
		scan_fini(&second);
	}
	again_free(&again);
	scan_fini(&scan);
	return matched;
}

static int
by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	return x->time < y->time ? -1 : x->time > y->time;
}

static void
write_both(struct buf *log, struct buf *bundle)
{
	size_t count = event_count = 3 + chance(RECORDS_MOST - 3);
	for (size_t i = 0; i < count; i++)
		events[i] = make_event();
	if (chance(4))
		qsort(events, count, sizeof *events, by_time);
	if (chance(2)) { /* slightly out of order */
		size_t at = chance(count - 1);
		struct event e = events[at];
		events[at] = events[at + 1];
		events[at + 1] = e;
	}
	for (size_t i = 0; i < count; i++) {
		write_line(&events[i], log);
		buf_add(bundle, i ? SPAN(",") : SPAN("["));
		write_observed(&events[i], bundle);
	}
	buf_add(bundle, SPAN("]"));
}

static void
agree_on_a_log(unsigned number, unsigned *matches)
{
	own_buf struct buf log = {}, bundle = {}, slow = {}, fast = {};
	own_json yyjson_doc *doc = NULL;
	own_observations struct observations *o = observations_new();
	own_match_set struct match_set *set = match_set_new(number);
	struct pair pairs[PATTERNS] = {};
	unsigned expected = 0;
	write_both(&log, &bundle);
	assert_rc(json_read(buf_span(&bundle), NULL, &doc, NULL), RC_OK);
	assert_rc(observations_add(o, yyjson_doc_get_root(doc), NULL), RC_OK);
	for (unsigned i = 0; i < PATTERNS; i++) {
		make_pair(&pairs[i], set, i, o);
		expected |= (unsigned)(pairs[i].expected == RC_OK) << i;
	}
	struct sweep *sweep = sweep_new(set);
	unsigned plain = scan_log(set, NULL, buf_span(&log), &slow);
	unsigned swept = scan_log(set, sweep, buf_span(&log), &fast);
	sweep_free(&sweep);
	for (unsigned i = 0; i < PATTERNS; i++) {
		if ((plain ^ expected) >> i & 1) {
			fprintf(stderr, "# %.*s\n# %.*s\n", (int)pairs[i].text.len,
				pairs[i].text.ptr, (int)log.len, log.ptr);
			fail_msg("log %u, pattern %u: pattern match says %s, scan does not", number,
				i, expected >> i & 1 ? "match" : "none");
		}
		*matches += expected >> i & 1;
		buf_fini(&pairs[i].text);
	}
	assert_int_equal(plain, swept);
	buf_add_byte(&slow, 0);
	buf_add_byte(&fast, 0);
	assert_string_equal(slow.ptr, fast.ptr);
}

static void
scan_and_pattern_match_agree_on_ten_thousand_pairs(void **state)
{
	(void)state;
	unsigned matches = 0;
	const char *said = getenv("TOCSIN_SEED");
	seed = said ? strtoull(said, NULL, 10) : seed;
	printf("# seed %llu\n", (unsigned long long)seed);
	for (unsigned i = 0; i < LOGS; i++)
		agree_on_a_log(i, &matches);
	printf("# said: %u pairs of open patterns, %u times all was read again\n", open_pairs,
		again_read);
	assert_true(open_pairs > 500 && again_read > 500);
	printf("# %u of %u pairs match\n# operator: in so many pairs, decides so many\n", matches,
		LOGS * PATTERNS);
	for (unsigned op = 0; op < OPS; op++)
		printf("# %-10s %6llu %6llu\n", op_words[op], (unsigned long long)made[op],
			(unsigned long long)decided[op]);
	assert_in_range(matches, LOGS * PATTERNS / 5, LOGS * PATTERNS * 4 / 5);
	for (unsigned op = 0; op < OPS; op++)
		assert_true(decided[op] >= FLOOR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scan_and_pattern_match_agree_on_ten_thousand_pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
